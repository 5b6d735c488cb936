#include "ui/canvas/canvas.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include "engine/io/model_file.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::ui;
using test::ModelBuilder;

namespace {

Node named(std::string name, Node node) {
  node.name = std::move(name);
  return node;
}

/// input → /head/Relu, /head/Exp → two branches → Add → output.
ModelPointer small_model() {
  return ModelBuilder()
      .input("x", DataType::Float32, Shape{1, 8})
      .add(named("/head/Relu", test::node("Relu", {"x"}, {"a"})))
      .add(named("/head/Exp", test::node("Exp", {"a"}, {"b"})))
      .add(named("/left/Neg", test::node("Neg", {"b"}, {"c"})))
      .add(named("/right/Abs", test::node("Abs", {"b"}, {"d"})))
      .add(named("/Add", test::node("Add", {"c", "d"}, {"y"})))
      .output("y", Type::tensor(DataType::Float32, Shape{1, 8}))
      .build();
}

/// A document with the small model open and shown.
struct Fixture {
  QTemporaryDir folder;
  Theme theme;
  JobList jobs;
  Document document{&theme, &jobs};
  Canvas canvas{&document};

  Fixture() {
    const QString path = folder.filePath(QStringLiteral("small.onnx"));
    save_model(*small_model(), path.toStdString());
    canvas.setAnimated(false);
    canvas.resize(800, 600);
    canvas.show();
    document.open(path);
    if (!QTest::qWaitFor([this] { return document.layout() != nullptr; }, 20000)) qFatal("no layout");
    canvas.setFocus();
  }
  int box(const char* id) const { return canvas.scene().boxWithId(id); }
  QPoint place(const char* id) const {
    return canvas.camera().toScreen(canvas.scene().rectangle(box(id)).center()).toPoint();
  }
  std::string selected() const {
    const int current = canvas.currentBox();
    return current < 0 ? "" : canvas.scene().box(current).id;
  }
  bool openHead() {
    document.setOpen("head", true);
    return QTest::qWaitFor([this] { return box("node:0") >= 0; }, 20000);
  }
};

void wheel(Canvas& canvas, QPointF at, int degrees, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
  QWheelEvent event(at, canvas.mapToGlobal(at), {}, {0, degrees}, Qt::NoButton, modifiers, Qt::NoScrollPhase,
                    false);
  QApplication::sendEvent(&canvas, &event);
}

}  // namespace

class CanvasTest : public QObject {
  Q_OBJECT
 private slots:
  void clickSelectsAndShiftClickExtends() {
    Fixture f;
    QTest::mouseClick(&f.canvas, Qt::LeftButton, {}, f.place("node:4"));
    QCOMPARE(f.selected(), std::string("node:4"));
    QTest::mouseClick(&f.canvas, Qt::LeftButton, Qt::ShiftModifier, f.place("node:3"));
    QCOMPARE(f.document.selection()->elements().size(), std::size_t{2});
    QTest::mouseClick(&f.canvas, Qt::LeftButton, {}, QPoint(f.canvas.width() - 4, 4));
    QVERIFY(f.document.selection()->isEmpty());
  }

  void doubleClickOpensAndKeepsTheBoxInPlace() {
    Fixture f;
    const QRectF before = f.canvas.camera().toScreen(f.canvas.scene().rectangle(f.box("group:head")));
    QTest::mouseDClick(&f.canvas, Qt::LeftButton, {}, f.place("group:head"));
    QTRY_VERIFY(f.box("node:0") >= 0);
    const QRectF after = f.canvas.camera().toScreen(f.canvas.scene().rectangle(f.box("group:head")));
    QVERIFY(std::abs(after.top() - before.top()) < 1);
    QVERIFY(std::abs(after.center().x() - before.center().x()) < 1);
  }

