#include "engine/edit/families.h"
#include "engine/edit/subgraph.h"

namespace lapidary {
namespace {

ModelPointer extract(const EditArguments& arguments) {
  if (arguments.has("nodes")) {
    if (arguments.has("inputs") || arguments.has("outputs"))
      throw arguments.wrong("nodes", "stands beside inputs or outputs").advice("Give either");
    const GraphPointer graph = arguments.graph();
    return subgraph_of_nodes(*arguments.model(), arguments.path(), arguments.nodes(*graph, "nodes"));
  }
  const std::vector<std::string> outputs = arguments.texts("outputs");
  if (outputs.empty()) throw arguments.wrong("outputs", "is missing").advice("Give outputs, or nodes");
  std::optional<std::vector<std::string>> inputs;
  if (arguments.has("inputs")) inputs = arguments.texts("inputs");
  return subgraph_between(*arguments.model(), arguments.path(), inputs, outputs);
}

}  // namespace

std::vector<Edit> subgraph_edits() {
  using Kind = ParameterKind;
  return {
      {"extract",
       "Keep only a part of a graph, as a model of its own",
       {graph_parameter(),
        {"inputs", Kind::Tensors, "where the part begins; left out: at the graph's inputs"},
        {"outputs", Kind::Tensors, "where it ends"},
        {"nodes", Kind::Nodes, "the part's nodes, in the place of inputs and outputs"}},
       extract},
  };
}

}  // namespace lapidary
