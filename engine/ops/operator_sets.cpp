#include "engine/ops/operator_sets.h"

#include <utility>

#include "engine/model/model.h"

namespace lapidary {

std::optional<std::int64_t> newest_opset(std::string_view domain) {
  domain = normalized_domain(domain);
  if (domain.empty()) return 27;
  if (domain == "ai.onnx.ml") return 5;
  if (domain == "ai.onnx.preview" || domain == "ai.onnx.preview.training") return 1;
  return std::nullopt;
}

bool is_too_new(std::string_view domain, std::int64_t opset) {
  const auto newest = newest_opset(domain);
  return newest && opset > *newest;
}

std::int64_t ir_version_of(std::int64_t opset) {
  static constexpr std::pair<std::int64_t, std::int64_t> releases[] = {
      {25, 13}, {24, 12}, {23, 11}, {21, 10}, {19, 9}, {15, 8}, {12, 7}, {11, 6}, {10, 5}, {9, 4}};
  for (const auto& [first_opset, ir] : releases)
    if (opset >= first_opset) return ir;
  return 3;
}

}  // namespace lapidary
