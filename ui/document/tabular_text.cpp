#include "ui/document/tabular_text.h"

#include <QApplication>
#include <QPainter>
#include <algorithm>

#include "ui/document/theme.h"

namespace lapidary::ui {

namespace {

double digitWidth(const QFontMetricsF& metrics) {
  double widest = 0;
  for (char16_t digit = u'0'; digit <= u'9'; ++digit)
    widest = std::max(widest, metrics.horizontalAdvance(QChar(digit)));
  return widest;
}

}  // namespace

void draw_tabular(QPainter& painter, const QRect& place, const QString& text) {
  const QFontMetricsF metrics(painter.font());
  const double digit = digitWidth(metrics);
  double right = place.right() + 1;
  // From the right, digit by digit; what stands between digits is drawn as a whole.
  for (qsizetype end = text.size(); end > 0;) {
    qsizetype begin = end - 1;
    const bool isDigit = text[begin].isDigit();
    while (!isDigit && begin > 0 && !text[begin - 1].isDigit()) --begin;
    const QString part = text.mid(begin, end - begin);
    const double width = isDigit ? digit : metrics.horizontalAdvance(part);
    right -= width;
    painter.drawText(QRectF(right, place.top(), width, place.height()), Qt::AlignVCenter | Qt::AlignHCenter,
                     part);
    end = begin;
  }
}

void TabularDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const {
  QStyleOptionViewItem shown = option;
  initStyleOption(&shown, index);
  const QString text = shown.text;
  const QStyle* style = shown.widget ? shown.widget->style() : QApplication::style();
  const QRect place = style->subElementRect(QStyle::SE_ItemViewItemText, &shown, shown.widget);
  if (!(shown.displayAlignment & Qt::AlignRight) ||
      QFontMetrics(shown.font).horizontalAdvance(text) > place.width())
    return QStyledItemDelegate::paint(painter, option, index);
  shown.text.clear();
  style->drawControl(QStyle::CE_ItemViewItem, &shown, painter, shown.widget);
  painter->save();
  painter->setFont(shown.font);
  painter->setPen(shown.palette.color(QPalette::Text));
  draw_tabular(*painter, place.adjusted(0, 0, -3, 0), text);
  painter->restore();
}

void TabularDelegate::paintStriped(QPainter* painter, const QStyleOptionViewItem& option,
                                   const QModelIndex& index, const Theme& theme, const QColor& stripe) const {
  if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, theme.colors().selection);
  QStyleOptionViewItem shifted = option;
  shifted.rect.setLeft(shifted.rect.left() + 20);
  QStyledItemDelegate::paint(painter, shifted, index);
  if (stripe.isValid())
    painter->fillRect(QRect(option.rect.left() + 12, option.rect.top() + 4, 4, option.rect.height() - 8),
                      stripe);
}

}  // namespace lapidary::ui
