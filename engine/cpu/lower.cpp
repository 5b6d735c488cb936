#include <algorithm>
#include <array>
#include <unordered_set>

#include "engine/cpu/lowered_graph.h"
#include "engine/model/function_body.h"
#include "engine/model/graph_index.h"
#include "engine/ops/microsoft/expansion.h"
#include "engine/reference/interpreter.h"
#include "engine/runtime/unsupported.h"

namespace lapidary::cpu {
namespace {

constexpr int max_depth = 64;                         ///< of nested branches and function calls
constexpr std::int64_t max_folded_bytes = 256 << 20;  ///< a folded constant may not be larger

/// False for negative sizes and for those beyond all memory, which run-time input may ask for: the operator's
/// own kernel refuses them.
bool is_imaginable(const Dims& dims) {
  constexpr double most_elements = 1e14;
  double elements = 1;
  for (const std::int64_t size : dims) {
    if (size < 0) return false;
    elements *= std::max(1.0, static_cast<double>(size));
  }
  return elements <= most_elements;
}

std::int64_t opset_of(const std::vector<OpsetImport>& imports, std::string_view domain) {
  for (const auto& import : imports)
    if (normalized_domain(import.domain) == normalized_domain(domain)) return import.version;
  return 0;
}

/// What a node's inference may ask: types and constants of the values that it reads.
class NodeInference : public InferenceContext {
 public:
  NodeInference(const LoweredGraph& graph, const LoweredNode& node, bool widened = false)
      : InferenceContext(*node.node, node.record->since_version), graph_(graph), inputs_(node.inputs) {
    for (const ValueId id : inputs_) {
      types_.emplace_back();
      if (id < 0) continue;
      const LoweredValue& value = graph.values[id];
      const bool is_16_bit = is_floating(value.element) && bits_of(value.element) == 16;
      if (value.is_static)
        types_.back() =
            Type::tensor(widened && is_16_bit ? DataType::Float32 : value.element, shape_of(value.dims));
      else if (value.element != DataType::Undefined)
        types_.back() = Type::tensor(value.element);
    }
  }

  const Type& input_type(std::size_t index) const override {
    static const Type unknown;
    return index < types_.size() ? types_[index] : unknown;
  }
  const Tensor* input_constant(std::size_t index) const override {
    if (index >= inputs_.size() || inputs_[index] < 0) return nullptr;
    const Tensor& constant = graph_.values[inputs_[index]].constant;
    return constant.is_present() ? &constant : nullptr;
  }
  std::optional<std::vector<Dimension>> input_values(std::size_t index) const override {
    const Tensor* constant = input_constant(index);
    if (!constant || !is_integer(constant->type()) || constant->size() > 1024) return std::nullopt;
    std::vector<Dimension> values;
    for (const std::int64_t value : values_as<std::int64_t>(*constant)) values.emplace_back(value);
    return values;
  }
  /// What a body that runs later gives is known by element type only: its sizes may change from run to run.
  std::vector<Type> infer_subgraph(const Graph& body, const std::vector<Type>&) override {
    std::vector<Type> types;
    for (const auto& output : body.outputs) {
      types.push_back(output.type);
      types.back().shape.reset();
    }
    return types;
  }

 private:
  const LoweredGraph& graph_;
  const std::vector<ValueId>& inputs_;
  std::vector<Type> types_;
};

class Lowerer {
 public:
  explicit Lowerer(const LoweringRequest& request) : request_(request), model_(*request.model) {}

  LoweredGraph run() {
    Scope scope;
    add_inputs(scope);
    lower_graph(*model_.graph, model_.opset_imports, scope, -1, 0);
    if (!unsupported_.empty()) throw_unsupported(unsupported_);
    for (const auto& name : request_.output_names) {
      const ValueId id = scope.find(name);
      if (id < 0) throw Error("no input, initializer or node makes this output").tensor(name);
      graph_.values[id].is_output = true;
      graph_.outputs.push_back(id);
    }
    for (int i = 0; i < static_cast<int>(graph_.nodes.size()); ++i) graph_.connect(i);
    graph_.remove_dead();
    return std::move(graph_);
  }

