#include "engine/edit/address.h"

#include <algorithm>

#include "engine/edit/node_addresses.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"

namespace lapidary {

// --- JSON ---

std::optional<std::size_t> index_from_json(const EditJson& json) {
  if (!json.is_number_integer() || (!json.is_number_unsigned() && json.get<std::int64_t>() < 0))
    return std::nullopt;
  return json.get<std::size_t>();
}

EditJson to_json(const NodeAddress& address) {
  switch (address.by) {
    case NodeAddress::By::Name:
      return {{"name", address.text}};
    case NodeAddress::By::Output:
      return {{"output", address.text}};
    case NodeAddress::By::Position:
      return {{"position", address.position}};
    case NodeAddress::By::Any:
      break;
  }
  return address.text;
}

NodeAddress node_address_from_json(const EditJson& json) {
  if (json.is_string()) return {NodeAddress::By::Any, json.get<std::string>()};
  if (json.is_object() && json.size() == 1) {
    const auto& [key, value] = *json.items().begin();
    if (key == "name" && value.is_string()) return {NodeAddress::By::Name, value.get<std::string>()};
    if (key == "output" && value.is_string()) return {NodeAddress::By::Output, value.get<std::string>()};
    if (const auto position = index_from_json(value); key == "position" && position)
      return {NodeAddress::By::Position, {}, *position};
  }
  throw Error(
      "a node is named by a text (its name or a tensor that it makes), or by {\"name\": …}, "
      "{\"output\": …} or {\"position\": …}, and not by " +
          json.dump(),
      Error::Kind::Usage);
}

EditJson to_json(const GraphPath& path) {
  EditJson json = EditJson::array();
  if (path.function) {
    EditJson key = {{"function", path.function->name}, {"domain", path.function->domain}};
    if (!path.function->overload.empty()) key["overload"] = path.function->overload;
    json.push_back(key);
  }
  for (const auto& step : path.steps) {
    EditJson body = {{"node", to_json(step.node)}, {"attribute", step.attribute}};
    if (step.index > 0) body["index"] = step.index;
    json.push_back(body);
  }
  return json;
}

namespace {

std::string text_in(const EditJson& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return {};
  if (!found->is_string())
    throw Error(std::string("\"") + key + "\" in a path is no text", Error::Kind::Usage);
  return found->get<std::string>();
}

}  // namespace

GraphPath graph_path_from_json(const EditJson& json) {
  GraphPath path;
  if (!json.is_array())
    throw Error("a path to a graph is a list such as [{\"node\": \"if_1\", \"attribute\": \"then_branch\"}]",
                Error::Kind::Usage);
  for (const auto& element : json) {
    const bool first = &element == &json.front();
    if (first && element.is_object() && element.contains("function")) {
      path.function = {text_in(element, "function"), text_in(element, "domain"),
                       text_in(element, "overload")};
    } else if (element.is_object() && element.contains("node") && element.contains("attribute")) {
      BodyStep step{node_address_from_json(element["node"]), text_in(element, "attribute")};
      if (element.contains("index")) {
        const auto index = index_from_json(element["index"]);
        if (!index) throw Error("\"index\" in a path is no position", Error::Kind::Usage);
        step.index = *index;
      }
      path.steps.push_back(std::move(step));
    } else {
      throw Error(
          "a path holds {\"node\": …, \"attribute\": …}, and first possibly {\"function\": …}, and not " +
              element.dump(),
          Error::Kind::Usage);
    }
  }
  return path;
}

// --- nodes ---

namespace {

using Places = NodeAddresses::Places;
constexpr std::size_t nowhere = Places().first;

/// Looks through the graph at each question: for one node that is cheaper than an index.
class Scan {
 public:
  explicit Scan(const Graph& graph) : graph_(graph) {}
  Places named(std::string_view name) const {
    return count([&](const Node& node) { return node.name == name; });
  }
  Places making(std::string_view tensor) const {
    return count([&](const Node& node) {
      return std::find(node.outputs.begin(), node.outputs.end(), tensor) != node.outputs.end();
    });
  }

