#include "ui/canvas/canvas_accessibility.h"

#include <QAccessibleWidget>
#include <QKeySequence>
#include <map>

#include "ui/canvas/canvas.h"

namespace lapidary::ui {
namespace {

/// One box as screen readers know it. Boxes are named by id, since indices change with every layout.
class AccessibleBox : public QAccessibleInterface, public QAccessibleActionInterface {
 public:
  AccessibleBox(Canvas* canvas, std::string id) : canvas_(canvas), id_(std::move(id)) {}

  bool isValid() const override { return index() >= 0; }
  QObject* object() const override { return nullptr; }
  QAccessibleInterface* childAt(int, int) const override { return nullptr; }
  QAccessibleInterface* parent() const override { return QAccessible::queryAccessibleInterface(canvas_); }
  QAccessibleInterface* child(int) const override { return nullptr; }
  int childCount() const override { return 0; }
  int indexOfChild(const QAccessibleInterface*) const override { return -1; }
  QString text(QAccessible::Text kind) const override {
    return kind == QAccessible::Name && isValid() ? canvas_->describe(index()) : QString();
  }
  void setText(QAccessible::Text, const QString&) override {}
  QRect rect() const override {
    const QRect place = canvas_->camera().toScreen(canvas_->scene().rectangle(index())).toAlignedRect();
    return {canvas_->mapToGlobal(place.topLeft()), place.size()};
  }
  QAccessible::Role role() const override { return QAccessible::ListItem; }
  QAccessible::State state() const override {
    QAccessible::State state;
    state.focusable = state.selectable = true;
    if (!isValid()) return state;
    const Box& box = canvas_->scene().box(index());
    state.expandable = !box.part.empty();
    state.expanded = box.open;
    state.selected = state.focused = canvas_->currentBox() == index();
    return state;
  }
  void* interface_cast(QAccessible::InterfaceType type) override {
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
  }
  /// Press selects; toggle opens and closes what has something inside.
  QStringList actionNames() const override {
    if (!isValid()) return {};
    QStringList names{pressAction()};
    if (!canvas_->scene().box(index()).part.empty()) names += toggleAction();
    return names;
  }
  void doAction(const QString& name) override {
    if (!isValid()) return;
    if (name == pressAction()) canvas_->select(index(), false);
    if (name == toggleAction()) canvas_->toggle(index());
  }
  QStringList keyBindingsForAction(const QString& name) const override {
    return name == toggleAction() ? QStringList{QKeySequence(Qt::Key_Return).toString()} : QStringList();
  }
  int index() const { return canvas_ ? canvas_->scene().boxWithId(id_) : -1; }

 private:
  QPointer<Canvas> canvas_;
  std::string id_;
};

class AccessibleCanvas : public QAccessibleWidget {
 public:
  explicit AccessibleCanvas(Canvas* canvas) : QAccessibleWidget(canvas, QAccessible::List), canvas_(canvas) {}
  ~AccessibleCanvas() override {
    for (const auto& [id, number] : numbers_) QAccessible::deleteAccessibleInterface(number);
  }

  int childCount() const override { return canvas_->scene().isEmpty() ? 0 : count(); }
  QAccessibleInterface* child(int index) const override {
    if (index < 0 || index >= childCount()) return nullptr;
    const std::string& id = canvas_->scene().box(index).id;
    auto [found, fresh] = numbers_.try_emplace(id, 0);
    if (fresh) found->second = QAccessible::registerAccessibleInterface(new AccessibleBox(canvas_, id));
    return QAccessible::accessibleInterface(found->second);
  }
  int indexOfChild(const QAccessibleInterface* child) const override {
    const auto* box = dynamic_cast<const AccessibleBox*>(child);
    return box ? box->index() : -1;
  }
  QAccessibleInterface* childAt(int x, int y) const override {
    const QPoint point = canvas_->mapFromGlobal(QPoint(x, y));
    return child(canvas_->scene().boxAt(canvas_->camera().toScene(QPointF(point))));
  }
  QAccessibleInterface* focusChild() const override { return child(canvas_->currentBox()); }

 private:
  int count() const { return static_cast<int>(canvas_->scene().layout()->boxes.size()); }

  Canvas* canvas_;
  mutable std::map<std::string, QAccessible::Id> numbers_;
};

QAccessibleInterface* make(const QString&, QObject* object) {
  auto* canvas = qobject_cast<Canvas*>(object);
  return canvas ? new AccessibleCanvas(canvas) : nullptr;
}

}  // namespace

void installCanvasAccessibility() {
  static const bool installed = [] {
    QAccessible::installFactory(make);
    return true;
  }();
  (void)installed;
}

void announceSelection(Canvas* canvas) {
  if (!QAccessible::isActive()) return;
  const int box = canvas->currentBox();
  QAccessibleEvent event(canvas, QAccessible::Focus);
  if (box >= 0) event.setChild(box);
  QAccessible::updateAccessibility(&event);
}

}  // namespace lapidary::ui