 private:
  struct Scope {
    const Scope* outer = nullptr;
    std::unordered_map<std::string, ValueId> ids;
    ValueId find(const std::string& name) const {
      for (const Scope* scope = this; scope; scope = scope->outer)
        if (const auto found = scope->ids.find(name); found != scope->ids.end()) return found->second;
      return -1;
    }
  };
  using Imports = std::vector<OpsetImport>;

  void add_inputs(Scope& scope) {
    for (std::size_t i = 0; i < request_.input_names.size(); ++i) {
      const InputType& type = request_.input_types[i];
      const std::string& name = request_.input_names[i];
      if (type.is_absent) {
        graph_.inputs.push_back(-1);
        continue;
      }
      const ValueId id =
          type.value.is_present() ? graph_.add_constant(name, type.value) : graph_.add_value(name);
      LoweredValue& value = graph_.values[id];
      value.is_input = !type.value.is_present();
      value.is_static = type.is_static || type.value.is_present();
      value.element = type.element;
      value.dims = type.dims;
      graph_.inputs.push_back(id);
      scope.ids[name] = id;
    }
  }

  /// `origin`: the node of the main graph that everything in here belongs to, or -1 in the main graph itself.
  void lower_graph(const Graph& graph, const Imports& imports, Scope& scope, int origin, int depth) {
    if (depth > max_depth) throw Error("subgraphs or function calls are nested too deeply");
    for (const auto& initializer : graph.initializers)
      if (!scope.ids.contains(initializer->name))
        scope.ids[initializer->name] = graph_.add_constant(initializer->name, initializer->tensor);
    for (const auto& sparse : graph.sparse_initializers)
      if (!scope.ids.contains(sparse->name))
        scope.ids[sparse->name] = graph_.add_constant(sparse->name, densified(sparse->tensor));
    const GraphIndex index(graph);
    const auto nodes = graph.nodes.to_vector();
    for (const auto& node : nodes)
      for (const auto& [name, body] : subgraphs_of(*node))
        for (auto& outer : outer_names(*body)) read_in_bodies_.insert(std::move(outer));
    for (const int position : index.topological_order())
      lower_node(nodes[static_cast<std::size_t>(position)], index, imports, scope,
                 origin < 0 ? position : origin, depth);
  }

  void lower_node(const std::shared_ptr<const Node>& node, const GraphIndex& index, const Imports& imports,
                  Scope& scope, int origin, int depth) {
    request_.cancel.check();
    if (!model_.functions.empty())
      if (const Function* function = model_.find_function(*node))
        return inline_function(*function, *node, scope, origin, depth);
    LoweredNode lowered;
    lowered.op = lowered.shown = node->op_type;
    // Kernels are chosen by name: those of other domains must not be taken for the standard's.
    if (!normalized_domain(node->domain).empty()) lowered.op = node->domain + "." + node->op_type;
    lowered.node = node;
    lowered.record = operator_table().find(node->domain, node->op_type, opset_of(imports, node->domain));
    lowered.origins = {origin};
    lowered.labels = {node->label()};
    for (const auto& name : node->inputs) lowered.inputs.push_back(resolve(name, *node, scope));
    if (inline_branch(lowered, imports, scope, origin, depth) ||
        inline_expansion(lowered, scope, origin, depth))
      return;
    if (!lowered.record || !lowered.record->kernel_function) return note_unsupported(*node, scope);
    require_inputs(lowered);
    if (forward_constant(*node, scope) || forward_input(lowered, index, scope)) return;
    capture_outer_values(lowered, imports, scope);
    for (const auto& name : node->outputs) {
      lowered.outputs.push_back(name.empty() ? -1 : graph_.add_value(name));
      if (!name.empty()) scope.ids[name] = lowered.outputs.back();
    }
    infer(lowered);
    if (fold(lowered)) return;
    if (changes_nothing(lowered)) {
      scope.ids[node->outputs[0]] = lowered.inputs[0];
      return;
    }
    graph_.nodes.push_back(std::move(lowered));
  }

