#include <algorithm>

#include "engine/analysis/check_parts.h"
#include "engine/analysis/problem_texts.h"
#include "engine/model/graph_index.h"
#include "engine/model/names.h"

namespace lapidary {
namespace {

constexpr std::int64_t first_ir_with_free_initializers = 4;

/// Whether a type says what its elements are, as those of a graph's inputs and outputs must.
bool has_elements(const Type& type) {
  if (type.inner) return has_elements(*type.inner);
  return type.is_known() && type.element != DataType::Undefined;
}

/// Adds what a graph starts with to its scope: inputs and initializers.
class GraphStart {
 public:
  GraphStart(const Model& model, const Graph& graph, NameScope& scope, Problems& problems)
      : model_(model), graph_(graph), scope_(scope), problems_(problems) {}

  void check() {
    if (!scope_.outer && graph_.name.empty())
      add_problem(problems_, Severity::Error, "", "", "the graph has no name");
    for (const auto& input : graph_.inputs) check_input(input);
    for (const auto& initializer : graph_.initializers) check_initializer(*initializer);
    for (const auto& initializer : graph_.sparse_initializers) {
      define_tensor(initializer->name);
      for (auto& message : sparse_tensor_problems(initializer->tensor))
        add_problem(problems_, Severity::Error, "", initializer->name, std::move(message));
    }
  }

 private:
  void check_input(const Value& input) {
    if (input.name.empty()) {
      add_problem(problems_, Severity::Error, "", "", "an input of the graph has no name");
      return;
    }
    if (!scope_.defined.insert(input.name).second)
      add_problem(problems_, Severity::Error, "", input.name, "two inputs of the graph have this name");
    if (scope_.outer && scope_.outer->has(input.name))
      add_problem(problems_, Severity::Error, "", input.name,
                  "an input of a subgraph hides a value of the graph around it");
    if (!scope_.outer && !has_elements(input.type))
      add_problem(problems_, Severity::Error, "", input.name,
                  input.type.is_known() ? "the input has no element type" : "the input has no type");
    inputs_[input.name] = &input;
  }

  void check_initializer(const NamedTensor& initializer) {
    define_tensor(initializer.name);
    const Tensor& tensor = initializer.tensor;
    if (!tensor.is_present()) {
      add_problem(problems_, Severity::Error, "", initializer.name, "the initializer has no element type");
      return;
    }
    for (auto& message : external_data_problems(initializer.external_data, tensor))
      add_problem(problems_, Severity::Error, "", initializer.name, std::move(message));
    const auto input = inputs_.find(initializer.name);
    if (input == inputs_.end()) {
      if (model_.ir_version < first_ir_with_free_initializers && !scope_.outer)
        add_problem(problems_, Severity::Error, "", initializer.name,
                    "before IR version 4 an initializer must be an input of the graph too");
      return;
    }
    const Type& type = input->second->type;
    const bool fits = !type.is_tensor() || (type.element == tensor.type() && fits_shape(type, tensor.dims()));
    if (!fits)
      add_problem(problems_, Severity::Error, "", initializer.name,
                  "the input is declared as " + to_string(type) + ", its initializer is " +
                      to_string(tensor.full_type()));
  }

  static bool fits_shape(const Type& type, const Dims& dims) {
    if (!type.shape) return true;
    if (type.shape->size() != dims.size()) return false;
    for (std::size_t i = 0; i < dims.size(); ++i)
      if ((*type.shape)[i].is_constant() && (*type.shape)[i].value() >= 0 &&
          (*type.shape)[i].value() != dims[i])
        return false;
    return true;
  }

  void define_tensor(const std::string& name) {
    if (name.empty()) add_problem(problems_, Severity::Error, "", "", "an initializer has no name");
    if (!tensors_.insert(name).second)
      add_problem(problems_, Severity::Error, "", name, "two initializers have this name");
    scope_.defined.insert(name);
  }

