#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"
#include "tests/differential/values.h"

namespace lapidary::differential {

/// A value of the graph that is being made, and what it holds in the run that the graph is made along.
struct Item {
  enum class Origin { Input, Initializer, Node, Outside };
  std::string name;
  Datum datum;
  Origin origin = Origin::Node;
  bool used = false;
  bool is_optional = false;  ///< of an optional type, whatever lies in it

  bool is_tensor() const { return datum.is_tensor() && !is_optional; }
  const Tensor& tensor() const { return datum.tensor(); }
};

/// A graph while it is made: every node is run as soon as it is there, so that the next one knows what it
/// gets.
class Draft {
 public:
  /// `prefix` begins the names of this graph's values.
  Draft(Random& random, std::int64_t opset, std::string prefix);
  /// A body inside a node of `outer`, whose values it can read.
  Draft(Draft& outer, std::string prefix);

  Random& random;
  const std::int64_t opset;
  Fill fill = Fill::Ordinary;
  int depth = 0;  ///< 0: the main graph
  std::vector<Item> items;
  std::vector<Node> nodes;
  /// The model's own functions, which the graphs inside share.
  std::shared_ptr<std::vector<std::shared_ptr<const Function>>> functions;

  std::string fresh_name();
  std::size_t add(Item item);
  /// Runs the node with the reference kernels and adds it and its outputs. Throws Error if it refuses.
  void add_node(Node node);
  const Item& find(const std::string& name) const;

  /// The graph with these outputs; every other value that nothing reads is left out with its node's output
  /// kept.
  Graph graph(const std::vector<std::string>& outputs) const;

 private:
  int names_ = 0;
  std::string prefix_;
};

/// The version of the file format that goes with an operator set.
std::int64_t ir_version_for(std::int64_t opset);
/// All domains that have operators, each in the version that goes with opset, and that of a model's own
/// functions.
std::vector<OpsetImport> imports_for(std::int64_t opset);
inline const std::string function_domain = "local";
/// Only those of them that the nodes need: not every engine knows every domain.
std::vector<OpsetImport> used_imports(std::int64_t opset, const std::vector<Node>& nodes);
/// Whether other nodes run inside the node: it has graphs in its attributes, or calls a function of the
/// model.
bool has_body(const Node& node);

/// A model and what goes into it, by the order of its graph's inputs.
struct Case {
  ModelPointer model;
  std::vector<Datum> inputs;
};
/// The draft as a model: outputs are what no node reads, and a few more.
Case case_of(const Draft& draft);

}  // namespace lapidary::differential
