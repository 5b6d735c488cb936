#pragma once

#include <QString>
#include <functional>

class QAction;
class QWidget;

namespace lapidary::ui {

/// Lets a view be copied by the copy key while it has the keyboard, and from its context menu.
QAction* add_copy_action(QWidget* view, const QString& text, std::function<void()> copy);

}  // namespace lapidary::ui
