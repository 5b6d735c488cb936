#include "engine/opsets/opset_step.h"

#include <algorithm>
#include <optional>

#include "engine/analysis/every_node.h"
#include "engine/ops/operator_table.h"
#include "engine/opsets/adapter.h"
#include "engine/opsets/fit_to_record.h"

namespace lapidary {

std::string ConversionHistory::origin(const Node& node) const {
  const auto found = origins_.find(&node);
  return found == origins_.end() ? node.label() : found->second;
}

std::string ConversionHistory::origin(const std::string& label) const {
  const auto found = origins_by_label_.find(label);
  return found == origins_by_label_.end() ? label : found->second;
}

void ConversionHistory::note_origin(const std::shared_ptr<const Node>& node, const std::string& origin) {
  keep(node);
  origins_[node.get()] = origin;
  origins_by_label_[node->label()] = origin;
}

void ConversionHistory::block(const std::shared_ptr<const Node>& node, const std::string& origin,
                              std::string reason) {
  replace_blocked(node);
  const bool is_known = std::any_of(blockers.begin(), blockers.end(), [&](const OpsetBlocker& b) {
    return b.node == origin && b.reason == reason;
  });
  if (!is_known) blockers.push_back({origin, std::move(reason)});
}

namespace {

using Nodes = std::vector<std::shared_ptr<const Node>>;

/// The main graph or a function with its bodies, from one version to the next.
class StepConversion {
 public:
  StepConversion(const Model& model, const Facts& facts, ModelNames& names, ConversionHistory& history,
                 std::int64_t from, std::int64_t to)
      : model_(model), facts_(facts), names_(names), history_(history), from_(from), to_(to) {}

  GraphPointer convert(const GraphPointer& graph, const Place& place);
  /// Nothing if all stay.
  std::optional<Nodes> convert(const Nodes& nodes, const Place& place, std::vector<NamedTensor>& constants);

 private:
  std::shared_ptr<const Node> with_bodies(const std::shared_ptr<const Node>& node, const Place& place,
                                          std::size_t position);
  bool is_changed(const Node& node);
  void rewrite(const std::shared_ptr<const Node>& node, const Place& place,
               std::vector<NamedTensor>& constants, Nodes& results);
  void adapt(NodeRewrite& rewrite) const;
  bool write_constants(NodeRewrite& rewrite) const;

  const Model& model_;
  const Facts& facts_;
  ModelNames& names_;
  ConversionHistory& history_;
  std::int64_t from_, to_;
  std::unordered_map<std::string, bool> changed_;  ///< by operator
};

std::shared_ptr<const Node> StepConversion::with_bodies(const std::shared_ptr<const Node>& node,
                                                        const Place& place, std::size_t position) {
  if (subgraphs_of(*node).empty()) return node;
  Node changed = *node;
  bool any = false;
  const auto visit = [&](const std::string& attribute, std::size_t index, GraphPointer& body) {
    GraphPointer converted = convert(body, Place(place, position, attribute, index));
    any = any || converted != body;
    body = std::move(converted);
  };
  for (auto& attribute : changed.attributes) {
    if (auto* body = std::get_if<GraphPointer>(&attribute.value)) visit(attribute.name, 0, *body);
    if (auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute.value))
      for (std::size_t i = 0; i < bodies->size(); ++i) visit(attribute.name, i, (*bodies)[i]);
  }
  if (!any) return node;
  auto result = std::make_shared<const Node>(std::move(changed));
  history_.note_origin(result, history_.origin(*node));
  if (history_.is_blocked(*node)) history_.replace_blocked(result);
  return result;
}

bool StepConversion::is_changed(const Node& node) {
  if (!normalized_domain(node.domain).empty() || model_.find_function(node)) return false;
  const auto [place, fresh] = changed_.try_emplace(node.op_type, false);
  if (fresh) {
    const Operator* here = operator_table().find("", node.op_type, from_);
    place->second = !here || here != operator_table().find("", node.op_type, to_);
  }
  return place->second && !history_.is_blocked(node);
}

/// Outputs that are known before the model runs.
bool StepConversion::write_constants(NodeRewrite& rewrite) const {
  std::vector<Node> identities;
  for (const auto& output : rewrite.node.outputs) {
    if (output.empty()) continue;
    const Tensor* value = rewrite.constant(output);
    if (!value) return false;
    Node identity = node_like(rewrite.node, "Identity", {rewrite.add(*value, "value")}, {output});
    identities.push_back(std::move(identity));
  }
  if (identities.empty()) return false;
  rewrite.node = std::move(identities.back());
  identities.pop_back();
  rewrite.before = std::move(identities);
  rewrite.behind.clear();
  return true;
}

void StepConversion::adapt(NodeRewrite& rewrite) const {
  const std::string name = rewrite.node.op_type;
  const Operator* here = operator_table().find("", name, from_);
  const Operator* there = operator_table().find("", name, to_);
  if (!here) rewrite.refuse("operator set " + std::to_string(from_) + " has no operator " + name);
  const bool raises = to_ > from_;
  const Adapter* adapter =
      find_adapter(name, raises ? (there ? there->since_version : 0) : here->since_version);
  const auto change = !adapter ? nullptr : raises ? adapter->raise : adapter->lower;
  if (change) change(rewrite);
  if (rewrite.node.op_type != name) return;
  if (!there)
    rewrite.refuse(name + " came with operator set " + std::to_string(here->since_version) +
                   ", and nothing before can stand for it");
  if (there->is_deprecated) rewrite.refuse(name + " is deprecated in operator set " + std::to_string(to_));
  fit_to_record(rewrite, *here, *there);
}

void StepConversion::rewrite(const std::shared_ptr<const Node>& node, const Place& place,
                             std::vector<NamedTensor>& constants, Nodes& results) {
  const std::string origin = history_.origin(*node);
  const NodeRewrite::Around around{facts_, place, names_, to_};
  std::optional<NodeRewrite> attempt(std::in_place, *node, around);
  try {
    adapt(*attempt);
  } catch (const Refusal& refusal) {
    attempt.emplace(*node, around);
    if (!write_constants(*attempt)) {
      history_.block(node, origin, refusal.reason);
      results.push_back(node);
      return;
    }
  }
  const auto add = [&](Node made) {
    results.push_back(std::make_shared<const Node>(std::move(made)));
    history_.note_origin(results.back(), origin);
  };
  for (auto& made : attempt->before) add(std::move(made));
  add(std::move(attempt->node));
  for (auto& made : attempt->behind) add(std::move(made));
  for (auto& constant : attempt->constants) constants.push_back(std::move(constant));
}

std::optional<Nodes> StepConversion::convert(const Nodes& nodes, const Place& place,
                                             std::vector<NamedTensor>& constants) {
  Nodes results;
  bool any = false;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto node = with_bodies(nodes[i], place, i);
    any = any || node != nodes[i];
    if (is_changed(*node)) {
      rewrite(node, place, constants, results);
      any = any || results.back() != node;
    } else {
      results.push_back(node);
    }
  }
  return any ? std::optional(std::move(results)) : std::nullopt;
}

