#include "engine/io/model_reader.h"

#include "engine/io/fields.h"
#include "engine/io/type_proto.h"
#include "engine/model/error.h"
#include "engine/model/mapped_bytes.h"

namespace lapidary {
namespace {

/// Nobody writes deeper models; protobuf's own readers stop at about 30 levels.
constexpr int max_subgraph_depth = 64;

GraphPointer read_graph(std::span<const std::byte> message, const ReadContext& context, int depth);

template <class T>
std::shared_ptr<const T> shared(T value) {
  return std::make_shared<const T>(std::move(value));
}

/// The alternative with index `type` of the value, made if it is not there yet.
template <std::size_t type>
auto& alternative(AttributeValue& value) {
  if (value.index() != type) value.emplace<type>();
  return std::get<type>(value);
}

/// Reads the field if it is one that holds a value, into that value's alternative; false if it is another.
bool read_value(const WireField& f, AttributeValue& value, const ReadContext& context, int depth) {
  switch (key_of(f)) {
    case fixed32_key(2):
      value = f.as_float();
      return true;
    case varint_key(3):
      value = static_cast<std::int64_t>(f.value);
      return true;
    case bytes_key(4):
      value = std::string(f.text());
      return true;
    case bytes_key(5):
      value = shared(read_tensor(f.bytes, context));
      return true;
    case bytes_key(6):
      value = read_graph(f.bytes, context, depth + 1);
      return true;
    case fixed32_key(7):
    case bytes_key(7):
      append_floats(f, alternative<6>(value));
      return true;
    case varint_key(8):
    case bytes_key(8):
      append_varints(f, alternative<7>(value));
      return true;
    case bytes_key(9):
      alternative<8>(value).emplace_back(f.text());
      return true;
    case bytes_key(10):
      alternative<9>(value).push_back(shared(read_tensor(f.bytes, context)));
      return true;
    case bytes_key(11):
      alternative<10>(value).push_back(read_graph(f.bytes, context, depth + 1));
      return true;
    case bytes_key(22):
      value = shared(read_sparse_tensor(f.bytes, context));
      return true;
    case bytes_key(23):
      alternative<12>(value).push_back(shared(read_sparse_tensor(f.bytes, context)));
      return true;
    case bytes_key(14):
      value = read_type(f.bytes);
      return true;
    case bytes_key(15):
      alternative<14>(value).push_back(read_type(f.bytes));
      return true;
    default:
      return false;
  }
}

/// What an attribute of a type holds when the file does not say: writers leave out zeros and empty lists.
AttributeValue default_value(AttributeType type) {
  switch (type) {
    case AttributeType::Undefined:
      return {};
    case AttributeType::Float:
      return 0.0f;
    case AttributeType::Int:
      return std::int64_t{0};
    case AttributeType::String:
      return std::string();
    case AttributeType::Tensor:
      return shared(NamedTensor());
    case AttributeType::Graph:
      return shared(Graph());
    case AttributeType::Floats:
      return std::vector<float>();
    case AttributeType::Ints:
      return std::vector<std::int64_t>();
    case AttributeType::Strings:
      return std::vector<std::string>();
    case AttributeType::Tensors:
      return std::vector<std::shared_ptr<const NamedTensor>>();
    case AttributeType::Graphs:
      return std::vector<GraphPointer>();
    case AttributeType::SparseTensor:
      return shared(NamedSparseTensor());
    case AttributeType::SparseTensors:
      return std::vector<std::shared_ptr<const NamedSparseTensor>>();
    case AttributeType::TypeProto:
      return Type();
    case AttributeType::TypeProtos:
      return std::vector<Type>();
  }
  return {};
}

/// Brings the value that was found and the type that was declared together.
void settle_type(Attribute& attribute, std::uint64_t type_number) {
  if (type_number > static_cast<std::uint64_t>(AttributeType::TypeProtos))
    throw Error("attribute '" + attribute.name + "' has the type " + std::to_string(type_number) +
                ", which ONNX does not know (to IR 13)");
  const auto declared = static_cast<AttributeType>(type_number);
  if (!attribute.reference.empty()) {
    attribute.declared_type = declared;
    attribute.value = {};
    return;
  }
  const auto found = static_cast<AttributeType>(attribute.value.index());
  if (declared == AttributeType::Undefined || declared == found) return;  // files before IR 2 declare nothing
  if (found != AttributeType::Undefined)
    throw Error("attribute '" + attribute.name + "' says that it is of type " +
                std::string(name_of(declared)) + " and holds " + std::string(name_of(found)));
  attribute.value = default_value(declared);
}

Attribute read_attribute(std::span<const std::byte> message, const ReadContext& context, int depth) {
  Attribute attribute;
  std::uint64_t type_number = 0;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    switch (key_of(f)) {
      case bytes_key(1):
        read_text(f, attribute.name, attribute.stated);
        break;
      case bytes_key(13):
        read_text(f, attribute.doc_string, attribute.stated);
        break;
      case bytes_key(21):
        read_text(f, attribute.reference, attribute.stated);
        break;
      case varint_key(20):
        type_number = f.value;
        break;
      default:
        if (!read_value(f, attribute.value, context, depth)) keep(f, attribute.unknown_fields);
    }
  }
  settle_type(attribute, type_number);
  return attribute;
}

void read_node_field(const WireField& f, Node& node, const ReadContext& context, int depth) {
  context.spend(f.number == 5 ? sizeof(Attribute) : 2 * sizeof(std::string));
  switch (key_of(f)) {
    case bytes_key(1):
      node.inputs.emplace_back(f.text());
      break;
    case bytes_key(2):
      node.outputs.emplace_back(f.text());
      break;
    case bytes_key(3):
      read_text(f, node.name, node.stated);
      break;
    case bytes_key(4):
      read_text(f, node.op_type, node.stated);
      break;
    case bytes_key(5):
      node.attributes.push_back(read_attribute(f.bytes, context, depth));
      break;
    case bytes_key(6):
      read_text(f, node.doc_string, node.stated);
      break;
    case bytes_key(7):
      read_text(f, node.domain, node.stated);
      break;
    case bytes_key(8):
      read_text(f, node.overload, node.stated);
      break;
    case bytes_key(9):
      read_entry(f, node.metadata);
      break;
    case bytes_key(10):
      node.device_configurations.emplace_back(f.text());
      break;
    default:
      keep(f, node.unknown_fields);
  }
}

std::shared_ptr<const Node> read_node(std::span<const std::byte> message, const ReadContext& context,
                                      int depth) {
  context.spend(sizeof(Node) + 4 * sizeof(void*));
  Node node;
  try {
    WireReader reader(message);
    for (WireField f; reader.next(f);) read_node_field(f, node, context, depth);
  } catch (Error& error) {
    throw error.node(node.label());
  }
  return shared(std::move(node));
}

Value read_value_info(std::span<const std::byte> message, const ReadContext& context) {
  context.spend(sizeof(Value));
  Value value;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    switch (key_of(f)) {
      case bytes_key(1):
        read_text(f, value.name, value.stated);
        break;
      case bytes_key(2):
        value.type = read_type(f.bytes);
        if (value.type.shape) context.spend(value.type.shape->size() * sizeof(Dimension));
        if (f.bytes.empty()) value.stated |= 1u << f.number;
        break;
      case bytes_key(3):
        read_text(f, value.doc_string, value.stated);
        break;
      case bytes_key(4):
        read_entry(f, value.metadata);
        break;
      default:
        keep(f, value.unknown_fields);
    }
  }
  return value;
}

