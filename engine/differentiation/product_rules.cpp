#include <algorithm>

#include "engine/differentiation/rules.h"
#include "engine/model/error.h"

namespace lapidary::differentiation {
namespace {

using E = Expression;
using Integers = std::vector<std::int64_t>;

std::size_t rank_of(const Reverse& r, std::size_t input, std::size_t otherwise) {
  const auto& shape = r.input_shapes.at(input);
  return shape ? shape->size() : otherwise;
}

/// a·b, summing over the letters of `equation` that its result leaves out.
E einsum(const char* equation, const E& a, const E& b) {
  return a.writer->call("Einsum", {a, b}, {{"equation", std::string(equation)}});
}

E with_axis(const E& value, std::int64_t axis) {
  return value.writer->call("Unsqueeze", {value, value.writer->integers({axis})});
}

/// Vectors are taken as a row on the left and a column on the right, as the product does.
std::vector<E> matmul(Reverse& r) {
  const bool row = rank_of(r, 0, 2) == 1, column = rank_of(r, 1, 2) == 1;
  E a = r.inputs[0], b = r.inputs[1], dy = r.upstream[0];
  if (column) b = with_axis(b, -1), dy = with_axis(dy, -1);
  if (row) a = with_axis(a, 0), dy = with_axis(dy, -2);
  const E da = unbroadcast(einsum("...ik,...jk->...ij", dy, b), a);
  const E db = unbroadcast(einsum("...ki,...kj->...ij", a, dy), b);
  return {reshaped_as(da, r.inputs[0]), reshaped_as(db, r.inputs[1])};
}

/// Y = α·A'·B' + β·C, where the primes may transpose.
std::vector<E> gemm(Reverse& r) {
  Writer& w = r.writer;
  const E &a = r.inputs[0], &b = r.inputs[1], &dy = r.upstream[0];
  const std::int64_t ta = r.attribute("transA", std::int64_t{0}), tb = r.attribute("transB", std::int64_t{0});
  const auto product = [&](const E& left, const E& right, std::int64_t left_turned,
                           std::int64_t right_turned) {
    return w.call("Gemm", {left, right},
                  {{"alpha", r.attribute("alpha", 1.0f)}, {"transA", left_turned}, {"transB", right_turned}});
  };
  std::vector<E> result = {ta ? product(b, dy, tb, 1) : product(dy, b, 0, 1 - tb),
                           tb ? product(dy, a, 1, ta) : product(a, dy, 1 - ta, 0)};
  if (r.inputs.size() > 2 && r.inputs[2].is_present())
    result.push_back(unbroadcast(dy * static_cast<double>(r.attribute("beta", 1.0f)), r.inputs[2]));
  return result;
}

/// An equation of two operands with an arrow and without dots: the derivative by one operand is the product
/// of the other with dy, if every letter of it occurs there.
std::vector<E> einsum_rule(Reverse& r) {
  std::string equation = r.attribute("equation", std::string());
  std::erase(equation, ' ');
  const auto comma = equation.find(','), arrow = equation.find("->");
  if (r.inputs.size() != 2 || comma == std::string::npos || arrow == std::string::npos ||
      equation.find('.') != std::string::npos)
    throw Error("only an Einsum of two operands, with '->' and without dots, can be differentiated");
  const std::string a = equation.substr(0, comma), b = equation.substr(comma + 1, arrow - comma - 1),
                    y = equation.substr(arrow + 2);
  const auto by = [&](const std::string& letters, const std::string& other_letters, const E& other) {
    for (std::size_t i = 0; i < letters.size(); ++i)
      if ((y + other_letters).find(letters[i]) == std::string::npos ||
          letters.find(letters[i], i + 1) != std::string::npos)
        throw Error("an Einsum that sums or repeats an axis of one operand alone cannot be differentiated");
    return einsum((y + "," + other_letters + "->" + letters).c_str(), r.upstream[0], other);
  };
  return {by(a, b, r.inputs[1]), by(b, a, r.inputs[0])};
}

// --- convolution ---

Integers list_of(const Reverse& r, const char* name, std::size_t count, std::int64_t otherwise) {
  auto list = r.attribute(name, Integers{});
  return list.empty() ? Integers(count, otherwise) : list;
}

/// [N, C, …] as [C, N, …].
E swapped(const E& value, std::size_t rank) {
  Integers order(rank);
  for (std::size_t i = 0; i < rank; ++i) order[i] = static_cast<std::int64_t>(i < 2 ? 1 - i : i);
  return value.writer->call("Transpose", {value}, {{"perm", order}});
}

/// `value` cut, or filled up with zeros behind, to the shape of `like`.
E fitted(const E& value, const E& like, std::size_t rank) {
  Writer& w = *value.writer;
  const E missing = w.call("Sub", {apply("Shape", like), apply("Shape", value)});
  const E pads = w.call("Concat", {w.integers(Integers(rank, 0)), missing}, {{"axis", std::int64_t{0}}});
  return w.call("Pad", {value, pads});  // negative pads cut
}

/// By X the transposed convolution of dY with W; by W the convolution of X with dY, batch and channels
/// swapped and strides and dilations too; by the bias the sums of dY.
std::vector<E> convolution(Reverse& r) {
  Writer& w = r.writer;
  const E &x = r.inputs[0], &weight = r.inputs[1], &dy = r.upstream[0];
  const std::string auto_pad = r.attribute("auto_pad", std::string("NOTSET"));
  const std::size_t rank = rank_of(r, 1, r.attribute("kernel_shape", Integers{}).size() + 2),
                    spatial = rank - 2;
  if (rank < 3 || r.attribute("group", std::int64_t{1}) != 1 || (auto_pad != "NOTSET" && auto_pad != "VALID"))
    throw Error("only convolutions of known rank, in one group and with explicit pads can be differentiated");
  const Integers strides = list_of(r, "strides", spatial, 1), dilations = list_of(r, "dilations", spatial, 1),
                 pads = list_of(r, "pads", 2 * spatial, 0);
  // Pads behind are left to `fitted`: a last stride may not reach them.
  Integers pads_before = pads;
  std::fill(pads_before.begin() + static_cast<std::ptrdiff_t>(spatial), pads_before.end(), 0);
  const E dx = w.call("ConvTranspose", {dy, weight},
                      {{"strides", strides}, {"dilations", dilations}, {"pads", pads_before}});
  const E dw = w.call("Conv", {swapped(x, rank), swapped(dy, rank)},
                      {{"strides", dilations}, {"dilations", strides}, {"pads", pads}});
  std::vector<E> result = {fitted(dx, x, rank), fitted(swapped(dw, rank), weight, rank)};
  if (r.inputs.size() > 2 && r.inputs[2].is_present()) {
    Integers axes = {0};
    for (std::size_t i = 2; i < rank; ++i) axes.push_back(static_cast<std::int64_t>(i));
    result.push_back(w.call("ReduceSum", {dy, w.integers(axes)}, {{"keepdims", std::int64_t{0}}}));
  }
  return result;
}

/// Each element's derivative goes to the one that it was the greatest of: Indices count through the whole
/// tensor.
std::vector<E> max_pool(Reverse& r) {
  Writer& w = r.writer;
  if (r.attribute("storage_order", std::int64_t{0}) != 0)
    throw Error("MaxPool with storage_order 1 cannot be differentiated");
  const auto flat = [&](const E& value) { return w.call("Reshape", {value, w.integers({-1})}); };
  const E zeros = flat(expanded_as(w.number(0, r.inputs[0]), r.inputs[0]));
  const E sums = w.call("ScatterElements", {zeros, flat(r.outputs[1]), flat(r.upstream[0])},
                        {{"reduction", std::string("add")}});
  return {reshaped_as(sums, r.inputs[0])};
}

std::vector<E> global_average_pool(Reverse& r) {
  const E &x = r.inputs[0], &y = r.outputs[0];
  const E count = apply("Size", x), kept = apply("Size", y);
  const E share = r.writer.call("CastLike", {r.writer.call("Div", {count, kept}), x});
  return {expanded_as(r.upstream[0] / share, x)};
}

// --- normalization ---

/// [C] as [C, 1, …], to meet [N, C, …].
E by_channel(const E& value, std::size_t rank) {
  Integers axes;
  for (std::size_t i = 1; i + 1 < rank; ++i) axes.push_back(static_cast<std::int64_t>(i));
  return axes.empty() ? value : value.writer->call("Unsqueeze", {value, value.writer->integers(axes)});
}

/// y = scale·(x − mean)/√(variance + ε) + bias, with given mean and variance.
std::vector<E> batch_normalization(Reverse& r) {
  if (r.attribute("training_mode", std::int64_t{0}) != 0 || r.version < 7)
    throw Error("BatchNormalization can be differentiated only where it does not train");
  const std::size_t rank = rank_of(r, 0, 0);
  if (rank < 2) throw Error("BatchNormalization can be differentiated only for known ranks");
  const E &x = r.inputs[0], &dy = r.upstream[0];
  const E scale = by_channel(r.inputs[1], rank), mean = by_channel(r.inputs[3], rank);
  const E variance = by_channel(r.inputs[4], rank) + static_cast<double>(r.attribute("epsilon", 1e-5f));
  const E inverse = 1.0 / apply("Sqrt", variance);
  const E centered = x - mean;
  const auto sum = [&](const E& value, const E& like) {
    return reshaped_as(unbroadcast(value, by_channel(like, rank)), like);
  };
  return {dy * scale * inverse, sum(dy * centered * inverse, r.inputs[1]), sum(dy, r.inputs[2]),
          sum(-(dy * scale * inverse), r.inputs[3]),
          sum(dy * scale * centered * inverse / variance * -0.5, r.inputs[4])};
}

/// With n = (x − mean)/√(variance + ε): dn = dy·scale, dx = (dn − mean(dn) − n·mean(dn·n))/√(variance + ε).
std::vector<E> layer_normalization(Reverse& r) {
  Writer& w = r.writer;
  const E &x = r.inputs[0], &scale = r.inputs[1], &dy = r.upstream[0];
  const std::size_t rank = rank_of(r, 0, 0);
  if (rank == 0) throw Error("LayerNormalization can be differentiated only for known ranks");
  const auto rank_number = static_cast<std::int64_t>(rank);
  Integers axes;
  const std::int64_t first = r.attribute("axis", std::int64_t{-1});
  for (std::int64_t axis = first < 0 ? first + rank_number : first; axis < rank_number; ++axis)
    axes.push_back(axis);
  const auto mean = [&](const E& value) {
    return w.call("ReduceMean", {value, w.integers(axes)}, {{"keepdims", std::int64_t{1}}});
  };
  const E centered = x - mean(x);
  const E inverse =
      1.0 / apply("Sqrt", mean(centered * centered) + static_cast<double>(r.attribute("epsilon", 1e-5f)));
  const E n = centered * inverse, dn = dy * scale;
  std::vector<E> result = {(dn - mean(dn) - n * mean(dn * n)) * inverse, unbroadcast(dy * n, scale)};
  if (r.inputs.size() > 2 && r.inputs[2].is_present()) result.push_back(unbroadcast(dy, r.inputs[2]));
  return result;
}

}  // namespace

const std::vector<NamedRule>& product_rules() {
  static const std::vector<NamedRule> rules = {
      {"BatchNormalization", batch_normalization},
      {"Conv", convolution},
      {"Einsum", einsum_rule},
      {"Gemm", gemm},
      {"GlobalAveragePool", global_average_pool},
      {"LayerNormalization", layer_normalization},
      {"MatMul", matmul},
      {"MaxPool", max_pool},
  };
  return rules;
}

}  // namespace lapidary::differentiation