 private:
  template <class Condition>
  Places count(Condition meets) const {
    Places places;
    std::size_t position = 0;
    for (const auto& node : graph_.nodes) {
      if (meets(*node) && places.count++ == 0) places.first = position;
      ++position;
    }
    return places;
  }
  const Graph& graph_;
};

template <class Lookup>
NodeAddress address_by(const Lookup& lookup, const Graph& graph, std::size_t position) {
  const Node& node = *graph.nodes[position];
  if (!node.name.empty() && lookup.named(node.name).count == 1) return {NodeAddress::By::Any, node.name};
  for (const auto& output : node.outputs) {
    if (output.empty() || lookup.making(output).first != position) continue;
    const bool also_a_name = lookup.named(output).count == 1;
    return {also_a_name ? NodeAddress::By::Output : NodeAddress::By::Any, output};
  }
  return {NodeAddress::By::Position, {}, position};
}

template <class Lookup>
std::size_t find_by(const Lookup& lookup, const Graph& graph, const NodeAddress& address) {
  using By = NodeAddress::By;
  if (address.by == By::Position) {
    if (address.position < graph.nodes.size()) return address.position;
    throw Error("there is no node at position " + std::to_string(address.position) + " among " +
                std::to_string(graph.nodes.size()));
  }
  if (address.text.empty()) throw Error("a node is named by an empty text", Error::Kind::Usage);
  Places named;
  if (address.by != By::Output) named = lookup.named(address.text);
  if (named.count == 1) return named.first;
  const std::size_t made = address.by == By::Name ? nowhere : lookup.making(address.text).first;
  if (made != nowhere) return made;
  if (named.count > 1)
    throw Error(std::to_string(named.count) + " nodes are called '" + address.text + "'")
        .node(address.text)
        .advice("Name the one that is meant by a tensor that it makes: {\"output\": …}");
  throw Error(address.by == By::Output ? "no node makes the tensor '" + address.text + "'"
              : address.by == By::Name
                  ? "no node is called '" + address.text + "'"
                  : "no node is called '" + address.text + "' or makes a tensor of that name")
      .node(address.text);
}

}  // namespace

NodeAddress address_of(const Graph& graph, std::size_t position) {
  return address_by(Scan(graph), graph, position);
}

std::size_t find_node(const Graph& graph, const NodeAddress& address) {
  return find_by(Scan(graph), graph, address);
}

NodeAddresses::NodeAddresses(const Graph& graph) : graph_(graph) {
  const auto note = [](auto& places, const std::string& name, std::size_t position) {
    Places& place = places[name];
    if (place.count++ == 0) place.first = position;
  };
  for (std::size_t position = 0; const auto& node : graph.nodes) {
    note(names_, node->name, position);
    for (const auto& output : node->outputs) note(outputs_, output, position);
    ++position;
  }
}

NodeAddress NodeAddresses::of(std::size_t position) const { return address_by(*this, graph_, position); }

std::size_t NodeAddresses::find(const NodeAddress& address) const { return find_by(*this, graph_, address); }

NodeAddresses::Places NodeAddresses::named(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? Places() : found->second;
}

NodeAddresses::Places NodeAddresses::making(std::string_view tensor) const {
  const auto found = outputs_.find(tensor);
  return found == outputs_.end() ? Places() : found->second;
}

// --- graphs ---

Graph body_graph(const Function& function) {
  Graph graph;
  graph.name = function.name;
  for (const auto& name : function.inputs) graph.inputs.push_back({name, {}, {}, {}, {}});
  for (const auto& name : function.outputs) graph.outputs.push_back({name, {}, {}, {}, {}});
  graph.nodes = PersistentVector(function.nodes);
  graph.value_infos = PersistentVector(function.value_infos);
  return graph;
}

Function with_body(const Function& function, const Graph& body) {
  Function result = function;
  result.inputs.clear();
  result.outputs.clear();
  for (const auto& input : body.inputs) result.inputs.push_back(input.name);
  for (const auto& output : body.outputs) result.outputs.push_back(output.name);
  result.value_infos = body.value_infos.to_vector();
  result.nodes.clear();
  for (const auto& tensor : body.initializers) {
    Node constant;
    constant.op_type = "Constant";
    constant.outputs = {tensor->name};
    constant.attributes.push_back({"value", tensor, {}, {}, {}, {}});
    result.nodes.push_back(std::make_shared<const Node>(std::move(constant)));
  }
  result.nodes.insert(result.nodes.end(), body.nodes.begin(), body.nodes.end());
  return result;
}

namespace {

std::size_t find_function(const Model& model, const GraphPath::FunctionKey& key) {
  for (std::size_t i = 0; i < model.functions.size(); ++i) {
    const Function& function = *model.functions[i];
    if (function.name == key.name && function.overload == key.overload &&
        normalized_domain(function.domain) == normalized_domain(key.domain))
      return i;
  }
  throw Error("the model has no function '" + key.name + "' of domain '" + key.domain + "'");
}

/// The graph in the attribute that the step names, to be read or replaced.
template <class AttributeList>
auto& body_in(AttributeList& attributes, const Node& node, const BodyStep& step) {
  for (auto& attribute : attributes) {
    if (attribute.name != step.attribute) continue;
    if (auto* body = std::get_if<GraphPointer>(&attribute.value); body && *body && step.index == 0)
      return *body;
    auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute.value);
    if (bodies && step.index < bodies->size()) return (*bodies)[step.index];
  }
  throw Error("has no graph in an attribute '" + step.attribute + "'").node(node.label());
}

void change_body(Graph& graph, const std::vector<BodyStep>& steps, std::size_t depth,
                 const std::function<void(Graph&)>& change) {
  if (depth == steps.size()) return change(graph);
  const std::size_t position = find_node(graph, steps[depth].node);
  Node node = *graph.nodes[position];
  GraphPointer& place = body_in(node.attributes, *graph.nodes[position], steps[depth]);
  Graph body = *place;
  change_body(body, steps, depth + 1, change);
  place = std::make_shared<const Graph>(std::move(body));
  graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
}

}  // namespace

GraphPointer graph_at(const Model& model, const GraphPath& path) {
  GraphPointer graph = model.graph;
  if (path.function)
    graph = std::make_shared<const Graph>(body_graph(*model.functions[find_function(model, *path.function)]));
  for (const auto& step : path.steps) {
    const auto node = graph->nodes[find_node(*graph, step.node)];
    graph = GraphPointer(body_in(node->attributes, *node, step));
  }
  return graph;
}

ModelPointer with_graph_at(const Model& model, const GraphPath& path,
                           const std::function<void(Graph&)>& change) {
  Model result = model;
  if (path.function) {
    auto& function = result.functions[find_function(model, *path.function)];
    Graph body = body_graph(*function);
    change_body(body, path.steps, 0, change);
    function = std::make_shared<const Function>(with_body(*function, body));
  } else {
    Graph graph = *model.graph;
    change_body(graph, path.steps, 0, change);
    result.graph = std::make_shared<const Graph>(std::move(graph));
  }
  return std::make_shared<const Model>(std::move(result));
}

}  // namespace lapidary
