#include "tests/differential/patterns.h"

#include "engine/model/error.h"
#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

template <class T>
Attribute attribute(const std::string& name, T value) {
  return {name, AttributeValue(std::move(value)), {}, {}, {}, {}, 0};
}
using Attributes = std::vector<Attribute>;
using Integers = std::vector<std::int64_t>;

/// Several nodes one after the other, all of one element type.
class Weaver {
 public:
  explicit Weaver(Draft& the_draft) : draft(the_draft), random(the_draft.random) {
    type = random.pick(std::vector{DataType::Float32, DataType::Float32, DataType::Float32, DataType::Float32,
                                   DataType::Float16, DataType::Float64});
  }

  Draft& draft;
  Random& random;
  DataType type;

  std::string constant(Tensor tensor) {
    return draft.items[draft.add({"", std::move(tensor), Item::Origin::Initializer, true})].name;
  }
  std::string number(double value) { return constant(tensor_from(type, {}, std::vector<double>{value})); }
  std::string weights(const Dims& dims, Fill fill = Fill::Ordinary) {
    return constant(random_tensor(random, type, dims, fill));
  }
  std::string integers(const Integers& values) {
    return constant(Tensor::of({static_cast<std::int64_t>(values.size())}, values));
  }
  /// A value of that rank that the draft has, or a new input.
  std::string value(int rank) {
    std::vector<std::string> names;
    for (const auto& item : draft.items)
      if (item.is_tensor() && item.tensor().type() == type && item.tensor().rank() == rank &&
          item.tensor().size() > 0 && item.tensor().size() < 2000 && is_finite(item.tensor()))
        names.push_back(item.name);
    if (!names.empty() && random.chance(0.6)) return random.pick(names);
    Dims dims;
    for (int i = 0; i < rank; ++i)
      dims.push_back(random.chance(0.1) ? random.between(8, 40) : random.between(1, 7));
    return input(dims);
  }
  std::string input(const Dims& dims) {
    const auto origin = draft.depth > 0 ? Item::Origin::Initializer : Item::Origin::Input;
    return draft.items[draft.add({"", random_tensor(random, type, dims, Fill::Ordinary), origin, true})].name;
  }
  const Dims& dims(const std::string& name) const { return draft.find(name).tensor().dims(); }

  std::string make(const std::string& op_type, std::vector<std::string> inputs, Attributes attributes = {}) {
    Node node;
    node.op_type = op_type;
    node.inputs = std::move(inputs);
    node.attributes = std::move(attributes);
    node.outputs = {draft.fresh_name()};
    const std::string name = node.outputs[0];
    draft.add_node(std::move(node));
    return name;
  }

 private:
  static bool is_finite(const Tensor& tensor) {
    for (const double element : values_as<double>(tensor))
      if (!(element - element == 0)) return false;
    return true;
  }
};

std::string activated(Weaver& weave, const std::string& x) {
  switch (weave.random.below(8)) {
    case 0:
      return weave.make("Relu", {x});
    case 1:
      return weave.make("Sigmoid", {x});
    case 2:
      return weave.make("Tanh", {x});
    case 3:
      return weave.make("LeakyRelu", {x}, {attribute("alpha", 0.1f)});
    case 4:
      return weave.make("Mul", {x, weave.make("Sigmoid", {x})});
    case 5:
      if (weave.draft.opset >= 11) return weave.make("Clip", {x, weave.number(-0.5), weave.number(1)});
      return weave.make("Elu", {x});
    default:
      return x;
  }
}

/// The value plus another of its sizes, or plus numbers for each place of its last axis.
std::string with_rest(Weaver& weave, const std::string& x) {
  if (weave.random.chance(0.4)) return x;
  const Dims dims = weave.dims(x);
  const std::string rest =
      weave.random.chance(0.5) || dims.empty() ? weave.input(dims) : weave.weights({dims.back()});
  return weave.random.chance(0.5) ? weave.make("Add", {x, rest}) : weave.make("Add", {rest, x});
}

