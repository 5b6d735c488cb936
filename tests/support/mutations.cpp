#include "tests/support/mutations.h"

namespace lapidary::test {

void change_graph(Model& model, const std::function<void(Graph&)>& change) {
  Graph graph = *model.graph;
  change(graph);
  model.graph = std::make_shared<const Graph>(std::move(graph));
}

void change_node(Model& model, std::size_t position, const std::function<void(Node&)>& change) {
  change_graph(model, [&](Graph& graph) {
    Node node = *graph.nodes[position];
    change(node);
    graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
  });
}

std::optional<std::size_t> some_node(const Model& model, Random& random,
                                     const std::function<bool(const Node&)>& condition) {
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < model.graph->nodes.size(); ++i)
    if (condition(*model.graph->nodes[i])) fitting.push_back(i);
  if (fitting.empty()) return std::nullopt;
  return fitting[draw(random, fitting.size())];
}

QStringList names_of(const Node& node) {
  QStringList names{QString::fromStdString(node.label())};
  for (const auto& output : node.outputs)
    if (!output.empty()) names << QString::fromStdString(output);
  return names;
}

std::size_t draw(Random& random, std::size_t count) { return random() % count; }

}  // namespace lapidary::test
