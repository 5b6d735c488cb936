#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "engine/edit/address.h"
#include "engine/model/names.h"

namespace lapidary {

/// Names of values and of nodes that are taken around a graph: those of the whole main graph with all bodies
/// inside, or of the whole function, since a body sees the names of the graphs around it. The first few
/// questions look through the graph, which is cheaper than a list of all its names.
class TakenNames {
 public:
  /// `index`: of the model's main graph, or nullptr.
  TakenNames(const Model& model, const GraphPath& path, const GraphIndex* index = nullptr);

  bool has_value(const std::string& name) const { return is_taken(values_, known(values_, name), name); }
  bool has_node(const std::string& name) const { return is_taken(nodes_, known(nodes_, name), name); }
  /// `base` if no value has it, else base_2, base_3, …; taken from now on.
  std::string fresh_value(const std::string& base) { return fresh(base, values_); }
  std::string fresh_node(const std::string& base) { return fresh(base, nodes_); }

 private:
  using Names = std::unordered_set<std::string>;
  struct Kind {
    bool are_values;
    Names names = {};  ///< those given out, and all that begin with what was asked for
    int searches = 0;
    bool is_whole = false;  ///< all are in `names`
  };
  /// The names of that kind, with at least all that begin with `base`.
  Names& known(Kind& kind, const std::string& base) const;
  bool is_taken(const Kind& kind, const Names& known, const std::string& name) const;
  std::string fresh(const std::string& base, Kind& kind);

  GraphPointer root_;
  const GraphIndex* index_ = nullptr;  ///< that knows the values of root_, those of bodies left out
  mutable Kind values_{true}, nodes_{false};
};

bool is_input(const Graph& graph, std::string_view value);
bool is_output(const Graph& graph, std::string_view value);
/// Position of the node that makes the value; nothing if none does.
std::optional<std::size_t> producer_of(const Graph& graph, std::string_view value);
/// Position of the initializer; nothing if there is none.
std::optional<std::size_t> initializer_of(const Graph& graph, std::string_view value);
/// Position behind the last node that makes one of the values; 0 if none does.
std::size_t place_behind(const Graph& graph, const std::vector<std::string>& values);

/// Moves the node behind what it reads, and those that read from it behind it, so that the order is
/// topological again; where the node would read from itself all stays.
void move_behind_producers(Graph& graph, std::size_t position);

/// Takes declared types of values away that no longer are there.
void erase_declared_types(Graph& graph, const std::unordered_set<std::string>& values);

}  // namespace lapidary
