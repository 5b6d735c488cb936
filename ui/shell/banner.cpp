#include "ui/shell/banner.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace lapidary::ui {

Banner::Banner(QWidget* parent) : QFrame(parent), text_(new QLabel), row_(new QHBoxLayout(this)) {
  setObjectName(QStringLiteral("banner"));
  setAccessibleName(tr("Message"));
  row_->setContentsMargins(16, 8, 8, 8);
  row_->setSpacing(8);
  text_->setWordWrap(true);
  row_->addWidget(text_, 1);
  hide();
}

QString Banner::text() const { return text_->text(); }

void Banner::say(const QString& text, std::vector<Choice> choices) {
  text_->setText(text);
  for (QWidget* button : buttons_) {
    button->hide();
    button->deleteLater();  // it may be the one that was clicked
  }
  buttons_.clear();
  for (Choice& choice : choices) {
    auto* button = new QPushButton(choice.title);
    if (buttons_.empty()) button->setProperty("role", QStringLiteral("accent"));
    button->setAutoDefault(true);
    connect(button, &QPushButton::clicked, this, std::move(choice.run));
    row_->addWidget(button);
    buttons_.push_back(button);
  }
  show();
}

}  // namespace lapidary::ui
