#pragma once

class QWidget;

namespace lapidary::ui {

class Commands;

/// The program's name, version, and the versions of what it is built on.
void show_about(QWidget* window);
/// Every command that has a shortcut.
void show_keys(const Commands* commands, QWidget* window);

}  // namespace lapidary::ui
