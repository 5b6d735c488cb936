#include "tests/support/random_edits.h"

namespace lapidary::test {

EditStep some_step(const Model& model, std::mt19937& random) {
  const Graph& graph = *model.graph;
  const auto draw = [&](std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
  };
  const EditJson node = {{"position", draw(graph.nodes.size())}};
  const Node& chosen = *graph.nodes[node["position"].get<std::size_t>()];
  const std::string number = std::to_string(draw(1'000'000'000));
  switch (graph.nodes.size() < 3 ? 0 : draw(8)) {
    case 0:
      return {"add_node", {{"op_type", "Neg"}, {"name", "n" + number}, {"inputs", {chosen.outputs[0]}}}};
    case 1:
      return {"insert_node", {{"op_type", "Abs"}, {"tensor", chosen.outputs[0]}}};
    case 2:
      return {"delete_nodes", {{"nodes", EditJson::array({node})}}};
    case 3:
      return {"duplicate_nodes", {{"nodes", EditJson::array({node})}}};
    case 4:
      return {"rename_node", {{"node", node}, {"to", "r" + number}}};
    case 5:
      return {"rename_tensor", {{"tensor", chosen.outputs[0]}, {"to", "t" + number}}};
    case 6:
      return {"set_attribute", {{"nodes", EditJson::array({node})}, {"name", "note"}, {"value", draw(100)}}};
    default:
      return {"reconnect_input", {{"node", node}, {"input", 0}, {"tensor", "x"}}};
  }
}

}  // namespace lapidary::test