  void enterOpensAndBackspaceGoesUp() {
    Fixture f;
    QTest::mouseClick(&f.canvas, Qt::LeftButton, {}, f.place("group:head"));
    QTest::keyClick(&f.canvas, Qt::Key_Return);
    QTRY_VERIFY(f.box("node:0") >= 0);
    f.document.selection()->select(Element::node(0));
    QTest::keyClick(&f.canvas, Qt::Key_Backspace);
    QCOMPARE(f.selected(), std::string("group:head"));
    QTest::keyClick(&f.canvas, Qt::Key_Return);
    QTRY_COMPARE(f.box("node:0"), -1);
  }

  void arrowsWalkAlongEdgesAndAmongSiblings() {
    Fixture f;
    QTest::keyClick(&f.canvas, Qt::Key_Down);
    QCOMPARE(f.selected(), std::string("input:x"));
    QTest::keyClick(&f.canvas, Qt::Key_Down);
    QCOMPARE(f.selected(), std::string("group:head"));
    QTest::keyClick(&f.canvas, Qt::Key_Down);
    const std::string branch = f.selected();
    QVERIFY(branch == "node:2" || branch == "node:3");
    QTest::keyClick(&f.canvas, branch == "node:2" ? Qt::Key_Right : Qt::Key_Left);
    QCOMPARE(f.selected(), std::string(branch == "node:2" ? "node:3" : "node:2"));
    QTest::keyClick(&f.canvas, Qt::Key_Up);
    QCOMPARE(f.selected(), std::string("group:head"));
    QTest::keyClick(&f.canvas, Qt::Key_Up, Qt::AltModifier);
    QCOMPARE(f.selected(), std::string("input:x"));
    QTest::keyClick(&f.canvas, Qt::Key_End);
    QCOMPARE(f.selected(), std::string("output:y"));
  }

  void shiftArrowsAddProducersAndConsumers() {
    Fixture f;
    f.document.selection()->select(Element::node(4));
    QTest::keyClick(&f.canvas, Qt::Key_Up, Qt::ShiftModifier);
    QCOMPARE(f.document.selection()->elements().size(), std::size_t{3});
    QTest::keyClick(&f.canvas, Qt::Key_Down, Qt::ShiftModifier);
    QVERIFY(f.document.selection()->contains(Element::named("y")));
  }

  void wheelZoomsAtThePointer() {
    Fixture f;
    const QPointF at(200, 150);
    const QPointF scene = f.canvas.camera().toScene(at);
    const double scale = f.canvas.camera().scale;
    wheel(f.canvas, at, 120);
    QVERIFY(f.canvas.camera().scale > scale * 1.1);
    const QPointF now = f.canvas.camera().toScreen(scene);
    QVERIFY((now - at).manhattanLength() < 0.01);
  }

  void shiftWheelPansSideways() {
    Fixture f;
    const Camera before = f.canvas.camera();
    wheel(f.canvas, {200, 150}, 120, Qt::ShiftModifier);
    QCOMPARE(f.canvas.camera().scale, before.scale);
    QCOMPARE(f.canvas.camera().offset.y(), before.offset.y());
    QVERIFY(f.canvas.camera().offset.x() != before.offset.x());
  }

  void draggingPansAndSelectsNothing() {
    Fixture f;
    const QPointF before = f.canvas.camera().offset;
    QTest::mousePress(&f.canvas, Qt::LeftButton, {}, f.place("node:4"));
    QTest::mouseMove(&f.canvas, f.place("node:4") + QPoint(0, -30));
    QTest::mouseMove(&f.canvas, f.place("node:4") + QPoint(0, -30));
    QTest::mouseRelease(&f.canvas, Qt::LeftButton, {}, f.place("node:4"));
    QVERIFY(f.canvas.camera().offset != before);
    QVERIFY(f.document.selection()->isEmpty());
  }

