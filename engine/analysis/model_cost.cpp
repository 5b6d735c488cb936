#include "engine/analysis/model_cost.h"

#include <algorithm>
#include <tuple>

#include "engine/analysis/every_node.h"
#include "engine/analysis/memory_plan.h"
#include "engine/model/graph_index.h"
#include "engine/ops/iteration.h"
#include "engine/ops/operator_sets.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

/// The type with 1 for every dimension that is no number.
Type with_ones(Type type) {
  if (type.shape)
    for (auto& dimension : *type.shape)
      if (!dimension.is_constant()) dimension = 1;
  return type;
}

/// Bytes of a tensor of that type; nothing if they cannot be known.
std::optional<std::int64_t> bytes_of(const Type& type) {
  if (!type.is_tensor() || !type.shape) return std::nullopt;
  const auto dims = constant_dims(*type.shape);
  if (!dims) return std::nullopt;
  return bytes_for(type.element, element_count(*dims));
}

std::optional<std::int64_t> bytes_of(const Graph* graph, const std::vector<std::string>& names,
                                     const InferredTypes& types) {
  std::int64_t sum = 0;
  for (const auto& name : names) {
    if (name.empty()) continue;
    const auto bytes = bytes_of(types.type_in(graph, name));
    if (!bytes) return std::nullopt;
    sum += *bytes;
  }
  return sum;
}

/// How dimensions that are no numbers count, and loops whose turns are not known.
enum class FreeDimensions { Unknown, One };

void add(Cost& sum, const Cost& cost, double times = 1) {
  sum.macs += times * cost.macs;
  sum.flops += times * cost.flops;
}

/// Counts arithmetic, down into bodies and called functions.
class ArithmeticCounter {
 public:
  ArithmeticCounter(const Model& model, const InferredTypes& types, FreeDimensions free)
      : model_(model), types_(types), free_(free) {}

  /// Of a node of `graph` (nullptr: the main graph), which is, or lies in, the body of `function` (nullptr:
  /// no function's).
  std::optional<Cost> of_node(const Node& node, const Graph* graph, const Function* function) const {
    if (const Function* called = model_.find_function(node)) {
      const GraphPointer body = types_.function_body(graph, node);
      return body ? of_graph(*body, called) : std::nullopt;
    }
    const auto opset = opset_within(model_, function, node.domain);
    const Operator* record = operator_table().find(node.domain, node.op_type, opset);
    if (!record) return std::nullopt;
    CostContext context{node, record->since_version, {}, {}};
    for (const auto& name : node.inputs) context.inputs.push_back(type_of(graph, name));
    for (const auto& name : node.outputs) context.outputs.push_back(type_of(graph, name));
    const auto own = record->cost_function ? record->cost_function(context) : Cost();
    const auto bodies = subgraphs_of(node);
    if (bodies.empty()) return record->cost_function ? own : std::nullopt;
    const auto inner = of_bodies(bodies, function, record->cost_function ? Together::Yes : Together::No);
    const auto turns =
        known_iterations(node, context.inputs, [&](const Graph* body, const std::string& name) {
          return types_.constant_in(body ? body : graph, name);
        });
    if (!own || !inner || (!turns && free_ == FreeDimensions::Unknown)) return std::nullopt;
    Cost sum = *own;
    add(sum, *inner, static_cast<double>(turns.value_or(1)));
    return sum;
  }

 private:
  /// Whether a node runs all of its bodies, or one of them.
  enum class Together { Yes, No };

  /// With FreeDimensions::One, what still is unknown is left out.
  std::optional<Cost> of_graph(const Graph& graph, const Function* function) const {
    Cost sum;
    for (const auto& node : graph.nodes) {
      const auto cost = of_node(*node, &graph, function);
      if (!cost && free_ == FreeDimensions::Unknown) return std::nullopt;
      add(sum, cost.value_or(Cost()));
    }
    return sum;
  }

  /// The dearest where one of them runs.
  std::optional<Cost> of_bodies(const std::vector<std::pair<std::string, GraphPointer>>& bodies,
                                const Function* function, Together together) const {
    Cost sum;
    for (const auto& [attribute, body] : bodies) {
      const auto cost = of_graph(*body, function);
      if (!cost) return std::nullopt;
      if (together == Together::Yes)
        add(sum, *cost);
      else if (cost->flops > sum.flops)
        sum = *cost;
    }
    return sum;
  }

  Type type_of(const Graph* graph, const std::string& name) const {
    Type type = name.empty() ? Type() : types_.type_in(graph, name);
    return free_ == FreeDimensions::One ? with_ones(std::move(type)) : type;
  }

  const Model& model_;
  const InferredTypes& types_;
  FreeDimensions free_;
};

