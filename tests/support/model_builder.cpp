#include "tests/support/model_builder.h"

namespace lapidary::test {

Node node(std::string op_type, std::vector<std::string> inputs, std::vector<std::string> outputs,
          std::vector<std::pair<std::string, AttributeValue>> attributes, std::string domain) {
  Node result;
  result.op_type = std::move(op_type);
  result.domain = std::move(domain);
  result.inputs = std::move(inputs);
  result.outputs = std::move(outputs);
  for (auto& [name, value] : attributes) {
    Attribute attribute;
    attribute.name = name;
    attribute.value = std::move(value);
    result.attributes.push_back(std::move(attribute));
  }
  return result;
}

ModelBuilder::ModelBuilder(std::int64_t version) {
  model_.ir_version = 10;
  model_.opset_imports = {{"", version}};
  graph_.name = "test";
}

ModelBuilder& ModelBuilder::opset(const std::string& domain, std::int64_t version) {
  model_.opset_imports.push_back({domain, version});
  return *this;
}

ModelBuilder& ModelBuilder::input(std::string name, DataType element, Shape shape) {
  return input(std::move(name), Type::tensor(element, std::move(shape)));
}

ModelBuilder& ModelBuilder::input(std::string name, Type type) {
  Value value;
  value.name = std::move(name);
  value.type = std::move(type);
  graph_.inputs.push_back(std::move(value));
  return *this;
}

ModelBuilder& ModelBuilder::output(std::string name, Type type) {
  Value value;
  value.name = std::move(name);
  value.type = std::move(type);
  graph_.outputs.push_back(std::move(value));
  return *this;
}

ModelBuilder& ModelBuilder::initializer(std::string name, Tensor tensor) {
  NamedTensor named;
  named.name = std::move(name);
  named.tensor = std::move(tensor);
  initializers_.push_back(std::make_shared<const NamedTensor>(std::move(named)));
  return *this;
}

ModelBuilder& ModelBuilder::add(Node node) {
  nodes_.push_back(std::make_shared<const Node>(std::move(node)));
  return *this;
}

ModelBuilder& ModelBuilder::function(std::string domain, std::string name, const GraphPointer& body) {
  Function function;
  function.domain = std::move(domain);
  function.name = std::move(name);
  for (const Value& input : body->inputs) function.inputs.push_back(input.name);
  for (const Value& output : body->outputs) function.outputs.push_back(output.name);
  function.nodes = body->nodes.to_vector();
  function.opset_imports = model_.opset_imports;
  model_.functions.push_back(std::make_shared<const Function>(std::move(function)));
  return *this;
}

GraphPointer ModelBuilder::graph() const {
  Graph graph = graph_;
  graph.nodes = PersistentVector(nodes_);
  graph.initializers = PersistentVector(initializers_);
  return std::make_shared<const Graph>(std::move(graph));
}

ModelPointer ModelBuilder::build() const {
  Model model = model_;
  model.graph = graph();
  return std::make_shared<const Model>(std::move(model));
}

}  // namespace lapidary::test
