#include "tests/differential/values.h"

#include <cmath>
#include <limits>

namespace lapidary::differential {
namespace {

double ordinary_real(Random& random) {
  if (random.chance(0.2)) return static_cast<double>(random.between(-3, 3));
  // A sum of uniform numbers is near enough to a normal one, and needs no function that rounds differently
  // elsewhere.
  return 2 * (random.unit() + random.unit() + random.unit() + random.unit() - 2);
}

double edge_real(Random& random, DataType type) {
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  // Nothing whose square overflows: whether that happens on the way is each engine's own affair.
  static const std::vector<double> edges = {
      0.0,   -0.0,   1.0,  -1.0,  0.5,    -0.5, 1.5,   2.5,   -2.5, std::nan(""), infinity, -infinity,
      1e-40, -1e-40, 1e-7, 65504, -65504, 1e15, -1e15, 1e-20, 1e18, 16777217,     88.8,     -103.97};
  const double value = random.pick(edges);
  // The standard leaves open what conversion to a type without infinity does in tensors of a file.
  return is_floating(type) && bits_of(type) < 16 && !(std::abs(value) < 400) ? 1.0 : value;
}

double edge_integer(Random& random, DataType type) {
  const int bits = bits_of(type);
  const double top = std::ldexp(1.0, is_signed(type) ? bits - 1 : bits);
  // float64 cannot hold the largest 64-bit numbers: the next below stands for them.
  const double largest = bits == 64 ? top - 2048 : top - 1;
  return random.pick(
      std::vector<double>{0, 1, largest, is_signed(type) ? -top : 0, is_signed(type) ? -1.0 : 2.0});
}

double random_number(Random& random, DataType type, Fill fill) {
  const bool edge = fill == Fill::Edges && random.chance(0.25);
  if (type == DataType::Bool) return static_cast<double>(random.below(2));
  if (type == DataType::Float8E8M0) return std::ldexp(1.0, static_cast<int>(random.between(-6, 6)));
  if (is_floating(type)) {
    if (fill == Fill::Positive) return random.between_reals(0.5, 2);
    return edge ? edge_real(random, type) : ordinary_real(random);
  }
  const bool tiny = bits_of(type) == 2;
  if (fill == Fill::Positive) return static_cast<double>(random.between(1, tiny ? 1 : 4));
  if (edge) return edge_integer(random, type);
  if (is_signed(type)) return static_cast<double>(tiny ? random.between(-2, 1) : random.between(-5, 5));
  return static_cast<double>(random.between(0, tiny ? 3 : 9));
}

}  // namespace

Tensor random_tensor(Random& random, DataType type, const Dims& dims, Fill fill) {
  static const std::vector<std::string> words = {"", "a", "ab", "B", "é", "10", " x ", "-1.5", "ab"};
  const auto count = static_cast<std::size_t>(element_count(dims));
  if (type == DataType::String) {
    std::vector<std::string> elements;
    for (std::size_t i = 0; i < count; ++i) elements.push_back(random.pick(words));
    return Tensor::of_strings(dims, std::move(elements));
  }
  std::vector<double> elements;
  for (std::size_t i = 0; i < count; ++i) elements.push_back(random_number(random, type, fill));
  return tensor_from(type, dims, elements);
}

Dims random_dims(Random& random, int minimum_rank, int maximum_rank) {
  Dims dims(static_cast<std::size_t>(random.between(minimum_rank, maximum_rank)));
  for (auto& size : dims) {
    size = random.between(1, 5);
    if (random.chance(0.02)) size = 0;
    if (random.chance(0.08)) size = random.between(6, 17);
  }
  return dims;
}

Dims broadcastable(Random& random, const Dims& dims) {
  Dims result = dims;
  for (auto& size : result) {
    if (random.chance(0.2))
      size = 1;
    else if (size == 1 && random.chance(0.3))
      size = random.between(1, 4);
  }
  while (!result.empty() && random.chance(0.2)) result.erase(result.begin());
  if (result.size() < 5 && random.chance(0.05)) result.insert(result.begin(), random.between(1, 3));
  return result;
}

}  // namespace lapidary::differential
