#include <algorithm>
#include <cstring>

#include "engine/ops/cast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

using types::operator+;
using TensorAttribute = std::shared_ptr<const NamedTensor>;
using SparseAttribute = std::shared_ptr<const NamedSparseTensor>;

// --- Constant ---

/// The dense form of a sparse tensor: zeros where it has no value. Indices are linear [NNZ] or [NNZ, rank].
Tensor dense(const SparseTensor& sparse) {
  Tensor result(sparse.values.type(), sparse.dims);
  const auto width = static_cast<std::size_t>(bits_of(result.type())) / 8;
  if (width == 0) throw Error("sparse tensors of " + std::string(name_of(result.type())) + " cannot be read");
  std::memset(result.mutable_bytes(), 0, result.size_bytes());
  const auto indices = values_as<std::int64_t>(sparse.indices);
  const std::size_t per_value = sparse.indices.rank() == 2 ? sparse.dims.size() : 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(sparse.values.size()); ++i) {
    std::int64_t place = 0;
    for (std::size_t axis = 0; axis < per_value; ++axis)
      place = place * (per_value > 1 ? sparse.dims[axis] : 1) + indices.at(i * per_value + axis);
    if (place < 0 || place >= result.size()) throw Error("an index of a sparse tensor is out of range");
    std::memcpy(result.mutable_bytes() + static_cast<std::size_t>(place) * width,
                sparse.values.bytes().data() + i * width, width);
  }
  return result;
}

/// The tensor that the one value attribute of a Constant node gives; absent if it has none.
Tensor constant_value(const Node& node) {
  for (const Attribute& attribute : node.attributes) {
    if (const auto* tensor = std::get_if<TensorAttribute>(&attribute.value)) return (*tensor)->tensor;
    if (const auto* sparse = std::get_if<SparseAttribute>(&attribute.value)) return dense((*sparse)->tensor);
    if (const auto* number = std::get_if<float>(&attribute.value)) return Tensor::scalar(*number);
    if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) return Tensor::scalar(*number);
    if (const auto* text = std::get_if<std::string>(&attribute.value)) return Tensor::of_strings({}, {*text});
    const auto list = [](const auto& values) {
      return Tensor::of(Dims{static_cast<std::int64_t>(values.size())}, values);
    };
    if (const auto* numbers = std::get_if<std::vector<float>>(&attribute.value)) return list(*numbers);
    if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&attribute.value)) return list(*numbers);
    if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute.value)) return list(*texts);
  }
  return {};
}

/// `tensor` in the floating type that the backend computes in.
Tensor in_made_type(const KernelContext& context, const Tensor& tensor) {
  const DataType type = context.made_type(tensor.type());
  return type == tensor.type() ? tensor : converted(tensor, type);
}

void constant(KernelContext& context) {
  const Tensor value = constant_value(context.node());
  if (!value.is_present()) throw Error("Constant has no value attribute");
  context.set_output(0, in_made_type(context, value.aligned()));
}

void infer_constant(InferenceContext& context) {
  for (const Attribute& attribute : context.node().attributes)
    if (const auto* sparse = std::get_if<SparseAttribute>(&attribute.value)) {
      const SparseTensor& tensor = (*sparse)->tensor;
      return context.set_output(0, tensor.values.type(), shape_of(tensor.dims));
    }
  const Tensor value = constant_value(context.node());
  if (!value.is_present()) return context.report("Constant has no value attribute");
  context.set_output(0, value.full_type());
  if (auto values = dimensions_of(value)) context.set_output_values(0, std::move(*values));
}

// --- ConstantOfShape ---

/// One element repeated; packed types repeat it within the byte.
Tensor filled(const Tensor& element, Dims dims) {
  Tensor result(element.type(), std::move(dims));
  const int bits = bits_of(element.type());
  if (bits == 0) throw Error("ConstantOfShape cannot make " + std::string(name_of(element.type())));
  if (bits < 8) {
    const int code = std::to_integer<int>(element.bytes()[0]) & ((1 << bits) - 1);
    int byte = 0;
    for (int place = 0; place < 8; place += bits) byte |= code << place;
    std::memset(result.mutable_bytes(), byte, result.size_bytes());
    return result;
  }
  const auto width = static_cast<std::size_t>(bits) / 8;
  for (std::size_t at = 0; at < result.size_bytes(); at += width)
    std::memcpy(result.mutable_bytes() + at, element.bytes().data(), width);
  return result;
}

