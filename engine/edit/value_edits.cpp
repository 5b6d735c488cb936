#include <algorithm>

#include "engine/analysis/inferred_types.h"
#include "engine/edit/families.h"
#include "engine/edit/follow_sizes.h"
#include "engine/edit/names.h"
#include "engine/model/edit.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"

namespace lapidary {
namespace {

Value* find_value(std::vector<Value>& values, const std::string& name) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const Value& v) { return v.name == name; });
  return found == values.end() ? nullptr : &*found;
}

/// The declared type of an input, output or intermediate; an unknown one if none is declared.
Type declared_type(const Graph& graph, const std::string& name) {
  for (const auto* values : {&graph.inputs, &graph.outputs})
    for (const auto& value : *values)
      if (value.name == name) return value.type;
  for (const auto& value : graph.value_infos)
    if (value.name == name) return value.type;
  return {};
}

/// Declares the type wherever the value is declared, or as that of an intermediate.
void declare(Graph& graph, const std::string& name, const Type& type) {
  bool found = false;
  for (auto* values : {&graph.inputs, &graph.outputs})
    if (Value* value = find_value(*values, name)) {
      value->type = type;
      found = true;
    }
  graph.value_infos = updated(graph.value_infos, [&](const Value& value) {
    std::optional<Value> changed;
    if (value.name == name) {
      changed = value;
      changed->type = type;
      found = true;
    }
    return changed;
  });
  if (!found) graph.value_infos = appended(graph.value_infos, Value{name, type, {}, {}, {}});
}

ModelPointer set_type(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string tensor = arguments.text("tensor");
    const Type type = arguments.type("type");
    if (initializer_of(graph, tensor) && !is_input(graph, tensor))
      throw Error("is a weight, whose type is that of its data").tensor(tensor).advice("Use cast_weight");
    if (!defines(graph, tensor) && !is_output(graph, tensor))
      throw Error("there is no such tensor in this graph").tensor(tensor);
    declare(graph, tensor, type);
  });
}

// --- dimensions ---

/// The type with `change` applied to each of its dimensions; nothing if that changes none.
std::optional<Type> with_dimensions(const Type& type,
                                    const std::function<Dimension(const Dimension&)>& change) {
  Type result = type;
  bool any = false;
  if (type.inner)
    if (auto inner = with_dimensions(*type.inner, change)) {
      result.inner = std::make_shared<const Type>(std::move(*inner));
      any = true;
    }
  if (result.shape)
    for (auto& dimension : *result.shape) {
      Dimension changed = change(dimension);
      if (changed == dimension || !(dimension.is_known() || changed.is_known())) continue;
      dimension = std::move(changed);
      any = true;
    }
  return any ? std::optional(std::move(result)) : std::nullopt;
}

/// The expression with the symbol put to `value`; other expressions stay, unless a number takes its place.
Dimension replaced(const Dimension& dimension, const std::string& symbol, const Dimension& value) {
  if (dimension == Dimension::symbol(symbol)) return value;
  if (!value.is_constant()) return dimension;
  return dimension.substitute(
      [&](const std::string& name) { return name == symbol ? std::optional(value.value()) : std::nullopt; });
}

bool change_declared(Graph& graph, const std::function<Dimension(const Dimension&)>& change) {
  bool any = false;
  for (auto* values : {&graph.inputs, &graph.outputs})
    for (auto& value : *values)
      if (auto type = with_dimensions(value.type, change)) {
        value.type = std::move(*type);
        any = true;
      }
  graph.value_infos = updated(graph.value_infos, [&](const Value& value) {
    std::optional<Value> changed;
    if (auto type = with_dimensions(value.type, change)) {
      changed = value;
      changed->type = std::move(*type);
      any = true;
    }
    return changed;
  });
  return any;
}

ModelPointer set_dimension(const EditArguments& arguments) {
  const Dimension value = arguments.dimension("value");
  return arguments.with_graph([&](Graph& graph) {
    if (arguments.has("name")) {
      const std::string name = arguments.text("name");
      if (!change_declared(graph, [&](const Dimension& d) { return replaced(d, name, value); }))
        throw Error("no dimension is called '" + name + "'");
      return;
    }
    const std::string tensor = arguments.text("tensor");
    Type type = declared_type(graph, tensor);
    if (!type.shape)
      throw Error("has no declared shape").tensor(tensor).advice("Give it a type with set_type first");
    const auto rank = static_cast<std::int64_t>(type.shape->size());
    const std::int64_t axis = arguments.integer("axis"), index = axis < 0 ? axis + rank : axis;
    if (index < 0 || index >= rank)
      throw Error("has " + std::to_string(rank) + " dimensions, and no axis " + std::to_string(axis))
          .tensor(tensor);
    (*type.shape)[static_cast<std::size_t>(index)] = value;
    declare(graph, tensor, type);
  });
}

/// Sizes of inputs made symbols, and then, if `value` is a number, that number; with what follows from them.
ModelPointer with_sizes(const ModelPointer& before, const Graph& graph, const std::vector<std::string>& names,
                        const Dimension& value) {
  const ModelPointer followed = with_sizes_followed(before, with_graph(*before, graph), names);
  if (!value.is_constant()) return followed;
  Graph result = *followed->graph;
  change_declared(result, [&](const Dimension& dimension) {
    Dimension changed = dimension;
    for (const auto& name : names) changed = replaced(changed, name, value);
    return changed;
  });
  return with_graph(*followed, std::move(result));
}

void require_main_graph(const EditArguments& arguments) {
  if (arguments.path().function || !arguments.path().steps.empty())
    throw arguments.wrong("graph", "is not the main graph, whose inputs have these sizes");
}

