#include "engine/precision/precision_walk.h"

#include <algorithm>

#include "engine/analysis/every_node.h"
#include "engine/model/edit.h"
#include "engine/model/graph_index.h"
#include "engine/model/names.h"
#include "engine/model/short_number.h"
#include "engine/ops/operator_table.h"
#include "engine/precision/index_arithmetic.h"
#include "engine/precision/node_retyping.h"
#include "engine/precision/rounding.h"
#include "engine/precision/typed_scope.h"

namespace lapidary {
namespace {

/// One walk through a model, in which some nodes are known to keep their types.
class PrecisionWalk {
 public:
  PrecisionWalk(const ModelPointer& model, const InferredTypes& types, const PrecisionOptions& options,
                const KeepReasons& reasons, const std::set<std::string>& fixed_inputs)
      : model_(*model),
        types_(types),
        options_(options),
        reasons_(reasons),
        fixed_inputs_(fixed_inputs),
        names_(model) {
    for (const DataType type : {DataType::Float32, DataType::Float16, DataType::BFloat16})
      if (type != options.target) exchange_.from.push_back(type);
    exchange_.to = options.target;
  }

  PrecisionConversion run() {
    const Graph& graph = *model_.graph;
    TypedScope scope(graph, nullptr, names_);
    define_main_inputs(scope);
    for (const auto& output : graph.outputs) write_if_constant(scope, output);
    convert_nodes(scope);
    Graph result = scope.finish(model_.ir_version < 4);
    for (auto* values : {&result.inputs, &result.outputs})
      for (auto& value : *values) declare(scope, value);
    result_.model = with_graph(model_, std::move(result));
    if (model_.opset() == 0) import_cast();
    if (!idle_.empty()) result_.model = without_idle();
    return std::move(result_);
  }

 private:
  // --- the main graph's inputs and outputs ---

  void define_main_inputs(TypedScope& scope) {
    const Graph& graph = *model_.graph;
    std::unordered_map<std::string_view, const NamedTensor*> initializers;
    for (const auto& tensor : graph.initializers) initializers.emplace(tensor->name, tensor.get());
    for (const auto& input : graph.inputs) {
      if (initializers.contains(input.name)) continue;  // a constant with a declaration
      const bool stays =
          options_.keep_io || options_.kept_values.contains(input.name) || fixed_inputs_.contains(input.name);
      scope.define(input.name, {input.name, stays ? input.type : exchange_.exchanged(input.type)});
    }
  }

  /// The type that an output of the main graph is to have.
  DataType wanted_output(const std::string& name) const {
    const Type& type = types_.type_of(name);
    const bool changes = !options_.keep_io && !options_.kept_values.contains(name) && type.is_tensor() &&
                         exchange_.concerns(type);
    return changes ? exchange_.to : element_of(type);
  }

  void write_if_constant(TypedScope& scope, const Value& output) {
    const auto value = scope.find(output.name);
    if (value && value->constant && value->twins.empty())
      scope.write_constant(output.name, wanted_output(output.name));
  }

  static void declare(const TypedScope& scope, Value& value) {
    const auto found = scope.find(value.name);
    const DataType element = found ? found->element_called(value.name) : DataType::Undefined;
    if (element != DataType::Undefined && element_of(value.type) != DataType::Undefined &&
        element != element_of(value.type))
      value.type = with_element(value.type, element);
  }

  /// Models of other domains alone need the standard's for Cast.
  void import_cast() {
    Model changed = *result_.model;
    if (std::none_of(changed.graph->nodes.begin(), changed.graph->nodes.end(),
                     [](const auto& node) { return is_standard(*node, "Cast"); }))
      return;
    changed.opset_imports.push_back({"", 13});  // the first with bfloat16
    result_.model = std::make_shared<const Model>(std::move(changed));
  }