struct Filters {
  Dims dims;
  Attributes attributes;
};

Filters random_filters(Weaver& weave, const Dims& image) {
  const std::int64_t channels = image[1], group = weave.random.chance(0.3) ? channels : 1;
  const std::int64_t count = group * weave.random.between(1, group > 1 ? 2 : 9);
  const std::int64_t height = weave.random.between(1, std::min<std::int64_t>(3, image[2])),
                     width = weave.random.between(1, std::min<std::int64_t>(3, image[3]));
  const std::int64_t pad = weave.random.below(std::min(height, width)), stride = weave.random.between(1, 2);
  return {{count, channels / group, height, width},
          {attribute("group", group), attribute("pads", Integers{pad, pad, pad, pad}),
           attribute("strides", Integers{stride, stride})}};
}

/// Conv, BatchNormalization, a rest, an activation.
void convolution(Weaver& weave) {
  const std::string x = weave.value(4);
  const Filters filters = random_filters(weave, weave.dims(x));
  const std::int64_t count = filters.dims[0];
  std::vector<std::string> inputs = {x, weave.weights(filters.dims)};
  if (weave.random.chance(0.5)) inputs.push_back(weave.weights({count}));
  std::string y = weave.make("Conv", inputs, filters.attributes);
  if (weave.random.chance(0.6))
    y = weave.make("BatchNormalization", {y, weave.weights({count}), weave.weights({count}),
                                          weave.weights({count}), weave.weights({count}, Fill::Positive)});
  if (weave.random.chance(0.3)) y = weave.make("Mul", {y, weave.weights({count, 1, 1})});
  if (weave.random.chance(0.3)) y = weave.make("Add", {y, weave.weights({1, count, 1, 1})});
  if (weave.random.chance(0.3)) y = activated(weave, y);
  activated(weave, with_rest(weave, y));
}

/// MatMul or Gemm, bias, a rest, an activation.
void product(Weaver& weave) {
  const std::string x = weave.value(weave.random.chance(0.5) ? 2 : 3);
  const std::int64_t inner = weave.dims(x).back(), columns = weave.random.between(1, 20);
  std::string y;
  if (weave.dims(x).size() == 2 && weave.random.chance(0.5))
    y = weave.make("Gemm", {x, weave.weights({columns, inner}), weave.weights({columns})},
                   {attribute("transB", std::int64_t{1})});
  else
    y = weave.make("MatMul", {x, weave.weights({inner, columns})});
  if (weave.random.chance(0.4)) y = weave.make("Add", {y, weave.weights({columns})});
  activated(weave, with_rest(weave, y));
}

// --- quantized ---

/// QuantizeLinear's or DequantizeLinear's scale and zero point, one for all or one for each of `count`.
std::vector<std::string> steps(Weaver& weave, DataType type, std::int64_t count) {
  const Dims dims = count > 0 ? Dims{count} : Dims{};
  std::vector<double> scales;
  for (std::int64_t i = element_count(dims); i > 0; --i)
    scales.push_back(weave.random.between_reals(0.02, 0.2));
  const Tensor zeros =
      count > 0 ? Tensor(type, dims) : random_tensor(weave.random, type, dims, Fill::Ordinary);
  return {weave.constant(tensor_from(DataType::Float32, dims, scales)),
          weave.constant(
              count > 0 ? tensor_from(type, dims, std::vector<double>(static_cast<std::size_t>(count), 0))
                        : zeros)};
}

DataType byte_type(Weaver& weave) { return weave.random.chance(0.5) ? DataType::Int8 : DataType::UInt8; }

std::string quantized(Weaver& weave, const std::string& x) {
  const auto step = steps(weave, byte_type(weave), 0);
  return weave.make("QuantizeLinear", {x, step[0], step[1]});
}

std::string there_and_back(Weaver& weave, const std::string& x) {
  const auto step = steps(weave, byte_type(weave), 0);
  return weave.make("DequantizeLinear",
                    {weave.make("QuantizeLinear", {x, step[0], step[1]}), step[0], step[1]});
}

