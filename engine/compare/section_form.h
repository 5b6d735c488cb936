#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "engine/compare/section.h"

namespace lapidary {

/// What kind of difference two models have at one place.
enum class FormDifference { Weight, Attribute, OperatorSet, Operator };

struct FormNote {
  FormDifference kind;
  std::string op_type;  ///< of the first model's node
  std::string text;  ///< "input 1 (W) differs in 3 of 64 elements, by up to 0.1", "epsilon: 1e-05 → 0.001"
};

/// How a section of one model is written in another.
struct SectionForm {
  /// The same operators, wired alike: what differs is weights, attributes and versions of operators alone.
  bool is_alike = true;
  std::vector<FormNote> notes;
  /// They compute the same, bit by bit, where they run alike.
  bool is_equal() const { return is_alike && notes.empty(); }
};

/// Names of the second model by those of the first: values that are the same.
using ValuePairs = std::unordered_map<std::string, std::string>;

/// Holds the operators that make `outputs` of `a` from values in `pairs` against those of `b`.
SectionForm compare_form(const SectionedGraph& a, const Section& section_a, const SectionedGraph& b,
                         const Section& section_b, const ValuePairs& pairs);

}  // namespace lapidary
