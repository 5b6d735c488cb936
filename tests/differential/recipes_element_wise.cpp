#include <algorithm>
#include <cctype>
#include <cmath>

#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// Variadic operators did not broadcast before opset 8.
bool broadcasts(const Call& call) { return call.draft.opset >= 8; }

/// Before opset 7 some of the first operand's axes one after the other, the first of them named by an
/// attribute if they are not the last.
Dims axes_in_a_row(Call& call, const Dims& dims) {
  if (call.random.chance(0.4) || dims.empty()) return dims;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t first = call.random.below(rank), behind = call.random.between(first + 1, rank);
  call.set("broadcast", std::int64_t{1});
  if (behind < rank || call.random.chance(0.3)) call.set("axis", first);
  return Dims(dims.begin() + first, dims.begin() + behind);
}

Dims other_dims(Call& call, const Dims& dims) {
  if (call.record.find_attribute("broadcast")) return axes_in_a_row(call, dims);
  return broadcasts(call) && call.random.chance(0.5) ? broadcastable(call.random, dims) : dims;
}

void free_attributes(Call& call, int rank) {
  if (call.record.find_attribute("broadcast")) return;
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

/// Text that a number is read from, a whole one or any.
void cast_from_text(Call& call, DataType to) {
  std::vector<std::string> words = {"0", "7", "12", "1"};
  if (is_signed(to)) words.insert(words.end(), {"-3", "-1"});
  if (is_floating(to)) words.insert(words.end(), {"1.5", "-2.25e2", "NaN", "INF", "-INF", "0.1"});
  const Dims dims = random_dims(call.random, 0, 3);
  std::vector<std::string> elements;
  for (std::int64_t i = element_count(dims); i > 0; --i) elements.push_back(call.random.pick(words));
  call.bind(call.record.inputs[0].type, DataType::String);
  call.given(Tensor::of_strings(dims, std::move(elements)));
}

void cast(Call& call) {
  const DataType to = call.type(call.record.outputs.at(0).type);
  const bool is_number = (is_integer(to) || is_floating(to)) && bits_of(to) >= 8;
  if (is_number && call.permits(call.record.inputs[0].type, DataType::String) && call.random.chance(0.08))
    cast_from_text(call, to);
  else
    call.any();
  const Tensor x = call.input(0);
  if (x.type() == DataType::String && !(is_number && call.record.name == "Cast")) throw Unsuitable();
  // How many digits of a fraction become text is not said.
  if (to == DataType::String && !is_integer(x.type())) throw Unsuitable();
  if (is_integer(to) && is_floating(x.type()) && !fits(x, to)) throw Unsuitable();
  if (call.record.name == "CastLike") {
    call.sized({1});
  } else if (call.version() < 6) {
    std::string name(name_of(to) == "float32" ? "float" : name_of(to) == "float64" ? "double" : name_of(to));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return static_cast<char>(std::toupper(c)); });
    call.set("to", name);
  } else {
    call.set("to", static_cast<std::int64_t>(to));
  }
  if (bits_of(to) == 8) call.flag("saturate");
}

void cumulative(Call& call) {
  const Tensor x = call.any(1, 4);
  call.integers({call.axis(x.rank())}, Dims{});
  call.flag("exclusive");
  call.flag("reverse");
}

void dropout(Call& call) {
  call.any();
  if (call.version() < 7) call.set("is_test", std::int64_t{1});
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
