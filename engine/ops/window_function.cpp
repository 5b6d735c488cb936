#include <cmath>
#include <numbers>

#include "engine/ops/cast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// w[n] = constant − first·cos(2πn/N) + second·cos(4πn/N): the form of all three windows. N is the size of a
/// periodic window, and one less for a symmetric one.
struct CosineSum {
  double constant, first, second;
};
constexpr CosineSum hann{0.5, 0.5, 0};
constexpr CosineSum hamming{25.0 / 46.0, 21.0 / 46.0, 0};
constexpr CosineSum blackman{0.42, 0.5, 0.08};

DataType output_type(std::int64_t number) {
  const DataType type = data_type_from_number(number);
  return type == DataType::Undefined ? DataType::Float32 : type;
}

template <const CosineSum& window>
void make_window(KernelContext& context) {
  const auto sizes = context.integers(std::size_t{0});
  if (sizes.size() != 1 || sizes[0] < 0) throw Error("the size of a window must be one number, 0 or above");
  const std::int64_t size = sizes[0];
  const auto period = static_cast<double>(context.integer("periodic", 1) != 0 ? size : size - 1);
  const DataType type = context.made_type(output_type(context.integer("output_datatype", 1)));
  const Tensor sized(DataType::Float64, {size});  // refuses what cannot be had before it is computed
  std::vector<double> values;
  for (std::int64_t n = 0; n < size; ++n) {
    // A symmetric window of one element has period 0: its only point is the middle.
    const double angle =
        period > 0 ? 2 * std::numbers::pi * static_cast<double>(n) / period : std::numbers::pi;
    values.push_back(window.constant - window.first * std::cos(angle) + window.second * std::cos(2 * angle));
  }
  context.set_output(0, tensor_from(type, sized.dims(), values));
}

void infer_window(InferenceContext& context) {
  const auto size = known_values(context, 0);
  context.set_output(0, output_type(context.integer("output_datatype", 1)),
                     Shape{size && size->size() == 1 ? size->front() : Dimension::unknown()});
}

Operator window_operator(const char* name, const char* summary, KernelFunction kernel) {
  return Operator(name, 17, OperatorKind::Other)
      .summary(summary)
      .input("size", "T1", "Scalar: how many samples.")
      .output("output", "T2", "The window, [size].")
      .attribute("output_datatype", std::int64_t{1}, "Element type of the window, as TensorProto's number.")
      .attribute("periodic", std::int64_t{1}, "1 for a periodic window, 0 for a symmetric one.")
      .constraint("T1", types::tensors({"int32", "int64"}))
      .constraint("T2", types::numbers_and_bfloat16())
      .infer(infer_window)
      .kernel(kernel)
      .example("size = int64{4}")
      .cost(per_element(20));
}

}  // namespace

void register_window_function(OperatorTable& table) {
  table.add(window_operator("HannWindow", "The Hann window: ½ − ½cos(2πn/N).", make_window<hann>));
  table.add(window_operator("HammingWindow", "The Hamming window: 25/46 − 21/46·cos(2πn/N).",
                            make_window<hamming>));
  table.add(window_operator("BlackmanWindow", "The Blackman window: 0.42 − 0.5cos(2πn/N) + 0.08cos(4πn/N).",
                            make_window<blackman>));
}

}  // namespace lapidary
