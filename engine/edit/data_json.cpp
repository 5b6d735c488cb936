#include "engine/edit/data_json.h"

#include <algorithm>
#include <cstring>

#include "engine/edit/address.h"
#include "engine/io/csv.h"
#include "engine/io/file_names.h"
#include "engine/io/json_tensor.h"
#include "engine/io/model_file.h"
#include "engine/io/model_writer.h"
#include "engine/model/error.h"

namespace lapidary {

// --- tensors ---

namespace {

std::string text_in(const EditJson& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string())
    throw Error(std::string("a tensor's data has no text \"") + key + "\"", Error::Kind::Usage);
  return found->get<std::string>();
}

Tensor tensor_from_base64(const EditJson& json) {
  const auto type = data_type_from(text_in(json, "type"));
  if (!type || *type == DataType::Undefined || *type == DataType::String)
    throw Error("'" + text_in(json, "type") + "' is no element type of numbers", Error::Kind::Usage);
  Dims dims;
  if (json.contains("shape") && json["shape"].is_array())
    for (const auto& size : json["shape"]) {
      if (!index_from_json(size)) throw Error("\"shape\" holds what is no size", Error::Kind::Usage);
      dims.push_back(size.get<std::int64_t>());
    }
  const std::string bytes = bytes_from_base64(text_in(json, "base64"));
  if (bytes_for(*type, element_count(dims)) != static_cast<std::int64_t>(bytes.size()))
    throw Error("the base64 text holds " + std::to_string(bytes.size()) + " bytes, and " + to_string(dims) +
                " of " + std::string(name_of(*type)) + " need " +
                std::to_string(bytes_for(*type, element_count(dims))));
  Tensor tensor(*type, std::move(dims));
  if (!bytes.empty()) std::memcpy(tensor.mutable_bytes(), bytes.data(), bytes.size());
  return tensor;
}

/// The entry of that name, or the only one.
Tensor tensor_of(const NamedData& data, const std::string& entry, const std::string& path) {
  std::string known;
  for (const auto& [name, datum] : data) {
    if (name == entry || (entry.empty() && data.size() == 1)) return datum.tensor();
    if (known.size() < 400) known += (known.empty() ? "" : ", ") + name;
  }
  throw Error(entry.empty()
                  ? "holds " + std::to_string(data.size()) + " tensors, and no \"entry\" says which is meant"
                  : "has no entry '" + entry + "'")
      .file(path)
      .advice("Its entries are: " + known);
}

Tensor tensor_from_file(const EditJson& json, DataType wanted) {
  const std::string path = text_in(json, "file"), ending = ending_of(path);
  const std::string entry = json.contains("entry") ? text_in(json, "entry") : std::string();
  if (ending == ".csv" || ending == ".tsv" || ending == ".txt") {
    try {
      return read_csv(map_file(path), wanted);
    } catch (Error& error) {
      throw error.file(path);
    }
  }
  const Type type = wanted == DataType::Undefined ? Type() : Type::tensor(wanted);
  if (ending == ".npz" || ending == ".safetensors" || (ending == ".json" && !entry.empty()))
    return tensor_of(read_data(path, {{entry, type}}), entry, path);
  return read_datum(path, type).tensor();
}

}  // namespace

Tensor tensor_from_json(const EditJson& json, DataType wanted) {
  if (json.is_object() && json.contains("file")) return tensor_from_file(json, wanted);
  if (json.is_object() && json.contains("base64")) return tensor_from_base64(json);
  const Datum datum =
      read_json_datum(json.dump(), wanted == DataType::Undefined ? Type() : Type::tensor(wanted));
  if (!datum.is_tensor())
    throw Error("there is no tensor in " + json.dump().substr(0, 80), Error::Kind::Usage);
  return datum.tensor();
}

EditJson to_json(const Tensor& tensor) {
  constexpr std::int64_t most_readable = 64;
  const bool exact_as_text = tensor.is_string() || tensor.type() == DataType::Bool ||
                             is_integer(tensor.type()) || tensor.type() == DataType::Float32 ||
                             tensor.type() == DataType::Float64;
  if (tensor.is_string() || (exact_as_text && tensor.size() <= most_readable)) {
    EditJson json = EditJson::parse(write_json_datum(tensor));
    if (json.is_object() && json.contains("data")) return json;
  }
  return {{"type", name_of(tensor.type())},
          {"shape", tensor.dims()},
          {"base64", base64({reinterpret_cast<const char*>(tensor.bytes().data()), tensor.size_bytes()})}};
}

EditJson self_contained_tensor(const EditJson& json) {
  return json.is_object() && json.contains("file") ? to_json(tensor_from_json(json)) : json;
}

// --- models ---

ModelPointer model_from_json(const EditJson& json) {
  if (json.is_object() && json.contains("file") && json["file"].is_string())
    return load_model(json["file"].get<std::string>()).model;
  if (json.is_object() && json.contains("onnx") && json["onnx"].is_string())
    return load_model_from_memory(bytes_from_base64(json["onnx"].get<std::string>()), "model in a step")
        .model;
  throw Error("a model is {\"file\": path} or {\"onnx\": base64}", Error::Kind::Usage);
}

EditJson to_json(const Model& model) { return {{"onnx", base64(write_model(model).to_string())}}; }

EditJson self_contained_model(const EditJson& json) {
  return json.is_object() && json.contains("file") ? to_json(*model_from_json(json)) : json;
}

}  // namespace lapidary
