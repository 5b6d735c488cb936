#pragma once

#include <string>
#include <vector>

#include "engine/analysis/graph_change.h"
#include "engine/model/graph_index.h"
#include "engine/model/model.h"

namespace lapidary {

/// A module of the model: a name scope, or a block found by repeated structure.
struct Group {
  std::string name;           ///< last part: "attention", "layers.3"
  std::string path;           ///< whole: "layers.3/attention"; unique; empty for the root
  int parent = -1;            ///< index in Hierarchy::groups
  std::vector<int> children;  ///< groups directly inside, in order of their first node
  std::vector<int> nodes;     ///< nodes of the main graph directly inside, in graph order
  int first_node = 0;         ///< position of the first node inside that is no constant; gives the order
  int node_count = 0;         ///< nodes inside, at any depth
  /// Groups of the same structure share a number (same operators and wiring inside); -1 if the group is
  /// empty.
  int structure = -1;
  std::string class_name;  ///< "torch.nn.Conv2d", where exporters' metadata says so
};

/// The module tree of a graph. groups[0] is the root.
struct Hierarchy {
  enum class Source { Names, ExporterMetadata, Structure, Flat };
  std::vector<Group> groups;
  std::vector<int> group_of_node;  ///< index of the innermost group of each node
  std::vector<bool> constant;      ///< by node: it only makes a constant (see Wiring::constant)
  Source source = Source::Flat;

  /// The index of the group with that path, or -1.
  int find(std::string_view path) const;
  /// True if `group` is `ancestor` or inside it.
  bool is_inside(int group, int ancestor) const;
};

/// Builds the module tree from exporters' metadata, else from name scopes, else from repeated structure.
Hierarchy find_hierarchy(const Graph& graph);

/// The module tree after an edit, without looking at the names of what stayed: nodes keep their modules, new
/// ones join those of the same scope, else who feeds them. No module comes or goes, and one where nodes came,
/// went or were reconnected is no longer equal to any other. `index` is that of `graph`.
Hierarchy follow_edit(const Hierarchy& before, const Graph& graph, const GraphIndex& index,
                      const GraphChange& change);

}  // namespace lapidary
