#include "ui/timeline/roofline_view.h"

#include <QKeyEvent>
#include <QLabel>
#include <QListWidget>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QSplitter>
#include <QToolTip>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <map>

#include "engine/machine_roofs.h"
#include "engine/ops/operator_table.h"
#include "ui/document/focus_frame.h"
#include "ui/document/format.h"
#include "ui/document/run_hint.h"

namespace lapidary::ui {

namespace {

constexpr double margin = 16, scaleWidth = 76, headHeight = 20, footHeight = 20, captionWidth = 168;
// Powers of ten at the ends of the scales: FLOP a byte, and GFLOP/s.
constexpr double leastIntensity = -2, mostIntensity = 3, leastRate = -1, mostRate = 3.5;

}  // namespace

RooflineView::RooflineView(Theme* theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setMinimumHeight(120);
  setAccessibleName(tr("Roofline"));
  connect(theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void RooflineView::setDocument(Document* document) {
  if (document_)
    disconnect(document_, nullptr, this, nullptr), disconnect(document_->selection(), nullptr, this, nullptr);
  document_ = document;
  if (document) {
    connect(document, &Document::runChanged, this, &RooflineView::refresh);
    connect(document, &Document::stateChanged, this, &RooflineView::refresh);
    connect(document->selection(), &Selection::changed, this, qOverload<>(&QWidget::update));
  }
  refresh();
}

void RooflineView::setRoofs(const Roofs& roofs) {
  roofs_ = roofs;
  refresh();
}

void RooflineView::refresh() {
  points_.clear();
  current_ = -1;
  if (summary()) points_ = roofline_of(*summary(), document_->result()->trace, roofs_);
  update();
}

const TraceSummary* RooflineView::summary() const {
  return document_ && document_->result() ? &document_->result()->summary : nullptr;
}

QRectF RooflineView::area() const {
  return QRectF(rect()).adjusted(scaleWidth, headHeight + 4, -captionWidth, -footHeight - 4);
}

double RooflineView::x(double intensity) const {
  const double share = (std::log10(intensity) - leastIntensity) / (mostIntensity - leastIntensity);
  return area().left() + std::clamp(share, 0.0, 1.0) * area().width();
}

double RooflineView::y(double gflops) const {
  const double share = (std::log10(gflops) - leastRate) / (mostRate - leastRate);
  return area().bottom() - std::clamp(share, 0.0, 1.0) * area().height();
}

double RooflineView::radius(const OperatorTime& time) const {
  return std::clamp(3 + 30 * std::sqrt(std::max(time.share, 0.0)), 3.0, 18.0);
}

std::optional<QPointF> RooflineView::placeOf(int row) const {
  if (!summary() || row < 0 || row >= static_cast<int>(points_.size())) return std::nullopt;
  const OperatorTime& time = summary()->operators[static_cast<std::size_t>(row)];
  const double intensity = points_[static_cast<std::size_t>(row)].intensity;
  if (intensity <= 0 || time.total_ms <= 0) return std::nullopt;
  return QPointF(x(intensity), y(time.flops / time.total_ms * 1e-6));
}

int RooflineView::operatorAt(QPointF place) const {
  int nearest = -1;
  double best = 12;  // pixels
  for (int row = 0; row < static_cast<int>(points_.size()); ++row) {
    const auto at = placeOf(row);
    if (!at) continue;
    const double distance =
        QLineF(*at, place).length() - radius(summary()->operators[static_cast<std::size_t>(row)]) / 2;
    if (distance < best) best = distance, nearest = row;
  }
  return nearest;
}

std::vector<int> RooflineView::selectedNodes() const {
  std::vector<int> nodes;
  for (const Element& element : document_->selection()->elements())
    for (const int node : document_->nodesOf(element)) nodes.push_back(node);
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

bool RooflineView::isSelected(const OperatorTime& time, const std::vector<int>& nodes) const {
  return std::any_of(time.nodes.begin(), time.nodes.end(),
                     [&](int node) { return std::binary_search(nodes.begin(), nodes.end(), node); });
}

void RooflineView::paintScale(QPainter& painter) const {
  const ThemeColors& colors = theme_->colors();
  const auto power = [](int exponent) { return QString::number(std::pow(10.0, exponent), 'g', 4); };
  painter.setPen(colors.weakText);
  painter.drawText(QRectF(margin, 2, width() - 2 * margin, headHeight), Qt::AlignVCenter | Qt::AlignLeft,
                   tr("Rate in GFLOP/s over FLOP a byte · size: time · lines: this machine's roofs"));
  for (int exponent = static_cast<int>(leastRate); exponent <= static_cast<int>(mostRate); ++exponent) {
    const double line = std::round(y(std::pow(10.0, exponent))) + 0.5;
    painter.setPen(colors.border);
    painter.drawLine(QPointF(area().left(), line), QPointF(area().right(), line));
    painter.setPen(colors.weakText);
    painter.drawText(QRectF(0, line - 8, scaleWidth - 8, 16), Qt::AlignVCenter | Qt::AlignRight,
                     power(exponent));
  }
  for (int exponent = static_cast<int>(leastIntensity); exponent <= static_cast<int>(mostIntensity);
       ++exponent) {
    const double line = std::round(x(std::pow(10.0, exponent))) + 0.5;
    painter.setPen(colors.border);
    painter.drawLine(QPointF(line, area().top()), QPointF(line, area().bottom()));
    painter.setPen(colors.weakText);
    painter.drawText(QRectF(line - 30, area().bottom() + 4, 60, 16), Qt::AlignCenter, power(exponent));
  }
}

/// The slope of memory, and a level for each type that is multiplied, from where they meet. Captions stand
/// beside the levels' ends, one under the other where these lie close together.
void RooflineView::paintRoofs(QPainter& painter) const {
  if (roofs_.bytes_per_second <= 0) return;
  const double memory = roofs_.bytes_per_second * 1e-9;  // GFLOP/s at one FLOP a byte
  const double least = std::pow(10.0, leastIntensity), most = std::pow(10.0, mostIntensity);
  const QPen line(theme_->colors().accent, 1.5);
  std::map<double, DataType, std::greater<>> levels;
  for (const auto& [type, rate] : roofs_.flops_per_second)
    if (rate > 0) levels.emplace(rate * 1e-9, type);
  if (!levels.empty()) {
    const double best = levels.begin()->first;
    painter.setPen(line);
    painter.drawLine(QPointF(x(least), y(memory * least)), QPointF(x(best / memory), y(best)));
  }
  constexpr double captionHeight = 16, afterMemory = 4;
  double free = 0;
  for (const auto& [gflops, type] : levels) {
    painter.setPen(line);
    painter.drawLine(QPointF(x(gflops / memory), y(gflops)), QPointF(x(most), y(gflops)));
    const double top = std::max(free, y(gflops) - captionHeight / 2);
    free = top + captionHeight;
    painter.setPen(theme_->colors().weakText);
    painter.drawText(QRectF(area().right() + 8, top, captionWidth - 8, captionHeight),
                     Qt::AlignVCenter | Qt::AlignLeft,
                     tr("%1 %2").arg(text(name_of(type)), flopsPerSecond(gflops)));
  }
  painter.setPen(theme_->colors().weakText);
  painter.drawText(QPointF(x(afterMemory * least), y(memory * afterMemory * least) + captionHeight),
                   tr("memory %1/s").arg(bytes(roofs_.bytes_per_second)));
}

void RooflineView::paintDots(QPainter& painter) const {
  const std::vector<int> nodes = selectedNodes();
  for (const bool selected : {false, true})
    for (int row = static_cast<int>(points_.size()) - 1; row >= 0; --row) {
      const OperatorTime& time = summary()->operators[static_cast<std::size_t>(row)];
      const auto place = placeOf(row);
      if (!place || isSelected(time, nodes) != selected) continue;
      const int first = time.nodes.empty() ? -1 : time.nodes.front();
      const Node* node = first < 0 ? nullptr : document_->nodeOf(Element::node(first));
      QColor color = theme_->kind(node ? kind_of(node->domain, node->op_type) : OperatorKind::ShapeAndLayout);
      color.setAlphaF(0.7f);
      painter.setBrush(color);
      painter.setPen(selected ? QPen(theme_->colors().text, 2) : QPen(theme_->colors().canvas, 1));
      painter.drawEllipse(*place, radius(time), radius(time));
    }
}

void RooflineView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  if (!summary()) return;
  paintScale(painter);
  paintRoofs(painter);
  paintDots(painter);
  paint_focus(painter, *this, *theme_);
}

QString RooflineView::tip(int row) const {
  const OperatorTime& time = summary()->operators[static_cast<std::size_t>(row)];
  const RooflinePoint& point = points_[static_cast<std::size_t>(row)];
  QString said = tr("%1 · %2\n%3, %4")
                     .arg(text(time.node), text(time.op), milliseconds(time.total_ms),
                          flopsPerSecond(time.flops / time.total_ms * 1e-6));
  if (point.attainable_ms > 0)
    said += tr("\n%1 of its roof (%2); the roofs allow %3")
                .arg(percent(point.share_of_roof), text(point.bound), milliseconds(point.attainable_ms));
  return said;
}

void RooflineView::select(int row) {
  current_ = row;
  const auto elements = document_->elementsOf(summary()->operators[static_cast<std::size_t>(row)]);
  document_->selection()->select(elements);
  setAccessibleDescription(tip(row));
}

void RooflineView::mousePressEvent(QMouseEvent* event) {
  if (const int row = operatorAt(event->position()); row >= 0) select(row);
}

void RooflineView::mouseMoveEvent(QMouseEvent* event) {
  const int row = operatorAt(event->position());
  QToolTip::showText(event->globalPosition().toPoint(), row < 0 ? QString() : tip(row), this);
}

/// The slowest operators come first.
void RooflineView::keyPressEvent(QKeyEvent* event) {
  const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
  int row = current_ + step;
  while (step != 0 && row >= 0 && row < static_cast<int>(points_.size()) && !placeOf(row)) row += step;
  if (step == 0 || row < 0 || row >= static_cast<int>(points_.size())) return QWidget::keyPressEvent(event);
  select(row);
}

// --- the panel ---

RooflinePanel::RooflinePanel(Theme* theme, JobList* jobs, QWidget* parent)
    : QWidget(parent),
      jobs_(jobs),
      view_(new RooflineView(theme)),
      list_(new QListWidget),
      hint_(new RunHint(
          tr("Run the model to see how far each operator is from what this machine can do · Ctrl+R"))) {
  auto* content = new QSplitter;
  content->setChildrenCollapsible(false);
  content->addWidget(view_);
  content->addWidget(makeFindings());
  content->setStretchFactor(0, 3);
  content->setStretchFactor(1, 2);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(hint_);
  column->addWidget(content);
  hint_->standInFor(content);
}

QWidget* RooflinePanel::makeFindings() {
  auto* side = new QWidget;
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(16, 4, 8, 0);
  column->setSpacing(4);
  auto* title = new QLabel(tr("What to do"));
  title->setProperty("role", QStringLiteral("section"));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setWordWrap(true);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setAccessibleName(tr("What to do"));
  column->addWidget(title);
  column->addWidget(list_, 1);
  connect(list_, &QListWidget::currentRowChanged, this, &RooflinePanel::go);
  return side;
}

void RooflinePanel::setDocument(Document* document) {
  if (document_) disconnect(document_, nullptr, this, nullptr);
  document_ = document;
  view_->setDocument(document);
  hint_->setDocument(document);
  if (document) {
    connect(document, &Document::runChanged, this, &RooflinePanel::measure);
    connect(document, &Document::stateChanged, this, &RooflinePanel::list);
  }
  measure();
}

/// The roofs for as many threads as the run had: measured once, and then known.
void RooflinePanel::measure() {
  list();
  if (!document_ || !document_->result()) return;
  const int threads = document_->result()->trace.threads;
  if (threads == measuredThreads_) return;
  measuredThreads_ = threads;
  jobs_->start(
      this, QStringLiteral("roofs"), tr("Measure what this machine can do"),
      [threads](const JobControl&) { return machine_roofs(threads); },
      [this](const Roofs& roofs) {
        roofs_ = roofs;
        view_->setRoofs(roofs);
        list();
      });
}

void RooflinePanel::list() {
  findings_.clear();
  list_->clear();
  if (!document_ || !document_->result() || roofs_.flops_per_second.empty()) return;
  const RunResult& result = *document_->result();
  findings_ = find_findings(result.summary, result.trace, roofs_);
  for (const Finding& finding : findings_) {
    QString line = tr("%1 · %2").arg(milliseconds(finding.milliseconds), text(finding.message));
    if (finding.gain_ms > 0) line += tr(" · could save %1").arg(milliseconds(finding.gain_ms));
    list_->addItem(line);
  }
  if (findings_.empty()) list_->addItem(tr("Nothing stands out: what takes time is near its roof."));
}

/// Selects the nodes that a finding is about.
void RooflinePanel::go(int row) {
  if (row < 0 || row >= static_cast<int>(findings_.size()) || !document_ || !document_->result()) return;
  const auto& steps = document_->result()->trace.steps;
  std::vector<Element> elements;
  for (const int step : findings_[static_cast<std::size_t>(row)].steps)
    for (const int node : steps[static_cast<std::size_t>(step)].nodes)
      elements.push_back(Element::node(node));
  if (!elements.empty()) document_->reveal(elements.front());
  document_->selection()->select(std::move(elements));
}

}  // namespace lapidary::ui
