#pragma once

#include <QPointer>
#include <QWidget>
#include <vector>

#include "ui/document/document.h"
#include "ui/document/view_keys.h"

namespace lapidary::ui {

/// The way from the model down to what is selected; each part is a link that selects it. Where there is no
/// room for all, parts in the middle give way to dots.
class Breadcrumb : public QWidget {
  Q_OBJECT

 public:
  explicit Breadcrumb(Document* document, QWidget* parent = nullptr);
  QSize sizeHint() const override { return {200, 32}; }
  /// Its keys, for the list of keys.
  static QList<KeyHelp> keyHelp() { return key_help(keys()); }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Part {
    QString text;
    Element element;
    QString shown;
    QRect place;  ///< empty where it gave way
  };
  using Key = ViewKey<Breadcrumb>;
  static std::span<const Key> keys();
  void rebuild();
  void placeParts();
  void walk(int step);
  void choose(int part);
  int partAt(const QPoint& point) const;

  Document* document_;
  std::vector<Part> parts_;
  QRect dots_;
  int hovered_ = -1;
  int current_ = 0;  ///< the part that the keyboard is at
};

}  // namespace lapidary::ui
