#pragma once

#include <QWidget>

#include "ui/document/theme.h"
#include "ui/inspector/row_edit.h"

class QLabel;

namespace lapidary::ui {

/// The field, list or text box over a row that takes its new value, and says as one types what is wrong with
/// it. Enter takes (in several lines Ctrl+Enter), Escape and leaving it drop what was typed.
class RowEditor : public QWidget {
  Q_OBJECT

 public:
  RowEditor(RowEdit edit, const Theme* theme, QWidget* parent);
  /// Over `place`, as high as it needs.
  void open(const QRect& place);

 Q_SIGNALS:
  void taken(const lapidary::EditStep& step, const QString& name);
  /// It is through; what was typed may have been dropped.
  void closed();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* makeField();
  QWidget* makeText();
  QWidget* makeList();
  QString typed() const;
  void judge();
  void take();
  void close();

  RowEdit edit_;
  QWidget* input_;
  QLabel* wrong_;
  bool isClosed_ = false;
};

}  // namespace lapidary::ui
