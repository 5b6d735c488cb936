#include "ui/shell/find_box.h"

#include <QAction>
#include <QKeyEvent>
#include <QLabel>

#include "ui/document/search.h"

namespace lapidary::ui {

FindBox::FindBox(Theme* theme, QWidget* parent) : QLineEdit(parent), count_(new QLabel(this)) {
  setObjectName(QStringLiteral("find"));
  setPlaceholderText(tr("Find: op:Conv shape:*×2048"));
  setAccessibleName(tr("Find"));
  setToolTip(
      tr("Words are looked for in types, names, tensors and attributes.\n"
         "op:  name:  tensor:  shape:  attr:  ask one of them; * stands for anything."));
  count_->setProperty("role", QStringLiteral("weak"));
  count_->setAttribute(Qt::WA_TransparentForMouseEvents);
  QAction* lens = addAction(theme->icon(QStringLiteral("search"), theme->colors().weakText), LeadingPosition);
  connect(theme, &Theme::changed, this,
          [lens, theme] { lens->setIcon(theme->icon(QStringLiteral("search"), theme->colors().weakText)); });
  pause_.setSingleShot(true);
  pause_.setInterval(120);
  connect(&pause_, &QTimer::timeout, this, &FindBox::startSearch);
  connect(this, &QLineEdit::textChanged, this, [this] {
    results_.clear();
    current_ = -1;
    if (document_) document_->selection()->setFound({});
    showCount();
    pause_.start();
  });
  showCount();
}

void FindBox::setDocument(Document* document) {
  if (document_) disconnect(document_, nullptr, this, nullptr);
  document_ = document;
  setEnabled(document != nullptr);
  if (document) {
    // Results belong to one model; and once types are there, there is more to look through.
    connect(document, &Document::stateChanged, this, &FindBox::searchAgain);
    connect(document, &Document::typesChanged, this, &FindBox::searchAgain);
  }
  searchAgain();
}

void FindBox::searchAgain() {
  if (Job* job = document_ ? document_->jobs()->running(this, QStringLiteral("find")) : nullptr)
    job->cancel();
  results_.clear();
  current_ = -1;
  showCount();
  if (!text().isEmpty()) pause_.start();
}

void FindBox::startSearch() {
  if (!document_ || !document_->hierarchy() || text().trimmed().isEmpty()) return;
  document_->jobs()->start(
      this, QStringLiteral("find"), tr("Find %1").arg(text()),
      [model = document_->model(), hierarchy = document_->hierarchy(), types = document_->types(),
       nested = document_->nested(), query = text().toStdString()](const JobControl& control) {
        return search(*model, *hierarchy, types.get(), nested.get(), query, control);
      },
      [this](std::vector<Element> found) {
        results_ = std::move(found);
        document_->selection()->setFound(results_);
        current_ = -1;
        showCount();
        if (walkWhenFound_) walk(1);
        walkWhenFound_ = false;
      });
}

void FindBox::walk(int step) {
  if (!document_ || text().trimmed().isEmpty()) return;
  if (results_.empty()) {
    walkWhenFound_ = pause_.isActive() || document_->jobs()->running(this, QStringLiteral("find")) != nullptr;
    if (pause_.isActive()) pause_.stop(), startSearch();
    return;
  }
  const int count = static_cast<int>(results_.size());
  current_ = current_ < 0 ? (step > 0 ? 0 : count - 1) : (current_ + step + count) % count;
  const Element& element = results_[static_cast<std::size_t>(current_)];
  document_->reveal(element);
  document_->selection()->select(element);
  showCount();
}

void FindBox::showCount() {
  const bool searched = !text().trimmed().isEmpty();
  if (!searched)
    count_->setText(QKeySequence(QKeySequence::Find).toString(QKeySequence::NativeText));
  else if (results_.empty())
    count_->setText(pause_.isActive() ? QString() : tr("none"));
  else if (current_ < 0)
    count_->setText(tr("%1 found").arg(results_.size()));
  else
    count_->setText(tr("%1 of %2").arg(current_ + 1).arg(results_.size()));
  count_->adjustSize();
  setTextMargins(0, 0, count_->width() + 4, 0);
  count_->move(width() - count_->width() - 12, (height() - count_->height()) / 2);
}

void FindBox::resizeEvent(QResizeEvent* event) {
  QLineEdit::resizeEvent(event);
  showCount();
}

void FindBox::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
      walk(event->modifiers() & Qt::ShiftModifier ? -1 : 1);
      return;
    case Qt::Key_Escape:
      if (!text().isEmpty())
        clear();
      else
        window()->setFocus();
      return;
    default:
      QLineEdit::keyPressEvent(event);
  }
}

}  // namespace lapidary::ui
