#include <algorithm>

#include "engine/edit/attribute_json.h"
#include "engine/edit/families.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

ModelPointer set_attribute(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string name = arguments.text("name");
    for (const std::size_t position : arguments.nodes(graph, "nodes")) {
      Node node = *graph.nodes[position];
      const AttributeType expected = expected_type(*arguments.model(), node, name);
      const auto found = std::find_if(node.attributes.begin(), node.attributes.end(),
                                      [&](const Attribute& attribute) { return attribute.name == name; });
      Attribute& attribute = found == node.attributes.end() ? node.attributes.emplace_back() : *found;
      attribute.name = name;
      if (arguments.has("reference")) {
        attribute.reference = arguments.text("reference");
        attribute.declared_type = expected;
        attribute.value = {};
      } else {
        attribute.value = attribute_from_json(arguments.json("value"), expected);
        attribute.reference.clear();
        attribute.declared_type = AttributeType::Undefined;
      }
      graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
    }
  });
}

ModelPointer remove_attribute(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string name = arguments.text("name");
    bool found = false;
    for (const std::size_t position : arguments.nodes(graph, "nodes")) {
      if (!graph.nodes[position]->find_attribute(name)) continue;
      found = true;
      Node node = *graph.nodes[position];
      std::erase_if(node.attributes, [&](const Attribute& attribute) { return attribute.name == name; });
      graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
    }
    if (!found) throw Error("none of the nodes has an attribute '" + name + "'");
  });
}

}  // namespace

std::vector<Edit> attribute_edits() {
  using Kind = ParameterKind;
  const EditParameter nodes = {"nodes", Kind::Nodes, "the nodes", true};
  const EditParameter name = {"name", Kind::Text, "the attribute", true};
  return {
      {"set_attribute",
       "Set an attribute of one or several nodes",
       {graph_parameter(),
        nodes,
        name,
        {"value", Kind::Attribute, "the value"},
        {"reference", Kind::Text, "in a function's body: the function's attribute whose value stands here"}},
       set_attribute},
      {"remove_attribute",
       "Remove an attribute from one or several nodes, so that its default holds",
       {graph_parameter(), nodes, name},
       remove_attribute},
  };
}

}  // namespace lapidary
