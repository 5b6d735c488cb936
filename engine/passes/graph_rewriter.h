#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/analysis/model_names.h"
#include "engine/model/nodes.h"
#include "engine/ops/operator.h"
#include "engine/passes/pass.h"

namespace lapidary {

/// One graph while a pass changes it: the main graph, the body of a node, or the body of a function. Made by
/// rewrite_graphs(). Positions of nodes stay as they are until the end, and nodes stay alive; what a pass
/// does not touch is shared with the model it started from. At the end the nodes are brought into topological
/// order, and nodes and initializers that lost their last reader are gone.
class GraphRewriter {
 public:
  /// What stands around the graph.
  struct Surroundings {
    const ModelPointer& model;
    const PassContext& context;
    ModelNames& names;
    PassResult& result;
    const Function* function = nullptr;    ///< the one whose body it is, or lies in
    const GraphRewriter* outer = nullptr;  ///< the graph around a node's body
  };
  GraphRewriter(GraphPointer graph, Surroundings around);
  GraphRewriter(const GraphRewriter&) = delete;

  // --- questions ---
  const PassContext& context() const { return around_.context; }
  const Model& model() const { return *around_.model; }
  /// True for the body of a node or of a function.
  bool is_inner() const { return around_.outer || around_.function; }
  bool is_in_function() const { return around_.function != nullptr; }
  /// Constants are nodes there, not initializers.
  bool is_function_body() const { return around_.function && !around_.outer; }
  /// Positions go from 0 to size() - 1; inserted nodes come behind all others.
  std::size_t size() const { return nodes_.size(); }
  /// nullptr if the node was erased.
  const Node* node(std::size_t position) const { return nodes_[position].get(); }
  /// The version of `domain` in force; 0 if it is not imported.
  std::int64_t opset(std::string_view domain = "") const;
  /// The operator that the node calls; nullptr if unknown, or a function of the model.
  const Operator* record(const Node& node) const;
  /// Position of the node of this graph that makes `value`, or -1.
  int producer(std::string_view value) const;
  /// The same node, if it is the standard's operator of that type; nullptr otherwise.
  const Node* producer_of_type(std::string_view value, std::string_view op_type) const;
  /// How often nodes (their bodies included) and graph outputs read `value`.
  int use_count(std::string_view value) const;
  /// Positions of the nodes that read `value`, themselves or in their bodies, each once.
  std::vector<std::size_t> readers(std::string_view value) const;
  /// True if one node reads `value` once and nobody else does: what makes it may change with that node.
  bool is_private(std::string_view value) const;
  bool is_output(std::string_view value) const;
  bool is_input(std::string_view value) const;
  /// The constant of that name, here or in the graphs around: an initializer that no input overrides, or the
  /// tensor of a Constant node; nullptr otherwise.
  const NamedTensor* constant(std::string_view value) const;
  /// What inference knows of a value; nullptr if nothing. Contents that are known are in its `constant`.
  const ValueFacts* facts(std::string_view value) const;
  /// Kind::Unknown if it is not known.
  const Type& type_of(std::string_view value) const;
  /// The sizes of a tensor whose rank is known; nothing otherwise.
  std::optional<Shape> shape_of_value(std::string_view value) const;
  const std::vector<Value>& inputs() const { return graph_->inputs; }
  /// The initializers of this graph.
  const std::vector<std::shared_ptr<const NamedTensor>>& initializers() const { return initializers_; }

  // --- changes ---
  /// Whether the rewrite that starts from `node` may be made; notes it for the result if so.
  bool admit(const Node& node) { return admit(node.label()); }
  bool admit(const std::string& label);
  /// Says what was left, and why.
  void note(std::string message) { around_.result.notes.push_back(std::move(message)); }
  /// Puts `node` in the place of another; see node_like() for what it should keep of that.
  void replace(std::size_t position, Node node);
  /// Adds a node before the one at `position`; returns its own position.
  std::size_t insert_before(std::size_t position, Node node);
  void erase(std::size_t position);
  /// Lets all readers of `from`, bodies included, read `to` instead. False, and nothing is done, where `from`
  /// is an output of the graph, or a body has another value of the name `to`.
  bool redirect(const std::string& from, const std::string& to);
  /// Erases the node at `position`, all of whose outputs but `output` are unused; who read `output` reads
  /// `source`. Where `output` is one of the graph's, the node that makes `source` gives it that name. False,
  /// and nothing is done, where that cannot be either: `source` is itself an input, an output, or constant.
  bool bypass(std::size_t position, const std::string& output, const std::string& source);
  /// True if bypass() would do it.
  bool can_bypass(const std::string& output, const std::string& source) const;
  /// Adds a constant (an initializer; in a function's body a Constant node) with a name made from `base`.
  std::string add_constant(const std::string& base, Tensor tensor);
  /// Adds a constant of exactly that name, whose producer has just been erased.
  void add_initializer(NamedTensor tensor);
  void remove_initializer(const std::string& name);
  /// A name that nothing in the model has, made from `base`.
  std::string fresh_name(const std::string& base) { return around_.names.fresh(base); }

  /// The changed graph, or the one given if nothing changed.
  GraphPointer finish();

 private:
  /// What is known of one value by name.
  struct Entry {
    int producer = -1;
    int uses = 0;
    bool input = false, output = false;
    const NamedTensor* initializer = nullptr;
    std::vector<std::size_t> readers;  ///< positions that read it, or once did
  };
  using Entries = std::unordered_map<std::string_view, Entry>;

  const Entry* find(std::string_view value) const;
  Entries& entries() const;
  Entry& stable_entry(std::string_view value) const;
  void count_reads(std::size_t position, int difference) const;
  void take_out(std::size_t position);
  void put(std::size_t position, Node node);
  bool can_rename_reads(std::string_view from, std::string_view to) const;
  void rename_reads(const std::string& from, const std::string& to);
  void rename_output(const std::string& from, const std::string& to);
  void remove_released();
  std::vector<std::shared_ptr<const Node>> ordered_nodes() const;
  void finish_inputs(Graph& graph) const;

  GraphPointer graph_;
  Surroundings around_;
  std::vector<std::shared_ptr<const Node>> nodes_;
  std::vector<std::shared_ptr<const NamedTensor>> initializers_;
  std::unordered_map<std::size_t, std::vector<std::size_t>> inserted_;  ///< before which position
  std::size_t original_size_;
  mutable std::unique_ptr<Entries> entries_;  ///< made when first asked for; views into names that live on
  mutable std::deque<std::string> body_names_;
  std::vector<std::shared_ptr<const void>> kept_;  ///< what was replaced or erased
  std::vector<std::string> released_;              ///< values that lost a reader
  bool changed_ = false, moved_ = false;
};

/// Calls `rewrite` for the main graph, for every body inside it (those first that lie deepest), and for the
/// bodies of functions that leave no attribute to their callers, and puts the results together. Passes are
/// made of this: a function of one graph.
PassResult rewrite_graphs(const ModelPointer& model, const PassContext& context,
                          const std::function<void(GraphRewriter&)>& rewrite);

}  // namespace lapidary
