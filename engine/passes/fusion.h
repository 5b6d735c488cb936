#pragma once

#include <memory>
#include <variant>

#include "engine/passes/pattern.h"

namespace lapidary {

struct Replacement;

/// An input of a node that is to be made: a value by name, a constant that is to be added, or the result of
/// another node.
using Operand = std::variant<std::string, Tensor, std::shared_ptr<const Replacement>>;

/// A node that takes a pattern's place.
struct Replacement {
  std::string op_type;
  std::vector<Operand> operands;
  std::vector<Attribute> attributes = {};
  std::string domain = {};
};
/// The result of another node as an operand.
Operand result_of(Replacement replacement);

/// True if an attribute, which is a float32, says the number as exactly as values of x's type do.
bool is_said_by_attribute(const GraphRewriter& graph, const std::string& x, double number);

/// A pattern, and what one operator says instead.
struct Fusion {
  Pattern pattern;
  std::int64_t opset;  ///< the first version of ai.onnx that has the operator in the form that is written
  /// Nothing where the match must stay as it is.
  std::function<std::optional<Replacement>(const GraphRewriter&, const Match&)> replacement;
};

/// Operators of other domains are written where the context allows the domain, and the model imports it then.
/// Writes each pattern that is found as its operator: at each node the first fusion that fits, nodes that
/// come later in the graph first. Where the model's operator set is older than what a match needs, and the
/// context allows a newer one, the model is converted to it before; where it cannot be, a note says why.
PassResult fuse(const ModelPointer& model, const PassContext& context, const std::vector<Fusion>& fusions);

}  // namespace lapidary
