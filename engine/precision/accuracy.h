#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/precision/calibration.h"

namespace lapidary {

/// How far a tensor of a converted model is from the original's, over all sets of inputs.
struct TensorAccuracy {
  std::string tensor, node, op_type;  ///< the node of the converted model that makes it
  double relative_error = 0;  ///< √(Σ(got − want)² / Σ want²); infinite where something is no longer finite
  double max_absolute = 0;

  /// Signal to noise in decibels: −20·log₁₀ of the relative error; infinite where the tensors are equal.
  double snr_db() const;
};

struct Accuracy {
  std::vector<TensorAccuracy> outputs;  ///< of the model, in its order
  std::vector<TensorAccuracy>
      layers;  ///< other floating tensors that both models make, in the order of the nodes

  /// The largest relative error of an output.
  double worst_error() const;
};

/// The original's tensors, against which several conversions are held. Memory: the tensors of all sets at
/// once.
class AccuracyTest {
 public:
  /// Runs the original on every set.
  AccuracyTest(const ModelPointer& original, const Backend& backend, InputSets sets);
  /// Runs a model that has the original's inputs and outputs, perhaps in other floating types; outputs are
  /// those of an ordinary run. Throws Error.
  Accuracy measure(const ModelPointer& converted) const;
  /// The largest relative error of an output, of an ordinary run.
  double worst_error(const ModelPointer& converted) const;

  const InputSets& sets() const { return sets_; }

 private:
  void measure(const ModelPointer& converted, Shown shown, Accuracy& accuracy) const;

  const Backend& backend_;
  InputSets sets_;
  std::vector<std::string> outputs_;
  std::vector<std::map<std::string, Tensor>> wanted_;  ///< by set
};

/// The sets in the types that the inputs of `model` have.
InputSets input_sets_for(const Model& model, const InputSets& sets);

}  // namespace lapidary
