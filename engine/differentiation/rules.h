#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/analysis/inferred_types.h"
#include "engine/differentiation/writer.h"

namespace lapidary::differentiation {

/// What a rule sees of the node that it differentiates.
struct Reverse {
  const Node& node;
  int version;                      ///< since-version of its operator
  std::vector<Expression> inputs;   ///< values of the forward graph
  std::vector<Expression> outputs;  ///< likewise
  std::vector<Expression>
      upstream;    ///< derivatives by each output; absent where the target does not depend on it
  Writer& writer;  ///< of the reverse graph
  std::vector<std::optional<Shape>> input_shapes;  ///< as far as they are known

  template <class T>
  T attribute(const char* name, T otherwise) const {
    return node.attribute_or(name, std::move(otherwise));
  }
};

/// The derivatives by each input; absent for those that have none.
using Rule = std::vector<Expression> (*)(Reverse&);

struct NamedRule {
  std::string_view op;
  Rule rule;
};

/// Tables by what operators do; each in the file of its name.
const std::vector<NamedRule>& elementwise_rules();
const std::vector<NamedRule>& reduction_rules();
const std::vector<NamedRule>& product_rules();
const std::vector<NamedRule>& normalization_rules();

/// All of them.
std::vector<NamedRule> all_rules();
/// The rule for an operator of ai.onnx, or nullptr.
Rule find_rule(std::string_view op);

/// Operators that only move elements: run on the elements' positions instead, they tell where each derivative
/// belongs.
struct Movement {
  std::string_view op;
  std::vector<std::size_t> data_inputs;  ///< which inputs are moved; empty for all
  std::vector<std::size_t> dropped;      ///< inputs that only say what new elements hold
  /// Attribute that must have this value (or be left out), for the operator to be a movement.
  std::string_view attribute = {}, value = {};
};
const Movement* find_movement(const Node& node);
const std::vector<Movement>& movements();

/// Operators whose results do not change with small changes of their inputs.
bool is_piecewise_constant(std::string_view op);

}  // namespace lapidary::differentiation
