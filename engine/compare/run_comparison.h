#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/compare/local_comparison.h"
#include "engine/compare/tolerances.h"

namespace lapidary {

/// One of two runs: a model on a backend, or values that some program recorded.
struct ComparedRun {
  std::string name;    ///< "cpu", "outputs.npz"
  ModelPointer model;  ///< of recorded values: the model that they are taken to be of
  Runner runner;       ///< without a backend: the values are recorded
  Values recorded;

  bool is_recorded() const { return runner.backend == nullptr; }
};

/// What lies in a file or folder of tensors, taken to be values of `model` by their names. Throws Error.
ComparedRun recorded_run(const std::string& path, const ModelPointer& model);

struct ComparisonOptions {
  Tolerances tolerances;          ///< after all that a tensor inherits
  std::int64_t memory_bytes = 0;  ///< about what the values of both runs may take at a time; 0: all at once
  Runner exact;                   ///< runs parts in float64
  std::function<void(std::size_t done, std::size_t all)> progress;
};

struct ComparedTensor {
  TensorPair pair;
  std::string node, op_type;             ///< of the first model
  std::optional<TensorMetrics> metrics;  ///< nothing where one side has none, or they cannot be compared
  std::optional<TensorMetrics> local;    ///< nothing where it could not be run by itself
  double tolerance = 0;                  ///< of the error relative to the scale
  std::optional<double>
      amplification;    ///< relative error beside the largest of the inputs', where these have one
  std::string problem;  ///< why there are no metrics
  bool local_parts = false, ok = true;
};

/// Where two runs part: the first tensor in topological order that its own operator makes otherwise; without
/// one the first that is off by more than the tolerance.
struct Divergence {
  std::string node, op_type, tensor, other_tensor;
  std::string metric;  ///< "local_max_abs", "max_abs", "nan", "shape", "error"
  double value = 0;
  bool is_local = false;
  std::optional<ElementPair> worst;
  Dims dims;                          ///< of the tensor
  std::string problem;                ///< sizes that differ, or a refusal to run
  double inputs_max_absolute = 0;     ///< how far the operator's inputs were off
  std::vector<std::string> reasons;   ///< likely ones, each a sentence
  int group = -1;                     ///< which of RunComparison::groups
  Values inputs;                      ///< that both were given, where it is local
  Values outputs;                     ///< what the second run made of them, where it is recorded
  std::optional<std::string> nearer;  ///< the run whose value is nearer to that of float64
};

struct RunComparison {
  std::vector<ComparedTensor> tensors;  ///< in the first model's topological order
  std::vector<TensorGroup> groups;
  Alignment alignment;
  std::vector<std::string> only_a, only_b;  ///< tensors without counterpart
  std::optional<Divergence> first_divergence;
  std::vector<std::string> problems;           ///< a run that ended early, and why
  std::vector<std::string> local_divergences;  ///< all tensors whose operators part, in order
  bool ok() const;
};

/// Runs both on these inputs (by the names of the first model's) and compares all that nodes of the main
/// graphs make. Throws Error if the first run does not end well; a second that breaks off is compared up to
/// there.
RunComparison compare_runs(const ComparedRun& a, const ComparedRun& b, const Values& inputs,
                           const ComparisonOptions& options);

}  // namespace lapidary
