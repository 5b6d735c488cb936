#include <map>

#include "engine/ops/microsoft/expansion_body.h"

// Operators on quantized tensors in the standard's terms: products of 8-bit integers, and DequantizeLinear
// and QuantizeLinear around what is done with the numbers.
namespace lapidary::microsoft {
namespace {

using Body = ExpansionBody;

bool is_8_bit(DataType type) { return type == DataType::Int8 || type == DataType::UInt8; }

bool are_8_bit(const Body& body, std::initializer_list<std::size_t> inputs) {
  return std::all_of(inputs.begin(), inputs.end(), [&](std::size_t i) { return is_8_bit(body.element(i)); });
}
bool are_float(const Body& body, std::initializer_list<std::size_t> inputs) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [&](std::size_t i) { return body.element(i) == DataType::Float32; });
}

std::string with_sum(Body& body, const std::string& x, const std::string& added) {
  return added.empty() ? x : body.add("Add", {x, added});
}

/// Sums of 8-bit products as numbers: scaled by both scales, with the bias added.
std::string scaled(Body& body, const std::string& sums, const std::string& a_scale,
                   const std::string& b_scale, const std::string& bias) {
  const std::string numbers =
      body.add("Cast", {sums}, {{"to", static_cast<std::int64_t>(DataType::Float32)}});
  return with_sum(body, body.add("Mul", {numbers, body.add("Mul", {a_scale, b_scale})}), bias);
}

/// The numbers of input `index`, whose scale and zero point are the next two.
std::string dequantized(Body& body, std::size_t index) {
  return body.add("DequantizeLinear", {body.input(index), body.input(index + 1), body.input(index + 2)});
}

/// y with the scale at input `scale` and the zero point behind it, or 0 in `element`.
std::string quantized(Body& body, const std::string& y, std::size_t scale, DataType element) {
  const std::string zero = body.input(scale + 1);
  return body.add("QuantizeLinear", {y, body.input(scale), zero.empty() ? body.scalar(0, element) : zero});
}

// --- products ---

GraphPointer expand_dynamic_matmul(Body& body) {
  if (!are_float(body, {0, 2}) || !are_8_bit(body, {1})) return nullptr;
  const auto a = body.add_all("DynamicQuantizeLinear", {body.input(0)}, {}, 3);
  const std::string sums = body.add("MatMulInteger", {a[0], body.input(1), a[2], body.input(3)});
  return body.finish({scaled(body, sums, a[1], body.input(2), body.input(4))});
}

GraphPointer expand_integer_matmul(Body& body) {
  if (!are_8_bit(body, {0, 1}) || !are_float(body, {2, 3})) return nullptr;
  const std::string sums =
      body.add("MatMulInteger", {body.input(0), body.input(1), body.input(4), body.input(5)});
  return body.finish({scaled(body, sums, body.input(2), body.input(3), body.input(6))});
}

/// A matrix of QGemm, the way round that the product needs.
std::string matrix(Body& body, std::size_t index, const char* transposing) {
  if (body.node().attribute_or(transposing, std::int64_t{0}) == 0) return body.input(index);
  return body.add("Transpose", {body.input(index)}, {{"perm", std::vector<std::int64_t>{1, 0}}});
}

GraphPointer expand_gemm(Body& body) {
  if (!are_8_bit(body, {0, 3}) || !are_float(body, {1, 4}) || !body.dims(0, 2) || !body.dims(3, 2))
    return nullptr;
  const std::string sums =
      with_sum(body,
               body.add("MatMulInteger",
                        {matrix(body, 0, "transA"), matrix(body, 3, "transB"), body.input(2), body.input(5)}),
               body.input(6));
  const auto alpha = static_cast<double>(body.node().attribute_or("alpha", 1.0f));
  const std::string b_scale =
      alpha == 1 ? body.input(4) : body.add("Mul", {body.input(4), body.scalar(alpha, DataType::Float32)});
  const std::string y = scaled(body, sums, body.input(1), b_scale, "");
  return body.finish({body.input(7).empty() ? y : quantized(body, y, 7, DataType::UInt8)});
}

GraphPointer expand_attention(Body& body) {
  if (!are_8_bit(body, {0, 1}) || !are_float(body, {2, 3, 4}) || body.has_any({8})) return nullptr;
  const std::string sums =
      body.add("MatMulInteger", {body.input(0), body.input(1), body.input(6), body.input(7)});
  const std::string projection = scaled(body, sums, body.input(3), body.input(4), body.input(2));
  return expand_projected_attention(body, projection, 5, no_input, DataType::Float32);
}

// --- windows, in either layout ---

/// The order of axes that takes channels from the last place to the second, or back; empty where the rank is
/// not known.
std::vector<std::int64_t> channel_order(const Body& body, bool back) {
  std::vector<std::int64_t> order;
  if (!body.type(0).shape || body.type(0).shape->size() < 3) return order;
  const auto last = static_cast<std::int64_t>(body.type(0).shape->size()) - 1;
  for (std::int64_t axis = 0; axis <= last; ++axis) order.push_back(axis);
  const auto second = order.begin() + 1;
  std::rotate(second, back ? second + 1 : order.end() - 1, order.end());
  return order;
}

