#include "engine/ops/operator_sets.h"

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

}  // namespace lapidary
