#include "ui/shell/outline_panel.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>
#include <cmath>

#include "ui/document/element_menu.h"

namespace lapidary::ui {

namespace {

constexpr int rowHeight = 24, barWidth = 46, barHeight = 6, gap = 8;

/// Name, count or operator type, and the bar.
class OutlineDelegate : public QStyledItemDelegate {
 public:
  OutlineDelegate(Theme* theme, QObject* parent) : QStyledItemDelegate(parent), theme_(theme) {}

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {80, rowHeight}; }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const ThemeColors& colors = theme_->colors();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (option.state & QStyle::State_Selected)
      painter->fillRect(option.rect, colors.selection);
    else if (option.state & QStyle::State_MouseOver)
      painter->fillRect(option.rect, colors.hover);
    const double share = index.data(OutlineModel::TimeShareRole).toDouble();
    QRect rest = option.rect.adjusted(2, 0, -gap, 0);
    if (share >= 0) {
      paintBar(painter,
               QRectF(rest.right() - barWidth, rest.center().y() - barHeight / 2, barWidth, barHeight),
               share);
      rest.setRight(rest.right() - barWidth - gap);
    }
    const QString name = index.data().toString();
    const QString count = index.data(OutlineModel::CountRole).toString();
    QFont font = option.font;
    if (option.state & QStyle::State_Selected) font.setWeight(QFont::DemiBold);
    const QFontMetrics metrics(font);
    // The name comes first; a type that the name says already is left out.
    const int nameWidth = std::min(metrics.horizontalAdvance(name) + 1, rest.width());
    const int countWidth = rest.width() - nameWidth - gap;
    painter->setFont(font);
    painter->setPen(colors.text);
    painter->drawText(rest, Qt::AlignVCenter | Qt::AlignLeft,
                      metrics.elidedText(name, Qt::ElideMiddle, rest.width()));
    const bool isGroup = index.data(OutlineModel::IsGroupRole).toBool();
    if ((isGroup || !name.startsWith(count)) && countWidth > 24) {
      painter->setFont(option.font);
      painter->setPen(colors.weakText);
      painter->drawText(rest, Qt::AlignVCenter | Qt::AlignRight,
                        option.fontMetrics.elidedText(count, Qt::ElideRight, countWidth));
    }
    painter->restore();
  }

 private:
  void paintBar(QPainter* painter, const QRectF& track, double share) const {
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme_->heat(0.15 + 0.85 * share));
    // Shares are shown by their square root: a module of a hundredth can still be told from one of a
    // thousandth.
    const QRectF bar(track.topLeft(),
                     QSizeF(std::max(2.0, track.width() * std::sqrt(share)), track.height()));
    painter->drawRoundedRect(bar, 2, 2);
  }

  Theme* theme_;
};

}  // namespace

OutlinePanel::OutlinePanel(Theme* theme, QWidget* parent)
    : QTreeView(parent), model_(new OutlineModel(this)) {
  setModel(model_);
  setItemDelegate(new OutlineDelegate(theme, this));
  setHeaderHidden(true);
  setUniformRowHeights(true);
  setIndentation(14);
  setViewportMargins(8, 0, 0, 0);
  setMouseTracking(true);
  setExpandsOnDoubleClick(false);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollMode(ScrollPerPixel);
  setAccessibleName(tr("Outline"));
  connect(this, &QTreeView::clicked, this, &OutlinePanel::selectRow);
  connect(this, &QTreeView::entered, this, [this](const QModelIndex& index) {
    const Element element = model_->elementAt(index);
    if (document_) document_->selection()->setHovered(&element);
  });
  connect(this, &QTreeView::doubleClicked, this, [this](const QModelIndex& index) {
    if (!document_) return;
    const Element element = model_->elementAt(index);
    setExpanded(index, !isExpanded(index));
    document_->reveal(element);
    if (element.kind == Element::Kind::Group && element.index > 0)
      document_->setOpen(document_->nameOf(element).toStdString(), true);
  });
  connect(theme, &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void OutlinePanel::setDocument(Document* document) {
  if (document_)
    disconnect(document_->selection(), nullptr, this, nullptr),
        disconnect(document_->heat(), nullptr, this, nullptr);
  document_ = document;
  model_->setDocument(document);
  if (!document) return;
  connect(document->selection(), &Selection::changed, this, &OutlinePanel::followSelection);
  connect(document->heat(), &Heat::changed, viewport(), qOverload<>(&QWidget::update));
  followSelection();
}

void OutlinePanel::reset() {
  QTreeView::reset();
  // Where one module holds everything, the branching below is what one wants to see.
  for (QModelIndex index = model_->index(0, 0); index.isValid(); index = model_->index(0, 0, index)) {
    expand(index);
    if (model_->rowCount(index) != 1) break;
  }
}

void OutlinePanel::followSelection() {
  if (!document_) return;
  const Element* current = document_->selection()->current();
  QModelIndex index;
  if (current && (current->kind == Element::Kind::Value || current->graph)) {
    const std::vector<int> nodes = document_->nodesOf(*current);
    if (!nodes.empty()) index = model_->indexOf(Element::node(nodes.front()));
  } else if (current) {
    index = model_->indexOf(*current);
  }
  setCurrentIndex(index);
  if (index.isValid()) scrollTo(index);
}

void OutlinePanel::selectRow(const QModelIndex& index) {
  if (!document_) return;
  const Element element = model_->elementAt(index);
  if (element == Element::group(0))
    document_->selection()->clear();
  else
    document_->selection()->select(element);
}

void OutlinePanel::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
    Q_EMIT doubleClicked(currentIndex());
    return;
  }
  QTreeView::keyPressEvent(event);
  if (currentIndex().isValid()) selectRow(currentIndex());
}

void OutlinePanel::leaveEvent(QEvent* event) {
  QTreeView::leaveEvent(event);
  if (document_) document_->selection()->setHovered(nullptr);
}

void OutlinePanel::contextMenuEvent(QContextMenuEvent* event) {
  if (!document_) return;
  const bool byMouse = event->reason() == QContextMenuEvent::Mouse;
  const QModelIndex row = byMouse ? indexAt(event->pos()) : currentIndex();
  QMenu menu(this);
  if (row.isValid()) {
    setCurrentIndex(row);
    selectRow(row);
    add_element_entries(menu, *document_, model_->elementAt(row));
    menu.addSeparator();
  }
  menu.addAction(tr("Expand All"), this, &QTreeView::expandAll);
  menu.addAction(tr("Collapse All"), this, &QTreeView::collapseAll);
  menu.exec(byMouse ? event->globalPos() : viewport()->mapToGlobal(visualRect(row).center()));
}

}  // namespace lapidary::ui