ModelPointer set_batch_size(const EditArguments& arguments) {
  require_main_graph(arguments);
  const Dimension value = arguments.dimension("value");
  if (!value.is_known()) throw arguments.wrong("value", "is neither a number nor a name");
  const auto symbols = value.symbols();
  const std::string name = symbols.empty() ? "batch_size_to_be" : symbols.front();
  Graph graph = *arguments.model()->graph;
  for (auto& input : graph.inputs)
    if (auto& shape = input.type.shape; shape && !shape->empty() && !initializer_of(graph, input.name))
      shape->front() = value.is_constant() ? Dimension::symbol(name) : value;
  return with_sizes(arguments.model(), graph, {name}, value);
}

/// One size of an input, or all that are numbers, each with a name of its own.
ModelPointer free_dimension(const EditArguments& arguments) {
  require_main_graph(arguments);
  Graph graph = *arguments.model()->graph;
  const std::string tensor = arguments.text("tensor");
  Value* input = find_value(graph.inputs, tensor);
  if (!input || !input->type.shape) throw Error("is no input with a shape").tensor(tensor);
  Shape& shape = *input->type.shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const std::int64_t given = arguments.integer("axis", 0), axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank)
    throw Error("has " + std::to_string(rank) + " dimensions, and no axis " + std::to_string(given))
        .tensor(tensor);
  std::vector<std::string> names;
  for (std::int64_t i = arguments.has("axis") ? axis : 0; i < (arguments.has("axis") ? axis + 1 : rank);
       ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (!arguments.has("axis") && !shape[at].is_constant()) continue;
    names.push_back(arguments.has("axis") ? arguments.text("name", tensor + "_" + std::to_string(i))
                                          : tensor + "_" + std::to_string(i));
    shape[at] = Dimension::symbol(names.back());
  }
  return with_sizes(arguments.model(), graph, names, {});
}

// --- inputs and outputs ---

ModelPointer add_output(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string tensor = arguments.text("tensor");
    if (is_output(graph, tensor)) throw Error("is an output already").tensor(tensor);
    if (!defines(graph, tensor)) throw Error("there is no such tensor in this graph").tensor(tensor);
    Type type = arguments.has("type") ? arguments.type("type") : declared_type(graph, tensor);
    const bool in_main = !arguments.path().function && arguments.path().steps.empty();
    if (!type.is_known() && in_main) type = infer_types(*arguments.model()).type_of(tensor);
    graph.outputs.push_back({tensor, type, {}, {}, {}});
    erase_declared_types(graph, {tensor});
  });
}

ModelPointer remove_output(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string name = arguments.text("tensor");
    const Value* output = find_value(graph.outputs, name);
    if (!output) throw Error("is no output").tensor(name);
    if (output->type.is_known() && !is_input(graph, name))
      graph.value_infos = appended(graph.value_infos, *output);
    std::erase_if(graph.outputs, [&](const Value& value) { return value.name == name; });
  });
}

ModelPointer add_input(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string name = arguments.text("tensor");
    if (name.empty()) throw arguments.wrong("tensor", "is empty");
    if (defines(graph, name)) throw Error("there is a tensor of that name already").tensor(name);
    graph.inputs.push_back({name, arguments.type("type"), {}, {}, {}});
    erase_declared_types(graph, {name});
  });
}

ModelPointer remove_input(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const std::string name = arguments.text("tensor");
    if (std::erase_if(graph.inputs, [&](const Value& value) { return value.name == name; }) == 0)
      throw Error("is no input").tensor(name);
  });
}

}  // namespace

std::vector<Edit> value_edits() {
  using Kind = ParameterKind;
  const EditParameter tensor = {"tensor", Kind::Tensor, "the tensor", true};
  return {
      {"set_type",
       "Declare a tensor's type and shape",
       {graph_parameter(), tensor, {"type", Kind::Type, "such as float32[N, 3, 224, 224]", true}},
       set_type},
      {"set_dimension",
       "Fix or free a dimension: one axis of a tensor, or all that have a name",
       {graph_parameter(),
        {"name", Kind::Text, "the dimension's name; else tensor and axis say which"},
        {"tensor", Kind::Tensor, "the tensor"},
        {"axis", Kind::Integer, "the axis; negative ones count from the end"},
        {"value", Kind::Dimension, "a number, a name, or null for unknown", true}},
       set_dimension},
      {"set_batch_size",
       "Set or free the first dimension of all inputs, and what follows from it",
       {graph_parameter(), {"value", Kind::Dimension, "a number or a name", true}},
       set_batch_size},
      {"free_dimension",
       "Give a size of an input a name instead of a number, and what follows from it",
       {graph_parameter(),
        {"tensor", Kind::Tensor, "the input", true},
        {"axis", Kind::Integer, "the axis; negative ones count from the end; left out: all that are numbers"},
        {"name", Kind::Text, "the name; left out: made of the input's and the axis"}},
       free_dimension},
      {"add_output",
       "Make a tensor an output",
       {graph_parameter(), tensor, {"type", Kind::Type, "its type; left out: as declared, else as derived"}},
       add_output},
      {"remove_output", "Let a tensor be no output any more", {graph_parameter(), tensor}, remove_output},
      {"add_input",
       "Add an input",
       {graph_parameter(), tensor, {"type", Kind::Type, "its type", true}},
       add_input},
      {"remove_input",
       "Remove an input; what reads it lacks it then",
       {graph_parameter(), tensor},
       remove_input},
  };
}

}  // namespace lapidary
