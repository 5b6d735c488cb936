#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Data for runs of a model, each for its unfilled_inputs() in their order.
using InputSets = std::vector<std::vector<Datum>>;

/// Inputs that a person has: a file or folder with one set (as read_data() takes it), or a folder of such.
/// Where the model wants one input only, every .npy, .pb, .npz and .json file of a folder is a set. Throws
/// Error where nothing is found, and where a set lacks an input or does not fit.
InputSets read_input_sets(const Model& model, const std::string& path);
/// `count` sets that are made up (RandomInputs), of the usual sizes.
InputSets made_up_input_sets(const Model& model, int count, std::uint64_t seed = 1);

}  // namespace lapidary
