#include "tests/differential/draft.h"

#include <algorithm>
#include <set>

#include "engine/backends.h"
#include "engine/reference/interpreter.h"

namespace lapidary::differential {

Draft::Draft(Random& random_source, std::int64_t opset_version, std::string prefix)
    : random(random_source),
      opset(opset_version),
      functions(std::make_shared<std::vector<std::shared_ptr<const Function>>>()),
      prefix_(std::move(prefix)) {}

Draft::Draft(Draft& outer, std::string prefix)
    : random(outer.random),
      opset(outer.opset),
      fill(outer.fill),
      depth(outer.depth + 1),
      functions(outer.functions),
      prefix_(std::move(prefix)) {
  for (Item item : outer.items) {
    item.origin = Item::Origin::Outside;
    item.used = true;
    items.push_back(std::move(item));
  }
}

std::string Draft::fresh_name() { return prefix_ + std::to_string(names_++); }

std::size_t Draft::add(Item item) {
  if (item.name.empty()) item.name = fresh_name();
  items.push_back(std::move(item));
  return items.size() - 1;
}

const Item& Draft::find(const std::string& name) const {
  return *std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
}

namespace {

/// Names that the graphs inside a node read from around it.
void add_outer_names(const Graph& graph, std::set<std::string> known, std::set<std::string>& outer) {
  for (const auto& input : graph.inputs) known.insert(input.name);
  for (const auto& initializer : graph.initializers) known.insert(initializer->name);
  for (const auto& node : graph.nodes) {
    for (const auto& input : node->inputs)
      if (!input.empty() && !known.contains(input)) outer.insert(input);
    for (const auto& [name, body] : subgraphs_of(*node)) add_outer_names(*body, known, outer);
    known.insert(node->outputs.begin(), node->outputs.end());
  }
  for (const auto& output : graph.outputs)
    if (!known.contains(output.name)) outer.insert(output.name);
}

/// The node as a model of its own, run by the reference backend: for nodes with bodies.
std::vector<Datum> run_alone(const Draft& draft, const Node& node) {
  Model model;
  model.opset_imports = imports_for(draft.opset);
  model.ir_version = ir_version_for(draft.opset);
  model.functions = *draft.functions;
  std::set<std::string> names(node.inputs.begin(), node.inputs.end());
  for (const auto& [name, body] : subgraphs_of(node)) add_outer_names(*body, {}, names);
  names.erase("");
  Graph graph;
  graph.nodes = PersistentVector(std::vector{std::make_shared<const Node>(node)});
  std::vector<Datum> inputs;
  for (const auto& name : names) {
    graph.inputs.push_back({name, {}, {}, {}, {}, 0});
    inputs.push_back(draft.find(name).datum);
  }
  for (const auto& output : node.outputs)
    if (!output.empty()) graph.outputs.push_back({output, {}, {}, {}, {}, 0});
  model.graph = std::make_shared<const Graph>(std::move(graph));
  auto found =
      find_backend("reference").compile(std::make_shared<const Model>(std::move(model)), {})->run(inputs);
  std::vector<Datum> outputs;
  std::size_t next = 0;
  for (const auto& output : node.outputs)
    outputs.push_back(output.empty() ? Datum() : std::move(found[next++]));
  return outputs;
}

}  // namespace

void Draft::add_node(Node node) {
  std::vector<Datum> outputs;
  if (has_body(node)) {
    outputs = run_alone(*this, node);
  } else {
    const Operator* record = operator_table().find(node.domain, node.op_type, [&] {
      for (const auto& import : imports_for(opset))
        if (normalized_domain(import.domain) == normalized_domain(node.domain)) return import.version;
      return std::int64_t{1};
    }());
    std::vector<Datum> inputs;
    for (const auto& name : node.inputs) inputs.push_back(name.empty() ? Datum() : find(name).datum);
    outputs = run_kernel(node, *record, std::move(inputs), {});
  }
  for (auto& item : items)
    if (std::find(node.inputs.begin(), node.inputs.end(), item.name) != node.inputs.end()) item.used = true;
  std::set<std::string> outer;
  for (const auto& [name, body] : subgraphs_of(node)) add_outer_names(*body, {}, outer);
  for (auto& item : items)
    if (outer.contains(item.name)) item.used = true;
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    if (!node.outputs[i].empty())
      add({node.outputs[i], std::move(outputs.at(i)), Item::Origin::Node, false, node.op_type == "Optional"});
  nodes.push_back(std::move(node));
}

namespace {

/// The type without the sizes of what lies inside containers; unknown for those that hold nothing.
Type type_of(const Datum& datum) {
  if (datum.is_tensor()) return datum.tensor().full_type();
  const auto inner_type = [](const std::vector<Datum>& elements) {
    Type type = elements.empty() ? Type() : type_of(elements.front());
    if (type.is_tensor()) type.shape.reset();
    return type;
  };
  if (datum.is_sequence()) {
    const Type inner = inner_type(datum.sequence());
    return inner.is_known() ? Type::sequence(inner) : Type();
  }
  if (const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&datum.value)) {
    const Type inner = inner_type((*map)->values);
    return inner.is_known() ? Type::map((*map)->keys.type(), inner) : Type();
  }
  return {};
}

Type type_of(const Item& item) {
  const Type type = type_of(item.datum);
  return item.is_optional && type.is_known() ? Type::optional(type) : type;
}

}  // namespace

