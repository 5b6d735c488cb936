#include "engine/io/onnx_schema.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <map>
#include <sstream>
#include <string>
#include <string_view>

namespace lapidary {
namespace {

using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;

/// ONNX's messages to IR 13, a field a line: label (? optional, * repeated, | one of the group `value`),
/// type, name, number. A line without a number begins a message. Names of inner messages do not show in any
/// text form.
constexpr std::string_view schema = R"(
AttributeProto
? string name 1
? string ref_attr_name 21
? string doc_string 13
? AttributeType type 20
? float f 2
? int64 i 3
? bytes s 4
? TensorProto t 5
? GraphProto g 6
? SparseTensorProto sparse_tensor 22
? TypeProto tp 14
* float floats 7
* int64 ints 8
* bytes strings 9
* TensorProto tensors 10
* GraphProto graphs 11
* SparseTensorProto sparse_tensors 23
* TypeProto type_protos 15
ValueInfoProto
? string name 1
? TypeProto type 2
? string doc_string 3
* StringStringEntryProto metadata_props 4
NodeProto
* string input 1
* string output 2
? string name 3
? string op_type 4
? string domain 7
? string overload 8
* AttributeProto attribute 5
? string doc_string 6
* StringStringEntryProto metadata_props 9
* NodeDeviceConfigurationProto device_configurations 10
IntIntListEntryProto
? int64 key 1
* int64 value 2
NodeDeviceConfigurationProto
? string configuration_id 1
* ShardingSpecProto sharding_spec 2
? int32 pipeline_stage 3
ShardingSpecProto
? string tensor_name 1
* int64 device 2
* IntIntListEntryProto index_to_device_group_map 3
* ShardedDimProto sharded_dim 4
ShardedDimProto
? int64 axis 1
* SimpleShardedDimProto simple_sharding 2
SimpleShardedDimProto
| int64 dim_value 1
| string dim_param 2
? int64 num_shards 3
TrainingInfoProto
? GraphProto initialization 1
? GraphProto algorithm 2
* StringStringEntryProto initialization_binding 3
* StringStringEntryProto update_binding 4
ModelProto
? int64 ir_version 1
* OperatorSetIdProto opset_import 8
? string producer_name 2
? string producer_version 3
? string domain 4
? int64 model_version 5
? string doc_string 6
? GraphProto graph 7
* StringStringEntryProto metadata_props 14
* TrainingInfoProto training_info 20
* FunctionProto functions 25
* DeviceConfigurationProto configuration 26
DeviceConfigurationProto
? string name 1
? int32 num_devices 2
* string device 3
StringStringEntryProto
? string key 1
? string value 2
TensorAnnotation
? string tensor_name 1
* StringStringEntryProto quant_parameter_tensor_names 2
GraphProto
* NodeProto node 1
? string name 2
* TensorProto initializer 5
* SparseTensorProto sparse_initializer 15
? string doc_string 10
* ValueInfoProto input 11
* ValueInfoProto output 12
* ValueInfoProto value_info 13
* TensorAnnotation quantization_annotation 14
* StringStringEntryProto metadata_props 16
Segment
? int64 begin 1
? int64 end 2
TensorProto
* int64 dims 1
? int32 data_type 2
? Segment segment 3
* float float_data 4
* int32 int32_data 5
* bytes string_data 6
* int64 int64_data 7
? string name 8
? string doc_string 12
? bytes raw_data 9
* StringStringEntryProto external_data 13
? DataLocation data_location 14
* double double_data 10
* uint64 uint64_data 11
* StringStringEntryProto metadata_props 16
SparseTensorProto
? TensorProto values 1
? TensorProto indices 2
* int64 dims 3
Dimension
| int64 dim_value 1
| string dim_param 2
? string denotation 3
TensorShapeProto
* Dimension dim 1
TensorType
? int32 elem_type 1
? TensorShapeProto shape 2
SequenceType
? TypeProto elem_type 1
MapType
? int32 key_type 1
? TypeProto value_type 2
OpaqueType
? string domain 1
? string name 2
TypeProto
| TensorType tensor_type 1
| SequenceType sequence_type 4
| MapType map_type 5
| SequenceType optional_type 9
| TensorType sparse_tensor_type 8
| OpaqueType opaque_type 7
? string denotation 6
OperatorSetIdProto
? string domain 1
? int64 version 2
FunctionProto
? string name 1
* string input 4
* string output 5
* string attribute 6
* AttributeProto attribute_proto 11
* NodeProto node 7
? string doc_string 8
* OperatorSetIdProto opset_import 9
? string domain 10
? string overload 13
* ValueInfoProto value_info 12
* StringStringEntryProto metadata_props 14
)";

constexpr std::string_view enumerations = R"(
AttributeType UNDEFINED 0 FLOAT 1 INT 2 STRING 3 TENSOR 4 GRAPH 5 FLOATS 6 INTS 7 STRINGS 8 TENSORS 9 GRAPHS 10
 SPARSE_TENSOR 11 SPARSE_TENSORS 12 TYPE_PROTO 13 TYPE_PROTOS 14
DataLocation DEFAULT 0 EXTERNAL 1
)";

