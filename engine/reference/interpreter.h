#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/ops/operator_table.h"
#include "engine/runtime/backend.h"

namespace lapidary {

/// What a kernel run needs from around it.
struct KernelServices {
  KernelContext::SubgraphRunner run_subgraph;
  CancelToken cancel;
  std::uint64_t seed = 0;
  bool float64 = false;
};

/// The dense form of a sparse tensor: zero where it says nothing.
Tensor densified(const SparseTensor& sparse);

/// Runs one operator's reference kernel. In float64 mode floating inputs are widened first and floating
/// outputs after. Throws Error naming the node.
std::vector<Datum> run_kernel(const Node& node, const Operator& record, std::vector<Datum> inputs,
                              const KernelServices& services);

/// Runs graphs node by node with the kernels of engine/ops: the main graph, subgraphs and functions alike.
/// Everything that can be known before a run is planned in the constructor; afterwards the object does not
/// change, so several threads may run it at once. The model has
/// passed check_runnable(). Throws UnsupportedOperatorError, naming every operator that has no kernel.
class Interpreter {
 public:
  Interpreter(ModelPointer model, bool float64);
  ~Interpreter();

  /// Values by name for what a subgraph reads from around it.
  using Outer = std::function<Datum(const std::string& name)>;
  /// Runs `graph` (the main graph or any graph inside the model) on inputs by position. With `kept`, all
  /// values that its nodes made are added there by name.
  std::vector<Datum> run(const Graph& graph, std::vector<Datum> inputs, const Outer& outer,
                         const RunOptions& options,
                         std::unordered_map<std::string, Datum>* kept = nullptr) const;

 private:
  struct Plan;
  struct PlannedNode;
  using Imports = std::vector<OpsetImport>;
  void plan(const Graph& graph, const Imports& imports, int depth);
  void plan_node(PlannedNode& planned, const Imports& imports, int depth);
  void mark_releases(Plan& plan, const Graph& graph) const;
  std::vector<Datum> run_node(const PlannedNode& planned, std::vector<Datum> inputs, const Outer& find,
                              const RunOptions& options) const;
  void observe(const PlannedNode& planned, const std::vector<Datum>& inputs,
               const std::vector<Datum>& outputs, std::int64_t begin_ns, const RunOptions& options) const;

  ModelPointer model_;
  bool float64_;
  std::unordered_map<const Graph*, std::unique_ptr<Plan>> plans_;
  std::vector<std::string> unsupported_;
  mutable std::mutex steps_mutex_;  ///< guards the steps of planned nodes
};

}  // namespace lapidary
