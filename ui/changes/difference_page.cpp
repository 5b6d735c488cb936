#include "ui/changes/difference_page.h"

#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

/// Long lists are cut: whoever has that many differences compares two different networks.
constexpr std::size_t mostLines = 2000;
constexpr int NodeRole = Qt::UserRole, BeforeRole = Qt::UserRole + 1;

}  // namespace

DifferencePage::DifferencePage(Document* document, const QString& otherPath, QWidget* parent)
    : OverPage(parent),
      document_(document),
      jobs_(document->jobs()),
      other_(new Document(document->theme(), document->jobs(), this)),
      view_(new ChangeView(document, other_)),
      status_(new QLabel),
      list_(new QTreeWidget) {
  other_->open(otherPath);
  view_->setTitles(document->title(), other_->title());
  place(makeList(), view_);
  for (const Document* either : {document_, other_})
    connect(either, &Document::stateChanged, this, &DifferencePage::compare);
  compare();
}

// The document may be gone before its page.
DifferencePage::~DifferencePage() { jobs_->cancelAll(this); }

QWidget* DifferencePage::makeList() {
  auto* side = new QWidget;
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(16, 12, 16, 12);
  column->setSpacing(8);
  auto* title = new QLabel(tr("Differences"));
  title->setProperty("role", QStringLiteral("title"));
  status_->setWordWrap(true);
  status_->setProperty("role", QStringLiteral("weak"));
  list_->setHeaderHidden(true);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setUniformRowHeights(true);
  list_->setAccessibleName(tr("Differences"));
  connect(list_, &QTreeWidget::currentItemChanged, this, &DifferencePage::go);
  auto* close = new QPushButton(tr("Close"));
  connect(close, &QPushButton::clicked, this, &DifferencePage::closeWanted);
  column->addWidget(title);
  column->addWidget(status_);
  column->addWidget(list_, 1);
  column->addWidget(close);
  return side;
}

void DifferencePage::compare() {
  if (other_->state() == Document::State::Failed) {
    status_->setText(text(other_->error()->what()));
    return;
  }
  status_->setText(tr("Comparing…"));
  if (!document_->model() || !other_->model()) return;
  using Compared = std::pair<ModelDifference, NodeChanges>;
  jobs_->start(
      this, QStringLiteral("difference"), tr("Compare %1 and %2").arg(document_->title(), other_->title()),
      [before = document_->model(), after = other_->model()](const JobControl&) {
        ModelDifference difference = difference_between(*before, *after);
        NodeChanges changes = node_changes(difference, *before, *after);
        return Compared(std::move(difference), std::move(changes));
      },
      [this](Compared compared) {
        difference_ = std::make_unique<ModelDifference>(std::move(compared.first));
        view_->setChanges(std::move(compared.second));
        list();
        Q_EMIT changed();
      },
      [this](const Error& error) { status_->setText(text(error.what())); });
}

QTreeWidgetItem* DifferencePage::addSection(const QString& title, std::size_t number) {
  auto* section = new QTreeWidgetItem(list_);
  section->setText(0, tr("%1 · %2").arg(title, count(static_cast<double>(number))));
  section->setExpanded(number <= 20);
  return section;
}

void DifferencePage::addNodes(const QString& title, const std::vector<NodePlace>& nodes, bool isBefore) {
  if (nodes.empty()) return;
  QTreeWidgetItem* section = addSection(title, nodes.size());
  for (std::size_t i = 0; i < std::min(nodes.size(), mostLines); ++i) {
    auto* line = new QTreeWidgetItem(section);
    line->setText(0, tr("%1 · %2").arg(text(nodes[i].label), text(nodes[i].op_type)));
    line->setData(0, NodeRole, nodes[i].position);
    line->setData(0, BeforeRole, isBefore);
  }
}

void DifferencePage::list() {
  list_->clear();
  const ModelDifference& difference = *difference_;
  status_->setText(difference.equal() ? tr("The models say the same.") : QString());
  status_->setVisible(!status_->text().isEmpty());
  const auto addTexts = [&](const QString& title, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    QTreeWidgetItem* section = addSection(title, texts.size());
    for (const std::string& line : texts) {
      new QTreeWidgetItem(section, {text(line)});
      section->child(section->childCount() - 1)->setToolTip(0, text(line));
    }
  };
  addTexts(tr("Model"), difference.properties);
  const GraphDifference& graph = difference.graphs.front();
  addTexts(tr("Inputs and outputs"), graph.interface);
  std::vector<const NodePair*> changedPairs;
  for (const NodePair& pair : graph.pairs)
    if (!pair.differences.empty()) changedPairs.push_back(&pair);
  if (!changedPairs.empty()) {
    QTreeWidgetItem* section = addSection(tr("Changed nodes"), changedPairs.size());
    for (std::size_t i = 0; i < std::min(changedPairs.size(), mostLines); ++i) {
      const NodePair& pair = *changedPairs[i];
      auto* line = new QTreeWidgetItem(section);
      line->setText(0, text(pair.before.label));
      line->setData(0, NodeRole, pair.before.position);
      line->setData(0, BeforeRole, true);
      for (const std::string& what : pair.differences) new QTreeWidgetItem(line, {text(what)});
    }
  }
  addNodes(tr("Removed nodes"), graph.removed, true);
  addNodes(tr("Added nodes"), graph.added, false);
  std::vector<std::string> weights;
  for (const WeightDifference& weight : difference.weights) {
    if (weights.size() == mostLines) break;
    weights.push_back(weight.name +
                      (weight.before && weight.after ? ": "
                       : weight.before               ? ": only here, "
                                                     : ": only there, ") +
                      weight.description);
    if (weight.max_absolute > 0)
      weights.back() += tr(", by up to %1").arg(number(weight.max_absolute)).toStdString();
  }
  addTexts(tr("Weights"), weights);
}

void DifferencePage::go(QTreeWidgetItem* item) {
  if (!item || !item->data(0, NodeRole).isValid()) return;
  Document* document = item->data(0, BeforeRole).toBool() ? document_ : other_;
  const Element node = Element::node(item->data(0, NodeRole).toInt());
  document->reveal(node);
  document->selection()->select(node);
}

}  // namespace lapidary::ui
