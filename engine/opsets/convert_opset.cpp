#include "engine/opsets/convert_opset.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "engine/analysis/every_node.h"
#include "engine/model/error.h"
#include "engine/ops/operator_sets.h"
#include "engine/opsets/ir_version.h"
#include "engine/opsets/opset_step.h"
#include "engine/opsets/verify.h"

namespace lapidary {
namespace {

std::vector<OpsetImport> with_version(std::vector<OpsetImport> imports, std::int64_t version) {
  for (auto& import : imports)
    if (normalized_domain(import.domain).empty()) {
      import.version = version;
      return imports;
    }
  imports.push_back({"", version});
  return imports;
}

void check_target(const Model& model, std::int64_t target) {
  const std::int64_t newest_known = newest_opset("").value_or(0);
  if (target < oldest_target_opset || target > newest_known)
    throw Error("operator set " + std::to_string(target) + " cannot be written: from " +
                    std::to_string(oldest_target_opset) + " to " + std::to_string(newest_known) + " they can",
                Error::Kind::Usage);
  if (is_too_new("", model.opset()))
    throw Error("the model uses operator set " + std::to_string(model.opset()) +
                ", which is newer than this program knows (" + std::to_string(newest_known) + ")");
}

bool is_at(const Model& model, std::int64_t target) {
  return (model.opset() == 0 || model.opset() == target) &&
         std::all_of(model.functions.begin(), model.functions.end(),
                     [&](const auto& function) { return opset_within(model, function.get(), "") == target; });
}

}  // namespace

OpsetConversion convert_opset(const ModelPointer& model, std::int64_t target) {
  check_target(*model, target);
  if (is_at(*model, target) && model->opset() == target) return {model, {}};
  OpsetConversion result;
  if (!model->training_infos.empty()) {
    result.blockers.push_back({"", "the model brings training graphs, which refer to its nodes as they are"});
    return result;
  }
  ConversionHistory history;
  ModelNames names(model);
  ModelPointer current = model;
  while (!is_at(*current, target)) current = convert_one_step(current, target, names, history);
  Model finished = *current;
  finished.opset_imports = with_version(std::move(finished.opset_imports), target);
  current = without_orphans(*model, finished);
  if (current->ir_version < ir_version_of(target)) current = with_ir_version(current, ir_version_of(target));
  result.blockers = std::move(history.blockers);
  if (result.blockers.empty()) result.blockers = problems_since(*model, *current, history);
  if (result.blockers.empty()) result.model = std::move(current);
  return result;
}

}  // namespace lapidary