  /// Who makes what an idle Cast passed on to an output gives it that name.
  ModelPointer without_idle() const {
    return rewrite_graphs(result_.model, {},
                          [this](GraphRewriter& graph) {
                            for (std::size_t i = 0; i < graph.size(); ++i) {
                              const Node& node = *graph.node(i);
                              if (is_standard(node, "Identity") && idle_.contains(node.outputs[0]) &&
                                  !graph.is_inner() && graph.can_bypass(node.outputs[0], node.inputs[0]) &&
                                  graph.admit(node))
                                graph.bypass(i, node.outputs[0], node.inputs[0]);
                            }
                          })
        .model;
  }

  // --- nodes ---

  void convert_nodes(TypedScope& scope) {
    const Graph& graph = scope.original();
    const auto indices = index_arithmetic(model_, graph, types_);
    const GraphIndex index(graph);
    for (const int position : index.topological_order()) {
      const Node& node = *graph.nodes[static_cast<std::size_t>(position)];
      if (define_if_constant(scope, node)) continue;
      std::string reason = keep_reason(scope, node);
      if (reason.empty() && indices.contains(&node)) reason = "it computes sizes or indices";
      const Operator* record = find_operator(model_, node);
      const NodeRetyping retyping = retyping_of(scope, node, record);
      if (reason.empty() && !record && is_concerned(scope, node))
        reason = "operator " + node.op_type + " is not known";
      if (reason.empty() && record && retyping.is_concerned() && !retyping.is_possible())
        reason = "operator " + node.op_type + " has no " + std::string(name_of(exchange_.to)) +
                 " in operator set " + std::to_string(model_.opset(node.domain));
      if (reason.empty() && record) reason = lost_constant(scope, node, retyping);
      const bool stays =
          !reason.empty() || !record || (!retyping.is_concerned() && subgraphs_of(node).empty());
      if (!reason.empty() && is_concerned(scope, node))
        result_.kept.push_back({node.label(), node.op_type, reason});
      try {
        stays ? keep(scope, node) : convert(scope, node, *record, retyping);
        if (!stays && !scope.outer()) result_.changed.push_back(node.label());
      } catch (FixedElementType& fixed) {
        if (!fixed.reader) fixed.reader = &node;
        throw;
      }
    }
  }

  NodeRetyping retyping_of(const TypedScope& scope, const Node& node, const Operator* record) const {
    static const Operator unknown("", 1, OperatorKind::Other);
    std::vector<Type> inputs, outputs;
    for (const auto& name : node.inputs) inputs.push_back(original_type(scope, name));
    for (const auto& name : node.outputs) outputs.push_back(original_type(scope, name));
    return NodeRetyping(record ? *record : unknown, node, inputs, outputs, exchange_);
  }

  const Type& original_type(const TypedScope& scope, const std::string& name) const {
    static const Type unknown;
    return name.empty() ? unknown : types_.type_in(&scope.original(), name);
  }

  bool is_concerned(const TypedScope& scope, const Node& node) const {
    const auto concerns = [&](const std::string& name) {
      return exchange_.concerns(original_type(scope, name));
    };
    return std::any_of(node.inputs.begin(), node.inputs.end(), concerns) ||
           std::any_of(node.outputs.begin(), node.outputs.end(), concerns) || !subgraphs_of(node).empty();
  }

  /// Why the node keeps its types whatever its operator allows; empty if nothing speaks against it.
  std::string keep_reason(const TypedScope& scope, const Node& node) const {
    if (const auto found = reasons_.find(&node); found != reasons_.end()) return found->second;
    if (std::string reason = options_.blocked.reason(node); !reason.empty()) return reason;
    if (is_standard(node, "BitCast")) return "it reads the bits of its input";
    for (const auto& name : node.inputs)
      if (!name.empty() && !original_type(scope, name).is_known())
        return "the type of '" + name + "' is not known";
    return {};
  }

