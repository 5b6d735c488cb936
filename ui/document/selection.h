#pragma once

#include <QObject>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary::ui {

/// Something of a model that can be selected.
struct Element {
  enum class Kind { Node, Group, Value };
  Kind kind = Kind::Node;
  int index = -1;                ///< nodes: position in their graph; groups: index in Hierarchy::groups
  const Graph* graph = nullptr;  ///< the subgraph that holds the node or value; nullptr for the main graph
  std::string value;             ///< values: the name

  static Element node(int index, const Graph* graph = nullptr) { return {Kind::Node, index, graph, {}}; }
  static Element group(int index) { return {Kind::Group, index, nullptr, {}}; }
  static Element named(std::string value, const Graph* graph = nullptr) {
    return {Kind::Value, -1, graph, std::move(value)};
  }
  bool operator==(const Element&) const = default;
};

/// What is selected in a document, one for all its views, and what the pointer is over. Nothing selected
/// means the model itself.
class Selection : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

  const std::vector<Element>& elements() const { return elements_; }
  bool isEmpty() const { return elements_.empty(); }
  bool contains(const Element& element) const;
  /// The element selected last; nullptr if nothing is selected.
  const Element* current() const { return elements_.empty() ? nullptr : &elements_.back(); }
  const Element* hovered() const { return isHovered_ ? &hovered_ : nullptr; }

  void select(const Element& element) { select(std::vector<Element>{element}); }
  void select(std::vector<Element> elements);
  /// Adds the element, or takes it away if it is selected.
  void toggle(const Element& element);
  void clear() { select(std::vector<Element>{}); }
  /// Forgets selection and history: another model is shown, with `elements` selected.
  void reset(std::vector<Element> elements = {});
  void setHovered(const Element* element);
  /// What the find box found; views outline it.
  const std::vector<Element>& found() const { return found_; }
  void setFound(std::vector<Element> found);
  /// To what was selected before; selects nothing when there is no more.
  void goBack();
  bool canGoBack() const { return !history_.empty() || !elements_.empty(); }

 Q_SIGNALS:
  void changed();
  void hoveredChanged();
  void foundChanged();

 private:
  std::vector<Element> elements_;
  std::vector<std::vector<Element>> history_;
  std::vector<Element> found_;
  Element hovered_;
  bool isHovered_ = false;
};

}  // namespace lapidary::ui
