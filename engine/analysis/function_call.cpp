#include "engine/analysis/function_call.h"

#include <algorithm>

namespace lapidary {
namespace {

const Attribute* find_value(const Function& function, const Node& caller, const std::string& name) {
  if (const Attribute* given = caller.find_attribute(name)) return given;
  const auto found = std::find_if(function.default_attributes.begin(), function.default_attributes.end(),
                                  [&](const Attribute& a) { return a.name == name; });
  return found == function.default_attributes.end() ? nullptr : &*found;
}

bool is_left_out(const Function& function, const Node& caller, const std::string& input) {
  const auto formal = std::find(function.inputs.begin(), function.inputs.end(), input);
  const auto index = static_cast<std::size_t>(formal - function.inputs.begin());
  return formal != function.inputs.end() && (index >= caller.inputs.size() || caller.inputs[index].empty());
}

std::vector<Attribute> attributes_for_call(const Node& node, const Function& function, const Node& caller) {
  std::vector<Attribute> attributes;
  for (const auto& attribute : node.attributes) {
    if (attribute.reference.empty()) {
      attributes.push_back(attribute);
    } else if (const Attribute* given = find_value(function, caller, attribute.reference)) {
      attributes.push_back(*given);
      attributes.back().name = attribute.name;
    }
  }
  return attributes;
}

}  // namespace

std::shared_ptr<const Node> node_for_call(const std::shared_ptr<const Node>& node, const Function& function,
                                          const Node& caller) {
  const auto left_out = [&](const std::string& input) { return is_left_out(function, caller, input); };
  const bool changes = std::any_of(node->inputs.begin(), node->inputs.end(), left_out) ||
                       std::any_of(node->attributes.begin(), node->attributes.end(),
                                   [](const Attribute& a) { return !a.reference.empty(); });
  if (!changes) return node;
  Node changed = *node;
  changed.attributes = attributes_for_call(*node, function, caller);
  for (auto& input : changed.inputs)
    if (left_out(input)) input.clear();
  return std::make_shared<const Node>(std::move(changed));
}

}  // namespace lapidary
