#pragma once

#include <functional>
#include <string>

#include "app/cli/model_options.h"
#include "engine/edit/edit.h"

namespace lapidary::cli {

/// Loads the model, does the steps, and saves what comes in the format that the name's ending says; where
/// that is the format of the file, its layout is kept, and an unchanged model is written byte for byte.
/// `then`, if given, makes another model of the result of the steps, and adds to the document what there is
/// to say. Messages go to standard error unless --quiet. Returns {nodes, operators, parameters,
/// parameter_bytes, inputs, outputs}, before and after.
Json save_edited(const ModelOptions& model, const std::vector<EditStep>& steps, const std::string& out,
                 const Output& output, bool external_data = false,
                 const std::function<ModelPointer(const ModelPointer&, Json&, const Output&)>& then = {});
/// As JSON or as a line, as `output` asks.
void print_before_and_after(const std::string& out, const Json& json, const Output& output);

}  // namespace lapidary::cli
