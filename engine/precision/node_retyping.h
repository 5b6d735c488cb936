#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/analysis/inferred_types.h"
#include "engine/ops/operator.h"

namespace lapidary {

/// Which element types are exchanged for which.
struct TypeExchange {
  std::vector<DataType> from;
  DataType to;

  bool concerns(DataType type) const;
  /// `type`, or what it is exchanged for.
  Type exchanged(const Type& type) const;
  bool concerns(const Type& type) const;
};

/// What an operator's type constraints say of exchanging the types of one node.
class NodeRetyping {
 public:
  /// `inputs` and `outputs`: the types in the original model, Kind::Unknown where not known or left out.
  NodeRetyping(const Operator& record, const Node& node, const std::vector<Type>& inputs,
               const std::vector<Type>& outputs, const TypeExchange& exchange);

  /// True if an input or output has a type that is exchanged.
  bool is_concerned() const { return is_concerned_; }
  /// True if at least one of those may be exchanged.
  bool is_possible() const { return is_possible_; }
  bool exchanges_input(std::size_t index) const { return exchanged_inputs_[index]; }
  bool may_exchange_output(std::size_t index) const { return exchanged_outputs_[index]; }
  /// True if no other input or output must have the type of this input, and both types are allowed: it is
  /// read as it is.
  bool is_free(std::size_t index) const { return free_inputs_[index]; }
  /// True if the body's output of that type may be exchanged.
  bool may_exchange_result(const Type& type) const;

 private:
  bool allows(const Parameter& parameter, const Type& type) const;

  const Operator& record_;
  const TypeExchange& exchange_;
  bool is_concerned_ = false, is_possible_ = false;
  std::vector<bool> exchanged_inputs_, exchanged_outputs_, free_inputs_;
};

/// Lets attributes that name an element type, or hold a tensor that gives one, follow the exchange where the
/// operator's outputs may have it. `always`: also where they are left out, and the default is not the type
/// that is wanted.
void retype_attributes(Node& node, const Operator& record, const TypeExchange& exchange, bool always);

/// The types that inference gives the node's outputs for inputs of these types. `body_types` answers for its
/// bodies; `constants` gives integer inputs that are known.
std::vector<Type> output_types(
    const Operator& record, const Node& node, const std::vector<Type>& inputs,
    const std::vector<const ValueFacts*>& facts,
    const std::function<std::vector<Type>(const Graph&, const std::vector<Type>&)>& body_types);

}  // namespace lapidary
