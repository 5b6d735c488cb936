#include "engine/analysis/hierarchy.h"

#include <algorithm>

#include "engine/analysis/module_tree.h"
#include "engine/analysis/scopes.h"
#include "engine/analysis/wiring.h"

namespace lapidary {
namespace {

/// What one source says of every node; nothing for nodes that it does not place.
using Scopes = std::vector<std::optional<Scope>>;

template <class Read>
Scopes read_scopes(const Graph& graph, const Wiring& wiring, Read read) {
  Scopes scopes(graph.nodes.size());
  std::size_t position = 0;
  for (const auto& node : graph.nodes) {
    if (!wiring.constant[position]) scopes[position] = read(*node);
    ++position;
  }
  return scopes;
}

/// The share of the nodes that count which `scopes` puts into some module.
double share_placed(const Scopes& scopes, const Wiring& wiring) {
  std::size_t placed = 0, all = 0;
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if (wiring.constant[i]) continue;
    ++all;
    placed += scopes[i] && !scopes[i]->names.empty();
  }
  return all ? static_cast<double>(placed) / static_cast<double>(all) : 0;
}

/// Nodes that optimizers or exporters added without a scope belong to who feeds them, else to who reads them.
int inherited_group(const ModuleTree& tree, const Wiring& wiring, int node) {
  for (const auto* neighbours : {&wiring.producers[node], &wiring.consumers[node]}) {
    for (const int neighbour : *neighbours) {
      if (!wiring.constant[neighbour] && tree.group_of_node[neighbour] >= 0)
        return tree.group_of_node[neighbour];
    }
  }
  return 0;
}

ModuleTree tree_of(const Scopes& scopes, const Wiring& wiring) {
  ModuleTree tree(scopes.size());
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if (!scopes[i]) continue;
    int group = 0;
    for (std::size_t k = 0; k < scopes[i]->names.size(); ++k) {
      group = tree.child(group, scopes[i]->names[k]);
      if (!scopes[i]->classes.empty()) tree.modules[group].class_name = scopes[i]->classes[k];
    }
    tree.group_of_node[i] = group;
  }
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if (tree.group_of_node[i] < 0 && !wiring.constant[i])
      tree.group_of_node[i] = inherited_group(tree, wiring, static_cast<int>(i));
  }
  return tree;
}

/// Constants stand where they are read: in the innermost module around all their consumers.
void place_constants(ModuleTree& tree, const Wiring& wiring) {
  for (std::size_t i = wiring.constant.size(); i-- > 0;) {
    if (!wiring.constant[i]) continue;
    int group = -1;
    for (const int consumer : wiring.consumers[i]) {
      const int there = tree.group_of_node[consumer];
      if (there >= 0) group = group < 0 ? there : tree.common_ancestor(group, there);
    }
    tree.group_of_node[i] = std::max(group, 0);
  }
}

}  // namespace

int Hierarchy::find(std::string_view path) const {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].path == path) return static_cast<int>(i);
  }
  return -1;
}

bool Hierarchy::is_inside(int group, int ancestor) const {
  while (group >= 0 && group != ancestor) group = groups[static_cast<std::size_t>(group)].parent;
  return group >= 0 && group == ancestor;
}

Hierarchy find_hierarchy(const Graph& graph) {
  const Wiring wiring = wiring_of(graph);
  auto source = Hierarchy::Source::ExporterMetadata;
  Scopes scopes = read_scopes(graph, wiring, scope_from_metadata);
  if (share_placed(scopes, wiring) < 0.3) {
    source = Hierarchy::Source::Names;
    scopes = read_scopes(graph, wiring, scope_from_name);
  }
  if (source == Hierarchy::Source::Names && share_placed(scopes, wiring) < 0.1)
    scopes.assign(scopes.size(), std::nullopt);

  ModuleTree tree = tree_of(scopes, wiring);
  tree.collapse(wiring);
  if (tree.modules.size() == 1) source = Hierarchy::Source::Structure;
  tree.fold_repeats(graph, wiring);
  if (tree.modules.size() == 1) source = Hierarchy::Source::Flat;
  place_constants(tree, wiring);
  return tree.finished(source, wiring);
}

}  // namespace lapidary
