#include "ui/timeline/timeline_panel.h"

#include <QVBoxLayout>

#include "ui/document/run_hint.h"
#include "ui/timeline/run_choice.h"
#include "ui/timeline/timeline.h"

namespace lapidary::ui {

TimelinePanel::TimelinePanel(Theme* theme, QWidget* parent)
    : QWidget(parent),
      hint_(new RunHint(tr("Run the model to see where its time goes · Ctrl+R"))),
      timeline_(new Timeline(theme)),
      runChoice_(new RunChoice(timeline_, this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(hint_);
  column->addWidget(timeline_);
  hint_->standInFor(timeline_);
}

void TimelinePanel::setDocument(Document* document) {
  timeline_->setDocument(document);
  hint_->setDocument(document);
}

}  // namespace lapidary::ui
