#include <algorithm>

#include "engine/analysis/constant_folding.h"
#include "engine/analysis/dimension_name.h"
#include "engine/analysis/shape_rules.h"
#include "engine/analysis/type_constraints.h"
#include "engine/analysis/type_inference.h"
#include "engine/model/function_body.h"
#include "engine/ops/operator_table.h"

namespace lapidary {

/// One node's view of the facts.
class TypeInference::Context : public InferenceContext {
 public:
  Context(TypeInference& inference, const Scope& scope, const Node& node, int version, const Inputs& inputs)
      : InferenceContext(node, version), inference_(inference), scope_(scope), inputs_(inputs) {}

  const Type& input_type(std::size_t index) const override {
    static const Type unknown;
    return index < inputs_.size() && inputs_[index] ? inputs_[index]->type : unknown;
  }
  const Tensor* input_constant(std::size_t index) const override {
    if (index >= inputs_.size() || !inputs_[index] || !inputs_[index]->constant.is_present()) return nullptr;
    return &inputs_[index]->constant;
  }
  std::optional<std::vector<Dimension>> input_values(std::size_t index) const override {
    if (index >= inputs_.size() || !inputs_[index]) return std::nullopt;
    if (inputs_[index]->values) return inputs_[index]->values;
    return inputs_[index]->constant.is_present() ? small_values(inputs_[index]->constant) : std::nullopt;
  }
  std::vector<Type> infer_subgraph(const Graph& graph, const std::vector<Type>& inputs) override {
    return inference_.enter_body(node(), graph, inputs, scope_);
  }

 private:
  TypeInference& inference_;
  const Scope& scope_;
  const Inputs& inputs_;
};

InferredTypes TypeInference::run() {
  if (!model_.graph) return std::move(result_);
  visits_left_ = 4 * static_cast<std::int64_t>(model_.graph->nodes.size()) + 200'000;
  result_.main_ = model_.graph.get();
  enter_main_graph();
  return std::move(result_);
}

void TypeInference::enter_main_graph() {
  const Graph& graph = *model_.graph;
  GraphFacts& facts = result_.graphs_[&graph];
  facts.values->reserve(graph.nodes.size() * 5 / 4 + graph.initializers.size() + graph.inputs.size());
  for (const auto& [name, number] : options_.dimensions) names_.give_number(name, number);
  add_initializers(graph, facts);
  for (const auto& input : graph.inputs) {
    Type type = type_of_main_input(input);
    ValueFacts& fact = (*facts.values)[input.name];
    if (fact.constant.is_present() && !options_.inputs.contains(input.name)) continue;
    fact = {std::move(type), {}, std::nullopt};
  }
  for (const auto& input : graph.inputs) {
    ValueFacts& fact = (*facts.values)[input.name];
    fact.type = names_.resolved(std::move(fact.type));
  }
  walk(graph, {&facts, &graph, nullptr, nullptr, 0});
}

Type TypeInference::type_of_main_input(const Value& input) {
  Type type = input.type;
  if (type.shape)
    for (std::size_t axis = 0; axis < type.shape->size(); ++axis) {
      Dimension& dimension = (*type.shape)[axis];
      dimension = DimensionNames().resolved(dimension);
      if (!dimension.is_known()) dimension = Dimension::symbol(dimension_name(input, axis));
      names_.fix(dimension);
    }
  const auto given = options_.inputs.find(input.name);
  if (given == options_.inputs.end()) return type;
  // Sizes given for one input number the names that it shares with others.
  if (type.shape && given->second.shape && type.shape->size() == given->second.shape->size())
    for (std::size_t axis = 0; axis < type.shape->size(); ++axis) {
      const auto symbols = (*type.shape)[axis].symbols();
      const Dimension& number = (*given->second.shape)[axis];
      if (symbols.size() == 1 && number.is_constant() && (*type.shape)[axis] == Dimension::symbol(symbols[0]))
        names_.give_number(symbols[0], number.value());
    }
  return given->second;
}

void TypeInference::add_initializers(const Graph& graph, GraphFacts& facts) {
  for (const auto& initializer : graph.initializers)
    (*facts.values)[initializer->name] = {initializer->tensor.full_type(), initializer->tensor, std::nullopt};
  for (const auto& initializer : graph.sparse_initializers)
    (*facts.values)[initializer->name].type =
        Type::tensor(initializer->tensor.values.type(), shape_of(initializer->tensor.dims));
}

void TypeInference::walk(const Graph& graph, const Scope& scope) {
  const GraphIndex index(graph);
  const auto& order = index.topological_order();
  for (const int position : order) visit(*graph.nodes[static_cast<std::size_t>(position)], scope, index);
  if (order.size() == graph.nodes.size()) return;
  std::vector<bool> seen(graph.nodes.size(), false);
  for (const int position : order) seen[static_cast<std::size_t>(position)] = true;
  const auto first = static_cast<std::size_t>(std::find(seen.begin(), seen.end(), false) - seen.begin());
  report(
      Problem::Severity::Error, scope, *graph.nodes[first], "",
      "is on a cycle or needs one (" + std::to_string(graph.nodes.size() - order.size()) + " nodes in all)");
}

void TypeInference::visit(const Node& node, const Scope& scope, const GraphIndex& index) {
  if (--visits_left_ < 0) return;
  if (options_.checkpoint && visits_left_ % 64 == 0) options_.checkpoint();
  std::vector<ValueFacts> outputs(node.outputs.size());
  const Function* function = model_.functions.empty() ? nullptr : model_.find_function(node);
  if (function) {
    enter_function(*function, node, scope, outputs);
  } else if (const Operator* record = find_record(node, scope)) {
    Inputs inputs;
    inputs.reserve(node.inputs.size());
    for (const auto& input : node.inputs) inputs.push_back(input.empty() ? nullptr : find(scope, input));
    infer_node(*record, node, inputs, scope, outputs);
    if (options_.fold_constants) fold(*record, node, inputs, outputs);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    if (const Type* type = index.declared_type(node.outputs[i]))
      merge_declared(node, node.outputs[i], *type, scope, outputs[i].type);
    scope.facts->values->insert_or_assign(node.outputs[i], std::move(outputs[i]));
  }
  enter_bodies_left(node, scope);
}

void TypeInference::infer_node(const Operator& record, const Node& node, const Inputs& inputs,
                               const Scope& scope, std::vector<ValueFacts>& outputs) {
  if (!record.infer_function) return;
  Context context(*this, scope, node, record.since_version, inputs);
  try {
    record.infer_function(context);
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    report(Problem::Severity::Error, scope, node, "", error.what());
    return;
  }
  for (const auto& problem : context.problems()) report(Problem::Severity::Error, scope, node, "", problem);
  if (options_.check_types) check_types(record, node, inputs, context.outputs(), scope);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].type = context.outputs()[i];
    outputs[i].values = context.output_values()[i];
  }
}

