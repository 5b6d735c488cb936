#include <algorithm>

#include "engine/edit/data_json.h"
#include "engine/edit/families.h"
#include "engine/edit/grafting.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"
#include "engine/opsets/convert_opset.h"

namespace lapidary {
namespace {

Renames map_of(const EditArguments& arguments, std::string_view name) {
  const auto pairs = arguments.map(name);
  return {pairs.begin(), pairs.end()};
}

void check_inputs_exist(const EditArguments& arguments, const Graph& guest, const Renames& connected) {
  for (const auto& [input, value] : connected)
    if (!is_input(guest, input))
      throw arguments.wrong("connect", "names '" + input + "', which is no input of the other model");
}

/// Inputs that are not connected read the value of their name where the graph has one, else nothing.
ModelPointer paste(const EditArguments& arguments) {
  const ModelPointer guest = model_from_json(arguments.json("model"));
  const ModelPointer model = with_surroundings_of(arguments.model(), *guest, arguments.path());
  Renames connected = map_of(arguments, "connect");
  check_inputs_exist(arguments, *guest->graph, connected);
  return with_graph_at(*model, arguments.path(), [&](Graph& graph) {
    for (const Value& input : guest->graph->inputs)
      if (!connected.contains(input.name) && !initializer_of(*guest->graph, input.name))
        connected[input.name] = defines(graph, input.name) ? input.name : "";
    TakenNames taken(*model, arguments.path());
    graft(graph, *guest->graph, connected, taken);
  });
}

// --- merge_models ---

/// Throws Error where a value of the one type cannot be given to an input of the other.
void check_fit(const Value& output, const Value& input) {
  const Type &made = output.type, &wanted = input.type;
  const bool differs = made.is_known() && wanted.is_known() &&
                       (made.kind != wanted.kind || made.element != wanted.element ||
                        (made.shape && wanted.shape && made.shape->size() != wanted.shape->size()));
  if (differs)
    throw Error("is " + to_string(made) + ", and '" + input.name + "' takes " + to_string(wanted))
        .tensor(output.name)
        .advice("Put a Cast or Reshape between with insert_node");
}

const Value& value_named(const std::vector<Value>& values, const std::string& name, const char* what) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const Value& v) { return v.name == name; });
  if (found == values.end()) throw Error(std::string("there is no such ") + what).tensor(name);
  return *found;
}

/// The model at that version of ai.onnx, if it is older. Throws Error that names what keeps it.
ModelPointer raised(const ModelPointer& model, std::int64_t version) {
  if (model->opset() == 0 || model->opset() >= version) return model;
  const OpsetConversion conversion = convert_opset(model, version);
  if (conversion.blockers.empty()) return conversion.model;
  throw Error("cannot be brought to operator set " + std::to_string(version) +
              " of the other model: " + conversion.blockers[0].reason)
      .node(conversion.blockers[0].node);
}

ModelPointer merge_models(const EditArguments& arguments) {
  const std::string prefix = arguments.text("prefix", "");
  const ModelPointer given = model_from_json(arguments.json("model"));
  const ModelPointer guest = raised(given, arguments.model()->opset());
  const ModelPointer model = with_surroundings_of(raised(arguments.model(), given->opset()), *guest, {});
  const bool keeps = arguments.flag("keep_outputs", false);
  Renames connected;
  for (const auto& [output, input] : arguments.map("connect")) {
    const Value& made = value_named(model->graph->outputs, output, "output of the first model");
    check_fit(made, value_named(guest->graph->inputs, input, "input of the second model"));
    connected[input] = output;
  }
  return with_graph_at(*model, {}, [&](Graph& graph) {
    TakenNames taken(*model, {});
    for (const Value& input : guest->graph->inputs) {
      if (connected.contains(input.name)) continue;
      Value added = input;
      added.name = connected[input.name] = taken.fresh_value(prefix + input.name);
      graph.inputs.push_back(std::move(added));
    }
    const Grafting grafting = graft(graph, *guest->graph, connected, taken, prefix);
    if (!keeps)
      for (const auto& [output, input] : arguments.map("connect"))
        std::erase_if(graph.outputs, [&, &name = output](const Value& value) { return value.name == name; });
    for (Value output : guest->graph->outputs) {
      if (const auto renamed = grafting.renames.find(output.name); renamed != grafting.renames.end())
        output.name = renamed->second;
      if (!is_output(graph, output.name)) graph.outputs.push_back(std::move(output));
    }
  });
}

}  // namespace

std::vector<Edit> merge_edits() {
  using Kind = ParameterKind;
  return {
      {"paste",
       "Put another model's nodes and weights into a graph",
       {graph_parameter(),
        {"model", Kind::Model, "what is put in, such as a part that was extracted", true},
        {"connect", Kind::Map,
         "tensors of this graph by inputs of the other; left out: those of the same name, where there are "
         "any"}},
       paste},
      {"merge_models",
       "Put another model behind this one: outputs of this into inputs of that",
       {{"model", Kind::Model, "the model that goes behind", true},
        {"connect", Kind::Map, "its inputs by outputs of this one", true},
        {"prefix", Kind::Text, "what the other model's names shall begin with"},
        {"keep_outputs", Kind::Flag, "whether connected outputs stay outputs (default false)"}},
       merge_models},
  };
}

}  // namespace lapidary
