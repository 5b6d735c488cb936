#include "engine/passes/fusion.h"

#include <algorithm>

#include "engine/analysis/every_node.h"
#include "engine/analysis/type_constraints.h"
#include "engine/ops/operator_table.h"
#include "engine/opsets/convert_opset.h"

namespace lapidary {

Operand result_of(Replacement replacement) {
  return std::make_shared<const Replacement>(std::move(replacement));
}

bool is_said_by_attribute(const GraphRewriter& graph, const std::string& x, double number) {
  return graph.type_of(x).element != DataType::Float64 ||
         static_cast<double>(static_cast<float>(number)) == number;
}

namespace {

/// A fusion that fits a node.
struct Fit {
  Match match;
  Replacement replacement;
  std::int64_t opset;
};

/// False where the operator is not for the types of its operands.
bool takes_types(const GraphRewriter& graph, const Replacement& replacement, std::int64_t version) {
  const Operator* record = operator_table().find(replacement.domain, replacement.op_type, version);
  Node node;
  std::vector<Type> types;
  for (const Operand& operand : replacement.operands) {
    const auto* name = std::get_if<std::string>(&operand);
    node.inputs.push_back(name ? *name : "made");
    types.push_back(name ? graph.type_of(*name) : Type());
    const auto* before = std::get_if<std::shared_ptr<const Replacement>>(&operand);
    if (before && !takes_types(graph, **before, version)) return false;
  }
  return record && type_mismatches(*record, node, types, {}).empty();
}

/// Bodies of functions import what they call themselves, and stay in the domains that they have.
bool may_write(const GraphRewriter& graph, const Replacement& replacement, std::int64_t opset) {
  const std::string& domain = replacement.domain;
  if (domain.empty()) return takes_types(graph, replacement, std::max(opset, graph.opset()));
  if (!graph.context().domains.contains(domain) || graph.is_in_function()) return false;
  return takes_types(graph, replacement, std::max<std::int64_t>(graph.opset(domain), 1));
}

/// The first of the fusions, of those up to operator set `newest`, that fits the node.
std::optional<Fit> fit(const GraphRewriter& graph, std::size_t position, const std::vector<Fusion>& fusions,
                       std::int64_t newest) {
  if (!graph.node(position)) return std::nullopt;
  for (const Fusion& fusion : fusions) {
    if (fusion.opset > newest) continue;
    auto found = match(graph, position, fusion.pattern);
    auto replacement = found ? fusion.replacement(graph, *found) : std::nullopt;
    if (replacement && may_write(graph, *replacement, fusion.opset))
      return Fit{std::move(*found), std::move(*replacement), fusion.opset};
  }
  return std::nullopt;
}

/// A node with the place of `root`, its operands made before it.
Node made(GraphRewriter& graph, std::size_t position, const Node& root, const Replacement& replacement) {
  Node node = node_like(root, replacement.op_type, {}, root.outputs, replacement.attributes);
  node.domain = replacement.domain;
  for (const Operand& operand : replacement.operands) {
    if (const auto* name = std::get_if<std::string>(&operand)) {
      node.inputs.push_back(*name);
    } else if (const auto* tensor = std::get_if<Tensor>(&operand)) {
      node.inputs.push_back(graph.add_constant(root.outputs[0] + "_constant", *tensor));
    } else {
      const Replacement& before = *std::get<std::shared_ptr<const Replacement>>(operand);
      Node place = root;
      place.outputs = {graph.fresh_name(root.outputs[0] + "_" + before.op_type)};
      place.name = root.name.empty() ? "" : graph.fresh_name(root.name + "_" + before.op_type);
      node.inputs.push_back(place.outputs[0]);
      graph.insert_before(position, made(graph, position, place, before));
    }
  }
  return node;
}

/// Takes away the nodes inside a match that nobody reads any more.
void erase_inside(GraphRewriter& graph, const Match& match) {
  const auto is_unused = [&](const std::string& output) { return graph.use_count(output) == 0; };
  for (bool erased = true; erased;) {
    erased = false;
    for (std::size_t i = 1; i < match.positions().size(); ++i) {
      const Node* node = graph.node(match.positions()[i]);
      if (!node || !std::all_of(node->outputs.begin(), node->outputs.end(), is_unused)) continue;
      graph.erase(match.positions()[i]);
      erased = true;
    }
  }
}

void rewrite(GraphRewriter& graph, const std::vector<Fusion>& fusions, std::set<std::string>& domains) {
  for (std::size_t i = graph.size(); i-- > 0;) {
    const auto found = fit(graph, i, fusions, graph.opset());
    if (!found) continue;
    const Node root = *graph.node(i);
    if (!graph.admit(root)) continue;
    graph.replace(i, made(graph, i, root, found->replacement));
    domains.insert(found->replacement.domain);
    erase_inside(graph, found->match);
  }
}

/// The fusions whose operators the model has.
std::vector<Fusion> possible(const Model& model, const std::vector<Fusion>& fusions) {
  std::set<std::string_view> present;
  for_each_node(model, [&](const Node& node, const Function*) { present.insert(node.op_type); });
  std::vector<Fusion> chosen;
  for (const Fusion& fusion : fusions) {
    const auto required = required_operators(fusion.pattern);
    if (std::all_of(required.begin(), required.end(),
                    [&](const auto& each) { return present.contains(each); }))
      chosen.push_back(fusion);
  }
  return chosen;
}

/// The newest version that a match needs; 0 if there is none that needs a newer one than the graph's.
std::int64_t wanted_opset(const ModelPointer& model, const PassContext& context,
                          const std::vector<Fusion>& fusions) {
  std::int64_t wanted = 0;
  rewrite_graphs(model, context, [&](GraphRewriter& graph) {
    for (std::size_t i = 0; i < graph.size(); ++i)
      if (const auto found = fit(graph, i, fusions, context.newest_opset);
          found && found->opset > graph.opset())
        wanted = std::max(wanted, found->opset);
  });
  return wanted;
}

/// The model in the operator set that matches need, as far as the context allows; what stands in the way is
/// noted.
ModelPointer raised(const ModelPointer& model, const PassContext& context, const std::vector<Fusion>& fusions,
                    PassResult& result) {
  const std::int64_t own = model->opset();
  const bool may_raise = std::any_of(fusions.begin(), fusions.end(), [&](const Fusion& fusion) {
    return fusion.opset > own && fusion.opset <= context.newest_opset;
  });
  const std::int64_t needed = may_raise && own > 0 ? wanted_opset(model, context, fusions) : 0;
  const std::int64_t wanted = std::max(needed, oldest_target_opset);
  if (needed <= own || wanted > context.newest_opset) return model;
  const std::string step = "operator set " + std::to_string(wanted);
  const OpsetConversion converted = convert_opset(model, wanted);
  for (const auto& [node, reason] : converted.blockers)
    result.notes.push_back(context.pass + " needs " + step + ", which stays away" +
                           (node.empty() ? "" : " for node '" + node + "'") + ": " + reason);
  if (!converted.model || !context.admits(step)) return model;
  result.changed.push_back(step);
  return converted.model;
}

}  // namespace

PassResult fuse(const ModelPointer& model, const PassContext& context, const std::vector<Fusion>& all) {
  PassResult before{model, {}, {}};
  const std::vector<Fusion> fusions = possible(*model, all);
  if (fusions.empty()) return before;
  const ModelPointer start = raised(model, context, fusions, before);
  std::set<std::string> domains;
  PassResult result =
      rewrite_graphs(start, context, [&](GraphRewriter& graph) { rewrite(graph, fusions, domains); });
  result.changed.insert(result.changed.begin(), before.changed.begin(), before.changed.end());
  result.notes.insert(result.notes.begin(), before.notes.begin(), before.notes.end());
  for (const auto& domain : domains)
    if (result.model->opset(domain) == 0) {
      Model importing = *result.model;
      importing.opset_imports.push_back({domain, 1});
      result.model = std::make_shared<const Model>(std::move(importing));
    }
  return result;
}

}  // namespace lapidary
