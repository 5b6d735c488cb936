#include "engine/passes/all_passes.h"
#include "engine/passes/constants.h"

namespace lapidary {
namespace {

/// Inference from types alone.
class TypesOnly : public InferenceContext {
 public:
  TypesOnly(const Node& node, const Operator& record, std::vector<Type> types)
      : InferenceContext(node, record.since_version), types_(std::move(types)) {}
  const Type& input_type(std::size_t index) const override {
    static const Type unknown;
    return index < types_.size() ? types_[index] : unknown;
  }
  const Tensor* input_constant(std::size_t) const override { return nullptr; }
  std::optional<std::vector<Dimension>> input_values(std::size_t) const override { return std::nullopt; }
  std::vector<Type> infer_subgraph(const Graph&, const std::vector<Type>&) override { return {}; }

 private:
  std::vector<Type> types_;
};

/// True if the node's result has the same shape when input `slot` is read before its Expand.
bool broadcasts_itself(const GraphRewriter& graph, const Operator& record, const Node& node, std::size_t slot,
                       const Node& expand) {
  std::vector<Type> types;
  for (const auto& input : node.inputs) types.push_back(graph.type_of(input));
  types[slot] = graph.type_of(expand.inputs[0]);
  TypesOnly context(node, record, std::move(types));
  record.infer_function(context);
  const auto &made = context.outputs()[0].shape, wanted = graph.type_of(node.outputs[0]).shape;
  return made && wanted && *made == *wanted;
}

void rewrite(GraphRewriter& graph) {
  for (std::size_t i = 0; i < graph.size(); ++i)
    for (std::size_t slot = 0; graph.node(i) && slot < graph.node(i)->inputs.size(); ++slot) {
      const Node& node = *graph.node(i);
      const Node* expand = graph.producer_of_type(node.inputs[slot], "Expand");
      const Operator* record = expand ? graph.record(node) : nullptr;
      if (!record || record->kind != OperatorKind::ElementWise || !record->domain.empty() ||
          graph.opset() < 8 || node.outputs.size() != 1 ||
          !broadcasts_itself(graph, *record, node, slot, *expand) || !graph.admit(node))
        continue;
      Node changed = node;
      changed.inputs[slot] = expand->inputs[0];
      graph.replace(i, std::move(changed));
    }
}

}  // namespace

/// f(Expand(x, shape), y) → f(x, y) for element-wise f, where x and y broadcast to the same. Not where sizes
/// cannot be told.
PassResult eliminate_expand(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, rewrite);
}

}  // namespace lapidary