Graph Draft::graph(const std::vector<std::string>& outputs) const {
  Graph graph;
  graph.name = prefix_ + "graph";
  std::vector<std::shared_ptr<const Node>> node_list;
  for (const auto& node : nodes) node_list.push_back(std::make_shared<const Node>(node));
  graph.nodes = PersistentVector(std::move(node_list));
  std::vector<std::shared_ptr<const NamedTensor>> initializers;
  for (const auto& item : items) {
    if (item.origin == Item::Origin::Input) graph.inputs.push_back({item.name, type_of(item), {}, {}, {}, 0});
    if (item.origin != Item::Origin::Initializer) continue;
    NamedTensor initializer;
    initializer.name = item.name;
    initializer.tensor = item.tensor();
    initializers.push_back(std::make_shared<const NamedTensor>(std::move(initializer)));
  }
  graph.initializers = PersistentVector(std::move(initializers));
  for (const auto& name : outputs) graph.outputs.push_back({name, type_of(find(name)), {}, {}, {}, 0});
  return graph;
}

std::int64_t ir_version_for(std::int64_t opset) {
  if (opset >= 26) return 13;
  if (opset >= 25) return 12;
  if (opset >= 23) return 11;
  if (opset >= 21) return 10;
  if (opset >= 19) return 9;
  if (opset >= 15) return 8;
  return opset >= 12 ? 7 : 6;
}

std::vector<OpsetImport> imports_for(std::int64_t opset) {
  const std::int64_t learning = opset >= 23 ? 5 : opset >= 21 ? 4 : opset >= 15 ? 3 : opset >= 13 ? 2 : 1;
  return {{"", opset, 0},
          {"ai.onnx.ml", learning, 0},
          {"ai.onnx.preview", 1, 0},
          {"ai.onnx.preview.training", 1, 0},
          {"com.microsoft", 1, 0},
          {"com.microsoft.nchwc", 1, 0},
          {function_domain, 1, 0}};
}

bool has_body(const Node& node) { return node.domain == function_domain || !subgraphs_of(node).empty(); }

namespace {

void add_domains(const Node& node, std::set<std::string>& domains) {
  domains.emplace(normalized_domain(node.domain));
  for (const auto& [name, body] : subgraphs_of(node))
    for (const auto& inner : body->nodes) add_domains(*inner, domains);
}

}  // namespace

std::vector<OpsetImport> used_imports(std::int64_t opset, const std::vector<Node>& nodes) {
  std::set<std::string> domains = {""};
  for (const auto& node : nodes) add_domains(node, domains);
  auto imports = imports_for(opset);
  std::erase_if(imports, [&](const OpsetImport& import) { return !domains.contains(import.domain); });
  return imports;
}

Case case_of(const Draft& draft) {
  Case result;
  std::vector<std::string> outputs;
  for (const auto& item : draft.items) {
    if (item.origin == Item::Origin::Input) result.inputs.push_back(item.datum);
    if (item.origin == Item::Origin::Node && type_of(item).is_known() &&
        (!item.used || draft.random.chance(0.1)))
      outputs.push_back(item.name);
  }
  Model model;
  model.ir_version = ir_version_for(draft.opset);
  model.functions = *draft.functions;
  auto nodes = draft.nodes;
  for (const auto& function : model.functions)
    for (const auto& node : function->nodes) nodes.push_back(*node);
  model.opset_imports = used_imports(draft.opset, nodes);
  Graph graph = draft.graph(outputs);
  for (auto& input : graph.inputs) {
    if (!input.type.shape || !draft.random.chance(0.2)) continue;
    if (element_count(*input.type.shape).value_or(0) == 0) continue;  // symbols are taken to be at least 1
    for (std::size_t axis = 0; axis < input.type.shape->size(); ++axis)
      if (draft.random.chance(0.5))
        (*input.type.shape)[axis] = Dimension::symbol(input.name + "_" + std::to_string(axis));
  }
  for (auto& output : graph.outputs)
    if (output.type.is_tensor()) output.type.shape.reset();
  model.graph = std::make_shared<const Graph>(std::move(graph));
  result.model = std::make_shared<const Model>(std::move(model));
  return result;
}

}  // namespace lapidary::differential
