#include "ui/inspector/row_editor.h"

#include <QComboBox>
#include <QFocusEvent>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QVBoxLayout>
#include <algorithm>

#include "engine/model/error.h"
#include "ui/document/format.h"

namespace lapidary::ui {

RowEditor::RowEditor(RowEdit edit, const Theme* theme, QWidget* parent)
    : QWidget(parent), edit_(std::move(edit)), wrong_(new QLabel) {
  input_ = !edit_.choices.isEmpty() ? makeList() : edit_.isLong ? makeText() : makeField();
  input_->setAccessibleName(edit_.name);
  input_->installEventFilter(this);
  setAutoFillBackground(true);
  wrong_->setWordWrap(true);
  wrong_->setContentsMargins(4, 2, 4, 4);
  QPalette colors = wrong_->palette();
  colors.setColor(QPalette::WindowText, theme->colors().problem);
  wrong_->setPalette(colors);
  wrong_->hide();
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(input_);
  column->addWidget(wrong_);
}

QWidget* RowEditor::makeField() {
  auto* field = new QLineEdit(edit_.now);
  field->selectAll();
  connect(field, &QLineEdit::textChanged, this, &RowEditor::judge);
  return field;
}

QWidget* RowEditor::makeText() {
  auto* box = new QPlainTextEdit(edit_.now);
  box->setFixedHeight(120);
  box->setToolTip(tr("Ctrl+Enter takes the text"));
  connect(box, &QPlainTextEdit::textChanged, this, &RowEditor::judge);
  return box;
}

QWidget* RowEditor::makeList() {
  auto* list = new QComboBox;
  list->addItems(edit_.choices);
  list->setCurrentIndex(static_cast<int>(edit_.choices.indexOf(edit_.now)));
  connect(list, &QComboBox::activated, this, &RowEditor::take);
  return list;
}

void RowEditor::open(const QRect& place) {
  setGeometry(place);
  resize(place.width(), sizeHint().height());
  // What stands near the lower end opens upwards.
  move(place.left(), std::max(0, std::min(place.top(), parentWidget()->height() - height())));
  show();
  raise();
  input_->setFocus();
}

QString RowEditor::typed() const {
  if (const auto* field = qobject_cast<QLineEdit*>(input_)) return field->text();
  if (const auto* box = qobject_cast<QPlainTextEdit*>(input_)) return box->toPlainText();
  return qobject_cast<QComboBox*>(input_)->currentText();
}

void RowEditor::judge() {
  QString wrong;
  EditStep step = edit_.step;
  try {
    edit_.put(step, typed());
  } catch (const Error& error) {
    wrong = text(error.advice().empty() ? error.message() : error.message() + ". " + error.advice());
  }
  wrong_->setText(wrong);
  wrong_->setVisible(!wrong.isEmpty());
  input_->setAccessibleDescription(wrong);
  const int above = wrong.isEmpty() ? 0 : wrong_->heightForWidth(width());
  resize(width(), input_->sizeHint().height() + above);
}

void RowEditor::take() {
  judge();
  if (wrong_->isVisible()) return;
  EditStep step = edit_.step;
  edit_.put(step, typed());
  const bool isOther = typed() != edit_.now;
  const QString name = edit_.name;
  close();
  if (isOther) Q_EMIT taken(step, name);
}

void RowEditor::close() {
  if (isClosed_) return;
  isClosed_ = true;
  hide();
  deleteLater();
  Q_EMIT closed();
}

bool RowEditor::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut &&
      static_cast<QFocusEvent*>(event)->reason() != Qt::PopupFocusReason &&
      static_cast<QFocusEvent*>(event)->reason() != Qt::ActiveWindowFocusReason && !isClosed_) {
    isClosed_ = true;  // the keyboard went where it was wanted
    deleteLater();
    return false;
  }
  const bool isAsked = event->type() == QEvent::ShortcutOverride;
  if (!isAsked && event->type() != QEvent::KeyPress) return QWidget::eventFilter(watched, event);
  const auto* key = static_cast<QKeyEvent*>(event);
  const bool isEnter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
  const bool isOurs =
      key->key() == Qt::Key_Escape || (isEnter && (!edit_.isLong || key->modifiers() & Qt::ControlModifier));
  if (!isOurs) return QWidget::eventFilter(watched, event);
  event->accept();
  if (isAsked) return true;
  isEnter ? take() : close();
  return true;
}

}  // namespace lapidary::ui