void TypeInference::check_types(const Operator& record, const Node& node, const Inputs& inputs,
                                const std::vector<Type>& outputs, const Scope& scope) {
  std::vector<Type> input_types;
  for (const ValueFacts* input : inputs) input_types.push_back(input ? input->type : Type());
  for (auto& mismatch : type_mismatches(record, node, input_types, outputs))
    report(Problem::Severity::Error, scope, node, mismatch.tensor, std::move(mismatch.message));
  for (auto& message : shape_problems(record, node, input_types))
    report(Problem::Severity::Error, scope, node, "", std::move(message));
}

void TypeInference::fold(const Operator& record, const Node& node, const Inputs& inputs,
                         std::vector<ValueFacts>& outputs) {
  for (auto& output : outputs)
    if (output.values)
      if (auto tensor = tensor_of_values(output.type, *output.values)) output.constant = std::move(*tensor);
  std::vector<const Tensor*> constants;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool is_constant = inputs[i] && inputs[i]->constant.is_present();
    if (!is_constant && !node.inputs[i].empty()) return;
    constants.push_back(is_constant ? &inputs[i]->constant : nullptr);
  }
  std::vector<Type> types;
  for (const auto& output : outputs) types.push_back(output.type);
  std::vector<Tensor> folded = fold_node(record, node, constants, types);
  for (std::size_t i = 0; i < folded.size(); ++i) {
    if (!folded[i].is_present()) continue;
    outputs[i] = {folded[i].full_type(), folded[i], std::nullopt};
  }
}

