#include <QApplication>
#include <QHelpEvent>
#include <QToolTip>

#include "tests/ui/fixtures.h"
#include "ui/canvas/canvas.h"
#include "ui/shell/breadcrumb.h"
#include "ui/shell/find_box.h"

using namespace lapidary;
using namespace lapidary::ui;
using ui::test::ModelBuilder;
using ui::test::named;

namespace {

struct Fixture : ui::test::OpenDocument {
  Canvas canvas{&document};

  explicit Fixture(const ModelPointer& model = ui::test::blocks_model()) : OpenDocument(model) {
    canvas.setAnimated(false);
    canvas.resize(900, 700);
    canvas.show();
    canvas.setFocus();
  }
  int box(const std::string& id) const { return canvas.scene().boxWithId(id); }
  QPoint place(const std::string& id) const {
    return canvas.camera().toScreen(canvas.scene().rectangle(box(id)).center()).toPoint();
  }
  std::string selected() const {
    const int current = canvas.currentBox();
    return current < 0 ? "" : canvas.scene().box(current).id;
  }
  QString tipAt(QPoint at) {
    QHelpEvent help(QEvent::ToolTip, at, canvas.mapToGlobal(at));
    QApplication::sendEvent(&canvas, &help);
    return QToolTip::text();
  }
};

/// x → If (then: Abs, else: Neg) → Loop over its output (body: Add) → a function of this model → y.
ModelPointer nested_model() {
  const GraphPointer yes =
      ModelBuilder().add(lapidary::test::node("Abs", {"x"}, {"inside"})).output("inside").graph();
  const GraphPointer no =
      ModelBuilder().add(lapidary::test::node("Neg", {"x"}, {"outside"})).output("outside").graph();
  const GraphPointer body = ModelBuilder()
                                .input("i", DataType::Int64, Shape{})
                                .input("go", DataType::Bool, Shape{})
                                .input("state", DataType::Float32, Shape{2})
                                .add(lapidary::test::node("Identity", {"go"}, {"go_on"}))
                                .add(lapidary::test::node("Add", {"state", "x"}, {"next"}))
                                .output("go_on")
                                .output("next")
                                .graph();
  const ModelPointer plain =
      ModelBuilder()
          .opset("made.here", 1)
          .input("c", DataType::Bool, Shape{})
          .input("n", DataType::Int64, Shape{})
          .input("x", DataType::Float32, Shape{2})
          .add(lapidary::test::node("If", {"c"}, {"a"}, {{"then_branch", yes}, {"else_branch", no}}))
          .add(lapidary::test::node("Loop", {"n", "c", "a"}, {"b"}, {{"body", body}}))
          .add(lapidary::test::node("Twice", {"b"}, {"y"}, {}, "made.here"))
          .output("y", Type::tensor(DataType::Float32, Shape{2}))
          .build();
  Model model = *plain;
  Function twice;
  twice.domain = "made.here";
  twice.name = "Twice";
  twice.inputs = {"v"};
  twice.outputs = {"w"};
  twice.opset_imports = {{"", 21}};
  twice.nodes = {std::make_shared<const Node>(lapidary::test::node("Add", {"v", "v"}, {"w"}))};
  model.functions = {std::make_shared<const Function>(std::move(twice))};
  return std::make_shared<const Model>(std::move(model));
}

}  // namespace

class CanvasNavigationTest : public QObject {
  Q_OBJECT

 private slots:
  void showsWhatIsSelectedInsideNodes() {
    Fixture f(ui::test::nested_model());
    const Element relu = *f.document.nodeNamed("/inner/relu");
    f.document.selection()->select(relu);
    QCOMPARE(f.selected(), std::string("node:0"));  // its function is closed
    QVERIFY(f.relaidOut([&] { f.document.reveal(relu); }));
    QCOMPARE(f.selected(), std::string("node:0/body/1"));
    f.document.selection()->select(Element::named("in", relu.graph));
    QCOMPARE(f.selected(), std::string("input:0/body/in"));
    f.document.selection()->select(Element::named("flat", relu.graph));
    QCOMPARE(f.selected(), std::string("node:0/body/0"));
    QVERIFY(f.relaidOut([&] { f.document.setOpen("node:0", false); }));
    QCOMPARE(f.selected(), std::string("node:0"));
  }

