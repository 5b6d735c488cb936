#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/compare/alignment.h"
#include "engine/compare/staged_run.h"
#include "engine/compare/tensor_metrics.h"

namespace lapidary {

/// Tensors that one node of the first model makes, and what makes them from aligned values in either model.
struct TensorGroup {
  int node = -1;
  std::vector<TensorPair> pairs;
  Section a, b;
};

enum class Fed { A, B };  ///< whose values both sides are given

/// What a group's operators do by themselves: both models' on the same inputs.
struct LocalDifference {
  struct Output {
    TensorMetrics metrics;
    double tolerance = 0;         ///< of the error relative to the scale: what rounding explains
    bool parts = false;           ///< the operators do not compute the same
    std::string problem;          ///< sizes that differ, or a refusal to run; empty otherwise
    std::optional<Fed> nearer{};  ///< of two backends that part: the one nearer to float64
  };
  std::map<std::string, Output> outputs;  ///< by the first model's names
  SectionForm form;
  Values inputs;  ///< that both were given, by the first model's names; kept only if the outputs part

  bool parts() const;
};

/// Runs the operators of two models, or of two backends, by themselves.
class LocalComparison {
 public:
  struct Side {
    const SectionedGraph* graph;
    Runner runner;
    bool can_run;  ///< false: the values come from a file
  };
  /// `exact` runs in float64 what is written alike and differs by no more than rounding.
  LocalComparison(Side a, Side b, const Alignment& alignment, Runner exact);

  /// True if either side can be run again on the other's values.
  bool is_possible() const { return a_.can_run || b_.can_run; }
  Fed fed() const { return fed_; }
  /// Nothing if a value that is needed is missing, or what is no fault of the second side stops it.
  /// `values` are those of the side that is fed, by its own names; what it made of the group is in them.
  std::optional<LocalDifference> compare(const TensorGroup& group, const Values& values) const;

 private:
  bool run_alike() const { return a_.can_run && b_.can_run && a_.runner.runs_alike(b_.runner); }
  std::optional<Values> inputs_for(const Side& side, const Section& section, const Values& values) const;
  void compare_exactly(const TensorGroup& group, const Values& values, LocalDifference& difference) const;
  void find_nearer(const TensorGroup& group, const Values& of_a, const Values& of_b,
                   LocalDifference& difference) const;
  void judge(const TensorGroup& group, const Values& of_a, const Values& of_b, double reduction,
             LocalDifference& difference) const;

  Side a_, b_;
  ValuePairs b_of_a_;
  std::map<std::string, TensorPair> pair_of_a_, pair_of_b_;
  Runner exact_;
  Fed fed_;
};

/// The largest error, relative to the largest element, that rounding explains where sums of `reduction`
/// products are made in either of these types.
double rounding_tolerance(DataType a, DataType b, double reduction);

}  // namespace lapidary
