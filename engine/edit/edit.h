#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

class GraphIndex;

using EditJson = nlohmann::ordered_json;

/// What is done to a model, as data: the name of an edit and its parameters. The studio, the journal, scripts
/// and tests hold edits in this form only. In JSON the parameters stand beside the name:
///   {"edit": "rename_tensor", "tensor": "x", "to": "image"}
struct EditStep {
  std::string edit;
  EditJson parameters = EditJson::object();

  bool operator==(const EditStep&) const = default;
};

/// What a parameter may hold. How each is written in JSON stands beside.
enum class ParameterKind {
  Node,        ///< a node's address: see address.h
  Nodes,       ///< a list of addresses
  Graph,       ///< a path to a graph: see address.h; left out: the main graph
  Tensor,      ///< the name of a value
  Tensors,     ///< a list of names; "" where an optional one is left out
  Text,        ///< any text
  Texts,       ///< a list of texts
  Integer,     ///< a whole number
  Flag,        ///< true or false
  Numbers,     ///< a number, or a list of them
  Choice,      ///< one of EditParameter::choices
  Type,        ///< a type: see type_text.h
  Dimension,   ///< a number, a name or expression, or null for unknown
  Attribute,   ///< an attribute's value: see attribute_json.h
  Attributes,  ///< an object of attributes' values by name
  Data,        ///< a tensor: see data_json.h
  Elements,    ///< a list of {"index": [i, j, …], "value": v}
  Map,         ///< an object of texts by name
  Model,       ///< a whole model: {"file": path} or {"onnx": its bytes as base64}
};
/// "node", "list of nodes", "text", …: for people.
std::string_view name_of(ParameterKind kind);

struct EditParameter {
  std::string name;
  ParameterKind kind;
  std::string description;  ///< half a sentence
  bool required = false;
  std::vector<std::string> choices = {};  ///< of Choice
};

class EditArguments;

/// One named edit.
struct Edit {
  std::string name;
  std::string description;  ///< one sentence
  std::vector<EditParameter> parameters;
  ModelPointer (*apply)(const EditArguments& arguments);

  const EditParameter* find_parameter(std::string_view parameter_name) const;
};

/// All edits, in the order of the families in edits.cpp.
const std::vector<Edit>& edits();
/// nullptr if there is none of that name.
const Edit* find_edit(std::string_view name);

/// The model with the step done; it shares all that the step does not touch. What is invalid in between is
/// allowed. Throws Error that says what is wrong: of Kind::Usage if the step itself is malformed, of
/// Kind::Model if the model has no such place or the result would mean something else than was asked for.
/// `index`: of the model's main graph, where the caller has one; names are found faster in a large one.
ModelPointer apply_step(const ModelPointer& model, const EditStep& step, const GraphIndex* index = nullptr);
/// One step after the other; an Error says which step failed.
ModelPointer apply_steps(ModelPointer model, const std::vector<EditStep>& steps);

/// The step with everything that it takes from files inside, so that it can be applied where the files are
/// gone.
EditStep self_contained(const EditStep& step);

/// {"edit": name, parameters…} ⇄ step. Throws Error.
EditJson to_json(const EditStep& step);
EditStep step_from_json(const EditJson& json);
/// A script: a JSON list of steps, one a line. Throws Error with the step's number.
std::string script_text(const std::vector<EditStep>& steps);
std::vector<EditStep> steps_from_script(std::string_view text);

}  // namespace lapidary