std::string stored_weights(Weaver& weave, const Dims& dims, std::int64_t axis) {
  const DataType type = weave.random.chance(0.8) ? DataType::Int8 : DataType::UInt8;
  const std::string bytes = weave.constant(random_tensor(weave.random, type, dims, Fill::Edges));
  const bool by_channel = weave.draft.opset >= 13 && type == DataType::Int8 && weave.random.chance(0.6);
  const auto step = steps(weave, type, by_channel ? dims[static_cast<std::size_t>(axis)] : 0);
  Attributes attributes;
  if (by_channel) attributes = {attribute("axis", axis)};
  return weave.make("DequantizeLinear", {bytes, step[0], step[1]}, attributes);
}

void require_quantization(Weaver& weave) {
  weave.type = DataType::Float32;
  if (weave.draft.opset < 10) throw Unsuitable();
}

std::string maybe_quantized(Weaver& weave, const std::string& y) {
  if (weave.random.chance(0.3)) return y;
  return weave.random.chance(0.5) ? quantized(weave, y) : there_and_back(weave, y);
}

void quantized_convolution(Weaver& weave) {
  require_quantization(weave);
  const bool is_large = weave.random.chance(0.3);  // engines keep only large weights in 8 bits
  const std::string x = is_large ? weave.input({1, 16, 5, 6}) : weave.value(4);
  Filters filters = random_filters(weave, weave.dims(x));
  if (is_large) filters.dims[0] = 64 + 16 * weave.random.below(2);
  std::vector<std::string> inputs = {there_and_back(weave, x), stored_weights(weave, filters.dims, 0)};
  if (weave.random.chance(0.5)) inputs.push_back(weave.weights({filters.dims[0]}));
  std::string y = weave.make("Conv", inputs, filters.attributes);
  if (weave.random.chance(0.5)) y = activated(weave, y);
  maybe_quantized(weave, y);
}

void quantized_product(Weaver& weave) {
  require_quantization(weave);
  const bool is_large = weave.random.chance(0.3);
  const std::string x = is_large ? weave.input({weave.random.between(1, 9), 48})
                                 : weave.value(weave.random.chance(0.5) ? 2 : 3);
  const std::int64_t inner = weave.dims(x).back(), columns = is_large ? 33 : weave.random.between(1, 9);
  std::string y;
  if (weave.dims(x).size() == 2 && weave.random.chance(0.5))
    y = weave.make(
        "Gemm",
        {there_and_back(weave, x), stored_weights(weave, {columns, inner}, 0), weave.weights({columns})},
        {attribute("transB", std::int64_t{1})});
  else
    y = weave.make("MatMul", {there_and_back(weave, x), stored_weights(weave, {inner, columns}, 1)});
  if (weave.random.chance(0.4)) y = activated(weave, y);
  maybe_quantized(weave, y);
}

// --- spelled out by exporters ---

std::string along_axis(Weaver& weave, const char* reduction, const std::string& x, std::int64_t axis) {
  const int axes_are_input = std::string_view(reduction) == "ReduceSum" ? 13 : 18;
  if (weave.draft.opset < axes_are_input)
    return weave.make(reduction, {x}, {attribute("axes", Integers{axis})});
  return weave.make(reduction, {x, weave.integers({axis})});
}

std::string square(Weaver& weave, const std::string& x) {
  return weave.random.chance(0.5) ? weave.make("Pow", {x, weave.number(2)}) : weave.make("Mul", {x, x});
}

/// The factors multiplied in some order.
std::string product_of(Weaver& weave, std::vector<std::string> factors) {
  weave.random.shuffle(factors);
  std::string y = factors[0];
  for (std::size_t i = 1; i < factors.size(); ++i)
    y = weave.random.chance(0.5) ? weave.make("Mul", {y, factors[i]}) : weave.make("Mul", {factors[i], y});
  return y;
}

