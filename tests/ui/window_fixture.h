#pragma once

#include <QApplication>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "engine/io/model_file.h"
#include "tests/support/model_builder.h"
#include "ui/shell/commands.h"
#include "ui/shell/main_window.h"

namespace lapidary::ui {

/// A main window with settings and caches of its own, in a folder that goes with it.
class WindowFixture {
 public:
  WindowFixture() {
    qputenv("XDG_CONFIG_HOME", folder.filePath(QStringLiteral("config")).toUtf8());
    qputenv("XDG_CACHE_HOME", folder.filePath(QStringLiteral("cache")).toUtf8());
    qputenv("XDG_DATA_HOME", folder.filePath(QStringLiteral("data")).toUtf8());
    // Settings of an organization are read once: each fixture has one of its own.
    QCoreApplication::setOrganizationName(QFileInfo(folder.path()).fileName());
    start();
  }

  /// Closes the window as a person does, and opens one as the next start of the program would.
  void restart() {
    window->close();
    window.reset();
    start();
  }
  void start() {
    window = std::make_unique<MainWindow>(&theme);
    window->show();
    if (!QTest::qWaitForWindowActive(window.get())) qWarning("the window is not shown");
  }

  QString path(const QString& name) const { return folder.filePath(name); }
  QString save(const ModelPointer& model, const QString& name = QStringLiteral("model.onnx")) const {
    save_model(*model, path(name).toStdString());
    return path(name);
  }
  /// Opens the file and waits until every job that follows is through, but not for a run that goes on.
  Document* open(const QString& file) {
    const bool isBusy = window->jobs()->firstRunning();
    Document* document = window->openFiles({file});
    const auto isIdle = [&] {
      const bool opened = document->state() == Document::State::Failed || document->cost();
      return opened && (isBusy || !window->jobs()->firstRunning());
    };
    if (!QTest::qWaitFor(isIdle, 60'000)) qWarning("the model did not open");
    return document;
  }
  QAction* command(const QString& text) const {
    for (QAction* action : window->commands()->all())
      if (action->text().remove(QLatin1Char('&')) == text) return action;
    return nullptr;
  }
  void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) const {
    QWidget* focused = QApplication::focusWidget();
    QTest::keyClick(focused ? focused : window.get(), key, modifiers);
  }

  QTemporaryDir folder;
  Theme theme;
  std::unique_ptr<MainWindow> window;
};

/// x [1, 4] → Relu → y: runs at once.
inline ModelPointer oneRelu() {
  return lapidary::test::ModelBuilder()
      .input("x", DataType::Float32, {1, 4})
      .add(lapidary::test::node("Relu", {"x"}, {"y"}))
      .output("y")
      .build();
}

/// A loop of a billion steps: a run that lasts until someone stops it.
inline ModelPointer endless() {
  const GraphPointer body = lapidary::test::ModelBuilder()
                                .input("i", DataType::Int64, {})
                                .input("keep", DataType::Bool, {})
                                .input("before", DataType::Float32, {1})
                                .add(lapidary::test::node("Identity", {"keep"}, {"keep_on"}))
                                .add(lapidary::test::node("Neg", {"before"}, {"after"}))
                                .output("keep_on", Type::tensor(DataType::Bool, Shape{}))
                                .output("after", Type::tensor(DataType::Float32, Shape{1}))
                                .graph();
  return lapidary::test::ModelBuilder()
      .input("x", DataType::Float32, {1})
      .initializer("times", Tensor::of<std::int64_t>({}, {1'000'000'000}))
      .initializer("always", Tensor::of({}, std::vector<bool>{true}))
      .add(lapidary::test::node("Loop", {"times", "always", "x"}, {"y"}, {{"body", body}}))
      .output("y")
      .build();
}

}  // namespace lapidary::ui
