#include <cstring>

#include "engine/cpu/runner.h"
#include "engine/model/graph_index.h"
#include "engine/reference/interpreter.h"

namespace lapidary::cpu {
namespace {

/// A subgraph made a graph of its own: what it reads from around comes as further inputs.
struct Body {
  std::shared_ptr<Runner> runner;
  std::vector<std::size_t> captured;  ///< positions in the node's captures
};

/// Everything about a node that its reference kernel needs.
struct ReferenceNode {
  std::shared_ptr<const Node> node;
  const Operator* record;
  std::vector<ValueId> values;            ///< by input slot
  std::vector<BufferId> inputs, outputs;  ///< -1: dynamic or left out
  std::vector<LoweredValue> input_values, output_values;
  std::vector<ValueId> output_ids;
  std::size_t captures = 0;  ///< how many of the inputs stand behind the node's own
  std::unordered_map<const Graph*, Body> bodies;
};

Body make_body(Planner& planner, const LoweredNode& node, const Graph& body) {
  Body made;
  auto model = std::make_shared<Model>();
  model->ir_version = planner.services.model->ir_version;
  model->opset_imports = node.imports;
  model->functions = planner.services.model->functions;
  std::vector<std::string> inputs, outputs;
  for (const auto& input : body.inputs) inputs.push_back(input.name);
  auto graph = std::make_shared<Graph>(body);
  for (const auto& outer : outer_names(body)) {
    const auto found = std::find(node.captures.begin(), node.captures.end(), outer);
    made.captured.push_back(static_cast<std::size_t>(found - node.captures.begin()));
    inputs.push_back(outer);
    Value value;
    value.name = outer;
    graph->inputs.push_back(std::move(value));
  }
  for (const auto& output : body.outputs) outputs.push_back(output.name);
  model->graph = std::move(graph);
  made.runner = std::make_shared<Runner>(std::move(model), std::move(inputs), std::move(outputs),
                                         planner.services.threads, planner.services.depth + 1);
  return made;
}

Datum input_of(const ReferenceNode& node, Session& session, std::size_t slot) {
  const ValueId id = node.values[slot];
  if (id < 0) return {};
  if (node.inputs[slot] < 0) {
    const Tensor& constant = node.input_values[slot].constant;
    return constant.is_present() ? Datum(constant) : session.data[id];
  }
  const LoweredValue& value = node.input_values[slot];
  const auto bytes = static_cast<std::size_t>(bytes_for(value.element, value.size()));
  return Tensor(value.element, value.dims, {session.address[node.inputs[slot]], bytes}, session.arena);
}

void store_output(const ReferenceNode& node, Session& session, std::size_t slot, Datum result) {
  if (node.output_ids[slot] < 0) return;
  if (node.outputs[slot] < 0) {
    session.data[node.output_ids[slot]] = std::move(result);
    return;
  }
  const Tensor& tensor = result.tensor();
  const LoweredValue& value = node.output_values[slot];
  if (tensor.type() != value.element || tensor.dims() != value.dims)
    throw Error("the kernel made " + to_string(tensor.full_type()) + " where " +
                std::string(name_of(value.element)) + " " + to_string(value.dims) + " was expected")
        .node(node.node->label())
        .tensor(value.name);
  if (tensor.size_bytes() > 0)
    std::memcpy(session.address[node.outputs[slot]], tensor.bytes().data(), tensor.size_bytes());
}

/// A datum that outlives the arena's next step: views of the arena are copied.
Datum detached(const Datum& datum, const Session& session) {
  if (datum.is_sequence()) {
    Sequence elements;
    for (const auto& element : datum.sequence()) elements.push_back(detached(element, session));
    return Datum::sequence(std::move(elements));
  }
  if (!datum.is_tensor() || datum.tensor().owner() != session.arena) return datum;
  const Tensor& tensor = datum.tensor();
  Tensor copy(tensor.type(), tensor.dims());
  if (tensor.size_bytes() > 0) std::memcpy(copy.mutable_bytes(), tensor.bytes().data(), tensor.size_bytes());
  return copy;
}

/// Shows the steps of a body inside their node's time; how full the arena is, the node itself tells.
class BodyObserver : public RunObserver {
 public:
  explicit BodyObserver(RunObserver* observer) : observer_(observer) {}
  void step(const Step& step, std::int64_t begin_ns, std::int64_t end_ns, int thread) override {
    observer_->step(step, begin_ns, end_ns, thread);
  }

