#include <algorithm>

#include "engine/edit/data_json.h"
#include "engine/edit/families.h"
#include "engine/model/error.h"

namespace lapidary {

const std::vector<Edit>& edits() {
  static const std::vector<Edit> all = [] {
    std::vector<Edit> table;
    for (auto* family :
         {node_edits, connection_edits, attribute_edits, rename_edits, value_edits, weight_edits, model_edits,
          pass_edits, subgraph_edits, merge_edits, wrap_edits, function_edits, export_edits})
      for (auto& edit : family()) table.push_back(std::move(edit));
    return table;
  }();
  return all;
}

const Edit* find_edit(std::string_view name) {
  const auto found =
      std::find_if(edits().begin(), edits().end(), [&](const Edit& edit) { return edit.name == name; });
  return found == edits().end() ? nullptr : &*found;
}

const EditParameter* Edit::find_parameter(std::string_view parameter_name) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const EditParameter& p) { return p.name == parameter_name; });
  return found == parameters.end() ? nullptr : &*found;
}

std::string_view name_of(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::Node:
      return "node";
    case ParameterKind::Nodes:
      return "list of nodes";
    case ParameterKind::Graph:
      return "path to a graph";
    case ParameterKind::Tensor:
      return "tensor";
    case ParameterKind::Tensors:
      return "list of tensors";
    case ParameterKind::Text:
      return "text";
    case ParameterKind::Texts:
      return "list of texts";
    case ParameterKind::Integer:
      return "whole number";
    case ParameterKind::Flag:
      return "true or false";
    case ParameterKind::Numbers:
      return "numbers";
    case ParameterKind::Choice:
      return "choice";
    case ParameterKind::Type:
      return "type";
    case ParameterKind::Dimension:
      return "dimension";
    case ParameterKind::Attribute:
      return "attribute value";
    case ParameterKind::Attributes:
      return "attribute values by name";
    case ParameterKind::Data:
      return "tensor data";
    case ParameterKind::Elements:
      return "elements";
    case ParameterKind::Map:
      return "names by name";
    case ParameterKind::Model:
      return "model";
  }
  return {};
}

ModelPointer apply_step(const ModelPointer& model, const EditStep& step, const GraphIndex* index) {
  const Edit* edit = find_edit(step.edit);
  if (!edit)
    throw Error("there is no edit '" + step.edit + "'", Error::Kind::Usage)
        .advice("See 'lapidary edit --list'");
  return edit->apply(EditArguments(model, *edit, step, index));
}

ModelPointer apply_steps(ModelPointer model, const std::vector<EditStep>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    try {
      model = apply_step(model, steps[i]);
    } catch (const Error& error) {
      Error where("step " + std::to_string(i + 1) + " (" + steps[i].edit + "): " + error.message(),
                  error.kind());
      if (!error.node().empty()) where.node(error.node());
      if (!error.tensor().empty()) where.tensor(error.tensor());
      if (!error.advice().empty()) where.advice(error.advice());
      throw where;
    }
  }
  return model;
}

EditStep self_contained(const EditStep& step) {
  EditStep result = step;
  const Edit* edit = find_edit(step.edit);
  if (!edit) return result;
  for (const auto& parameter : edit->parameters) {
    const auto found = result.parameters.find(parameter.name);
    if (found == result.parameters.end()) continue;
    if (parameter.kind == ParameterKind::Data) *found = self_contained_tensor(*found);
    if (parameter.kind == ParameterKind::Model) *found = self_contained_model(*found);
  }
  return result;
}

// --- steps as JSON ---

EditJson to_json(const EditStep& step) {
  EditJson json = {{"edit", step.edit}};
  for (const auto& [name, value] : step.parameters.items()) json[name] = value;
  return json;
}

EditStep step_from_json(const EditJson& json) {
  if (!json.is_object() || !json.contains("edit") || !json["edit"].is_string())
    throw Error("a step is an object with the name of an edit: {\"edit\": \"rename_node\", …}",
                Error::Kind::Usage);
  EditStep step{json["edit"].get<std::string>()};
  for (const auto& [name, value] : json.items())
    if (name != "edit") step.parameters[name] = value;
  return step;
}

std::string script_text(const std::vector<EditStep>& steps) {
  std::string text = "[";
  for (std::size_t i = 0; i < steps.size(); ++i)
    text +=
        (i ? ",\n  " : "\n  ") + to_json(steps[i]).dump(-1, ' ', false, EditJson::error_handler_t::replace);
  return text + "\n]\n";
}

std::vector<EditStep> steps_from_script(std::string_view text) {
  EditJson json;
  try {
    json = EditJson::parse(text.begin(), text.end());
  } catch (const EditJson::exception& error) {
    throw Error(std::string("the script is no JSON: ") + error.what(), Error::Kind::Usage);
  }
  if (!json.is_array()) throw Error("a script is a JSON list of steps", Error::Kind::Usage);
  std::vector<EditStep> steps;
  for (const auto& element : json) {
    try {
      steps.push_back(step_from_json(element));
    } catch (const Error& error) {
      throw Error("step " + std::to_string(steps.size() + 1) + ": " + error.message(), error.kind());
    }
  }
  return steps;
}

}  // namespace lapidary
