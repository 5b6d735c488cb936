#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/model/model.h"

namespace lapidary::test {

/// A node in one line: node("Conv", {"x", "w"}, {"y"}, {{"strides", std::vector<std::int64_t>{2, 2}}}).
Node node(std::string op_type, std::vector<std::string> inputs, std::vector<std::string> outputs,
          std::vector<std::pair<std::string, AttributeValue>> attributes = {}, std::string domain = "");

/// Builds small models for tests, part by part.
class ModelBuilder {
 public:
  explicit ModelBuilder(std::int64_t opset = 21);
  ModelBuilder& opset(const std::string& domain, std::int64_t version);
  ModelBuilder& input(std::string name, DataType element, Shape shape);
  ModelBuilder& input(std::string name, Type type);
  ModelBuilder& output(std::string name, Type type = {});
  ModelBuilder& initializer(std::string name, Tensor tensor);
  ModelBuilder& add(Node node);
  /// A model-local function: inputs, outputs and nodes are the body's, its operators of the model's opset.
  ModelBuilder& function(std::string domain, std::string name, const GraphPointer& body);
  ModelPointer build() const;
  /// Only the graph, as a body for If, Loop and Scan.
  GraphPointer graph() const;

 private:
  Model model_;
  Graph graph_;
  std::vector<std::shared_ptr<const Node>> nodes_;
  std::vector<std::shared_ptr<const NamedTensor>> initializers_;
};

}  // namespace lapidary::test