  ValueId resolve(const std::string& name, const Node& node, const Scope& scope) const {
    if (name.empty()) return -1;
    const ValueId id = scope.find(name);
    if (id < 0) throw Error("no input, initializer or node makes this value").node(node.label()).tensor(name);
    return id;
  }

  /// Kernels count on inputs up to the last that their operator needs.
  static void require_inputs(const LoweredNode& lowered) {
    const auto& parameters = lowered.record->inputs;
    for (std::size_t i = lowered.inputs.size(); i < parameters.size(); ++i)
      if (parameters[i].arity == Arity::Single)
        throw Error("input '" + parameters[i].name + "' of " + lowered.node->op_type + " is missing")
            .node(lowered.node->label());
  }

  /// Lowering goes on, so that one message names all of them.
  void note_unsupported(const Node& node, Scope& scope) {
    const std::string name = (node.domain.empty() ? "" : node.domain + ".") + node.op_type;
    if (std::find(unsupported_.begin(), unsupported_.end(), name) == unsupported_.end())
      unsupported_.push_back(name);
    for (const auto& output : node.outputs)
      if (!output.empty()) scope.ids[output] = graph_.add_value(output);
  }

  void inline_function(const Function& function, const Node& call, Scope& scope, int origin, int depth) {
    const GraphPointer body = instantiate(function, call);
    Scope inner;
    for (std::size_t i = 0; i < body->inputs.size(); ++i)
      if (i < call.inputs.size() && !call.inputs[i].empty())
        inner.ids[body->inputs[i].name] = resolve(call.inputs[i], call, scope);
    lower_graph(*body, function.opset_imports, inner, origin, depth + 1);
    export_outputs(*body, call, inner, scope);
  }

  /// An If whose condition is known gives way to the branch that runs.
  bool inline_branch(const LoweredNode& lowered, const Imports& imports, Scope& scope, int origin,
                     int depth) {
    if (lowered.op != "If" || !lowered.node->domain.empty()) return false;
    const Tensor* condition = graph_.constant(lowered, 0);
    if (!condition || condition->type() != DataType::Bool || condition->size() != 1) return false;
    const bool taken = *reinterpret_cast<const bool*>(condition->bytes().data());
    const auto branch = lowered.node->attribute_or(taken ? "then_branch" : "else_branch", GraphPointer());
    if (!branch) return false;
    Scope inner;
    inner.outer = &scope;
    lower_graph(*branch, imports, inner, origin, depth + 1);
    export_outputs(*branch, *lowered.node, inner, scope);
    return true;
  }

  /// An operator of another domain that the standard's can do gives way to them.
  bool inline_expansion(const LoweredNode& lowered, Scope& scope, int origin, int depth) {
    std::vector<Type> types;
    for (const ValueId id : lowered.inputs) {
      Type& type = types.emplace_back();
      if (id < 0) continue;
      const LoweredValue& value = graph_.values[id];
      type = Type::tensor(value.element);
      if (value.is_static) type.shape = shape_of(value.dims);
    }
    const GraphPointer body = expansion_of(*lowered.node, types);
    if (!body) return false;
    Scope inner;
    for (std::size_t i = 0; i < body->inputs.size(); ++i) inner.ids[body->inputs[i].name] = lowered.inputs[i];
    lower_graph(*body, {{"", expansion_opset}}, inner, origin, depth + 1);
    export_outputs(*body, *lowered.node, inner, scope);
    return true;
  }

  void export_outputs(const Graph& body, const Node& node, const Scope& inner, Scope& scope) {
    for (std::size_t i = 0; i < std::min(body.outputs.size(), node.outputs.size()); ++i) {
      if (node.outputs[i].empty()) continue;
      const ValueId id = inner.find(body.outputs[i].name);
      if (id < 0)
        throw Error("no node makes this output of a subgraph")
            .node(node.label())
            .tensor(body.outputs[i].name);
      scope.ids[node.outputs[i]] = id;
    }
  }

