#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Which nodes of two graphs are taken for the same.
struct NodeMatching {
  std::vector<int> after_of, before_of;  ///< by position: the other graph's node, or -1
  std::vector<std::string> reasons;      ///< by position before
};

/// By unique name, by value made (with the same operator), and then along edges: where a matched pair reads
/// or feeds nodes of the same operator at the same place, these are matched too; so are those that read
/// weights of the same name.
NodeMatching match_nodes(const Graph& before, const Graph& after);

}  // namespace lapidary
