#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/model/model.h"

namespace lapidary {

/// True for what make_input() understands: "random", "zeros", "ones" or a number, perhaps with a shape
/// behind.
bool is_made_up(const std::string& specification);
/// A tensor for an input from a word: "random", "random:1x3x640x640", "zeros", "ones", a number, or nothing
/// (random). Free dimensions take the value in `dimensions` under their name (dimension_name() for those
/// without), or 1. Random floats are standard normal,
/// integers 0 to 99 (bool: true), from `seed` and the input's name. Throws Error on a word that is none of
/// these.
Tensor make_input(const Value& input, const std::string& specification,
                  const std::map<std::string, std::int64_t>& dimensions, std::uint64_t seed);

}  // namespace lapidary
