#include "engine/reference/interpreter.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "engine/model/function_body.h"
#include "engine/model/graph_index.h"
#include "engine/runtime/unsupported.h"

namespace lapidary {
namespace {

constexpr int max_depth = 64;  ///< of nested subgraphs and function calls

Datum widened(Datum datum) {
  if (datum.is_tensor() && is_floating(datum.tensor().type()))
    return converted(datum.tensor(), DataType::Float64);
  if (datum.is_sequence()) {
    Sequence elements = datum.sequence();
    for (auto& element : elements) element = widened(std::move(element));
    return Datum::sequence(std::move(elements));
  }
  return datum;
}

/// What a caller took from a mapped file, where kernels can read it.
Datum aligned(Datum datum) { return datum.is_tensor() ? datum.tensor().aligned() : std::move(datum); }

Type type_of(const Datum& datum) {
  if (datum.is_tensor()) return datum.tensor().full_type();
  if (datum.is_sequence())
    return Type::sequence(datum.sequence().empty() ? Type() : type_of(datum.sequence()[0]));
  return {};
}

std::string first_output(const Node& node) { return node.outputs.empty() ? std::string() : node.outputs[0]; }

std::int64_t bytes_of(const Datum& datum) {
  return datum.is_tensor() ? static_cast<std::int64_t>(datum.tensor().size_bytes()) : 0;
}

}  // namespace

Tensor densified(const SparseTensor& sparse) {
  Tensor dense(sparse.values.type(), sparse.dims);
  std::fill_n(dense.mutable_bytes(), dense.size_bytes(), std::byte{0});
  const auto indices = values_as<std::int64_t>(sparse.indices);
  const auto element_bytes = static_cast<std::size_t>(bits_of(dense.type()) / 8);
  const std::size_t rank =
      sparse.indices.rank() == 2 ? static_cast<std::size_t>(sparse.indices.dims()[1]) : 0;
  for (std::int64_t i = 0; i < sparse.values.size(); ++i) {
    std::int64_t position = rank ? 0 : indices[static_cast<std::size_t>(i)];
    for (std::size_t axis = 0; axis < rank; ++axis)
      position = position * sparse.dims[axis] + indices[static_cast<std::size_t>(i) * rank + axis];
    if (position < 0 || position >= dense.size())
      throw Error("an index of a sparse tensor is outside its shape");
    std::copy_n(sparse.values.bytes().data() + static_cast<std::size_t>(i) * element_bytes, element_bytes,
                dense.mutable_bytes() + static_cast<std::size_t>(position) * element_bytes);
  }
  return dense;
}

std::vector<Datum> run_kernel(const Node& node, const Operator& record, std::vector<Datum> inputs,
                              const KernelServices& services) {
  if (services.float64)
    for (auto& input : inputs) input = widened(std::move(input));
  try {
    KernelContext context(node, record.since_version, std::move(inputs));
    context.subgraph_runner = services.run_subgraph;
    context.cancel = services.cancel;
    context.run_seed = services.seed;
    context.set_widened(services.float64);
    record.kernel_function(context);
    auto outputs = context.take_outputs();
    if (services.float64)
      for (auto& output : outputs) output = widened(std::move(output));
    return outputs;
  } catch (const Cancelled&) {
    throw;
  } catch (Error& error) {
    error.node(node.label());
    if (error.kind() == Error::Kind::Machine) error.tensor(first_output(node));
    throw;
  } catch (const std::bad_alloc&) {
    throw Error("no memory to run " + node.op_type, Error::Kind::Machine)
        .node(node.label())
        .tensor(first_output(node));
  } catch (const std::length_error&) {
    throw Error("sizes are too large to run " + node.op_type).node(node.label()).tensor(first_output(node));
  }
}

/// A node with everything about it that does not depend on data.
struct Interpreter::PlannedNode {
  std::shared_ptr<const Node> node;
  const Operator* record = nullptr;
  GraphPointer function_body;        ///< set if the node calls a model-local function
  int position = -1;                 ///< in the main graph; -1 elsewhere
  std::vector<int> inputs, outputs;  ///< slots; -1 for what is left out
  std::vector<int> released;         ///< slots that nobody reads after this node
  /// Steps shown to observers, one for each combination of input types that came by.
  mutable std::map<std::string, std::unique_ptr<Step>> steps;
};

struct Interpreter::Plan {
  std::vector<PlannedNode> nodes;
  std::unordered_map<std::string, int> slot_of;
  std::vector<int> inputs, outputs;
  std::vector<std::pair<int, Tensor>> initializers;
  std::vector<std::pair<int, std::string>> outer;  ///< values that come from around the graph

