#include "engine/edit/connections.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "engine/analysis/type_constraints.h"
#include "engine/model/names.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

using Edges = std::vector<std::vector<std::size_t>>;

/// By node: those that it reads from, or, reversed, those that read from it.
Edges edges_of(const Graph& graph, bool reversed) {
  std::unordered_map<std::string_view, std::size_t> makers;
  for (std::size_t position = 0; const auto& node : graph.nodes) {
    for (const auto& output : node->outputs)
      if (!output.empty()) makers.emplace(output, position);
    ++position;
  }
  Edges edges(graph.nodes.size());
  for (std::size_t position = 0; const auto& node : graph.nodes) {
    for_each_read(*node, [&](const std::string& name) {
      const auto maker = makers.find(name);
      if (maker == makers.end()) return;
      if (reversed)
        edges[maker->second].push_back(position);
      else
        edges[position].push_back(maker->second);
    });
    ++position;
  }
  return edges;
}

std::vector<bool> reached(const Edges& edges, std::size_t start) {
  std::vector<bool> seen(edges.size());
  std::vector<std::size_t> open{start};
  seen[start] = true;
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    for (const std::size_t next : edges[at]) {
      if (seen[next]) continue;
      seen[next] = true;
      open.push_back(next);
    }
  }
  return seen;
}

}  // namespace

std::string parameter_name(const std::vector<Parameter>& parameters, std::size_t index) {
  if (parameters.empty()) return std::to_string(index);
  if (index < parameters.size() && parameters[index].arity != Arity::Variadic) return parameters[index].name;
  return parameters.back().name + " " +
         std::to_string(static_cast<std::ptrdiff_t>(index) - static_cast<std::ptrdiff_t>(parameters.size()) +
                        1);
}

std::vector<std::string> input_names(const Model& model, const Node& node) {
  if (const Function* function = model.find_function(node)) {
    std::vector<std::string> names = function->inputs;
    for (std::size_t i = names.size(); i < node.inputs.size(); ++i) names.push_back(std::to_string(i));
    return names;
  }
  const Operator* record = find_operator(model, node);
  const std::vector<Parameter> parameters = record ? record->inputs : std::vector<Parameter>{};
  std::size_t count = std::max(node.inputs.size(), parameters.size());
  const bool may_grow = parameters.empty() ? !record : parameters.back().arity == Arity::Variadic;
  if (may_grow && count == node.inputs.size()) ++count;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(parameter_name(parameters, i));
  return names;
}

std::vector<bool> nodes_behind(const Graph& graph, std::size_t node) {
  return reached(edges_of(graph, true), node);
}

std::vector<bool> nodes_ahead(const Graph& graph, std::size_t node) {
  return reached(edges_of(graph, false), node);
}

std::optional<std::string> type_refusal(const Model& model, const InferredTypes& types, const Graph* graph,
                                        const Node& node, std::size_t input, const Type& type) {
  const Operator* record = find_operator(model, node);
  if (!record || model.find_function(node)) return std::nullopt;
  if (static_cast<std::int64_t>(input) >= record->maximum_inputs())
    return node.op_type + " has no more inputs";
  // What it makes follows its inputs, and so says nothing of them. The others count as they are: what is
  // wrong with them already is not this connection's fault.
  Node changed = node;
  if (changed.inputs.size() <= input) changed.inputs.resize(input + 1);
  std::vector<Type> read;
  for (std::size_t i = 0; i < changed.inputs.size(); ++i)
    read.push_back(changed.inputs[i].empty() ? Type{} : types.type_in(graph, changed.inputs[i]));
  read[input] = {};
  const std::size_t before = type_mismatches(*record, changed, read, {}).size();
  static const std::string any_name = "tensor";
  changed.inputs[input] = any_name;
  read[input] = type;
  const auto after = type_mismatches(*record, changed, read, {});
  if (after.size() <= before) return std::nullopt;
  const auto own = std::find_if(after.begin(), after.end(),
                                [](const TypeMismatch& mismatch) { return mismatch.tensor == any_name; });
  return own == after.end() ? after.back().message : own->message;
}

namespace {

std::vector<std::string> types_of(const Operator& record, const Parameter& parameter) {
  const TypeConstraint* constraint = record.find_constraint(parameter.type);
  return constraint ? constraint->types : std::vector<std::string>{parameter.type};
}

}  // namespace

std::optional<std::size_t> fitting_input(const Operator& record, const Type& type) {
  for (std::size_t input = 0; input < record.inputs.size(); ++input) {
    Node node;
    node.op_type = record.name;
    node.inputs.resize(input + 1);
    node.inputs[input] = "tensor";
    std::vector<Type> read(input + 1);
    read[input] = type;
    if (type_mismatches(record, node, read, {}).empty()) return input;
  }
  return std::nullopt;
}

std::optional<std::set<std::string>> types_taken(const Model& model, const InferredTypes& types,
                                                 const Graph* graph, const Node& node, std::size_t input) {
  const Operator* record = find_operator(model, node);
  if (!record || record->inputs.empty() || model.find_function(node)) return std::nullopt;
  const auto listed = types_of(*record, record->inputs[std::min(input, record->inputs.size() - 1)]);
  std::set<std::string> taken(listed.begin(), listed.end());
  for (int i = 1; i < data_type_count; ++i) {
    const Type type = Type::tensor(static_cast<DataType>(i));
    if (type_refusal(model, types, graph, node, input, type)) taken.erase(constraint_text(type));
  }
  return taken;
}

bool can_make(const Operator& record, const std::set<std::string>& types) {
  if (record.outputs.empty()) return false;
  const auto made = types_of(record, record.outputs[0]);
  return std::any_of(made.begin(), made.end(), [&](const std::string& type) { return types.contains(type); });
}

}  // namespace lapidary
