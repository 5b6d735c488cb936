#include <cmath>

#include "engine/passes/all_passes.h"
#include "engine/passes/clip_bounds.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

Replacement hard_sigmoid(const std::string& x) {
  return {"HardSigmoid", {x}, {make_attribute("alpha", 1.0f / 6), make_attribute("beta", 0.5f)}};
}

/// The default of alpha is 0.2.
bool rises_by_a_sixth(const GraphRewriter&, const Node& node) {
  return std::abs(node.attribute_or("alpha", 0.2f) - 1.0f / 6) < 1e-5f &&
         node.attribute_or("beta", 0.5f) == 0.5f;
}

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  const Pattern gate = either({clipped(x + 3, 0, 6) / 6, call("HardSigmoid", {x}).where(rises_by_a_sixth)});
  const auto swish = [](const GraphRewriter&, const Match& found) {
    return std::optional(Replacement{"HardSwish", {found.value("x")}});
  };
  const auto product = [](const GraphRewriter&, const Match& found) {
    return std::optional(Replacement{"Mul", {found.value("x"), result_of(hard_sigmoid(found.value("x")))}});
  };
  const auto sigmoid = [](const GraphRewriter&, const Match& found) {
    return std::optional(hard_sigmoid(found.value("x")));
  };
  return {{x * gate, 14, swish},
          {x * clipped(x + 3, 0, 6) / 6, 6, product},
          {clipped(x + 3, 0, 6) / 6, 6, sigmoid}};
}

}  // namespace

/// x·clip(x + 3, 0, 6)/6 and x·HardSigmoid(x) → HardSwish, or x·HardSigmoid(x) where the operator set has
/// none; clip(x + 3, 0, 6)/6 → HardSigmoid. Not for other slopes and bounds.
PassResult fuse_hard_swish(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
