#include <algorithm>
#include <limits>

#include "engine/passes/all_passes.h"
#include "engine/passes/clip_bounds.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// x that is limited by one node, whose names begin with `which`.
Pattern limited(const Pattern& x, const std::string& which) {
  const auto has_bounds = [](const GraphRewriter& graph, const Node& node) {
    return clip_bounds(graph, node).has_value();
  };
  return either({call("Relu", {x}).named(which + " relu"),
                 call("Clip", {x}).where(has_bounds).named(which + " clip"),
                 call("Max", {x, number(which + " low")}), call("Min", {x, number(which + " high")})});
}

ClipBounds bounds_of(const GraphRewriter& graph, const Match& found, const std::string& which) {
  if (!found.nodes(which + " relu").empty()) return {0, infinity};
  if (const auto clips = found.nodes(which + " clip"); !clips.empty()) return *clip_bounds(graph, *clips[0]);
  return {found.number_or(which + " low", -infinity), found.number_or(which + " high", infinity)};
}

std::optional<Replacement> clip(const GraphRewriter& graph, const Match& found) {
  const ClipBounds first = bounds_of(graph, found, "first"), second = bounds_of(graph, found, "second");
  const std::string& x = found.value("x");
  const DataType type = graph.type_of(x).element;
  if (first.low > first.high || second.low > second.high || type == DataType::Undefined) return std::nullopt;
  const double low = std::clamp(first.low, second.low, second.high),
               high = std::clamp(first.high, second.low, second.high);
  if (low == 0 && high == infinity) return Replacement{"Relu", {x}};
  if (!is_floating(type) && graph.opset() < 12) return std::nullopt;
  Replacement made{"Clip", {x}};
  const auto add = [&](const char* name, double bound) {
    const bool is_bound = bound != -infinity && bound != infinity;
    if (graph.opset() >= 11)
      made.operands.push_back(is_bound ? Operand(tensor_from(type, {}, std::vector<double>{bound}))
                                       : Operand(""));
    else if (is_bound)
      made.attributes.push_back(make_attribute(name, static_cast<float>(bound)));
  };
  add("min", low);
  add("max", high);
  return made;
}

}  // namespace

/// Two of Relu, Clip, Max and Min with a number in a row → one Clip, or Relu. Not where the bounds of one
/// contradict each other, or what lies between is read elsewhere.
PassResult fuse_clip(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = {{limited(limited(value("x"), "first"), "second"), 6, clip}};
  return fuse(model, context, all);
}

}  // namespace lapidary
