#pragma once

#include <QImage>
#include <QWidget>
#include <functional>

#include "ui/document/theme.h"
#include "ui/inspector/tensor_statistics.h"

namespace lapidary::ui {

/// Bars of a tensor's distribution, with its figures beneath.
class HistogramView : public QWidget {
  Q_OBJECT

 public:
  explicit HistogramView(Theme* theme, QWidget* parent = nullptr);
  void setStatistics(const TensorStatistics& statistics);
  /// Puts the histogram onto the clipboard: as a picture, and its bins and figures as TSV.
  void copy();

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void paintBars(QPainter* painter, const QRectF& area) const;
  void paintFigures(QPainter* painter, const QRect& area) const;

  Theme* theme_;
  TensorStatistics statistics_;
};

/// A picture in the middle, as large as fits, with sharp pixels when enlarged; the tip tells what stands
/// under the pointer.
class PictureView : public QWidget {
  Q_OBJECT

 public:
  explicit PictureView(Theme* theme, QWidget* parent = nullptr);
  /// `textAt` says what a pixel of the picture stands for.
  void setPicture(const QImage& picture, std::function<QString(QPoint)> textAt);
  void clear() { setPicture({}, {}); }
  /// Puts the picture onto the clipboard.
  void copy() const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;

 private:
  QRectF place() const;

  Theme* theme_;
  QImage picture_;
  std::function<QString(QPoint)> textAt_;
};

}  // namespace lapidary::ui
