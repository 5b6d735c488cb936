#include "engine/edit/arguments.h"

#include <algorithm>

#include "engine/edit/node_addresses.h"
#include "engine/edit/type_text.h"
#include "engine/model/error.h"

namespace lapidary {

EditParameter graph_parameter() {
  return {"graph", ParameterKind::Graph, "where the graph lies; the main graph if left out"};
}

EditArguments::EditArguments(const ModelPointer& model, const Edit& edit, const EditStep& step,
                             const GraphIndex* index)
    : model_(model), index_(index), edit_(edit), parameters_(step.parameters) {
  if (!parameters_.is_object()) throw Error(edit.name + ": the parameters are no object", Error::Kind::Usage);
  for (const auto& [name, value] : parameters_.items()) {
    if (edit.find_parameter(name)) continue;
    std::string known;
    for (const auto& parameter : edit.parameters) known += (known.empty() ? "" : ", ") + parameter.name;
    throw wrong(name, "is no parameter of this edit").advice("Its parameters are: " + known);
  }
  for (const auto& parameter : edit.parameters) {
    if (parameter.required && !has(parameter.name))
      throw wrong(parameter.name, "is missing: " + parameter.description);
    if (parameter.kind != ParameterKind::Choice || !has(parameter.name)) continue;
    const std::string chosen = text(parameter.name);
    if (std::find(parameter.choices.begin(), parameter.choices.end(), chosen) != parameter.choices.end())
      continue;
    std::string known;
    for (const auto& choice : parameter.choices) known += (known.empty() ? "" : ", ") + choice;
    throw wrong(parameter.name, "is '" + chosen + "'").advice("It can be: " + known);
  }
  if (has("graph")) path_ = graph_path_from_json(json("graph"));
}

Error EditArguments::wrong(std::string_view name, const std::string& message) const {
  return Error(edit_.name + ": '" + std::string(name) + "' " + message, Error::Kind::Usage);
}

bool EditArguments::has(std::string_view name) const { return parameters_.contains(name); }

const EditJson& EditArguments::json(std::string_view name) const {
  const auto found = parameters_.find(name);
  if (found == parameters_.end()) throw wrong(name, "is missing");
  return *found;
}

std::string EditArguments::text(std::string_view name) const {
  if (!json(name).is_string()) throw wrong(name, "is no text");
  return json(name).get<std::string>();
}

std::string EditArguments::text(std::string_view name, std::string otherwise) const {
  return has(name) ? text(name) : std::move(otherwise);
}

std::vector<std::string> EditArguments::texts(std::string_view name) const {
  if (!has(name)) return {};
  if (json(name).is_string()) return {text(name)};
  if (!json(name).is_array()) throw wrong(name, "is no list of texts");
  std::vector<std::string> texts;
  for (const auto& element : json(name)) {
    if (!element.is_string()) throw wrong(name, "holds " + element.dump() + ", which is no text");
    texts.push_back(element.get<std::string>());
  }
  return texts;
}

std::int64_t EditArguments::integer(std::string_view name) const {
  if (!json(name).is_number_integer()) throw wrong(name, "is no whole number");
  return json(name).get<std::int64_t>();
}

std::int64_t EditArguments::integer(std::string_view name, std::int64_t otherwise) const {
  return has(name) ? integer(name) : otherwise;
}

bool EditArguments::flag(std::string_view name, bool otherwise) const {
  if (!has(name)) return otherwise;
  if (!json(name).is_boolean()) throw wrong(name, "is neither true nor false");
  return json(name).get<bool>();
}

std::vector<double> EditArguments::numbers(std::string_view name) const {
  if (!has(name)) return {};
  if (json(name).is_number()) return {json(name).get<double>()};
  if (!json(name).is_array()) throw wrong(name, "is no list of numbers");
  std::vector<double> numbers;
  for (const auto& element : json(name)) {
    if (!element.is_number()) throw wrong(name, "holds " + element.dump() + ", which is no number");
    numbers.push_back(element.get<double>());
  }
  return numbers;
}

Type EditArguments::type(std::string_view name) const {
  try {
    return type_from_text(text(name));
  } catch (const Error& error) {
    throw wrong(name, error.message()).advice(error.advice());
  }
}

Dimension EditArguments::dimension(std::string_view name) const {
  const EditJson& value = json(name);
  if (value.is_null()) return Dimension::unknown();
  if (value.is_number_integer() && value.get<std::int64_t>() >= 0) return value.get<std::int64_t>();
  if (value.is_string()) return Dimension::parse(value.get<std::string>());
  throw wrong(name, "is no dimension: give a number from 0, a name, or null");
}

std::vector<std::pair<std::string, std::string>> EditArguments::map(std::string_view name) const {
  if (!has(name)) return {};
  if (!json(name).is_object()) throw wrong(name, "is no object of texts by name");
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [key, value] : json(name).items()) {
    if (!value.is_string()) throw wrong(name, "has for '" + key + "' something that is no text");
    pairs.emplace_back(key, value.get<std::string>());
  }
  return pairs;
}

std::size_t EditArguments::node(const Graph& graph, std::string_view name) const {
  return find_node(graph, node_address_from_json(json(name)));
}

std::vector<std::size_t> EditArguments::nodes(const Graph& graph, std::string_view name) const {
  const EditJson& list = json(name);
  if (!list.is_array()) return {node(graph, name)};
  std::vector<std::size_t> positions;
  constexpr std::size_t few = 4;  // up to which looking through the graph is cheaper than an index of it
  const std::optional<NodeAddresses> index =
      list.size() > few ? std::optional<NodeAddresses>(graph) : std::nullopt;
  for (const auto& element : list) {
    const NodeAddress address = node_address_from_json(element);
    positions.push_back(index ? index->find(address) : find_node(graph, address));
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  return positions;
}

}  // namespace lapidary
