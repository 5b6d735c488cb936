#include "ui/inspector/inspector.h"

#include <QLabel>
#include <QVBoxLayout>

#include "ui/inspector/description_view.h"
#include "ui/inspector/tensor_view.h"
#include "ui/inspector/weight_edits.h"

namespace lapidary::ui {

Inspector::Inspector(Theme* theme, JobList* jobs, QWidget* parent)
    : QScrollArea(parent),
      view_(new DescriptionView(theme)),
      numbers_(new TensorView(theme, jobs)),
      documentation_(new DescriptionView(theme)) {
  auto* content = new QWidget;
  content->setObjectName(QStringLiteral("inspector"));
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(0, 0, 0, 8);
  column->setSpacing(0);
  auto* title = new QLabel(tr("Numbers"));
  title->setProperty("role", QStringLiteral("section"));
  title->setContentsMargins(16, 0, 16, 0);
  numbersTitle_ = title;
  column->addWidget(view_);
  column->addWidget(numbersTitle_);
  column->addWidget(numbers_);
  column->addWidget(documentation_);
  column->addStretch(1);
  numbers_->setMinimumHeight(300);
  setWidget(content);
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setMinimumWidth(240);
  setFocusPolicy(Qt::NoFocus);
  for (DescriptionView* view : {view_, documentation_})
    connect(view, &DescriptionView::rowReached, this, [this, view](const QRect& place) {
      ensureVisible(0, view->y() + place.center().y(), 0, place.height());
    });
  connect(numbers_, &TensorView::numberTyped, this,
          [this](const QString& tensor, qint64 position, const QString& typed) {
            const auto weight = document_ ? weight_seen(*document_, tensor.toStdString()) : std::nullopt;
            if (weight) set_weight_number(*document_, *weight, position, typed);
          });
  connect(numbers_, &TensorView::replacementWanted, this, [this](const QString& tensor) {
    const auto weight = document_ ? weight_seen(*document_, tensor.toStdString()) : std::nullopt;
    if (weight) ask_to_replace_weight(*document_, *weight, this);
  });
  connect(view_, &DescriptionView::linkActivated, this, [this](const Element& element) {
    if (document_) document_->selection()->select(element);
  });
  for (DescriptionView* view : {view_, documentation_})
    connect(view, &DescriptionView::edited, this, [this](const EditStep& step, const QString& name) {
      if (document_) document_->edit(step, name);
    });
}

void Inspector::setDocument(Document* document) {
  if (document_)
    disconnect(document_, nullptr, this, nullptr), disconnect(document_->selection(), nullptr, this, nullptr);
  document_ = document;
  if (document) {
    connect(document->selection(), &Selection::changed, this, &Inspector::refresh);
    connect(document, &Document::stateChanged, this, &Inspector::refresh);
    connect(document, &Document::typesChanged, this, &Inspector::refresh);
    connect(document, &Document::analysed, this, &Inspector::refresh);
    connect(document, &Document::runChanged, this, &Inspector::refresh);
  }
  refresh();
}

void Inspector::refresh() {
  Description description = document_ ? describe_selection(*document_) : Description{};
  const NamedData numbers = std::move(description.numbers);
  Description below;
  below.sections = description.documentation;
  view_->setDescription(std::move(description));
  documentation_->setVisible(!below.sections.empty());
  documentation_->setDescription(std::move(below));
  numbersTitle_->setVisible(!numbers.empty());
  numbers_->setVisible(!numbers.empty());
  std::set<std::string> weights;
  for (const auto& [name, datum] : numbers)
    if (document_ && weight_seen(*document_, name)) weights.insert(name);
  numbers_->setData(numbers);
  numbers_->setEditable(std::move(weights));
}

}  // namespace lapidary::ui
