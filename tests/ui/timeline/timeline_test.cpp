#include "ui/timeline/timeline.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QMenu>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTimer>
#include <QToolTip>
#include <QWheelEvent>
#include <cmath>

#include "tests/ui/fixtures.h"
#include "ui/canvas/canvas.h"
#include "ui/timeline/run_choice.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

constexpr int modules = 0, first_thread = 1;

/// A timeline that shows three made-up runs of a model.
struct Fixture : ui::test::OpenDocument {
  Timeline timeline{&theme};
  RunChoice choice{&timeline};

  explicit Fixture(QSize size = {800, 260}) : OpenDocument(ui::test::blocks_model()) {
    document.takeResult(ui::test::made_up_result(document));
    timeline.setAnimated(false);
    timeline.resize(size);
    timeline.setDocument(&document);
    timeline.show();
    timeline.setFocus();
    timeline.showMedianRun();
  }
  const TimelineItem& current() const {
    const auto& at = timeline.current();
    return timeline.scene().rows[static_cast<std::size_t>(at->row)].items[static_cast<std::size_t>(at->item)];
  }
  /// The item of a step in the second run, which is the median one.
  int itemOf(int step) const {
    const auto& items = timeline.scene().rows[first_thread].items;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i].step == step && items[i].run == 1) return static_cast<int>(i);
    return -1;
  }
  QPoint middleOf(int row, int item) const { return timeline.placeOf(row, item).center().toPoint(); }
  void wheel(QPointF at, QPoint degrees, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QWheelEvent event(at, timeline.mapToGlobal(at), {}, degrees, Qt::NoButton, modifiers, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(&timeline, &event);
  }
  void drag(QPoint from, QPoint by) {
    QTest::mousePress(&timeline, Qt::LeftButton, {}, from);
    for (const int part : {2, 1}) {
      QMouseEvent move(QEvent::MouseMove, from + by / part, timeline.mapToGlobal(from + by / part),
                       Qt::NoButton, Qt::LeftButton, {});
      QApplication::sendEvent(&timeline, &move);
    }
    QTest::mouseRelease(&timeline, Qt::LeftButton, {}, from + by);
  }
};

}  // namespace

class TimelineTest : public QObject {
  Q_OBJECT

 private slots:
  void clickingASpanSelectsItsNodeAndTheOtherWayRound() {
    Fixture f;
    QTest::mouseClick(&f.timeline, Qt::LeftButton, {}, f.middleOf(first_thread, f.itemOf(9)));
    QCOMPARE(*f.document.selection()->current(), Element::node(9));
    f.timeline.clearFocus();
    f.document.selection()->select(Element::node(4));
    QVERIFY(f.timeline.current());
    QCOMPARE(f.current().step, 4);
    QTest::mouseClick(&f.timeline, Qt::LeftButton, {}, QPoint(700, 255));
    QVERIFY(f.document.selection()->isEmpty());
  }