  bool forward_constant(const Node& node, Scope& scope) {
    if (node.op_type != "Constant" || !node.domain.empty() || node.outputs.size() != 1) return false;
    const auto tensor = node.attribute_or("value", std::shared_ptr<const NamedTensor>());
    if (!tensor) return false;
    scope.ids[node.outputs[0]] = graph_.add_constant(node.outputs[0], tensor->tensor);
    return true;
  }

  /// Nodes that only hand on their input vanish: the output's name stands for the input's value.
  bool forward_input(const LoweredNode& lowered, const GraphIndex& index, Scope& scope) {
    if (!lowered.node->domain.empty() || !graph_.has_input(lowered, 0) || !hands_on(lowered, index))
      return false;
    scope.ids[lowered.node->outputs[0]] = lowered.inputs[0];
    return true;
  }

  /// No node of this graph reads the value, and it is no output that is asked for.
  bool is_unread(const std::string& name, const GraphIndex& index) const {
    return name.empty() ||
           (index.consumers(name).empty() && !index.is_output(name) && !read_in_bodies_.contains(name) &&
            std::find(request_.output_names.begin(), request_.output_names.end(), name) ==
                request_.output_names.end());
  }

  bool hands_on(const LoweredNode& lowered, const GraphIndex& index) const {
    const Node& node = *lowered.node;
    const LoweredValue& input = graph_.input(lowered, 0);
    const bool one_output =
        std::all_of(node.outputs.begin() + std::min<std::ptrdiff_t>(1, std::ssize(node.outputs)),
                    node.outputs.end(), [&](const auto& name) { return is_unread(name, index); });
    if (node.outputs.empty() || node.outputs[0].empty() || !one_output) return false;
    if (node.op_type == "Identity") return true;
    if (node.op_type == "Concat") return lowered.inputs.size() == 1;
    if (node.op_type == "Cast")
      return input.is_static &&
             node.attribute_or("to", std::int64_t{0}) == static_cast<std::int64_t>(input.element);
    if (node.op_type == "Dropout") {
      const Tensor* training = graph_.constant(lowered, 2);
      const bool trains = graph_.has_input(lowered, 2) && (!training || training->bytes()[0] != std::byte{0});
      const bool drops_nothing = graph_.scalar(lowered, 1) == 0.0f;
      return lowered.record->since_version >= 7 && (!trains || drops_nothing);
    }
    return false;
  }

  /// Of operators that change sizes, those that here do not.
  bool changes_nothing(const LoweredNode& lowered) const {
    static constexpr std::array<std::string_view, 5> operators = {"Reshape", "Flatten", "Expand", "Pad",
                                                                  "Tile"};
    if (std::find(operators.begin(), operators.end(), lowered.op) == operators.end() ||
        !lowered.node->domain.empty() || lowered.outputs.size() != 1 || lowered.inputs[0] < 0)
      return false;
    const LoweredValue& from = graph_.input(lowered, 0);
    const LoweredValue& to = graph_.output(lowered);
    if (!from.is_static || !to.is_static || from.dims != to.dims || from.element != to.element) return false;
    if (lowered.op != "Pad") return true;
    // Version 1 calls them otherwise.
    Dims pads = lowered.node->attribute_or("pads", lowered.node->attribute_or("paddings", Dims{}));
    if (const Tensor* given = graph_.constant(lowered, 1)) pads = values_as<std::int64_t>(*given);
    return std::all_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad == 0; }) &&
           (!graph_.has_input(lowered, 1) || graph_.constant(lowered, 1));
  }

  void capture_outer_values(LoweredNode& lowered, const Imports& imports, const Scope& scope) {
    for (const auto& [name, body] : subgraphs_of(*lowered.node)) {
      lowered.imports = imports;
      for (const auto& outer : outer_names(*body)) {
        if (std::find(lowered.captures.begin(), lowered.captures.end(), outer) != lowered.captures.end())
          continue;
        lowered.captures.push_back(outer);
        lowered.inputs.push_back(resolve(outer, *lowered.node, scope));
      }
    }
  }

