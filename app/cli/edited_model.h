#pragma once

#include <string>

#include "app/cli/model_options.h"

namespace lapidary::cli {

/// What the commands that write a changed model say of it: {nodes, operators, parameters, parameter_bytes,
/// inputs, outputs}, before and after.
Json before_and_after(const Model& before, const Model& after);
void print_before_and_after(const std::string& path, const Json& json);

/// Saves in the format that the name's ending says; where that is the format of `loaded`, its layout is kept,
/// and an unchanged model is written byte for byte. Messages go to standard error unless --quiet.
SaveResult save_edited(const Model& model, const std::string& path, const LoadedModel& loaded,
                       const Output& output, bool external_data = false);

}  // namespace lapidary::cli
