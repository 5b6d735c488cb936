#include "engine/ops/composition.h"

#include <algorithm>
#include <numeric>

#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

const Operator& record_of(const char* op_type, std::int64_t opset) {
  const Operator* record = operator_table().find("", op_type, opset);
  if (!record || !record->kernel_function) throw Error("no kernel of " + std::string(op_type) + " is known");
  return *record;
}

std::vector<std::string> value_names(const char* prefix, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
  return names;
}

std::vector<std::size_t> all_in_order(std::size_t count) {
  std::vector<std::size_t> indices(count);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return indices;
}

Node node_of(const char* op_type, std::vector<std::string> inputs, std::size_t output_count,
             Attributes attributes) {
  Node node;
  node.op_type = op_type;
  node.inputs = std::move(inputs);
  node.outputs = value_names("output_", output_count);
  for (auto& [name, value] : attributes) {
    Attribute& attribute = node.attributes.emplace_back();
    attribute.name = std::move(name);
    attribute.value = std::move(value);
  }
  return node;
}

/// The node as a call of `op_type` with a choice of its inputs; those beyond its own are left out.
Node selected_call(const Node& node, const char* op_type, const std::vector<std::size_t>& inputs) {
  Node call = node;
  call.op_type = op_type;
  call.domain.clear();
  call.inputs.clear();
  for (const std::size_t index : inputs)
    call.inputs.push_back(index < node.inputs.size() ? node.inputs[index] : "");
  return call;
}

/// Inference of a call inside another operator's: it sees the other's inputs, or types without a value.
class InnerInference : public InferenceContext {
 public:
  InnerInference(const Node& call, int version, InferenceContext& outer, std::vector<std::size_t> inputs,
                 std::vector<Type> types)
      : InferenceContext(call, version),
        outer_(outer),
        inputs_(std::move(inputs)),
        types_(std::move(types)) {}

  const Type& input_type(std::size_t index) const override {
    if (index < types_.size()) return types_[index];
    return index < inputs_.size() ? outer_.input_type(inputs_[index]) : unknown_;
  }
  const Tensor* input_constant(std::size_t index) const override {
    return index < inputs_.size() ? outer_.input_constant(inputs_[index]) : nullptr;
  }
  std::optional<std::vector<Dimension>> input_values(std::size_t index) const override {
    return index < inputs_.size() ? outer_.input_values(inputs_[index]) : std::nullopt;
  }
  std::vector<Type> infer_subgraph(const Graph& graph, const std::vector<Type>& types) override {
    return outer_.infer_subgraph(graph, types);
  }

 private:
  InferenceContext& outer_;
  std::vector<std::size_t> inputs_;
  std::vector<Type> types_;
  Type unknown_;
};

}  // namespace

Attributes attributes_of(const Node& node, const std::vector<std::string>& names) {
  Attributes found;
  for (const auto& name : names)
    if (const Attribute* attribute = node.find_attribute(name)) found.emplace_back(name, attribute->value);
  return found;
}

std::vector<Tensor> compute_all(const KernelContext& context, const char* op_type, std::vector<Tensor> inputs,
                                Attributes attributes, std::size_t output_count, std::int64_t opset) {
  const Operator& record = record_of(op_type, opset);
  auto names = value_names("input_", inputs.size());
  std::vector<Datum> data;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].is_present()) names[i].clear();
    data.emplace_back(std::move(inputs[i]));
  }
  const Node node = node_of(op_type, std::move(names), output_count, std::move(attributes));
  KernelContext inner(node, record.since_version, std::move(data));
  inner.cancel = context.cancel;
  inner.set_widened(context.made_type(DataType::Float32) == DataType::Float64);
  record.kernel_function(inner);
  std::vector<Tensor> outputs;
  for (const Datum& output : inner.take_outputs())
    outputs.push_back(output.is_present() ? output.tensor() : Tensor());
  return outputs;
}

Tensor compute(const KernelContext& context, const char* op_type, std::vector<Tensor> inputs,
               Attributes attributes, std::int64_t opset) {
  return compute_all(context, op_type, std::move(inputs), std::move(attributes), 1, opset).at(0);
}

Tensor input_or_absent(const KernelContext& context, std::size_t index) {
  return context.has_input(index) ? context.input(index) : Tensor();
}

std::vector<Type> infer_call(InferenceContext& context, const char* op_type, std::vector<Type> inputs,
                             Attributes attributes, std::size_t output_count) {
  const Operator& record = record_of(op_type, newest);
  auto names = value_names("input_", inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].is_known()) names[i].clear();
  const Node node = node_of(op_type, std::move(names), output_count, std::move(attributes));
  InnerInference inner(node, record.since_version, context, {}, std::move(inputs));
  reporting_errors(record.infer_function)(inner);
  for (const auto& problem : inner.problems()) context.report(problem);
  return inner.outputs();
}

InferenceFunction infer_as(const char* op_type, std::vector<std::size_t> inputs, std::int64_t opset) {
  return [=](InferenceContext& context) {
    const Operator& record = record_of(op_type, opset);
    const auto chosen = inputs.empty() ? all_in_order(context.input_count()) : inputs;
    const Node call = selected_call(context.node(), op_type, chosen);
    InnerInference inner(call, record.since_version, context, chosen, {});
    reporting_errors(record.infer_function)(inner);
    for (const auto& problem : inner.problems()) context.report(problem);
    for (std::size_t i = 0; i < inner.outputs().size(); ++i) {
      context.set_output(i, inner.outputs()[i]);
      // Chosen inputs are numbers in some quantization: the contents are others than theirs.
      if (inputs.empty() && inner.output_values()[i]) context.set_output_values(i, *inner.output_values()[i]);
    }
  };
}

CostFunction cost_as(const char* op_type, std::vector<std::size_t> inputs, double flops) {
  return [=](const CostContext& context) -> std::optional<Cost> {
    const Operator& record = record_of(op_type, newest);
    const auto chosen = inputs.empty() ? all_in_order(context.inputs.size()) : inputs;
    const Node call = selected_call(context.node, op_type, chosen);
    CostContext inner{call, record.since_version, {}, context.outputs};
    for (const std::size_t index : chosen)
      inner.inputs.push_back(index < context.inputs.size() ? context.inputs[index] : Type());
    auto cost = record.cost_function ? record.cost_function(inner) : std::nullopt;
    if (!cost || flops == 0) return cost;
    const auto elements = context.output_elements();
    if (!elements) return std::nullopt;
    cost->flops += flops * *elements;
    return cost;
  };
}

void run_as(KernelContext& context, const char* op_type, std::int64_t opset) {
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < context.input_count(); ++i) inputs.push_back(input_or_absent(context, i));
  Attributes attributes;
  for (const Attribute& attribute : context.node().attributes)
    attributes.emplace_back(attribute.name, attribute.value);
  auto outputs =
      compute_all(context, op_type, std::move(inputs), std::move(attributes), context.output_count(), opset);
  for (std::size_t i = 0; i < outputs.size(); ++i) context.set_output(i, std::move(outputs[i]));
}

}  // namespace lapidary
