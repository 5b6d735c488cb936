#include <algorithm>

#include "engine/edit/attribute_json.h"
#include "engine/edit/families.h"
#include "engine/edit/names.h"
#include "engine/edit/operators.h"
#include "engine/model/error.h"
#include "engine/model/sequence.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

using NodePointer = std::shared_ptr<const Node>;

std::vector<Attribute> attributes_from(const EditArguments& arguments, const Node& node) {
  std::vector<Attribute> attributes;
  if (!arguments.has("attributes")) return attributes;
  if (!arguments.json("attributes").is_object())
    throw arguments.wrong("attributes", "is no object of values by name");
  for (const auto& [name, value] : arguments.json("attributes").items())
    attributes.push_back(
        {name, attribute_from_json(value, expected_type(*arguments.model(), node, name)), {}, {}, {}, {}});
  return attributes;
}

/// A node from "op_type", "domain", "name" and "attributes".
Node node_from(const EditArguments& arguments) {
  Node node;
  node.op_type = arguments.text("op_type");
  node.domain = arguments.text("domain", "");
  node.name = arguments.text("name", "");
  node.attributes = attributes_from(arguments, node);
  return node;
}

/// As many new names as the operator must make, each made of the node's name or type.
std::vector<std::string> fresh_outputs(const Model& model, const Node& node, TakenNames& taken) {
  const Operator* record = find_operator(model, node);
  const int count = record ? std::max(record->minimum_outputs(), 1) : 1;
  std::vector<std::string> outputs;
  for (int i = 0; i < count; ++i)
    outputs.push_back(taken.fresh_value((node.name.empty() ? node.op_type : node.name) + "_output"));
  return outputs;
}

/// Before the first node that reads one of the values, or at the end.
std::size_t place_before_readers(const Graph& graph, const std::vector<std::string>& values) {
  std::size_t position = 0;
  for (const auto& node : graph.nodes) {
    bool reads = false;
    for_each_read(*node, [&](const std::string& name) {
      reads = reads || std::find(values.begin(), values.end(), name) != values.end();
    });
    if (reads) return position;
    ++position;
  }
  return graph.nodes.size();
}

/// The node and input that the parameters name read the first of the values from now on.
void let_read(Graph& graph, const EditArguments& arguments, const Model& model,
              const std::vector<std::string>& values) {
  if (values.empty() || values[0].empty()) throw arguments.wrong("node", "has nothing to read");
  const std::size_t position = arguments.node(graph, "node");
  Node reader = *graph.nodes[position];
  const std::size_t slot = input_slot(model, reader, arguments, "input");
  if (slot >= reader.inputs.size()) reader.inputs.resize(slot + 1);
  reader.inputs[slot] = values[0];
  graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(reader)));
}

ModelPointer add_node(const EditArguments& arguments) {
  const ModelPointer model =
      with_import_for(arguments.model(), arguments.text("domain", ""), arguments.path());
  return with_graph_at(*model, arguments.path(), [&](Graph& graph) {
    Node node = node_from(arguments);
    node.inputs = arguments.texts("inputs");
    TakenNames taken(*model, arguments.path(), arguments.index());
    if (!node.name.empty() && taken.has_node(node.name))
      throw Error("there is a node of that name already").node(node.name);
    for (const auto& output : arguments.texts("outputs"))
      if (defines(graph, output)) throw Error("there is a tensor of that name already").tensor(output);
    node.outputs = arguments.has("outputs") ? arguments.texts("outputs") : fresh_outputs(*model, node, taken);
    if (arguments.has("node")) let_read(graph, arguments, *model, node.outputs);
    const std::size_t behind = place_behind(graph, node.inputs);
    const std::size_t place = std::max(behind, place_before_readers(graph, node.outputs));
    graph.nodes = graph.nodes.inserted(place, std::make_shared<const Node>(std::move(node)));
  });
}

// --- insert_node ---

/// The new node makes `tensor`, and what made it makes a new name: all readers, the graph's output too,
/// follow.
void insert_behind_producer(Graph& graph, Node node, const std::string& tensor, TakenNames& taken,
                            std::size_t producer) {
  const std::string before = taken.fresh_value(tensor + "_before_" + node.op_type);
  Node maker = *graph.nodes[producer];
  std::replace(maker.outputs.begin(), maker.outputs.end(), tensor, before);
  std::replace(node.inputs.begin(), node.inputs.end(), tensor, before);
  node.outputs[0] = tensor;
  graph.nodes = graph.nodes.with(producer, std::make_shared<const Node>(std::move(maker)))
                    .inserted(producer + 1, std::make_shared<const Node>(std::move(node)));
}