Tensor fill_value(const Node& node) {
  const auto value = node.attribute_or("value", TensorAttribute());
  return value ? value->tensor : Tensor::scalar(0.0f);
}

void constant_of_shape(KernelContext& context) {
  const Tensor value = fill_value(context.node());
  if (value.size() != 1) throw Error("attribute 'value' of ConstantOfShape must hold one element");
  context.set_output(0, filled(in_made_type(context, value), context.integers(std::size_t{0})));
}

void infer_constant_of_shape(InferenceContext& context) {
  const Tensor value = fill_value(context.node());
  const auto& input_shape = context.input_shape(0);
  std::optional<Shape> shape = known_values(context, 0);
  if (!shape && input_shape && input_shape->size() == 1 && input_shape->front().is_constant() &&
      input_shape->front().value() <= 64)
    shape = Shape(static_cast<std::size_t>(input_shape->front().value()), Dimension::unknown());
  context.set_output(0, value.type(), shape);
  const std::int64_t count = shape ? element_count(*shape).value_or(-1) : -1;
  const auto element = value.size() == 1 ? dimensions_of(value) : std::nullopt;
  if (element && count >= 0 && count <= 64 && shape->size() <= 1)
    context.set_output_values(0, std::vector<Dimension>(static_cast<std::size_t>(count), element->front()));
}

// --- EyeLike ---

void eye_like(KernelContext& context) {
  const Tensor& x = context.input(0);
  if (x.rank() != 2) throw Error("EyeLike needs a matrix, and was given " + to_string(x.dims()));
  const auto dtype = data_type_from_number(context.integer("dtype", 0));
  const DataType type = dtype == DataType::Undefined ? x.type() : context.made_type(dtype);
  const std::int64_t rows = x.dims()[0], columns = x.dims()[1];
  const std::int64_t k = std::clamp(context.integer("k", 0), -rows, columns);  // beyond, all is zero
  auto values = working_memory<double>(x.dims());
  for (std::int64_t row = 0; row < rows; ++row)
    if (row + k >= 0 && row + k < columns) values[static_cast<std::size_t>(row * columns + row + k)] = 1;
  context.set_output(0, tensor_from(type, x.dims(), values));
}

void infer_eye_like(InferenceContext& context) {
  const auto dtype = data_type_from_number(context.integer("dtype", 0));
  context.set_output(0, dtype == DataType::Undefined ? context.input_element(0) : dtype,
                     context.input_shape(0));
}

// --- Identity, Dropout ---

void identity(KernelContext& context) { context.set_output(0, context.datum(0)); }

void infer_identity(InferenceContext& context) {
  same_as_input(context);
  pass_values(context);
}

/// Before opset 12 only inference: the data as it is, and a mask that is all true.
void dropout_before_12(KernelContext& context) {
  const Tensor& x = context.input(0);
  context.set_output(0, x);
  if (!context.wants_output(1)) return;
  const DataType mask_type = context.version() < 10 ? x.type() : DataType::Bool;
  context.set_output(1, filled(tensor_from(mask_type, {}, std::vector<double>{1}), x.dims()));
}

/// Numbers in [0, 1) with 53 random bits, as numpy's RandomState makes them: the standard's tests count on
/// it.
class UniformNumbers {
 public:
  explicit UniformNumbers(std::uint32_t seed) : generator_(seed) {}
  double operator()() {
    const std::uint64_t high = generator_() >> 5, low = generator_() >> 6;
    return static_cast<double>((high << 26) + low) * 0x1p-53;
  }

 private:
  std::mt19937 generator_;
};

/// The number that a ratio or a mode of Dropout is.
double single_number(const Tensor& tensor) {
  if (tensor.size() != 1) throw Error("Dropout needs one number, not " + to_string(tensor.dims()));
  return values_as<double>(tensor).front();
}

/// In training mode elements become 0 with probability `ratio`, and the others grow by 1 / (1 − ratio).
void dropout(KernelContext& context) {
  const bool training = context.has_input(2) && single_number(context.input(2)) != 0;
  const double ratio = context.has_input(1) ? single_number(context.input(1)) : 0.5;
  if (!training || ratio == 0) return dropout_before_12(context);
  const Tensor& x = context.input(0);
  Tensor mask(DataType::Bool, x.dims());
  auto values = values_as<double>(x);
  UniformNumbers uniform(static_cast<std::uint32_t>(context.has_attribute("seed")
                                                        ? context.integer("seed", 0)
                                                        : static_cast<std::int64_t>(context.random()())));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool kept = uniform() >= ratio;
    mask.mutable_data<bool>()[i] = kept;
    values[i] = kept ? values[i] / (1 - ratio) : 0;
  }
  context.set_output(0, tensor_from(x.type(), x.dims(), values));
  if (context.wants_output(1)) context.set_output(1, mask);
}

