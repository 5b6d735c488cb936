// The module tree after an edit, from the one before: see follow_edit in hierarchy.h.
#include <algorithm>
#include <queue>
#include <string_view>
#include <unordered_map>

#include "engine/analysis/hierarchy.h"
#include "engine/analysis/scopes.h"
#include "engine/analysis/wiring.h"

namespace lapidary {
namespace {

class Follower {
 public:
  Follower(const Hierarchy& before, const Graph& graph, const GraphIndex& index, const GraphChange& change)
      : before_(before), index_(index), change_(change), after_(before) {
    nodes_.reserve(graph.nodes.size());
    for (const auto& node : graph.nodes) nodes_.push_back(node.get());
    for (const auto& initializer : graph.sparse_initializers)
      sparse_.push_back(index.id_of(initializer->name));
    is_changed_.resize(before.groups.size());
  }

  Hierarchy run() {
    after_.constant.assign(nodes_.size(), false);
    after_.group_of_node.assign(nodes_.size(), -1);
    for (std::size_t i = 0; i < change_.now.size(); ++i) {
      if (change_.now[i] < 0) continue;
      const auto now = static_cast<std::size_t>(change_.now[i]);
      after_.constant[now] = before_.constant[i];
      after_.group_of_node[now] = before_.group_of_node[i];
    }
    for (const auto& gone : change_.gone)
      note_change(before_.group_of_node[static_cast<std::size_t>(gone.node)]);
    find_constants();
    place_new_nodes();
    fill_groups();
    return std::move(after_);
  }

 private:
  int& group_of(int node) { return after_.group_of_node[static_cast<std::size_t>(node)]; }

  /// The group, and those around it, is no longer like others.
  void note_change(int group) {
    for (; group >= 0 && !is_changed_[static_cast<std::size_t>(group)];
         group = before_.groups[static_cast<std::size_t>(group)].parent)
      is_changed_[static_cast<std::size_t>(group)] = true;
  }

  /// By the rule of Wiring::constant.
  bool makes_constant(int node) const {
    if (!can_make_constants(*nodes_[static_cast<std::size_t>(node)])) return false;
    for (const int output : index_.outputs_of(node))
      if (index_.is_output(output)) return false;
    for (const int input : index_.inputs_of(node)) {
      if (input < 0) continue;
      const int producer = index_.producer(input).node;
      const bool is_made = producer >= 0 && producer != node;
      const bool is_weight =
          (index_.initializer(input) || std::ranges::count(sparse_, input)) && !index_.is_input(input);
      const bool is_constant =
          is_made ? producer < node && after_.constant[static_cast<std::size_t>(producer)] : is_weight;
      if (!is_constant) return false;
    }
    return true;
  }

  void find_constants() {
    std::priority_queue<int, std::vector<int>, std::greater<>> open;
    const auto add_readers = [&](const Node& node) {
      for (const std::string& output : node.outputs)
        for (const auto& use : index_.consumers(output)) open.push(use.node);
    };
    for (const auto& touched : change_.touched) {
      open.push(touched.node);
      if (touched.before) add_readers(*touched.before);
    }
    for (const auto& gone : change_.gone) add_readers(*gone.before);
    for (const std::string& value : change_.values) {
      const int id = index_.id_of(value);
      if (const int producer = index_.producer(id).node; producer >= 0) open.push(producer);
      for (const auto& use : index_.consumers(id)) open.push(use.node);
    }
    while (!open.empty()) {
      const int node = open.top();
      while (!open.empty() && open.top() == node) open.pop();
      const bool is_constant = makes_constant(node);
      if (is_constant == after_.constant[static_cast<std::size_t>(node)]) continue;
      after_.constant[static_cast<std::size_t>(node)] = is_constant;
      note_change(group_of(node));
      for (const int output : index_.outputs_of(node))
        for (const auto& use : index_.consumers(output))
          if (use.node > node) open.push(use.node);
    }
  }

  /// What nodes of one module have in common: the exporter's metadata or the name, without the last part.
  static std::string_view scope_text(const Node& node) {
    std::string_view text = node.name;
    for (const char* key : {"pkg.torch.onnx.name_scopes", "namespace"})
      if (const std::string* found = find_metadata(node, key)) {
        text = *found;
        break;
      }
    const std::size_t end = text.find_last_of("/,");
    return text.substr(0, end == std::string_view::npos ? 0 : end);
  }

