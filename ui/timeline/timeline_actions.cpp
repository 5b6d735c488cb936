#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QMenu>
#include <algorithm>

#include "ui/document/element_menu.h"
#include "ui/document/format.h"
#include "ui/timeline/timeline.h"
#include "ui/timeline/timeline_metrics.h"

namespace lapidary::ui {

using namespace timeline_metrics;

// --- keys ---

std::span<const Timeline::Key> Timeline::keys() {
  static const char* const walking = QT_TRANSLATE_NOOP("Keys", "Walk from span to span, from row to row");
  static const char* const extending = QT_TRANSLATE_NOOP("Keys", "Walk, and add to the selection");
  static const char* const moving = QT_TRANSLATE_NOOP("Keys", "Move the view");
  static const char* const zooming = QT_TRANSLATE_NOOP("Keys", "Zoom");
  static const char* const repeats = QT_TRANSLATE_NOOP("Keys", "Show the run before, the run after");
  static const char* const fitting = QT_TRANSLATE_NOOP("Keys", "Zoom to the span");
  static const Key table[] = {
      {Qt::Key_Left, walking, [](Timeline& t) { t.walk(-1, false); }},
      {Qt::Key_Right, walking, [](Timeline& t) { t.walk(1, false); }},
      {Qt::Key_Up, walking, [](Timeline& t) { t.walkRows(-1, false); }},
      {Qt::Key_Down, walking, [](Timeline& t) { t.walkRows(1, false); }},
      {Qt::SHIFT | Qt::Key_Left, extending, [](Timeline& t) { t.walk(-1, true); }},
      {Qt::SHIFT | Qt::Key_Right, extending, [](Timeline& t) { t.walk(1, true); }},
      {Qt::SHIFT | Qt::Key_Up, extending, [](Timeline& t) { t.walkRows(-1, true); }},
      {Qt::SHIFT | Qt::Key_Down, extending, [](Timeline& t) { t.walkRows(1, true); }},
      {Qt::CTRL | Qt::Key_Left, moving, [](Timeline& t) { t.panBy(-0.25); }},
      {Qt::CTRL | Qt::Key_Right, moving, [](Timeline& t) { t.panBy(0.25); }},
      {Qt::CTRL | Qt::Key_Up, moving, [](Timeline& t) { t.scrollRows(-1); }},
      {Qt::CTRL | Qt::Key_Down, moving, [](Timeline& t) { t.scrollRows(1); }},
      {Qt::Key_Plus, zooming, [](Timeline& t) { t.zoom(1.5); }},
      {Qt::Key_Equal, zooming, [](Timeline& t) { t.zoom(1.5); }},
      {Qt::Key_Minus, zooming, [](Timeline& t) { t.zoom(1 / 1.5); }},
      {Qt::Key_Return, fitting,
       [](Timeline& t) {
         if (t.current_) t.zoomTo(*t.current_);
       }},
      {Qt::Key_Enter, fitting,
       [](Timeline& t) {
         if (t.current_) t.zoomTo(*t.current_);
       }},
      {Qt::Key_PageUp, repeats, [](Timeline& t) { t.walkRuns(-1); }},
      {Qt::Key_PageDown, repeats, [](Timeline& t) { t.walkRuns(1); }},
      {Qt::Key_Home, QT_TRANSLATE_NOOP("Keys", "Show the median run"),
       [](Timeline& t) { t.showMedianRun(); }},
      {Qt::Key_End, QT_TRANSLATE_NOOP("Keys", "Show all runs"), [](Timeline& t) { t.showAll(); }},
      {Qt::CTRL | Qt::Key_C, QT_TRANSLATE_NOOP("Keys", "Copy the spans as a table"),
       [](Timeline& t) { t.copy(); }},
  };
  return table;
}

QList<KeyHelp> Timeline::keyHelp() {
  return key_help(keys()) + QList<KeyHelp>{
                                gesture_help(QT_TRANSLATE_NOOP("Keys", "Wheel"),
                                             QT_TRANSLATE_NOOP("Keys", "Zoom at the pointer")),
                                gesture_help(QT_TRANSLATE_NOOP("Keys", "Shift+Wheel"),
                                             QT_TRANSLATE_NOOP("Keys", "Move the view sideways")),
                                gesture_help(QT_TRANSLATE_NOOP("Keys", "Double click"),
                                             QT_TRANSLATE_NOOP("Keys", "Zoom to the span")),
                                gesture_help(QT_TRANSLATE_NOOP("Keys", "Right click"),
                                             QT_TRANSLATE_NOOP("Keys", "What the span can do")),
                            };
}

void Timeline::keyPressEvent(QKeyEvent* event) {
  if (!run_key(keys(), *this, *event)) QWidget::keyPressEvent(event);
}

void Timeline::zoom(double factor) { zoomAt(nameWidth + chartWidth() / 2, factor); }

void Timeline::scrollRows(int rows) { setScroll(scroll_ + rows * (spanHeight + gap)); }

// --- clipboard and menu ---

void Timeline::copy() const {
  if (!result_) return;
  const bool anySelected =
      std::find(selectedSteps_.begin(), selectedSteps_.end(), true) != selectedSteps_.end();
  QString lines = tr("Row\tBegin (ms)\tLength (ms)\tType\tOperator\n");
  for (const TimelineRow& row : scene_.rows) {
    for (const TimelineItem& item : row.items) {
      const bool seen = item.end_ns > visibleBegin() && item.begin_ns < visibleEnd();
      if (item.step < 0 || !seen) continue;
      if (anySelected && !selectedSteps_[static_cast<std::size_t>(item.step)]) continue;
      const Step& step = result_->trace.steps[static_cast<std::size_t>(item.step)];
      const std::int64_t origin = result_->trace.runs.empty() || item.run < 0
                                      ? 0
                                      : result_->trace.runs[static_cast<std::size_t>(item.run)].begin_ns;
      lines += QStringLiteral("%1\t%2\t%3\t%4\t%5\n")
                   .arg(row.name)
                   .arg(static_cast<double>(item.begin_ns - origin) * 1e-6)
                   .arg(static_cast<double>(item.end_ns - item.begin_ns) * 1e-6)
                   .arg(text(step.op_type), text(step.name));
    }
  }
  QGuiApplication::clipboard()->setText(lines);
}

void Timeline::contextMenuEvent(QContextMenuEvent* event) {
  if (!result_) return;
  const bool byMouse = event->reason() == QContextMenuEvent::Mouse;
  const auto hit = byMouse ? hitAt(event->pos()) : current_;
  QMenu menu(this);
  if (hit) {
    const std::vector<Element> elements = elementsOf(*hit);
    const bool known = std::all_of(elements.begin(), elements.end(), [this](const Element& element) {
      return document_->selection()->contains(element);
    });
    if (!known) select(*hit, false);
    menu.addAction(tr("Zoom to the Span"), this, [this, at = *hit] { zoomTo(at); });
    if (!elements.empty()) add_element_entries(menu, *document_, elements.front());
    menu.addAction(tr("Copy as Text"), this,
                   [said = describe(*hit)] { QGuiApplication::clipboard()->setText(said); });
    menu.addSeparator();
  }
  menu.addAction(tr("Show the Median Run"), this, &Timeline::showMedianRun);
  menu.addAction(tr("Show All Runs"), this, &Timeline::showAll);
  menu.addAction(tr("Copy as TSV"), this, &Timeline::copy);
  menu.addAction(tr("Copy Picture"), this, [this] { QGuiApplication::clipboard()->setPixmap(grab()); });
  menu.exec(byMouse || !hit ? event->globalPos()
                            : mapToGlobal(placeOf(hit->row, hit->item).center().toPoint()));
}

}  // namespace lapidary::ui
