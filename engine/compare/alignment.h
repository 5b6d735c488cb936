#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/compare/section_form.h"

namespace lapidary {

/// A value of each of two runs that are taken for the same.
struct TensorPair {
  std::string a, b;
  std::string reason;              ///< "same name"
  double score = 1;                ///< 1: sure
  std::vector<int> permutation{};  ///< of the axes of `a` that gives `b`; empty: as they are
};

/// What is compared of two models.
struct Alignment {
  std::vector<TensorPair> inputs;   ///< of the graphs
  std::vector<TensorPair> tensors;  ///< that nodes make, in the topological order of the first model
  /// Names of the second by those of the first.
  ValuePairs names() const;
  /// What each graph is given of `values`, which have the first one's names.
  std::pair<Values, Values> given(const Values& values) const;
};

/// By name, whole and exact: graph inputs (else by position, if both have as many), and what nodes make.
/// Constant nodes are weights, and left out.
Alignment align_by_name(const SectionedGraph& a, const SectionedGraph& b);

/// Adds pairs of tensors whose names differ: where nodes match (match_nodes()) and either the values agree or
/// the same operators make and read both; then where values agree that nothing else has. Other layouts
/// (channels last, transposed) are recognized. `values_…` are of the tensors that the names left over.
void align_by_evidence(Alignment& alignment, const SectionedGraph& a, const SectionedGraph& b,
                       const Values& values_a, const Values& values_b);

}  // namespace lapidary
