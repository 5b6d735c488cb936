#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "engine/model/type.h"

namespace lapidary {

/// What declared names of dimensions turn out to be. A name that stands in no graph input is only a label of
/// the exporter's: where inference knows the dimension, the label is one more name for it.
class DimensionNames {
 public:
  /// A name of a graph input's dimension: it stands for itself, and is never bound to something else.
  void fix(const Dimension& dimension);
  void give_number(const std::string& name, std::int64_t number) { meaning_[name] = number; }
  /// Binds the name `declared` to `inferred`, unless it has a meaning or is fixed.
  void bind(const Dimension& declared, const Dimension& inferred);
  /// The dimension with every name replaced by its meaning; unknown for what is no size (negative, "None").
  Dimension resolved(const Dimension& dimension) const;
  Type resolved(Type type) const;

 private:
  std::unordered_map<std::string, Dimension> meaning_;
  std::unordered_set<std::string> fixed_;
};

/// True if both say the same of kind, elements and sizes.
bool is_same_type(const Type& a, const Type& b);

/// What both types together say. Where they contradict each other the inferred one stands, and
/// `contradiction` is set to the reason: "declared as float32 2 × 3, but is float32 2 × 4".
struct MergedType {
  Type type;
  std::string contradiction;
  bool is_shape_only = false;  ///< element types agree, sizes do not
};
MergedType merge_types(Type inferred, const Type& declared, DimensionNames& names);

}  // namespace lapidary
