#include "ui/shell/problems_panel.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QMouseEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <algorithm>

#include "ui/document/copy_action.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr int buttonHeight = 24;
constexpr std::size_t mostRepairs =
    200;  ///< each looks through the graph; those beyond wait for others to go

/// Icon of the severity, the place in bold, the message wrapped beneath.
class ProblemDelegate : public QStyledItemDelegate {
 public:
  ProblemDelegate(Theme* theme, QListView* view) : QStyledItemDelegate(view), theme_(theme), view_(view) {}

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const int width = view_->viewport()->width() - 44;
    const int height =
        option.fontMetrics.boundingRect(0, 0, width, 1000, Qt::TextWordWrap, index.data().toString())
            .height();
    const bool hasPlace = !index.data(ProblemsModel::PlaceRole).toString().isEmpty();
    const bool hasButton = !index.data(ProblemsModel::RepairRole).toString().isEmpty();
    return {width,
            height + (hasPlace ? option.fontMetrics.height() : 0) + 12 + (hasButton ? buttonHeight + 6 : 0)};
  }

  /// Where the button stands that repairs the problem; empty if it has none.
  static QRect button(const QRect& item, const QFontMetrics& metrics, const QString& title) {
    if (title.isEmpty()) return {};
    const int width = std::min(metrics.horizontalAdvance(title) + 20, item.width() - 44);
    return {item.left() + 36, item.bottom() - buttonHeight - 5, width, buttonHeight};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    painter->save();
    const ThemeColors& colors = theme_->colors();
    if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, colors.selection);
    const auto severity = static_cast<Problem::Severity>(index.data(ProblemsModel::SeverityRole).toInt());
    const bool isError = severity == Problem::Severity::Error;
    const QString icon = isError                                  ? QStringLiteral("problem")
                         : severity == Problem::Severity::Warning ? QStringLiteral("warning")
                                                                  : QStringLiteral("note");
    theme_->icon(icon, isError ? colors.problem : colors.weakText)
        .paint(painter, QRect(option.rect.left() + 12, option.rect.top() + 7, 16, 16));
    QRect rest = option.rect.adjusted(36, 6, -8, -6);
    const QString place = index.data(ProblemsModel::PlaceRole).toString();
    if (!place.isEmpty()) {
      QFont bold = option.font;
      bold.setWeight(QFont::DemiBold);
      painter->setFont(bold);
      painter->setPen(colors.text);
      painter->drawText(rest, Qt::AlignTop,
                        QFontMetrics(bold).elidedText(place, Qt::ElideMiddle, rest.width()));
      rest.setTop(rest.top() + option.fontMetrics.height());
    }
    painter->setFont(option.font);
    painter->setPen(place.isEmpty() ? colors.text : colors.weakText);
    painter->drawText(rest, Qt::AlignTop | Qt::TextWordWrap, index.data().toString());
    const QString repair = index.data(ProblemsModel::RepairRole).toString();
    if (const QRect spot = button(option.rect, option.fontMetrics, repair); !spot.isEmpty()) {
      painter->setRenderHint(QPainter::Antialiasing);
      painter->setPen(colors.border);
      painter->setBrush(colors.raised);
      painter->drawRoundedRect(QRectF(spot).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7);
      painter->setPen(colors.text);
      painter->drawText(spot, Qt::AlignCenter,
                        option.fontMetrics.elidedText(repair, Qt::ElideRight, spot.width() - 12));
    }
    painter->restore();
  }

 private:
  Theme* theme_;
  QListView* view_;
};

}  // namespace

void ProblemsModel::setDocument(Document* document) {
  if (document_) disconnect(document_, nullptr, this, nullptr);
  document_ = document;
  if (document) {
    connect(document, &Document::analysed, this, &ProblemsModel::rebuild);
    connect(document, &Document::stateChanged, this, &ProblemsModel::rebuild);
  }
  rebuild();
}

void ProblemsModel::rebuild() {
  beginResetModel();
  problems_.clear();
  if (document_) {
    for (const UnsupportedOperator& missing : document_->unsupported()) {
      const QString name =
          missing.domain.empty() ? text(missing.op) : text(missing.domain + "." + missing.op);
      Problem problem;
      problem.message = tr("%1 (%2 ×) has no kernel here: the model opens but cannot run")
                            .arg(name)
                            .arg(missing.count)
                            .toStdString();
      problems_.push_back(std::move(problem));
    }
    problems_.insert(problems_.end(), document_->problems().begin(), document_->problems().end());
    std::stable_sort(problems_.begin(), problems_.end(),
                     [](const Problem& a, const Problem& b) { return a.severity < b.severity; });
  }
  repairs_.clear();
  for (const Problem& problem : problems_)
    repairs_.push_back(repairs_.size() < mostRepairs && document_->types()
                           ? repair_for(problem, *document_->model(), *document_->types())
                           : std::nullopt);
  endResetModel();
}

int ProblemsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(problems_.size());
}

QVariant ProblemsModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Problem& problem = problemAt(index.row());
  switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole:
      return text(problem.message);
    case SeverityRole:
      return static_cast<int>(problem.severity);
    case PlaceRole:
      return text(problem.node.empty() ? problem.tensor : problem.node);
    case RepairRole:
      return repairAt(index.row()) ? text(repairAt(index.row())->title) : QString();
    default:
      return {};
  }
}

ProblemsPanel::ProblemsPanel(Theme* theme, QWidget* parent)
    : QListView(parent), theme_(theme), model_(new ProblemsModel(this)) {
  setModel(model_);
  setItemDelegate(new ProblemDelegate(theme, this));
  setResizeMode(Adjust);
  setVerticalScrollMode(ScrollPerPixel);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Problems"));
  auto* show = new QAction(tr("Show in the Graph"), this);
  connect(show, &QAction::triggered, this, [this] {
    if (currentIndex().isValid()) go(currentIndex());
  });
  addAction(show);
  auto* repairing = new QAction(tr("Repair"), this);
  repairing->setShortcuts({Qt::CTRL | Qt::Key_Return, Qt::CTRL | Qt::Key_Enter});
  repairing->setShortcutContext(Qt::WidgetShortcut);
  connect(repairing, &QAction::triggered, this, [this] { repair(currentIndex()); });
  addAction(repairing);
  add_copy_action(this, tr("Copy Problems as TSV"), [this] { copy(); });
  connect(this, &QListView::clicked, this, &ProblemsPanel::go);
  connect(this, &QListView::activated, this, &ProblemsPanel::go);
  connect(theme, &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void ProblemsPanel::setDocument(Document* document) {
  document_ = document;
  model_->setDocument(document);
}

void ProblemsPanel::go(const QModelIndex& index) {
  if (!document_ || !document_->model()) return;
  const Problem& problem = model_->problemAt(index.row());
  if (const std::optional<Element> node = document_->nodeNamed(problem.node)) {
    document_->reveal(*node);
    return document_->selection()->select(*node);
  }
  if (!problem.tensor.empty()) document_->selection()->select(Element::named(problem.tensor));
}

void ProblemsPanel::repair(const QModelIndex& index) {
  const Repair* repair = index.isValid() ? model_->repairAt(index.row()) : nullptr;
  if (!repair || !document_) return;
  const Repair made = *repair;  // the list is another afterwards
  document_->edit(made.step, text(made.title));
}

void ProblemsPanel::mousePressEvent(QMouseEvent* event) {
  const QModelIndex index = indexAt(event->pos());
  const QRect button = index.isValid()
                           ? ProblemDelegate::button(visualRect(index), fontMetrics(),
                                                     index.data(ProblemsModel::RepairRole).toString())
                           : QRect();
  if (event->button() != Qt::LeftButton || !button.contains(event->pos()))
    return QListView::mousePressEvent(event);
  setCurrentIndex(index);
  repair(index);
}

/// The problem that is selected, else all: place and message.
void ProblemsPanel::copy() const {
  QString lines;
  for (int row = 0; row < model_->rowCount(); ++row) {
    const QModelIndex index = model_->index(row);
    if (selectionModel()->hasSelection() && !selectionModel()->isSelected(index)) continue;
    lines += index.data(ProblemsModel::PlaceRole).toString() + QLatin1Char('\t') + index.data().toString() +
             QLatin1Char('\n');
  }
  QGuiApplication::clipboard()->setText(lines);
}

void ProblemsPanel::paintEvent(QPaintEvent* event) {
  QListView::paintEvent(event);
  if (model_->rowCount() != 0) return;
  QPainter painter(viewport());
  painter.setPen(theme_->colors().weakText);
  const bool checked = document_ && document_->cost();
  painter.drawText(viewport()->rect().adjusted(16, 12, -16, 0),
                   Qt::AlignTop | Qt::AlignLeft | Qt::TextWordWrap,
                   checked ? tr("No problems found") : tr("What a check of the model finds is listed here"));
}

}  // namespace lapidary::ui
