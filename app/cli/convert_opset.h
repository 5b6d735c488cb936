#pragma once

#include "app/cli/edited_model.h"

namespace lapidary::cli {

/// What --opset, --ir and --strip ask for. Where an operator set cannot be written the document has the list
/// `blockers`, {node, reason} each, and no model comes.
struct VersionChanges {
  ModelChange opset, ir, strip;
};
/// Declares the options.
VersionChanges declare_versions(CLI::App& app);
/// Prints what they said.
void print_versions(const std::string& model, const Json& json);

}  // namespace lapidary::cli
