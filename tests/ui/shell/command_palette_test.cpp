#include "ui/shell/command_palette.h"

#include <QLineEdit>
#include <QListView>

#include "tests/ui/window_fixture.h"
#include "ui/shell/document_page.h"

using namespace lapidary;
using namespace lapidary::ui;

class CommandPaletteTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { fixture_ = std::make_unique<WindowFixture>(); }
  void cleanup() { fixture_.reset(); }

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
  CommandPalette* palette() const { return fixture_->window->findChild<CommandPalette*>(); }
  QLineEdit* field() const { return palette()->findChild<QLineEdit*>(); }
  QListView* list() const { return palette()->findChild<QListView*>(); }

  std::unique_ptr<WindowFixture> fixture_;
};

QTEST_MAIN(CommandPaletteTest)
#include "command_palette_test.moc"
