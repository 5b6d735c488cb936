#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/model/model.h"

namespace lapidary {

// Names of values, and what defines and reads them, in graphs and the bodies inside.

/// True if the graph has it as input, initializer, or what a node makes; bodies inside not counted.
bool defines(const Graph& graph, std::string_view value);
/// Calls `visit` for each name that the node reads, what its bodies read from outside included.
void for_each_read(const Node& node, const std::function<void(const std::string&)>& visit);

using Renames = std::unordered_map<std::string, std::string>;

/// Gives values new names wherever `graph` and the bodies inside define or read them. Bodies that define a
/// name of their own keep it, unless `own_names_of_bodies`.
void rename_values(Graph& graph, const Renames& renames, bool own_names_of_bodies = false);

/// Lets the nodes of `graph`, and the bodies inside, read other values; who makes them, and the graph's
/// outputs, stay.
void redirect_readers(Graph& graph, const Renames& renames);

/// The node with what it reads renamed, its bodies included; nullptr if it reads none of these.
std::shared_ptr<const Node> reading_renamed(const Node& node, const Renames& renames);

}  // namespace lapidary
