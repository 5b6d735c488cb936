#include "ui/shell/command_palette.h"

#include <QLineEdit>
#include <QListView>
#include <QMenu>

#include "tests/ui/window_fixture.h"
#include "ui/shell/document_page.h"
#include "ui/shell/panel_dock.h"

using namespace lapidary;
using namespace lapidary::ui;

class CommandPaletteTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { fixture_ = std::make_unique<WindowFixture>(); }
  void cleanup() { fixture_.reset(); }

  /// Counted by what the window holds, not by the palette's own list.
  void offersEveryActionOfTheWindow() {
    Document* document = fixture_->open(fixture_->save(oneRelu()));
    document->run();
    QTRY_VERIFY(document->result());
    document->selection()->select(Element::node(0));
    for (PanelDock* dock : {fixture_->window->left(), fixture_->window->right(), fixture_->window->bottom()})
      for (int page = 0; page < dock->pageCount(); ++page) dock->showPage(page);
    fixture_->window->bottom()->showPage(MainWindow::OperatorsPage);
    QTRY_VERIFY(!fixture_->window->jobs()->firstRunning());
    open();
    QSet<QAction*> offered;
    for (int row = 0; row < list()->model()->rowCount(); ++row)
      offered += list()->model()->index(row, 0).data(Qt::UserRole).value<QAction*>();
    QStringList missing;
    for (QAction* action : fixture_->window->findChildren<QAction*>()) {
      auto* owner = qobject_cast<QWidget*>(action->parent());
      const bool isSeen = !owner || owner->inherits("QMenu") || owner->isVisible();
      const bool isOfQt = owner && (owner->inherits("QDockWidget") || owner->inherits("QToolBar"));
      if (action->text().isEmpty() || action->isSeparator() || action->menu() || isOfQt || !isSeen) continue;
      if (!offered.contains(action)) missing += action->text();
    }
    QVERIFY2(missing.isEmpty(), qPrintable(missing.join(QStringLiteral(", "))));
    QStringList rows;
    for (int row = 0; row < list()->model()->rowCount(); ++row)
      rows += list()->model()->index(row, 0).data().toString();
    for (const char* wanted :
         {"Open Recent: model.onnx", "Backend and threads: CPU", "Backend and threads: 1 thread",
          "View: Show Outline", "View: Show Inspector", "File: Export Numbers…", "Edit: Copy Name",
          "Edit: Copy Shape", "Edit: Copy Operators as TSV", "Run: Clear Finished Jobs",
          "Run shown: All Runs"})
      QVERIFY2(rows.contains(QString::fromUtf8(wanted)), wanted);
  }

  void opensRecentFilesAndChoosesTheBackend() {
    const QString path = fixture_->save(oneRelu());
    Document* document = fixture_->open(path);
    choose(QStringLiteral("backend reference"));
    QCOMPARE(document->runSettings().backend, std::string("reference"));
    fixture_->window->closeTab(0);
    choose(QStringLiteral("open recent model.onnx"));
    QVERIFY(fixture_->window->document());
    QCOMPARE(fixture_->window->document()->path(), path);
  }

  void offersEveryCommandFirstForItsWholeName() {
    for (const QAction* action : fixture_->window->commands()->all()) {
      open();
      field()->setText(action->text().remove(QLatin1Char('&')));
      QCOMPARE(list()->currentIndex().data(Qt::UserRole).value<QAction*>(), action);
      field()->clear();
    }
  }

  void runsWhatIsChosenByKeyAndByMouse() {
    QAction* bar = fixture_->command(QStringLiteral("Menu Bar"));
    open();
    QTest::keyClicks(field(), QStringLiteral("menu bar"));
    QTest::keyClick(field(), Qt::Key_Return);
    QVERIFY(bar->isChecked());
    QVERIFY(!palette()->isVisible());
    open();
    QTest::keyClicks(field(), QStringLiteral("menu bar"));
    QTest::mouseClick(list()->viewport(), Qt::LeftButton, {},
                      list()->visualRect(list()->currentIndex()).center());
    QVERIFY(!bar->isChecked());
  }

  void walksItsListWithTheArrows() {
    open();
    QTest::keyClick(field(), Qt::Key_Down);
    QTest::keyClick(field(), Qt::Key_Down);
    QTest::keyClick(field(), Qt::Key_Up);
    QCOMPARE(list()->currentIndex().row(), 1);
    QTest::keyClick(field(), Qt::Key_PageDown);
    QCOMPARE(list()->currentIndex().row(), 11);
  }

  void goesWhenItIsLeft() {
    open();
    QTest::keyClick(field(), Qt::Key_Escape);
    QVERIFY(!palette()->isVisible());
    open();
    fixture_->window->setFocus();
    QVERIFY(!palette()->isVisible());
  }

  void givesTheKeyboardBack() {
    fixture_->open(fixture_->save(oneRelu()));
    QWidget* before = fixture_->window->page()->canvas();
    before->setFocus();
    open();
    QTest::keyClick(field(), Qt::Key_Escape);
    QCOMPARE(QApplication::focusWidget(), before);
  }

  void saysWhatIsOnAndWhatIsOff() {
    open();
    field()->setText(QStringLiteral("Left Panel"));
    const QString state = list()->currentIndex().data(Qt::AccessibleTextRole).toString();
    QVERIFY2(state.contains(QStringLiteral("on")), qPrintable(state));
  }

  void saysWhereNothingFits() {
    open();
    QTest::keyClicks(field(), QStringLiteral("zzzzqqq"));
    QCOMPARE(list()->model()->rowCount(), 0);
    QTest::keyClick(field(), Qt::Key_Return);
    QVERIFY(!palette()->isVisible());
  }

 private:
  void open() {
    QTest::keyClick(fixture_->window.get(), Qt::Key_K, Qt::ControlModifier);
    QVERIFY(palette()->isVisible());
  }
  void choose(const QString& typed) {
    open();
    field()->setText(typed);
    QTest::keyClick(field(), Qt::Key_Return);
  }
  CommandPalette* palette() const { return fixture_->window->findChild<CommandPalette*>(); }
  QLineEdit* field() const { return palette()->findChild<QLineEdit*>(); }
  QListView* list() const { return palette()->findChild<QListView*>(); }

  std::unique_ptr<WindowFixture> fixture_;
};

QTEST_MAIN(CommandPaletteTest)
#include "command_palette_test.moc"
