#include "tests/differential/peer_part.h"

#include <algorithm>
#include <regex>
#include <set>

#include "engine/analysis/inferred_types.h"
#include "engine/model/graph_index.h"

namespace lapidary::differential {
namespace {

constexpr int most_tries = 8;

/// The operator that a message of ONNX Runtime complains about; empty if it names none.
std::string refused_operator(const std::string& message) {
  static const std::vector<std::regex> forms = {std::regex(R"(implementation for (\w+)\()"),
                                                std::regex(R"(kernel for [\w.]*?(\w+)\()"),
                                                std::regex(R"(error: [\w.]+:(\w+)\()"),
                                                std::regex(R"(Op \((\w+)\))"),
                                                std::regex(R"(running (\w+) node)"),
                                                std::regex(R"(In Node, \("[^"]*", (\w+),)"),
                                                std::regex(R"(Error Node \([^)]*\) Op \((\w+)\))")};
  for (const auto& form : forms)
    if (std::smatch found; std::regex_search(message, found, form)) return found[1];
  return message.find("TreeEnsembleAttributes") != std::string::npos ? "TreeEnsemble" : "";
}

bool uses(const Model& model, const Node& node, const std::string& op_type) {
  if (node.op_type == op_type) return true;
  for (const auto& [name, body] : subgraphs_of(node))
    for (const auto& inner : body->nodes)
      if (uses(model, *inner, op_type)) return true;
  const Function* function = model.find_function(node);
  return function && std::any_of(function->nodes.begin(), function->nodes.end(),
                                 [&](const auto& inner) { return uses(model, *inner, op_type); });
}

std::set<std::string> names_read(const Node& node) {
  std::set<std::string> names(node.inputs.begin(), node.inputs.end());
  for (const auto& [name, body] : subgraphs_of(node))
    for (const auto& outer : outer_names(*body)) names.insert(outer);
  names.erase("");
  return names;
}

Case with_graph(const Case& one, Graph graph) {
  auto model = std::make_shared<Model>(*one.model);
  model->graph = std::make_shared<const Graph>(std::move(graph));
  return {std::move(model), one.inputs};
}

/// Without the operator's nodes and all that hangs on them. What only they read becomes an output.
std::optional<Case> without(const Case& one, const std::string& op_type) {
  Graph graph = *one.model->graph;
  const InferredTypes types = infer_types(*one.model);
  std::set<std::string> lost, wanted, read;
  std::vector<std::shared_ptr<const Node>> kept;
  for (const auto& node : graph.nodes) {
    const auto names = names_read(*node);
    const bool reads_lost =
        std::any_of(names.begin(), names.end(), [&](const auto& name) { return lost.contains(name); });
    if (!reads_lost && !uses(*one.model, *node, op_type)) {
      kept.push_back(node);
      read.insert(names.begin(), names.end());
    } else {
      lost.insert(node->outputs.begin(), node->outputs.end());
      wanted.insert(names.begin(), names.end());
    }
  }
  if (kept.empty() || kept.size() == graph.nodes.size()) return std::nullopt;
  std::erase_if(graph.outputs, [&](const Value& output) { return lost.contains(output.name); });
  for (const auto& node : kept)
    for (const auto& name : node->outputs)
      if (wanted.contains(name) && !read.contains(name) && types.type_of(name).is_tensor())
        graph.outputs.push_back({name, Type::tensor(types.type_of(name).element), {}, {}, {}, 0});
  graph.nodes = PersistentVector(std::move(kept));
  return with_graph(one, std::move(graph));
}

/// Inputs that its interface does not take stand in the model, and outputs that it does not give are left
/// out.
Case with_usual_types(const Case& one) {
  Graph graph = *one.model->graph;
  Case result{nullptr, {}};
  auto initializers = graph.initializers.to_vector();
  std::vector<Value> inputs;
  for (std::size_t i = 0; i < one.inputs.size(); ++i) {
    if (!one.inputs[i].is_tensor() || goes_through(one.inputs[i].tensor().type())) {
      inputs.push_back(graph.inputs[i]);
      result.inputs.push_back(one.inputs[i]);
      continue;
    }
    NamedTensor initializer;
    initializer.name = graph.inputs[i].name;
    initializer.tensor = one.inputs[i].tensor();
    initializers.push_back(std::make_shared<const NamedTensor>(std::move(initializer)));
  }
  graph.inputs = std::move(inputs);
  graph.initializers = PersistentVector(std::move(initializers));
  std::erase_if(graph.outputs, [](const Value& output) {
    return !output.type.is_tensor() || !goes_through(output.type.element);
  });
  auto model = std::make_shared<Model>(*one.model);
  model->graph = std::make_shared<const Graph>(std::move(graph));
  result.model = std::move(model);
  return result;
}

/// Domains of which it has nothing.
std::optional<Case> without_unknown_domains(Case one) {
  for (const char* op_type : {"FlexAttention", "Adagrad", "Adam", "Momentum", "Gradient"}) {
    const auto& nodes = one.model->graph->nodes;
    if (std::none_of(nodes.begin(), nodes.end(),
                     [&](const auto& node) { return uses(*one.model, *node, op_type); }))
      continue;
    auto rest = without(one, op_type);
    if (!rest) return std::nullopt;
    one = std::move(*rest);
  }
  auto model = std::make_shared<Model>(*one.model);
  std::erase_if(model->opset_imports,
                [](const OpsetImport& import) { return import.domain.starts_with("ai.onnx.preview"); });
  std::erase_if(model->functions, [&](const auto& function) {
    const auto& nodes = one.model->graph->nodes;
    return std::none_of(nodes.begin(), nodes.end(),
                        [&](const auto& node) { return uses(*one.model, *node, function->name); });
  });
  return Case{std::move(model), one.inputs};
}

}  // namespace

std::optional<PartialRun> run_what_it_takes(Peer& peer, const Case& one) {
  auto part = without_unknown_domains(one);
  for (int tries = 0; part && tries < most_tries; ++tries) {
    *part = with_usual_types(*part);
    if (part->model->graph->outputs.empty()) return std::nullopt;
    auto outcome = peer.run(*part);
    if (!outcome) return std::nullopt;
    if (outcome->ran()) return PartialRun{std::move(*part), std::move(*outcome)};
    const std::string name = refused_operator(outcome->error);
    part = name.empty() ? std::nullopt : without(*part, name);
  }
  return std::nullopt;
}

}  // namespace lapidary::differential
