#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"
#include "engine/passes/fusion.h"

namespace lapidary {
namespace {

bool reduces_space(const GraphRewriter& graph, const Node& node) {
  const auto shape = graph.shape_of_value(node.inputs[0]);
  const auto axes = reduced_axes(graph, node);
  return shape && axes && shape->size() >= 4 && axes->size() == shape->size() - 2 && axes->front() == 2 &&
         is_floating(graph.type_of(node.inputs[0]).element) &&
         node.attribute_or("keepdims", std::int64_t{1}) != 0;
}

std::vector<Fusion> fusions() {
  std::vector<Fusion> all;
  for (const auto& [reduction, pool] :
       {std::pair("ReduceMean", "GlobalAveragePool"), std::pair("ReduceMax", "GlobalMaxPool")})
    all.push_back({call(reduction, {value("x")}).where(reduces_space), 1,
                   [pool = std::string(pool)](const GraphRewriter&, const Match& found) {
                     return std::optional(Replacement{pool, {found.value("x")}});
                   }});
  return all;
}

}  // namespace

/// ReduceMean and ReduceMax along all axes behind the channels → GlobalAveragePool and GlobalMaxPool. Not
/// where the axes are taken away, or fewer of them are reduced; nor along one axis alone, which is more often
/// that of rows to be normalized.
PassResult fuse_global_pool(const ModelPointer& model, const PassContext& context) {
  static const std::vector<Fusion> all = fusions();
  return fuse(model, context, all);
}

}  // namespace lapidary
