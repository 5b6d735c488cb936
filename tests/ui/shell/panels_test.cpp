#include <QApplication>
#include <QLineEdit>
#include <QTabBar>
#include <QTreeView>

#include "tests/ui/window_fixture.h"
#include "ui/canvas/canvas.h"
#include "ui/shell/document_page.h"
#include "ui/shell/find_box.h"
#include "ui/shell/header.h"
#include "ui/shell/panel_dock.h"

using namespace lapidary;
using namespace lapidary::ui;

/// Panels around the canvas: shown, hidden, floating, docked elsewhere, and found again at the next start.
class PanelsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    fixture_ = std::make_unique<WindowFixture>();
    model_ = fixture_->save(oneRelu());
  }
  void cleanup() { fixture_.reset(); }

  void belongToAModel() {
    QVERIFY(!window().left()->isVisible());
    QVERIFY(!window().right()->isVisible());
    fixture_->open(model_);
    QVERIFY(window().left()->isVisible());
    QVERIFY(window().right()->isVisible());
    QVERIFY(!window().bottom()->isVisible());
    window().closeTab(0);
    QVERIFY(!window().left()->isVisible());
  }

  void hideByKey_data() {
    QTest::addColumn<int>("key");
    QTest::addColumn<QString>("panel");
    QTest::newRow("left") << int(Qt::Key_1) << "left";
    QTest::newRow("right") << int(Qt::Key_2) << "right";
    QTest::newRow("bottom") << int(Qt::Key_3) << "bottom";
  }
  void hideByKey() {
    QFETCH(int, key);
    QFETCH(QString, panel);
    fixture_->open(model_);
    PanelDock* dock = window().findChild<PanelDock*>(panel);
    const bool before = dock->isVisible();
    fixture_->press(static_cast<Qt::Key>(key), Qt::ControlModifier);
    QCOMPARE(dock->isVisible(), !before);
    fixture_->restart();
    fixture_->open(model_);
    QCOMPARE(window().findChild<PanelDock*>(panel)->isVisible(), !before);
  }

  void floatByCommand_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("panel");
    QTest::newRow("left") << "Float Left Panel"
                          << "left";
    QTest::newRow("right") << "Float Right Panel"
                           << "right";
    QTest::newRow("bottom") << "Float Bottom Panel"
                            << "bottom";
  }
  void floatByCommand() {
    QFETCH(QString, text);
    QFETCH(QString, panel);
    fixture_->open(model_);
    QAction* command = fixture_->command(text);
    QVERIFY(command);
    command->trigger();
    PanelDock* dock = window().findChild<PanelDock*>(panel);
    QVERIFY(dock->isFloating());
    QVERIFY(dock->isVisible());
    QVERIFY(command->isChecked());
    command->trigger();
    QVERIFY(!dock->isFloating());
    QVERIFY(dock->isVisible());
  }

  void floatByDoubleClickOnTheirTitle() {
    fixture_->open(model_);
    QWidget* bar = window().left()->titleBarWidget();
    QTest::mouseDClick(bar, Qt::LeftButton, {}, {bar->width() - 4, bar->height() / 2});
    QTRY_VERIFY(window().left()->isFloating());
    QVERIFY(fixture_->command(QStringLiteral("Float Left Panel"))->isChecked());
  }

  void standWhereTheyWereAtTheNextStart() {
    fixture_->open(model_);
    window().addDockWidget(Qt::RightDockWidgetArea, window().left());
    window().right()->setFloating(true);
    window().left()->showPage(MainWindow::ProblemsPage);
    window().bottom()->showPage(MainWindow::JobsPage);
    fixture_->restart();
    fixture_->open(model_);
    QCOMPARE(window().left()->currentPage(), int(MainWindow::ProblemsPage));
    QCOMPARE(window().dockWidgetArea(window().left()), Qt::RightDockWidgetArea);
    QVERIFY(window().right()->isFloating());
    QVERIFY(window().right()->isVisible());
    QVERIFY(window().bottom()->isVisible());
    QCOMPARE(window().bottom()->currentPage(), int(MainWindow::JobsPage));
  }

  void keepTheirSizes() {
    fixture_->open(model_);
    window().resizeDocks({window().left()}, {333}, Qt::Horizontal);
    QCoreApplication::processEvents();
    const int width = window().left()->width();
    QVERIFY(width != 232);
    fixture_->restart();
    fixture_->open(model_);
    QTRY_COMPARE(window().left()->width(), width);
  }

  void goBackToTheirPlacesByCommand() {
    fixture_->open(model_);
    window().addDockWidget(Qt::BottomDockWidgetArea, window().left());
    window().right()->setFloating(true);
    window().bottom()->showPage(MainWindow::JobsPage);
    fixture_->press(Qt::Key_1, Qt::ControlModifier);
    fixture_->command(QStringLiteral("Restore Layout"))->trigger();
    QCOMPARE(window().dockWidgetArea(window().left()), Qt::LeftDockWidgetArea);
    QVERIFY(!window().right()->isFloating());
    QVERIFY(window().left()->isVisible());
    QVERIFY(!window().bottom()->isVisible());
    QVERIFY(fixture_->command(QStringLiteral("Left Panel"))->isChecked());
  }

  void openTheirPagesByNumber() {
    fixture_->open(model_);
    window().page()->canvas()->setFocus();
    for (int page = 0; page < window().bottom()->pageCount(); ++page) {
      fixture_->press(static_cast<Qt::Key>(Qt::Key_1 + page));
      QCOMPARE(window().bottom()->currentPage(), page);
      QVERIFY(window().bottom()->isVisible());
    }
  }

  void areWalkedWithOneKey() {
    fixture_->open(model_);
    window().bottom()->showPage(MainWindow::JobsPage);
    window().page()->canvas()->setFocus();
    QSet<QString> reached;
    for (int step = 0; step < 5; ++step) {
      fixture_->press(Qt::Key_F6);
      reached += placeOf(QApplication::focusWidget());
    }
    QCOMPARE(reached, (QSet<QString>{"header", "left", "middle", "right", "bottom"}));
    const QString before = placeOf(QApplication::focusWidget());
    fixture_->press(Qt::Key_F6);
    QVERIFY(placeOf(QApplication::focusWidget()) != before);
    fixture_->press(Qt::Key_F6, Qt::ShiftModifier);
    QCOMPARE(placeOf(QApplication::focusWidget()), before);
  }

 private:
  MainWindow& window() const { return *fixture_->window; }
  QString placeOf(QWidget* widget) const {
    if (!widget) return QStringLiteral("nowhere");
    if (window().header()->isAncestorOf(widget)) return QStringLiteral("header");
    if (window().page()->isAncestorOf(widget)) return QStringLiteral("middle");
    for (PanelDock* dock : {window().left(), window().right(), window().bottom()})
      if (dock->isAncestorOf(widget)) return dock->objectName();
    return QStringLiteral("elsewhere");
  }

  std::unique_ptr<WindowFixture> fixture_;
  QString model_;
};

QTEST_MAIN(PanelsTest)
#include "panels_test.moc"