  void enterOpensGroupsOneInAnotherAndBackspaceLeadsOut() {
    Fixture f;
    f.document.selection()->select(Element::group(f.document.hierarchy()->find("layers")));
    while (f.box("node:3") < 0) {
      const int before = f.canvas.currentBox();
      QVERIFY(before >= 0 && !f.canvas.scene().box(before).open);
      QVERIFY(f.relaidOut([&] { QTest::keyClick(&f.canvas, Qt::Key_Return); }));
      if (f.box("node:3") < 0) f.document.selection()->select(Element::node(3));
    }
    f.document.selection()->select(Element::node(3));
    QCOMPARE(f.selected(), std::string("node:3"));
    for (std::string last; !f.selected().empty() && f.selected() != last;) {
      last = f.selected();
      QTest::keyClick(&f.canvas, Qt::Key_Backspace);
    }
    QVERIFY(f.document.selection()->isEmpty());
  }

  void opensSubgraphsAndFunctionsInPlace_data() {
    QTest::addColumn<QString>("box");
    QTest::addColumn<QStringList>("inside");
    QTest::newRow("If") << "node:0" << QStringList{"node:0/then_branch/0", "node:0/else_branch/0"};
    QTest::newRow("Loop") << "node:1" << QStringList{"node:1/body/0", "node:1/body/1", "input:1/body/state"};
    QTest::newRow("function") << "node:2" << QStringList{"node:2/body/0"};
  }
  void opensSubgraphsAndFunctionsInPlace() {
    QFETCH(QString, box);
    QFETCH(QStringList, inside);
    Fixture f(nested_model());
    const std::string id = box.toStdString();
    QVERIFY(f.box(id) >= 0);
    QVERIFY(f.relaidOut([&] { QTest::mouseDClick(&f.canvas, Qt::LeftButton, {}, f.place(id)); }));
    for (const QString& one : inside) {
      const int at = f.box(one.toStdString());
      QVERIFY2(at >= 0, qPrintable(one));
      QVERIFY(f.canvas.scene().rectangle(f.box(id)).contains(f.canvas.scene().rectangle(at)));
    }
    // What is inside can be selected, walked from, and left.
    QTest::mouseClick(&f.canvas, Qt::LeftButton, {}, f.place(inside.front().toStdString()));
    QCOMPARE(f.selected(), inside.front().toStdString());
    QTest::keyClick(&f.canvas, Qt::Key_Backspace);
    QCOMPARE(f.selected(), id);
    QVERIFY(f.relaidOut([&] { QTest::keyClick(&f.canvas, Qt::Key_Return); }));
    QCOMPARE(f.box(inside.front().toStdString()), -1);
  }

  void homeAndEndGoToInputAndOutputAndFFits() {
    Fixture f;
    QVERIFY(f.relaidOut([&] { f.document.openAllGroups(); }));
    f.canvas.setCamera({2, {-300, -900}});
    QTest::keyClick(&f.canvas, Qt::Key_Home);
    QCOMPARE(f.selected(), std::string("input:x"));
    QVERIFY(f.canvas.rect().contains(f.place("input:x")));
    QTest::keyClick(&f.canvas, Qt::Key_End);
    const std::string output = f.selected();
    QVERIFY(output.starts_with("output:"));
    QVERIFY(f.canvas.rect().contains(f.place(output)));
    QTest::keyClick(&f.canvas, Qt::Key_F);
    QVERIFY(QRectF(f.canvas.rect()).contains(f.canvas.camera().toScreen(f.canvas.scene().bounds())));
    QTest::keyClick(&f.canvas, Qt::Key_F, Qt::ShiftModifier);
    QVERIFY(f.canvas.camera().scale > 0.9);
    QVERIFY(f.canvas.rect().contains(f.place(output)));
  }

  void extendsAlongProducersAndConsumersByKeyAndMark() {
    Fixture f;
    QVERIFY(f.relaidOut([&] { f.document.openAllGroups(); }));
    f.document.selection()->select(Element::node(5));  // the Add of the first block
    QTest::keyClick(&f.canvas, Qt::Key_Up, Qt::ShiftModifier);
    QVERIFY(f.document.selection()->contains(Element::node(4)));
    QVERIFY(f.document.selection()->contains(Element::node(1)));
    QCOMPARE(f.document.selection()->elements().size(), std::size_t{3});
    QTest::keyClick(&f.canvas, Qt::Key_Down, Qt::ShiftModifier);
    QVERIFY(f.document.selection()->contains(Element::node(6)));
    QVERIFY(f.document.selection()->contains(Element::node(9)));
    QTest::keyClick(&f.canvas, Qt::Key_Escape);
    QCOMPARE(f.document.selection()->elements().size(), std::size_t{3});
  }

