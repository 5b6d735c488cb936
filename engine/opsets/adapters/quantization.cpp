#include "engine/ops/cast.h"
#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

/// True if one scale serves all elements, so that it does not matter along which axis.
bool has_one_scale(const NodeRewrite& rewrite) {
  const auto shape = rewrite.shape(rewrite.input(1));
  return shape && element_count(*shape).value_or(0) == 1;
}

void lower_axis_13(NodeRewrite& rewrite) {
  if (!has_one_scale(rewrite)) rewrite.refuse("scales along an axis came with operator set 13");
  rewrite.remove("axis");
}

void lower_quantize_19(NodeRewrite& rewrite) {
  rewrite.remove("saturate");
}  // of float8 only, which are refused

/// The type that an attribute names can be said by a zero point of zero.
void lower_output_type_21(NodeRewrite& rewrite) {
  const auto type = data_type_from_number(rewrite.integer("output_dtype", 0));
  rewrite.remove("output_dtype");
  if (rewrite.has_input(2) || type == DataType::Undefined || type == DataType::UInt8) return;
  const auto shape = rewrite.shape(rewrite.input(1));
  const auto dims = shape ? constant_dims(*shape) : std::nullopt;
  if (!dims) rewrite.refuse("the sizes of its scale are not known");
  const std::vector<double> zeros(static_cast<std::size_t>(element_count(*dims)), 0);
  rewrite.set_input(2, rewrite.add(tensor_from(type, *dims, zeros), "zero_point"));
}

}  // namespace

std::vector<Adapter> quantization_adapters() {
  return {
      {"QuantizeLinear", 13, nullptr, lower_axis_13},
      {"DequantizeLinear", 13, nullptr, lower_axis_13},
      {"QuantizeLinear", 19, nullptr, lower_quantize_19},
      {"QuantizeLinear", 21, nullptr, lower_output_type_21},
  };
}

}  // namespace lapidary
