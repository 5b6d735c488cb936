#include <cmath>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

// --- Constant ---

/// Before 9 Constant makes floating tensors only; an initializer can hold all.
void lower_constant_9(NodeRewrite& rewrite) {
  const Tensor* value = rewrite.constant(rewrite.node.outputs.at(0));
  if (value && !is_floating(value->type())) rewrite.become("Identity", {rewrite.add(*value, "value")});
}

void lower_constant_11(NodeRewrite& rewrite) {
  if (!rewrite.has("sparse_value")) return;
  const Tensor* value = rewrite.constant(rewrite.node.outputs.at(0));
  if (!value) rewrite.refuse("a sparse Constant came with operator set 11");
  rewrite.become("Identity", {rewrite.add(*value, "value")});
}

std::shared_ptr<const NamedTensor> named(Tensor tensor) {
  auto result = std::make_shared<NamedTensor>();
  result->tensor = std::move(tensor);
  return result;
}

/// Numbers and texts become the tensor that they stand for.
void lower_constant_12(NodeRewrite& rewrite) {
  if (rewrite.has("value") || rewrite.has("sparse_value")) return;
  Tensor value;
  for (const auto& attribute : rewrite.node.attributes) {
    if (!rewrite.has(attribute.name)) continue;  // refuses what stands for a function's attribute
    if (const auto* real = std::get_if<float>(&attribute.value)) value = Tensor::scalar(*real);
    if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) value = Tensor::scalar(*number);
    if (const auto* text = std::get_if<std::string>(&attribute.value))
      value = Tensor::of_strings({}, {*text});
    const auto list = [&](const auto& values) {
      return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
    };
    if (const auto* reals = std::get_if<std::vector<float>>(&attribute.value)) value = list(*reals);
    if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&attribute.value))
      value = list(*numbers);
    if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute.value)) value = list(*texts);
  }
  rewrite.become("Constant", {}, {{"value", named(std::move(value))}});
}

// --- ConstantOfShape, EyeLike, Range, OneHot, Trilu ---

void lower_constant_of_shape_9(NodeRewrite& rewrite) {
  const Attribute* value = rewrite.node.find_attribute("value");
  const auto* held = value ? std::get_if<std::shared_ptr<const NamedTensor>>(&value->value) : nullptr;
  const Tensor one = held ? (*held)->tensor.reshaped({}) : Tensor::scalar(0.0f);
  rewrite.become("Expand", {rewrite.add(one, "value"), rewrite.input(0)});
}

void lower_eye_like_9(NodeRewrite& rewrite) {
  const Type type = rewrite.type(rewrite.node.outputs.at(0));
  const Dims dims = rewrite.dims(rewrite.input(0));
  const std::int64_t diagonal = rewrite.integer("k", 0);
  std::vector<double> values;
  for (std::int64_t row = 0; row < dims.at(0); ++row)
    for (std::int64_t column = 0; column < dims.at(1); ++column) values.push_back(column - row == diagonal);
  rewrite.become("Identity", {rewrite.add(tensor_from(type.element, dims, values), "eye")});
}

/// 0, 1, … by the positions of ones, times the distance, plus the start.
void lower_range_11(NodeRewrite& rewrite) {
  const std::string start = rewrite.input(0), limit = rewrite.input(1), delta = rewrite.input(2);
  const DataType type = rewrite.element(start);
  const auto wide = [&](const std::string& value) { return rewrite.cast(value, DataType::Float64); };
  const std::string way = rewrite.write("Sub", {wide(limit), wide(start)});
  const std::string steps = rewrite.write("Ceil", {rewrite.write("Div", {way, wide(delta)})});
  const std::string count = rewrite.cast(rewrite.write("Relu", {steps}), DataType::Int64);
  const std::string one_count = unsqueezed(rewrite, count, {0});
  const std::string ones = rewrite.write("ConstantOfShape", {one_count},
                                         {{"value", named(Tensor::of({1}, std::vector<float>{1}))}});
  const std::string positions = squeezed(rewrite, rewrite.write("NonZero", {ones}), {0});
  const bool is_short = bits_of(type) < 32;
  const DataType computed = is_short ? DataType::Int32 : type;
  const auto in = [&](const std::string& value) { return is_short ? rewrite.cast(value, computed) : value; };
  const std::string scaled = rewrite.write("Mul", {rewrite.cast(positions, computed), in(delta)});
  if (is_short) rewrite.pass_output_through(0, "Cast", {}, {{"to", static_cast<std::int64_t>(type)}});
  rewrite.become("Add", {scaled, in(start)});
}

void lower_range_27(NodeRewrite& rewrite) {
  rewrite.remove("stash_type");
}  // only of 16-bit types, which are refused

/// Rows and columns counted, and compared.
void lower_trilu_14(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const auto number = [&](std::int64_t value) { return rewrite.add(Tensor::scalar(value), "number"); };
  const auto count_along = [&](std::int64_t axis) {
    const std::string size = squeezed(rewrite, size_of_axis(rewrite, x, axis), {0});
    return rewrite.write("Range", {number(0), size, number(1)});
  };
  const std::int64_t rank = rewrite.rank(x);
  const std::string rows = unsqueezed(rewrite, count_along(rank - 2), {1});
  const std::string distance = rewrite.write("Sub", {count_along(rank - 1), rows});
  const std::string diagonal = rewrite.has_input(1) ? rewrite.input(1) : number(0);
  const bool is_upper = rewrite.integer("upper", 1) != 0;
  const std::string left_out = rewrite.write(is_upper ? "Less" : "Greater", {distance, diagonal});
  const std::string zero = rewrite.number(0, type, "zero");
  rewrite.become("Where", {left_out, zero, x});
}

/// Random numbers below the probability.
void lower_bernoulli_15(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  Attributes seed;
  if (rewrite.has("seed")) seed.emplace_back("seed", rewrite.real("seed", 0));
  const auto type = static_cast<std::int64_t>(rewrite.element(rewrite.node.outputs.at(0)));
  const std::string below = rewrite.write("Less", {rewrite.write("RandomUniformLike", {x}, seed), x});
  rewrite.become("Cast", {below}, {{"to", type}});
}

}  // namespace

std::vector<Adapter> constant_adapters() {
  return {
      {"Constant", 9, nullptr, lower_constant_9},
      {"Constant", 11, nullptr, lower_constant_11},
      {"Constant", 12, nullptr, lower_constant_12},
      {"ConstantOfShape", 9, nullptr, lower_constant_of_shape_9},
      {"EyeLike", 9, nullptr, lower_eye_like_9},
      {"Range", 11, nullptr, lower_range_11},
      {"Range", 27, nullptr, lower_range_27},
      {"Trilu", 14, nullptr, lower_trilu_14},
      {"Bernoulli", 15, nullptr, lower_bernoulli_15},
  };
}

}  // namespace lapidary
