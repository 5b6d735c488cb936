#include <cmath>

#include "engine/passes/all_passes.h"
#include "engine/passes/clip_bounds.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

std::optional<Replacement> hard_sigmoid(const GraphRewriter& graph, const Match& found) {
  const std::string& x = found.value("x");
  if (!is_said_by_attribute(graph, x, 1.0 / 6)) return std::nullopt;
  return Replacement{"HardSigmoid", {x}, {make_attribute("alpha", 1.0f / 6), make_attribute("beta", 0.5f)}};
}

std::optional<Replacement> product(const GraphRewriter& graph, const Match& found) {
  const auto gate = hard_sigmoid(graph, found);
  return gate ? std::optional(Replacement{"Mul", {found.value("x"), result_of(*gate)}}) : std::nullopt;
}

std::optional<Replacement> hard_swish(const GraphRewriter&, const Match& found) {
  return Replacement{"HardSwish", {found.value("x")}};
}

/// The default of alpha is 0.2.
bool rises_by_a_sixth(const GraphRewriter&, const Node& node) {
  return std::abs(node.attribute_or("alpha", 0.2f) - 1.0f / 6) < 1e-5f &&
         node.attribute_or("beta", 0.5f) == 0.5f;
}

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  const Pattern gate = either({clipped(x + 3, 0, 6) / 6, call("HardSigmoid", {x}).where(rises_by_a_sixth)});
  return {{x * gate, 14, hard_swish},
          {x * clipped(x + 3, 0, 6) / 6, 6, product},
          {clipped(x + 3, 0, 6) / 6, 6, hard_sigmoid}};
}

}  // namespace

/// x·clip(x + 3, 0, 6)/6 and x·HardSigmoid(x) → HardSwish, or x·HardSigmoid(x) where the operator set has
/// none; clip(x + 3, 0, 6)/6 → HardSigmoid. Not for other slopes and bounds; HardSigmoid not in
/// float64, where its attribute would be another number.
PassResult fuse_hard_swish(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