const std::map<std::string, FieldDescriptorProto::Type> scalar_types = {
    {"string", FieldDescriptorProto::TYPE_STRING}, {"bytes", FieldDescriptorProto::TYPE_BYTES},
    {"int32", FieldDescriptorProto::TYPE_INT32},   {"int64", FieldDescriptorProto::TYPE_INT64},
    {"uint64", FieldDescriptorProto::TYPE_UINT64}, {"float", FieldDescriptorProto::TYPE_FLOAT},
    {"double", FieldDescriptorProto::TYPE_DOUBLE}};

void add_field(const std::string& line, google::protobuf::DescriptorProto& message) {
  std::istringstream words(line);
  std::string label, type, name;
  int number = 0;
  words >> label >> type >> name >> number;
  FieldDescriptorProto& field = *message.add_field();
  field.set_name(name);
  field.set_number(number);
  field.set_label(label == "*" ? FieldDescriptorProto::LABEL_REPEATED : FieldDescriptorProto::LABEL_OPTIONAL);
  if (label == "|") {
    if (message.oneof_decl_size() == 0) message.add_oneof_decl()->set_name("value");
    field.set_oneof_index(0);
  }
  const auto scalar = scalar_types.find(type);
  if (scalar != scalar_types.end())
    field.set_type(scalar->second);
  else
    field.set_type_name(type);
  // Lists of numbers in tensors are packed, those in attributes are not.
  if (name.ends_with("_data") && label == "*" && scalar != scalar_types.end() && type != "bytes")
    field.mutable_options()->set_packed(true);
}

void add_enumerations(FileDescriptorProto& file) {
  std::istringstream words{std::string(enumerations)};
  google::protobuf::EnumDescriptorProto* current = nullptr;
  std::string word;
  while (words >> word) {
    if (word == "AttributeType" || word == "DataLocation") {
      current = file.add_enum_type();
      current->set_name(word);
      continue;
    }
    auto& value = *current->add_value();
    int number = 0;
    words >> number;
    value.set_name(word);
    value.set_number(number);
  }
}

FileDescriptorProto file_description() {
  FileDescriptorProto file;
  file.set_name("onnx.proto");
  file.set_package("onnx");
  file.set_syntax("proto2");
  add_enumerations(file);
  std::istringstream lines{std::string(schema)};
  google::protobuf::DescriptorProto* message = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (line.find(' ') == std::string::npos) {
      message = file.add_message_type();
      message->set_name(line);
    } else {
      add_field(line, *message);
    }
  }
  return file;
}

/// Descriptors and the factory that makes messages of them; they live as long as the program.
struct Schema {
  google::protobuf::DescriptorPool pool;
  google::protobuf::DynamicMessageFactory factory;
  const google::protobuf::Message* model = nullptr;

  Schema() {
    const auto* file = pool.BuildFile(file_description());
    model = factory.GetPrototype(file->FindMessageTypeByName("ModelProto"));
  }
};

}  // namespace

std::unique_ptr<google::protobuf::Message> new_model_message() {
  static const Schema built;
  return std::unique_ptr<google::protobuf::Message>(built.model->New());
}

}  // namespace lapidary
