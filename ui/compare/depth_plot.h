#pragma once

#include <QWidget>
#include <vector>

#include "engine/compare/run_comparison.h"
#include "ui/document/theme.h"

namespace lapidary::ui {

/// The tensors' errors along the model's depth, by order of magnitude: what each is off by in all as a line
/// of dots, and what its own operator adds as a bar.
class DepthPlot : public QWidget {
  Q_OBJECT

 public:
  explicit DepthPlot(Theme* theme, QWidget* parent = nullptr);
  void setResult(std::shared_ptr<const RunComparison> result);
  /// Marks rows of the result.
  void setMarked(std::vector<int> rows);
  /// The row whose place is nearest to that x; -1 without any.
  int rowAt(double x) const;
  QSize sizeHint() const override { return {320, 160}; }

 Q_SIGNALS:
  void clicked(int row);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QRectF area() const;
  double x(std::size_t row) const;
  double y(double error) const;
  void paintScale(QPainter& painter) const;
  void paintErrors(QPainter& painter) const;

  Theme* theme_;
  std::shared_ptr<const RunComparison> result_;
  std::vector<int> marked_;
};

}  // namespace lapidary::ui
