#pragma once

#include <random>

#include "engine/edit/edit.h"

namespace lapidary::test {

/// A step that the model has a place for, drawn at random. The model must have a value `x`.
EditStep some_step(const Model& model, std::mt19937& random);

}  // namespace lapidary::test
