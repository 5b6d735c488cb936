#pragma once

#include <string>
#include <vector>

#include "engine/analysis/hierarchy.h"
#include "engine/analysis/inferred_types.h"
#include "engine/analysis/nested_graphs.h"
#include "ui/document/selection.h"
#include "ui/jobs/job.h"

namespace lapidary::ui {

/// One condition of a query.
struct SearchTerm {
  enum class Field { Any, Type, Name, Tensor, Shape, Attribute };
  Field field = Field::Any;
  std::string
      pattern;  ///< lower case; * stands for anything, and without one the pattern may lie anywhere inside
};

/// Reads "op:Conv shape:*x64 layer2": words, of which op:, name:, tensor:, shape: and attr: ask one field.
std::vector<SearchTerm> parse_query(const std::string& query);
/// True if the pattern fits the text, both in lower case.
bool fits(const std::string& pattern, const std::string& text);
/// A shape as queries write it: "nx64x56x56".
std::string shape_for_search(const Shape& shape);

/// Nodes that meet all terms, in graph order, those of nested graphs last; and before them the groups whose
/// name fits where all terms ask any field or the name. Without types shapes fit nothing; without `nested`
/// only the main graph is looked through.
std::vector<Element> search(const Model& model, const Hierarchy& hierarchy, const InferredTypes* types,
                            const NestedGraphs* nested, const std::string& query, const JobControl& control);

}  // namespace lapidary::ui