  void arrowsLeadAllTheWayFromInputToOutput() {
    Fixture f;
    QVERIFY(f.relaidOut([&] { f.document.openAllGroups(); }));
    QTest::keyClick(&f.canvas, Qt::Key_Home);
    int steps = 0;
    for (std::string last; f.selected() != last && steps < 100; ++steps) {
      last = f.selected();
      QTest::keyClick(&f.canvas, Qt::Key_Down);
      QVERIFY(f.canvas.rect().contains(f.place(f.selected())));
    }
    QVERIFY(f.selected().starts_with("output:"));
    QVERIFY(steps > 10);
  }

  void breadcrumbLeadsUpByClick() {
    Fixture f;
    Breadcrumb crumbs(&f.document);
    crumbs.resize(600, 32);
    crumbs.show();
    f.document.selection()->select(Element::node(3));
    crumbs.grab();
    const QStringList names = crumbs.accessibleDescription().split(QStringLiteral(" › "));
    QVERIFY(names.size() >= 3);
    QCOMPARE(names.front(), QStringLiteral("model"));
    int x = 16;
    for (int part = 0; part < 1; ++part) x += crumbs.fontMetrics().horizontalAdvance(names[part]) + 21;
    QTest::mouseClick(&crumbs, Qt::LeftButton, {}, QPoint(x + 4, 16));
    QCOMPARE(f.document.selection()->current()->kind, Element::Kind::Group);
    QCOMPARE(f.document.nameOf(*f.document.selection()->current()), names[1]);
    crumbs.grab();
    QTest::mouseClick(&crumbs, Qt::LeftButton, {}, QPoint(20, 16));
    QVERIFY(f.document.selection()->isEmpty());
  }

  void breadcrumbIsWalkedByKey() {
    Fixture f;
    Breadcrumb crumbs(&f.document);
    crumbs.resize(600, 32);
    crumbs.show();
    f.document.selection()->select(Element::node(3));
    const QStringList names = crumbs.accessibleDescription().split(QStringLiteral(" › "));
    QTest::keyClick(&crumbs, Qt::Key_Left);
    QTest::keyClick(&crumbs, Qt::Key_Return);
    QCOMPARE(f.document.selection()->current()->kind, Element::Kind::Group);
    QVERIFY(crumbs.accessibleDescription().endsWith(names[names.size() - 2]));
  }

  void breadcrumbKeepsItsEndsWhereItIsNarrow() {
    Fixture f;
    Breadcrumb crumbs(&f.document);
    crumbs.show();
    f.document.selection()->select(Element::node(3));
    const QStringList names = crumbs.accessibleDescription().split(QStringLiteral(" › "));
    QVERIFY(names.size() >= 3);
    const auto advance = [&](const QString& name) { return crumbs.fontMetrics().horizontalAdvance(name); };
    crumbs.resize(
        advance(names.front()) + advance(QStringLiteral("…")) + advance(names.back()) + 2 * 16 + 2 * 20 + 2,
        32);
    QTest::mouseClick(&crumbs, Qt::LeftButton, {}, QPoint(crumbs.width() - 20, 16));
    QCOMPARE(*f.document.selection()->current(), Element::node(3));
    QTest::mouseClick(&crumbs, Qt::LeftButton, {}, QPoint(20, 16));
    QVERIFY(f.document.selection()->isEmpty());
  }

  void movesTheViewByKeyInAllDirections() {
    Fixture f;
    f.canvas.setCamera({1, {100, 100}});
    const QPointF before = f.canvas.camera().offset;
    QTest::keyClick(&f.canvas, Qt::Key_Right, Qt::ControlModifier);
    QVERIFY(f.canvas.camera().offset.x() < before.x());
    QCOMPARE(f.canvas.camera().offset.y(), before.y());
    QTest::keyClick(&f.canvas, Qt::Key_Left, Qt::ControlModifier);
    QTest::keyClick(&f.canvas, Qt::Key_Up, Qt::ControlModifier);
    QVERIFY(f.canvas.camera().offset.y() > before.y());
  }

  void resultsOfASearchAreWalkedAndComeIntoView() {
    Fixture f;
    QVERIFY(f.relaidOut([&] { f.document.openAllGroups(); }));
    FindBox find(&f.theme);
    find.setDocument(&f.document);
    find.setText(QStringLiteral("op:Relu"));
    QTRY_COMPARE(find.results().size(), std::size_t{5});
    std::set<std::string> seen;
    for (int i = 0; i < 5; ++i) {
      find.walk(1);
      seen.insert(f.selected());
      QVERIFY(f.canvas.rect().contains(f.place(f.selected())));
    }
    QCOMPARE(seen.size(), std::size_t{5});
    find.walk(-1);
    QVERIFY(seen.contains(f.selected()));
  }

