#include "engine/passes/all_passes.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

std::optional<Replacement> swish(const GraphRewriter& graph, const Match& found) {
  const std::string& x = found.value("x");
  const double alpha = found.number_or("alpha", 1);
  if (!is_said_by_attribute(graph, x, alpha)) return std::nullopt;
  return Replacement{"Swish", {x}, {make_attribute("alpha", static_cast<float>(alpha))}};
}

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  const Pattern bent = either({number("alpha") * x, x});
  return {{x * call("Sigmoid", {bent}), 24, swish}};
}

}  // namespace

/// x·Sigmoid(alpha·x) → Swish(x), which operator set 24 has first. Not in float64, where alpha as a
/// float32 would be another.
PassResult fuse_swish(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
