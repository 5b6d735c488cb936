#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

// What rewrites ask of nodes, and how they make new ones.

/// True for the standard's operator of that type.
bool is_standard(const Node& node, std::string_view op_type);
/// The name of input `index`; empty if it is not given.
const std::string& input_or_empty(const Node& node, std::size_t index);
/// True if an attribute of the node, or of a node in its bodies, stands for one of a function's.
bool has_reference(const Node& node);

Attribute make_attribute(std::string name, AttributeValue value);
/// Sets an attribute, in the place of one of that name if there is one.
void set_attribute(Node& node, const std::string& name, AttributeValue value);
void remove_attribute(Node& node, std::string_view name);
/// A node that takes the place of `original`: its name, documentation and metadata.
Node node_like(const Node& original, std::string op_type, std::vector<std::string> inputs,
               std::vector<std::string> outputs, std::vector<Attribute> attributes = {});

/// True if `graph`, or a body inside it, gives `name` to a value of its own.
bool defines_name(const Graph& graph, std::string_view name);

}  // namespace lapidary