/// x/√(mean(x²) + epsilon) of rows, perhaps scaled and moved.
std::string over_root_mean_square(Weaver& weave, const std::string& x) {
  const std::string mean = along_axis(weave, "ReduceMean", square(weave, x), -1);
  const std::string root = weave.make("Sqrt", {weave.make("Add", {mean, weave.number(0.01)})});
  std::string y = weave.random.chance(0.5) ? weave.make("Div", {x, root})
                                           : weave.make("Mul", {x, weave.make("Reciprocal", {root})});
  if (weave.random.chance(0.8)) y = weave.make("Mul", {y, weave.weights({weave.dims(x).back()})});
  return y;
}

void layer_normalization(Weaver& weave) {
  if (weave.draft.opset < 11) throw Unsuitable();
  const std::string x = weave.value(static_cast<int>(weave.random.between(2, 4)));
  const std::string centred = weave.make("Sub", {x, along_axis(weave, "ReduceMean", x, -1)});
  const std::string y = over_root_mean_square(weave, centred);
  if (weave.random.chance(0.8)) weave.make("Add", {y, weave.weights({weave.dims(x).back()})});
}

void root_mean_square(Weaver& weave) {
  if (weave.draft.opset < 11) throw Unsuitable();
  over_root_mean_square(weave, weave.value(static_cast<int>(weave.random.between(2, 4))));
}

void group_normalization(Weaver& weave) {
  if (weave.draft.opset < 6) throw Unsuitable();
  const std::string x = weave.input({weave.random.between(1, 2), 4, weave.random.between(1, 4), 3});
  const std::string groups = weave.make("Reshape", {x, weave.integers({0, 2, -1})});
  const std::string normalized =
      weave.make("InstanceNormalization", {groups, weave.weights({2}), weave.weights({2})});
  std::string y = weave.make("Reshape", {normalized, weave.integers(weave.dims(x))});
  if (weave.random.chance(0.8)) y = weave.make("Mul", {y, weave.weights({4, 1, 1})});
  if (weave.random.chance(0.8)) weave.make("Add", {y, weave.weights({4, 1, 1})});
}

void softmax(Weaver& weave) {
  if (weave.draft.opset < 11) throw Unsuitable();
  std::string x = weave.value(static_cast<int>(weave.random.between(1, 4)));
  const std::int64_t axis = weave.random.chance(0.7) ? -1 : 0;
  if (weave.random.chance(0.6)) x = weave.make("Sub", {x, along_axis(weave, "ReduceMax", x, axis)});
  const std::string powers = weave.make("Exp", {x}), sum = along_axis(weave, "ReduceSum", powers, axis);
  if (weave.random.chance(0.7))
    weave.make("Div", {powers, sum});
  else
    weave.make("Sub", {x, weave.make("Log", {sum})});
}

void gelu(Weaver& weave) {
  if (weave.draft.opset < 9) throw Unsuitable();
  const std::string x = weave.value(static_cast<int>(weave.random.between(1, 4)));
  std::string bent;
  if (weave.random.chance(0.6)) {
    bent = weave.make("Erf", {weave.make("Div", {x, weave.number(1.4142135381698608)})});
  } else {
    const std::string cube = product_of(weave, {x, x, x, weave.number(0.044715)});
    const std::string sum = weave.make("Add", {x, cube});
    bent = weave.make("Tanh", {weave.make("Mul", {sum, weave.number(0.7978845608)})});
  }
  product_of(weave, {x, weave.number(0.5), weave.make("Add", {bent, weave.number(1)})});
}

void hard_swish(Weaver& weave) {
  if (weave.draft.opset < 11) throw Unsuitable();
  const std::string x = weave.value(4);
  const std::string gate =
      weave.make("Clip", {weave.make("Add", {x, weave.number(3)}), weave.number(0), weave.number(6)});
  weave.make("Div", {weave.make("Mul", {x, gate}), weave.number(6)});
}

