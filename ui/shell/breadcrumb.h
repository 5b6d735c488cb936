#pragma once

#include <QPointer>
#include <QWidget>
#include <vector>

#include "ui/document/document.h"

namespace lapidary::ui {

/// The way from the model down to what is selected; each part is a link that selects it.
class Breadcrumb : public QWidget {
  Q_OBJECT

 public:
  explicit Breadcrumb(Document* document, QWidget* parent = nullptr);
  QSize sizeHint() const override { return {200, 32}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  struct Part {
    QString text;
    Element element;
    QRect place;
  };
  void rebuild();
  int partAt(const QPoint& point) const;

  Document* document_;
  std::vector<Part> parts_;
  int hovered_ = -1;
};

}  // namespace lapidary::ui
