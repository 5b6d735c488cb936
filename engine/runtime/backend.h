#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/model/model.h"
#include "engine/ops/kernel.h"

namespace lapidary {

/// One operator as it was executed: a node of the model, or a step that several nodes were fused into.
struct Step {
  std::string name;     ///< name of the node that the step ends with
  std::string op_type;  ///< "Conv", "Conv + Relu", "Reorder"
  std::vector<int>
      nodes;  ///< positions in the main graph of all nodes that it stands for; empty for layout changes
  std::vector<std::string> node_names;     ///< labels of the same nodes
  std::string implementation;              ///< what runs it: "oneDNN jit:avx512_core", "reference"
  std::string note;                        ///< why it is not on the fast path, or empty
  std::vector<std::string> reads, writes;  ///< names of the values, in the same order as:
  std::vector<Type> inputs, outputs;
  double macs = 0, flops = 0;
  std::int64_t bytes = 0;  ///< read and written
};

/// Watches a run. Calls come from the threads that run the steps; times are CLOCK_MONOTONIC nanoseconds.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void run_begin(std::int64_t time_ns) { (void)time_ns; }
  virtual void run_end(std::int64_t time_ns) { (void)time_ns; }
  /// `thread` counts from 0. Steps inside a subgraph are nested in their node's time. `step` may go when its
  /// program is compiled for other shapes: copy what is to be kept.
  virtual void step(const Step& step, std::int64_t begin_ns, std::int64_t end_ns, int thread) = 0;
  /// Bytes of the arena in use after a step.
  virtual void memory(std::int64_t bytes, std::int64_t time_ns) { (void)bytes, (void)time_ns; }
};

/// CLOCK_MONOTONIC in nanoseconds.
std::int64_t now_ns();

struct CompileOptions {
  int threads = 0;                  ///< 0: one for each physical core
  bool keep_intermediates = false;  ///< every value of the main graph becomes an output of the program
  bool float64 = false;             ///< reference: all floating arithmetic in float64
  /// Shapes the program is made ready for; others are compiled when they first come. By input name.
  std::map<std::string, Dims> input_dims;
};

struct RunOptions {
  RunObserver* observer = nullptr;
  CancelToken cancel;
  std::uint64_t seed = 0;  ///< for operators that make random numbers
  /// Called with the number of steps done and of all steps.
  std::function<void(std::size_t done, std::size_t all)> progress;
};

/// A compiled model. run() may be called from several threads at once.
class Program {
 public:
  virtual ~Program() = default;
  /// Values that can be given: required_inputs() of the model. The ones with an initializer stand last and
  /// may be left out.
  virtual const std::vector<Value>& inputs() const = 0;
  virtual const std::vector<Value>& outputs() const = 0;
  /// Runs once. `inputs` by position as in inputs(); returns by position as in outputs(). Throws Error naming
  /// input, node and tensor; throws Cancelled.
  virtual std::vector<Datum> run(const std::vector<Datum>& inputs, const RunOptions& options = {}) = 0;
  /// Bytes of the arena, and of packed weights; 0 where the backend has none.
  virtual std::int64_t arena_bytes() const { return 0; }
  /// Threads that the last run used.
  virtual int threads() const { return 1; }
};

struct Availability {
  bool available = true;
  std::string reason;  ///< why not, and what to do
};

/// A way to run models: a name, a description, and three calls.
struct Backend {
  std::string name;    ///< "cpu"
  std::string kind;    ///< "built in" or "plug-in"
  std::string device;  ///< "AMD EPYC, 2 cores, AVX-512"
  std::string version;
  std::function<Availability()> availability;
  /// What this backend has a kernel of its own for; the reason why not otherwise (empty if it has).
  std::function<std::string(const std::string& domain, const std::string& op_type,
                            std::int64_t since_version)>
      refusal;
  std::function<std::shared_ptr<Program>(ModelPointer, const CompileOptions&)> compile;
};

/// Thrown by compile where a model uses an operator that nothing here can run.
class UnsupportedOperatorError : public Error {
 public:
  using Error::Error;
};

/// The value infos of a model that must be given to run it, in graph order: inputs without initializer first
/// come, then those that an initializer makes optional.
std::vector<Value> required_inputs(const Model& model);
/// Throws Error (naming the input, what was given and what is wanted) if `data` does not fit: another kind of
/// value, element type or sizes.
void check_input(const Value& wanted, const Datum& data);
/// Data given in the order of `wanted` (required_inputs of the model), checked, in the order of the graph's
/// inputs. Throws Error if one without an initializer is missing.
std::vector<Datum> arranged_inputs(const Model& model, const std::vector<Value>& wanted,
                                   const std::vector<Datum>& given);

}  // namespace lapidary
