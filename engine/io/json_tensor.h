#pragma once

#include <string>
#include <string_view>

#include "engine/io/tensor_file.h"

namespace lapidary {

/// Small data as JSON. A tensor is a number, a text, true or false, or lists of these in lists; or, with its
/// type said,
/// {"type": "float32", "shape": [2, 3], "data": [...]}; null is an optional that is not there; {"sequence":
/// [...]} a sequence. NaN and infinities are the texts "NaN", "Infinity" and "-Infinity". Without a wanted
/// type whole numbers are int64 and others float32. Throws Error.
Datum read_json_datum(std::string_view text, const Type& type);
/// An object of several, by name.
NamedData read_json_data(std::string_view text, const std::vector<WantedData>& wanted);

std::string write_json_datum(const Datum& datum);
std::string write_json_data(const NamedData& data);

}  // namespace lapidary
