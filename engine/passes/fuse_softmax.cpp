#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

/// The one axis along which all the nodes reduce; nothing otherwise.
std::optional<std::int64_t> one_axis(const GraphRewriter& graph, const std::vector<const Node*>& reductions) {
  const auto axes = reduced_axes(graph, *reductions[0]);
  if (!axes || axes->size() != 1) return std::nullopt;
  for (const Node* reduction : reductions)
    if (reduced_axes(graph, *reduction) != axes) return std::nullopt;
  return axes->front();
}

/// Until operator set 13 Softmax worked along all axes from the one that is named.
std::optional<Replacement> replacement(const std::string& op_type, bool last_axis_only,
                                       const GraphRewriter& graph, const Match& found) {
  const std::string& x = found.value("x");
  const auto shape = graph.shape_of_value(x);
  const auto axis = one_axis(graph, found.nodes("reduction"));
  if (!axis || !shape || !is_floating(graph.type_of(x).element)) return std::nullopt;
  if (last_axis_only && *axis + 1 != static_cast<std::int64_t>(shape->size())) return std::nullopt;
  return Replacement{op_type, {x}, {make_attribute("axis", *axis)}};
}

Pattern reduced(const char* op_type, const Pattern& x) {
  const auto keeps_axes = [](const GraphRewriter&, const Node& node) {
    return node.attribute_or("keepdims", std::int64_t{1}) != 0;
  };
  return call(op_type, {x}).where(keeps_axes).named("reduction");
}

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  std::vector<Fusion> all;
  const auto add = [&](const Pattern& pattern, const std::string& op_type) {
    for (const bool last_axis_only : {true, false})
      all.push_back({pattern, last_axis_only ? 1 : 13, [=](const GraphRewriter& graph, const Match& found) {
                       return replacement(op_type, last_axis_only, graph, found);
                     }});
  };
  for (const Pattern& centred : {x - reduced("ReduceMax", x), x}) {
    const Pattern powers = call("Exp", {centred}), sum = reduced("ReduceSum", powers);
    add(powers / sum, "Softmax");
    add(centred - call("Log", {sum}), "LogSoftmax");
  }
  add(x - reduced("ReduceLogSumExp", x), "LogSoftmax");
  const auto logarithm = [](const GraphRewriter&, const Match& found) {
    const Node& softmax = *found.nodes("softmax")[0];
    return std::optional(Replacement{"LogSoftmax", {found.value("x")}, softmax.attributes});
  };
  all.push_back({call("Log", {call("Softmax", {x}).named("softmax")}), 1, logarithm});
  return all;
}

}  // namespace

/// exp(x − max(x)) / Σ exp(x − max(x)) → Softmax, and x − log(Σ exp(x)) and log(Softmax(x)) → LogSoftmax,
/// along one axis; before operator set 13 along the last. Not where what lies between is read elsewhere.
PassResult fuse_softmax(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
