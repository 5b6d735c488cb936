#pragma once

#include <map>
#include <optional>
#include <set>

#include "ui/document/document.h"

namespace lapidary {
class Operator;
}

namespace lapidary::ui {

/// An input of a node, also one that is left out, or the tensor that a node makes or that a value is.
struct Port {
  Element element;  ///< the node; a tensor that no node makes: the value
  bool isInput = false;
  int slot = 0;
  QString name;        ///< in the operator's signature
  std::string tensor;  ///< what flows here; empty where nothing does

  bool operator==(const Port&) const = default;
};

/// The inputs of a node, or what the element makes: a node's outputs, or the value itself.
std::vector<Port> input_ports(const Document& document, const Element& element);
std::vector<Port> output_ports(const Document& document, const Element& element);

/// What one port can be connected with. The document must not change in between.
class Connecting {
 public:
  Connecting(const Document& document, Port port);
  const Port& port() const { return port_; }
  /// Why the other port cannot be this one's other end; empty if it can.
  QString refusal(const Port& other) const;
  /// Lets the input read the tensor, as one step.
  bool connect(Document& document, const Port& other) const;
  /// Whether an operator could read the tensor, or make what the input reads.
  bool fits(const Operator& record) const;
  /// How such an operator's node is connected with the port as it is added: parameters of the edit add_node.
  EditJson connections(const Operator& record) const;

 private:
  QString cycleRefusal(const Port& input, const Port& tensor) const;
  bool isBehind(const Graph* graph, int reader, int maker) const;

  const Document& document_;
  Port port_;
  /// By graph, what depends on the input's node; for the tensor, what its maker depends on.
  mutable std::map<const Graph*, std::vector<bool>> reach_;
  mutable std::optional<std::optional<std::set<std::string>>>
      taken_;  ///< by the input, once it was asked for
};

}  // namespace lapidary::ui
