#include "engine/analysis/module_tree.h"

#include <algorithm>

#include "engine/analysis/block_finder.h"

namespace lapidary {

ModuleTree::ModuleTree(std::size_t node_count) : modules(1), group_of_node(node_count, -1) {}

std::string ModuleTree::path_of_child(int parent, const std::string& name) const {
  return parent == 0 ? name : modules[parent].path + "/" + name;
}

bool ModuleTree::has_child(int parent, const std::string& name) const {
  return by_path_.contains(path_of_child(parent, name));
}

int ModuleTree::child(int parent, const std::string& name) {
  std::string path = path_of_child(parent, name);
  const auto [found, fresh] = by_path_.try_emplace(path, static_cast<int>(modules.size()));
  if (fresh) modules.push_back({name, std::move(path), "", parent, -1});
  return found->second;
}

int ModuleTree::common_ancestor(int a, int b) const {
  const auto depth = [this](int module) {
    int result = 0;
    while (module > 0) {
      module = modules[module].parent;
      ++result;
    }
    return result;
  };
  int depth_a = depth(a), depth_b = depth(b);
  for (; depth_a > depth_b; --depth_a) a = modules[a].parent;
  for (; depth_b > depth_a; --depth_b) b = modules[b].parent;
  while (a != b) {
    a = modules[a].parent;
    b = modules[b].parent;
  }
  return a;
}

void ModuleTree::collapse(const Wiring& wiring) {
  // Children come after their parents here, so one backward walk sums up whole subtrees.
  std::vector<int> inside(modules.size()), direct(modules.size());
  for (std::size_t i = 0; i < group_of_node.size(); ++i) {
    if (!wiring.constant[i]) ++direct[group_of_node[i]];
  }
  inside = direct;
  for (std::size_t m = modules.size(); m-- > 1;) inside[modules[m].parent] += inside[m];
  std::vector<int> heir(modules.size(), -1);  // the child that holds everything its parent holds
  for (std::size_t m = modules.size(); m-- > 1;) {
    if (inside[m] > 1 && inside[m] == inside[modules[m].parent])
      heir[modules[m].parent] = static_cast<int>(m);
  }

  std::vector<Module> kept = {modules[0]};
  std::vector<int> target(modules.size());
  for (std::size_t m = 1; m < modules.size(); ++m) {
    Module& module = modules[m];
    const int old_parent = module.parent;
    target[m] = target[old_parent];
    if (inside[m] < 2) continue;
    if (heir[m] >= 0) {
      // "layers" with nothing but "layers.0" inside is known by the latter, "features.1" with nothing but
      // "conv" by the former.
      Module& next = modules[heir[m]];
      if (!next.name.starts_with(module.name)) {
        next.name = module.name;
        next.path = module.path;
        next.class_name = module.class_name;
      }
      continue;
    }
    target[m] = static_cast<int>(kept.size());
    module.parent = target[old_parent];
    kept.push_back(std::move(module));
  }
  for (int& group : group_of_node) {
    if (group >= 0) group = target[group];
  }
  modules = std::move(kept);
  by_path_.clear();
  for (std::size_t m = 1; m < modules.size(); ++m) by_path_.emplace(modules[m].path, static_cast<int>(m));
}

void ModuleTree::fold_repeats(const Graph& graph, const Wiring& wiring) {
  BlockFinder(*this, graph, wiring).run();
}

Hierarchy ModuleTree::finished(Hierarchy::Source source, const Wiring& wiring) const {
  // First nodes order siblings; a walk from the root then numbers parents before their children.
  const int none = static_cast<int>(group_of_node.size());
  std::vector<int> first(modules.size(), none);
  std::vector<std::vector<int>> children(modules.size());
  for (int i = none; i-- > 0;) {
    if (wiring.constant[i]) continue;  // exporters write these far from where they belong
    for (int m = group_of_node[i]; m >= 0 && first[m] != i; m = modules[m].parent) first[m] = i;
  }
  for (std::size_t m = 1; m < modules.size(); ++m) children[modules[m].parent].push_back(static_cast<int>(m));

  Hierarchy result;
  result.source = source;
  result.constant = wiring.constant;
  std::vector<int> number(modules.size(), -1), open = {0};
  while (!open.empty()) {
    const int m = open.back();
    open.pop_back();
    const Module& module = modules[m];
    number[m] = static_cast<int>(result.groups.size());
    Group group;
    group.name = module.name;
    group.path = module.path;
    group.class_name = module.class_name;
    group.structure = module.structure;
    group.first_node = first[m];
    if (module.parent >= 0) {
      group.parent = number[module.parent];
      result.groups[group.parent].children.push_back(number[m]);
    }
    result.groups.push_back(std::move(group));
    std::stable_sort(children[m].begin(), children[m].end(),
                     [&](int a, int b) { return first[a] > first[b]; });
    open.insert(open.end(), children[m].begin(), children[m].end());
  }
  for (int i = 0; i < none; ++i) {
    const int group = number[group_of_node[i]];
    result.group_of_node.push_back(group);
    result.groups[group].nodes.push_back(i);
    ++result.groups[group].node_count;
  }
  for (std::size_t g = result.groups.size(); g-- > 1;)
    result.groups[result.groups[g].parent].node_count += result.groups[g].node_count;
  return result;
}

}  // namespace lapidary
