#include "ui/shell/history_panel.h"

namespace lapidary::ui {

HistoryPanel::HistoryPanel(Theme* theme, QWidget* parent) : QListWidget(parent), theme_(theme) {
  setAccessibleName(tr("History"));
  setObjectName(QStringLiteral("history"));
  setFrameShape(QFrame::NoFrame);
  setUniformItemSizes(true);
  connect(this, &QListWidget::currentRowChanged, this, [this](int row) {
    if (document_ && row >= 0) document_->goTo(static_cast<std::size_t>(row));
  });
  connect(theme, &Theme::changed, this, &HistoryPanel::rebuild);
}

void HistoryPanel::setDocument(Document* document) {
  if (document_) disconnect(document_, nullptr, this, nullptr);
  document_ = document;
  if (document) connect(document, &Document::historyChanged, this, &HistoryPanel::rebuild);
  rebuild();
}

void HistoryPanel::rebuild() {
  const QSignalBlocker quiet(this);
  clear();
  if (!document_) return;
  const ModelHistory& history = document_->history();
  for (std::size_t place = 0; place < history.size(); ++place) {
    auto* item = new QListWidgetItem(place == 0 ? tr("Opened") : history.nameAt(place), this);
    item->setSizeHint({100, 28});
    if (place > history.place()) item->setForeground(theme_->colors().weakText);
  }
  setCurrentRow(static_cast<int>(history.place()));
}

}  // namespace lapidary::ui
