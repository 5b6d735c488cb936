#include "engine/model/names.h"

#include <algorithm>
#include <optional>

#include "engine/model/graph_index.h"
#include "engine/model/sequence.h"

namespace lapidary {

bool defines(const Graph& graph, std::string_view value) {
  const auto is_it = [&](const auto& named) { return named.name == value; };
  const auto is_held = [&](const auto& named) { return named->name == value; };
  return std::any_of(graph.inputs.begin(), graph.inputs.end(), is_it) ||
         std::any_of(graph.initializers.begin(), graph.initializers.end(), is_held) ||
         std::any_of(graph.sparse_initializers.begin(), graph.sparse_initializers.end(), is_held) ||
         std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const auto& node) {
           return std::find(node->outputs.begin(), node->outputs.end(), value) != node->outputs.end();
         });
}

void for_each_read(const Node& node, const std::function<void(const std::string&)>& visit) {
  for (const auto& name : node.inputs)
    if (!name.empty()) visit(name);
  for (const auto& [attribute, body] : subgraphs_of(node))
    for (const auto& name : outer_names(*body)) visit(name);
}

namespace {

const std::string* find(const Renames& renames, const std::string& name) {
  const auto found = renames.find(name);
  return found == renames.end() ? nullptr : &found->second;
}

bool rename(std::vector<std::string>& names, const Renames& renames) {
  bool any = false;
  for (auto& name : names)
    if (const std::string* other = find(renames, name)) {
      name = *other;
      any = true;
    }
  return any;
}

bool has_any(const std::vector<std::string>& names, const Renames& renames) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& n) { return renames.contains(n); });
}

bool holds_bodies(const Node& node) {
  return std::any_of(node.attributes.begin(), node.attributes.end(), [](const Attribute& a) {
    return a.type() == AttributeType::Graph || a.type() == AttributeType::Graphs;
  });
}

template <class Named>
std::optional<std::shared_ptr<const Named>> renamed_tensor(const std::shared_ptr<const Named>& tensor,
                                                           const Renames& renames) {
  const std::string* name = find(renames, tensor->name);
  if (!name) return std::nullopt;
  Named changed = *tensor;
  changed.name = *name;
  return std::make_shared<const Named>(std::move(changed));
}

enum class Bodies { ReadsOnly, OwnNames };

bool rename_in_bodies(Node& node, const Renames& renames, Bodies bodies);

/// Everything of the graph; true if something changed.
bool rename_in_graph(Graph& graph, const Renames& renames, Bodies bodies) {
  bool any = false;
  for (auto* values : {&graph.inputs, &graph.outputs})
    for (auto& value : *values)
      if (const std::string* name = find(renames, value.name)) {
        value.name = *name;
        any = true;
      }
  const auto note = [&any](auto changed) {
    any = any || changed.has_value();
    return changed;
  };
  graph.nodes = updated(graph.nodes, [&](const std::shared_ptr<const Node>& node) {
    std::optional<std::shared_ptr<const Node>> result;
    if (!holds_bodies(*node) && !has_any(node->inputs, renames) && !has_any(node->outputs, renames))
      return result;
    Node changed = *node;
    bool touched = rename(changed.inputs, renames);
    touched = rename(changed.outputs, renames) || touched;
    touched = rename_in_bodies(changed, renames, bodies) || touched;
    if (touched) result = std::make_shared<const Node>(std::move(changed));
    return note(std::move(result));
  });
  graph.value_infos = updated(graph.value_infos, [&](const Value& value) {
    std::optional<Value> result;
    if (const std::string* name = find(renames, value.name)) {
      result = value;
      result->name = *name;
    }
    return note(std::move(result));
  });
  graph.initializers =
      updated(graph.initializers, [&](const auto& tensor) { return note(renamed_tensor(tensor, renames)); });
  for (auto& tensor : graph.sparse_initializers)
    if (auto changed = note(renamed_tensor(tensor, renames))) {
      auto named = std::make_shared<NamedSparseTensor>(**changed);
      named->wire_bytes.clear();  // they hold the former name
      tensor = std::move(named);
    }
  for (auto& annotation : graph.quantization_annotations) {
    if (const std::string* name = find(renames, annotation.tensor_name)) annotation.tensor_name = *name;
    for (auto& [key, tensor] : annotation.parameters)
      if (const std::string* name = find(renames, tensor)) tensor = *name;
  }
  return any;
}

Renames without_own(const Renames& renames, const Graph& body) {
  Renames left = renames;
  for (const auto& input : body.inputs) left.erase(input.name);
  for (const auto& tensor : body.initializers) left.erase(tensor->name);
  for (const auto& tensor : body.sparse_initializers) left.erase(tensor->name);
  for (const auto& node : body.nodes)
    for (const auto& output : node->outputs) left.erase(output);
  return left;
}

bool rename_in_body(GraphPointer& body, const Renames& renames, Bodies bodies) {
  if (!body) return false;
  const Renames inside = bodies == Bodies::OwnNames ? renames : without_own(renames, *body);
  if (inside.empty()) return false;
  Graph changed = *body;
  if (!rename_in_graph(changed, inside, bodies)) return false;
  body = std::make_shared<const Graph>(std::move(changed));
  return true;
}

bool rename_in_bodies(Node& node, const Renames& renames, Bodies bodies) {
  bool any = false;
  for (auto& attribute : node.attributes) {
    if (auto* body = std::get_if<GraphPointer>(&attribute.value))
      any = rename_in_body(*body, renames, bodies) || any;
    if (auto* list = std::get_if<std::vector<GraphPointer>>(&attribute.value))
      for (auto& body : *list) any = rename_in_body(body, renames, bodies) || any;
  }
  return any;
}

}  // namespace

void rename_values(Graph& graph, const Renames& renames, bool own_names_of_bodies) {
  rename_in_graph(graph, renames, own_names_of_bodies ? Bodies::OwnNames : Bodies::ReadsOnly);
}

std::shared_ptr<const Node> reading_renamed(const Node& node, const Renames& renames) {
  if (!holds_bodies(node) && !has_any(node.inputs, renames)) return nullptr;
  Node changed = node;
  bool touched = rename(changed.inputs, renames);
  touched = rename_in_bodies(changed, renames, Bodies::ReadsOnly) || touched;
  return touched ? std::make_shared<const Node>(std::move(changed)) : nullptr;
}

void redirect_readers(Graph& graph, const Renames& renames) {
  graph.nodes = updated(graph.nodes, [&](const std::shared_ptr<const Node>& node) {
    auto changed = reading_renamed(*node, renames);
    return changed ? std::optional(std::move(changed)) : std::nullopt;
  });
}

}  // namespace lapidary
