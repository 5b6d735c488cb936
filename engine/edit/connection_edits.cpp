#include "engine/edit/families.h"
#include "engine/edit/names.h"
#include "engine/edit/operators.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

ModelPointer reconnect_input(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::size_t position = arguments.node(graph, "node");
    Node node = *graph.nodes[position];
    const std::size_t slot = input_slot(*arguments.model(), node, arguments, "input");
    if (slot >= node.inputs.size()) node.inputs.resize(slot + 1);
    node.inputs[slot] = arguments.text("tensor");
    while (!node.inputs.empty() && node.inputs.back().empty()) node.inputs.pop_back();
    graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
    move_behind_producers(graph, position);
  });
}

ModelPointer set_inputs(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::size_t position = arguments.node(graph, "node");
    Node node = *graph.nodes[position];
    node.inputs = arguments.texts("inputs");
    graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
    move_behind_producers(graph, position);
  });
}

}  // namespace

std::vector<Edit> connection_edits() {
  using Kind = ParameterKind;
  const EditParameter node = {"node", Kind::Node, "the node that reads", true};
  return {
      {"reconnect_input",
       "Let an input of a node read another tensor; nodes move where the order asks for it",
       {graph_parameter(),
        node,
        {"input", Kind::Integer, "position or name of the input", true},
        {"tensor", Kind::Tensor, "what it reads from now on; empty: nothing", true}},
       reconnect_input},
      {"set_inputs",
       "Say all that a node reads at once",
       {graph_parameter(), node, {"inputs", Kind::Tensors, "what it reads, in order", true}},
       set_inputs},
  };
}

}  // namespace lapidary
