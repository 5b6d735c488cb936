#include "engine/ops/cast.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/model/saturating_cast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

using types::operator+;

bool is_float8(DataType type) { return is_floating(type) && bits_of(type) == 8; }
bool is_narrow_float(DataType type) { return is_floating(type) && bits_of(type) < 32; }

/// A positive number as the exponent code of float8e8m0: 2^(code − 127); 0xff is NaN.
Float8E8M0 power_of_two(float value, const CastRules& rules) {
  constexpr std::uint8_t nan = 0xff, greatest = 0xfe;
  if (std::isnan(value) || value < 0) return Float8E8M0::from_bits(nan);
  if (std::isinf(value)) return Float8E8M0::from_bits(rules.saturate ? greatest : nan);
  if (value == 0) return Float8E8M0::from_bits(rules.saturate ? 0 : nan);
  int exponent = 0;
  const float fraction = std::frexp(value, &exponent);  // value = fraction · 2^exponent, fraction in [0.5, 1)
  int code = exponent - 1 + 127;
  const bool next = rules.power_rounding == PowerRounding::Up        ? fraction > 0.5f
                    : rules.power_rounding == PowerRounding::Nearest ? fraction >= 0.75f
                                                                     : false;
  if (next) ++code;
  if (!rules.saturate && (code < 0 || code > greatest)) return Float8E8M0::from_bits(nan);
  return Float8E8M0::from_bits(static_cast<std::uint8_t>(std::clamp<int>(code, 0, greatest)));
}

Tensor to_float8(const Tensor& numbers, DataType to, const CastRules& rules) {
  const Tensor source = converted(numbers, DataType::Float32);
  Tensor result(to, source.dims());
  const auto overflow = rules.saturate ? Overflow::Saturate : Overflow::ToInfinity;
  dispatch(Float8Types{}, to, [&]<class T>() {
    std::transform(source.data<float>(), source.data<float>() + source.size(), result.mutable_data<T>(),
                   [&](float x) {
                     if constexpr (std::is_same_v<T, Float8E8M0>)
                       return power_of_two(x, rules);
                     else
                       return T::from(x, overflow);
                   });
  });
  return result;
}

Tensor floating_to_integer(const Tensor& numbers, DataType to) {
  // 4 and 2-bit types keep the low bits, as integers do that are cast to them.
  if (is_sub_byte(to))
    return packed(converted(floating_to_integer(numbers, DataType::Int64), DataType::Int8), to);
  Tensor result(to, numbers.dims());
  dispatch(WideFloatTypes{}, numbers.type(), [&]<class From>() {
    dispatch(IntegerTypes{}, to, [&]<class To>() {
      std::transform(numbers.data<From>(), numbers.data<From>() + numbers.size(), result.mutable_data<To>(),
                     [](From x) { return saturating_cast<To>(static_cast<double>(x)); });
    });
  });
  return result;
}

/// float4e2m1 has no NaN; the standard's tests make it −0.
Tensor to_float4(const Tensor& numbers) {
  const Tensor source = converted(numbers, DataType::Float32);
  Tensor finite(DataType::Float32, source.dims());
  std::transform(source.data<float>(), source.data<float>() + source.size(), finite.mutable_data<float>(),
                 [](float x) { return std::isnan(x) ? -0.0f : x; });
  return packed(finite, DataType::Float4E2M1);
}

// --- strings ---

/// The shortest decimal text that reads back as the same number; "NaN", "INF", "-INF".
template <class T>
std::string text_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
  }
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

Tensor to_strings(const Tensor& numbers) {
  Tensor result(DataType::String, numbers.dims());
  auto& strings = result.mutable_strings();
  dispatch(WideFloatTypes{} + IntegerTypes{} + TypeList<bool>{}, numbers.type(), [&]<class T>() {
    for (std::size_t i = 0; i < strings.size(); ++i) {
      if constexpr (std::is_same_v<T, bool>)
        strings[i] = numbers.data<bool>()[i] ? "1" : "0";
      else
        strings[i] = text_of(numbers.data<T>()[i]);
    }
  });
  return result;
}

template <class T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// `text` as T; whole numbers are exact, others pass through double. Reads "+INF", "NaN" and the like in any
/// case.
template <class T>
T number_from(const std::string& text) {
  std::string_view trimmed = text;
  while (!trimmed.empty() && trimmed.front() == ' ') trimmed.remove_prefix(1);
  while (!trimmed.empty() && trimmed.back() == ' ') trimmed.remove_suffix(1);
  if (!trimmed.empty() && trimmed.front() == '+') trimmed.remove_prefix(1);
  T exact{};
  if constexpr (!std::is_same_v<T, bool>)
    if (parse(trimmed, exact)) return exact;
  double value = 0;
  if (!parse(trimmed, value)) throw Error("Cast: the text '" + text + "' is not a number");
  if constexpr (std::is_same_v<T, bool>)
    return value != 0;
  else if constexpr (std::is_integral_v<T>)
    return saturating_cast<T>(value);
  else
    return static_cast<T>(value);
}

Tensor from_strings(const Tensor& texts, DataType to, const CastRules& rules) {
  const auto parsed = [&]<class T>() {
    Tensor result(data_type_of<T>, texts.dims());
    std::transform(texts.strings().begin(), texts.strings().end(), result.mutable_data<T>(), number_from<T>);
    return result;
  };
  if (is_narrow_float(to)) return cast_tensor(parsed.template operator()<float>(), to, rules);
  if (is_sub_byte(to)) return cast_tensor(parsed.template operator()<std::int64_t>(), to, rules);
  Tensor result;
  dispatch(WideFloatTypes{} + IntegerTypes{} + TypeList<bool>{}, to,
           [&]<class T>() { result = parsed.template operator()<T>(); });
  return result;
}