void add_node(const Model& model, const Node& node, const InferredTypes& types, ModelCost& cost) {
  const NodeCost& entry = cost.nodes.emplace_back(cost_of_node(model, nullptr, node, types));
  const auto counted =
      entry.arithmetic ? entry.arithmetic
                       : ArithmeticCounter(model, types, FreeDimensions::One).of_node(node, nullptr, nullptr);
  if (!counted) {
    ++cost.unknown_nodes;
    return;
  }
  cost.macs += counted->macs;
  cost.flops += counted->flops;
}

void add_parameters(const Model& model, ModelCost& cost) {
  const auto add = [&](const Tensor& tensor) {
    cost.parameters += tensor.size();
    cost.parameter_bytes += static_cast<std::int64_t>(tensor.size_bytes());
  };
  for_each_graph(model, [&](const Graph& graph) {
    for (const auto& initializer : graph.initializers) add(initializer->tensor);
    for (const auto& initializer : graph.sparse_initializers) add(initializer->tensor.values);
  });
  for_each_node(model, [&](const Node& node, const Function*) {
    for (const auto& attribute : node.attributes)
      if (const auto* held = std::get_if<std::shared_ptr<const NamedTensor>>(&attribute.value))
        if (*held && is_floating((*held)->tensor.type())) add((*held)->tensor);
  });
}

/// From when to when each value of the main graph that is no constant is needed, in positions of graph order.
std::vector<Lifetime> lifetimes_of(const Graph& graph, const InferredTypes& types) {
  const GraphIndex index(graph);
  const auto& order = index.topological_order();
  const int end = std::max(0, static_cast<int>(order.size()) - 1);
  std::vector<Lifetime> lifetimes;
  std::unordered_map<std::string_view, std::size_t> place;
  const auto begin_value = [&](const std::string& name, int step) {
    const ValueFacts* facts = types.find(nullptr, name);
    if (name.empty() || !facts || facts->constant.is_present()) return;
    place[name] = lifetimes.size();
    lifetimes.push_back(
        {step, index.is_output(name) ? end : step, bytes_of(with_ones(facts->type)).value_or(0)});
  };
  const auto read_value = [&](const std::string& name, int step) {
    const auto found = place.find(name);
    if (found == place.end()) return;
    Lifetime& lifetime = lifetimes[found->second];
    lifetime.last = std::max(lifetime.last, step);
  };
  for (const auto& input : graph.inputs) begin_value(input.name, 0);
  for (int step = 0; step < static_cast<int>(order.size()); ++step) {
    const Node& node = *graph.nodes[static_cast<std::size_t>(order[static_cast<std::size_t>(step)])];
    for (const auto& name : node.inputs) read_value(name, step);
    for (const auto& [attribute, body] : subgraphs_of(node))
      for (const auto& name : outer_names(*body)) read_value(name, step);
    for (const auto& name : node.outputs) begin_value(name, step);
  }
  return lifetimes;
}

std::string count_name(const Node& node) {
  const std::string_view domain = normalized_domain(node.domain);
  return domain.empty() ? node.op_type : std::string(domain) + "." + node.op_type;
}

}  // namespace

NodeCost cost_of_node(const Model& model, const Graph* graph, const Node& node, const InferredTypes& types) {
  return {ArithmeticCounter(model, types, FreeDimensions::Unknown).of_node(node, graph, nullptr),
          bytes_of(graph, node.inputs, types), bytes_of(graph, node.outputs, types)};
}

ModelCost cost_of(const Model& model, const InferredTypes& types) {
  ModelCost cost;
  if (!model.graph) return cost;
  cost.nodes.reserve(model.graph->nodes.size());
  for (const auto& node : model.graph->nodes) add_node(model, *node, types, cost);
  add_parameters(model, cost);
  cost.activation_peak_bytes = peak_bytes(lifetimes_of(*model.graph, types));
  return cost;
}

std::vector<UnsupportedOperator> unsupported_operators(const Model& model) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for_each_node(model, [&](const Node& node, const Function* function) {
    if (model.find_function(node)) return;
    const auto opset = opset_within(model, function, node.domain);
    const Operator* record = operator_table().find(node.domain, node.op_type, opset);
    if (record && record->kernel_function && !is_too_new(node.domain, opset)) return;
    ++counts[{std::string(normalized_domain(node.domain)), node.op_type}];
  });
  std::vector<UnsupportedOperator> list;
  for (const auto& [key, count] : counts) list.push_back({key.second, key.first, count});
  return list;
}

std::map<std::string, int> operator_counts(const Model& model) {
  std::map<std::string, int> counts;
  for_each_node(model, [&](const Node& node, const Function*) { ++counts[count_name(node)]; });
  return counts;
}

int subgraph_count(const Model& model) {
  int count = 0;
  for_each_graph(model, [&](const Graph&) { ++count; });
  return model.graph ? count - 1 : count;
}

ModelCost cost_of_run(const Model& model, const std::vector<std::pair<std::string, Datum>>& inputs) {
  InferenceOptions options;
  for (const auto& [name, datum] : inputs)
    if (datum.is_tensor()) options.inputs[name] = datum.tensor().full_type();
  return cost_of(model, infer_types(model, options));
}

}  // namespace lapidary
