#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/analysis/hierarchy.h"
#include "engine/analysis/wiring.h"

namespace lapidary {

/// The module tree while it is built. modules[0] is the root.
struct ModuleTree {
  struct Module {
    std::string name, path, class_name;
    int parent = -1;
    int structure = -1;
  };

  explicit ModuleTree(std::size_t node_count);

  /// The module of that name inside `parent`, made if it is not there.
  int child(int parent, const std::string& name);
  bool has_child(int parent, const std::string& name) const;
  int common_ancestor(int a, int b) const;

  /// Removes modules that hold fewer than two nodes that count (constants do not), and those that hold
  /// nothing but one other module.
  void collapse(const Wiring& wiring);
  /// Numbers modules by structure, and folds what repeats in modules of many parts into blocks.
  void fold_repeats(const Graph& graph, const Wiring& wiring);
  Hierarchy finished(Hierarchy::Source source, const Wiring& wiring) const;

  std::vector<Module> modules;
  std::vector<int> group_of_node;  ///< -1: not placed yet

 private:
  std::string path_of_child(int parent, const std::string& name) const;
  std::unordered_map<std::string, int> by_path_;
};

}  // namespace lapidary
