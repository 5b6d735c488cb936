#include "engine/cpu/runner.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_set>

#include "engine/cpu/parallel.h"
#include "engine/cpu/waiting.h"
#include "engine/model/graph_index.h"

namespace lapidary::cpu {
namespace {

constexpr std::int64_t most_decisive_elements = 8;
constexpr std::size_t most_idle_sessions = 4;
constexpr int max_depth = 64;

/// Inputs that say how large something is, or what runs: a branch's condition, sizes, axes, counts.
struct ShapingInput {
  std::string_view op;
  std::size_t first, last;
};
constexpr std::array<ShapingInput, 21> shaping_inputs = {{{"If", 0, 0},
                                                          {"Reshape", 1, 1},
                                                          {"Expand", 1, 1},
                                                          {"Tile", 1, 2},
                                                          {"Slice", 1, 4},
                                                          {"Range", 0, 2},
                                                          {"ConstantOfShape", 0, 0},
                                                          {"Resize", 2, 3},
                                                          {"Upsample", 1, 1},
                                                          {"Pad", 1, 1},
                                                          {"TopK", 1, 1},
                                                          {"OneHot", 1, 1},
                                                          {"Unsqueeze", 1, 1},
                                                          {"Squeeze", 1, 1},
                                                          {"Split", 1, 1},
                                                          {"ReduceSum", 1, 1},
                                                          {"ReduceMean", 1, 1},
                                                          {"ReduceMax", 1, 1},
                                                          {"ReduceMin", 1, 1},
                                                          {"ReduceProd", 1, 1},
                                                          {"CenterCropPad", 1, 1}}};

}  // namespace

Runner::Runner(ModelPointer model, std::vector<std::string> inputs, std::vector<std::string> outputs,
               int threads, int depth)
    : model_(std::move(model)),
      input_names_(std::move(inputs)),
      output_names_(std::move(outputs)),
      threads_(threads),
      depth_(depth),
      decisive_(input_names_.size(), false) {
  if (depth > max_depth) throw Error("subgraphs are nested too deeply");
  find_decisive_inputs();
}

void Runner::find_decisive_inputs() {
  const Graph& graph = *model_->graph;
  const GraphIndex index(graph);
  std::vector<std::string_view> waiting;
  for (const auto& node : graph.nodes)
    for (const auto& [op, first, last] : shaping_inputs)
      if (node->op_type == op)
        for (std::size_t slot = first; slot <= last && slot < node->inputs.size(); ++slot)
          waiting.push_back(node->inputs[slot]);
  std::unordered_set<std::string_view> reached;
  while (!waiting.empty()) {
    const std::string_view name = waiting.back();
    waiting.pop_back();
    if (name.empty() || !reached.insert(name).second) continue;
    const int producer = index.producer(name).node;
    if (producer < 0) continue;
    const Node& node = *graph.nodes[static_cast<std::size_t>(producer)];
    if (node.op_type == "Shape" || node.op_type == "Size") continue;
    for (const auto& input : node.inputs) waiting.push_back(input);
  }
  for (std::size_t i = 0; i < input_names_.size(); ++i) decisive_[i] = reached.contains(input_names_[i]);
}

namespace {

bool is_small_integer(const Tensor& tensor) {
  return tensor.size() <= most_decisive_elements &&
         (is_integer(tensor.type()) || tensor.type() == DataType::Bool);
}

bool same_type(const InputType& type, const Datum& datum, bool decides) {
  if (!datum.is_present()) return type.is_absent;
  if (!datum.is_tensor() || datum.tensor().is_string() || is_sub_byte(datum.tensor().type()))
    return !type.is_static && !type.is_absent;
  const Tensor& tensor = datum.tensor();
  if (!type.is_static || type.element != tensor.type() || type.dims != tensor.dims()) return false;
  if (!type.value.is_present()) return !decides;
  return std::memcmp(type.value.bytes().data(), tensor.bytes().data(), tensor.size_bytes()) == 0;
}

}  // namespace

bool Runner::fits(const Entry& entry, const std::vector<Datum>& inputs) const {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!same_type(entry.types[i], inputs[i], inputs[i].is_tensor() && decides(i, inputs[i].tensor())))
      return false;
  return true;
}

bool Runner::decides(std::size_t input, const Tensor& tensor) const {
  return decisive_[input] && specialises_.load(std::memory_order_relaxed) && is_small_integer(tensor);
}

void Runner::count_decisive_value(const std::vector<InputType>& types) {
  const bool has_value =
      std::any_of(types.begin(), types.end(), [](const InputType& type) { return type.value.is_present(); });
  if (has_value && ++decisive_values_ > most_decisive_values) specialises_ = false;
}

std::vector<InputType> Runner::types_of(const std::vector<Datum>& inputs) const {
  std::vector<InputType> types(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    InputType& type = types[i];
    type.is_absent = !inputs[i].is_present();
    if (!inputs[i].is_tensor()) continue;
    const Tensor& tensor = inputs[i].tensor();
    type.element = tensor.type();
    if (tensor.is_string() || is_sub_byte(tensor.type())) continue;
    type.is_static = true;
    type.dims = tensor.dims();
    if (!decides(i, tensor)) continue;
    type.value = Tensor(tensor.type(), tensor.dims());
    std::memcpy(type.value.mutable_bytes(), tensor.bytes().data(), tensor.size_bytes());
  }
  return types;
}

