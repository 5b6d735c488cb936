#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// Anything but powers of two: halves, which engines round before or after they add the zero point, are rare
/// then.
void scale(Call& call, const Dims& dims = {}) {
  std::vector<double> values;
  for (std::int64_t i = element_count(dims); i > 0; --i) values.push_back(call.random.between_reals(0.1, 1));
  const std::size_t slot = call.node.inputs.size();
  call.given(tensor_from(call.input_type(slot), dims, values), 0.9);
}

void zero_point(Call& call, const Dims& dims = {}) { call.sized(dims, Fill::Ordinary); }

void scale_and_zero(Call& call) {
  scale(call);
  zero_point(call);
}

Dims few_sizes(Call& call, int minimum_rank, int maximum_rank) {
  Dims dims = random_dims(call.random, minimum_rank, maximum_rank);
  if (element_count(dims) == 0) throw Unsuitable();
  return dims;
}

void two_operands(Call& call) {
  const Dims dims = few_sizes(call, 0, 4);
  call.sized(dims, Fill::Ordinary);
  scale_and_zero(call);
  call.sized(call.random.chance(0.5) ? broadcastable(call.random, dims) : dims, Fill::Ordinary);
  scale_and_zero(call);
  scale_and_zero(call);
}

void one_operand(Call& call) {
  call.sized(few_sizes(call, 1, 4), Fill::Ordinary);
  scale_and_zero(call);
  scale_and_zero(call);
  call.number("alpha", 0.01, 0.5);
}

void choice(Call& call) {
  const Dims dims = few_sizes(call, 1, 3);
  call.sized(dims, Fill::Ordinary);
  for (int i = 0; i < 2; ++i) {
    call.sized(dims, Fill::Ordinary);
    scale_and_zero(call);
  }
  scale_and_zero(call);
}

void joined(Call& call) {
  const DataType type = call.type("T8");
  const auto byte = [&](const Dims& dims) {
    call.given(random_tensor(call.random, type, dims, Fill::Ordinary), 0.5);
  };
  const auto step = [&] { call.given(tensor_from(DataType::Float32, {}, std::vector<double>{0.25}), 0.9); };
  const Dims dims = few_sizes(call, 1, 3);
  step(), byte({});
  for (std::int64_t parts = call.random.between(1, 3); parts > 0; --parts) byte(dims), step(), byte({});
  call.set("axis", call.axis(static_cast<std::int64_t>(dims.size()), false));
}

void mean_of_axes(Call& call) {
  const Dims dims = few_sizes(call, 1, 4);
  call.sized(dims, Fill::Ordinary);
  scale_and_zero(call);
  scale_and_zero(call);
  call.set("axes", call.axes(static_cast<std::int64_t>(dims.size())));
  call.set("keepdims", call.random.below(2));
}

void mean_of_image(Call& call) {
  call.sized({call.random.between(1, 2), call.random.between(1, 5), call.random.between(1, 5),
              call.random.between(1, 5)},
             Fill::Ordinary);
  scale_and_zero(call);
  scale_and_zero(call);
  call.flag("channels_last");
}

void soft_max(Call& call) {
  const Dims dims = few_sizes(call, 1, 3);
  call.sized(dims, Fill::Ordinary);
  scale_and_zero(call);
  // The result's steps are whole parts of 1, and 1 itself does not go over the end.
  call.given(tensor_from(DataType::Float32, {}, std::vector<double>{1.0 / 128}), 0.9);
  const DataType type = call.input_type(0);
  call.given(tensor_from(type, {}, std::vector<double>{type == DataType::Int8 ? -128.0 : 0}), 0.5);
  call.set("opset", std::int64_t{13});
  call.set("axis", std::int64_t{-1});
}

void product_to_float(Call& call) {
  const std::int64_t inner = call.random.between(1, 9), columns = call.random.between(1, 6);
  const Dims by_column = call.random.chance(0.5) ? Dims{columns} : Dims{};
  Dims left = random_dims(call.random, 1, 3);
  left.push_back(inner);
  const bool dynamic = call.record.name == "DynamicQuantizeMatMul";
  call.sized(left, Fill::Ordinary);
  call.sized({inner, columns}, Fill::Ordinary);
  if (!dynamic) scale(call);
  scale(call, by_column);
  if (!dynamic) {
    if (call.random.chance(0.6))
      zero_point(call);
    else
      call.absent();
  }
  if (call.random.chance(0.6))
    zero_point(call, by_column);
  else
    call.absent();
  call.optional({columns});
}