  void tooltipsNameNodesGroupsAndValues() {
    Fixture f;
    QVERIFY(f.tipAt(f.place("group:head")).contains(QStringLiteral("3 nodes")));
    QVERIFY(f.relaidOut([&] { f.document.openAllGroups(); }));
    f.canvas.setCamera({1, QPointF(300, 200) - f.canvas.scene().rectangle(f.box("node:1")).topLeft()});
    const QString node = f.tipAt(f.place("node:1"));
    QVERIFY(node.contains(QStringLiteral("Relu")));
    QVERIFY(node.contains(QStringLiteral("/stem/act/Relu")));
    QVERIFY(node.contains(QStringLiteral("float32")));
    const auto& points = f.canvas.scene().curve(f.canvas.scene().incoming(f.box("node:1")).front()).points;
    const QPoint middle =
        f.canvas.camera()
            .toScreen(QPointF((points.front().x + points[3].x) / 2, (points.front().y + points[3].y) / 2))
            .toPoint();
    QTest::mouseMove(&f.canvas, middle);
    const QString value = f.tipAt(middle);
    QVERIFY(value.contains(QStringLiteral("/stem/embed/MatMul_output")));
    QVERIFY(value.contains(QStringLiteral("float32")));
  }

  void showsConstantsAsNodesOnDemand() {
    Fixture f;
    QVERIFY(f.relaidOut([&] { f.document.openAllGroups(); }));
    QCOMPARE(f.box("initializer:w"), -1);
    QVERIFY(f.relaidOut([&] { f.document.setConstantsShown(true); }));
    QVERIFY(f.box("initializer:w") >= 0);
    QCOMPARE(f.canvas.scene().outgoing(f.box("initializer:w")).size(), std::size_t{9});
    f.document.selection()->select(Element::named("w"));
    QCOMPARE(f.selected(), std::string("initializer:w"));
    QVERIFY(f.relaidOut([&] { f.document.setConstantsShown(false); }));
    QCOMPARE(f.box("initializer:w"), -1);
  }

  void foldedGroupsShowWhatIsInside() {
    Fixture f;
    const int head = f.box("group:head");
    QVERIFY(f.canvas.scene().box(head).silhouette >= 0);
    const auto colours = [&] {
      const QImage picture = f.canvas.grab().toImage();
      const Rectangle& r = f.canvas.scene().box(head).rectangle;
      const Rectangle area = silhouette_area(r);
      std::set<QRgb> seen;
      const QRect part = f.canvas.camera().toScreen(QRectF(area.x, area.y, area.width, area.height)).toRect();
      for (int y = part.top(); y <= part.bottom(); ++y)
        for (int x = part.left(); x <= part.right(); ++x) seen.insert(picture.pixel(x, y));
      return seen.size();
    };
    f.canvas.setCamera({1, QPointF(200, 200) - f.canvas.scene().rectangle(head).topLeft()});
    QVERIFY(colours() >= 3);
    f.canvas.setCamera({0.5, QPointF(200, 200) - f.canvas.scene().rectangle(head).topLeft() * 0.5});
    QVERIFY(colours() >= 3);
  }

  void rowsOfEqualGroupsShowTheTimeOfAll() {
    Fixture f;
    QVERIFY(f.relaidOut([&] { f.document.setOpen("layers", true); }));
    const int row = f.box("repeat:layers/layers.0");
    QVERIFY(row >= 0);
    std::vector<double> values(f.document.model()->graph->nodes.size(), 1.0);
    f.document.heat()->setValues(values, QStringLiteral("ms"));
    QVERIFY2(f.canvas.describe(row).contains(QStringLiteral("16\u202fms")),
             qPrintable(f.canvas.describe(row)));
  }

  void zoomIsEasedUnlessMotionIsOff() {
    Fixture f;
    f.canvas.setCamera({1, {0, 0}});
    f.canvas.zoomIn();
    QCOMPARE(f.canvas.camera().scale, 1.25);
    f.canvas.setAnimated(true);
    f.canvas.zoomIn();
    QCOMPARE(f.canvas.camera().scale, 1.25);
    QTRY_COMPARE(f.canvas.camera().scale, 1.5625);
  }
};

QTEST_MAIN(CanvasNavigationTest)
#include "canvas_navigation_test.moc"
