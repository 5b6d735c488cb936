#include "engine/analysis/check.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "engine/analysis/check_parts.h"
#include "engine/analysis/every_node.h"

namespace lapidary {
namespace {

constexpr std::int64_t newest_ir = 13, newest_opset = 27, first_ir_with_functions = 8;

void check_imports(const std::vector<OpsetImport>& imports, const std::string& owner, Problems& problems) {
  if (imports.empty()) add_problem(problems, Severity::Error, "", "", owner + " imports no operator set");
  std::set<std::string_view> seen;
  for (const auto& import : imports) {
    const std::string_view domain = normalized_domain(import.domain);
    const std::string name = domain.empty() ? "ai.onnx" : std::string(domain);
    if (!seen.insert(domain).second)
      add_problem(problems, Severity::Error, "", "",
                  owner + " imports the operator set of " + name + " twice");
    if (import.version < 1)
      add_problem(problems, Severity::Error, "", "",
                  owner + " imports version " + std::to_string(import.version) + " of " + name);
    if (domain.empty() && import.version > newest_opset)
      add_problem(problems, Severity::Warning, "", "",
                  "operator set " + std::to_string(import.version) + " is newer than this program knows (" +
                      std::to_string(newest_opset) + ")");
  }
}

/// The IR version of the ONNX release that brought an operator set.
std::int64_t ir_of_opset(std::int64_t opset) {
  static constexpr std::pair<std::int64_t, std::int64_t> releases[] = {
      {25, 13}, {24, 12}, {23, 11}, {21, 10}, {19, 9}, {15, 8}, {12, 7}, {11, 6}, {10, 5}, {9, 4}};
  for (const auto& [first_opset, ir] : releases)
    if (opset >= first_opset) return ir;
  return 3;
}

void check_versions(const Model& model, Problems& problems) {
  if (model.ir_version < 1) add_problem(problems, Severity::Error, "", "", "the model has no IR version");
  if (model.ir_version > newest_ir)
    add_problem(problems, Severity::Warning, "", "",
                "IR version " + std::to_string(model.ir_version) + " is newer than this program knows (" +
                    std::to_string(newest_ir) + ")");
  const std::int64_t opset = std::min(model.opset(), newest_opset);
  if (model.ir_version >= 1 && model.ir_version < ir_of_opset(opset))
    add_problem(problems, Severity::Note, "", "",
                "operator set " + std::to_string(opset) + " came with IR version " +
                    std::to_string(ir_of_opset(opset)) + ", the model says " +
                    std::to_string(model.ir_version));
  if (!model.functions.empty() && model.ir_version < first_ir_with_functions)
    add_problem(problems, Severity::Warning, "", "", "functions need IR version 8 or newer");
}

void check_signature(const Function& function, Problems& problems) {
  const std::string owner = "function " + function.name;
  if (function.name.empty()) add_problem(problems, Severity::Error, "", "", "a function has no name");
  check_imports(function.opset_imports, owner, problems);
  for (const auto* names : {&function.inputs, &function.outputs, &function.attributes}) {
    std::set<std::string_view> seen;
    for (const auto& name : *names)
      if (!seen.insert(name).second)
        add_problem(problems, Severity::Error, "", name,
                    owner + " names '" + name + "' twice in its signature");
  }
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
      add_problem(problems, Severity::Warning, "", "", "the model's metadata names '" + key + "' twice");
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> functions;
  for (const auto& function : model.functions) {
    check_signature(*function, problems);
    if (!functions.insert({normalized_domain(function->domain), function->name, function->overload}).second)
      add_problem(problems, Severity::Error, "", "", "function " + function->name + " is defined twice");
  }
}

std::vector<Problem> check_model(const Model& model) {
  Problems problems;
  check_header(model, problems);
  if (!model.graph) {
    add_problem(problems, Severity::Error, "", "", "the model has no graph");
    return problems;
  }
  const InferredTypes types = infer_types(model);
  check_graph(model, *model.graph, nullptr, nullptr, types, problems);
  for (const auto& function : model.functions) check_function(model, *function, types, problems);
  problems.insert(problems.end(), types.problems().begin(), types.problems().end());
  if (!problems.empty()) sort_by_node(model, problems);
  return problems;
}

}  // namespace lapidary
