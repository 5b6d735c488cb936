#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/passes/pass.h"

namespace lapidary {

/// The main graph of a model while a pass changes it. Positions of nodes stay as they are until finish();
/// what a pass does not touch is shared with the model it started from.
class GraphRewriter {
 public:
  explicit GraphRewriter(const ModelPointer& model);

  std::size_t size() const { return nodes_.size(); }
  /// nullptr if the node was erased.
  const Node* node(std::size_t position) const { return nodes_[position].get(); }
  /// The node that makes `value`, or -1.
  int producer(const std::string& value) const;
  /// How often nodes (subgraphs included) and graph outputs read `value`.
  int use_count(const std::string& value) const;
  bool is_output(const std::string& value) const { return outputs_.contains(value); }
  /// The constant tensor of that name: an initializer that no graph input overrides; nullptr otherwise.
  const NamedTensor* constant(const std::string& value) const;

  void replace(std::size_t position, Node node);
  void erase(std::size_t position);
  /// Lets all readers of `from` read `to` instead. False, and nothing is done, where `from` is an output of
  /// the graph or is read inside a subgraph, since names of those must stay.
  bool redirect(const std::string& from, const std::string& to);
  void add_initializer(NamedTensor tensor);
  /// A name that no value has, made from `base`.
  std::string fresh_name(const std::string& base) const;
  /// Notes that the node of that label was changed, for the pass's result.
  void mark_changed(const Node& node) { changed_.push_back(node.label()); }
  /// Removes initializers that nobody reads and that are no inputs, nodes that nobody needs, and declared
  /// types of values that are gone. True if there were any.
  bool remove_unused();

  PassResult finish();

 private:
  void count_reads(int position, int difference);

  ModelPointer model_;
  std::vector<std::shared_ptr<const Node>> nodes_;
  std::vector<std::shared_ptr<const NamedTensor>> initializers_;
  std::unordered_map<std::string, int> producers_, uses_;
  std::unordered_map<std::string, std::vector<int>> readers_;  ///< positions that read a value, or once did
  std::unordered_map<std::string, std::size_t> initializer_positions_;
  std::unordered_set<std::string> inputs_, outputs_, read_in_subgraphs_;
  std::vector<std::string> changed_;
};

}  // namespace lapidary
