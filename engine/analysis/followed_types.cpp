// What is known of a model's values after an edit, from what was known before: see follow_edit in
// inferred_types.h.
#include <algorithm>

#include "engine/analysis/type_inference.h"

namespace lapidary {

namespace {

bool is_same_constant(const Tensor& a, const Tensor& b) {
  const bool shares = a.bytes().data() == b.bytes().data() && a.dims() == b.dims() && a.type() == b.type();
  constexpr std::int64_t small = 1024;
  return shares ? !a.is_string() : a.size() == b.size() && a.size() <= small && identical(a, b);
}

bool is_same_fact(const ValueFacts& a, const ValueFacts& b) {
  return is_same_type(a.type, b.type) && a.values == b.values &&
         a.constant.is_present() == b.constant.is_present() &&
         (!a.constant.is_present() || is_same_constant(a.constant, b.constant));
}

bool are_same_imports(const Model& a, const Model& b) {
  return a.functions == b.functions && a.opset_imports.size() == b.opset_imports.size() &&
         std::equal(a.opset_imports.begin(), a.opset_imports.end(), b.opset_imports.begin(),
                    [](const OpsetImport& one, const OpsetImport& other) {
                      return one.domain == other.domain && one.version == other.version;
                    });
}

}  // namespace

void TypeInference::forget_problems(const Node& node) {
  if (result_.problems_.empty()) return;
  std::erase_if(result_.problems_,
                [label = node.label()](const Problem& problem) { return problem.node == label; });
}

/// What is known of a node that is no longer there, or is another now: of the graphs inside it, and the
/// problems.
void TypeInference::forget_node(const Graph& graph_before, const Node& node) {
  for (const auto& [attribute, body] : subgraphs_of(node)) {
    for (const auto& inner : body->nodes) forget_node(*body, *inner);
    result_.graphs_.erase(body.get());
  }
  const auto call = result_.function_bodies_.find({&graph_before, &node});
  if (call != result_.function_bodies_.end()) {
    for (const auto& inner : call->second->nodes) forget_node(*call->second, *inner);
    result_.graphs_.erase(call->second.get());
    result_.function_bodies_.erase(call);
  }
  forget_problems(node);
}

void TypeInference::take_over(const InferredTypes& before, const Graph& graph_before,
                              const GraphChange& change) {
  result_ = before;
  for (const auto& touched : change.touched)
    if (touched.before) forget_node(graph_before, *touched.before);
  for (const auto& gone : change.gone) forget_node(graph_before, *gone.before);
  result_.main_ = model_.graph.get();
  auto main = result_.graphs_.extract(&graph_before);
  main.key() = result_.main_;
  GraphFacts& facts = main.mapped();
  if (facts.before_edits) {
    facts.values = std::make_shared<InferredTypes::ValueMap>(*facts.values);
  } else {
    facts.before_edits = std::move(facts.values);
    facts.values = std::make_shared<InferredTypes::ValueMap>();
  }
  result_.graphs_.insert(std::move(main));
  for (auto& [graph, inside] : result_.graphs_)
    if (inside.outer == &graph_before) inside.outer = result_.main_;
  auto bodies = std::exchange(result_.function_bodies_, {});
  for (auto& [call, body] : bodies)
    result_.function_bodies_.emplace(
        std::pair(call.first == &graph_before ? result_.main_ : call.first, call.second), std::move(body));
}

/// Facts of the main graph's values that are given, or that are no longer there; who makes or reads them is
/// to be looked at.
void TypeInference::follow_values(const std::vector<std::string>& names, const Scope& scope,
                                  const GraphIndex& index, std::set<int>& open) {
  const Graph& graph = *scope.graph;
  std::unordered_map<std::string_view, Type> inputs;
  for (const Value& input : graph.inputs) inputs.emplace(input.name, type_of_main_input(input));
  for (const std::string& name : names) {
    if (name.empty()) continue;
    const int id = index.id_of(name), producer = index.producer(id).node;
    const NamedTensor* initializer = index.initializer(id);
    const auto input = inputs.find(name);
    ValueFacts facts;
    if (initializer)
      facts = {initializer->tensor.full_type(), initializer->tensor, std::nullopt};
    else if (input != inputs.end())
      facts.type = names_.resolved(input->second);
    if (producer >= 0) open.insert(producer);
    const ValueFacts* former = find(scope, name);
    if (producer >= 0 || (former && is_same_fact(*former, facts))) continue;
    scope.facts->values->insert_or_assign(name, std::move(facts));
    for (const auto& use : index.consumers(id)) open.insert(use.node);
  }
}

/// Derives what the node makes; true if it is not what it was.
bool TypeInference::follow_node(int position, const Scope& scope, const GraphIndex& index) {
  const Node& node = *scope.graph->nodes[static_cast<std::size_t>(position)];
  std::vector<ValueFacts> former;
  for (const std::string& output : node.outputs) {
    const ValueFacts* known = find(scope, output);
    former.push_back(known ? *known : ValueFacts());
  }
  forget_problems(node);
  visit(node, scope, index);
  bool is_changed = false;
  for (std::size_t i = 0; i < former.size(); ++i) {
    const ValueFacts* known = find(scope, node.outputs[i]);
    is_changed |= known && !is_same_fact(*known, former[i]);
  }
  return is_changed;
}

/// Positions of nodes by the values that the graphs inside them read. Nodes whose graphs were forgotten, as
/// another node that had the same is gone, are to be looked at.
std::unordered_multimap<std::string, int> TypeInference::outer_readers(const Graph& graph,
                                                                       const GraphIndex& index,
                                                                       std::set<int>& open) const {
  std::unordered_multimap<std::string, int> readers;
  for (const int position : index.nodes_with_subgraphs())
    for (const auto& [attribute, body] : subgraphs_of(*graph.nodes[static_cast<std::size_t>(position)])) {
      for (const auto& name : outer_names(*body)) readers.emplace(name, position);
      if (!result_.graphs_.contains(body.get())) open.insert(position);
    }
  return readers;
}

InferredTypes TypeInference::run_after(const InferredTypes& before, const Graph& graph_before,
                                       const GraphIndex& index, const GraphChange& change, int most_nodes) {
  take_over(before, graph_before, change);
  visits_left_ = most_nodes;
  const Graph& graph = *model_.graph;
  const Scope scope{&result_.graphs_[&graph], &graph, nullptr, nullptr, 0};
  std::set<int> open;
  std::vector<std::string> values = change.values;
  const auto add_outputs = [&](const Node& node) {
    values.insert(values.end(), node.outputs.begin(), node.outputs.end());
  };
  for (const auto& touched : change.touched) {
    open.insert(touched.node);
    if (touched.before) add_outputs(*touched.before);
  }
  for (const auto& gone : change.gone) add_outputs(*gone.before);
  follow_values(values, scope, index, open);
  const auto readers = outer_readers(graph, index, open);
  // By position: in a graph that is not sorted some are looked at twice.
  while (!open.empty() && visits_left_ > 0) {
    const int position = *open.begin();
    open.erase(open.begin());
    if (!follow_node(position, scope, index)) continue;
    const Node& node = *graph.nodes[static_cast<std::size_t>(position)];
    for (const int output : index.outputs_of(position))
      for (const auto& use : index.consumers(output)) open.insert(use.node);
    for (const std::string& output : node.outputs) {
      const auto [first, last] = readers.equal_range(output);
      for (auto reader = first; reader != last; ++reader) open.insert(reader->second);
    }
  }
  return std::move(result_);
}

std::optional<InferredTypes> follow_edit(const InferredTypes& before, const Model& model_before,
                                         const Model& model, const GraphIndex& index,
                                         const GraphChange& change, int most_nodes) {
  if (!are_same_imports(model_before, model)) return std::nullopt;
  const InferenceOptions options;
  return TypeInference(model, options).run_after(before, *model_before.graph, index, change, most_nodes);
}

}  // namespace lapidary
