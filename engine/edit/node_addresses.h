#pragma once

#include <string_view>
#include <unordered_map>

#include "engine/edit/address.h"

namespace lapidary {

/// address_of() and find_node() for many nodes of a graph, which is looked through once. The graph must stay.
class NodeAddresses {
 public:
  explicit NodeAddresses(const Graph& graph);
  NodeAddress of(std::size_t position) const;
  std::size_t find(const NodeAddress& address) const;

  /// Where a name stands among the nodes.
  struct Places {
    std::size_t first = static_cast<std::size_t>(-1);
    std::size_t count = 0;
  };
  Places named(std::string_view name) const;
  Places making(std::string_view tensor) const;

 private:
  const Graph& graph_;
  std::unordered_map<std::string_view, Places> names_, outputs_;
};

}  // namespace lapidary
