#include "engine/analysis/node_matching.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "engine/model/graph_index.h"

namespace lapidary {
namespace {

bool is_same_operator(const Node& a, const Node& b) {
  return a.op_type == b.op_type && normalized_domain(a.domain) == normalized_domain(b.domain);
}

/// Positions by name, without names that several nodes have.
std::unordered_map<std::string_view, int> by_name(const Graph& graph) {
  std::unordered_map<std::string_view, int> positions;
  for (int position = 0; const auto& node : graph.nodes) {
    if (!node->name.empty()) {
      const auto [found, is_new] = positions.emplace(node->name, position);
      if (!is_new) found->second = -1;
    }
    ++position;
  }
  return positions;
}

class Matcher {
 public:
  Matcher(const Graph& before, const Graph& after)
      : before_(before), after_(after), before_index_(before), after_index_(after) {
    matching_.after_of.assign(before.nodes.size(), -1);
    matching_.before_of.assign(after.nodes.size(), -1);
    matching_.reasons.resize(before.nodes.size());
  }

  NodeMatching match() {
    match_names();
    match_outputs();
    for (const Value& output : before_.outputs)
      if (after_index_.is_output(output.name)) match_producers(output.name, output.name);
    for (const Value& input : before_.inputs)
      if (after_index_.is_input(input.name)) match_readers(input.name, input.name);
    for (const auto& weight : before_.initializers)
      if (after_index_.initializer(weight->name)) match_readers(weight->name, weight->name);
    while (!open_.empty()) {
      const int node = open_.back();
      open_.pop_back();
      match_neighbours(node, matching_.after_of[static_cast<std::size_t>(node)]);
    }
    return std::move(matching_);
  }

 private:
  const Node& before(int node) const { return *before_.nodes[static_cast<std::size_t>(node)]; }
  const Node& after(int node) const { return *after_.nodes[static_cast<std::size_t>(node)]; }
  bool is_open(int from, int to) const {
    return from >= 0 && to >= 0 && matching_.after_of[static_cast<std::size_t>(from)] < 0 &&
           matching_.before_of[static_cast<std::size_t>(to)] < 0;
  }
  void pair(int from, int to, const char* reason) {
    matching_.after_of[static_cast<std::size_t>(from)] = to;
    matching_.before_of[static_cast<std::size_t>(to)] = from;
    matching_.reasons[static_cast<std::size_t>(from)] = reason;
    open_.push_back(from);
  }

  void match_names() {
    const auto positions = by_name(after_);
    for (const auto& [name, position] : by_name(before_))
      if (const auto found = positions.find(name);
          found != positions.end() && is_open(position, found->second))
        pair(position, found->second, "same name");
  }
  void match_outputs() {
    for (int position = 0; const auto& node : before_.nodes) {
      for (const auto& output : node->outputs) {
        const int other = output.empty() ? -1 : after_index_.producer(output).node;
        if (is_open(position, other) && is_same_operator(*node, after(other)))
          pair(position, other, "same output");
      }
      ++position;
    }
  }
  void match_if_alike(int from, int to) {
    if (is_open(from, to) && is_same_operator(before(from), after(to))) pair(from, to, "same neighbours");
  }
  void match_producers(const std::string& from, const std::string& to) {
    if (!from.empty() && !to.empty())
      match_if_alike(before_index_.producer(from).node, after_index_.producer(to).node);
  }
  /// Readers are matched where it is plain which belongs to which: as many of that operator read both.
  void match_readers(const std::string& from, const std::string& to) {
    if (from.empty() || to.empty()) return;
    using Readers = std::unordered_map<std::string_view, std::vector<int>>;
    Readers readers_before, readers_after;
    for (const auto& use : before_index_.consumers(from))
      if (matching_.after_of[static_cast<std::size_t>(use.node)] < 0)
        readers_before[before(use.node).op_type].push_back(use.node);
    for (const auto& use : after_index_.consumers(to))
      if (matching_.before_of[static_cast<std::size_t>(use.node)] < 0)
        readers_after[after(use.node).op_type].push_back(use.node);
    for (const auto& [op_type, nodes] : readers_before) {
      const auto found = readers_after.find(op_type);
      if (found == readers_after.end() || found->second.size() != nodes.size()) continue;
      for (std::size_t i = 0; i < nodes.size(); ++i) match_if_alike(nodes[i], found->second[i]);
    }
  }
  void match_neighbours(int from, int to) {
    const Node &one = before(from), &other = after(to);
    for (std::size_t i = 0; i < std::min(one.inputs.size(), other.inputs.size()); ++i)
      match_producers(one.inputs[i], other.inputs[i]);
    for (std::size_t i = 0; i < std::min(one.outputs.size(), other.outputs.size()); ++i)
      match_readers(one.outputs[i], other.outputs[i]);
  }

  const Graph &before_, &after_;
  GraphIndex before_index_, after_index_;
  NodeMatching matching_;
  std::vector<int> open_;  ///< matched nodes (before) whose neighbours were not looked at
};

}  // namespace

NodeMatching match_nodes(const Graph& before, const Graph& after) { return Matcher(before, after).match(); }

}  // namespace lapidary
