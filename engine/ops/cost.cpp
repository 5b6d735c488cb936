#include "engine/ops/cost.h"

namespace lapidary {

CostFunction no_arithmetic() {
  return [](const CostContext&) -> std::optional<Cost> { return Cost{}; };
}

CostFunction per_element(double flops) {
  return [flops](const CostContext& context) -> std::optional<Cost> {
    const auto elements = context.output_elements();
    if (!elements) return std::nullopt;
    return Cost{0, flops * *elements};
  };
}

CostFunction per_input_element(double flops) {
  return [flops](const CostContext& context) -> std::optional<Cost> {
    const auto dims = context.input_dims(0);
    if (!dims) return std::nullopt;
    return Cost{0, flops * static_cast<double>(element_count(*dims))};
  };
}

CostFunction unknown_cost() {
  return [](const CostContext&) -> std::optional<Cost> { return std::nullopt; };
}

}  // namespace lapidary
