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

/// The sum of [N, C, …] over all but the channels.
E bias_sum(const E& value, std::size_t rank) {
  Integers axes = {0};
  for (std::size_t i = 2; i < rank; ++i) axes.push_back(static_cast<std::int64_t>(i));
  return value.writer->call("ReduceSum", {value, value.writer->integers(axes)},
                            {{"keepdims", std::int64_t{0}}});
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
    result.push_back(bias_sum(dy, rank));
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

/// Windows of an average: sizes, strides and pads; each by spatial axis, pads before them and behind them.
struct Windows {
  Integers kernel, strides, dilations, pads;
};

Windows windows_of(const Reverse& r) {
  const auto kernel = r.attribute("kernel_shape", Integers{});
  const std::string auto_pad = r.attribute("auto_pad", std::string("NOTSET"));
  if (kernel.empty() || r.attribute("ceil_mode", std::int64_t{0}) != 0 ||
      (auto_pad != "NOTSET" && auto_pad != "VALID"))
    throw Error("only " + r.node.op_type + " with explicit pads and without ceil_mode can be differentiated");
  return {kernel, list_of(r, "strides", kernel.size(), 1), list_of(r, "dilations", kernel.size(), 1),
          list_of(r, "pads", 2 * kernel.size(), 0)};
}

/// [N, C, …] as [N·C, 1, …], so that one kernel serves all channels.
E one_channel(const E& value) {
  Writer& w = *value.writer;
  const E spatial = w.call("Slice", {apply("Shape", value), w.integers({2}), w.integers({1000})});
  return w.call("Reshape",
                {value, w.call("Concat", {w.integers({-1, 1}), spatial}, {{"axis", std::int64_t{0}}})});
}

/// Each element gets its share of every window that it lies in: the transposed convolution with ones, after
/// division by how many elements each window has.
std::vector<E> average_pool(Reverse& r) {
  Writer& w = r.writer;
  const Windows v = windows_of(r);
  const std::size_t rank = v.kernel.size() + 2;
  Integers kernel_dims = {1, 1};
  kernel_dims.insert(kernel_dims.end(), v.kernel.begin(), v.kernel.end());
  const E ones = w.call("Expand", {w.number(1, r.inputs[0]), w.integers(kernel_dims)});
  const E x = one_channel(r.inputs[0]);
  E share = one_channel(r.upstream[0]);
  if (r.attribute("count_include_pad", std::int64_t{0}) != 0) {
    share = share / apply("ReduceSum", ones);
  } else {
    const E present = expanded_as(w.number(1, x), x);
    share = share / w.call("Conv", {present, ones},
                           {{"strides", v.strides}, {"dilations", v.dilations}, {"pads", v.pads}});
  }
  Integers pads_before = v.pads;
  std::fill(pads_before.begin() + static_cast<std::ptrdiff_t>(rank - 2), pads_before.end(), 0);
  const E dx = w.call("ConvTranspose", {share, ones},
                      {{"strides", v.strides}, {"dilations", v.dilations}, {"pads", pads_before}});
  return {reshaped_as(fitted(dx, x, rank), r.inputs[0])};
}

/// What a convolution does to X, its transpose does to dY; by W as there, with X and dY changed.
std::vector<E> transposed_convolution(Reverse& r) {
  Writer& w = r.writer;
  const E &x = r.inputs[0], &weight = r.inputs[1], &dy = r.upstream[0];
  const std::string auto_pad = r.attribute("auto_pad", std::string("NOTSET"));
  const std::size_t rank = rank_of(r, 1, 0), spatial = rank - 2;
  if (rank < 3 || r.attribute("group", std::int64_t{1}) != 1 || auto_pad != "NOTSET" ||
      !r.attribute("output_shape", Integers{}).empty())
    throw Error(
        "only a ConvTranspose of known rank, in one group and with explicit pads can be differentiated");
  const Integers strides = list_of(r, "strides", spatial, 1), dilations = list_of(r, "dilations", spatial, 1),
                 pads = list_of(r, "pads", 2 * spatial, 0);
  const E dx = w.call("Conv", {dy, weight}, {{"strides", strides}, {"dilations", dilations}, {"pads", pads}});
  const E dw = w.call("Conv", {swapped(dy, rank), swapped(x, rank)},
                      {{"strides", dilations}, {"dilations", strides}, {"pads", pads}});
  std::vector<E> result = {fitted(dx, x, rank), fitted(swapped(dw, rank), weight, rank)};
  if (r.inputs.size() > 2 && r.inputs[2].is_present()) result.push_back(bias_sum(dy, rank));
  return result;
}

/// The greatest of each channel take the derivative, in equal parts.
std::vector<E> global_max_pool(Reverse& r) {
  const E &x = r.inputs[0], &y = r.outputs[0];
  const E chosen = where_true("Equal", x, expanded_as(y, x));
  return {chosen * (r.upstream[0] / unbroadcast(chosen, y))};
}

/// y = (Σ|x|ᵖ)^(1/p):  dx = dy·sign(x)·(|x|/y)ᵖ⁻¹
std::vector<E> global_lp_pool(Reverse& r) {
  const E &x = r.inputs[0], &y = r.outputs[0];
  const E power = r.writer.number(static_cast<double>(r.attribute("p", std::int64_t{2}) - 1), x);
  return {r.upstream[0] * apply("Sign", x) * r.writer.call("Pow", {apply("Abs", x) / y, power})};
}

}  // namespace

const std::vector<NamedRule>& product_rules() {
  static const std::vector<NamedRule> rules = {
      {"AveragePool", average_pool},
      {"Conv", convolution},
      {"ConvTranspose", transposed_convolution},
      {"Einsum", einsum_rule},
      {"Gemm", gemm},
      {"GlobalAveragePool", global_average_pool},
      {"GlobalLpPool", global_lp_pool},
      {"GlobalMaxPool", global_max_pool},
      {"MatMul", matmul},
      {"MaxPool", max_pool},
  };
  return rules;
}

}  // namespace lapidary::differentiation
