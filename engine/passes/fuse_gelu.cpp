#include <cmath>
#include <numbers>

#include "engine/passes/all_passes.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

std::optional<Replacement> exact(const GraphRewriter&, const Match& found) {
  return Replacement{"Gelu", {found.value("x")}};
}

std::optional<Replacement> approximate(const GraphRewriter&, const Match& found) {
  return Replacement{"Gelu", {found.value("x")}, {make_attribute("approximate", std::string("tanh"))}};
}

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  const Pattern cube = either({call("Pow", {x, 3.0}), x * square(x)});
  const Pattern bent = either({x + 0.044715 * cube, x * (1 + 0.044715 * square(x))});
  const double root_half = std::sqrt(0.5), slope = std::sqrt(2 / std::numbers::pi);
  return {{0.5 * x * (1 + call("Erf", {root_half * x})), 20, exact},
          {0.5 * x * (1 + call("Tanh", {slope * bent})), 20, approximate}};
}

}  // namespace

/// x/2·(1 + erf(x/√2)) → Gelu(x), and x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) → Gelu(x) by tanh, in all
/// orders of the products.
PassResult fuse_gelu(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
