#pragma once

#include <QPointer>
#include <QWidget>
#include <optional>

#include "ui/timeline/timeline_scene.h"

namespace lapidary::ui {

/// The last run's spans over time: modules on top, a row a thread, the memory beneath. The wheel zooms at the
/// pointer, dragging pans, a click selects the span's node.
class Timeline : public QWidget {
  Q_OBJECT

 public:
  explicit Timeline(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);

  const TimelineScene& scene() const { return scene_; }
  /// The visible range, in nanoseconds of the trace.
  std::int64_t visibleBegin() const { return begin_; }
  std::int64_t visibleEnd() const;
  void showRange(std::int64_t begin_ns, std::int64_t end_ns);
  /// Shows the run whose duration is the median.
  void showMedianRun();
  void showAll();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Hit {
    int row, item;
    bool operator==(const Hit&) const = default;
  };
  void rebuild();
  void followSelection();
  double chartWidth() const;
  double pixelsPerNs() const { return pixelsPerNs_; }
  void zoomAt(double x, double factor);
  void pan(double pixels);
  void clampView();
  int rowTop(std::size_t row) const;
  std::optional<Hit> hitAt(const QPointF& point) const;
  void paintAxis(QPainter& painter) const;
  void paintRow(QPainter& painter, std::size_t row) const;
  void paintModules(QPainter& painter, const TimelineRow& row, int top) const;
  void paintSpans(QPainter& painter, const TimelineRow& row, std::size_t index, int top) const;
  void paintMemory(QPainter& painter, int top) const;
  QString stepTitle(int step) const;
  QString tooltip(const Hit& hit) const;
  void select(const Hit& hit, bool extend);
  void walk(int step);

  Theme* theme_;
  QPointer<Document> document_;
  std::shared_ptr<const RunResult> result_;
  TimelineScene scene_;
  std::int64_t begin_ = 0;
  double pixelsPerNs_ = 0;
  std::vector<bool> selectedSteps_;
  std::vector<bool> selectedGroups_;
  std::optional<Hit> hovered_;
  QPointF pressed_;
  double pressedAt_ = 0;
  bool dragging_ = false;
  int scroll_ = 0;
};

}  // namespace lapidary::ui
