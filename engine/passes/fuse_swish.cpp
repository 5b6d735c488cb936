#include "engine/passes/all_passes.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  const Pattern bent = either({number("alpha") * x, x});
  const auto swish = [](const GraphRewriter&, const Match& found) {
    const auto alpha = static_cast<float>(found.number_or("alpha", 1));
    return std::optional(Replacement{"Swish", {found.value("x")}, {make_attribute("alpha", alpha)}});
  };
  return {{x * call("Sigmoid", {bent}), 24, swish}};
}

}  // namespace

/// x·Sigmoid(alpha·x) → Swish(x), which operator set 24 has first.
PassResult fuse_swish(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
