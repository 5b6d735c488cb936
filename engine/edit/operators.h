#pragma once

#include <string>

#include "engine/edit/arguments.h"

namespace lapidary {

/// The newest version of the domain's operators that is known; 1 where none is.
std::int64_t newest_version(std::string_view domain);

/// The model with an import for operators of `domain`, at the newest version that is known, unless it, or the
/// function that the path leads into, has one.
ModelPointer with_import_for(const ModelPointer& model, const std::string& domain, const GraphPath& path);

/// The position of a node's input that the parameter names: by number, or by its name in the operator's
/// signature; 0 if the parameter is not given.
std::size_t input_slot(const Model& model, const Node& node, const EditArguments& arguments,
                       std::string_view parameter);

}  // namespace lapidary