void quantized_gemm(Call& call) {
  const bool turned_a = call.random.chance(0.3), turned_b = call.random.chance(0.3);
  const std::int64_t rows = call.random.between(1, 5), inner = call.random.between(1, 9),
                     columns = call.random.between(1, 5);
  call.sized(turned_a ? Dims{inner, rows} : Dims{rows, inner}, Fill::Ordinary);
  scale_and_zero(call);
  call.sized(turned_b ? Dims{columns, inner} : Dims{inner, columns}, Fill::Ordinary);
  scale_and_zero(call);
  call.optional({columns});
  if (call.random.chance(0.7)) scale_and_zero(call);
  if (turned_a) call.set("transA", std::int64_t{1});
  if (turned_b) call.set("transB", std::int64_t{1});
}

void product_of_16_bits(Call& call) {
  const std::int64_t inner = call.random.between(1, 9);
  call.sized({call.random.between(1, 5), inner}, Fill::Ordinary);
  call.sized({inner, call.random.between(1, 5)}, Fill::Ordinary);
}

void product_of_integers(Call& call) {
  const Dims dims = few_sizes(call, 1, 3);
  call.sized(dims, Fill::Ordinary);
  zero_point(call);
  call.sized(call.random.chance(0.5) ? Dims{} : dims, Fill::Ordinary);
  zero_point(call);
}

/// Bytes that hold any weights of 4 bits.
Tensor packed_weights(Call& call, const Dims& dims) {
  std::vector<double> bytes;
  for (std::int64_t i = element_count(dims); i > 0; --i)
    bytes.push_back(static_cast<double>(call.random.below(256)));
  return tensor_from(DataType::UInt8, dims, bytes);
}

void few_bits(Call& call) {
  const std::int64_t block = call.random.pick(std::vector<std::int64_t>{16, 32, 64}),
                     inner = call.random.between(1, 96), columns = call.random.between(1, 20);
  const std::int64_t blocks = (inner + block - 1) / block;
  const std::int64_t bits = call.random.chance(0.8) ? 4 : 8;
  Dims left = random_dims(call.random, 0, 2);
  left.push_back(inner);
  call.sized(left, Fill::Ordinary);
  call.given(packed_weights(call, {columns, blocks, block * bits / 8}), 1);
  call.given(random_tensor(call.random, call.input_type(0), {columns, blocks}, Fill::Positive), 1);
  if (call.random.chance(0.6)) {
    call.bind("T3", DataType::UInt8);
    call.given(packed_weights(call, {columns, (blocks * bits + 7) / 8}), 1);
  } else {
    call.absent();
  }
  call.absent();
  call.optional({columns});
  call.set("K", inner);
  call.set("N", columns);
  call.set("bits", bits);
  call.set("block_size", block);
}

void few_floating_bits(Call& call) {
  const std::int64_t inner = 16 * call.random.between(1, 4), columns = call.random.between(1, 6), block = 16;
  call.sized({call.random.between(1, 4), inner}, Fill::Ordinary);
  call.given(packed_weights(call, {columns * inner / 2}), 1);
  call.given(random_tensor(call.random, call.input_type(0), {columns * inner / block}, Fill::Positive), 1);
  call.set("K", inner);
  call.set("N", columns);
  call.set("block_size", block);
  call.set("quant_type", call.random.below(2));
}

}  // namespace

RecipeList quantized_microsoft_recipes() {
  return {{"com.microsoft.QLinearAdd", two_operands},
          {"com.microsoft.QLinearMul", two_operands},
          {"com.microsoft.QLinearSigmoid", one_operand},
          {"com.microsoft.QLinearLeakyRelu", one_operand},
          {"com.microsoft.QLinearWhere", choice},
          {"com.microsoft.QLinearConcat", joined},
          {"com.microsoft.QLinearReduceMean", mean_of_axes},
          {"com.microsoft.QLinearGlobalAveragePool", mean_of_image},
          {"com.microsoft.QLinearSoftmax", soft_max},
          {"com.microsoft.MatMulIntegerToFloat", product_to_float},
          {"com.microsoft.DynamicQuantizeMatMul", product_to_float},
          {"com.microsoft.QGemm", quantized_gemm},
          {"com.microsoft.MatMulInteger16", product_of_16_bits},
          {"com.microsoft.MulInteger", product_of_integers},
          {"com.microsoft.MatMulNBits", few_bits},
          {"com.microsoft.MatMulBnb4", few_floating_bits}};
}

}  // namespace lapidary::differential