QuantizationAnnotation read_annotation(std::span<const std::byte> message) {
  QuantizationAnnotation annotation;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    switch (key_of(f)) {
      case bytes_key(1):
        annotation.tensor_name = f.text();
        break;
      case bytes_key(2):
        read_entry(f, annotation.parameters);
        break;
      default:
        keep(f, annotation.unknown_fields);
    }
  }
  return annotation;
}

/// A graph's long lists while they grow.
struct GraphParts {
  Graph graph;
  std::vector<std::shared_ptr<const Node>> nodes;
  std::vector<Value> value_infos;
  std::vector<std::shared_ptr<const NamedTensor>> initializers;
  std::shared_ptr<const NamedTensor> large;  ///< the last initializer of many pages
};

/// For one byte that is read between two weights, kernels map up to megabytes around it where the file lies
/// in large pieces of the page cache. Gives back what that brought of the large weights before and behind.
void release_passed_pages(GraphParts& parts) {
  constexpr std::size_t least_bytes = std::size_t{1} << 16;
  if (parts.large) release_pages(parts.large->tensor);
  if (parts.initializers.back()->tensor.size_bytes() < least_bytes) return;
  parts.large = parts.initializers.back();
  release_pages(parts.large->tensor);
}

void read_graph_field(const WireField& f, GraphParts& parts, const ReadContext& context, int depth) {
  Graph& graph = parts.graph;
  if (f.number != 1) context.spend(sizeof(NamedTensor));
  switch (key_of(f)) {
    case bytes_key(1):
      parts.nodes.push_back(read_node(f.bytes, context, depth));
      break;
    case bytes_key(2):
      read_text(f, graph.name, graph.stated);
      break;
    case bytes_key(5):
      parts.initializers.push_back(shared(read_tensor(f.bytes, context)));
      release_passed_pages(parts);
      break;
    case bytes_key(10):
      read_text(f, graph.doc_string, graph.stated);
      break;
    case bytes_key(11):
      graph.inputs.push_back(read_value_info(f.bytes, context));
      break;
    case bytes_key(12):
      graph.outputs.push_back(read_value_info(f.bytes, context));
      break;
    case bytes_key(13):
      parts.value_infos.push_back(read_value_info(f.bytes, context));
      break;
    case bytes_key(14):
      graph.quantization_annotations.push_back(read_annotation(f.bytes));
      break;
    case bytes_key(15):
      graph.sparse_initializers.push_back(shared(read_sparse_tensor(f.bytes, context)));
      break;
    case bytes_key(16):
      read_entry(f, graph.metadata);
      break;
    default:
      keep(f, graph.unknown_fields);
  }
}

