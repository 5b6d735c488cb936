#include "tests/support/kernel_runner.h"

#include "engine/ops/operator_table.h"

namespace lapidary::test {
namespace {

const Operator& record_of(const Node& node, std::int64_t opset) {
  const Operator* record = operator_table().find(node.domain, node.op_type, opset);
  if (!record) throw Error("no operator " + node.op_type + " in opset " + std::to_string(opset));
  return *record;
}

/// Inputs with given types and constants, without a graph around the node.
class LooseInference : public InferenceContext {
 public:
  LooseInference(const Node& node, int version, std::vector<Type> types, std::vector<Tensor> constants)
      : InferenceContext(node, version), types_(std::move(types)), constants_(std::move(constants)) {
    types_.resize(node.inputs.size());
    constants_.resize(node.inputs.size());
  }
  const Type& input_type(std::size_t index) const override {
    return index < types_.size() ? types_[index] : unknown_;
  }
  const Tensor* input_constant(std::size_t index) const override {
    return index < constants_.size() && constants_[index].is_present() ? &constants_[index] : nullptr;
  }
  std::optional<std::vector<Dimension>> input_values(std::size_t index) const override {
    const Tensor* constant = input_constant(index);
    if (!constant || !is_integer(constant->type())) return std::nullopt;
    const auto values = values_as<std::int64_t>(*constant);
    return std::vector<Dimension>(values.begin(), values.end());
  }
  std::vector<Type> infer_subgraph(const Graph& graph, const std::vector<Type>&) override {
    std::vector<Type> types;
    for (const auto& output : graph.outputs) types.push_back(output.type);
    return types;
  }

 private:
  std::vector<Type> types_;
  std::vector<Tensor> constants_;
  Type unknown_;
};

}  // namespace

std::vector<Datum> run_kernel(const Node& node, std::vector<Datum> inputs, std::int64_t opset, bool widened) {
  const Operator& record = record_of(node, opset);
  if (!record.kernel_function) throw Error("operator " + node.op_type + " has no kernel");
  KernelContext context(node, record.since_version, std::move(inputs));
  context.set_widened(widened);
  record.kernel_function(context);
  return context.take_outputs();
}

Tensor run_kernel_once(const Node& node, std::vector<Datum> inputs, std::int64_t opset) {
  return run_kernel(node, std::move(inputs), opset).at(0).tensor();
}

Inferred infer(const Node& node, std::vector<Type> inputs, std::vector<Tensor> constants,
               std::int64_t opset) {
  const Operator& record = record_of(node, opset);
  LooseInference context(node, record.since_version, std::move(inputs), std::move(constants));
  if (record.infer_function) record.infer_function(context);
  return {context.outputs(), context.output_values(), context.problems()};
}

}  // namespace lapidary::test