void smooth(Weaver& weave) {
  if (weave.draft.opset < 7) throw Unsuitable();
  const std::string x = weave.value(static_cast<int>(weave.random.between(1, 4)));
  const std::string gate =
      weave.random.chance(0.5)
          ? weave.make("Tanh", {weave.make("Softplus", {x})})
          : weave.make("Sigmoid",
                       {weave.random.chance(0.5) ? weave.make("Mul", {x, weave.number(1.702)}) : x});
  product_of(weave, {x, gate});
}

/// Two or three of Relu, Clip, Max and Min one after the other.
void limited(Weaver& weave) {
  if (weave.draft.opset < 11) throw Unsuitable();
  std::string y = weave.value(static_cast<int>(weave.random.between(1, 4)));
  for (std::int64_t steps = weave.random.between(2, 3); steps > 0; --steps) switch (weave.random.below(4)) {
      case 0:
        y = weave.make("Relu", {y});
        break;
      case 1:
        y = weave.make("Clip", {y, weave.number(-0.5), weave.number(weave.random.between_reals(-0.6, 1))});
        break;
      case 2:
        y = weave.make("Max", {weave.number(-0.25), y});
        break;
      default:
        y = weave.make("Min", {y, weave.number(0.75)});
    }
}

void mean_of_space(Weaver& weave) {
  const std::string x = weave.value(4);
  const char* reduction = weave.random.chance(0.7) ? "ReduceMean" : "ReduceMax";
  if (weave.draft.opset < 18)
    weave.make(reduction, {x}, {attribute("axes", Integers{2, 3})});
  else
    weave.make(reduction, {x, weave.integers({-2, -1})});
}

/// Blocks of 2 × 2 pixels into channels, or channels into blocks.
void moved_blocks(Weaver& weave) {
  const std::int64_t batch = weave.random.between(1, 2), channels = weave.random.between(1, 3),
                     height = weave.random.between(1, 3), width = weave.random.between(1, 3);
  const bool to_depth = weave.random.chance(0.4), by_rows = weave.random.chance(0.5);
  const std::string x = to_depth ? weave.input({batch, channels, 2 * height, 2 * width})
                                 : weave.input({batch, 4 * channels, height, width});
  Integers parts = {batch, 2, 2, channels, height, width}, perm = {0, 3, 4, 1, 5, 2};
  Dims result = {batch, channels, 2 * height, 2 * width};
  if (to_depth) {
    parts = {batch, channels, height, 2, width, 2}, perm = {0, 3, 5, 1, 2, 4};
    result = {batch, 4 * channels, height, width};
  } else if (by_rows) {
    parts = {batch, channels, 2, 2, height, width}, perm = {0, 1, 4, 2, 5, 3};
  }
  const std::string moved =
      weave.make("Transpose", {weave.make("Reshape", {x, weave.integers(parts)})}, {attribute("perm", perm)});
  weave.make("Reshape", {moved, weave.integers(result)});
}

/// Every second row and column from each place, joined in some order.
void every_second_pixel(Weaver& weave) {
  if (weave.draft.opset < 10) throw Unsuitable();
  const std::string x = weave.input({1, weave.random.between(1, 3), 4, 2 * weave.random.between(1, 3)});
  std::vector<std::string> parts;
  for (const std::int64_t row : {0, 1})
    for (const std::int64_t column : {0, 1})
      parts.push_back(weave.make("Slice", {x, weave.integers({row, column}), weave.integers({1000, 1000}),
                                           weave.integers({2, 3}), weave.integers({2, 2})}));
  if (weave.random.chance(0.5)) weave.random.shuffle(parts);
  weave.make("Concat", parts, {attribute("axis", std::int64_t{1})});
}

