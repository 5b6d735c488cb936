#include <algorithm>

#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// The first version of the file format with functions, and the operator set that goes with it.
constexpr std::int64_t first_opset = 15;

Node constant_node(const Item& item) {
  auto value = std::make_shared<NamedTensor>();
  value->tensor = item.tensor();
  Node node;
  node.op_type = "Constant";
  node.outputs = {item.name};
  node.attributes.push_back(
      {"value", AttributeValue(std::shared_ptr<const NamedTensor>(std::move(value))), {}, {}, {}, {}, 0});
  return node;
}

/// Lets the caller give the first floating attribute of the body; gives the caller's attribute.
std::optional<Attribute> handed_in(Function& function, std::vector<Node>& nodes) {
  for (auto& node : nodes)
    for (auto& attribute : node.attributes) {
      if (!std::holds_alternative<float>(attribute.value)) continue;
      Attribute given = attribute;
      given.name = "number";
      function.attributes = {given.name};
      attribute.reference = given.name;
      attribute.declared_type = AttributeType::Float;
      attribute.value = {};
      return given;
    }
  return std::nullopt;
}

/// Up to two tensors that the draft has.
std::vector<std::string> arguments_from(Draft& draft) {
  std::vector<std::string> names;
  for (const auto& item : draft.items)
    if (item.is_tensor()) names.push_back(item.name);
  draft.random.shuffle(names);
  names.resize(std::min<std::size_t>(names.size(), static_cast<std::size_t>(draft.random.between(1, 2))));
  return names;
}

struct Definition {
  std::shared_ptr<Function> function;
  std::optional<Attribute> attribute;
};

/// A function of a few nodes that takes what the arguments hold.
std::optional<Definition> define(Draft& draft, const std::vector<std::string>& arguments) {
  Definition made{std::make_shared<Function>(), {}};
  Function& function = *made.function;
  function.name = "Function" + std::to_string(draft.functions->size());
  function.domain = function_domain;
  Draft body(draft.random, draft.opset, function.name + "_");
  body.functions = draft.functions;
  body.fill = draft.fill;
  body.depth = 1;
  for (const auto& argument : arguments) {
    function.inputs.push_back(body.fresh_name());
    body.add({function.inputs.back(), draft.find(argument).datum, Item::Origin::Outside, false});
  }
  Tally tally;
  add_random_nodes(body, static_cast<int>(draft.random.between(1, 4)), tally);
  std::vector<Node> nodes;
  for (const auto& item : body.items) {
    if (item.origin == Item::Origin::Initializer) nodes.push_back(constant_node(item));
    if (item.origin == Item::Origin::Node && item.is_tensor() && !item.used)
      function.outputs.push_back(item.name);
  }
  if (function.outputs.empty()) return std::nullopt;
  nodes.insert(nodes.end(), body.nodes.begin(), body.nodes.end());
  if (draft.random.chance(0.5)) made.attribute = handed_in(function, nodes);
  function.opset_imports = used_imports(draft.opset, nodes);
  for (auto& node : nodes) function.nodes.push_back(std::make_shared<const Node>(std::move(node)));
  return made;
}

}  // namespace

void add_function_call(Draft& draft) {
  const auto arguments = arguments_from(draft);
  if (draft.opset < first_opset || arguments.empty()) return;
  const auto made = define(draft, arguments);
  if (!made) return;
  Node node;
  node.op_type = made->function->name;
  node.domain = function_domain;
  node.inputs = arguments;
  if (made->attribute) node.attributes = {*made->attribute};
  draft.functions->push_back(made->function);
  for (int calls = draft.random.chance(0.3) ? 2 : 1; calls > 0; --calls) {
    node.outputs.clear();
    for (std::size_t i = 0; i < made->function->outputs.size(); ++i)
      node.outputs.push_back(draft.fresh_name());
    draft.add_node(node);
  }
}

}  // namespace lapidary::differential