  void clickingAModuleSelectsItsGroup() {
    Fixture f;
    const auto& items = f.timeline.scene().rows[modules].items;
    QVERIFY(f.timeline.scene().rows[modules].isModules);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].run != 1) continue;
      QTest::mouseClick(&f.timeline, Qt::LeftButton, {}, f.middleOf(modules, static_cast<int>(i)));
      QCOMPARE(*f.document.selection()->current(), Element::group(items[i].group));
    }
  }

  void whatIsSelectedOnTheCanvasIsSelectedHereAndBack() {
    Fixture f;
    Canvas canvas(&f.document);
    canvas.setAnimated(false);
    canvas.resize(800, 600);
    canvas.show();
    QVERIFY(f.relaidOut([&] { f.document.openAllGroups(); }));
    f.timeline.clearFocus();
    const int box = canvas.scene().boxWithId("node:7");
    canvas.setCamera({1, QPointF(200, 200) - canvas.scene().rectangle(box).topLeft()});
    QTest::mouseClick(&canvas, Qt::LeftButton, {},
                      canvas.camera().toScreen(canvas.scene().rectangle(box).center()).toPoint());
    QCOMPARE(f.current().step, 7);
    QTest::mouseClick(&f.timeline, Qt::LeftButton, {}, f.middleOf(first_thread, f.itemOf(11)));
    QCOMPARE(canvas.currentBox(), canvas.scene().boxWithId("node:11"));
  }

  void selectsTheNodeOfAFoldedGroupToo() {
    Fixture f;
    f.timeline.clearFocus();
    const int group = f.document.hierarchy()->find("head");
    f.document.selection()->select(Element::group(group));
    QVERIFY(f.timeline.current());
    QVERIFY(f.document.hierarchy()->is_inside(
        f.document.hierarchy()->group_of_node[static_cast<std::size_t>(f.current().step)], group));
  }

  void arrowKeysWalkFromSpanToSpan() {
    Fixture f;
    QTest::keyClick(&f.timeline, Qt::Key_Right);
    QCOMPARE(f.current().step, 0);
    QCOMPARE(f.current().run, 1);
    QTest::keyClick(&f.timeline, Qt::Key_Right);
    QTest::keyClick(&f.timeline, Qt::Key_Right);
    QCOMPARE(*f.document.selection()->current(), Element::node(2));
    QTest::keyClick(&f.timeline, Qt::Key_Left);
    QCOMPARE(*f.document.selection()->current(), Element::node(1));
    QTest::keyClick(&f.timeline, Qt::Key_Right, Qt::ShiftModifier);
    QCOMPARE(f.document.selection()->elements().size(), std::size_t{2});
  }

  void upAndDownLeadToWhatRunsAtTheSameTime() {
    Fixture f;
    QTest::mouseClick(&f.timeline, Qt::LeftButton, {}, f.middleOf(first_thread, f.itemOf(6)));
    QTest::keyClick(&f.timeline, Qt::Key_Up);
    QCOMPARE(f.document.selection()->current()->kind, Element::Kind::Group);
    QTest::keyClick(&f.timeline, Qt::Key_Down);
    QCOMPARE(f.timeline.current()->row, first_thread);
    QTest::mouseClick(&f.timeline, Qt::LeftButton, {}, f.middleOf(first_thread, f.itemOf(6)));
    QTest::keyClick(&f.timeline, Qt::Key_Down);
    QCOMPARE(f.timeline.current()->row, 2);
    QCOMPARE(f.current().step, 6);
  }

  void walkingBringsSpansIntoSight() {
    Fixture f;
    const TimelineItem& item =
        f.timeline.scene().rows[first_thread].items[static_cast<std::size_t>(f.itemOf(3))];
    f.timeline.showRange(item.begin_ns, item.end_ns);
    QTest::keyClick(&f.timeline, Qt::Key_Right);
    QTest::keyClick(&f.timeline, Qt::Key_Right);
    QTest::keyClick(&f.timeline, Qt::Key_Right);
    QVERIFY(f.current().begin_ns < f.timeline.visibleEnd() && f.current().end_ns > f.timeline.visibleBegin());
  }

  void enterZoomsToTheSpanAndHomeShowsTheRunAgain() {
    Fixture f;
    const std::int64_t begin = f.timeline.visibleBegin(), end = f.timeline.visibleEnd();
    QTest::mouseClick(&f.timeline, Qt::LeftButton, {}, f.middleOf(first_thread, f.itemOf(5)));
    QTest::keyClick(&f.timeline, Qt::Key_Return);
    QVERIFY(f.timeline.visibleEnd() - f.timeline.visibleBegin() < (end - begin) / 4);
    QTest::keyClick(&f.timeline, Qt::Key_Home);
    QCOMPARE(f.timeline.visibleBegin(), begin);
    QTest::keyClick(&f.timeline, Qt::Key_End);
    QCOMPARE(f.timeline.visibleBegin(), 0);
    QCOMPARE(f.timeline.shownRun(), -1);
  }

  void wheelZoomsAtThePointer() {
    Fixture f;
    const QPointF at(400, 60);
    const auto timeAt = [&] {
      const double share = (at.x() - 92) / (800 - 92 - 16.0);
      return static_cast<double>(f.timeline.visibleBegin()) +
             share * static_cast<double>(f.timeline.visibleEnd() - f.timeline.visibleBegin());
    };
    const double before = timeAt();
    const std::int64_t length = f.timeline.visibleEnd() - f.timeline.visibleBegin();
    f.wheel(at, {0, 240});
    QVERIFY(f.timeline.visibleEnd() - f.timeline.visibleBegin() < length);
    QVERIFY(std::abs(timeAt() - before) < static_cast<double>(length) * 1e-3);
  }

  void zoomIsEasedUnlessMotionIsOff() {
    Fixture f;
    f.timeline.setAnimated(true);
    const std::int64_t length = f.timeline.visibleEnd() - f.timeline.visibleBegin();
    QSignalSpy moved(&f.timeline, &Timeline::viewChanged);
    f.wheel({400, 60}, {0, 480});
    const auto shown = [&] { return f.timeline.visibleEnd() - f.timeline.visibleBegin(); };
    const auto target = static_cast<std::int64_t>(static_cast<double>(length) / std::pow(1.0015, 480));
    QVERIFY(shown() > target * 11 / 10);  // not there at once
    QTRY_VERIFY(std::abs(shown() - target) < target / 100);
    QVERIFY(moved.count() > 1);
    f.timeline.setAnimated(false);
    f.timeline.showMedianRun();
    QCOMPARE(shown(), length);
  }

  void arrivesWhereItWentThoughTheWindowChanges() {
    Fixture f;
    const std::int64_t begin = f.timeline.visibleBegin(), end = f.timeline.visibleEnd();
    f.timeline.showAll();
    f.timeline.setAnimated(true);
    f.timeline.showMedianRun();
    f.timeline.resize(900, 260);
    QCOMPARE(f.timeline.visibleBegin(), begin);
    QVERIFY(std::abs(f.timeline.visibleEnd() - end) < (end - begin) / 100);
  }

  void draggingPansBothWays() {
    Fixture f({800, 110});
    f.wheel({400, 60}, {0, 960});
    const std::int64_t begin = f.timeline.visibleBegin();
    f.drag({400, 90}, {-60, -40});
    QVERIFY(f.timeline.visibleBegin() > begin);
    QVERIFY(f.timeline.findChild<QScrollBar*>()->value() > 0);
    QVERIFY(f.document.selection()->isEmpty());
  }

  void scrollsWhereRowsDoNotFit() {
    Fixture f({800, 110});
    auto* bar = f.timeline.findChild<QScrollBar*>();
    QVERIFY(bar->isVisible());
    QVERIFY(f.timeline.placeOf(2, 0).isEmpty());
    f.timeline.showRun(0);
    f.wheel({40, 60}, {0, -1200});  // over the names
    QCOMPARE(bar->value(), bar->maximum());
    QVERIFY(!f.timeline.placeOf(2, 0).isEmpty());
    f.timeline.resize(800, 400);
    QVERIFY(!bar->isVisible());
    QCOMPARE(f.timeline.placeOf(modules, 0).top(), 24.0);
  }

  void saysWhichRunIsShownAndOffersTheOthers() {
    Fixture f;
    QVERIFY(f.choice.text().startsWith(QStringLiteral("run 2 of 3 (median)")));
    QVERIFY(f.choice.text().contains(QStringLiteral("coverage 9")));
    QTest::keyClick(&f.timeline, Qt::Key_PageDown);
    QCOMPARE(f.timeline.shownRun(), 2);
    QVERIFY(f.choice.text().startsWith(QStringLiteral("run 3 of 3 ·")));
    Q_EMIT f.choice.menu()->aboutToShow();
    const auto actions = f.choice.menu()->actions();
    QCOMPARE(actions.size(), 6);
    QVERIFY(actions.back()->isChecked());
    actions[3]->trigger();
    QCOMPARE(f.timeline.shownRun(), 0);
    actions[1]->trigger();
    QCOMPARE(f.timeline.shownRun(), -1);
    QVERIFY(f.choice.text().startsWith(QStringLiteral("3 runs · median ")));
    QVERIFY(f.choice.text().contains(QStringLiteral("±")));
  }

  void copiesWhatIsSelectedAsATable() {
    Fixture f;
    QTest::mouseClick(&f.timeline, Qt::LeftButton, {}, f.middleOf(first_thread, f.itemOf(8)));
    QTest::keyClick(&f.timeline, Qt::Key_C, Qt::ControlModifier);
    const QStringList lines = QGuiApplication::clipboard()->text().trimmed().split(QLatin1Char('\n'));
    QCOMPARE(lines.size(), 2);
    QCOMPARE(lines[0], QStringLiteral("Row\tBegin (ms)\tLength (ms)\tType\tOperator"));
    QVERIFY2(lines[1].contains(QStringLiteral("\t0.091\t")), qPrintable(lines[1]));
    f.document.selection()->clear();
    QTest::keyClick(&f.timeline, Qt::Key_C, Qt::ControlModifier);
    QVERIFY(QGuiApplication::clipboard()->text().count(QLatin1Char('\n')) > 19);
  }

  void rightClickOffersWhatTheSpanCanDo() {
    Fixture f;
    QStringList offered;
    QTimer::singleShot(0, &f.timeline, [&] {
      auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
      QVERIFY(menu);
      for (const QAction* action : menu->actions()) offered += action->text();
      menu->close();
    });
    const QPoint at = f.middleOf(first_thread, f.itemOf(9));
    QContextMenuEvent event(QContextMenuEvent::Mouse, at, f.timeline.mapToGlobal(at));
    QApplication::sendEvent(&f.timeline, &event);
    QCOMPARE(*f.document.selection()->current(), Element::node(9));
    for (const char* wanted : {"Zoom to the Span", "Show in the Graph", "Copy Name", "Copy as TSV"})
      QVERIFY2(offered.contains(QLatin1String(wanted)), wanted);
  }

  void letsScreenReadersReadAndSelectSpans() {
    Fixture f;
    QAccessibleInterface* list = QAccessible::queryAccessibleInterface(&f.timeline);
    int items = 0;
    for (const TimelineRow& row : f.timeline.scene().rows) items += static_cast<int>(row.items.size());
    QCOMPARE(list->childCount(), items);
    const int before = static_cast<int>(f.timeline.scene().rows[modules].items.size());
    QAccessibleInterface* span = list->child(before + f.itemOf(8));
    QVERIFY(span->text(QAccessible::Name).contains(QStringLiteral("/layers/layers.1")));
    QCOMPARE(list->indexOfChild(span), before + f.itemOf(8));
    QVERIFY(span->rect().contains(f.timeline.mapToGlobal(f.middleOf(first_thread, f.itemOf(8)))));
    span->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
    QCOMPARE(*f.document.selection()->current(), Element::node(8));
    QVERIFY(span->state().selected);
  }

  void namesReadOnSpansOfAnyKindInBothThemes() {
    Theme theme;
    const auto light = [](const QColor& color) {
      const auto linear = [](double c) {
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
      };
      return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
    };
    const auto contrast = [&](const QColor& a, const QColor& b) {
      return (std::max(light(a), light(b)) + 0.05) / (std::min(light(a), light(b)) + 0.05);
    };
    for (const Theme::Mode mode : {Theme::Mode::Light, Theme::Mode::Dark}) {
      theme.setMode(mode);
      const ThemeColors& colors = theme.colors();
      QVERIFY(contrast(colors.accentText, colors.accent) >= 4.5);  // accent buttons
      for (const QColor& ground :
           {colors.field, colors.surface, colors.canvas, colors.raised}) {  // chips too
        QVERIFY(contrast(colors.text, ground) >= 4.5);
        QVERIFY2(contrast(colors.weakText, ground) >= 4.5, qPrintable(ground.name()));
      }
      for (int kind = 0; kind < 9; ++kind) {
        for (const bool dimmed : {false, true}) {
          const QColor ground = Timeline::groundOf(static_cast<OperatorKind>(kind), dimmed, theme);
          QVERIFY2(contrast(Theme::textOn(ground), ground) >= 4.5, qPrintable(ground.name()));
        }
      }
    }
  }

  void tooltipsGiveMedianAndSpread() {
    Fixture f;
    const QPoint at = f.middleOf(first_thread, f.itemOf(8));
    QHelpEvent help(QEvent::ToolTip, at, f.timeline.mapToGlobal(at));
    QApplication::sendEvent(&f.timeline, &help);
    QVERIFY(QToolTip::text().contains(QStringLiteral("median of 3")));
    QVERIFY(QToolTip::text().contains(QStringLiteral("±")));
    QVERIFY(QToolTip::text().contains(QStringLiteral("/layers/layers.1")));
  }
};

QTEST_MAIN(TimelineTest)
#include "timeline_test.moc"
