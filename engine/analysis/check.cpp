#include "engine/analysis/check.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "engine/analysis/check_parts.h"
#include "engine/analysis/every_node.h"
#include "engine/ops/operator_sets.h"

namespace lapidary {
namespace {

constexpr std::int64_t newest_ir = 13, first_ir_with_functions = 8;

void check_versions(const Model& model, Problems& problems) {
  if (model.ir_version < 1) add_problem(problems, Severity::Error, "", "", "the model has no IR version");
  if (model.ir_version > newest_ir)
    add_problem(problems, Severity::Error, "", "",
                "IR version " + std::to_string(model.ir_version) + " is newer than this program knows (" +
                    std::to_string(newest_ir) + ")");
  const std::int64_t opset = std::min(model.opset(), newest_opset("").value_or(0));
  // Exporters raise the one before the other, so that a lag of one version is common.
  const std::int64_t lag = ir_version_of(opset) - model.ir_version;
  if (model.ir_version >= 1 && lag > 0)
    add_problem(problems, lag == 1 ? Severity::Note : Severity::Error, "", "",
                "operator set " + std::to_string(opset) + " came with IR version " +
                    std::to_string(ir_version_of(opset)) + ", the model says " +
                    std::to_string(model.ir_version));
  if (!model.functions.empty() && model.ir_version < first_ir_with_functions)
    add_problem(problems, Severity::Error, "", "", "functions need IR version 8 or newer");
}

/// Brings problems of nodes into the order in which nodes stand in the file; those of the whole model stay
/// first.
void sort_by_node(const Model& model, Problems& problems) {
  std::unordered_map<std::string, int> position;
  for_each_node(model, [&](const Node& node, const Function*) {
    position.try_emplace(node.label(), static_cast<int>(position.size()));
  });
  const auto place = [&](const Problem& problem) {
    if (problem.node.empty()) return -1;
    const auto found = position.find(problem.node);
    return found == position.end() ? -1 : found->second;
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
}

}  // namespace

void check_header(const Model& model, Problems& problems) {
  check_versions(model, problems);
  check_imports(model.opset_imports, "the model", problems);
  std::set<std::string_view> keys;
  for (const auto& [key, value] : model.metadata)
    if (!keys.insert(key).second)
      add_problem(problems, Severity::Error, "", "", "the model's metadata names '" + key + "' twice");
}

std::vector<Problem> check_model(const Model& model) {
  Problems problems;
  check_header(model, problems);
  check_functions(model, problems);
  if (!model.graph) {
    add_problem(problems, Severity::Error, "", "", "the model has no graph");
    return problems;
  }
  InferenceOptions options;
  options.check_types = true;
  const InferredTypes types = infer_types(model, options);
  check_graph(model, *model.graph, nullptr, nullptr, problems);
  for (const auto& function : model.functions) check_function(model, *function, problems);
  problems.insert(problems.end(), types.problems().begin(), types.problems().end());
  if (!problems.empty()) sort_by_node(model, problems);
  return problems;
}

}  // namespace lapidary
