#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/ops/operator.h"

namespace lapidary {

/// What opset 11 changed in most operators with axes.
inline constexpr const char* negative_axes_count = "a negative axis counts from the end";

/// All operators that the program knows, each with all its versions.
class OperatorTable {
 public:
  void add(Operator record);
  /// Adds `record` once for each version, with `constraint` widened to all types that the standard had by
  /// then.
  void add_widened(const Operator& record, const std::string& constraint,
                   std::initializer_list<int> versions);

  /// Operator::change() for a record that was added already; ones added by add_widened have no other place
  /// for it.
  void note_change(const std::string& name, int version, const std::string& text);

  /// The record in force for `opset` of the domain: the newest whose since-version is not above it; nullptr
  /// if the operator is unknown there. Deprecated records are found too.
  const Operator* find(std::string_view domain, std::string_view name, std::int64_t opset) const;
  /// All versions of one operator, oldest first; none if it is unknown.
  std::vector<const Operator*> versions(std::string_view domain, std::string_view name) const;
  /// All versions of all operators, sorted by domain, name, version.
  std::vector<const Operator*> all() const;

 private:
  std::unordered_map<std::string, std::vector<Operator>> versions_;  ///< by "domain:name", ascending version
};

/// The one table, filled on first use from the families listed in operator_table.cpp.
const OperatorTable& operator_table();

/// The record for a node of `model`, or nullptr (unknown operator, domain not imported, or a model-local
/// function).
const Operator* find_operator(const Model& model, const Node& node);

/// The colour group of a node, also for those without record.
OperatorKind kind_of(std::string_view domain, std::string_view op_type);

}  // namespace lapidary
