#include <cmath>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/broadcast.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {

void raise_broadcast_7(NodeRewrite& rewrite) {
  const bool is_placed = rewrite.has("axis") && rewrite.integer("broadcast", 0) != 0;
  if (is_placed) {
    const std::int64_t rank = rewrite.rank(rewrite.input(0)), inner = rewrite.rank(rewrite.input(1));
    const std::int64_t trailing = rank - non_negative(rewrite.integer("axis", 0), rank) - inner;
    if (trailing < 0) rewrite.refuse("its second operand does not fit at the axis that it names");
    std::vector<std::int64_t> axes;
    for (std::int64_t i = 0; i < trailing; ++i) axes.push_back(inner + i);
    rewrite.set_input(1, unsqueezed(rewrite, rewrite.input(1), axes));
  }
  rewrite.remove("axis");
  rewrite.remove("broadcast");
}

bool have_one_shape(const NodeRewrite& rewrite) {
  const auto first = rewrite.shape(rewrite.input(0));
  for (std::size_t i = 1; i < rewrite.node.inputs.size(); ++i)
    if (!first || rewrite.shape(rewrite.input(i)) != first) return false;
  return true;
}

namespace {

void raise_gemm_7(NodeRewrite& rewrite) { rewrite.remove("broadcast"); }

// --- Sum, Mean, Max, Min: before 8 all inputs have one shape ---

/// All inputs but the last added up; returns the sum so far.
std::string sum_of_all_but_last(NodeRewrite& rewrite) {
  std::string sum = rewrite.input(0);
  for (std::size_t i = 1; i + 1 < rewrite.node.inputs.size(); ++i)
    sum = rewrite.write("Add", {sum, rewrite.input(i)});
  return sum;
}

void lower_sum_8(NodeRewrite& rewrite) {
  if (!have_one_shape(rewrite))
    rewrite.become("Add", {sum_of_all_but_last(rewrite), rewrite.node.inputs.back()});
}

void lower_mean_8(NodeRewrite& rewrite) {
  if (have_one_shape(rewrite)) return;
  const auto count = static_cast<double>(rewrite.node.inputs.size());
  const DataType type = rewrite.element(rewrite.input(0));
  const std::string sum = rewrite.write("Add", {sum_of_all_but_last(rewrite), rewrite.node.inputs.back()});
  rewrite.become("Div", {sum, rewrite.number(count, type, "count")});
}

void lower_extreme_8(NodeRewrite& rewrite) {
  if (have_one_shape(rewrite)) return;
  const Dims dims = rewrite.dims(rewrite.node.outputs.at(0));
  for (std::size_t i = 0; i < rewrite.node.inputs.size(); ++i)
    rewrite.set_input(i, tiled(rewrite, rewrite.input(i), dims));
}

// --- Pow, Mod, BitShift ---

/// Before 12 both operands have one type.
void lower_pow_12(NodeRewrite& rewrite) {
  const DataType base = rewrite.element(rewrite.input(0));
  if (is_floating(base) && rewrite.element(rewrite.input(1)) != base)
    rewrite.set_input(1, rewrite.cast(rewrite.input(1), base));
}

/// a − (a / b)·b for integers, with b added where the remainder's sign is another than that of b.
void lower_mod_10(NodeRewrite& rewrite) {
  const std::string a = rewrite.input(0), b = rewrite.input(1);
  const DataType type = rewrite.element(a);
  if (type != DataType::Int32 && type != DataType::Int64)
    rewrite.refuse(
        "Mod came with operator set 10, and only of int32 and int64 other operators can stand for it");
  const std::string whole = rewrite.write("Mul", {rewrite.write("Div", {a, b}), b});
  if (rewrite.integer("fmod", 0) != 0) return rewrite.become("Sub", {a, whole});
  const std::string rest = rewrite.write("Sub", {a, whole});
  const std::string zero = rewrite.number(0, type, "zero");
  const std::string is_rest = rewrite.write("Not", {rewrite.write("Equal", {rest, zero})});
  const std::string differs =
      rewrite.write("Xor", {rewrite.write("Less", {rest, zero}), rewrite.write("Less", {b, zero})});
  const std::string wraps = rewrite.cast(rewrite.write("And", {is_rest, differs}), type);
  rewrite.become("Add", {rest, rewrite.write("Mul", {wraps, b})});
}

/// Multiplied with, or divided by, 2 to the power of the shift.
void lower_bit_shift_11(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0), shift = rewrite.input(1);
  const DataType type = rewrite.element(x);
  if (type == DataType::UInt64) rewrite.refuse("BitShift of uint64 came with operator set 11");
  const std::string two = rewrite.number(2, DataType::Float64, "two");
  const std::string factor =
      rewrite.cast(rewrite.write("Pow", {two, rewrite.cast(shift, DataType::Float64)}), DataType::UInt64);
  const std::string wide = rewrite.cast(x, DataType::UInt64);
  const bool is_left = rewrite.text("direction", "") == "LEFT";
  rewrite.become("Cast", {rewrite.write(is_left ? "Mul" : "Div", {wide, factor})},
                 {{"to", static_cast<std::int64_t>(type)}});
}

// --- Sign, Round, hyperbolic functions ---

void lower_sign_9(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  if (!is_signed(type)) rewrite.refuse("Sign of unsigned integers came with operator set 9");
  const std::string zero = rewrite.number(0, type, "zero");
  const std::string above = rewrite.cast(rewrite.write("Less", {zero, x}), type);
  rewrite.become("Sub", {above, rewrite.cast(rewrite.write("Less", {x, zero}), type)});
}

