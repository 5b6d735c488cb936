#pragma once

#include <QStyledItemDelegate>

namespace lapidary::ui {

class Theme;

/// Draws text at the right of `place`, each digit as wide as the widest of them, so that the digits of lines
/// one under the other align in any font.
void draw_tabular(QPainter& painter, const QRect& place, const QString& text);

/// An item delegate whose texts at the right are tabular.
class TabularDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 protected:
  /// A cell whose text leaves room for a stripe at its left; without a valid colour for the stripe the room
  /// stays free.
  void paintStriped(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index,
                    const Theme& theme, const QColor& stripe) const;
};

}  // namespace lapidary::ui