namespace {

/// Multiply-adds of all nodes, as far as their cost is known.
double multiply_adds(const LoweredGraph& graph) {
  double total = 0;
  for (const LoweredNode& node : graph.nodes) {
    if (node.dead || !node.record || !node.record->cost_function ||
        node.record->kind != OperatorKind::MatrixAndConvolution)
      continue;
    CostContext context{*node.node, node.record->since_version, {}, {}};
    const auto add_types = [&](const std::vector<ValueId>& ids, std::vector<Type>& types) {
      for (const ValueId id : ids) {
        types.emplace_back();
        if (id >= 0 && graph.values[id].is_static)
          types.back() = Type::tensor(graph.values[id].element, shape_of(graph.values[id].dims));
      }
    };
    add_types(node.inputs, context.inputs);
    add_types(node.outputs, context.outputs);
    if (const auto cost = node.record->cost_function(context)) total += cost->macs;
  }
  return total;
}

/// A graph of fewer multiply-adds runs faster on one thread than it takes several to meet after each step.
constexpr double worth_threads = 4e7;

/// Where the working memory is refused, the largest value in it and its node are the ones to look at.
void name_largest(Error& error, const LoweredGraph& graph) {
  double most = 0;
  const LoweredValue* largest = nullptr;
  const LoweredNode* maker = nullptr;
  for (const LoweredNode& node : graph.nodes) {
    for (const ValueId id : node.outputs) {
      if (node.dead || id < 0 || !graph.values[id].is_static || graph.values[id].is_constant()) continue;
      const LoweredValue& value = graph.values[id];
      const double size = static_cast<double>(value.size()) * bits_of(value.element);
      if (size <= most) continue;
      most = size, largest = &value, maker = &node;
    }
  }
  if (largest) error.node(maker->labels.empty() ? "" : maker->labels.back()).tensor(largest->name);
}

}  // namespace

std::shared_ptr<Runner::Entry> Runner::make_entry(std::vector<InputType> types, const CancelToken& cancel) {
  LoweredGraph graph = lower({model_, input_names_, types, output_names_, cancel});
  const int threads = multiply_adds(graph) < worth_threads ? 1 : threads_;
  const ThreadCount thread_count(threads);
  const Waiting::Stretch stretch(depth_ == 0 ? threads : 1);
  fuse(graph);
  const PlannerServices services{model_, &weights_, threads, depth_, cancel};
  auto entry = std::make_shared<Entry>();
  entry->types = std::move(types);
  try {
    entry->executable = Planner(graph, services).plan();
    entry->idle.push_back(std::make_unique<Session>(entry->executable));
  } catch (Error& error) {
    if (error.kind() == Error::Kind::Machine) name_largest(error, graph);
    throw;
  }
  return entry;
}

void Runner::prepare(const std::vector<InputType>& types) {
  auto entry = make_entry(types, {});
  const std::scoped_lock lock(mutex_);
  entries_.push_front(std::move(entry));
  if (entries_.size() > most_executables) entries_.pop_back();
}

Runner::Lease Runner::take(const std::vector<Datum>& inputs, const CancelToken& cancel) {
  Lease lease;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const auto& entry) { return fits(*entry, inputs); });
    if (found != entries_.end()) {
      lease.entry = *found;
      entries_.splice(entries_.begin(), entries_, found);
      if (!lease.entry->idle.empty()) {
        lease.session = std::move(lease.entry->idle.back());
        lease.entry->idle.pop_back();
      }
    }
  }
  if (!lease.entry) {
    lease.entry = make_entry(types_of(inputs), cancel);
    const std::scoped_lock lock(mutex_);
    count_decisive_value(lease.entry->types);
    lease.session = std::move(lease.entry->idle.back());
    lease.entry->idle.pop_back();
    entries_.push_front(lease.entry);
    if (entries_.size() > most_executables) entries_.pop_back();
  }
  if (!lease.session) lease.session = std::make_unique<Session>(lease.entry->executable);
  return lease;
}

void Runner::give_back(Lease lease) {
  const std::scoped_lock lock(mutex_);
  if (lease.entry->idle.size() < most_idle_sessions) lease.entry->idle.push_back(std::move(lease.session));
}

std::vector<Datum> Runner::run(const std::vector<Datum>& inputs, const RunOptions& options) {
  Lease lease = take(inputs, options.cancel);
  const int threads = lease.entry->executable->threads;
  const ThreadCount thread_count(threads);
  const Waiting::Stretch stretch(depth_ == 0 ? threads : 1);
  auto outputs = lease.session->run(inputs, options);
  give_back(std::move(lease));
  return outputs;
}

std::int64_t Runner::arena_bytes() const {
  const std::scoped_lock lock(mutex_);
  return entries_.empty() ? 0 : entries_.front()->executable->arena_bytes;
}

int Runner::threads() const {
  const std::scoped_lock lock(mutex_);
  return entries_.empty() ? threads_ : entries_.front()->executable->threads;
}

std::size_t Runner::executable_count() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace lapidary::cpu
