#include <QLineEdit>
#include <QListWidget>
#include <QMouseEvent>

#include "tests/ui/window_fixture.h"
#include "ui/canvas/canvas.h"
#include "ui/document/connecting.h"
#include "ui/shell/document_page.h"
#include "ui/shell/list_palette.h"
#include "ui/shell/operator_palette.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

using lapidary::test::node;

using Names = std::vector<std::string>;

Node named(const char* name, Node made) {
  made.name = name;
  return made;
}

/// x → /a (Relu) → p → /b (Abs) → q; p, q → /add (Add) → s; s → /cast (Cast to int64) → y; and x → /loose
/// (Neg) → z, an output as y is.
ModelPointer small() {
  return test::ModelBuilder()
      .input("x", DataType::Float32, Shape{1, 4})
      .add(named("/a", node("Relu", {"x"}, {"p"})))
      .add(named("/b", node("Abs", {"p"}, {"q"})))
      .add(named("/add", node("Add", {"p", "q"}, {"s"})))
      .add(named("/cast", node("Cast", {"s"}, {"y"}, {{"to", std::int64_t{7}}})))
      .add(named("/loose", node("Neg", {"x"}, {"z"})))
      .output("y", Type::tensor(DataType::Int64, Shape{1, 4}))
      .output("z", Type::tensor(DataType::Float32, Shape{1, 4}))
      .build();
}

/// x → /choose (If) → y, whose branches are /then/neg (Neg of x) and /else/abs, /else/exp (of x).
ModelPointer branches() {
  const GraphPointer then_branch =
      test::ModelBuilder().add(named("/then/neg", node("Neg", {"x"}, {"t"}))).output("t").graph();
  const GraphPointer else_branch = test::ModelBuilder()
                                       .add(named("/else/abs", node("Abs", {"x"}, {"e"})))
                                       .add(named("/else/exp", node("Exp", {"e"}, {"f"})))
                                       .output("f")
                                       .graph();
  return test::ModelBuilder()
      .input("x", DataType::Float32, Shape{2})
      .initializer("which", Tensor::of({}, std::vector<bool>{true}))
      .add(named("/choose",
                 node("If", {"which"}, {"y"}, {{"then_branch", then_branch}, {"else_branch", else_branch}})))
      .output("y", Type::tensor(DataType::Float32, Shape{2}))
      .build();
}

/// x → /repeat (Loop of 3) → y, whose body negates (/body/neg) and takes the magnitude (/body/abs).
ModelPointer loop() {
  const GraphPointer body = test::ModelBuilder()
                                .input("i", DataType::Int64, Shape{})
                                .input("keep", DataType::Bool, Shape{})
                                .input("before", DataType::Float32, Shape{2})
                                .add(named("/body/keep", node("Identity", {"keep"}, {"keep_on"})))
                                .add(named("/body/neg", node("Neg", {"before"}, {"n"})))
                                .add(named("/body/abs", node("Abs", {"n"}, {"after"})))
                                .output("keep_on", Type::tensor(DataType::Bool, Shape{}))
                                .output("after", Type::tensor(DataType::Float32, Shape{2}))
                                .graph();
  return test::ModelBuilder()
      .input("x", DataType::Float32, Shape{2})
      .initializer("times", Tensor::of<std::int64_t>({}, {3}))
      .initializer("always", Tensor::of({}, std::vector<bool>{true}))
      .add(named("/repeat", node("Loop", {"times", "always", "x"}, {"y"}, {{"body", body}})))
      .output("y", Type::tensor(DataType::Float32, Shape{2}))
      .build();
}

}  // namespace

class ConnectingTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { open(small()); }
  void cleanup() { fixture_.reset(); }

  void connectsAnInputWithWhatAnotherNodeMakes() {
    drag(input("/b", 0), output("/loose"));
    QCOMPARE(canvas_->connecting().refusal(), QString());
    QVERIFY(canvas_->connecting().target());
    drop();
    QTRY_COMPARE(document_->model()->graph->nodes[indexOf("/b")]->inputs, Names{"z"});
    QCOMPARE(document_->history()->size(), std::size_t{2});
    fixture_->press(Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(document_->model()->graph->nodes[indexOf("/b")]->inputs, Names{"p"});
  }

  void connectsATensorWithAnInput() {
    drag(output("/a"), input("/add", 1));
    drop();
    QTRY_COMPARE(document_->model()->graph->nodes[indexOf("/add")]->inputs, (Names{"p", "p"}));
  }

  void connectsAnInputOfTheModel() {
    const Element x = Element::named("x");
    drag({x, output_ports(*document_, x).front()}, input("/add", 0));
    drop();
    QTRY_COMPARE(document_->model()->graph->nodes[indexOf("/add")]->inputs, (Names{"x", "q"}));
  }

  void refusesCyclesInWords() {
    drag(input("/a", 0), output("/add"));
    QVERIFY2(canvas_->connecting().refusal().contains(QStringLiteral("cycle")),
             qPrintable(canvas_->connecting().refusal()));
    drop();
    QCOMPARE(document_->history()->size(), std::size_t{1});
  }

  void refusesTypesWithTheReason() {
    open(test::ModelBuilder()
             .input("x", DataType::Float32, Shape{2})
             .input("i", DataType::Int64, Shape{2})
             .add(named("/add", node("Add", {"x", "x"}, {"s"})))
             .add(named("/neg", node("Neg", {"i"}, {"n"})))
             .output("s", Type::tensor(DataType::Float32, Shape{2}))
             .output("n", Type::tensor(DataType::Int64, Shape{2}))
             .build());
    drag(output("/neg"), input("/add", 1));
    QVERIFY2(canvas_->connecting().refusal().contains(QStringLiteral("tensor(int64)")),
             qPrintable(canvas_->connecting().refusal()));
    drop();
    QCOMPARE(document_->history()->size(), std::size_t{1});
  }

  void leavesTheGestureWithEscape() {
    drag(input("/b", 0), output("/loose"));
    QVERIFY(canvas_->connecting().isActive());
    fixture_->press(Qt::Key_Escape);
    QVERIFY(!canvas_->connecting().isActive());
    drop();
    QCOMPARE(document_->history()->size(), std::size_t{1});
    QVERIFY(document_->selection()->contains(nodeNamed("/b")));
  }

  void connectsByKeyboard() {
    document_->selection()->select(nodeNamed("/add"));
    fixture_->press(Qt::Key_L, Qt::ControlModifier);
    auto* palette = fixture_->window->findChild<ListPalette*>();
    QVERIFY(palette->isVisible());
    fixture_->press(Qt::Key_Down);
    fixture_->press(Qt::Key_Return);
    QVERIFY(palette->isVisible());
    auto* list = palette->findChild<QListWidget*>();
    const auto cycle = list->findItems(QStringLiteral("y — A cycle"), Qt::MatchStartsWith);
    QCOMPARE(cycle.size(), 1);
    QVERIFY(!(cycle.front()->flags() & Qt::ItemIsEnabled));
    QTest::keyClicks(palette->findChild<QLineEdit*>(), QStringLiteral("z"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(document_->model()->graph->nodes[indexOf("/add")]->inputs, (Names{"p", "z"}));
  }

  void connectsInsideABranch() {
    open(branches());
    document_->setOpen("node:0", true);
    QTRY_VERIFY(canvas_->boxOf(nodeNamed("/else/exp")) >= 0 && !fixture_->window->jobs()->firstRunning());
    canvas_->fitAll();
    const Element x = Element::named("x");
    drag(input("/else/exp", 0), {x, output_ports(*document_, x).front()});
    QCOMPARE(canvas_->connecting().refusal(), QString());
    drop();
    QTRY_COMPARE(document_->nodeOf(nodeNamed("/else/exp"))->inputs, Names{"x"});
    // What the other branch makes is not seen from here.
    const Port exp = input_ports(*document_, nodeNamed("/else/exp")).front();
    const Port other = output_ports(*document_, nodeNamed("/then/neg")).front();
    QVERIFY(Connecting(*document_, exp).refusal(other).contains(QStringLiteral("another graph")));
    // And what the If makes depends on what is inside.
    const Port made = output_ports(*document_, nodeNamed("/choose")).front();
    QVERIFY(Connecting(*document_, exp).refusal(made).contains(QStringLiteral("cycle")));
  }

  void editsInsideALoop() {
    open(loop());
    document_->setOpen("node:0", true);
    QTRY_VERIFY(canvas_->boxOf(nodeNamed("/body/abs")) >= 0 && !fixture_->window->jobs()->firstRunning());
    canvas_->fitAll();
    const auto inputsOf = [this](const char* name) { return document_->nodeOf(nodeNamed(name))->inputs; };
    // What the loop carries is seen in its body; what is of another type is not taken.
    const Element before = Element::named("before", nodeNamed("/body/abs").graph);
    drag(input("/body/abs", 0), {before, output_ports(*document_, before).front()});
    QCOMPARE(canvas_->connecting().refusal(), QString());
    drop();
    QTRY_COMPARE(inputsOf("/body/abs"), Names{"before"});
    QTRY_VERIFY(!fixture_->window->jobs()->firstRunning());
    drag(output("/body/keep"), input("/body/neg", 0));
    QVERIFY(canvas_->connecting().refusal().contains(QStringLiteral("tensor(bool)")));
    drop();
    QCOMPARE(inputsOf("/body/neg"), Names{"before"});
    QTest::mouseClick(canvas_, Qt::LeftButton, {}, middleOf("/body/abs"));
    fixture_->press(Qt::Key_D, Qt::ControlModifier);
    QTRY_VERIFY(document_->nodeNamed("/body/abs_copy"));
    QTRY_VERIFY(!fixture_->window->jobs()->firstRunning());
    QCOMPARE(nodeNamed("/body/abs_copy").graph, nodeNamed("/body/abs").graph);
    QTest::mouseClick(canvas_, Qt::LeftButton, {}, middleOf("/body/neg"));
    fixture_->press(Qt::Key_Delete);
    QTRY_VERIFY(!document_->nodeNamed("/body/neg"));
    QCOMPARE(document_->history()->size(), std::size_t{4});
  }

  void addsANodeWhereThePointerIsAndConnectsIt() {
    const QPoint place = canvas_->rect().center() + QPoint(180, 60);
    Q_EMIT canvas_->addWanted(place);
    auto* palette = fixture_->window->findChild<OperatorPalette*>();
    QVERIFY(palette->isVisible());
    QTest::keyClicks(palette->findChild<QLineEdit*>(), QStringLiteral("sigmoid"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{6});
    const Element added = nodeNamed("Sigmoid");
    QVERIFY(document_->nodeOf(added)->inputs.empty());
    QTRY_VERIFY(document_->selection()->contains(added));
    QTRY_VERIFY(!fixture_->window->jobs()->firstRunning());
    const QPointF middle =
        canvas_->camera().toScreen(canvas_->scene().rectangle(canvas_->boxOf(added)).center());
    QVERIFY((middle - place).manhattanLength() < 4);
    canvas_->fitAll();
    drag(output("/a"), input("Sigmoid", 0));
    drop();
    QTRY_COMPARE(document_->nodeOf(nodeNamed("Sigmoid"))->inputs, Names{"p"});
  }

  void addsWhatReadsATensorWhereItsEdgeIsLetGo() {
    document_->selection()->select(nodeNamed("/a"));
    const QPoint place = dragIntoNothing(output("/a"));
    auto* palette = fixture_->window->findChild<OperatorPalette*>();
    QVERIFY(palette->isVisible());
    const auto* list = palette->findChild<QListWidget*>();
    QVERIFY(!list->findItems(QStringLiteral("Sigmoid —"), Qt::MatchStartsWith).isEmpty());
    QVERIFY2(list->findItems(QStringLiteral("BitwiseNot —"), Qt::MatchStartsWith).isEmpty(),
             "reads no floats");
    QTest::keyClicks(palette->findChild<QLineEdit*>(), QStringLiteral("sigmoid"));
    fixture_->press(Qt::Key_Return);
    QTRY_VERIFY(document_->nodeNamed("Sigmoid"));
    QCOMPARE(document_->nodeOf(nodeNamed("Sigmoid"))->inputs, Names{"p"});
    QCOMPARE(document_->history()->size(), std::size_t{2});
    QTRY_VERIFY(document_->selection()->contains(nodeNamed("Sigmoid")));
    const QRectF box =
        canvas_->camera().toScreen(canvas_->scene().rectangle(canvas_->boxOf(nodeNamed("Sigmoid"))));
    QVERIFY((box.center() - place).manhattanLength() < 4);
  }

  void addsWhatMakesWhatAnInputReads() {
    document_->selection()->select(nodeNamed("/add"));
    dragIntoNothing(input("/add", 1));
    auto* palette = fixture_->window->findChild<OperatorPalette*>();
    QVERIFY(palette->isVisible());
    const auto* list = palette->findChild<QListWidget*>();
    QVERIFY2(list->findItems(QStringLiteral("Shape —"), Qt::MatchStartsWith).isEmpty(),
             "makes int64, and the other input is float32");
    QTest::keyClicks(palette->findChild<QLineEdit*>(), QStringLiteral("randomnormal"));
    fixture_->press(Qt::Key_Return);
    QTRY_VERIFY(document_->nodeNamed("RandomNormal"));
    const Node& made = *document_->nodeOf(nodeNamed("RandomNormal"));
    QCOMPARE(document_->nodeOf(nodeNamed("/add"))->inputs, (Names{"p", made.outputs.at(0)}));
    QCOMPARE(document_->history()->size(), std::size_t{2});
    fixture_->press(Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(document_->nodeOf(nodeNamed("/add"))->inputs, (Names{"p", "q"}));
  }

  void changesNothingWhereNoOperatorIsChosen() {
    document_->selection()->select(nodeNamed("/a"));
    dragIntoNothing(output("/a"));
    fixture_->press(Qt::Key_Escape);
    QVERIFY(!fixture_->window->findChild<OperatorPalette*>()->isVisible());
    QCOMPARE(document_->history()->size(), std::size_t{1});
  }

  void addsANodeInsideABranch() {
    open(branches());
    document_->setOpen("node:0", true);
    QTRY_VERIFY(canvas_->boxOf(nodeNamed("/else/exp")) >= 0 && !fixture_->window->jobs()->firstRunning());
    canvas_->fitAll();
    const QRectF above = canvas_->scene().rectangle(canvas_->boxOf(nodeNamed("/else/exp")));
    Q_EMIT canvas_->addWanted(canvas_->camera().toScreen(above.center()));
    QTest::keyClicks(fixture_->window->findChild<OperatorPalette*>()->findChild<QLineEdit*>(),
                     QStringLiteral("sigmoid"));
    fixture_->press(Qt::Key_Return);
    QTRY_VERIFY(document_->nodeNamed("Sigmoid"));
    QCOMPARE(nodeNamed("Sigmoid").graph, nodeNamed("/else/exp").graph);
    QTRY_VERIFY(document_->selection()->contains(nodeNamed("Sigmoid")));
  }

  void selectsWithARubberBandAndByType() {
    canvas_->fitAll();
    const QRectF all = canvas_->camera().toScreen(canvas_->scene().bounds());
    const QPoint from = all.topLeft().toPoint() - QPoint(4, 4),
                 to = all.bottomRight().toPoint() + QPoint(4, 4);
    QTest::mousePress(canvas_, Qt::LeftButton, Qt::ShiftModifier, from);
    move(from + QPoint(30, 30), Qt::ShiftModifier);
    move(to, Qt::ShiftModifier);
    QTest::mouseRelease(canvas_, Qt::LeftButton, Qt::ShiftModifier, to);
    QCOMPARE(document_->selection()->elements().size(), std::size_t{5});
    document_->selection()->select(nodeNamed("/b"));
    fixture_->press(Qt::Key_A, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(document_->selection()->elements().size(), std::size_t{1});
    document_->selection()->setFound({nodeNamed("/a"), nodeNamed("/loose")});
    fixture_->press(Qt::Key_F, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(document_->selection()->elements().size(), std::size_t{2});
    fixture_->press(Qt::Key_D, Qt::ControlModifier);
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{7});
    QCOMPARE(document_->history()->size(), std::size_t{2});
  }

 private:
  struct End {
    Element element;
    Port port;
  };
  void open(const ModelPointer& model) {
    fixture_.reset();
    fixture_ = std::make_unique<WindowFixture>();
    fixture_->window->resize(1280, 800);
    document_ = fixture_->open(fixture_->save(model));
    canvas_ = fixture_->window->page()->canvas();
    canvas_->setAnimated(false);
    canvas_->setFocus();
  }
  Element nodeNamed(const char* name) const { return document_->nodeNamed(name).value(); }
  std::size_t indexOf(const char* name) const { return static_cast<std::size_t>(nodeNamed(name).index); }
  End input(const char* name, std::size_t slot) const {
    return {nodeNamed(name), input_ports(*document_, nodeNamed(name)).at(slot)};
  }
  End output(const char* name) const {
    return {nodeNamed(name), output_ports(*document_, nodeNamed(name)).front()};
  }
  void move(QPoint to, Qt::KeyboardModifiers modifiers = {}) const {
    QMouseEvent event(QEvent::MouseMove, to, canvas_->mapToGlobal(to), Qt::NoButton, Qt::LeftButton,
                      modifiers);
    QApplication::sendEvent(canvas_, &event);
  }
  void drag(const End& from, const End& to) {
    document_->selection()->select(from.element);
    QTest::qWait(1);
    const QPoint start = canvas_->connecting().placeOf(from.port).value().toPoint();
    end_ = canvas_->connecting().placeOf(to.port).value().toPoint();
    QTest::mousePress(canvas_, Qt::LeftButton, {}, start);
    move((start + end_) / 2 + QPoint(15, 15));
    move(end_);
  }
  QPoint middleOf(const char* name) const {
    const QRectF box = canvas_->scene().rectangle(canvas_->boxOf(nodeNamed(name)));
    return canvas_->camera().toScreen(box.center()).toPoint();
  }
  /// Lets go of an edge where no box is; gives the place.
  QPoint dragIntoNothing(const End& from) {
    canvas_->fitAll();
    canvas_->zoomOut();
    canvas_->zoomOut();  // so that there is room beside the graph
    QTest::qWait(1);
    const QPoint start = canvas_->connecting().placeOf(from.port).value().toPoint();
    end_ = QPointF(canvas_->camera().toScreen(canvas_->scene().bounds()).right() + 60, start.y()).toPoint();
    QTest::mousePress(canvas_, Qt::LeftButton, {}, start);
    move((start + end_) / 2);
    move(end_);
    drop();
    return end_;
  }
  void drop() { QTest::mouseRelease(canvas_, Qt::LeftButton, {}, end_); }

  std::unique_ptr<WindowFixture> fixture_;
  Document* document_ = nullptr;
  Canvas* canvas_ = nullptr;
  QPoint end_;
};

QTEST_MAIN(ConnectingTest)
#include "connecting_test.moc"