  /// Dense floating constants are written in the types in which they are read.
  bool define_if_constant(TypedScope& scope, const Node& node) {
    if (!is_standard(node, "Constant") || node.outputs.size() != 1 || reasons_.contains(&node)) return false;
    auto tensor = node.attribute_or("value", std::shared_ptr<const NamedTensor>());
    const auto named = [](Tensor numbers) {
      NamedTensor made;
      made.tensor = std::move(numbers);
      return std::make_shared<const NamedTensor>(std::move(made));
    };
    if (const Attribute* number = node.find_attribute("value_float");
        number && number->type() == AttributeType::Float)
      tensor = named(Tensor::scalar(std::get<float>(number->value)));
    if (const Attribute* list = node.find_attribute("value_floats");
        list && list->type() == AttributeType::Floats) {
      const auto& numbers = std::get<std::vector<float>>(list->value);
      tensor = named(Tensor::of({static_cast<std::int64_t>(numbers.size())}, numbers));
    }
    if (!tensor || !exchange_.concerns(tensor->tensor.type())) return false;
    TypedValue value{node.outputs[0], tensor->tensor.full_type(), &node};
    value.constant = std::move(tensor);
    value.is_node = true;
    scope.define(node.outputs[0], std::move(value));
    if (!scope.outer())
      for (const auto& output : model_.graph->outputs)
        if (output.name == node.outputs[0]) write_if_constant(scope, output);
    return true;
  }

  /// Why a constant that the node reads must not be rounded.
  std::string lost_constant(const TypedScope& scope, const Node& node, const NodeRetyping& retyping) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto value = retyping.exchanges_input(i) ? scope.find(node.inputs[i]) : nullptr;
      if (!value || !value->constant || retyping.is_free(i)) continue;
      auto [place, fresh] = losses_.try_emplace(value->constant.get());
      if (fresh) place->second.add(value->constant->tensor, exchange_.to);
      const RoundingLoss& loss = place->second;
      const std::string type(name_of(exchange_.to)), name = "constant '" + value->name + "'";
      if (loss.overflows > 0)
        return name + " overflows " + type + ": it reaches " + short_number(loss.largest);
      if (loss.underflows())
        return name + " underflows " + type + ": rounding it changes it by " +
               short_number(100 * loss.relative_error()) + " %";
      if (loss.sentinels > 0 && fresh)
        result_.notes.push_back(name + " holds numbers beyond " + type + " of " +
                                short_number(sentinel_size) + " and more: they are clamped");
    }
    return {};
  }

  // --- a node that keeps its types ---

  void keep(TypedScope& scope, const Node& node) {
    Renames renames;
    for_each_read(node, [&](const std::string& name) {
      if (!scope.find(name)) return;
      const DataType element = element_of(original_type(scope, name));
      std::string read = exchange_.concerns(element) ? scope.read(name, element) : scope.read_as_is(name);
      if (read != name) renames.emplace(name, std::move(read));
    });
    const auto renamed = reading_renamed(node, renames);
    std::vector<Type> types;
    for (const auto& output : node.outputs) types.push_back(original_type(scope, output));
    add(scope, node, renamed ? *renamed : node, types);
  }

  // --- a node whose types are exchanged ---