void TypeInference::enter_function(const Function& function, const Node& node, const Scope& scope,
                                   std::vector<ValueFacts>& outputs) {
  for (const Call* call = scope.call; call; call = call->outer)
    if (&call->function == &function) {
      report(Problem::Severity::Error, scope, node, "", "function " + function.name + " calls itself");
      return;
    }
  if (scope.depth >= most_depth) return;
  // A call in a loop's body is walked more than once, and keeps its graph.
  GraphPointer& graph = result_.function_bodies_[{scope.graph, &node}];
  if (!graph) graph = instantiate(function, node);
  const Call call{function, node, scope.call};
  GraphFacts& facts = result_.graphs_[graph.get()];
  facts = {};
  const Scope body{&facts, graph.get(), nullptr, &call, scope.depth + 1};
  for (std::size_t i = 0; i < std::min(function.inputs.size(), node.inputs.size()); ++i)
    if (const ValueFacts* given = node.inputs[i].empty() ? nullptr : find(scope, node.inputs[i]))
      (*facts.values)[function.inputs[i]] = *given;
  walk(*graph, body);
  for (std::size_t i = 0; i < std::min(outputs.size(), function.outputs.size()); ++i)
    if (const ValueFacts* found = find(body, function.outputs[i])) outputs[i] = *found;
}

std::vector<Type> TypeInference::enter_body(const Node& node, const Graph& graph,
                                            const std::vector<Type>& inputs, const Scope& outer) {
  std::vector<Type> results(graph.outputs.size());
  if (outer.depth >= most_depth) return results;
  GraphFacts& facts = result_.graphs_[&graph];
  facts = {};
  facts.outer = outer.graph;
  add_initializers(graph, facts);
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const Value& input = graph.inputs[i];
    const Type given = i < inputs.size() ? inputs[i] : Type();
    MergedType merged = merge_types(given, input.type, names_);
    // What a loop carries may start as something else than its body gives, such as an optional; its
    // declaration holds.
    const bool differs = !merged.contradiction.empty() && !merged.is_shape_only;
    if (differs && options_.check_types && given.is_tensor() && input.type.is_tensor())
      report(Problem::Severity::Error, outer, node, input.name,
             "the graph inside takes " + to_string(input.type) + ", but is given " + to_string(given));
    (*facts.values)[input.name].type = differs ? names_.resolved(input.type) : std::move(merged.type);
  }
  const Scope scope{&facts, &graph, &outer, outer.call, outer.depth + 1};
  walk(graph, scope);
  for (std::size_t i = 0; i < results.size(); ++i)
    if (const ValueFacts* found = find(scope, graph.outputs[i].name)) results[i] = found->type;
  return results;
}

void TypeInference::enter_bodies_left(const Node& node, const Scope& scope) {
  for (const auto& attribute : node.attributes) {
    const bool holds_graphs =
        attribute.type() == AttributeType::Graph || attribute.type() == AttributeType::Graphs;
    if (!holds_graphs) continue;
    for (const auto& [name, graph] : subgraphs_of(node))
      if (graph && !result_.graphs_.contains(graph.get())) enter_body(node, *graph, {}, scope);
    return;
  }
}

void TypeInference::merge_declared(const Node& node, const std::string& value, const Type& declared,
                                   const Scope& scope, Type& type) {
  MergedType merged = merge_types(std::move(type), declared, names_);
  type = std::move(merged.type);
  if (merged.contradiction.empty()) return;
  // Sizes given by the caller may well differ from those that the file was exported with.
  if (merged.is_shape_only && !(options_.inputs.empty() && options_.dimensions.empty())) return;
  report(Problem::Severity::Error, scope, node, value, std::move(merged.contradiction));
}

const ValueFacts* TypeInference::find(const Scope& scope, std::string_view name) {
  for (const Scope* s = &scope; s; s = s->outer) {
    if (const ValueFacts* found = s->facts->find(name)) return found;
  }
  return nullptr;
}

const Operator* TypeInference::find_record(const Node& node, const Scope& scope) const {
  if (scope.call)
    for (const auto& import : scope.call->function.opset_imports)
      if (normalized_domain(import.domain) == normalized_domain(node.domain))
        return operator_table().find(node.domain, node.op_type, import.version);
  return operator_table().find(node.domain, node.op_type, model_.opset(node.domain));
}

void TypeInference::report(Problem::Severity severity, const Scope& scope, const Node& node,
                           const std::string& tensor, std::string message) {
  Problem problem{severity, node.label(), tensor, std::move(message)};
  for (const Call* call = scope.call; call; call = call->outer) {
    problem.message = "in function " + call->function.name + ", " + problem.node + ": " + problem.message;
    problem.node = call->caller.label();
  }
  // A loop's body is walked more than once.
  if (reported_.insert(problem.node + '\n' + tensor + '\n' + problem.message).second)
    result_.problems_.push_back(std::move(problem));
}

InferredTypes infer_types(const Model& model, const InferenceOptions& options) {
  return TypeInference(model, options).run();
}

}  // namespace lapidary