/// Floor, plus 1 above a half, and at a half where that makes it even.
void lower_round_11(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const auto number = [&](double value) { return rewrite.number(value, type); };
  const std::string below = rewrite.write("Floor", {x}), rest = rewrite.write("Sub", {x, below});
  const std::string half = number(0.5);
  const std::string pairs = rewrite.write("Floor", {rewrite.write("Mul", {below, half})});
  const std::string odd = rewrite.write("Sub", {below, rewrite.write("Mul", {pairs, number(2)})});
  const std::string is_above = rewrite.write("Greater", {rest, half});
  const std::string is_half =
      rewrite.write("Not", {rewrite.write("Or", {is_above, rewrite.write("Less", {rest, half})})});
  const std::string to_even = rewrite.write("And", {is_half, rewrite.write("Greater", {odd, half})});
  const std::string goes_up = rewrite.cast(rewrite.write("Or", {is_above, to_even}), type);
  rewrite.become("Add", {below, goes_up});
}

/// (eˣ ± e⁻ˣ) / 2
void lower_hyperbolic_9(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const std::string up = rewrite.write("Exp", {x}), down = rewrite.write("Exp", {rewrite.write("Neg", {x})});
  const std::string both = rewrite.write(rewrite.node.op_type == "Sinh" ? "Sub" : "Add", {up, down});
  rewrite.become("Mul", {both, rewrite.number(0.5, rewrite.element(x), "half")});
}

/// ln(x + √(x² ± 1)); of |x| with the sign of x for Asinh, which would lose its digits for negative x.
void lower_inverse_hyperbolic_9(NodeRewrite& rewrite) {
  const bool is_sinh = rewrite.node.op_type == "Asinh";
  const std::string given = rewrite.input(0), x = is_sinh ? rewrite.write("Abs", {given}) : given;
  const DataType type = rewrite.element(given);
  const std::string square = rewrite.write("Mul", {x, x}), one = rewrite.number(1, type, "one");
  const std::string root = rewrite.write("Sqrt", {rewrite.write(is_sinh ? "Add" : "Sub", {square, one})});
  const std::string sum = rewrite.write("Add", {x, root});
  if (!is_sinh) return rewrite.become("Log", {sum});
  const std::string zero = rewrite.number(0, type, "zero");
  const std::string above = rewrite.cast(rewrite.write("Less", {zero, given}), type);
  const std::string sign =
      rewrite.write("Sub", {above, rewrite.cast(rewrite.write("Less", {given, zero}), type)});
  rewrite.become("Mul", {rewrite.write("Log", {sum}), sign});
}

/// ½·ln((1 + x) / (1 − x))
void lower_atanh_9(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const std::string one = rewrite.number(1, type, "one");
  const std::string ratio =
      rewrite.write("Div", {rewrite.write("Add", {one, x}), rewrite.write("Sub", {one, x})});
  rewrite.become("Mul", {rewrite.write("Log", {ratio}), rewrite.number(0.5, type, "half")});
}

/// A product with a triangle of ones.
void lower_cum_sum_11(NodeRewrite& rewrite) {
  constexpr std::int64_t largest = 1024;
  const std::string x = rewrite.input(0);
  const Dims dims = rewrite.dims(x);
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t axis = non_negative(rewrite.needed_integers(1, "axis").at(0), rank);
  const std::int64_t size = dims.at(static_cast<std::size_t>(axis));
  const DataType type = rewrite.element(x);
  if (size > largest || (is_integer(type) && rewrite.opset() < 9))
    rewrite.refuse("CumSum came with operator set 11, and its axis is too long to be written as a product");
  const bool excludes = rewrite.integer("exclusive", 0) != 0, reverses = rewrite.integer("reverse", 0) != 0;
  std::vector<double> triangle;
  for (std::int64_t from = 0; from < size; ++from)
    for (std::int64_t to = 0; to < size; ++to)
      triangle.push_back(from == to ? !excludes : reverses ? from > to : from < to);
  const std::string ones = rewrite.add(tensor_from(type, {size, size}, triangle), "triangle");
  std::vector<std::int64_t> exchange;
  for (std::int64_t i = 0; i < rank; ++i) exchange.push_back(i == axis ? rank - 1 : i == rank - 1 ? axis : i);
  const std::string last = axis == rank - 1 ? x : transposed(rewrite, x, exchange);
  if (axis != rank - 1) rewrite.pass_output_through(0, "Transpose", {}, {{"perm", exchange}});
  rewrite.become("MatMul", {last, ones});
}

}  // namespace

std::vector<Adapter> arithmetic_adapters() {
  std::vector<Adapter> rows = {
      {"Gemm", 7, raise_gemm_7},
      {"Sum", 8, nullptr, lower_sum_8},
      {"Mean", 8, nullptr, lower_mean_8},
      {"Max", 8, nullptr, lower_extreme_8},
      {"Min", 8, nullptr, lower_extreme_8},
      {"Pow", 12, nullptr, lower_pow_12},
      {"Mod", 10, nullptr, lower_mod_10},
      {"BitShift", 11, nullptr, lower_bit_shift_11},
      {"Sign", 9, nullptr, lower_sign_9},
      {"Round", 11, nullptr, lower_round_11},
      {"Sinh", 9, nullptr, lower_hyperbolic_9},
      {"Cosh", 9, nullptr, lower_hyperbolic_9},
      {"Asinh", 9, nullptr, lower_inverse_hyperbolic_9},
      {"Acosh", 9, nullptr, lower_inverse_hyperbolic_9},
      {"Atanh", 9, nullptr, lower_atanh_9},
      {"CumSum", 11, nullptr, lower_cum_sum_11},
  };
  for (const char* name : {"Add", "And", "Div", "Mul", "Or", "Pow", "Sub", "Xor"})
    rows.push_back({name, 7, raise_broadcast_7});
  return rows;
}

}  // namespace lapidary
