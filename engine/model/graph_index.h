#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/model/model.h"
#include "engine/model/name_table.h"

namespace lapidary {

/// Who makes and who reads each value of one graph. Points to the graph's initializers and types: keep the
/// snapshot alive.
class GraphIndex {
 public:
  explicit GraphIndex(const Graph& graph);
  /// The same for a graph that an edit made of the one that `before` is of, which must still be alive: only
  /// the names of what changed are looked up. `now[i]` is the position of the former node i, -1 if it is
  /// gone.
  GraphIndex(const Graph& graph, const GraphIndex& before, const std::vector<int>& now);

  struct Use {
    int node;  ///< position in graph.nodes
    int slot;  ///< position in the node's inputs or outputs
  };
  /// The node that makes `value`; node is -1 for graph inputs, initializers and unknown names.
  Use producer(std::string_view value) const { return producer(id_of(value)); }
  std::span<const Use> consumers(std::string_view value) const { return consumers(id_of(value)); }
  /// The initializer of that name, or nullptr.
  const NamedTensor* initializer(std::string_view value) const { return initializer(id_of(value)); }
  bool is_input(std::string_view value) const { return is_input(id_of(value)); }
  bool is_output(std::string_view value) const { return is_output(id_of(value)); }
  /// The declared type: of an input, output or value_info; nullptr if none is declared.
  const Type* declared_type(std::string_view value) const;

  /// Values have numbers, for who asks often; -1 stands for names that are nowhere in the graph, and may be
  /// asked about as well.
  int id_of(std::string_view value) const;
  std::size_t id_count() const { return producers_.size(); }
  /// The values that a node reads and makes, by slot; -1 where one is left out.
  std::span<const int> inputs_of(int node) const { return inputs_.of(node); }
  std::span<const int> outputs_of(int node) const { return outputs_.of(node); }
  Use producer(int id) const { return id < 0 ? Use{-1, -1} : producers_[static_cast<std::size_t>(id)]; }
  std::span<const Use> consumers(int id) const;
  const NamedTensor* initializer(int id) const {
    return id < 0 ? nullptr : initializers_[static_cast<std::size_t>(id)];
  }
  bool is_input(int id) const { return id >= 0 && (roles_[static_cast<std::size_t>(id)] & input_role); }
  bool is_output(int id) const { return id >= 0 && (roles_[static_cast<std::size_t>(id)] & output_role); }

  /// Positions of nodes that hold graphs, ascending.
  const std::vector<int>& nodes_with_subgraphs() const { return with_subgraphs_; }

  /// Positions of the nodes so that each comes after all that it reads, subgraphs' outer reads included.
  /// Nodes on a cycle are left out.
  const std::vector<int>& topological_order() const { return order_; }

 private:
  static constexpr std::uint8_t input_role = 1, output_role = 2;
  /// Lists of numbers for each node, one behind the other.
  struct Rows {
    std::vector<int> values, ends;
    void end_row() { ends.push_back(static_cast<int>(values.size())); }
    std::span<const int> of(int row) const {
      const auto i = static_cast<std::size_t>(row);
      const int begin = i == 0 ? 0 : ends[i - 1];
      return std::span(values).subspan(static_cast<std::size_t>(begin),
                                       static_cast<std::size_t>(ends[i] - begin));
    }
  };

  /// A list of the graph's, with the numbers of the elements' names.
  template <class Element>
  struct Numbered {
    std::vector<const Element*> elements;
    std::vector<int> ids;
    template <class List, class NumberOf>
    void fill(const List& list, const Numbered* before, NumberOf number_of);
  };

  template <class NumberOf>
  void add_row(const Node& node, NumberOf number_of);
  template <class NumberOf>
  void number_lists(const Graph& graph, const GraphIndex* before, NumberOf number_of);
  void note_declarations();
  void connect();
  void sort();

  std::shared_ptr<const NameTable> names_;      ///< shared with the indices that follow this one
  std::unordered_map<std::string, int> added_;  ///< names that are new since
  std::vector<const Node*> nodes_;
  std::vector<int> with_subgraphs_;
  Rows inputs_, outputs_;
  Numbered<NamedTensor> listed_;
  Numbered<Value> value_infos_, graph_inputs_, graph_outputs_;
  // By number of the value:
  std::vector<Use> producers_;
  std::vector<const NamedTensor*> initializers_;
  std::vector<const Type*> types_;
  std::vector<std::uint8_t> roles_;
  std::vector<int> uses_end_;
  std::vector<Use> uses_;

  std::vector<int> order_;
};

/// Names that `graph` (a subgraph) reads from the graphs around it, each once, in order of first use; nested
/// subgraphs included.
std::vector<std::string> outer_names(const Graph& graph);

}  // namespace lapidary