ModelPointer insert_node(const EditArguments& arguments) {
  const ModelPointer model =
      with_import_for(arguments.model(), arguments.text("domain", ""), arguments.path());
  return with_graph_at(*model, arguments.path(), [&](Graph& graph) {
    Node node = node_from(arguments);
    const std::string tensor = arguments.text("tensor");
    if (!defines(graph, tensor)) throw Error("there is no such tensor in this graph").tensor(tensor);
    node.inputs = arguments.has("inputs") ? arguments.texts("inputs") : std::vector<std::string>{tensor};
    if (std::find(node.inputs.begin(), node.inputs.end(), tensor) == node.inputs.end())
      throw arguments.wrong("inputs", "does not hold the tensor '" + tensor + "'");
    TakenNames taken(*model, arguments.path(), arguments.index());
    if (!node.name.empty() && taken.has_node(node.name))
      throw Error("there is a node of that name already").node(node.name);
    node.outputs = fresh_outputs(*model, node, taken);
    const auto producer = producer_of(graph, tensor);
    const std::size_t behind = place_behind(graph, node.inputs);
    if (arguments.has("node")) {
      const std::size_t reader = arguments.node(graph, "node");
      Node changed = *graph.nodes[reader];
      const auto slot = input_slot(*model, changed, arguments, "input");
      if (slot >= changed.inputs.size() || changed.inputs[slot] != tensor)
        throw Error("does not read '" + tensor + "' there").node(changed.label());
      changed.inputs[slot] = node.outputs[0];
      graph.nodes = graph.nodes.with(reader, std::make_shared<const Node>(std::move(changed)))
                        .inserted(behind, std::make_shared<const Node>(std::move(node)));
    } else if (is_output(graph, tensor) && producer && behind == *producer + 1) {
      insert_behind_producer(graph, std::move(node), tensor, taken, *producer);
    } else {
      redirect_readers(graph, {{tensor, node.outputs[0]}});
      graph.nodes = graph.nodes.inserted(behind, std::make_shared<const Node>(std::move(node)));
    }
  });
}

// --- delete_nodes ---

/// The input whose value stands for the first output once the node is gone: the first that is no weight and,
/// as far as the operator's record says, has the output's element type; nullptr if there is none.
const std::string* bridge_of(const Model& model, const Graph& graph, const Node& node) {
  if (node.outputs.empty() || node.outputs[0].empty()) return nullptr;
  const Operator* record = find_operator(model, node);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i].empty() || (initializer_of(graph, node.inputs[i]) && !is_input(graph, node.inputs[i])))
      continue;
    if (!record) return &node.inputs[i];
    if (record->inputs.empty() || record->outputs.empty()) return nullptr;
    const auto& formal = record->inputs[std::min(i, record->inputs.size() - 1)];
    return formal.type == record->outputs[0].type ? &node.inputs[i] : nullptr;
  }
  return nullptr;
}

/// Initializers that only the nodes at `positions` read.
std::unordered_set<std::string> weights_read_only_by(const Graph& graph,
                                                     const std::vector<std::size_t>& positions) {
  std::unordered_set<std::string> weights;
  for (const std::size_t position : positions)
    for_each_read(*graph.nodes[position], [&](const std::string& name) { weights.insert(name); });
  std::unordered_set<std::string> initializers;
  for (const auto& tensor : graph.initializers)
    if (weights.contains(tensor->name) && !is_input(graph, tensor->name) && !is_output(graph, tensor->name))
      initializers.insert(tensor->name);
  std::size_t position = 0;
  for (const auto& node : graph.nodes)
    if (!std::binary_search(positions.begin(), positions.end(), position++))
      for_each_read(*node, [&](const std::string& name) { initializers.erase(name); });
  return initializers;
}

/// Names that take the place of what the nodes at `positions` make. Nodes whose value is an output of the
/// graph become an Identity; their positions leave the list.
Renames bridges(const Model& model, Graph& graph, std::vector<std::size_t>& positions) {
  Renames renames;
  std::vector<std::size_t> gone;
  for (const std::size_t position : positions) {
    const Node node = *graph.nodes[position];
    const std::string* from = bridge_of(model, graph, node);
    if (from && is_output(graph, node.outputs[0])) {
      Node identity;
      identity.name = node.name;
      identity.op_type = "Identity";
      const auto bridged = renames.find(*from);
      identity.inputs = {bridged == renames.end() ? *from : bridged->second};
      identity.outputs = {node.outputs[0]};
      graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(identity)));
      continue;
    }
    gone.push_back(position);
    if (!from) continue;
    const auto bridged = renames.find(*from);
    renames[node.outputs[0]] = bridged == renames.end() ? *from : bridged->second;
  }
  positions = std::move(gone);
  return renames;
}

