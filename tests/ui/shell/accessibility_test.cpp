#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QTabBar>

#include "engine/io/tensor_file.h"
#include "tests/ui/window_fixture.h"
#include "ui/canvas/canvas.h"
#include "ui/inspector/description_view.h"
#include "ui/inspector/run_panel.h"
#include "ui/shell/document_page.h"
#include "ui/shell/header.h"
#include "ui/shell/panel_dock.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// Widgets of Qt that are parts of another one, which has the name.
bool isPart(const QWidget* widget) {
  const QString name = widget->objectName();
  const QWidget* parent = widget->parentWidget();
  return name.startsWith(QStringLiteral("qt_")) || qobject_cast<const QScrollBar*>(widget) ||
         qobject_cast<const QComboBox*>(parent) || parent->inherits("QComboBoxPrivateContainer") ||
         qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QTabBar*>(parent) ||
         qobject_cast<const QLineEdit*>(parent) || qobject_cast<const QAbstractItemView*>(parent);
}

QString accessibleName(QWidget* widget) {
  QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(widget);
  return interface ? interface->text(QAccessible::Name) : QString();
}

QString describe(const QWidget* widget) {
  return QStringLiteral("%1 '%2' in %3")
      .arg(QString::fromLatin1(widget->metaObject()->className()), widget->objectName(),
           QString::fromLatin1(widget->parentWidget() ? widget->parentWidget()->metaObject()->className()
                                                      : "nothing"));
}

ModelPointer withEverything() {
  return test::ModelBuilder()
      .input("x", DataType::Float32, {Dimension::symbol("N"), 4, 4})
      .input("ids", DataType::Int64, {2})
      .initializer("w", Tensor::of<float>({2, 2, 4, 4}, std::vector<float>(64, 0.5f)))
      .add(test::node("Add", {"x", "w"}, {"y"}))
      .add(test::node("Neg", {"ids"}, {"z"}))
      .output("y")
      .output("z")
      .build();
}

}  // namespace