  void zoomControlAndFitWork() {
    Fixture f;
    const double scale = f.canvas.camera().scale;
    QTest::mouseClick(&f.canvas, Qt::LeftButton, {}, QPoint(30, f.canvas.height() - 30));
    QVERIFY(f.canvas.camera().scale < scale);
    QTest::keyClick(&f.canvas, Qt::Key_F);
    const QRectF graph = f.canvas.camera().toScreen(f.canvas.scene().bounds());
    QVERIFY(QRectF(f.canvas.rect()).contains(graph));
  }

  void minimapMovesTheView() {
    Fixture f;
    f.canvas.setCamera({3, {0, 0}});
    const QPointF before = f.canvas.camera().offset;
    QTest::mouseClick(&f.canvas, Qt::LeftButton, {}, QPoint(f.canvas.width() - 74, f.canvas.height() - 40));
    QVERIFY(f.canvas.camera().offset.y() < before.y());
  }

  void clickingACurveSelectsItsValue() {
    Fixture f;
    QVERIFY(f.openHead());
    const auto& curves = f.canvas.scene().outgoing(f.box("node:0"));
    const auto& points = f.canvas.scene().curve(curves.front()).points;
    const QPointF middle((points.front().x + points[3].x) / 2, (points.front().y + points[3].y) / 2);
    QTest::mouseClick(&f.canvas, Qt::LeftButton, {}, f.canvas.camera().toScreen(middle).toPoint());
    QVERIFY(f.document.selection()->contains(Element::named("a")));
  }

  void selectionFromElsewhereComesIntoView() {
    Fixture f;
    f.canvas.setCamera({1, {0, -100000}});
    f.document.selection()->select(Element::node(4));
    QVERIFY(f.canvas.rect().contains(f.place("node:4")));
  }

  void foldedNodesShowAsTheirGroup() {
    Fixture f;
    QCOMPARE(f.canvas.boxOf(Element::node(1)), f.box("group:head"));
    QVERIFY(f.openHead());
    QCOMPARE(f.canvas.boxOf(Element::node(1)), f.box("node:1"));
  }

  void heatFillsNodesAndSumsUpGroups() {
    Fixture f;
    f.document.heat()->setValues({1, 2, 4, 1, 8}, QStringLiteral("ms"));
    QVERIFY(f.canvas.describe(f.box("group:head")).contains(QStringLiteral("3")));
    const QImage picture = f.canvas.grab().toImage();
    const QPointF inside =
        f.canvas.camera().toScreen(f.canvas.scene().rectangle(f.box("node:4")).topLeft()) + QPointF(9, 6);
    QCOMPARE(picture.pixelColor(inside.toPoint()), f.theme.heat(1));
  }

  void copiesTextOfTheSelection() {
    Fixture f;
    f.document.selection()->select(Element::node(4));
    QTest::keyClick(&f.canvas, Qt::Key_C, Qt::ControlModifier);
    QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("/Add")));
  }

  void screenReadersGetNames() {
    Fixture f;
    QAccessibleInterface* canvas = QAccessible::queryAccessibleInterface(&f.canvas);
    QVERIFY(canvas);
    QCOMPARE(canvas->childCount(), static_cast<int>(f.canvas.scene().layout()->boxes.size()));
    QAccessibleInterface* add = canvas->child(f.box("node:4"));
    QVERIFY(add);
    QVERIFY(add->text(QAccessible::Name).startsWith(QStringLiteral("Add")));
    QVERIFY(canvas->child(f.box("group:head"))->state().expandable);
    f.document.selection()->select(Element::node(4));
    QVERIFY(add->state().focused);
  }

  void followsTheTheme() {
    Fixture f;
    f.theme.setMode(Theme::Mode::Light);
    const QColor light = f.canvas.grab().toImage().pixelColor(2, 2);
    f.theme.setMode(Theme::Mode::Dark);
    const QColor dark = f.canvas.grab().toImage().pixelColor(2, 2);
    QVERIFY(light.lightness() > 200 && dark.lightness() < 60);
  }
};

QTEST_MAIN(CanvasTest)
#include "canvas_test.moc"