  const Model& model_;
  const Graph& graph_;
  NameScope& scope_;
  Problems& problems_;
  std::unordered_map<std::string_view, const Value*> inputs_;
  std::unordered_set<std::string_view> tensors_;
};

/// What is the same for the nodes of a graph and of a function's body.
struct Body {
  const Model& model;
  const Function* function;
  Problems& problems;
};

void check_inputs(const Body& body, const Node& node, const GraphIndex& index, const Graph& nodes,
                  const NameScope& scope) {
  std::unordered_set<std::string_view> reported;
  for (const auto& name : node.inputs) {
    if (name.empty() || scope.has(name) || !reported.insert(name).second) continue;
    const int producer = index.producer(name).node;
    if (producer < 0)
      add_problem(body.problems, Severity::Error, node.label(), name, "reads a value that nobody makes");
    else
      add_problem(body.problems, Severity::Error, node.label(), name,
                  "reads a value before node '" + nodes.nodes[static_cast<std::size_t>(producer)]->label() +
                      "' makes it: " + std::string(wrong_order_text));
  }
}

void define_outputs(const Body& body, const Node& node, NameScope& scope) {
  for (const auto& name : node.outputs) {
    if (name.empty()) continue;
    if (scope.outer && scope.outer->has(name) && !scope.defined.contains(name))
      add_problem(body.problems, Severity::Error, node.label(), name,
                  "hides a value of the graph around this subgraph");
    if (!scope.defined.insert(name).second)
      add_problem(body.problems, Severity::Error, node.label(), name,
                  "makes a value that already is an input, an initializer or another node's output");
  }
}

void check_nodes(const Body& body, const Graph& graph, NameScope& scope) {
  const GraphIndex index(graph);
  std::unordered_set<std::string_view> names;
  for (const auto& node : graph.nodes) {
    if (!node->name.empty() && !names.insert(node->name).second)
      add_problem(body.problems, Severity::Error, node->name, "", std::string(same_name_text));
    check_inputs(body, *node, index, graph, scope);
    for (const auto& [attribute, inner] : subgraphs_of(*node))
      if (inner) check_graph(body.model, *inner, body.function, &scope, body.problems);
    check_node(body.model, *node, body.function, body.problems);
    define_outputs(body, *node, scope);
  }
}

/// Weights that only make the file larger; inputs with a default may be meant for others.
void note_unread_weights(const Graph& graph, Problems& problems) {
  std::unordered_set<std::string_view> read;
  std::vector<std::string> names;  // `read` looks into these
  for (const auto& node : graph.nodes)
    for_each_read(*node, [&](const std::string& name) { names.push_back(name); });
  read.insert(names.begin(), names.end());
  for (const auto* values : {&graph.inputs, &graph.outputs})
    for (const auto& value : *values) read.insert(value.name);
  for (const auto& weight : graph.initializers)
    if (!read.contains(weight->name))
      add_problem(problems, Severity::Note, "", weight->name, std::string(unread_weight_text));
}

}  // namespace

void check_graph(const Model& model, const Graph& graph, const Function* function, const NameScope* outer,
                 Problems& problems) {
  NameScope scope{{}, outer};
  GraphStart(model, graph, scope, problems).check();
  check_nodes({model, function, problems}, graph, scope);
  if (!outer && !function) note_unread_weights(graph, problems);
  std::unordered_set<std::string_view> names;
  for (const auto& output : graph.outputs) {
    if (output.name.empty()) {
      add_problem(problems, Severity::Error, "", "", "an output of the graph has no name");
      continue;
    }
    if (!scope.has(output.name))
      add_problem(problems, Severity::Error, "", output.name, std::string(unmade_output_text));
    if (!outer && !names.insert(output.name).second)
      add_problem(problems, Severity::Error, "", output.name, "two outputs of the graph have this name");
    if (!outer && !function && !has_elements(output.type))
      add_problem(
          problems, Severity::Error, "", output.name,
          output.type.is_known() ? "the output has no element type" : std::string(untyped_output_text));
  }
}

void check_function(const Model& model, const Function& function, Problems& problems) {
  Graph body;
  body.nodes = PersistentVector(function.nodes);
  NameScope scope;
  scope.defined.insert(function.inputs.begin(), function.inputs.end());
  check_nodes({model, &function, problems}, body, scope);
  for (const auto& output : function.outputs)
    if (!scope.has(output))
      add_problem(problems, Severity::Error, "", output,
                  "an output of function " + function.name + " that nobody makes");
}

}  // namespace lapidary
