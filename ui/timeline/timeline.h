#pragma once

#include <QPointer>
#include <QVariantAnimation>
#include <QWidget>
#include <optional>

#include "ui/document/view_keys.h"
#include "ui/timeline/timeline_scene.h"

class QScrollBar;

namespace lapidary::ui {

/// What part of the trace is seen.
struct TimelineView {
  double begin_ns = 0;
  double pixelsPerNs = 0;  ///< 0 while there is nothing to see
};

/// The last run's spans over time: modules on top, a row a thread, the memory beneath. The wheel zooms at the
/// pointer, dragging pans both ways, a click selects the span's node; arrow keys walk from span to span.
class Timeline : public QWidget {
  Q_OBJECT

 public:
  explicit Timeline(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);
  /// The ground of a span: the kind's colour, or a pale one where something else is selected.
  static QColor groundOf(OperatorKind kind, bool dimmed, const Theme& theme);
  /// The keys and gestures of a timeline, for the list of keys.
  static QList<KeyHelp> keyHelp();
  /// Motion off, whatever the system says.
  void setAnimated(bool animated) { animated_ = animated; }

  const TimelineScene& scene() const { return scene_; }
  const std::shared_ptr<const RunResult>& result() const { return result_; }
  /// The visible range, in nanoseconds of the trace.
  std::int64_t visibleBegin() const { return static_cast<std::int64_t>(view_.begin_ns); }
  std::int64_t visibleEnd() const;
  void showRange(std::int64_t begin_ns, std::int64_t end_ns);
  /// Shows one of the trace's repeats.
  void showRun(int run);
  /// Shows the run whose duration is the median.
  void showMedianRun();
  void showAll();
  /// The repeat in the middle of the view; -1 where several are seen, or none is there.
  int shownRun() const;

  /// The pixels where an item stands, row and place in it given; empty where it is out of sight.
  QRectF placeOf(int row, int item) const;
  /// The item under a point: its row and place in it.
  struct Hit {
    int row = 0, item = 0;
    bool operator==(const Hit&) const = default;
  };
  std::optional<Hit> hitAt(const QPointF& point) const;
  /// The item that keys walk from.
  const std::optional<Hit>& current() const { return current_; }

  /// What is selected, else all that is seen, onto the clipboard: a line a span, as TSV.
  void copy() const;
  /// What a screen reader, and the tip, say of an item.
  QString describe(const Hit& hit) const;
  /// Makes the item current and selects what it stands for.
  void select(const Hit& hit, bool extend);

 Q_SIGNALS:
  /// Another part of the trace is seen, or another trace.
  void viewChanged();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool event(QEvent* event) override;

 private:
  using Key = ViewKey<Timeline>;
  static std::span<const Key> keys();
  void rebuild();
  void followSelection();
  void scrollToSelection();
  const TimelineRow& rowAt(int row) const { return scene_.rows[static_cast<std::size_t>(row)]; }
  const TimelineItem& itemAt(const Hit& hit) const {
    return rowAt(hit.row).items[static_cast<std::size_t>(hit.item)];
  }
  double chartWidth() const;
  bool moves() const;
  TimelineView bounded(TimelineView view) const;
  void setView(const TimelineView& view);
  void moveTo(const TimelineView& target);
  void zoomAt(double x, double factor);
  void pan(double pixels);
  void panBy(double share) { pan(share * chartWidth()); }
  void zoom(double factor);
  void scrollRows(int rows);
  void setScroll(int scroll);
  void placeScrollBar();
  int contentHeight() const;
  int rowTop(std::size_t row) const;
  int rowHeight(std::size_t row) const;
  void reveal(const Hit& hit);
  void paintAxis(QPainter& painter) const;
  void paintRow(QPainter& painter, std::size_t row) const;
  void paintModules(QPainter& painter, const TimelineRow& row, int top) const;
  void paintSpans(QPainter& painter, const TimelineRow& row, std::size_t index, int top) const;
  void paintMemory(QPainter& painter, int top) const;
  void paintCurrent(QPainter& painter) const;
  QString stepTitle(int step) const;
  std::vector<Element> elementsOf(const Hit& hit) const;
  void hoverAt(const std::optional<Hit>& hit);
  void zoomTo(const Hit& hit);
  std::optional<Hit> start() const;
  void walk(int step, bool extend);
  void walkRows(int step, bool extend);
  void walkRuns(int step);

  Theme* theme_;
  QPointer<Document> document_;
  std::shared_ptr<const RunResult> result_;
  TimelineScene scene_;
  TimelineView view_;
  std::vector<bool> selectedSteps_;
  std::vector<bool> selectedGroups_;
  std::optional<Hit> hovered_, current_;

  QVariantAnimation motion_;
  TimelineView from_, to_;
  double anchor_ = 0;  ///< x in the chart that stays in place while zooming; below 0 if none does
  bool animated_ = true;

  QPointF pressed_;
  TimelineView pressedView_;
  int pressedScroll_ = 0;
  bool dragging_ = false;
  int scroll_ = 0;
  QScrollBar* scrollBar_;
};

}  // namespace lapidary::ui
