#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/inspector/description.h"
#include "ui/inspector/row_editor.h"

namespace lapidary::ui {

/// Paints a description: badge and title where it has one, then its sections with captions left and values
/// right. As high as it needs. What it says below the numbers is for a view of its own.
class DescriptionView : public QWidget {
  Q_OBJECT

 public:
  explicit DescriptionView(Theme* theme, QWidget* parent = nullptr);
  void setDescription(Description description);
  const Description& description() const { return description_; }
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  QSize sizeHint() const override { return {288, heightForWidth(std::max(width(), 200))}; }

 Q_SIGNALS:
  void linkActivated(const lapidary::ui::Element& element);
  /// A value was typed in place.
  void edited(const lapidary::EditStep& step, const QString& name);
  /// The keyboard is at the row of that place.
  void rowReached(const QRect& place);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Placed {
    QRect place;
    const DescriptionRow* row;
  };
  /// Walks the description from top to bottom; paints where `painter` is given. Returns the height.
  int arrange(int width, QPainter* painter, std::vector<Placed>* placed) const;
  int arrangeHead(int width, QPainter* painter) const;
  int arrangeRow(const DescriptionRow& row, const QRect& line, QPainter* painter) const;
  const DescriptionRow* rowAt(const QPoint& point) const;
  void goToRow(int row);
  void startEditing(const RowEdit& edit, const QRect& place);
  void paintFlag(const DescriptionRow& row, const QRect& line, QPainter& painter) const;
  QRect titlePlace() const;
  QFont bold() const;

  Theme* theme_;
  Description description_;
  std::vector<Placed> placed_;
  QPointer<RowEditor> editor_;
  int current_ = -1;  ///< the row that the keyboard is at
};

}  // namespace lapidary::ui
