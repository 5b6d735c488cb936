#pragma once

#include <QPointer>
#include <QWidget>

#include "engine/trace/findings.h"
#include "engine/trace/roofline.h"
#include "ui/document/document.h"

class QListWidget;

namespace lapidary::ui {

class RunHint;

/// Each operator of the last run as a dot under the machine's roofs: rate over arithmetic intensity, both by
/// order of magnitude; the larger the dot, the more time. What is selected elsewhere is marked, and a click
/// selects.
class RooflineView : public QWidget {
  Q_OBJECT

 public:
  explicit RooflineView(Theme* theme, QWidget* parent = nullptr);
  void setDocument(Document* document);
  void setRoofs(const Roofs& roofs);
  /// The operator at this place, by position in the summary; -1 without one.
  int operatorAt(QPointF place) const;
  /// Where an operator's dot stands; nothing for those without arithmetic.
  std::optional<QPointF> placeOf(int row) const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  const TraceSummary* summary() const;
  QRectF area() const;
  double x(double intensity) const;
  double y(double gflops) const;
  double radius(const OperatorTime& time) const;
  bool isSelected(const OperatorTime& time, const std::vector<int>& nodes) const;
  std::vector<int> selectedNodes() const;
  QString tip(int row) const;
  void refresh();
  void select(int row);
  void paintScale(QPainter& painter) const;
  void paintRoofs(QPainter& painter) const;
  void paintDots(QPainter& painter) const;

  Theme* theme_;
  QPointer<Document> document_;
  Roofs roofs_;
  std::vector<RooflinePoint> points_;  ///< by position in the summary's operators
  int current_ = -1;
};

/// The view, beside it what could be done about the run's time, and the job that measures the roofs for both.
class RooflinePanel : public QWidget {
  Q_OBJECT

 public:
  RooflinePanel(Theme* theme, JobList* jobs, QWidget* parent = nullptr);
  void setDocument(Document* document);
  RooflineView* view() const { return view_; }
  /// What rules found in the last run.
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  QWidget* makeFindings();
  void measure();
  void list();
  void go(int row);

  JobList* jobs_;
  QPointer<Document> document_;
  RooflineView* view_;
  QListWidget* list_;
  RunHint* hint_;
  Roofs roofs_;
  std::vector<Finding> findings_;
  int measuredThreads_ = -1;
};

}  // namespace lapidary::ui