  int slot(const std::string& name) {
    return name.empty() ? -1 : slot_of.try_emplace(name, static_cast<int>(slot_of.size())).first->second;
  }
};

Interpreter::Interpreter(ModelPointer model, bool float64) : model_(std::move(model)), float64_(float64) {
  plan(*model_->graph, model_->opset_imports, 0);
  if (!unsupported_.empty()) throw_unsupported(unsupported_);
}

Interpreter::~Interpreter() = default;

void Interpreter::plan(const Graph& graph, const Imports& imports, int depth) {
  if (depth > max_depth) throw Error("subgraphs or function calls are nested too deeply");
  if (plans_.contains(&graph)) return;
  Plan& plan = *(plans_[&graph] = std::make_unique<Plan>());
  for (const auto& input : graph.inputs) plan.inputs.push_back(plan.slot(input.name));
  for (const auto& tensor : graph.initializers) {
    const Tensor value = float64_ && is_floating(tensor->tensor.type())
                             ? converted(tensor->tensor, DataType::Float64)
                             : tensor->tensor.aligned();
    plan.initializers.emplace_back(plan.slot(tensor->name), value);
  }
  for (const auto& sparse : graph.sparse_initializers)
    plan.initializers.emplace_back(plan.slot(sparse->name), densified(sparse->tensor));
  for (const auto& name : outer_names(graph)) {
    if (depth == 0) throw Error("no input, initializer or node makes this value").tensor(name);
    plan.outer.emplace_back(plan.slot(name), name);
  }

  const GraphIndex index(graph);
  const auto nodes = graph.nodes.to_vector();
  for (const int position : index.topological_order()) {
    PlannedNode planned;
    planned.node = nodes[static_cast<std::size_t>(position)];
    planned.position = depth == 0 ? position : -1;
    for (const auto& name : planned.node->inputs) planned.inputs.push_back(plan.slot(name));
    for (const auto& name : planned.node->outputs) planned.outputs.push_back(plan.slot(name));
    plan_node(planned, imports, depth);
    plan.nodes.push_back(std::move(planned));
  }
  for (const auto& output : graph.outputs) plan.outputs.push_back(plan.slot(output.name));
  mark_releases(plan, graph);
}

void Interpreter::plan_node(PlannedNode& planned, const Imports& imports, int depth) {
  const Node& node = *planned.node;
  for (const auto& [name, body] : subgraphs_of(node)) plan(*body, imports, depth + 1);
  if (const Function* function = model_->find_function(node)) {
    planned.function_body = instantiate(*function, node);
    plan(*planned.function_body, function->opset_imports, depth + 1);
    return;
  }
  Model scope;
  scope.opset_imports = imports;
  planned.record = operator_table().find(node.domain, node.op_type, scope.opset(node.domain));
  if (planned.record && planned.record->kernel_function) return;
  const std::string name = (node.domain.empty() ? "" : node.domain + ".") + node.op_type;
  if (std::find(unsupported_.begin(), unsupported_.end(), name) == unsupported_.end())
    unsupported_.push_back(name);
}

void Interpreter::mark_releases(Plan& plan, const Graph& graph) const {
  std::vector<bool> needed(plan.slot_of.size(), false);
  for (const auto& output : graph.outputs) needed[static_cast<std::size_t>(plan.slot(output.name))] = true;
  for (const auto& [slot, tensor] : plan.initializers) needed[static_cast<std::size_t>(slot)] = true;
  for (auto planned = plan.nodes.rbegin(); planned != plan.nodes.rend(); ++planned) {
    std::vector<int> touched = planned->inputs;
    touched.insert(touched.end(), planned->outputs.begin(), planned->outputs.end());
    for (const auto& [name, body] : subgraphs_of(*planned->node))
      for (const auto& outer : outer_names(*body))
        if (const auto found = plan.slot_of.find(outer); found != plan.slot_of.end())
          touched.push_back(found->second);
    for (const int slot : touched) {
      if (slot < 0 || needed[static_cast<std::size_t>(slot)]) continue;
      needed[static_cast<std::size_t>(slot)] = true;
      planned->released.push_back(slot);
    }
  }
}

std::vector<Datum> Interpreter::run(const Graph& graph, std::vector<Datum> inputs, const Outer& outer,
                                    const RunOptions& options,
                                    std::unordered_map<std::string, Datum>* kept) const {
  const auto found = plans_.find(&graph);
  if (found == plans_.end()) throw Error("a subgraph was run that is not part of the model");
  const Plan& plan = *found->second;
  std::vector<Datum> slots(plan.slot_of.size());
  for (const auto& [slot, tensor] : plan.initializers) slots[static_cast<std::size_t>(slot)] = tensor;
  for (const auto& [slot, name] : plan.outer) slots[static_cast<std::size_t>(slot)] = outer(name);
  for (std::size_t i = 0; i < std::min(inputs.size(), plan.inputs.size()); ++i)
    if (inputs[i].is_present())
      slots[static_cast<std::size_t>(plan.inputs[i])] =
          float64_ ? widened(std::move(inputs[i])) : aligned(std::move(inputs[i]));

  const auto find = [&](const std::string& name) {
    const auto slot = plan.slot_of.find(name);
    return slot == plan.slot_of.end() ? Datum() : slots[static_cast<std::size_t>(slot->second)];
  };
  std::size_t done = 0;
  for (const auto& planned : plan.nodes) {
    options.cancel.check();
    std::vector<Datum> arguments;
    for (const int slot : planned.inputs)
      arguments.push_back(slot < 0 ? Datum() : slots[static_cast<std::size_t>(slot)]);
    auto results = run_node(planned, std::move(arguments), find, options);
    for (std::size_t i = 0; i < std::min(results.size(), planned.outputs.size()); ++i) {
      if (planned.outputs[i] < 0) continue;
      if (kept) (*kept)[planned.node->outputs[i]] = results[i];
      slots[static_cast<std::size_t>(planned.outputs[i])] = std::move(results[i]);
    }
    for (const int slot : planned.released) slots[static_cast<std::size_t>(slot)] = {};
    if (options.progress && planned.position >= 0) options.progress(++done, plan.nodes.size());
  }
  std::vector<Datum> outputs;
  for (const int slot : plan.outputs)
    outputs.push_back(slot < 0 ? Datum() : slots[static_cast<std::size_t>(slot)]);
  return outputs;
}

std::vector<Datum> Interpreter::run_node(const PlannedNode& planned, std::vector<Datum> inputs,
                                         const Outer& find, const RunOptions& options) const {
  const std::int64_t begin_ns = options.observer ? now_ns() : 0;
  const auto inner = [&](const Graph& body, std::vector<Datum> arguments) {
    return run(body, std::move(arguments), find, options);
  };
  const std::vector<Datum> seen = options.observer ? inputs : std::vector<Datum>();
  std::vector<Datum> outputs;
  if (planned.function_body)
    outputs = inner(*planned.function_body, std::move(inputs));
  else
    outputs = run_kernel(*planned.node, *planned.record, std::move(inputs),
                         {inner, options.cancel, options.seed, float64_});
  if (options.observer) observe(planned, seen, outputs, begin_ns, options);
  return outputs;
}

void Interpreter::observe(const PlannedNode& planned, const std::vector<Datum>& inputs,
                          const std::vector<Datum>& outputs, std::int64_t begin_ns,
                          const RunOptions& options) const {
  const std::int64_t end_ns = now_ns();
  std::vector<Type> input_types, output_types;
  std::string key;
  std::int64_t bytes = 0;
  for (const auto& datum : inputs) {
    input_types.push_back(type_of(datum));
    key += to_string(input_types.back()) + ";";
    bytes += bytes_of(datum);
  }
  for (const auto& datum : outputs) {
    output_types.push_back(type_of(datum));
    bytes += bytes_of(datum);
  }
  const Step* shown = nullptr;
  {
    const std::scoped_lock lock(steps_mutex_);
    auto& step = planned.steps[key];
    if (!step) {
      step = std::make_unique<Step>();
      step->name = planned.node->label();
      step->op_type = planned.node->op_type;
      if (planned.position >= 0) step->nodes = {planned.position};
      step->node_names = {step->name};
      step->implementation = "reference";
      step->bytes = bytes;
      step->reads = planned.node->inputs;
      step->writes = planned.node->outputs;
      step->inputs = input_types;
      step->outputs = output_types;
      if (planned.record && planned.record->cost_function) {
        const CostContext context{*planned.node, planned.record->since_version, input_types, output_types};
        if (const auto cost = planned.record->cost_function(context)) {
          step->macs = cost->macs;
          step->flops = cost->flops;
        }
      }
    }
    shown = step.get();
  }
  options.observer->step(*shown, begin_ns, end_ns, 0);
}

}  // namespace lapidary
