#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/attribute.h"
#include "engine/model/persistent_vector.h"
#include "engine/model/type.h"

namespace lapidary {

/// ONNX's `metadata_props`, in file order.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// Every struct below mirrors one message of the ONNX standard. `unknown_fields` holds the wire bytes of the
/// fields that this program does not know; they are written back as they were read. `stated` has bit n set where the
/// file states field n although it holds its default (an empty text, 0), so that it is written again. All are values
/// that never change once they are inside a shared snapshot; a change makes a new one that shares the rest.

/// A tensor with a name: an initializer, or an attribute's tensor.
struct NamedTensor {
  std::string name;
  Tensor tensor;
  std::string doc_string;
  Metadata metadata;
  /// Where external data lies, as the file says it (location, offset, length, checksum); empty if inside the
  /// model.
  Metadata external_data;
  /// The file holds the elements in the field for their type (float_data, int64_data, …) and not in raw_data.
  bool in_typed_field = false;
  std::string unknown_fields;
  std::uint32_t stated = 0;
};

struct NamedSparseTensor {
  std::string name;
  SparseTensor tensor;
  std::string unknown_fields;
  std::string wire_bytes;  ///< as in Type
};

/// A named value of a graph: an input, an output, or an intermediate whose type is declared.
struct Value {
  std::string name;
  Type type;
  std::string doc_string;
  Metadata metadata;
  std::string unknown_fields;
  std::uint32_t stated = 0;
};

struct QuantizationAnnotation {
  std::string tensor_name;
  Metadata parameters;  ///< e.g. SCALE_TENSOR → name of the scale
  std::string unknown_fields;
};

struct Node {
  std::string name, op_type, domain, overload;
  std::vector<std::string> inputs, outputs;  ///< names of values; empty where an optional one is left out
  std::vector<Attribute> attributes;
  std::string doc_string;
  Metadata metadata;
  std::vector<std::string> device_configurations;  ///< NodeDeviceConfigurationProto, each as wire bytes
  std::string unknown_fields;
  std::uint32_t stated = 0;

  const Attribute* find_attribute(std::string_view attribute_name) const;
  /// The attribute's value if it is there and of type T, else `otherwise`.
  template <class T>
  T attribute_or(std::string_view attribute_name, T otherwise) const {
    const Attribute* attribute = find_attribute(attribute_name);
    const T* found = attribute ? std::get_if<T>(&attribute->value) : nullptr;
    return found ? *found : std::move(otherwise);
  }
  /// The name, or where it has none "OpType → first output": how messages and lists call this node.
  std::string label() const;
};

struct Graph {
  std::string name, doc_string;
  PersistentVector<std::shared_ptr<const Node>>
      nodes;  ///< in file order; the standard asks for topological order
  std::vector<Value> inputs, outputs;
  PersistentVector<Value> value_infos;
  PersistentVector<std::shared_ptr<const NamedTensor>> initializers;
  std::vector<std::shared_ptr<const NamedSparseTensor>> sparse_initializers;
  std::vector<QuantizationAnnotation> quantization_annotations;
  Metadata metadata;
  std::string unknown_fields;
  std::uint32_t stated = 0;
};

struct OpsetImport {
  std::string domain;  ///< empty for ai.onnx
  std::int64_t version = 0;
  std::uint32_t stated = 0;
};

/// A model-local function: called by a node whose domain, op_type and overload are domain, name and overload.
struct Function {
  std::string name, domain, overload, doc_string;
  std::vector<std::string> inputs, outputs, attributes;
  std::vector<Attribute> default_attributes;  ///< FunctionProto.attribute_proto
  std::vector<OpsetImport> opset_imports;
  std::vector<std::shared_ptr<const Node>> nodes;
  std::vector<Value> value_infos;
  Metadata metadata;
  std::string unknown_fields;
  std::uint32_t stated = 0;
};

struct Model {
  std::int64_t ir_version = 0;
  std::string producer_name, producer_version, domain, doc_string;
  std::int64_t model_version = 0;
  std::vector<OpsetImport> opset_imports;
  GraphPointer graph;
  std::vector<std::shared_ptr<const Function>> functions;
  Metadata metadata;
  std::vector<std::string> training_infos;         ///< TrainingInfoProto, each as wire bytes
  std::vector<std::string> device_configurations;  ///< DeviceConfigurationProto, each as wire bytes
  std::string unknown_fields;
  std::uint32_t stated = 0;

  /// The imported version of `domain` ("" and "ai.onnx" are one); 0 if it is not imported.
  std::int64_t opset(std::string_view domain_name = "") const;
  /// The function that `node` calls, or nullptr.
  const Function* find_function(const Node& node) const;
};

using ModelPointer = std::shared_ptr<const Model>;

/// "" for "ai.onnx", else the domain as it is.
std::string_view normalized_domain(std::string_view domain);

/// Graphs in the node's attributes (If, Loop, Scan, …), with the attribute's name.
std::vector<std::pair<std::string, GraphPointer>> subgraphs_of(const Node& node);

}  // namespace lapidary