GraphPointer read_graph(std::span<const std::byte> message, const ReadContext& context, int depth) {
  context.spend(sizeof(Graph));
  if (depth > max_subgraph_depth)
    throw Error("subgraphs are nested deeper than " + std::to_string(max_subgraph_depth) + " levels");
  GraphParts parts;
  WireReader reader(message);
  for (WireField f; reader.next(f);) read_graph_field(f, parts, context, depth);
  parts.graph.nodes = PersistentVector(std::move(parts.nodes));
  parts.graph.value_infos = PersistentVector(std::move(parts.value_infos));
  parts.graph.initializers = PersistentVector(std::move(parts.initializers));
  return shared(std::move(parts.graph));
}

OpsetImport read_opset_import(std::span<const std::byte> message) {
  OpsetImport import;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (f.is(1, WireType::Bytes)) read_text(f, import.domain, import.stated);
    if (f.is(2, WireType::Varint)) read_number(f, import.version, import.stated);
  }
  return import;
}

std::shared_ptr<const Function> read_function(std::span<const std::byte> message,
                                              const ReadContext& context) {
  context.spend(sizeof(Function));
  Function function;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    context.spend(sizeof(OpsetImport) + sizeof(std::string));
    switch (key_of(f)) {
      case bytes_key(1):
        read_text(f, function.name, function.stated);
        break;
      case bytes_key(4):
        function.inputs.emplace_back(f.text());
        break;
      case bytes_key(5):
        function.outputs.emplace_back(f.text());
        break;
      case bytes_key(6):
        function.attributes.emplace_back(f.text());
        break;
      case bytes_key(7):
        function.nodes.push_back(read_node(f.bytes, context, 0));
        break;
      case bytes_key(8):
        read_text(f, function.doc_string, function.stated);
        break;
      case bytes_key(9):
        function.opset_imports.push_back(read_opset_import(f.bytes));
        break;
      case bytes_key(10):
        read_text(f, function.domain, function.stated);
        break;
      case bytes_key(11):
        function.default_attributes.push_back(read_attribute(f.bytes, context, 0));
        break;
      case bytes_key(12):
        function.value_infos.push_back(read_value_info(f.bytes, context));
        break;
      case bytes_key(13):
        read_text(f, function.overload, function.stated);
        break;
      case bytes_key(14):
        read_entry(f, function.metadata);
        break;
      default:
        keep(f, function.unknown_fields);
    }
  }
  return shared(std::move(function));
}

void read_model_field(const WireField& f, Model& model, const ReadContext& context) {
  switch (key_of(f)) {
    case varint_key(1):
      read_number(f, model.ir_version, model.stated);
      break;
    case bytes_key(2):
      read_text(f, model.producer_name, model.stated);
      break;
    case bytes_key(3):
      read_text(f, model.producer_version, model.stated);
      break;
    case bytes_key(4):
      read_text(f, model.domain, model.stated);
      break;
    case varint_key(5):
      read_number(f, model.model_version, model.stated);
      break;
    case bytes_key(6):
      read_text(f, model.doc_string, model.stated);
      break;
    case bytes_key(7):
      if (model.graph) throw Error("the model holds two graphs");
      model.graph = read_graph(f.bytes, context, 0);
      break;
    case bytes_key(8):
      model.opset_imports.push_back(read_opset_import(f.bytes));
      break;
    case bytes_key(14):
      read_entry(f, model.metadata);
      break;
    case bytes_key(20):
      model.training_infos.emplace_back(f.text());
      break;
    case bytes_key(25):
      model.functions.push_back(read_function(f.bytes, context));
      break;
    case bytes_key(26):
      model.device_configurations.emplace_back(f.text());
      break;
    default:
      keep(f, model.unknown_fields);
  }
}

}  // namespace

Model read_model(std::span<const std::byte> message, const ReadContext& given) {
  StructureBudget budget(message.size());
  ReadContext context = given;
  context.budget = &budget;
  Model model;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    context.spend(sizeof(std::pair<std::string, std::string>));
    read_model_field(f, model, context);
  }
  if (!model.graph) throw Error("the model holds no graph: the file is cut, or is not an ONNX model");
  constexpr std::int64_t first_with_opsets = 3;
  if (model.opset_imports.empty() && model.ir_version >= first_with_opsets)
    throw Error("the model imports no operator set: the file is cut, or its writer left it out");
  return model;
}

}  // namespace lapidary