/// The window without a mouse and without eyes.
class AccessibilityTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    fixture_ = std::make_unique<WindowFixture>();
    Document* document = fixture_->open(fixture_->save(withEverything()));
    document->run();
    QTRY_VERIFY(document->result());
    document->selection()->select(Element::node(0));
    showEveryPanel();
  }
  void cleanup() { fixture_.reset(); }

  void namesEveryWidgetThatTakesTheKeyboard() {
    QStringList nameless;
    int named = 0;
    for (QWidget* widget : window().findChildren<QWidget*>()) {
      const bool isControl = widget->focusPolicy() != Qt::NoFocus || qobject_cast<QAbstractButton*>(widget);
      // A label is named by its text; one without text is not shown.
      if (!isControl || isPart(widget) || widget->isWindow() || qobject_cast<QLabel*>(widget)) continue;
      if (accessibleName(widget).isEmpty())
        nameless += describe(widget);
      else
        ++named;
    }
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QLatin1Char('\n'))));
    QVERIFY(named > 30);
  }

  void namesWhatIsPaintedForThoseWhoDoNotSeeIt() {
    auto* inspector = window().right()->findChild<DescriptionView*>();
    QAccessibleInterface* painted = QAccessible::queryAccessibleInterface(inspector);
    QVERIFY(painted->text(QAccessible::Description).contains(QStringLiteral("Add")));
    QAccessibleInterface* canvas = QAccessible::queryAccessibleInterface(window().page()->canvas());
    QVERIFY(canvas->childCount() >= 4);
    for (int child = 0; child < canvas->childCount(); ++child)
      QVERIFY(!canvas->child(child)->text(QAccessible::Name).isEmpty());
  }

  void reachesEveryControlByTab_data() {
    QTest::addColumn<QString>("panel");
    QTest::addColumn<int>("page");
    QTest::newRow("outline") << "left" << int(MainWindow::OutlinePage);
    QTest::newRow("problems") << "left" << int(MainWindow::ProblemsPage);
    QTest::newRow("inspector") << "right" << int(MainWindow::InspectorPage);
    QTest::newRow("run") << "right" << int(MainWindow::RunPage);
    QTest::newRow("timeline") << "bottom" << int(MainWindow::TimelinePage);
    QTest::newRow("operators") << "bottom" << int(MainWindow::OperatorsPage);
    QTest::newRow("outputs") << "bottom" << int(MainWindow::OutputsPage);
    QTest::newRow("jobs") << "bottom" << int(MainWindow::JobsPage);
  }
  void reachesEveryControlByTab() {
    QFETCH(QString, panel);
    QFETCH(int, page);
    auto* dock = window().findChild<PanelDock*>(panel);
    dock->showPage(page);
    QCoreApplication::processEvents();
    QSet<QWidget*> wanted;
    for (QWidget* widget : dock->findChildren<QWidget*>())
      if (widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus) &&
          !isPart(widget) && !widget->focusProxy())
        wanted += widget;
    QVERIFY(!wanted.isEmpty());
    window().header()->tabs()->setFocus();
    QSet<QWidget*> reached;
    for (int step = 0; step < 300; ++step) {
      QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
      for (QWidget* widget = QApplication::focusWidget(); widget; widget = widget->parentWidget())
        reached += widget;
      leaveTextFields();
    }
    for (const QWidget* widget : wanted)
      QVERIFY2(reached.contains(const_cast<QWidget*>(widget)), qPrintable(describe(widget)));
  }

  void followsLinksOfTheInspectorByKey() {
    window().right()->showPage(MainWindow::InspectorPage);
    auto* view = window().right()->findChild<DescriptionView*>();
    view->setFocus();
    QVERIFY(view->hasFocus());
    Selection* selection = window().document()->selection();
    const Element before = *selection->current();
    for (int row = 0; row < 30 && *selection->current() == before; ++row) {
      QTest::keyClick(view, Qt::Key_Down);
      QTest::keyClick(view, Qt::Key_Return);
      if (!view->hasFocus()) fixture_->press(Qt::Key_Escape);  // the row is one to be edited
    }
    QCOMPARE(selection->current()->kind, Element::Kind::Value);
  }

  void letsScreenReadersSelectAndOpenBoxes() {
    Canvas* canvas = window().page()->canvas();
    QAccessibleInterface* graph = QAccessible::queryAccessibleInterface(canvas);
    window().document()->selection()->clear();
    QAccessibleActionInterface* actions = graph->child(0)->actionInterface();
    QVERIFY(actions && actions->actionNames().contains(QAccessibleActionInterface::pressAction()));
    actions->doAction(QAccessibleActionInterface::pressAction());
    QCOMPARE(canvas->currentBox(), 0);
  }

  void walksTheGraphByKey() {
    Canvas* canvas = window().page()->canvas();
    canvas->setFocus();
    window().document()->selection()->select(Element::node(0));
    fixture_->press(Qt::Key_Up);
    QVERIFY(!(*window().document()->selection()->current() == Element::node(0)));
    fixture_->press(Qt::Key_Escape);
    QCOMPARE(*window().document()->selection()->current(), Element::node(0));
  }

  void opensItsDialogsByKeyAndClosesThem() {
    window().page()->canvas()->setFocus();
    fixture_->press(Qt::Key_Question);
    auto* keys = window().findChild<QDialog*>();
    QVERIFY(keys && keys->isVisible());
    QStringList listed;
    for (const QLabel* label : keys->findChildren<QLabel*>()) listed += label->text();
    for (const char* key :
         {"Alt+Up", "Shift+Up", "Ctrl+Right", "Home", "PgUp", "Shift+Wheel", "Double click"})
      QVERIFY2(!listed.filter(QLatin1String(key)).isEmpty(), key);
    QVERIFY(listed.contains(QStringLiteral("In the timeline")));
    QTest::keyClick(keys, Qt::Key_Escape);
    QTRY_VERIFY(!window().findChild<QDialog*>());
    fixture_->command(QStringLiteral("About Lapidary"))->trigger();
    QTRY_VERIFY(window().findChild<QDialog*>());
    QTest::keyClick(window().findChild<QDialog*>(), Qt::Key_Escape);
    QTRY_VERIFY(!window().findChild<QDialog*>());
  }

 private:
  MainWindow& window() const { return *fixture_->window; }
  void showEveryPanel() {
    for (PanelDock* dock : {window().left(), window().right(), window().bottom()})
      for (int page = 0; page < dock->pageCount(); ++page) dock->showPage(page);
  }
  /// Tab belongs to what is edited in a table's or a field's editor; none here keeps it.
  static void leaveTextFields() {
    if (auto* field = qobject_cast<QLineEdit*>(QApplication::focusWidget())) field->deselect();
  }

  std::unique_ptr<WindowFixture> fixture_;
};

QTEST_MAIN(AccessibilityTest)
#include "accessibility_test.moc"