  void infer(LoweredNode& lowered) {
    if (!lowered.record->infer_function) return;
    NodeInference context(graph_, lowered);
    lowered.record->infer_function(context);
    for (std::size_t i = 0; i < lowered.outputs.size(); ++i) {
      if (lowered.outputs[i] < 0 || !context.outputs()[i].is_tensor()) continue;
      const Type& type = context.outputs()[i];
      LoweredValue& value = graph_.values[lowered.outputs[i]];
      value.element = type.element;
      const auto dims = type.shape ? constant_dims(*type.shape) : std::nullopt;
      value.is_static = dims && bits_of(type.element) >= 8 && is_imaginable(*dims);
      if (value.is_static) value.dims = *dims;
    }
  }

  /// Runs a node now if all that it reads is known: chains from Shape to Reshape vanish here.
  bool fold(const LoweredNode& lowered) {
    if (!lowered.record->is_deterministic || !lowered.captures.empty() ||
        !subgraphs_of(*lowered.node).empty() || is_quantized_weight(lowered))
      return false;
    std::vector<Datum> inputs;
    const bool only_shape = lowered.op == "Shape" || lowered.op == "Size";
    for (const ValueId id : lowered.inputs) {
      if (id < 0) {
        inputs.emplace_back();
        continue;
      }
      const LoweredValue& value = graph_.values[id];
      if (!value.is_constant() && !(only_shape && value.is_static)) return false;
      inputs.emplace_back(value.is_constant() ? value.constant.aligned() : shape_only(value));
    }
    for (const ValueId id : lowered.outputs)
      if (id >= 0 && graph_.values[id].is_static && graph_.values[id].size() > max_folded_bytes / 8)
        return false;
    const auto outputs = run_kernel(*lowered.node, *lowered.record, std::move(inputs), {{}, request_.cancel});
    for (const auto& output : outputs)
      if (output.is_present() && !output.is_tensor()) return false;
    for (std::size_t i = 0; i < std::min(outputs.size(), lowered.outputs.size()); ++i)
      if (lowered.outputs[i] >= 0 && outputs[i].is_tensor())
        set_constant(lowered.outputs[i], outputs[i].tensor());
    return true;
  }

  /// Weights that may be multiplied as the 8-bit integers that they are.
  bool is_quantized_weight(const LoweredNode& lowered) const {
    return lowered.op == "DequantizeLinear" && lowered.inputs[0] >= 0 &&
           graph_.input(lowered, 0).dims.size() >= 2 && bits_of(graph_.input(lowered, 0).element) == 8 &&
           is_integer(graph_.input(lowered, 0).element);
  }

  /// A tensor of the value's type and sizes whose bytes nobody may read.
  static Tensor shape_only(const LoweredValue& value) {
    static const std::byte nothing{};
    const auto bytes = static_cast<std::size_t>(bytes_for(value.element, value.size()));
    return Tensor(value.element, value.dims, {&nothing, bytes}, nullptr);
  }

  void set_constant(ValueId id, const Tensor& tensor) {
    LoweredValue& value = graph_.values[id];
    value.constant = tensor;
    value.element = tensor.type();
    value.dims = tensor.dims();
    value.is_static = true;
  }

  const LoweringRequest& request_;
  const Model& model_;
  LoweredGraph graph_;
  std::vector<std::string> unsupported_;
  std::unordered_set<std::string> read_in_bodies_;
};

}  // namespace

std::vector<Type> infer_outputs(const LoweredGraph& graph, const LoweredNode& node, bool widened) {
  NodeInference context(graph, node, widened);
  if (node.record->infer_function) node.record->infer_function(context);
  std::vector<Type> types = context.outputs();
  types.resize(node.outputs.size());
  return types;
}

LoweredGraph lower(const LoweringRequest& request) { return Lowerer(request).run(); }

}  // namespace lapidary::cpu
