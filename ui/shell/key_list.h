#pragma once

class QWidget;

namespace lapidary::ui {

class Commands;

/// A window with every key: the commands', and those of the views, from the tables that serve them.
void show_keys(const Commands* commands, QWidget* window);

}  // namespace lapidary::ui
