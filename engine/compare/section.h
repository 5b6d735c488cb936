#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/model/graph_index.h"
#include "engine/model/model.h"

namespace lapidary {

/// Values of a run by name.
using Values = std::unordered_map<std::string, Datum>;
/// The names of those that are there.
std::unordered_set<std::string> names_of(const Values& values);

/// The nodes of a main graph that make some values from others.
struct Section {
  std::vector<int> nodes;            ///< positions, in topological order; Constant nodes included
  std::vector<std::string> inputs;   ///< values of a run that it reads, each once
  std::vector<std::string> outputs;  ///< what it was asked for
};

/// A model's main graph, with what parts of it are made from.
class SectionedGraph {
 public:
  /// An input that has an initializer is a weight, unless it is in `given`.
  SectionedGraph(const ModelPointer& model, const std::unordered_set<std::string>& given);

  const Model& model() const { return *model_; }
  const GraphIndex& index() const { return index_; }
  const Node& node(int position) const { return *nodes_[static_cast<std::size_t>(position)]; }
  /// A value that holds the same in every run: an initializer, or what a Constant node makes.
  bool is_weight(std::string_view value) const;
  /// Its elements; nullptr where the value is no weight, or one of another kind (sparse, text in an
  /// attribute).
  const Tensor* weight(std::string_view value) const;
  /// Positions of the nodes that read the value, in their bodies too.
  const std::vector<int>& readers(const std::string& value) const;

  /// What makes `outputs` from values for which `is_known` holds, from inputs of the graph and from weights.
  Section section(const std::vector<std::string>& outputs,
                  const std::function<bool(const std::string&)>& is_known) const;
  /// The same as a model of its own, whose inputs have the types of these values. Throws Error, naming the
  /// tensor, if one is missing.
  ModelPointer model_of(const Section& section, const Values& values) const;

 private:
  ModelPointer model_;
  std::vector<std::shared_ptr<const Node>> nodes_;
  GraphIndex index_;
  std::vector<int> rank_;  ///< by position: the place in topological order
  std::unordered_map<std::string_view, std::shared_ptr<const NamedTensor>> weights_;
  std::unordered_map<std::string, std::vector<int>> readers_;
};

}  // namespace lapidary
