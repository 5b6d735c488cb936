#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

/// A block of pixels of an image [N, C, H, W] that moves into channels, or out of them.
struct Move {
  const char* op_type;
  const char* mode;              ///< of DepthToSpace
  Integers perm;                 ///< of the six axes between
  std::size_t block[2];          ///< which of these are the block's
  std::vector<Integers> given;   ///< the axes between that are N, C, H and W of the input
  std::vector<Integers> result;  ///< and those of the result, before they are permuted
};

const std::vector<Move>& moves() {
  static const std::vector<Move> all = {{"SpaceToDepth",
                                         "",
                                         {0, 3, 5, 1, 2, 4},
                                         {3, 5},
                                         {{0}, {1}, {2, 3}, {4, 5}},
                                         {{0}, {3, 5, 1}, {2}, {4}}},
                                        {"DepthToSpace",
                                         "DCR",
                                         {0, 3, 4, 1, 5, 2},
                                         {1, 2},
                                         {{0}, {1, 2, 3}, {4}, {5}},
                                         {{0}, {3}, {4, 1}, {5, 2}}},
                                        {"DepthToSpace",
                                         "CRD",
                                         {0, 1, 4, 2, 5, 3},
                                         {2, 3},
                                         {{0}, {1, 2, 3}, {4}, {5}},
                                         {{0}, {1}, {4, 2}, {5, 3}}}};
  return all;
}

/// True if each size of `whole` is the product of these sizes of `parts`.
bool is_joined(const Shape& whole, const Shape& parts, const std::vector<Integers>& axes) {
  if (whole.size() != axes.size()) return false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Dimension size = 1;
    for (const std::int64_t axis : axes[i]) size = size * parts[static_cast<std::size_t>(axis)];
    if (!(size == whole[i])) return false;
  }
  return true;
}

std::optional<Replacement> moved(const GraphRewriter& graph, const Match& found) {
  const Node& transpose = *found.nodes("transpose")[0];
  const auto perm = transpose.attribute_or("perm", Integers());
  const auto given = graph.shape_of_value(found.value("x")),
             parts = graph.shape_of_value(transpose.inputs[0]),
             result = graph.shape_of_value(found.nodes("result")[0]->outputs[0]);
  if (!given || !parts || !result || parts->size() != 6) return std::nullopt;
  for (const Move& move : moves()) {
    const Dimension& block = (*parts)[move.block[0]];
    if (perm != move.perm || !block.is_constant() || !(block == (*parts)[move.block[1]]) ||
        !is_joined(*given, *parts, move.given) || !is_joined(*result, *parts, move.result))
      continue;
    Replacement made{move.op_type, {found.value("x")}, {make_attribute("blocksize", block.value())}};
    if (move.mode == std::string("CRD")) {
      if (graph.opset() < 11) return std::nullopt;
      made.attributes.push_back(make_attribute("mode", std::string(move.mode)));
    }
    return made;
  }
  return std::nullopt;
}

// --- every second row and column ---

/// Where a Slice of both spatial axes by 2 begins: 2·row + column; nothing for another node.
std::optional<std::int64_t> place_of(const GraphRewriter& graph, const Node& node) {
  const auto shape = graph.shape_of_value(node.inputs[0]);
  if (node.inputs.size() != 5 || !shape || shape->size() != 4) return std::nullopt;
  Integers arguments[4];
  for (std::size_t i = 0; i < 4; ++i) {
    const auto values = constant_integers(graph, node.inputs[i + 1]);
    if (!values || values->size() != 2) return std::nullopt;
    arguments[i] = *values;
  }
  const auto& [starts, ends, axes, steps] = arguments;
  std::int64_t place = 0, seen = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t axis = axes[i] < 0 ? axes[i] + 4 : axes[i];
    if (axis < 2 || steps[i] != 2 || starts[i] < 0 || starts[i] > 1) return std::nullopt;
    const std::int64_t size =
        (*shape)[static_cast<std::size_t>(axis)].value_or(std::numeric_limits<int>::max());
    if (ends[i] < size) return std::nullopt;
    place += starts[i] * (axis == 2 ? 2 : 1);
    seen += axis;
  }
  return seen == 5 ? std::optional(place) : std::nullopt;
}

/// SpaceToDepth has the places in order; another order is picked from it.
std::optional<Replacement> gathered(const GraphRewriter& graph, const Match& found) {
  const auto slices = found.nodes("slice");
  const auto shape = graph.shape_of_value(found.value("x"));
  if (!shape || !(*shape)[1].is_constant()) return std::nullopt;
  const std::int64_t channels = (*shape)[1].value();
  Integers places, picks;
  for (const Node* slice : slices) places.push_back(place_of(graph, *slice).value_or(-1));
  if (!std::is_permutation(places.begin(), places.end(), Integers{0, 1, 2, 3}.begin())) return std::nullopt;
  for (const std::int64_t place : places)
    for (std::int64_t c = 0; c < channels; ++c) picks.push_back(place * channels + c);
  Replacement blocks{"SpaceToDepth", {found.value("x")}, {make_attribute("blocksize", std::int64_t{2})}};
  if (std::is_sorted(picks.begin(), picks.end())) return blocks;
  return Replacement{
      "Gather", {result_of(blocks), integers_tensor(picks)}, {make_attribute("axis", std::int64_t{1})}};
}

std::vector<Fusion> fusions() {
  const Pattern x = value("x");
  const auto joins_channels = [](const GraphRewriter&, const Node& node) {
    return node.inputs.size() == 4 && node.attribute_or("axis", std::int64_t{0}) == 1;
  };
  const Pattern parts = call("Transpose", {call("Reshape", {x}).with_more_inputs()}).named("transpose");
  const Pattern slice = call("Slice", {x}).with_more_inputs().named("slice");
  return {{call("Reshape", {parts}).with_more_inputs().named("result"), 5, moved},
          {call("Concat", {slice, slice, slice, slice}).where(joins_channels), 10, gathered}};
}

}  // namespace

/// Reshape(Transpose(Reshape(x))) that moves blocks of pixels into channels or back → SpaceToDepth or
/// DepthToSpace; Concat of every second row and column of an image → SpaceToDepth, with a Gather of the
/// channels where their order is another.
PassResult fuse_space_to_depth(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
