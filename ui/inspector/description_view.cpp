#include "ui/inspector/description_view.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

namespace lapidary::ui {

namespace {

constexpr int margin = 16, rowHeight = 22, sectionGap = 14, badgeHeight = 20;

}  // namespace

DescriptionView::DescriptionView(Theme* theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
  setAccessibleName(tr("Inspector"));
  connect(theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void DescriptionView::setDescription(Description description) {
  // The same thing told anew, after an edit or an analysis, leaves the keyboard where it was.
  const bool isSame = description.title == description_.title;
  if (editor_ && !isSame) editor_->deleteLater();
  description_ = std::move(description);
  setAccessibleDescription(to_text(description_));
  placed_.clear();
  arrange(width(), nullptr, &placed_);
  if (!isSame || current_ >= static_cast<int>(placed_.size())) {
    current_ = -1;
    setAccessibleName(tr("Inspector"));
  }
  setFixedHeight(heightForWidth(width()));
  update();
}

QFont DescriptionView::bold() const {
  QFont made = font();
  made.setWeight(QFont::DemiBold);
  return made;
}

int DescriptionView::heightForWidth(int width) const { return arrange(width, nullptr, nullptr); }

int DescriptionView::arrangeHead(int width, QPainter* painter) const {
  const QFontMetrics boldMetrics(bold());
  int y = margin;
  const int badgeWidth = boldMetrics.horizontalAdvance(description_.badge) + 16;
  const int titleLeft = margin + badgeWidth + 8;
  const int titleWidth = width - titleLeft - margin;
  // A long name goes below its badge, where it has the whole width.
  const bool below = boldMetrics.horizontalAdvance(description_.title) > titleWidth;
  const QRect title = below ? QRect(margin, y + badgeHeight + 8, width - 2 * margin, 1000)
                            : QRect(titleLeft, y, titleWidth, badgeHeight);
  const QRect needed = boldMetrics.boundingRect(title, Qt::TextWrapAnywhere, description_.title);
  if (painter) {
    const bool isNode = description_.kind != OperatorKind::Other;
    const QColor ground = isNode ? theme_->kind(description_.kind).darker(112) : theme_->colors().field;
    painter->setFont(bold());
    painter->setPen(Qt::NoPen);
    painter->setBrush(ground);
    painter->drawRoundedRect(QRectF(margin, y, badgeWidth, badgeHeight), 4, 4);
    painter->setPen(Theme::textOn(ground));
    painter->drawText(QRect(margin, y, badgeWidth, badgeHeight), Qt::AlignCenter, description_.badge);
    painter->setPen(theme_->colors().text);
    painter->drawText(title, (below ? Qt::AlignTop : Qt::AlignVCenter) | Qt::TextWrapAnywhere,
                      description_.title);
  }
  y = below ? title.top() + needed.height() + 6 : y + badgeHeight + 8;
  if (description_.subtitle.isEmpty()) return y;
  const QRect subtitle(margin, y, width - 2 * margin, 1000);
  if (painter) {
    painter->setFont(font());
    painter->setPen(theme_->colors().weakText);
    painter->drawText(subtitle, Qt::AlignTop | Qt::TextWordWrap, description_.subtitle);
  }
  return y + fontMetrics().boundingRect(subtitle, Qt::TextWordWrap, description_.subtitle).height() + 2;
}

int DescriptionView::arrangeRow(const DescriptionRow& row, const QRect& line, QPainter* painter) const {
  const int captionWidth = fontMetrics().horizontalAdvance(row.caption);
  const int valueWidth = fontMetrics().horizontalAdvance(row.value);
  // What does not fit beside its caption wraps onto lines of its own.
  const bool wraps = captionWidth + 16 + valueWidth > line.width() && !row.value.isEmpty();
  const QRect below(line.left() + 12, line.top() + rowHeight - 2, line.width() - 12, 1000);
  int height = rowHeight;
  if (wraps)
    height +=
        std::min(fontMetrics().boundingRect(below, Qt::TextWrapAnywhere | Qt::AlignRight, row.value).height(),
                 96) -
        2 + 4;
  if (painter) {
    const ThemeColors& colors = theme_->colors();
    painter->setFont(font());
    painter->setPen(colors.weakText);
    painter->drawText(line, Qt::AlignVCenter | Qt::AlignLeft,
                      fontMetrics().elidedText(row.caption, Qt::ElideMiddle, line.width()));
    painter->setPen(row.isWeak ? colors.weakText : row.link ? colors.text : colors.text);
    if (wraps)
      painter->drawText(QRect(below.topLeft(), QSize(below.width(), height - rowHeight)),
                        Qt::AlignRight | Qt::TextWrapAnywhere, row.value);
    else if (row.edit && row.edit->isFlag)
      paintFlag(row, line, *painter);
    else
      painter->drawText(line, Qt::AlignVCenter | Qt::AlignRight, row.value);
    if (row.bar >= 0) {
      const QRectF track(line.left(), line.top() + height + 1, line.width(), 6);
      painter->setPen(Qt::NoPen);
      painter->setBrush(colors.field);
      painter->drawRoundedRect(track, 3, 3);
      painter->setBrush(theme_->heat(0.75));
      painter->drawRoundedRect(
          QRectF(track.topLeft(), QSizeF(std::max(6.0, track.width() * std::min(1.0, row.bar)), 6)), 3, 3);
    }
  }
  return height + (row.bar >= 0 ? 10 : 0);
}

/// A check box, with what it stands at in words beside it where that is not its own value.
void DescriptionView::paintFlag(const DescriptionRow& row, const QRect& line, QPainter& painter) const {
  const ThemeColors& colors = theme_->colors();
  const QRectF box(line.right() - 15, line.center().y() - 7, 14, 14);
  const bool isOn = row.edit->now == QLatin1String("1");
  painter.setPen(QPen(row.isWeak ? colors.weakText : colors.accent, 1.2));
  painter.setBrush(isOn && !row.isWeak ? colors.accent : colors.field);
  painter.drawRoundedRect(box, 4, 4);
  if (isOn) {
    painter.setPen(QPen(row.isWeak ? colors.weakText : colors.accentText, 1.8, Qt::SolidLine, Qt::RoundCap));
    painter.drawPolyline(QPolygonF(
        {box.topLeft() + QPointF(3.5, 7), box.topLeft() + QPointF(6, 10), box.topLeft() + QPointF(10.5, 4)}));
  } else if (row.edit->now.isEmpty()) {  // several values
    painter.drawLine(box.topLeft() + QPointF(4, 7), box.topLeft() + QPointF(10, 7));
  }
  if (!row.isWeak) return;
  painter.setPen(colors.weakText);
  painter.drawText(line.adjusted(0, 0, -22, 0), Qt::AlignVCenter | Qt::AlignRight,
                   row.edit->now.isEmpty() ? row.value : tr("default"));
}

int DescriptionView::arrange(int width, QPainter* painter, std::vector<Placed>* placed) const {
  if (description_.title.isEmpty() && description_.sections.empty()) return 0;
  int y = description_.title.isEmpty() ? 0 : arrangeHead(width, painter);
  for (const DescriptionSection& section : description_.sections) {
    y += sectionGap;
    if (painter) {
      painter->setFont(bold());
      painter->setPen(theme_->colors().weakText);
      painter->drawText(QRect(margin, y, width - 2 * margin, 18), Qt::AlignVCenter, section.title);
      painter->setPen(theme_->colors().border);
      painter->drawLine(margin, y + 22, width - margin, y + 22);
    }
    y += 26;
    for (const DescriptionRow& row : section.rows) {
      const QRect line(margin, y, width - 2 * margin, rowHeight);
      const int height = arrangeRow(row, line, painter);
      if (placed) placed->push_back({QRect(line.left(), y, line.width(), height), &row});
      y += height;
    }
    if (section.text.isEmpty()) continue;
    const QRect paragraph(margin, y + 2, width - 2 * margin, 10000);
    if (painter) {
      painter->setFont(font());
      painter->setPen(theme_->colors().text);
      painter->drawText(paragraph, Qt::AlignTop | Qt::TextWordWrap, section.text);
    }
    y += fontMetrics().boundingRect(paragraph, Qt::TextWordWrap, section.text).height() + 4;
  }
  return y + margin;
}

void DescriptionView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  if (hasFocus() && current_ >= 0) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme_->colors().selection);
    const QRect place = placed_[static_cast<std::size_t>(current_)].place;
    painter.drawRoundedRect(QRectF(place).adjusted(-8, 0, 8, 0), 4, 4);
  }
  arrange(width(), &painter, nullptr);
}

