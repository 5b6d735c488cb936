#include "engine/io/model_writer.h"

#include "engine/io/fields.h"
#include "engine/io/type_proto.h"

namespace lapidary {
namespace {

WireWriter write_graph(const Graph& graph, const PlacementOf& placement_of);

/// Writes the field of AttributeProto that holds each alternative of the value.
struct ValueWriter {
  WireWriter& message;
  const PlacementOf& placement_of;

  void operator()(std::monostate) const {}
  void operator()(float value) const { message.fixed(2, value); }
  void operator()(std::int64_t value) const { message.number(3, value); }
  void operator()(const std::string& value) const { message.text(4, value); }
  void operator()(const std::shared_ptr<const NamedTensor>& value) const { tensor(5, *value); }
  void operator()(const GraphPointer& value) const { message.message(6, write_graph(*value, placement_of)); }
  void operator()(const std::vector<float>& values) const {
    for (const float value : values) message.fixed(7, value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    for (const std::int64_t value : values) message.number(8, value);
  }
  void operator()(const std::vector<std::string>& values) const {
    for (const std::string& value : values) message.text(9, value);
  }
  void operator()(const std::vector<std::shared_ptr<const NamedTensor>>& values) const {
    for (const auto& value : values) tensor(10, *value);
  }
  void operator()(const std::vector<GraphPointer>& values) const {
    for (const auto& value : values) message.message(11, write_graph(*value, placement_of));
  }
  void operator()(const std::shared_ptr<const NamedSparseTensor>& value) const {
    message.message(22, write_sparse_tensor(*value));
  }
  void operator()(const std::vector<std::shared_ptr<const NamedSparseTensor>>& values) const {
    for (const auto& value : values) message.message(23, write_sparse_tensor(*value));
  }
  void operator()(const Type& value) const { message.message(14, write_type(value)); }
  void operator()(const std::vector<Type>& values) const {
    for (const Type& value : values) message.message(15, write_type(value));
  }
  void tensor(std::uint32_t number, const NamedTensor& value) const {
    message.message(number, write_tensor(value, placement_of(value)));
  }
};

/// Fields 13, 20 and 21 stand in the midst of those for values, whose numbers tell on which side they go.
WireWriter write_attribute(const Attribute& attribute, const PlacementOf& placement_of) {
  const AttributeType type = attribute.type();
  const bool type_first = type == AttributeType::TypeProto || type == AttributeType::TypeProtos;
  const bool sparse = type == AttributeType::SparseTensor || type == AttributeType::SparseTensors;
  WireWriter message;
  write_text(message, 1, attribute.name, attribute.stated);
  const ValueWriter writer{message, placement_of};
  if (!type_first && !sparse) std::visit(writer, attribute.value);
  write_text(message, 13, attribute.doc_string, attribute.stated);
  if (type_first) std::visit(writer, attribute.value);
  if (type != AttributeType::Undefined) message.number(20, static_cast<std::int64_t>(type));
  write_text(message, 21, attribute.reference, attribute.stated);
  if (sparse) std::visit(writer, attribute.value);
  message.raw(attribute.unknown_fields);
  return message;
}

WireWriter write_node(const Node& node, const PlacementOf& placement_of) {
  WireWriter message;
  for (const auto& name : node.inputs) message.text(1, name);
  for (const auto& name : node.outputs) message.text(2, name);
  write_text(message, 3, node.name, node.stated);
  write_text(message, 4, node.op_type, node.stated);
  for (const auto& attribute : node.attributes) message.message(5, write_attribute(attribute, placement_of));
  write_text(message, 6, node.doc_string, node.stated);
  write_text(message, 7, node.domain, node.stated);
  write_text(message, 8, node.overload, node.stated);
  write_entries(message, 9, node.metadata);
  for (const auto& configuration : node.device_configurations) message.text(10, configuration);
  message.raw(node.unknown_fields);
  return message;
}

WireWriter write_value_info(const Value& value) {
  WireWriter message;
  write_text(message, 1, value.name, value.stated);
  const WireWriter type = write_type(value.type);
  if (type.size() > 0 || (value.stated >> 2 & 1)) message.message(2, type);
  write_text(message, 3, value.doc_string, value.stated);
  write_entries(message, 4, value.metadata);
  message.raw(value.unknown_fields);
  return message;
}

WireWriter write_annotation(const QuantizationAnnotation& annotation) {
  WireWriter message;
  message.text(1, annotation.tensor_name);
  write_entries(message, 2, annotation.parameters);
  message.raw(annotation.unknown_fields);
  return message;
}

WireWriter write_graph(const Graph& graph, const PlacementOf& placement_of) {
  WireWriter message;
  for (const auto& node : graph.nodes) message.message(1, write_node(*node, placement_of));
  write_text(message, 2, graph.name, graph.stated);
  for (const auto& tensor : graph.initializers)
    message.message(5, write_tensor(*tensor, placement_of(*tensor)));
  write_text(message, 10, graph.doc_string, graph.stated);
  for (const auto& value : graph.inputs) message.message(11, write_value_info(value));
  for (const auto& value : graph.outputs) message.message(12, write_value_info(value));
  for (const auto& value : graph.value_infos) message.message(13, write_value_info(value));
  for (const auto& annotation : graph.quantization_annotations)
    message.message(14, write_annotation(annotation));
  for (const auto& tensor : graph.sparse_initializers) message.message(15, write_sparse_tensor(*tensor));
  write_entries(message, 16, graph.metadata);
  message.raw(graph.unknown_fields);
  return message;
}

WireWriter write_opset_import(const OpsetImport& import) {
  WireWriter message;
  write_text(message, 1, import.domain, import.stated);
  write_number(message, 2, import.version, import.stated);
  return message;
}

WireWriter write_function(const Function& function, const PlacementOf& placement_of) {
  WireWriter message;
  write_text(message, 1, function.name, function.stated);
  for (const auto& name : function.inputs) message.text(4, name);
  for (const auto& name : function.outputs) message.text(5, name);
  for (const auto& name : function.attributes) message.text(6, name);
  for (const auto& node : function.nodes) message.message(7, write_node(*node, placement_of));
  write_text(message, 8, function.doc_string, function.stated);
  for (const auto& import : function.opset_imports) message.message(9, write_opset_import(import));
  write_text(message, 10, function.domain, function.stated);
  for (const auto& attribute : function.default_attributes)
    message.message(11, write_attribute(attribute, placement_of));
  for (const auto& value : function.value_infos) message.message(12, write_value_info(value));
  write_text(message, 13, function.overload, function.stated);
  write_entries(message, 14, function.metadata);
  message.raw(function.unknown_fields);
  return message;
}

}  // namespace

WireWriter write_model(const Model& model, const PlacementOf& placement_of) {
  WireWriter message;
  write_number(message, 1, model.ir_version, model.stated);
  write_text(message, 2, model.producer_name, model.stated);
  write_text(message, 3, model.producer_version, model.stated);
  write_text(message, 4, model.domain, model.stated);
  write_number(message, 5, model.model_version, model.stated);
  write_text(message, 6, model.doc_string, model.stated);
  message.message(7, write_graph(*model.graph, placement_of));
  for (const auto& import : model.opset_imports) message.message(8, write_opset_import(import));
  write_entries(message, 14, model.metadata);
  for (const auto& training : model.training_infos) message.text(20, training);
  for (const auto& function : model.functions) message.message(25, write_function(*function, placement_of));
  for (const auto& configuration : model.device_configurations) message.text(26, configuration);
  message.raw(model.unknown_fields);
  return message;
}

WireWriter write_model(const Model& model) {
  return write_model(model, [](const NamedTensor&) { return Placement(); });
}

}  // namespace lapidary