  /// The group of a node that stands near and has the same scope, or -1.
  int group_near(int node) {
    constexpr int reach = 8;
    const std::string_view scope = scope_text(*nodes_[static_cast<std::size_t>(node)]);
    if (scope.empty()) return -1;
    const int count = static_cast<int>(nodes_.size());
    for (int near = std::max(0, node - reach); near <= std::min(count - 1, node + reach); ++near)
      if (group_of(near) >= 0 && !after_.constant[static_cast<std::size_t>(near)] &&
          scope_text(*nodes_[static_cast<std::size_t>(near)]) == scope)
        return group_of(near);
    return -1;
  }

  /// The group of some former node with each of the scopes that nodes without a group have.
  std::unordered_map<std::string_view, int> groups_of_scopes(const std::vector<int>& unplaced) {
    std::unordered_map<std::string_view, int> groups;
    for (const int node : unplaced) {
      const std::string_view scope = scope_text(*nodes_[static_cast<std::size_t>(node)]);
      if (!scope.empty()) groups.emplace(scope, -1);
    }
    std::size_t left = groups.size();
    for (std::size_t i = 0; i < nodes_.size() && left > 0; ++i) {
      const int group = after_.group_of_node[i];
      if (group < 0 || after_.constant[i]) continue;
      const auto found = groups.find(scope_text(*nodes_[i]));
      if (found == groups.end() || found->second >= 0) continue;
      found->second = group;
      --left;
    }
    return groups;
  }

  /// Who feeds the node, else who reads it.
  int group_beside(int node) {
    for (const int input : index_.inputs_of(node)) {
      const int producer = index_.producer(input).node;
      if (producer >= 0 && group_of(producer) >= 0 && !after_.constant[static_cast<std::size_t>(producer)])
        return group_of(producer);
    }
    for (const int output : index_.outputs_of(node))
      for (const auto& use : index_.consumers(output))
        if (group_of(use.node) >= 0) return group_of(use.node);
    return 0;
  }

  void place_new_nodes() {
    std::vector<int> unplaced;
    for (const auto& [node, former] : change_.touched) {
      const Node& now = *nodes_[static_cast<std::size_t>(node)];
      if (former && !is_wired_alike(*former, now)) note_change(group_of(node));
      if (former && scope_text(*former) == scope_text(now)) continue;
      if (former) note_change(group_of(node));
      group_of(node) = -1;
      group_of(node) = group_near(node);
      if (group_of(node) < 0)
        unplaced.push_back(node);
      else
        note_change(group_of(node));
    }
    if (unplaced.empty()) return;
    const auto groups = groups_of_scopes(unplaced);
    for (const int node : unplaced) {
      const auto found = groups.find(scope_text(*nodes_[static_cast<std::size_t>(node)]));
      group_of(node) = found != groups.end() && found->second >= 0 ? found->second : group_beside(node);
      note_change(group_of(node));
    }
  }

  /// Members, counts, order and structure of all groups.
  void fill_groups() {
    const int none = static_cast<int>(nodes_.size());
    auto& groups = after_.groups;
    int structures = 0;
    for (Group& group : groups) {
      group.nodes.clear();
      group.node_count = 0;
      group.first_node = none;
      structures = std::max(structures, group.structure + 1);
    }
    for (int node = 0; node < none; ++node) {
      Group& group = groups[static_cast<std::size_t>(group_of(node))];
      group.nodes.push_back(node);
      ++group.node_count;
      if (!after_.constant[static_cast<std::size_t>(node)])
        group.first_node = std::min(group.first_node, node);
    }
    for (std::size_t g = groups.size(); g-- > 0;) {
      if (is_changed_[g]) groups[g].structure = structures++;
      std::stable_sort(groups[g].children.begin(), groups[g].children.end(), [&](int a, int b) {
        return groups[static_cast<std::size_t>(a)].first_node <
               groups[static_cast<std::size_t>(b)].first_node;
      });
      if (groups[g].parent < 0) continue;
      Group& parent = groups[static_cast<std::size_t>(groups[g].parent)];
      parent.node_count += groups[g].node_count;
      parent.first_node = std::min(parent.first_node, groups[g].first_node);
    }
  }

  const Hierarchy& before_;
  const GraphIndex& index_;
  const GraphChange& change_;
  Hierarchy after_;
  std::vector<const Node*> nodes_;
  std::vector<int> sparse_;       ///< numbers of sparse initializers
  std::vector<bool> is_changed_;  ///< by group
};

}  // namespace

Hierarchy follow_edit(const Hierarchy& before, const Graph& graph, const GraphIndex& index,
                      const GraphChange& change) {
  return Follower(before, graph, index, change).run();
}

}  // namespace lapidary
