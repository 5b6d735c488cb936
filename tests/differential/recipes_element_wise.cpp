#include <cmath>

#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// Before opset 7 operands did not broadcast by themselves; variadic ones did not before opset 8.
bool broadcasts(const Call& call) { return call.draft.opset >= 8; }

Dims other_dims(Call& call, const Dims& dims) {
  return broadcasts(call) && call.random.chance(0.5) ? broadcastable(call.random, dims) : dims;
}

void free_attributes(Call& call, int rank) {
  for (const auto& attribute : call.record.attributes) {
    if (attribute.name == "axis" && attribute.type == AttributeType::Int && rank > 0 &&
        call.random.chance(0.6))
      call.set("axis", call.axis(rank, call.version() >= 11));
    else if (attribute.type == AttributeType::Float && attribute.default_value.index() != 0)
      call.number(attribute.name, -2, 2);
    else if (attribute.name.starts_with("detect_"))
      call.flag(attribute.name);
  }
}

/// Integers must not be divided by 0; floating numbers may.
void divide(Call& call) {
  const Tensor a = call.any();
  const bool integer = is_integer(a.type());
  if (call.record.name == "Mod" && (!integer || call.random.chance(0.3))) call.set("fmod", std::int64_t{1});
  call.sized(other_dims(call, a.dims()), integer ? std::optional(Fill::Positive) : std::nullopt);
}

void power(Call& call) {
  const Tensor base = call.any();
  const bool fraction = call.has_parameter(1) && is_integer(base.type()) && is_floating(call.input_type(1));
  if (fraction) throw Unsuitable();  // what a root is in integers is not said
  call.sized(other_dims(call, base.dims()), Fill::Positive);
}

void bit_shift(Call& call) {
  const Tensor a = call.any();
  call.sized(other_dims(call, a.dims()), Fill::Positive);
  call.set("direction", std::string(call.random.chance(0.5) ? "LEFT" : "RIGHT"));
}

void clip(Call& call) {
  call.any();
  if (call.version() < 11) {
    call.number("min", -2, 0);
    call.number("max", 0, 2);
    return;
  }
  if (call.random.chance(0.2)) return;
  if (call.random.chance(0.7)) {
    call.given(random_tensor(call.random, call.input_type(0), {}, Fill::Ordinary));
  } else {
    call.absent();
  }
  if (call.random.chance(0.7)) call.given(random_tensor(call.random, call.input_type(0), {}, Fill::Positive));
}

void gelu(Call& call) {
  call.any();
  call.word("approximate", {"none", "tanh"});
}

void p_relu(Call& call) {
  const Tensor x = call.any(1, 4);
  Dims slope = x.dims();
  for (auto& size : slope)
    if (call.random.chance(0.4)) size = 1;
  if (call.version() < 7) slope = x.rank() > 1 && call.random.chance(0.5) ? Dims{x.dims()[1]} : Dims{1};
  while (call.version() >= 7 && !slope.empty() && call.random.chance(0.3)) slope.erase(slope.begin());
  call.sized(slope);
}

void where(Call& call) {
  const Tensor condition = call.any();
  call.sized(other_dims(call, condition.dims()));
  call.sized(other_dims(call, condition.dims()));
}

/// Whether every element, rounded to zero, is a number of the type; other conversions are left open by C and
/// by ONNX.
bool fits(const Tensor& tensor, DataType type) {
  const int bits = bits_of(type) - (is_signed(type) ? 1 : 0);
  const double top = std::ldexp(1.0, bits), bottom = is_signed(type) ? -top : 0;
  for (const double value : values_as<double>(tensor))
    if (!(value > bottom - 1 && value < top)) return false;
  return true;
}

void cast(Call& call) {
  const Tensor x = call.any();
  if (x.type() == DataType::String) throw Unsuitable();
  const std::string& target = call.record.outputs.at(0).type;
  const DataType to = call.type(target);
  if (to == DataType::String) throw Unsuitable();
  if (is_integer(to) && is_floating(x.type()) && !fits(x, to)) throw Unsuitable();
  if (call.record.name == "CastLike") {
    call.sized({1});
  } else {
    call.set("to", static_cast<std::int64_t>(to));
  }
  call.flag("saturate");
}

void cumulative(Call& call) {
  const Tensor x = call.any(1, 4);
  call.integers({call.axis(x.rank())}, Dims{});
  call.flag("exclusive");
  call.flag("reverse");
}

void dropout(Call& call) {
  call.any();
  if (call.version() < 12) return call.number("ratio", 0, 0.9);
  if (call.random.chance(0.5)) call.given(tensor_from(call.input_type(1), {}, std::vector<double>{0.25}));
}

void with_axis(Call& call) {
  const Tensor x = call.any(1, 4);
  if (call.random.chance(0.7)) call.set("axis", call.axis(x.rank(), call.version() >= 11));
}

}  // namespace

void element_wise(Call& call) {
  const Tensor first = call.any();
  const auto count = call.record.inputs.size();
  for (std::size_t i = 1; i < count; ++i) call.sized(other_dims(call, first.dims()));
  if (!call.record.inputs.empty() && call.record.inputs.back().arity == Arity::Variadic)
    for (std::int64_t more = call.random.below(3); more > 0; --more)
      call.sized(other_dims(call, first.dims()));
  free_attributes(call, first.rank());
}

RecipeList element_wise_recipes() {
  return {{"Div", divide},
          {"Mod", divide},
          {"Pow", power},
          {"BitShift", bit_shift},
          {"Clip", clip},
          {"Gelu", gelu},
          {"PRelu", p_relu},
          {"Where", where},
          {"Cast", cast},
          {"CastLike", cast},
          {"CumSum", cumulative},
          {"CumProd", cumulative},
          {"Dropout", dropout},
          {"Softmax", with_axis},
          {"LogSoftmax", with_axis},
          {"Hardmax", with_axis},
          {"Identity", element_wise}};
}

}  // namespace lapidary::differential
