#pragma once

#include "engine/edit/arguments.h"
#include "engine/edit/edit.h"

namespace lapidary {

// The edits, family by family, each in the file of that name.
std::vector<Edit> node_edits();
std::vector<Edit> connection_edits();
std::vector<Edit> attribute_edits();
std::vector<Edit> rename_edits();
std::vector<Edit> value_edits();
std::vector<Edit> weight_edits();
std::vector<Edit> model_edits();
std::vector<Edit> pass_edits();
std::vector<Edit> subgraph_edits();
std::vector<Edit> merge_edits();
std::vector<Edit> wrap_edits();
std::vector<Edit> function_edits();
std::vector<Edit> export_edits();

}  // namespace lapidary
