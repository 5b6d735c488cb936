#pragma once

#include <string>
#include <string_view>

#include "engine/edit/edit.h"
#include "engine/io/base64.h"

namespace lapidary {

/// Tensors as edits write them, any of
///   3.5, [[1, 2], [3, 4]]                                            small ones, of the type that is wanted
///   {"type": "float32", "shape": [2, 2], "data": [1, 2, 3, 4]}
///   {"type": "float32", "shape": [2, 2], "base64": "…"}              elements as they lie in memory
///   {"file": "weights.npz", "entry": "conv1.weight"}                 .npy, .npz, .safetensors, .csv, .pb,
///   .json
/// `wanted` gives the element type where the form says none. Throws Error.
Tensor tensor_from_json(const EditJson& json, DataType wanted = DataType::Undefined);
/// The second form up to 64 elements, the third beyond.
EditJson to_json(const Tensor& tensor);

/// A whole model: {"file": path} or {"onnx": base64}. Throws Error.
ModelPointer model_from_json(const EditJson& json);
/// The second form, with all weights inside.
EditJson to_json(const Model& model);

/// {"file": …} forms of tensors and models with what the file holds inside; others as they are.
EditJson self_contained_tensor(const EditJson& json);
EditJson self_contained_model(const EditJson& json);

}  // namespace lapidary