  void convert(TypedScope& scope, const Node& node, const Operator& record, const NodeRetyping& retyping) {
    Node changed = node;
    std::vector<Type> inputs;
    std::vector<const ValueFacts*> facts;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(read_input(scope, node, i, retyping, changed.inputs[i]));
      facts.push_back(node.inputs[i].empty() ? nullptr : types_.find(&scope.original(), node.inputs[i]));
    }
    retype_attributes(changed, record, exchange_, false);
    if (is_standard(node, "Cast") && becomes_idle(scope, node, changed, inputs)) return;
    Bodies bodies;
    std::vector<Type> outputs = infer(scope, changed, record, retyping, inputs, facts, bodies);
    const bool reads_none = std::none_of(inputs.begin(), inputs.end(),
                                         [&](const Type& type) { return element_of(type) == exchange_.to; });
    for (std::size_t i = 0; i < outputs.size() && reads_none && bodies.empty(); ++i)
      if (exchange_.concerns(outputs[i]) && retyping.may_exchange_output(i)) {
        retype_attributes(changed, record, exchange_, true);
        outputs = infer(scope, changed, record, retyping, inputs, facts, bodies);
        break;
      }
    replace_bodies(scope, node, changed, retyping, bodies);
    add(scope, node, std::move(changed), outputs);
  }

  /// The type in which input `index` is read, and its name.
  Type read_input(TypedScope& scope, const Node& node, std::size_t index, const NodeRetyping& retyping,
                  std::string& name) {
    const Type& original = original_type(scope, node.inputs[index]);
    const auto value = scope.find(node.inputs[index]);
    if (!value) return original;
    DataType element = retyping.exchanges_input(index) ? exchange_.to : element_of(original);
    if (retyping.is_free(index) && value->type.is_known()) element = element_of(value->type);
    name = exchange_.concerns(original) ? scope.read(node.inputs[index], element)
                                        : scope.read_as_is(node.inputs[index]);
    return exchange_.concerns(original) ? with_element(original, element) : original;
  }

  /// A Cast to the type that its input has by now goes; readers of its output read its input.
  bool becomes_idle(TypedScope& scope, const Node& node, Node& changed, const std::vector<Type>& inputs) {
    const DataType to = static_cast<DataType>(changed.attribute_or("to", std::int64_t{0}));
    if (inputs.size() != 1 || !inputs[0].is_tensor() || inputs[0].element != to || !is_concerned(scope, node))
      return false;
    const auto value = scope.find(node.inputs[0]);
    if (!value || is_main_output(scope, node.outputs[0])) {
      changed.op_type = "Identity";
      changed.attributes.clear();
      idle_.insert(node.outputs[0]);
      return false;
    }
    scope.define_alias(node.outputs[0], value);
    return true;
  }

  struct Body {
    const Graph* graph;
    std::vector<Type> inputs;
  };
  using Bodies = std::vector<Body>;  // as the operator's inference asked for them, each once

  std::vector<Type> infer(const TypedScope& scope, const Node& node, const Operator& record,
                          const NodeRetyping& retyping, const std::vector<Type>& inputs,
                          const std::vector<const ValueFacts*>& facts, Bodies& bodies) const {
    const auto body_types = [&](const Graph& body, const std::vector<Type>& given) {
      if (std::none_of(bodies.begin(), bodies.end(), [&](const Body& known) { return known.graph == &body; }))
        bodies.push_back({&body, given});
      std::vector<Type> results;
      for (const auto& output : body.outputs) {
        const Type& type = types_.type_in(&body, output.name);
        results.push_back(makes_exchanged(type, given, retyping) ? exchange_.exchanged(type) : type);
      }
      return results;
    };
    std::vector<Type> outputs = output_types(record, node, inputs, facts, body_types);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Type& original = original_type(scope, node.outputs[i]);
      const DataType made = element_of(outputs[i]);
      const bool is_told = made == exchange_.to || made == element_of(original);
      outputs[i] = !exchange_.concerns(original)     ? original
                   : is_told                         ? with_element(original, made)
                   : retyping.may_exchange_output(i) ? exchange_.exchanged(original)
                                                     : original;
    }
    return outputs;
  }

  /// Whether a body's output of that type is exchanged: not where the operator gives it all inputs as they
  /// were.
  bool makes_exchanged(const Type& type, const std::vector<Type>& given, const NodeRetyping& retyping) const {
    const auto stays = [&](const Type& input) { return exchange_.concerns(input); };
    const auto changes = [&](const Type& input) { return element_of(input) == exchange_.to; };
    return retyping.may_exchange_result(type) && (std::none_of(given.begin(), given.end(), stays) ||
                                                  std::any_of(given.begin(), given.end(), changes));
  }

  void replace_bodies(TypedScope& scope, const Node& original, Node& node, const NodeRetyping& retyping,
                      const Bodies& bodies) {
    const auto replace = [&](GraphPointer& graph) {
      const auto found = std::find_if(bodies.begin(), bodies.end(),
                                      [&](const Body& body) { return body.graph == graph.get(); });
      graph = convert_body(scope, original, *graph,
                           found == bodies.end() ? std::vector<Type>() : found->inputs, retyping);
    };
    for (auto& attribute : node.attributes) {
      if (auto* graph = std::get_if<GraphPointer>(&attribute.value)) replace(*graph);
      if (auto* list = std::get_if<std::vector<GraphPointer>>(&attribute.value))
        std::for_each(list->begin(), list->end(), replace);
    }
  }

  GraphPointer convert_body(TypedScope& outer, const Node& node, const Graph& body,
                            const std::vector<Type>& given, const NodeRetyping& retyping) {
    TypedScope scope(body, &outer, names_);
    for (std::size_t i = 0; i < body.inputs.size(); ++i) {
      const Type& type = types_.type_in(&body, body.inputs[i].name);
      const DataType element = i < given.size() ? element_of(given[i]) : DataType::Undefined;
      const bool changes = exchange_.concerns(type) && element == exchange_.to;
      scope.define(body.inputs[i].name,
                   {body.inputs[i].name, changes ? exchange_.exchanged(type) : type, &node});
    }
    convert_nodes(scope);
    std::vector<std::pair<std::string, DataType>> outputs;
    for (const auto& output : body.outputs) {
      const Type& type = types_.type_in(&body, output.name);
      const DataType wanted = makes_exchanged(type, given, retyping) ? exchange_.to : element_of(type);
      outputs.emplace_back(
          exchange_.concerns(type) ? scope.read(output.name, wanted) : scope.read_as_is(output.name), wanted);
    }
    Graph result = scope.finish(false);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      result.outputs[i].name = outputs[i].first;
      if (element_of(result.outputs[i].type) != DataType::Undefined &&
          outputs[i].second != DataType::Undefined)
        result.outputs[i].type = with_element(result.outputs[i].type, outputs[i].second);
    }
    for (auto& input : result.inputs) declare(scope, input);
    return std::make_shared<const Graph>(std::move(result));
  }

  // --- results ---

  bool is_main_output(const TypedScope& scope, const std::string& name) const {
    return !scope.outer() && std::any_of(model_.graph->outputs.begin(), model_.graph->outputs.end(),
                                         [&](const Value& output) { return output.name == name; });
  }

  /// Adds the node, which makes what `original` made in the given types. An output of the main graph keeps
  /// its name in the type that is wanted of it.
  void add(TypedScope& scope, const Node& original, Node node, const std::vector<Type>& types) {
    std::vector<std::pair<std::string, std::string>> casts;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const std::string name = original.outputs[i];
      if (name.empty()) continue;
      TypedValue value{name, types[i], &original};
      const DataType wanted = wanted_output(name);
      if (is_main_output(scope, name) && types[i].is_tensor() && element_of(types[i]) != wanted) {
        value.name = node.outputs[i] = names_.fresh(name + "_" + std::string(name_of(element_of(types[i]))));
        value.twins[wanted] = name;
        casts.emplace_back(value.name, name);
      }
      scope.define(name, std::move(value));
    }
    scope.add(std::move(node));
    for (const auto& [source, target] : casts) scope.add_cast(source, target, wanted_output(target));
  }

  const Model& model_;
  const InferredTypes& types_;
  const PrecisionOptions& options_;
  const KeepReasons& reasons_;
  const std::set<std::string>& fixed_inputs_;
  ModelNames names_;
  TypeExchange exchange_;
  PrecisionConversion result_;
  std::unordered_map<const NamedTensor*, RoundingLoss> losses_;
  std::set<std::string> idle_;  ///< outputs that a Cast to the type of its input makes
};

}  // namespace

PrecisionConversion walk_precision(const ModelPointer& model, const InferredTypes& types,
                                   const PrecisionOptions& options, const KeepReasons& reasons,
                                   const std::set<std::string>& fixed_inputs) {
  return PrecisionWalk(model, types, options, reasons, fixed_inputs).run();
}

}  // namespace lapidary
