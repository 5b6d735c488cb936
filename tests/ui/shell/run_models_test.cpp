#include <QDir>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "tests/support/model_builder.h"
#include "tests/support/peer.h"
#include "ui/inspector/run_panel.h"
#include "ui/shell/header.h"
#include "ui/shell/main_window.h"
#include "ui/shell/panel_dock.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

ModelPointer withFreeSizes() {
  return test::ModelBuilder()
      .input("x", DataType::Float32, {Dimension::symbol("N"), Dimension::symbol("features")})
      .initializer("w", Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}))
      .add(test::node("MatMul", {"x", "w"}, {"y"}))
      .output("y")
      .build();
}

ModelPointer withFixedSizes() {
  return test::ModelBuilder()
      .input("x", DataType::Float32, {1, 4})
      .add(test::node("Relu", {"x"}, {"y"}))
      .output("y")
      .build();
}

}  // namespace

/// The run key: what it asks, and that every real model runs at its second press at the latest.
class RunModelsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    qputenv("XDG_CONFIG_HOME", folder_->filePath(QStringLiteral("config")).toUtf8());
    qputenv("XDG_CACHE_HOME", folder_->filePath(QStringLiteral("cache")).toUtf8());
    QCoreApplication::setOrganizationName(QFileInfo(folder_->path()).fileName());
    save_model(*withFreeSizes(), pathOf("free").toStdString());
    save_model(*withFixedSizes(), pathOf("fixed").toStdString());
    start();
  }
  void cleanup() { window_.reset(); }

  void runsAtOnceWhereNothingIsOpen() {
    Document* document = open(pathOf("fixed"));
    pressRun();
    QTRY_VERIFY(document->result());
    QCOMPARE(window_->right()->currentPage(), int(MainWindow::InspectorPage));
  }

  void asksForFreeSizesFirst() {
    Document* document = open(pathOf("free"));
    pressRun();
    QVERIFY(!document->isRunning());
    QCOMPARE(window_->right()->currentPage(), int(MainWindow::RunPage));
    const auto boxes = dimensionBoxes();
    QCOMPARE(boxes.size(), 2);
    QTRY_VERIFY(boxes.front()->hasFocus());
    QCOMPARE(boxes[0]->value(), 1);
    QCOMPARE(boxes[1]->value(), 3);
    pressRun();
    QTRY_VERIFY(document->result());
  }

  void runsWithTheSizesTyped() {
    Document* document = open(pathOf("free"));
    pressRun();
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("5"));
    pressRun();
    QTRY_VERIFY(document->result());
    QCOMPARE(document->result()->outputs.front().second.tensor().dims(), (Dims{5, 2}));
  }

  void remembersTheAnswersForEachModel() {
    Document* document = open(pathOf("free"));
    pressRun();
    dimensionBoxes().front()->setValue(7);
    pressRun();
    QTRY_VERIFY(document->result());
    start();
    document = open(pathOf("free"));
    pressRun();
    QTRY_VERIFY(document->result());
    QCOMPARE(document->result()->outputs.front().second.tensor().dims(), (Dims{7, 2}));
  }

  void asksAgainWhereTheModelLeavesOtherSizesOpen() {
    open(pathOf("free"));
    pressRun();
    pressRun();
    QTRY_VERIFY(window_->document()->result());
    save_model(*test::ModelBuilder()
                    .input("x", DataType::Float32, {Dimension::symbol("M")})
                    .add(test::node("Relu", {"x"}, {"y"}))
                    .output("y")
                    .build(),
               pathOf("free").toStdString());
    start();
    Document* document = open(pathOf("free"));
    pressRun();
    QVERIFY(document->isAsking());
    QCOMPARE(dimensionBoxes().size(), 1);
  }

  void leadsToTheInputsWhereARunFails() {
    Document* document = open(pathOf("free"));
    RunSettings settings = document->runSettings();
    settings.dimensions = {{"N", 1}, {"features", 2}};
    document->setRunSettings(settings);
    document->run();
    QTRY_VERIFY(document->runError());
    QTRY_COMPARE(window_->right()->currentPage(), int(MainWindow::RunPage));
  }

  void runsEveryRealModelAtTheSecondPress_data() {
    QTest::addColumn<QString>("path");
    const QDir folder(test::folderFromEnvironment("LAPIDARY_ZOO"));
    if (folder.path() == QStringLiteral(".")) QSKIP("LAPIDARY_ZOO names no folder with real models");
    for (const QString& name : folder.entryList({QStringLiteral("*.onnx")}, QDir::Files))
      QTest::newRow(name.toUtf8()) << folder.filePath(name);
  }
  void runsEveryRealModelAtTheSecondPress() {
    QFETCH(QString, path);
    Document* document = open(path);
    pressRun();
    if (!document->isRunning() && !document->result()) {
      QVERIFY(document->isAsking());
      QTRY_VERIFY_WITH_TIMEOUT(!window_->jobs()->firstRunning(), 60'000);
      pressRun();
    }
    QTRY_VERIFY_WITH_TIMEOUT(document->result() || document->runError(), 120'000);
    QVERIFY2(!document->runError(), document->runError() ? document->runError()->what() : "");
  }

 private:
  QString pathOf(const char* name) const {
    return folder_->filePath(QLatin1String(name) + QStringLiteral(".onnx"));
  }
  void start() {
    window_ = std::make_unique<MainWindow>(&theme_);
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
  }
  Document* open(const QString& path) {
    Document* document = window_->openFiles({path});
    const auto isIdle = [&] { return document->cost() && !window_->jobs()->firstRunning(); };
    if (!QTest::qWaitFor(isIdle, 60'000)) qWarning("the model did not open");
    return document;
  }
  void pressRun() { QTest::keyClick(window_.get(), Qt::Key_R, Qt::ControlModifier); }
  QList<QSpinBox*> dimensionBoxes() const {
    return window_->right()->findChildren<QSpinBox*>(QStringLiteral("dimension"));
  }

  std::unique_ptr<QTemporaryDir> folder_;
  Theme theme_;
  std::unique_ptr<MainWindow> window_;
};

QTEST_MAIN(RunModelsTest)
#include "run_models_test.moc"
