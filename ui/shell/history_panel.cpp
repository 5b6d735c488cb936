#include "ui/shell/history_panel.h"

#include "ui/document/format.h"

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
  if (!document_ || !document_->history()) return;
  const EditHistory& history = *document_->history();
  const QString first = history.position() == history.index() ? tr("Opened") : tr("Oldest that is kept");
  for (std::size_t i = 0; i < history.size(); ++i) {
    auto* item = new QListWidgetItem(i == 0 ? first : text(history.name(i)), this);
    item->setSizeHint({100, 28});
    if (i > history.index()) item->setForeground(theme_->colors().weakText);
  }
  setCurrentRow(static_cast<int>(history.index()));
}

}  // namespace lapidary::ui
