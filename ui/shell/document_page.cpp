#include "ui/shell/document_page.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QStackedLayout>
#include <QVBoxLayout>

#include "ui/canvas/canvas.h"
#include "ui/document/format.h"
#include "ui/shell/breadcrumb.h"
#include "ui/shell/job_progress.h"

namespace lapidary::ui {

DocumentPage::DocumentPage(Document* document, QWidget* parent)
    : QWidget(parent), document_(document), stack_(new QStackedLayout(this)) {
  waiting_ = makeWaiting();
  failure_ = makeFailure();
  content_ = makeContent();
  for (QWidget* page : {waiting_, failure_, content_}) stack_->addWidget(page);
  connect(document, &Document::stateChanged, this, &DocumentPage::showState);
  connect(document, &Document::layoutChanged, this, &DocumentPage::showState);
  connect(document, &Document::historyChanged, this, &DocumentPage::showMessages);
  connect(document->theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
  showState();
}

QWidget* DocumentPage::makeWaiting() {
  auto* page = new QWidget;
  auto* column = new QVBoxLayout(page);
  waitingText_ = new QLabel;
  waitingText_->setProperty("role", QStringLiteral("weak"));
  waitingText_->setAlignment(Qt::AlignCenter);
  auto* progress = new JobProgress(document_);
  progress->setObjectName(QStringLiteral("waitingProgress"));
  column->addStretch(1);
  column->addWidget(waitingText_);
  column->addSpacing(8);
  column->addWidget(progress, 0, Qt::AlignHCenter);
  column->addStretch(1);
  return page;
}

QWidget* DocumentPage::makeFailure() {
  auto* page = new QWidget;
  auto* column = new QVBoxLayout(page);
  failureTitle_ = new QLabel;
  failureTitle_->setProperty("role", QStringLiteral("title"));
  failureTitle_->setAlignment(Qt::AlignCenter);
  failureText_ = new QLabel;
  failureText_->setWordWrap(true);
  failureText_->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
  failureText_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  failureText_->setFixedWidth(520);
  again_ = new QPushButton(tr("Try again"));
  again_->setObjectName(QStringLiteral("openAgain"));
  auto* other = new QPushButton(tr("Open another…"));
  auto* close = new QPushButton(tr("Close tab"));
  followLinks_ = new QPushButton(tr("Allow links and open"));
  auto* row = new QHBoxLayout;
  row->setSpacing(8);
  row->addStretch(1);
  for (QPushButton* button : {again_, followLinks_, other, close}) row->addWidget(button);
  row->addStretch(1);
  column->addStretch(2);
  column->addWidget(failureTitle_);
  column->addSpacing(8);
  // Only a widget that fills its row is given the height that its lines need.
  auto* text = new QHBoxLayout;
  text->addStretch(1);
  text->addWidget(failureText_);
  text->addStretch(1);
  column->addLayout(text);
  column->addSpacing(16);
  column->addLayout(row);
  column->addStretch(3);
  connect(again_, &QPushButton::clicked, this, [this] { document_->open(document_->path()); });
  connect(followLinks_, &QPushButton::clicked, this, [this] { document_->open(document_->path(), {true}); });
  connect(other, &QPushButton::clicked, this, &DocumentPage::openWanted);
  connect(close, &QPushButton::clicked, this, &DocumentPage::closeWanted);
  return page;
}

QWidget* DocumentPage::makeContent() {
  auto* page = new QWidget;
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* path = new Breadcrumb(document_);
  canvas_ = new Canvas(document_);
  banner_ = new Banner;
  column->addWidget(path);
  column->addWidget(banner_);
  // Over the canvas, so that the graph stays where it is.
  auto* middle = new QGridLayout;
  middle->addWidget(canvas_, 0, 0);
  middle->addWidget(new JobProgress(document_), 0, 0, Qt::AlignTop);
  column->addLayout(middle, 1);
  setTabOrder(canvas_, path);  // the graph is what one comes for
  return page;
}

void DocumentPage::ask(const QString& question, std::vector<Banner::Choice> choices) {
  banner_->say(question, std::move(choices));
}

void DocumentPage::showMessages() {
  if (const auto& error = document_->editError())
    return ask(text(error->what()), {{tr("Dismiss"), [this] { document_->forgetEditError(); }}});
  if (document_->isChangedOnDisk())
    return ask(document_->isChanged() ? tr("Another program changed the file. Reloading it drops your edits.")
                                      : tr("Another program changed the file."),
               {{tr("Reload"), [this] { document_->open(document_->path()); }},
                {tr("Compare"), [this] { Q_EMIT comparisonWanted(document_->path()); }},
                {tr("Keep"), [this] { document_->keepDespiteDisk(); }}});
  if (const auto& journal = document_->foundJournal())
    return ask(journal->steps.size() == 1
                   ? tr("One edit of this file was never saved.")
                   : tr("%1 edits of this file were never saved.").arg(journal->steps.size()),
               {{tr("Recover"), [this, found = *journal] { document_->recover(found); }},
                {tr("Discard"), [this] { document_->dropFoundJournal(); }}});
  banner_->hide();
}

void DocumentPage::showOver(QWidget* over) {
  closeOver();
  over_ = over;
  stack_->addWidget(over);
  showState();
  over->setFocus();
  Q_EMIT overChanged();
}

void DocumentPage::closeOver() {
  if (!over_) return;
  stack_->removeWidget(over_);
  over_->hide();
  std::exchange(over_, nullptr)->deleteLater();  // its button may be the one that was clicked
  showState();
  canvas_->setFocus();
  Q_EMIT overChanged();
}

void DocumentPage::showState() {
  switch (document_->state()) {
    case Document::State::Empty:
    case Document::State::Loading:
      waitingText_->setText(tr("Opening %1").arg(document_->title()));
      stack_->setCurrentWidget(waiting_);
      break;
    case Document::State::Failed: {
      const Error& error = *document_->error();
      failureTitle_->setText(tr("%1 cannot be opened").arg(document_->title()));
      failureText_->setText(text(error.what()));
      again_->setText(tr("Try again"));
      followLinks_->setVisible(error.advice().find("--follow-links") != std::string::npos);
      stack_->setCurrentWidget(failure_);
      break;
    }
    case Document::State::Cancelled:
      failureTitle_->setText(tr("Opening %1 was cancelled").arg(document_->title()));
      failureText_->setText(tr("Nothing of it is shown. It can be opened again at any time."));
      again_->setText(tr("Open again"));
      followLinks_->hide();
      stack_->setCurrentWidget(failure_);
      break;
    case Document::State::Ready:
      waitingText_->setText(tr("Laying out %1").arg(document_->title()));
      stack_->setCurrentWidget(over_ ? over_ : document_->layout() ? content_ : waiting_);
      break;
  }
}

void DocumentPage::paintEvent(QPaintEvent*) {
  QPainter(this).fillRect(rect(), document_->theme()->colors().canvas);
}

}  // namespace lapidary::ui
