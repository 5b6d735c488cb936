#include <algorithm>
#include <regex>

#include "engine/edit/families.h"
#include "engine/edit/names.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"

namespace lapidary {
namespace {

ModelPointer rename_node(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::size_t position = arguments.node(graph, "node");
    const std::string to = arguments.text("to");
    for (const auto& other : graph.nodes)
      if (!to.empty() && other->name == to && other != graph.nodes[position])
        throw Error("there is a node of that name already").node(to).advice("Choose another name");
    Node node = *graph.nodes[position];
    node.name = to;
    graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
  });
}

ModelPointer rename_tensor(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string from = arguments.text("tensor"), to = arguments.text("to");
    if (to.empty()) throw arguments.wrong("to", "is empty");
    if (to == from) return;
    if (from.empty() || !defines(graph, from))
      throw Error("there is no such tensor in this graph")
          .tensor(from)
          .advice("Rename it in the graph that makes it");
    if (TakenNames(*arguments.model(), arguments.path(), arguments.index()).has_value(to))
      throw Error("there is a tensor of that name already").tensor(to).advice("Choose another name");
    rename_values(graph, {{from, to}});
  });
}

// --- rename_scope ---

/// What a name becomes; the name itself where the scope does not fit it.
class ScopeRule {
 public:
  explicit ScopeRule(const EditArguments& arguments)
      : from_(arguments.text("from")),
        to_(arguments.text("to")),
        is_pattern_(arguments.flag("regex", false)) {
    if (from_.empty()) throw arguments.wrong("from", "is empty");
    if (!is_pattern_) return;
    try {
      pattern_ = std::regex(from_, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& error) {
      throw arguments.wrong("from", std::string("is no regular expression: ") + error.what());
    }
  }
  std::string operator()(const std::string& name) const {
    if (is_pattern_) return std::regex_replace(name, pattern_, to_);
    return name.starts_with(from_) ? to_ + name.substr(from_.size()) : name;
  }

 private:
  std::string from_, to_;
  bool is_pattern_;
  std::regex pattern_;
};

/// All values that the graph and the bodies inside define.
void collect_values(const Graph& graph, std::vector<std::string>& names) {
  for (const auto& input : graph.inputs) names.push_back(input.name);
  for (const auto& tensor : graph.initializers) names.push_back(tensor->name);
  for (const auto& tensor : graph.sparse_initializers) names.push_back(tensor->name);
  for (const auto& node : graph.nodes) {
    for (const auto& output : node->outputs)
      if (!output.empty()) names.push_back(output);
    for (const auto& [attribute, body] : subgraphs_of(*node)) collect_values(*body, names);
  }
}

Renames value_renames(const Graph& graph, const ScopeRule& rule) {
  std::vector<std::string> names;
  collect_values(graph, names);
  std::unordered_set<std::string> after;  // what others call the graph by stays
  for (const auto& value : graph.inputs) after.insert(value.name);
  for (const auto& value : graph.outputs) after.insert(value.name);
  std::erase_if(names, [&](const std::string& name) { return after.contains(name); });
  Renames renames;
  for (const auto& name : names) {
    std::string changed = rule(name);
    if (changed.empty()) throw Error("would have no name left").tensor(name);
    if (!after.insert(changed).second)
      throw Error("two tensors would be called '" + changed + "'").tensor(name).advice("Choose another name");
    if (changed != name) renames[name] = std::move(changed);
  }
  return renames;
}

bool rename_nodes(Graph& graph, const ScopeRule& rule) {
  bool any = false;
  graph.nodes = updated(graph.nodes, [&](const std::shared_ptr<const Node>& node) {
    std::optional<std::shared_ptr<const Node>> result;
    Node changed = *node;
    changed.name = rule(node->name);
    bool touched = changed.name != node->name;
    const auto enter = [&](GraphPointer& body) {
      Graph inner = *body;
      if (!rename_nodes(inner, rule)) return;
      body = std::make_shared<const Graph>(std::move(inner));
      touched = true;
    };
    for (auto& attribute : changed.attributes) {
      if (auto* body = std::get_if<GraphPointer>(&attribute.value)) enter(*body);
      if (auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute.value))
        for (auto& body : *bodies) enter(body);
    }
    any = any || touched;
    if (touched) result = std::make_shared<const Node>(std::move(changed));
    return result;
  });
  return any;
}

ModelPointer rename_scope(const EditArguments& arguments) {
  const ScopeRule rule(arguments);
  const std::string of = arguments.text("of", "both");
  return arguments.with_graph([&](Graph& graph) {
    bool any = false;
    if (of != "nodes") {
      const Renames renames = value_renames(graph, rule);
      any = !renames.empty();
      if (any) rename_values(graph, renames, true);
    }
    if (of != "tensors") any = rename_nodes(graph, rule) || any;
    if (!any) throw Error("no name fits '" + arguments.text("from") + "'");
  });
}

}  // namespace

std::vector<Edit> rename_edits() {
  using Kind = ParameterKind;
  return {
      {"rename_node",
       "Rename a node",
       {graph_parameter(), {"node", Kind::Node, "the node", true}, {"to", Kind::Text, "its new name", true}},
       rename_node},
      {"rename_tensor",
       "Rename a tensor wherever it is made or read, in bodies too",
       {graph_parameter(),
        {"tensor", Kind::Tensor, "the tensor", true},
        {"to", Kind::Text, "its new name", true}},
       rename_tensor},
      {"rename_scope",
       "Rename all nodes and tensors whose names begin with a prefix or fit a regular expression; inputs and "
       "outputs of "
       "the graph stay",
       {graph_parameter(),
        {"from", Kind::Text, "the prefix, or the regular expression", true},
        {"to", Kind::Text, "what stands there from now on; $1 is a group of the expression", true},
        {"regex", Kind::Flag, "'from' is a regular expression (default false)"},
        {"of", Kind::Choice, "what is renamed (default both)", false, {"nodes", "tensors", "both"}}},
       rename_scope},
  };
}

}  // namespace lapidary
