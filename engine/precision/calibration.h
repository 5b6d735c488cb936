#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/precision/calibration_data.h"
#include "engine/runtime/backend.h"

namespace lapidary {

/// Is shown what a run of a model made for a set of inputs: floating tensors of the main graph.
using TensorVisitor = std::function<void(std::size_t set, const std::string& name, const Tensor& tensor)>;
using Progress = std::function<void(std::size_t done, std::size_t all)>;

/// Of a run: everything, inputs included, or its outputs alone, which leaves the program as fast as it is.
enum class Shown { All, Outputs };

/// Runs the model on every set and shows what it makes; sets are in the types of the model's inputs. Throws
/// Error.
void visit_tensors(const ModelPointer& model, const Backend& backend, const InputSets& sets, Shown shown,
                   const TensorVisitor& visit, const Progress& progress = {});

/// Smallest and largest number that a tensor is taken to hold.
struct ValueRange {
  double low = 0, high = 0;
};

/// How ranges are found: all numbers that came; all but the largest ones, so that the 8-bit distribution
/// tells most of the real one (least Kullback-Leibler divergence); or a share of them, by size.
enum class CalibrationMethod { MinMax, Entropy, Percentile };

/// Sizes of numbers in bins of equal width, and the range that they came from.
class SizeHistogram {
 public:
  static constexpr int bins = 2048;

  void widen(const Tensor& tensor);  ///< first pass: the range
  void count(const Tensor& tensor);  ///< second pass: the sizes

  const ValueRange& range() const { return range_; }
  /// The range cut to sizes that hold `share` of all numbers, such as 0.9999.
  ValueRange percentile(double share) const;
  /// The range cut where 8 bits tell most of what is in it.
  ValueRange least_divergence() const;

 private:
  double largest() const;
  ValueRange cut(double limit) const;

  ValueRange range_;
  bool is_empty_ = true;
  std::vector<double> counts_;
};

struct CalibrationOptions {
  CalibrationMethod method = CalibrationMethod::MinMax;
  double share = 0.9999;  ///< of Percentile
  Progress progress;
};

/// The ranges of all floating tensors of the main graph that held finite numbers.
std::map<std::string, ValueRange> find_ranges(const ModelPointer& model, const Backend& backend,
                                              const InputSets& sets, const CalibrationOptions& options);

}  // namespace lapidary