void infer_dropout(InferenceContext& context) {
  same_as_input(context);
  context.set_output(1, context.version() < 10 ? context.input_element(0) : DataType::Bool,
                     context.input_shape(0));
}

// --- records ---

void add_constant(OperatorTable& table) {
  const Operator constant_record = Operator("Constant", 1, OperatorKind::Other)
                                       .summary("A tensor that is part of the model.")
                                       .output("output", "T", "The tensor that the attribute holds.")
                                       .infer(infer_constant)
                                       .kernel(constant)
                                       .example("value = float[2, 2]{1..4}")
                                       .cost(no_arithmetic());
  const Operator required =
      Operator(constant_record).required_attribute("value", AttributeType::Tensor, "The tensor.");
  table.add(Operator(required).constraint("T", types::floats()));
  table.add(required.at(9).constraint("T", types::all()));
  const Operator sparse =
      constant_record.at(11)
          .optional_attribute("value", AttributeType::Tensor, "The tensor.")
          .optional_attribute("sparse_value", AttributeType::SparseTensor, "The tensor, sparse.")
          .constraint("T", types::all());
  table.add(sparse);
  const Operator any_form =
      sparse.at(12)
          .optional_attribute("value_float", AttributeType::Float, "A float32 scalar.")
          .optional_attribute("value_floats", AttributeType::Floats, "Float32 numbers, [N].")
          .optional_attribute("value_int", AttributeType::Int, "An int64 scalar.")
          .optional_attribute("value_ints", AttributeType::Ints, "Int64 numbers, [N].")
          .optional_attribute("value_string", AttributeType::String, "One string.")
          .optional_attribute("value_strings", AttributeType::Strings, "Strings, [N].");
  table.add(any_form);
  table.add(any_form.at(13).constraint("T", types::all_and_bfloat16()));
  table.add(any_form.at(19).constraint("T", types::all_ir9()));
  table.add(any_form.at(21).constraint("T", types::all_ir10()));
  table.add(any_form.at(23).constraint("T", types::all_ir11()));
  table.add(any_form.at(24).constraint("T", types::all_ir12()));
  table.add(any_form.at(25).constraint("T", types::all_ir13()));
}

void add_constant_of_shape(OperatorTable& table) {
  types::List made = types::numbers() + types::tensors({"bool"});
  const Operator record =
      Operator("ConstantOfShape", 9, OperatorKind::ShapeAndLayout)
          .summary("A tensor of the given sizes, filled with one value.")
          .input("input", "T1", "The sizes, [R]; empty for a scalar.")
          .output("output", "T2", "The filled tensor.")
          .optional_attribute("value", AttributeType::Tensor, "One element: 0.0 in float32 if absent.")
          .constraint("T1", types::tensors({"int64"}))
          .constraint("T2", made)
          .infer(infer_constant_of_shape)
          .kernel(constant_of_shape)
          .example("input = int64[2]{2, 3}; value = float[1]{7}")
          .cost(no_arithmetic());
  table.add(record);
  const std::pair<int, std::vector<std::string>> added[] = {
      {20, {"bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"}},
      {21, {"uint4", "int4"}},
      {23, {"float4e2m1"}},
      {24, {"float8e8m0"}},
      {25, {"uint2", "int2"}}};
  for (const auto& [version, elements] : added) {
    made = made + types::tensors(elements);
    table.add(record.at(version).constraint("T2", made));
  }
}