void DescriptionView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  if (event->oldSize().width() == event->size().width()) return;
  placed_.clear();
  arrange(width(), nullptr, &placed_);
  setFixedHeight(heightForWidth(width()));
}

const DescriptionRow* DescriptionView::rowAt(const QPoint& point) const {
  for (const Placed& placed : placed_)
    if (placed.place.contains(point)) return placed.row;
  return nullptr;
}

void DescriptionView::mouseMoveEvent(QMouseEvent* event) {
  const DescriptionRow* row = rowAt(event->pos());
  const bool isText = (row && row->edit) || (description_.titleEdit && titlePlace().contains(event->pos()));
  setCursor(row && row->link ? Qt::PointingHandCursor : isText ? Qt::IBeamCursor : Qt::ArrowCursor);
}

void DescriptionView::mousePressEvent(QMouseEvent* event) {
  const DescriptionRow* row = rowAt(event->pos());
  if (event->button() == Qt::LeftButton && row && row->edit && row->edit->isFlag)
    return startEditing(RowEdit(*row->edit), {});
  if (event->button() != Qt::LeftButton || !row || !row->link) return QWidget::mousePressEvent(event);
  const Element element = *row->link;  // the signal replaces the description
  Q_EMIT linkActivated(element);
}

// --- editing in place ---