ModelPointer delete_nodes(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    auto positions = arguments.nodes(graph, "nodes");
    const auto weights = arguments.flag("weights", true) ? weights_read_only_by(graph, positions)
                                                         : std::unordered_set<std::string>();
    std::unordered_set<std::string> gone;
    for (const std::size_t position : positions)
      for (const auto& output : graph.nodes[position]->outputs)
        if (!is_output(graph, output)) gone.insert(output);
    const Renames renames =
        arguments.flag("bridge", true) ? bridges(*arguments.model(), graph, positions) : Renames();
    graph.nodes = without(graph.nodes, positions);
    if (!renames.empty()) redirect_readers(graph, renames);
    if (!weights.empty())
      graph.initializers =
          without_if(graph.initializers, [&](const auto& tensor) { return weights.contains(tensor->name); });
    gone.insert(weights.begin(), weights.end());
    erase_declared_types(graph, gone);
  });
}

ModelPointer duplicate_nodes(const EditArguments& arguments) {
  return arguments.with_graph([&](Graph& graph) {
    const auto positions = arguments.nodes(graph, "nodes");
    if (positions.empty()) throw arguments.wrong("nodes", "names no node");
    TakenNames taken(*arguments.model(), arguments.path(), arguments.index());
    Renames renames;
    for (const std::size_t position : positions)
      for (const auto& output : graph.nodes[position]->outputs)
        if (!output.empty()) renames[output] = taken.fresh_value(output + "_copy");
    std::vector<NodePointer> copies;
    for (const std::size_t position : positions) {
      const NodePointer& original = graph.nodes[position];
      const NodePointer reading = reading_renamed(*original, renames);
      Node copy = reading ? *reading : *original;
      for (auto& output : copy.outputs)
        if (!output.empty()) output = renames.at(output);
      if (!copy.name.empty()) copy.name = taken.fresh_node(copy.name + "_copy");
      copies.push_back(std::make_shared<const Node>(std::move(copy)));
    }
    graph.nodes = with_inserted(graph.nodes, positions.back() + 1, std::move(copies));
  });
}

ModelPointer set_operator(const EditArguments& arguments) {
  const std::string op_type = arguments.text("op_type"), domain = arguments.text("domain", "");
  const ModelPointer model = with_import_for(arguments.model(), domain, arguments.path());
  return with_graph_at(*model, arguments.path(), [&](Graph& graph) {
    for (const std::size_t position : arguments.nodes(graph, "nodes")) {
      Node node = *graph.nodes[position];
      node.op_type = op_type;
      node.domain = domain;
      node.overload = arguments.text("overload", "");
      graph.nodes = graph.nodes.with(position, std::make_shared<const Node>(std::move(node)));
    }
  });
}

}  // namespace

std::vector<Edit> node_edits() {
  using Kind = ParameterKind;
  const EditParameter op_type = {"op_type", Kind::Text, "the operator, such as Relu", true};
  const EditParameter domain = {"domain", Kind::Text, "its domain; left out: ONNX's own"};
  const EditParameter name = {"name", Kind::Text, "the node's name"};
  const EditParameter attributes = {"attributes", Kind::Attributes, "its attributes"};
  const EditParameter nodes = {"nodes", Kind::Nodes, "the nodes", true};
  return {
      {"add_node",
       "Add a node behind those that make its inputs",
       {graph_parameter(),
        op_type,
        domain,
        name,
        attributes,
        {"inputs", Kind::Tensors, "what it reads"},
        {"outputs", Kind::Tensors, "what it makes; left out: new names"},
        {"node", Kind::Node, "a node that reads the first of its outputs from then on; left out: none"},
        {"input", Kind::Integer, "position or name of that node's input; left out: the first"}},
       add_node},
      {"insert_node",
       "Insert a node on an edge, or behind a tensor before all that read it",
       {graph_parameter(),
        {"tensor", Kind::Tensor, "the tensor on the edge", true},
        op_type,
        domain,
        name,
        attributes,
        {"inputs", Kind::Tensors,
         "all that the node reads, the tensor among them; left out: only the tensor"},
        {"node", Kind::Node, "the edge's reader; left out: all readers"},
        {"input", Kind::Integer, "position or name of the reader's input; left out: the first"}},
       insert_node},
      {"delete_nodes",
       "Delete nodes, and connect what they read with what read from them where types allow",
       {graph_parameter(),
        nodes,
        {"bridge", Kind::Flag, "connect the ends (default true)"},
        {"weights", Kind::Flag, "delete weights that only they read, too (default true)"}},
       delete_nodes},
      {"duplicate_nodes",
       "Copy nodes beside themselves; the copies read the same and share the weights",
       {graph_parameter(), nodes},
       duplicate_nodes},
      {"set_operator",
       "Give nodes another operator, and keep their inputs, outputs and attributes",
       {graph_parameter(),
        nodes,
        op_type,
        domain,
        {"overload", Kind::Text, "which of several functions of a name"}},
       set_operator},
  };
}

}  // namespace lapidary
