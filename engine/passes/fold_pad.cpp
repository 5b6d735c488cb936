#include <algorithm>

#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

/// The pads of a Pad by zeros that leaves batch and channels alone, [begins…, ends…] of all axes; nothing
/// otherwise.
std::optional<Integers> spatial_pads(const GraphRewriter& graph, const Node& pad) {
  if (pad.attribute_or("mode", std::string("constant")) != "constant" || pad.find_attribute("paddings"))
    return std::nullopt;
  if (!input_or_empty(pad, 3).empty()) return std::nullopt;
  const std::string& value = input_or_empty(pad, 2);
  if (!value.empty() ? constant_number(graph, value) != 0.0 : pad.attribute_or("value", 0.0f) != 0)
    return std::nullopt;
  const auto pads = integers_argument(graph, pad, "pads", 1).values;
  if (!pads || pads->size() < 6 || pads->size() % 2 != 0) return std::nullopt;
  const std::size_t rank = pads->size() / 2;
  const bool fits = (*pads)[0] == 0 && (*pads)[1] == 0 && (*pads)[rank] == 0 && (*pads)[rank + 1] == 0 &&
                    std::all_of(pads->begin(), pads->end(), [](std::int64_t p) { return p >= 0; });
  return fits ? pads : std::nullopt;
}

/// A window that counts zeros around its input as part of it.
bool takes_pads(const GraphRewriter& graph, const Node& node) {
  if (node.attribute_or("auto_pad", std::string("NOTSET")) != "NOTSET") return false;
  if (is_standard(node, "Conv")) return true;
  const auto own = node.attribute_or("pads", Integers());
  return is_standard(node, "AveragePool") && graph.opset() >= 7 &&
         node.attribute_or("ceil_mode", std::int64_t{0}) == 0 &&
         (node.attribute_or("count_include_pad", std::int64_t{0}) != 0 ||
          std::all_of(own.begin(), own.end(), [](std::int64_t p) { return p == 0; }));
}

/// A pool does not take pads as large as its window.
bool fits_window(const Node& node, const Integers& pads) {
  if (node.op_type == "Conv") return true;
  const auto kernel = node.attribute_or("kernel_shape", Integers());
  for (std::size_t i = 0; i < pads.size(); ++i)
    if (kernel.size() * 2 != pads.size() || pads[i] >= kernel[i % kernel.size()]) return false;
  return true;
}

void rewrite(GraphRewriter& graph) {
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Node* node = graph.node(i);
    if (!node || !takes_pads(graph, *node) || node->inputs.empty()) continue;
    const Node* pad = graph.producer_of_type(node->inputs[0], "Pad");
    if (!pad || !graph.is_private(node->inputs[0])) continue;
    const auto outer = spatial_pads(graph, *pad);
    if (!outer) continue;
    const std::size_t rank = outer->size() / 2, spatial = rank - 2;
    Integers pads = node->attribute_or("pads", Integers(2 * spatial, 0));
    if (pads.size() != 2 * spatial) continue;
    for (std::size_t axis = 0; axis < spatial; ++axis) {
      pads[axis] += (*outer)[axis + 2];
      pads[axis + spatial] += (*outer)[rank + axis + 2];
    }
    if (!fits_window(*node, pads) || !graph.admit(*pad)) continue;
    Node changed = *node;
    changed.inputs[0] = pad->inputs[0];
    set_attribute(changed, "pads", pads);
    if (changed.op_type == "AveragePool") set_attribute(changed, "count_include_pad", std::int64_t{1});
    graph.replace(i, std::move(changed));
  }
}

}  // namespace

/// Conv(Pad(x)) → Conv(x) with larger pads, and the same for AveragePool, which then counts them. Not where
/// Pad adds something else than zeros, pads batch or channels, cuts, or is read elsewhere.
PassResult fold_pad(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
