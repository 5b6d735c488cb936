#include "engine/passes/all_passes.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  const Pattern softplus = either({call("Softplus", {x}), call("Log", {1 + call("Exp", {x})})});
  const auto mish = [](const GraphRewriter&, const Match& found) {
    return std::optional(Replacement{"Mish", {found.value("x")}});
  };
  return {{x * call("Tanh", {softplus}), 18, mish}};
}

}  // namespace

/// x·tanh(Softplus(x)) → Mish(x), also with Softplus spelled out as log(1 + exp(x)).
PassResult fuse_mish(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