/// x·cos + Concat(−x₂, x₁)·sin
void rotary_embedding(Weaver& weave) {
  if (weave.draft.opset < 13) throw Unsuitable();
  const std::int64_t batch = weave.random.between(1, 2), length = weave.random.between(1, 5),
                     half = weave.random.between(1, 4);
  const std::string x = weave.input({batch, weave.random.between(1, 3), length, 2 * half});
  const std::string angles = weave.input({weave.random.chance(0.5) ? batch : 1, 1, length, half});
  const auto last = [](std::int64_t axis) { return std::vector{attribute("axis", axis)}; };
  const std::string all = weave.make("Concat", {angles, angles}, last(-1));
  const auto part = [&](std::int64_t begin) {
    return weave.make("Slice",
                      {x, weave.integers({begin}), weave.integers({begin + half}), weave.integers({3})});
  };
  const std::string turned = weave.make("Concat", {weave.make("Neg", {part(half)}), part(0)}, last(3));
  weave.make("Add", {weave.make("Mul", {x, weave.make("Cos", {all})}),
                     weave.make("Mul", {turned, weave.make("Sin", {all})})});
}

void attention(Weaver& weave) {
  if (weave.draft.opset < 13) throw Unsuitable();
  const std::int64_t batch = weave.random.between(1, 2), heads = weave.random.between(1, 3),
                     length = weave.random.between(1, 6), size = weave.random.between(1, 8);
  const std::string x = weave.input({batch, length, heads * size});
  const auto split = [&](const Integers& order) {
    const std::string projected = weave.make("MatMul", {x, weave.weights({heads * size, heads * size})});
    const std::string parts = weave.make("Reshape", {projected, weave.integers({0, -1, heads, size})});
    return weave.make("Transpose", {parts}, {attribute("perm", order)});
  };
  const std::string query = split({0, 2, 1, 3}), key = split({0, 2, 3, 1}), value = split({0, 2, 1, 3});
  std::string scores = weave.make("MatMul", {query, key});
  scores = weave.random.chance(0.5) ? weave.make("Div", {scores, weave.number(2)})
                                    : weave.make("Mul", {scores, weave.number(0.5)});
  if (weave.random.chance(0.6))
    scores = weave.make("Add", {scores, weave.weights({weave.random.chance(0.5) ? length : 1, length})});
  const std::string shares = weave.make("Softmax", {scores}, {attribute("axis", std::int64_t{-1})});
  const std::string mixed = weave.make("Transpose", {weave.make("MatMul", {shares, value})},
                                       {attribute("perm", Integers{0, 2, 1, 3})});
  weave.make("Reshape", {mixed, weave.integers({batch, length, heads * size})});
}

/// Sizes that are read from the value itself.
void reshaped_by_shape(Weaver& weave) {
  if (weave.draft.opset < 13) throw Unsuitable();
  const std::string x = weave.value(3);
  const std::string rows =
      weave.make("Gather", {weave.make("Shape", {x}), weave.constant(Tensor::scalar(std::int64_t{0}))});
  const std::string sizes =
      weave.make("Concat", {weave.make("Unsqueeze", {rows, weave.integers({0})}), weave.integers({-1})},
                 {attribute("axis", std::int64_t{0})});
  const std::string flat = weave.make("Reshape", {x, sizes});
  weave.make("Softmax", {flat}, {attribute("axis", std::int64_t{-1})});
}

}  // namespace

void add_pattern(Draft& draft) {
  static const std::vector<void (*)(Weaver&)> patterns = {convolution,
                                                          product,
                                                          quantized_convolution,
                                                          quantized_product,
                                                          quantized_convolution,
                                                          quantized_product,
                                                          gelu,
                                                          layer_normalization,
                                                          hard_swish,
                                                          attention,
                                                          reshaped_by_shape,
                                                          product,
                                                          root_mean_square,
                                                          group_normalization,
                                                          softmax,
                                                          smooth,
                                                          limited,
                                                          mean_of_space,
                                                          moved_blocks,
                                                          every_second_pixel,
                                                          rotary_embedding,
                                                          attention};
  if (draft.opset < 9) return;
  Weaver weave(draft);
  try {
    draft.random.pick(patterns)(weave);
  } catch (const Unsuitable&) {
    return;
  } catch (const Error&) {
    return;  // the nodes before the refused one stay
  }
}

}  // namespace lapidary::differential
