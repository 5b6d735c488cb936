#pragma once

#include <QImage>
#include <QWidget>
#include <optional>

#include "ui/document/theme.h"
#include "ui/inspector/tensor_statistics.h"

namespace lapidary::ui {

/// Bars of a tensor's distribution, with its figures beneath.
class HistogramView : public QWidget {
  Q_OBJECT

 public:
  explicit HistogramView(Theme* theme, QWidget* parent = nullptr);
  /// nothing: still being computed.
  void setStatistics(const std::optional<TensorStatistics>& statistics);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void paintBars(QPainter* painter, const QRectF& area) const;
  void paintFigures(QPainter* painter, const QRect& area) const;

  Theme* theme_;
  std::optional<TensorStatistics> statistics_;
};

/// A picture in the middle, as large as fits, with sharp pixels when enlarged.
class PictureView : public QWidget {
  Q_OBJECT

 public:
  explicit PictureView(QWidget* parent = nullptr);
  void setPicture(const QImage& picture);
  /// Puts the picture onto the clipboard.
  void copy() const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  QImage picture_;
};

}  // namespace lapidary::ui
