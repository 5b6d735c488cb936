#include "ui/timeline/timeline_accessibility.h"

#include <QAccessibleWidget>
#include <map>

#include "ui/timeline/timeline.h"

namespace lapidary::ui {
namespace {

/// One module or span as screen readers know it, by its place in the rows.
class AccessibleItem : public QAccessibleInterface, public QAccessibleActionInterface {
 public:
  AccessibleItem(Timeline* timeline, Timeline::Hit hit) : timeline_(timeline), hit_(hit) {}

  bool isValid() const override {
    if (!timeline_) return false;
    const auto& rows = timeline_->scene().rows;
    return hit_.row < std::ssize(rows) &&
           hit_.item < std::ssize(rows[static_cast<std::size_t>(hit_.row)].items);
  }
  QObject* object() const override { return nullptr; }
  QAccessibleInterface* childAt(int, int) const override { return nullptr; }
  QAccessibleInterface* parent() const override { return QAccessible::queryAccessibleInterface(timeline_); }
  QAccessibleInterface* child(int) const override { return nullptr; }
  int childCount() const override { return 0; }
  int indexOfChild(const QAccessibleInterface*) const override { return -1; }
  QString text(QAccessible::Text kind) const override {
    return kind == QAccessible::Name && isValid() ? timeline_->describe(hit_) : QString();
  }
  void setText(QAccessible::Text, const QString&) override {}
  QRect rect() const override {
    if (!isValid()) return {};
    const QRect place = timeline_->placeOf(hit_.row, hit_.item).toAlignedRect();
    return {timeline_->mapToGlobal(place.topLeft()), place.size()};
  }
  QAccessible::Role role() const override { return QAccessible::ListItem; }
  QAccessible::State state() const override {
    QAccessible::State state;
    state.focusable = state.selectable = true;
    state.selected = state.focused = isValid() && timeline_->current() == hit_;
    state.offscreen = !isValid() || timeline_->placeOf(hit_.row, hit_.item).isEmpty();
    return state;
  }
  void* interface_cast(QAccessible::InterfaceType type) override {
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
  }
  /// Press selects what the item stands for.
  QStringList actionNames() const override { return {pressAction()}; }
  void doAction(const QString& name) override {
    if (isValid() && name == pressAction()) timeline_->select(hit_, false);
  }
  QStringList keyBindingsForAction(const QString&) const override { return {}; }
  const Timeline::Hit& hit() const { return hit_; }

 private:
  QPointer<Timeline> timeline_;
  Timeline::Hit hit_;
};

/// Its children are the items of all rows, one row after the other.
class AccessibleTimeline : public QAccessibleWidget {
 public:
  explicit AccessibleTimeline(Timeline* timeline)
      : QAccessibleWidget(timeline, QAccessible::List), timeline_(timeline) {}
  ~AccessibleTimeline() override {
    for (const auto& [place, id] : ids_) QAccessible::deleteAccessibleInterface(id);
  }

  int childCount() const override {
    int count = 0;
    for (const TimelineRow& row : timeline_->scene().rows) count += static_cast<int>(row.items.size());
    return count;
  }
  QAccessibleInterface* child(int index) const override {
    const auto& rows = timeline_->scene().rows;
    for (int row = 0; index >= 0 && row < std::ssize(rows); ++row) {
      const int count = static_cast<int>(rows[static_cast<std::size_t>(row)].items.size());
      if (index < count) return childOf({row, index});
      index -= count;
    }
    return nullptr;
  }
  int indexOf(const Timeline::Hit& hit) const {
    int index = hit.item;
    for (int row = 0; row < hit.row; ++row)
      index += static_cast<int>(timeline_->scene().rows[static_cast<std::size_t>(row)].items.size());
    return index;
  }
  int indexOfChild(const QAccessibleInterface* child) const override {
    const auto* item = dynamic_cast<const AccessibleItem*>(child);
    return item && item->isValid() ? indexOf(item->hit()) : -1;
  }
  QAccessibleInterface* childAt(int x, int y) const override {
    const auto hit = timeline_->hitAt(timeline_->mapFromGlobal(QPoint(x, y)));
    return hit ? childOf(*hit) : nullptr;
  }
  QAccessibleInterface* focusChild() const override {
    return timeline_->current() ? childOf(*timeline_->current()) : nullptr;
  }

 private:
  QAccessibleInterface* childOf(const Timeline::Hit& hit) const {
    auto [found, fresh] = ids_.try_emplace({hit.row, hit.item}, 0);
    if (fresh) found->second = QAccessible::registerAccessibleInterface(new AccessibleItem(timeline_, hit));
    return QAccessible::accessibleInterface(found->second);
  }

  Timeline* timeline_;
  mutable std::map<std::pair<int, int>, QAccessible::Id> ids_;  ///< of the items that were asked for
};

QAccessibleInterface* make(const QString&, QObject* object) {
  auto* timeline = qobject_cast<Timeline*>(object);
  return timeline ? new AccessibleTimeline(timeline) : nullptr;
}

}  // namespace

void installTimelineAccessibility() {
  static const bool installed = [] {
    QAccessible::installFactory(make);
    return true;
  }();
  (void)installed;
}

void announceCurrent(Timeline* timeline) {
  if (!QAccessible::isActive() || !timeline->current()) return;
  const auto* list = dynamic_cast<AccessibleTimeline*>(QAccessible::queryAccessibleInterface(timeline));
  if (!list) return;
  QAccessibleEvent event(timeline, QAccessible::Focus);
  event.setChild(list->indexOf(*timeline->current()));
  QAccessible::updateAccessibility(&event);
}

}  // namespace lapidary::ui
