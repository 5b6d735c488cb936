#include "ui/shell/key_list.h"

#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QScrollArea>
#include <algorithm>

#include "ui/canvas/canvas.h"
#include "ui/shell/breadcrumb.h"
#include "ui/shell/commands.h"
#include "ui/shell/jobs_panel.h"
#include "ui/timeline/operators_panel.h"
#include "ui/timeline/timeline.h"

namespace lapidary::ui {

namespace {

struct Section {
  QString title;
  QList<KeyHelp> lines;
};

QString tr(const char* text) { return QCoreApplication::translate("Keys", text); }

/// The commands by their menus, then the views.
std::vector<Section> sections(const Commands* commands) {
  std::vector<Section> all;
  for (const QAction* action : commands->all()) {
    if (action->shortcut().isEmpty()) continue;
    const QString group = Commands::groupOf(action);
    if (all.empty() || all.back().title != group) all.push_back({group, {}});
    all.back().lines +=
        {action->shortcut().toString(QKeySequence::NativeText), action->text().remove(QLatin1Char('&'))};
  }
  all.push_back({tr("In the graph"), Canvas::keyHelp()});
  all.push_back({tr("In the path above it"), Breadcrumb::keyHelp()});
  all.push_back({tr("In the timeline"), Timeline::keyHelp()});
  all.push_back({tr("In the table of operators"), OperatorsPanel::keyHelp()});
  all.push_back({tr("In the list of jobs"), JobsPanel::keyHelp()});
  return all;
}

QLabel* label(const QString& text, const char* role) {
  auto* made = new QLabel(text);
  made->setProperty("role", QString::fromLatin1(role));
  return made;
}

/// Sections one under the other, in as many columns as the window has room for; none is torn apart.
QWidget* keyTable(const std::vector<Section>& all) {
  constexpr int columns = 3;
  int rows = 0;
  for (const Section& section : all) rows += static_cast<int>(section.lines.size()) + 2;
  auto* table = new QWidget;
  auto* across = new QHBoxLayout(table);
  across->setSpacing(40);
  QGridLayout* grid = nullptr;
  int row = 0;
  for (const Section& section : all) {
    if (!grid || row + static_cast<int>(section.lines.size()) / 2 > rows / columns) {
      grid = new QGridLayout;
      grid->setHorizontalSpacing(24);
      grid->setVerticalSpacing(5);
      auto* column = new QVBoxLayout;
      column->addLayout(grid);
      column->addStretch(1);
      across->addLayout(column);
      row = 0;
    }
    if (row > 0) grid->setRowMinimumHeight(row++, 8);
    grid->addWidget(label(section.title, "title"), row++, 0, 1, 2);
    for (const KeyHelp& line : section.lines) {
      grid->addWidget(label(line.keys, "weak"), row, 0);
      grid->addWidget(new QLabel(line.what), row++, 1);
    }
  }
  return table;
}

}  // namespace

void show_keys(const Commands* commands, QWidget* window) {
  auto* made = new QDialog(window);
  made->setAttribute(Qt::WA_DeleteOnClose);
  made->setWindowTitle(tr("Keys"));
  auto* column = new QVBoxLayout(made);
  column->setContentsMargins(24, 24, 8, 16);
  auto* scroll = new QScrollArea;
  scroll->setAccessibleName(tr("Keys"));
  scroll->setWidget(keyTable(sections(commands)));
  scroll->setFocusPolicy(Qt::StrongFocus);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  QObject::connect(buttons, &QDialogButtonBox::rejected, made, &QDialog::close);
  column->addWidget(scroll);
  column->addWidget(buttons);
  const QSize content = scroll->widget()->sizeHint() + QSize(48, 96);
  made->resize(content.boundedTo(window->size() - QSize(32, 32)));
  made->open();
}

}  // namespace lapidary::ui