QRect DescriptionView::titlePlace() const {
  return {margin, margin, width() - 2 * margin,
          std::max(badgeHeight, arrangeHead(width(), nullptr) - margin)};
}

void DescriptionView::mouseDoubleClickEvent(QMouseEvent* event) {
  const DescriptionRow* row = rowAt(event->pos());
  if (row && row->edit && row->edit->isFlag) return;  // the first click did it, and the second undid it
  if (row && row->edit) return startEditing(*row->edit, QRect(margin, event->pos().y() - 14, 0, 28));
  if (description_.titleEdit && titlePlace().contains(event->pos()))
    startEditing(*description_.titleEdit, QRect(margin, margin - 4, 0, 28));
}

/// A flag turns at once; all else is asked for in an editor over `place`.
void DescriptionView::startEditing(const RowEdit& edit, const QRect& place) {
  if (edit.isFlag) {
    EditStep step = edit.step;
    edit.put(step, edit.now == QLatin1String("1") ? QStringLiteral("0") : QStringLiteral("1"));
    const QString name = edit.name;
    Q_EMIT edited(step, name);
    return;
  }
  if (editor_) editor_->deleteLater();
  editor_ = new RowEditor(edit, theme_, this);
  connect(editor_, &RowEditor::taken, this, &DescriptionView::edited);
  connect(editor_, &RowEditor::closed, this, [this] { setFocus(); });
  editor_->open({place.left(), place.top(), width() - 2 * margin, place.height()});
}

void DescriptionView::goToRow(int row) {
  if (placed_.empty()) return;
  current_ = std::clamp(row, 0, static_cast<int>(placed_.size()) - 1);
  const Placed& placed = placed_[static_cast<std::size_t>(current_)];
  setAccessibleName(tr("%1: %2").arg(placed.row->caption, placed.row->value));
  Q_EMIT rowReached(placed.place);
  update();
}

void DescriptionView::keyPressEvent(QKeyEvent* event) {
  if (editor_ && editor_->isVisible()) return event->accept();  // what the editor has no use for
  const DescriptionRow* row = current_ < 0 ? nullptr : placed_[static_cast<std::size_t>(current_)].row;
  const bool isEnter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
  if (event->key() == Qt::Key_Down) {
    goToRow(current_ + 1);
  } else if (event->key() == Qt::Key_Up) {
    goToRow(current_ - 1);
  } else if (isEnter && row && row->link) {
    const Element element = *row->link;  // the signal replaces the description
    Q_EMIT linkActivated(element);
  } else if (event->key() == Qt::Key_Delete && row && row->edit && row->edit->reset) {
    const EditStep step = *row->edit->reset;
    Q_EMIT edited(step, tr("%1: %2").arg(row->edit->resetTitle, row->caption));
  } else if ((isEnter || event->key() == Qt::Key_F2) && row && row->edit) {
    startEditing(*row->edit, placed_[static_cast<std::size_t>(current_)].place.adjusted(0, -3, 0, 3));
  } else if (event->key() == Qt::Key_F2 && description_.titleEdit) {
    startEditing(*description_.titleEdit, QRect(margin, margin - 4, 0, 28));
  } else if (event->matches(QKeySequence::Copy)) {
    QGuiApplication::clipboard()->setText(row ? row->value : to_text(description_));
  } else {
    QWidget::keyPressEvent(event);
  }
}

void DescriptionView::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu;
  if (const DescriptionRow* row = rowAt(event->pos())) {
    menu.addAction(tr("Copy value"), [value = row->value] { QGuiApplication::clipboard()->setText(value); });
    if (row->edit)
      menu.addAction(tr("Edit"), this, [this, edit = *row->edit, y = event->pos().y()] {
        startEditing(edit, QRect(margin, y - 14, 0, 28));
      });
    if (row->edit && row->edit->reset)
      menu.addAction(row->edit->resetTitle, this,
                     [this, step = *row->edit->reset, caption = row->caption, title = row->edit->resetTitle] {
                       Q_EMIT edited(step, tr("%1: %2").arg(title, caption));
                     });
    if (!row->tip.isEmpty())
      menu.addAction(tr("Copy %1").arg(row->link ? tr("name") : tr("whole text")),
                     [tip = row->tip] { QGuiApplication::clipboard()->setText(tip); });
  }
  menu.addAction(tr("Copy all"), [this] { QGuiApplication::clipboard()->setText(to_text(description_)); });
  menu.exec(event->globalPos());
}

bool DescriptionView::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const DescriptionRow* row = rowAt(help->pos());
  if (row && !row->tip.isEmpty())
    QToolTip::showText(help->globalPos(), row->tip, this, row ? rect() : QRect());
  else
    QToolTip::hideText();
  return true;
}

}  // namespace lapidary::ui