GraphPointer StepConversion::convert(const GraphPointer& graph, const Place& place) {
  std::vector<NamedTensor> constants;
  auto nodes = convert(graph->nodes.to_vector(), place, constants);
  if (!nodes) return graph;
  Graph changed = *graph;
  changed.nodes = PersistentVector(std::move(*nodes));
  if (constants.empty()) return std::make_shared<const Graph>(std::move(changed));
  auto initializers = changed.initializers.to_vector();
  for (auto& constant : constants) {
    // Before IR version 4 initializers are listed as inputs, too.
    if (model_.ir_version < 4 && graph == model_.graph)
      changed.inputs.push_back({constant.name, constant.tensor.full_type(), {}, {}, {}});
    initializers.push_back(std::make_shared<const NamedTensor>(std::move(constant)));
  }
  changed.initializers = PersistentVector(std::move(initializers));
  return std::make_shared<const Graph>(std::move(changed));
}

/// Functions have no initializers.
Nodes as_nodes(std::vector<NamedTensor> constants) {
  Nodes nodes;
  for (auto& constant : constants) {
    Node node;
    node.op_type = "Constant";
    node.outputs = {constant.name};
    node.attributes = {make_attribute("value", std::make_shared<const NamedTensor>(std::move(constant)))};
    nodes.push_back(std::make_shared<const Node>(std::move(node)));
  }
  return nodes;
}

void set_version(std::vector<OpsetImport>& imports, std::int64_t version) {
  for (auto& import : imports)
    if (normalized_domain(import.domain).empty()) import.version = version;
}

std::int64_t next_version(std::int64_t from, std::int64_t target) {
  return from == 0 || from == target ? from : from < target ? from + 1 : from - 1;
}

}  // namespace

ModelPointer convert_one_step(const ModelPointer& model, std::int64_t target, ModelNames& names,
                              ConversionHistory& history) {
  const Facts facts(model);
  Model changed = *model;
  const std::int64_t from = model->opset(), to = next_version(from, target);
  if (to != from) {
    StepConversion step(*model, facts, names, history, from, to);
    changed.graph = step.convert(model->graph, Place(facts, nullptr));
    set_version(changed.opset_imports, to);
  }
  for (auto& function : changed.functions) {
    const std::int64_t inner = opset_within(*model, function.get(), ""), next = next_version(inner, target);
    if (next == inner) continue;
    StepConversion step(*model, facts, names, history, inner, next);
    std::vector<NamedTensor> constants;
    auto nodes = step.convert(function->nodes, Place(facts, function.get()), constants);
    Function result = *function;
    set_version(result.opset_imports, next);
    if (nodes) {
      result.nodes = as_nodes(std::move(constants));
      result.nodes.insert(result.nodes.end(), nodes->begin(), nodes->end());
    }
    function = std::make_shared<const Function>(std::move(result));
  }
  return std::make_shared<const Model>(std::move(changed));
}

}  // namespace lapidary