 private:
  RunObserver* observer_;
};

void run_reference(const ReferenceNode& node, Session& session) {
  const std::size_t own = node.values.size() - node.captures;
  std::vector<Datum> inputs;
  for (std::size_t slot = 0; slot < own; ++slot) inputs.push_back(input_of(node, session, slot));
  BodyObserver observer(session.options->observer);
  KernelServices services;
  services.cancel = session.options->cancel;
  services.seed = session.options->seed;
  services.run_subgraph = [&](const Graph& graph, std::vector<Datum> arguments) {
    const auto found = node.bodies.find(&graph);
    if (found == node.bodies.end()) throw Error("a subgraph was run that is not part of the node");
    for (const std::size_t capture : found->second.captured)
      arguments.push_back(input_of(node, session, own + capture));
    RunOptions inner;
    inner.cancel = session.options->cancel;
    inner.seed = session.options->seed;
    if (session.options->observer) inner.observer = &observer;
    return found->second.runner->run(arguments, inner);
  };
  auto outputs = run_kernel(*node.node, *node.record, std::move(inputs), services);
  for (std::size_t slot = 0; slot < std::min(outputs.size(), node.output_ids.size()); ++slot)
    store_output(node, session, slot, detached(outputs[slot], session));
}

/// Large 16-bit weights stand beside float32 activations; reference kernels want one type.
void widen_constants(std::vector<LoweredValue>& inputs) {
  for (LoweredValue& value : inputs)
    if (value.is_constant() && is_floating(value.element) && bits_of(value.element) == 16)
      value.constant = converted_elements(value.constant, DataType::Float32);
}

}  // namespace

std::string plan_reference(Planner& planner, const LoweredNode& node) {
  if (!node.record || !node.record->kernel_function) return "there is no kernel for " + node.op;
  auto planned = std::make_shared<ReferenceNode>();
  planned->node = node.node;
  planned->record = node.record;
  planned->values = node.inputs;
  planned->output_ids = node.outputs;
  planned->captures = node.captures.size();
  std::vector<BufferId> reads, writes;
  for (const ValueId id : node.inputs) {
    planned->input_values.push_back(id < 0 ? LoweredValue() : planner.graph.values[id]);
    const bool has_bytes =
        id >= 0 && planner.graph.values[id].is_static && !planner.graph.values[id].is_constant();
    planned->inputs.push_back(has_bytes ? planner.plain(id) : -1);
    if (has_bytes) reads.push_back(planned->inputs.back());
    LoweredValue& value = planned->input_values.back();
    if (value.is_constant()) value.constant = value.constant.aligned();
  }
  if (node.widened) widen_constants(planned->input_values);
  for (const auto& [name, body] : subgraphs_of(*node.node))
    planned->bodies.emplace(body.get(), make_body(planner, node, *body));
  for (const ValueId id : node.outputs) {
    planned->output_values.push_back(id < 0 ? LoweredValue() : planner.graph.values[id]);
    const bool has_bytes = id >= 0 && planner.graph.values[id].is_static;
    planned->outputs.push_back(has_bytes ? planner.define(id) : -1);
    if (has_bytes) writes.push_back(planned->outputs.back());
  }
  planner.add_step(node, "reference", std::move(reads), std::move(writes),
                   [planned](Session& session) { run_reference(*planned, session); });
  return "";
}

}  // namespace lapidary::cpu
