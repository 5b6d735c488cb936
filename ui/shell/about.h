#pragma once

class QWidget;

namespace lapidary::ui {

/// The program's name, version, and the versions of what it is built on.
void show_about(QWidget* window);

}  // namespace lapidary::ui
