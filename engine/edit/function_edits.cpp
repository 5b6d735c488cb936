#include <algorithm>
#include <unordered_set>

#include "engine/analysis/every_node.h"
#include "engine/edit/families.h"
#include "engine/edit/names.h"
#include "engine/model/error.h"
#include "engine/model/names.h"
#include "engine/passes/pass.h"

namespace lapidary {
namespace {

/// What the nodes of a selection read and make, as a function's signature.
struct Signature {
  std::vector<std::string> inputs, outputs;
};

Signature signature_of(const Graph& graph, const std::vector<std::size_t>& selected) {
  const std::unordered_set<std::size_t> inside(selected.begin(), selected.end());
  std::unordered_set<std::string> made, read_outside;
  for (const std::size_t position : selected)
    made.insert(graph.nodes[position]->outputs.begin(), graph.nodes[position]->outputs.end());
  for (std::size_t position = 0; position < graph.nodes.size(); ++position)
    if (!inside.contains(position))
      for_each_read(*graph.nodes[position], [&](const std::string& name) { read_outside.insert(name); });
  Signature signature;
  std::unordered_set<std::string> is_seen;
  for (const std::size_t position : selected) {
    for_each_read(*graph.nodes[position], [&](const std::string& name) {
      if (!name.empty() && !made.contains(name) && is_seen.insert(name).second)
        signature.inputs.push_back(name);
    });
    for (const std::string& output : graph.nodes[position]->outputs)
      if (!output.empty() && (read_outside.contains(output) || is_output(graph, output)))
        signature.outputs.push_back(output);
  }
  return signature;
}

/// The nodes with a call in the place of the selected ones: behind all that does not need what they make.
/// Throws Error where a node between them both needs and feeds them.
std::vector<std::shared_ptr<const Node>> with_call(const Graph& graph,
                                                   const std::vector<std::size_t>& selected,
                                                   const Node& call) {
  const std::unordered_set<std::size_t> inside(selected.begin(), selected.end());
  std::unordered_set<std::string> from_inside(call.outputs.begin(), call.outputs.end());
  std::vector<std::shared_ptr<const Node>> before, behind;
  for (std::size_t position = 0; position < graph.nodes.size(); ++position) {
    const auto& node = graph.nodes[position];
    bool is_behind = false;
    for_each_read(*node,
                  [&](const std::string& name) { is_behind = is_behind || from_inside.contains(name); });
    if (inside.contains(position)) continue;
    if (is_behind) from_inside.insert(node->outputs.begin(), node->outputs.end());
    (is_behind ? behind : before).push_back(node);
  }
  for (const std::string& input : call.inputs)
    if (from_inside.contains(input))
      throw Error("lies between the chosen nodes: it needs what they make, and they need it")
          .tensor(input)
          .advice("Choose the node that makes it, too");
  before.push_back(std::make_shared<const Node>(call));
  before.insert(before.end(), behind.begin(), behind.end());
  return before;
}

ModelPointer make_function(const EditArguments& arguments) {
  Function function;
  function.name = arguments.text("name");
  function.domain = arguments.text("domain", "local");
  if (function.name.empty()) throw arguments.wrong("name", "is empty");
  if (normalized_domain(function.domain).empty()) throw arguments.wrong("domain", "is ONNX's own");
  Model model = *arguments.model();
  for (const auto& known : model.functions)
    if (known->name == function.name && known->domain == function.domain)
      throw Error("there is a function of that name already: " + function.name);
  const GraphPointer graph = arguments.graph();
  const std::vector<std::size_t> selected = arguments.nodes(*graph, "nodes");
  if (selected.empty()) throw arguments.wrong("nodes", "names no node");
  Signature signature = signature_of(*graph, selected);
  function.inputs = signature.inputs;
  function.outputs = signature.outputs;
  function.opset_imports = model.opset_imports;
  for (const std::size_t position : selected) function.nodes.push_back(graph->nodes[position]);

  Node call;
  call.op_type = function.name;
  call.domain = function.domain;
  call.name = TakenNames(model, arguments.path()).fresh_node(function.name);
  call.inputs = std::move(signature.inputs);
  call.outputs = std::move(signature.outputs);
  auto nodes = with_call(*graph, selected, call);
  if (model.opset(function.domain) == 0) model.opset_imports.push_back({function.domain, 1});
  constexpr std::int64_t first_ir_with_functions = 8;
  model.ir_version = std::max(model.ir_version, first_ir_with_functions);
  model.functions.push_back(std::make_shared<const Function>(std::move(function)));
  std::unordered_set<std::string> hidden;
  for (const std::size_t position : selected)
    for (const std::string& output : graph->nodes[position]->outputs)
      if (std::find(call.outputs.begin(), call.outputs.end(), output) == call.outputs.end())
        hidden.insert(output);
  return with_graph_at(model, arguments.path(), [&](Graph& changed) {
    changed.nodes = PersistentVector<std::shared_ptr<const Node>>(std::move(nodes));
    erase_declared_types(changed, hidden);
  });
}

ModelPointer inline_functions(const EditArguments& arguments) {
  PassContext context;
  const std::vector<std::string> names = arguments.texts("functions");
  const Model& model = *arguments.model();
  for (const std::string& name : names)
    if (std::none_of(model.functions.begin(), model.functions.end(),
                     [&](const auto& f) { return f->name == name; }))
      throw Error("the model has no function '" + name + "'");
  const std::string pass = "inline_functions";
  if (!names.empty())
    for_each_node(model, [&](const Node& node, const Function*) {
      if (std::find(names.begin(), names.end(), node.op_type) == names.end())
        context.gate->left_out.insert({pass, node.label()});
    });
  return optimize(arguments.model(), chosen_passes(PassLevel::Basic, {pass}, {}), context).model;
}

}  // namespace

std::vector<Edit> function_edits() {
  using Kind = ParameterKind;
  return {
      {"make_function",
       "Make a function of nodes, and put a call in their place",
       {graph_parameter(),
        {"nodes", Kind::Nodes, "the nodes", true},
        {"name", Kind::Text, "what the function is called", true},
        {"domain", Kind::Text, "its domain; left out: local"}},
       make_function},
      {"inline_functions",
       "Put the bodies of the model's functions in the place of their calls",
       {{"functions", Kind::Texts, "their names; left out: all"}},
       inline_functions},
  };
}

}  // namespace lapidary