// --- kernels ---

CastRules rules_of(const KernelContext& context) {
  CastRules rules;
  rules.saturate = context.integer("saturate", 1) != 0;
  const std::string mode = context.text("round_mode", "up");
  if (mode == "down")
    rules.power_rounding = PowerRounding::Down;
  else if (mode == "nearest")
    rules.power_rounding = PowerRounding::Nearest;
  else if (mode != "up")
    throw Error("attribute 'round_mode' is '" + mode + "'").advice("It may be up, down or nearest.");
  return rules;
}

/// Before opset 6 the type is given by name, then by TensorProto's number.
DataType target_of(const Node& node, int version) {
  if (version < 6)
    return data_type_from(node.attribute_or("to", std::string())).value_or(DataType::Undefined);
  return data_type_from_number(node.attribute_or("to", std::int64_t{0}));
}

void cast(KernelContext& context) {
  const DataType to = target_of(context.node(), context.version());
  if (to == DataType::Undefined) throw Error("attribute 'to' of Cast names no element type");
  context.set_output(0, cast_tensor(context.input(0), context.made_type(to), rules_of(context)));
}

void cast_like(KernelContext& context) {
  context.set_output(0, cast_tensor(context.input(0), context.input(1).type(), rules_of(context)));
}

// --- inference ---

void infer_cast_to(InferenceContext& context, DataType to) {
  context.set_output(0, to, context.input_shape(0));
  const bool wide =
      to == DataType::Int64 || to == DataType::Int32 || to == DataType::Float32 || to == DataType::Float64;
  if (wide) pass_values(context);
  if (to == DataType::Bool)
    set_mapped_values(context, [](const Dimension& d) {
      return d.is_constant() ? Dimension(d.value() != 0) : Dimension::unknown();
    });
}

void infer_cast(InferenceContext& context) {
  infer_cast_to(context, target_of(context.node(), context.version()));
}
void infer_cast_like(InferenceContext& context) { infer_cast_to(context, context.input_element(1)); }

// --- records ---

/// What Cast takes and gives, by the version that brought it.
types::List castable(int version) {
  types::List list = types::numbers() + types::tensors({"bool"});
  if (version >= 9) list = list + types::tensors({"string"});
  if (version >= 13) list = list + types::tensors({"bfloat16"});
  if (version >= 19)
    list = list + types::tensors({"float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"});
  if (version >= 21) list = list + types::tensors({"uint4", "int4"});
  if (version >= 23) list = list + types::tensors({"float4e2m1"});
  if (version >= 24) list = list + types::tensors({"float8e8m0"});
  if (version >= 25) list = list + types::tensors({"uint2", "int2"});
  return list;
}

/// Adds `record` in each version, with the types and the attributes of that version.
void add_versions(OperatorTable& table, const Operator& record, std::initializer_list<int> versions) {
  for (const int version : versions) {
    Operator next = record.at(version);
    next.constraint("T1", castable(version)).constraint("T2", castable(version));
    if (version >= 19)
      next.attribute("saturate", std::int64_t{1},
                     "1: what a float 8 type cannot hold becomes its largest number; 0: NaN or infinity.");
    if (version >= 24)
      next.attribute("round_mode", std::string("up"), "How to round to float8e8m0: up, down or nearest.");
    table.add(std::move(next));
  }
}

}  // namespace

DataType data_type_from_number(std::int64_t number) {
  return number > 0 && number < data_type_count ? static_cast<DataType>(number) : DataType::Undefined;
}

Tensor cast_tensor(const Tensor& tensor, DataType to, const CastRules& rules) {
  if (tensor.type() == to) return tensor;
  if (tensor.is_string()) return from_strings(tensor, to, rules);
  Tensor source = unpacked(tensor);
  if (is_narrow_float(source.type())) source = converted(source, DataType::Float32);
  if (to == DataType::String) return to_strings(source);
  if (to == DataType::Float4E2M1) return to_float4(source);
  if (is_float8(to)) return to_float8(source, to, rules);
  if (is_floating(source.type()) && is_integer(to)) return floating_to_integer(source, to);
  return converted(source, to);
}

void register_cast(OperatorTable& table) {
  const Operator base = Operator("Cast", 1, OperatorKind::ElementWise)
                            .summary("The elements in another type.")
                            .input("input", "T1", "What is converted.")
                            .output("output", "T2", "The same elements in type `to`.")
                            .infer(infer_cast)
                            .kernel(cast)
                            .cost(per_element(1));
  add_versions(table,
               Operator(base)
                   .required_attribute("to", AttributeType::String, "The element type's name, such as FLOAT.")
                   .example(R"(input = float[3]{-1.5, 0.5, 2.7}; to = "INT64")"),
               {1});
  add_versions(table,
               Operator(base)
                   .required_attribute("to", AttributeType::Int, "The element type, as TensorProto's number.")
                   .example("input = float[3]{-1.5, 0.5, 2.7}; to = 7"),
               {6, 9, 13, 19, 21, 23, 24, 25});

  add_versions(
      table,
      Operator("CastLike", 15, OperatorKind::ElementWise)
          .summary("The elements in the type of another tensor.")
          .input("input", "T1", "What is converted.")
          .input("target_type", "T2", "The tensor whose element type is taken; its contents do not matter.")
          .output("output", "T2", "The same elements in that type.")
          .infer(infer_cast_like)
          .kernel(cast_like)
          .example("input = float[3]{-1.5, 0.5, 2.7}; target_type = int64{0}")
          .cost(per_element(1)),
      {15, 19, 21, 23, 24, 25});
}

}  // namespace lapidary
