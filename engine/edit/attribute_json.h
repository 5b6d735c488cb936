#pragma once

#include <optional>

#include "engine/edit/edit.h"

namespace lapidary {

/// Values of attributes as edits write them. Plain JSON where it says enough: 3 (int), 0.5 (float), "text",
/// [1, 2] (ints), [0.5, 1] (floats), ["a"] (strings), and the tensor form of data_json.h (tensor). Else the
/// type stands beside: {"type": "floats", "value": [1, 2]}, {"type": "graph", "value": …}; graphs are models
/// with no more than that graph, in base64; types are in the notation of type_text.h. `expected` decides what
/// plain JSON leaves open (whole numbers for floats, empty lists). Throws Error.
AttributeValue attribute_from_json(const EditJson& json, AttributeType expected = AttributeType::Undefined);
EditJson to_json(const AttributeValue& value);

/// The type that the operator's record says for the attribute; Undefined if it is not known.
AttributeType expected_type(const Model& model, const Node& node, std::string_view attribute);

}  // namespace lapidary
