#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/analysis/module_tree.h"
#include "engine/analysis/repeats.h"

namespace lapidary {

/// Walks a module tree from the leaves up: numbers modules by structure (same operators in the same order
/// with the same wiring inside; attributes and shapes do not count), and folds what repeats in modules of
/// many parts into blocks.
class BlockFinder {
 public:
  BlockFinder(ModuleTree& tree, const Graph& graph, const Wiring& wiring);
  void run();

 private:
  /// A part of a module: a node, or a module inside.
  struct Item {
    int node = -1, module = -1;
    int first_node = 0;  ///< gives the order
  };
  /// How the items of one module hang together: by item, the items that feed it.
  using Feeds = std::vector<std::vector<int>>;

  void finish(int module);
  Feeds feeds_of(int module, const std::vector<Item>& items, std::vector<int>* from_outside);
  std::vector<Item> folded(int module, const std::vector<Item>& items, const Feeds& feeds);
  void discourage_borders_inside_modules(const std::vector<Item>& items, std::vector<int>& cuts) const;
  void number_structure(int module, const std::vector<Item>& items, const Feeds& feeds);
  std::uint64_t symbol(const Item& item) const;
  const std::vector<int>& producers_of(const Item& item) const;
  std::string weight_path(const Item& item) const;
  std::vector<std::string> names_for(int module, const std::vector<Item>& items, const Repeat& run,
                                     int& next_number) const;

  ModuleTree& tree_;
  const Wiring& wiring_;
  std::vector<const Node*> nodes_;
  std::vector<std::vector<Item>> items_;  ///< by module
  std::vector<std::vector<int>> outer_;   ///< by module: nodes outside that feed it
  std::vector<int> item_of_node_, item_of_module_;
  std::unordered_map<std::uint64_t, int> structures_;
};

}  // namespace lapidary