/// What `window` makes of input 0 with channels first, in the layout of input 0.
template <class Make>
GraphPointer in_given_layout(Body& body, Make window) {
  if (body.node().attribute_or("channels_last", std::int64_t{0}) == 0)
    return body.finish({window(body.input(0))});
  const auto first = channel_order(body, false), last = channel_order(body, true);
  if (first.empty()) return nullptr;
  const std::string y = window(body.add("Transpose", {body.input(0)}, {{"perm", first}}));
  return body.finish({body.add("Transpose", {y}, {{"perm", last}})});
}

GraphPointer expand_convolution(Body& body) {
  if (!are_8_bit(body, {0, 2, 3, 5, 7}) || !are_float(body, {1, 4, 6})) return nullptr;
  return in_given_layout(body, [&](const std::string& x) {
    std::vector<std::string> inputs{x};
    for (std::size_t index = 1; index < 9; ++index) inputs.push_back(body.input(index));
    return body.add(
        "QLinearConv", inputs,
        attributes_of(body.node(), {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}));
  });
}

GraphPointer expand_pooling(Body& body) {
  const bool is_global = body.node().op_type == "QLinearGlobalAveragePool";
  if (!are_8_bit(body, {0}) || !are_float(body, {1, 3})) return nullptr;
  return in_given_layout(body, [&](const std::string& x) {
    const std::string numbers = body.add("DequantizeLinear", {x, body.input(1), body.input(2)});
    const std::string y =
        is_global ? body.add("GlobalAveragePool", {numbers})
                  : body.add("AveragePool", {numbers},
                             attributes_of(body.node(), {"auto_pad", "ceil_mode", "count_include_pad",
                                                         "dilations", "kernel_shape", "pads", "strides"}));
    return quantized(body, y, 3, body.element(0));
  });
}

// --- operators on numbers ---

GraphPointer expand_binary(Body& body) {
  if (!are_8_bit(body, {0, 3}) || !are_float(body, {1, 4, 6})) return nullptr;
  const char* const op = body.node().op_type == "QLinearAdd" ? "Add" : "Mul";
  const std::string y = body.add(op, {dequantized(body, 0), dequantized(body, 3)});
  return body.finish({quantized(body, y, 6, body.element(0))});
}

/// `op_type` between DequantizeLinear and QuantizeLinear.
GraphPointer expand_unary(Body& body, const char* op_type, std::initializer_list<std::string> attributes) {
  if (!are_8_bit(body, {0}) || !are_float(body, {1, 3})) return nullptr;
  const std::string y =
      body.add(op_type, {dequantized(body, 0)}, attributes_of(body.node(), std::vector(attributes)));
  return body.finish({quantized(body, y, 3, body.element(0))});
}

GraphPointer expand_sigmoid(Body& body) { return expand_unary(body, "Sigmoid", {}); }
GraphPointer expand_leaky_relu(Body& body) { return expand_unary(body, "LeakyRelu", {"alpha"}); }
/// Older operator sets normalize several axes together.
GraphPointer expand_softmax(Body& body) {
  return body.node().attribute_or("opset", std::int64_t{0}) < 13 ? nullptr
                                                                 : expand_unary(body, "Softmax", {"axis"});
}

GraphPointer expand_where(Body& body) {
  if (!are_8_bit(body, {1, 4}) || !are_float(body, {2, 5, 7})) return nullptr;
  const std::string y = body.add("Where", {body.input(0), dequantized(body, 1), dequantized(body, 4)});
  return body.finish({quantized(body, y, 7, body.element(1))});
}

GraphPointer expand_concatenation(Body& body) {
  const std::size_t count = body.node().inputs.size();
  if (count < 5 || count % 3 != 2 || !are_float(body, {0}) || !are_8_bit(body, {1})) return nullptr;
  std::vector<std::string> parts;
  for (std::size_t index = 2; index < count; index += 3) {
    if (!are_8_bit(body, {index}) || !are_float(body, {index + 1})) return nullptr;
    parts.push_back(dequantized(body, index));
  }
  const std::string y = body.add("Concat", parts, attributes_of(body.node(), {"axis"}));
  return body.finish({quantized(body, y, 0, body.element(1))});
}

}  // namespace

GraphPointer expand_quantized(ExpansionBody& body) {
  static const std::map<std::string, GraphPointer (*)(Body&)> expansions{
      {"DynamicQuantizeMatMul", expand_dynamic_matmul},
      {"MatMulIntegerToFloat", expand_integer_matmul},
      {"QAttention", expand_attention},
      {"QGemm", expand_gemm},
      {"QLinearAdd", expand_binary},
      {"QLinearAveragePool", expand_pooling},
      {"QLinearConcat", expand_concatenation},
      {"QLinearConv", expand_convolution},
      {"QLinearGlobalAveragePool", expand_pooling},
      {"QLinearLeakyRelu", expand_leaky_relu},
      {"QLinearMul", expand_binary},
      {"QLinearSigmoid", expand_sigmoid},
      {"QLinearSoftmax", expand_softmax},
      {"QLinearWhere", expand_where},
  };
  const auto found = expansions.find(body.node().op_type);
  return found == expansions.end() ? nullptr : found->second(body);
}

}  // namespace lapidary::microsoft
