#pragma once

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/analysis/inferred_types.h"
#include "engine/analysis/merge_types.h"
#include "engine/ops/operator.h"

namespace lapidary {

/// Walks a model's graphs in the order in which they run and fills InferredTypes.
class TypeInference {
 public:
  TypeInference(const Model& model, const InferenceOptions& options) : model_(model), options_(options) {}
  InferredTypes run();
  /// See follow_edit.
  InferredTypes run_after(const InferredTypes& before, const Graph& graph_before, const GraphIndex& index,
                          const GraphChange& change, int most_nodes);

 private:
  using GraphFacts = InferredTypes::GraphFacts;
  /// A call of a model-local function whose body is being walked.
  struct Call {
    const Function& function;
    const Node& caller;
    const Call* outer;
  };
  /// The graph or function body being walked.
  struct Scope {
    GraphFacts* facts;
    const Graph* graph;
    const Scope* outer;  ///< the graph around a subgraph, whose names are seen
    const Call* call;    ///< nullptr outside functions
    int depth;
  };
  /// What is known of a node's inputs; nullptr where nothing is, or where one is left out.
  using Inputs = std::vector<const ValueFacts*>;
  class Context;

  void enter_main_graph();
  void take_over(const InferredTypes& before, const Graph& graph_before, const GraphChange& change);
  void forget_node(const Graph& graph_before, const Node& node);
  void forget_problems(const Node& node);
  void follow_values(const std::vector<std::string>& names, const Scope& scope, const GraphIndex& index,
                     std::set<int>& open);
  std::unordered_multimap<std::string, int> outer_readers(const Graph& graph, const GraphIndex& index,
                                                          std::set<int>& open) const;
  bool follow_node(int position, const Scope& scope, const GraphIndex& index);
  Type type_of_main_input(const Value& input);
  void add_initializers(const Graph& graph, GraphFacts& facts);
  void walk(const Graph& graph, const Scope& scope);
  void visit(const Node& node, const Scope& scope, const GraphIndex& index);
  void infer_node(const Operator& record, const Node& node, const Inputs& inputs, const Scope& scope,
                  std::vector<ValueFacts>& outputs);
  void check_types(const Operator& record, const Node& node, const Inputs& inputs,
                   const std::vector<Type>& outputs, const Scope& scope);
  void fold(const Operator& record, const Node& node, const Inputs& inputs, std::vector<ValueFacts>& outputs);
  void enter_function(const Function& function, const Node& node, const Scope& scope,
                      std::vector<ValueFacts>& outputs);
  std::vector<Type> enter_body(const Node& node, const Graph& graph, const std::vector<Type>& inputs,
                               const Scope& outer);
  void enter_bodies_left(const Node& node, const Scope& scope);
  void merge_declared(const Node& node, const std::string& value, const Type& declared, const Scope& scope,
                      Type& type);

  static const ValueFacts* find(const Scope& scope, std::string_view name);
  const Operator* find_record(const Node& node, const Scope& scope) const;
  void report(Problem::Severity severity, const Scope& scope, const Node& node, const std::string& tensor,
              std::string message);

  const Model& model_;
  const InferenceOptions& options_;
  InferredTypes result_;
  DimensionNames names_;
  std::unordered_set<std::string> reported_;
  /// Bounds the work on models whose functions call each other, or whose loops nest, so often that it would
  /// never end.
  std::int64_t visits_left_ = 0;
  static constexpr int most_depth = 128;
};

}  // namespace lapidary