void add_identity(OperatorTable& table) {
  const Operator base = Operator("Identity", 1, OperatorKind::Other)
                            .summary("The input, unchanged.")
                            .infer(infer_identity)
                            .kernel(identity)
                            .example("input = float[3]{1..3}")
                            .cost(no_arithmetic());
  const Operator tensors_only =
      Operator(base).input("input", "T", "What is passed on.").output("output", "T", "The same.");
  table.add(Operator(tensors_only).constraint("T", types::all()));
  table.add(tensors_only.at(13).constraint("T", types::all_and_bfloat16()));
  const Operator any_value =
      Operator(base).input("input", "V", "What is passed on.").output("output", "V", "The same.");
  const types::List sequences = types::sequences_of(types::all());
  const types::List composite =
      sequences + types::optionals_of(sequences) + types::optionals_of(types::all());
  table.add(any_value.at(14).constraint("V", types::all_and_bfloat16() + sequences));
  table.add(any_value.at(16).constraint("V", types::all_and_bfloat16() + composite));
  table.add(any_value.at(19).constraint("V", types::all_ir9() + composite));
  table.add(any_value.at(21).constraint("V", types::all_ir10() + composite));
  table.add(any_value.at(23).constraint("V", types::all_ir11() + composite));
  table.add(any_value.at(24).constraint("V", types::all_ir12() + composite));
  table.add(any_value.at(25).constraint("V", types::all_ir13() + composite));
}

void add_dropout(OperatorTable& table) {
  const Operator base =
      Operator("Dropout", 7, OperatorKind::Other)
          .summary("In training, sets random elements to 0; otherwise the input, unchanged.")
          .input("data", "T", "The tensor to work on.")
          .output("output", "T", "The result.")
          .constraint("T", types::floats())
          .infer(infer_dropout)
          .kernel(dropout_before_12)
          .example("data = float[3]{1..3}")
          .cost(no_arithmetic());
  const Operator by_attribute = Operator(base)
                                    .attribute("ratio", 0.5f, "Share of elements set to 0 in training.")
                                    .optional_output("mask", "T", "1 where an element was kept.");
  const Operator with_mode =
      by_attribute.at(6).attribute("is_test", std::int64_t{0}, "1 for inference; training is left out here.");
  table.add(with_mode.at(1).optional_attribute("consumed_inputs", AttributeType::Ints,
                                               "Left from a form that worked in place; ignored."));
  table.add(with_mode);
  table.add(by_attribute);
  table.add(base.at(10)
                .attribute("ratio", 0.5f, "Share of elements set to 0 in training.")
                .optional_output("mask", "T1", "True where an element was kept.")
                .constraint("T1", types::tensors({"bool"})));
  const types::List float8 =
      types::tensors({"float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"});
  const Operator by_input =
      base.at(12)
          .optional_input("ratio", "T1", "Scalar: share of elements set to 0 in training; 0.5 if absent.")
          .optional_input("training_mode", "T2", "Scalar: true for training.")
          .optional_output("mask", "T2", "True where an element was kept.")
          .optional_attribute("seed", AttributeType::Int, "Seed of the random numbers.")
          .constraint("T1", types::floats())
          .constraint("T2", types::tensors({"bool"}))
          .kernel(dropout)
          .nondeterministic();
  table.add(by_input);
  table.add(by_input.at(13).constraint("T", types::floats_and_bfloat16()));
  table.add(by_input.at(22)
                .constraint("T", types::floats_and_bfloat16() + float8)
                .constraint("T1", types::floats_and_bfloat16() + float8));
}

}  // namespace

void register_constant(OperatorTable& table) {
  add_constant(table);
  add_constant_of_shape(table);
  const types::List eye_types = types::numbers() + types::tensors({"bool"});
  const Operator eye =
      Operator("EyeLike", 9, OperatorKind::ShapeAndLayout)
          .summary("A matrix of the input's sizes with ones on one diagonal and zeros elsewhere.")
          .input("input", "T1", "A matrix, [M, N], of which only the sizes matter.")
          .output("output", "T2", "The matrix with ones, [M, N].")
          .optional_attribute("dtype", AttributeType::Int, "Element type; that of the input if absent.")
          .attribute("k", std::int64_t{0}, "Which diagonal: 0 the main one, above it positive.")
          .constraint("T1", eye_types)
          .constraint("T2", eye_types)
          .infer(infer_eye_like)
          .kernel(eye_like)
          .example("input = float[2, 3]{0}; k = 1")
          .cost(no_arithmetic());
  table.add(eye);
  table.add(eye.at(22)
                .constraint("T1", eye_types + types::tensors({"bfloat16"}))
                .constraint("T2", eye_types + types::tensors({"bfloat16"})));
  add_identity(table);
  add_dropout(table);
  table.note_change("Dropout", 12, "the mask and random zeros belong to training only");
}

}  // namespace lapidary
