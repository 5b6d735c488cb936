#pragma once

#include <functional>
#include <string>

#include "app/cli/model_options.h"
#include "engine/edit/edit.h"

namespace lapidary::cli {

/// Makes another model of one, and adds to the document what there is to say. nullptr: it cannot be made, and
/// the document says why.
using ModelChange = std::function<ModelPointer(const ModelPointer&, Json&, const Output&)>;

/// How an edited model is saved.
struct SaveChoice {
  WeightPlacement weights = WeightPlacement::AsBefore;
  std::int64_t external_threshold_bytes = SaveOptions().external_threshold_bytes;
};

/// Loads the model, does the steps and then the changes, and saves what comes in the format that the name's
/// ending says; where that is the format of the file, its layout is kept, and an unchanged model is written
/// byte for byte. Nothing is saved where a change gives nullptr. Messages go to standard error unless
/// --quiet. Returns {nodes, operators, opsets, ir_version, parameters, parameter_bytes, bytes, inputs,
/// outputs}, before and after.
Json save_edited(const ModelOptions& model, const std::vector<EditStep>& steps, const std::string& out,
                 const Output& output, const std::vector<ModelChange>& changes = {},
                 const SaveChoice& save = {});
/// As JSON or as a line, as `output` asks.
void print_before_and_after(const std::string& out, const Json& json, const Output& output);

}  // namespace lapidary::cli
