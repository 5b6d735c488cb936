#include <set>
#include <tuple>

#include "engine/analysis/check_parts.h"
#include "engine/analysis/every_node.h"
#include "engine/ops/operator_sets.h"

namespace lapidary {

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
    if (is_too_new(domain, import.version))
      add_problem(problems, Severity::Error, "", "",
                  owner + " imports operator set " + std::to_string(import.version) + " of " + name +
                      ", which is newer than this program knows (" + std::to_string(*newest_opset(domain)) +
                      ")");
  }
}

namespace {

void check_signature(const Function& function, Problems& problems) {
  const std::string owner = "function " + function.name;
  if (function.name.empty()) add_problem(problems, Severity::Error, "", "", "a function has no name");
  check_imports(function.opset_imports, owner, problems);
  const auto check_names = [&](std::vector<std::string> names) {
    std::set<std::string_view> seen;
    for (const auto& name : names)
      if (!seen.insert(name).second)
        add_problem(problems, Severity::Error, "", name,
                    owner + " names '" + name + "' twice in its signature");
  };
  check_names(function.inputs);
  check_names(function.outputs);
  std::vector<std::string> attributes = function.attributes;
  for (const auto& attribute : function.default_attributes) attributes.push_back(attribute.name);
  check_names(std::move(attributes));
}

using Calls = std::unordered_map<const Function*, std::set<const Function*>>;

/// Whether `target` is called by `from`, directly or through others.
bool reaches(const Calls& calls, const Function* from, const Function* target,
             std::set<const Function*>& seen) {
  const auto found = calls.find(from);
  if (found == calls.end()) return false;
  for (const Function* called : found->second)
    if (called == target || (seen.insert(called).second && reaches(calls, called, target, seen))) return true;
  return false;
}

}  // namespace

void check_functions(const Model& model, Problems& problems) {
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> functions;
  for (const auto& function : model.functions) {
    check_signature(*function, problems);
    if (!functions.insert({normalized_domain(function->domain), function->name, function->overload}).second)
      add_problem(problems, Severity::Error, "", "", "function " + function->name + " is defined twice");
  }
  if (model.functions.empty()) return;
  Calls calls;
  for_each_node(model, [&](const Node& node, const Function* function) {
    const Function* called = function ? model.find_function(node) : nullptr;
    if (called) calls[function].insert(called);
  });
  for (const auto& function : model.functions) {
    std::set<const Function*> seen;
    if (reaches(calls, function.get(), function.get(), seen))
      add_problem(problems, Severity::Error, "", "", "function " + function->name + " calls itself");
  }
}

}  // namespace lapidary
