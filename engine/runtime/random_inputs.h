#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/analysis/inferred_types.h"

namespace lapidary {

/// Smallest and largest number that an input may hold; whole ones for integers.
struct NumberRange {
  std::int64_t low = 0, high = 0;
  bool distinct = false;                    ///< no number twice: low, low + 1, …
  std::vector<std::int64_t> contents = {};  ///< these, and then zeros, where there are any
};

/// The valid range of inputs, as far as their use tells: indices of a table whose size is known, axes, scales
/// of a Resize, a mask (what is only compared, or converted to floats or bools), the number that the model
/// compares them to, sizes of what it declares, or a picture.
std::map<std::string, NumberRange> valid_ranges(const Model& model, const InferredTypes& types);

/// Makes up inputs that a model runs on, each time others: free dimensions vary, integers stay in their
/// range, bools are mixed, floats are normal, sequences have a few elements; nothing is all zeros where other
/// numbers are valid.
class RandomInputs {
 public:
  explicit RandomInputs(const Model& model);

  /// How far a choice strays from what is usual: sizes may not fit every model.
  enum class Sizes { Small, Usual };
  /// Data for unfilled_inputs() of the model, in their order. Throws Error for maps and sparse tensors.
  std::vector<Datum> make(std::uint64_t seed, Sizes sizes) const;
  /// True if the model has dimensions to vary.
  bool has_free_dimensions() const { return !dimensions_.empty(); }

 private:
  std::map<std::string, std::int64_t> sizes_for(std::uint64_t seed, Sizes sizes) const;

  std::vector<Value> inputs_;
  std::map<std::string, std::int64_t> dimensions_;
  std::map<std::string, NumberRange> ranges_;
};

}  // namespace lapidary
