#pragma once

#include <QString>
#include <functional>

class QAbstractItemModel;
class QAction;
class QWidget;

namespace lapidary::ui {

/// Lets a view be copied by the copy key while it has the keyboard, and from its context menu.
QAction* add_copy_action(QWidget* view, const QString& text, std::function<void()> copy);

/// A table's header and rows, with tabs between cells, as spreadsheets paste them.
QString tabbed_text(const QAbstractItemModel& model);

}  // namespace lapidary::ui
