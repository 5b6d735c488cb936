#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "engine/analysis/inferred_types.h"

// The parts of check_model; each appends what it finds.

namespace lapidary {

using Problems = std::vector<Problem>;
using Severity = Problem::Severity;

inline void add_problem(Problems& problems, Severity severity, std::string node, std::string tensor,
                        std::string message) {
  problems.push_back({severity, std::move(node), std::move(tensor), std::move(message)});
}

/// Names that the nodes of a graph may read: its own so far, and those of the graphs around it.
struct NameScope {
  std::unordered_set<std::string_view> defined;
  const NameScope* outer = nullptr;
  bool has(std::string_view name) const { return defined.contains(name) || (outer && outer->has(name)); }
};

/// Versions, operator set imports, metadata.
void check_header(const Model& model, Problems& problems);
/// Imports named twice, without version, or newer than this program knows; `owner` is "the model" or
/// "function F".
void check_imports(const std::vector<OpsetImport>& imports, const std::string& owner, Problems& problems);
/// Functions' signatures, and that none calls itself, directly or through others.
void check_functions(const Model& model, Problems& problems);

/// A graph's names, producers, order and tensors; its nodes by check_node, subgraphs by itself. `function` is
/// the one whose body holds the graph, or nullptr.
void check_graph(const Model& model, const Graph& graph, const Function* function, const NameScope* outer,
                 Problems& problems);

/// A function's body: names, order, attribute references, nodes.
void check_function(const Model& model, const Function& function, Problems& problems);

/// A node against its operator's record, or the function that it calls: known, not deprecated, arity,
/// attributes.
void check_node(const Model& model, const Node& node, const Function* function, Problems& problems);

/// What the standard says about the attributes of some operators beyond their records: the signatures of the
/// graphs that If, Loop, Scan and SequenceMap run, and that Constant has one value. A message for each
/// breach.
std::vector<std::string> body_problems(const Node& node, std::int64_t opset);

/// Where a tensor's external data is said to lie: location, offset, length, checksum. Whether the file holds
/// it is found where it is opened. A message for each breach.
std::vector<std::string> external_data_problems(const Metadata& entries, const Tensor& tensor);

/// A sparse tensor's parts against each other: sizes, positions in range, in order. A message for each
/// breach.
std::vector<std::string> sparse_tensor_problems(const SparseTensor& tensor);

}  // namespace lapidary
