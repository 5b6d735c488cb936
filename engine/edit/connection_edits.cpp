#include "engine/edit/families.h"
#include "engine/edit/names.h"
#include "engine/edit/operators.h"
#include "engine/model/error.h"
#include "engine/model/graph_index.h"

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

ModelPointer sort_nodes(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    std::vector<std::shared_ptr<const Node>> sorted;
    std::vector<bool> is_placed(graph.nodes.size());
    const GraphIndex index(graph);
    for (const int position : index.topological_order()) {
      sorted.push_back(graph.nodes[static_cast<std::size_t>(position)]);
      is_placed[static_cast<std::size_t>(position)] = true;
    }
    // Those on a cycle, which no order can please, stay in theirs.
    for (std::size_t position = 0; position < is_placed.size(); ++position)
      if (!is_placed[position]) sorted.push_back(graph.nodes[position]);
    graph.nodes = PersistentVector(std::move(sorted));
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
      {"sort_nodes",
       "Put the nodes into an order in which each comes after all that it reads",
       {graph_parameter()},
       sort_nodes},
  };
}

}  // namespace lapidary
