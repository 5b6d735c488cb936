#include <limits>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/broadcast.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

/// x < 0 or x > −1 holds for every number, and not for NaN.
std::string is_number(NodeRewrite& rewrite, const std::string& x, DataType type) {
  const std::string below = rewrite.write("Less", {x, rewrite.number(0, type, "zero")});
  return rewrite.write("Or", {below, rewrite.write("Greater", {x, rewrite.number(-1, type, "minus_one")})});
}

/// Before 11 only integers and bool: neither is less, and both are numbers.
void lower_equal_11(NodeRewrite& rewrite) {
  const std::string a = rewrite.input(0), b = rewrite.input(1);
  const DataType type = rewrite.element(a);
  if (!is_floating(type) || bits_of(type) < 16) return;
  const std::string differ =
      rewrite.write("Or", {rewrite.write("Less", {a, b}), rewrite.write("Greater", {a, b})});
  const std::string numbers =
      rewrite.write("And", {is_number(rewrite, a, type), is_number(rewrite, b, type)});
  rewrite.become("And", {rewrite.write("Not", {differ}), numbers});
}

/// NaN is neither, so that the opposite does not do.
void lower_or_equal_12(NodeRewrite& rewrite) {
  const std::string a = rewrite.input(0), b = rewrite.input(1);
  const char* strict = rewrite.node.op_type == "LessOrEqual" ? "Less" : "Greater";
  rewrite.become("Or", {rewrite.write(strict, {a, b}), rewrite.write("Equal", {a, b})});
}

void lower_is_nan_9(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  rewrite.become("Not", {is_number(rewrite, x, rewrite.element(x))});
}

/// Beyond the largest number.
void lower_is_inf_10(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const double largest = type == DataType::Float64 ? std::numeric_limits<double>::max()
                                                   : static_cast<double>(std::numeric_limits<float>::max());
  const bool above = rewrite.integer("detect_positive", 1) != 0,
             below = rewrite.integer("detect_negative", 1) != 0;
  const std::string most =
      rewrite.number(above ? largest : std::numeric_limits<double>::infinity(), type, "most");
  const std::string least =
      rewrite.number(below ? -largest : -std::numeric_limits<double>::infinity(), type, "least");
  rewrite.become("Or", {rewrite.write("Greater", {x, most}), rewrite.write("Less", {x, least})});
}

/// c·x + (1 − c)·y is exact for integers only: 0 times infinity is no number.
void lower_where_9(NodeRewrite& rewrite) {
  const std::string condition = rewrite.input(0), x = rewrite.input(1), y = rewrite.input(2);
  const DataType type = rewrite.element(x);
  const std::string other = rewrite.write("Not", {condition});
  if (type == DataType::Bool)
    return rewrite.become("Or", {rewrite.write("And", {condition, x}), rewrite.write("And", {other, y})});
  if (type != DataType::Int32 && type != DataType::Int64 && type != DataType::UInt32 &&
      type != DataType::UInt64)
    rewrite.refuse("Where came with operator set 9; nothing before chooses between values of type " +
                   std::string(name_of(type)));
  const std::string taken = rewrite.write("Mul", {rewrite.cast(condition, type), x});
  rewrite.become("Add", {taken, rewrite.write("Mul", {rewrite.cast(other, type), y})});
}

}  // namespace

std::vector<Adapter> comparison_adapters() {
  return {
      {"Equal", 7, raise_broadcast_7},
      {"Less", 7, raise_broadcast_7},
      {"Greater", 7, raise_broadcast_7},
      {"Equal", 11, nullptr, lower_equal_11},
      {"LessOrEqual", 12, nullptr, lower_or_equal_12},
      {"GreaterOrEqual", 12, nullptr, lower_or_equal_12},
      {"IsNaN", 9, nullptr, lower_is_nan_9},
      {"IsInf", 10, nullptr, lower_is_inf_10},
      {"Where", 9, nullptr, lower_where_9},
  };
}

}  // namespace lapidary
