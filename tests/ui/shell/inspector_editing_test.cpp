#include <QAction>
#include <QComboBox>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QTableView>

#include "engine/io/tensor_file.h"
#include "tests/ui/window_fixture.h"
#include "ui/canvas/canvas.h"
#include "ui/document/value_menu.h"
#include "ui/inspector/description_view.h"
#include "ui/inspector/tensor_view.h"
#include "ui/inspector/weight_edits.h"
#include "ui/shell/document_page.h"
#include "ui/shell/panel_dock.h"
#include "ui/shell/problems_panel.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

using lapidary::test::node;

Node named(const char* name, Node made) {
  made.name = name;
  return made;
}

/// x → /pool (AveragePool) → p → /first (Softmax) → q → /second (Softmax, axis 1) → r; r, w → /mul (Mul) → y.
ModelPointer pools() {
  return test::ModelBuilder()
      .input("x", DataType::Float32, Shape{1, 2, 4, 4})
      .initializer("w", Tensor::of<float>({2, 1, 1}, {0.5f, 2}))
      .add(named("/pool",
                 node("AveragePool", {"x"}, {"p"}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}})))
      .add(named("/first", node("Softmax", {"p"}, {"q"})))
      .add(named("/second", node("Softmax", {"q"}, {"r"}, {{"axis", std::int64_t{1}}})))
      .add(named("/mul", node("Mul", {"r", "w"}, {"y"})))
      .output("y", Type::tensor(DataType::Float32, Shape{1, 2, 3, 3}))
      .build();
}

}  // namespace

class InspectorEditingTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { open(pools()); }
  void cleanup() { fixture_.reset(); }

  void choosesATextFromThoseThereAre() {
    document_->selection()->select(nodeNamed("/pool"));
    auto* list = qobject_cast<QComboBox*>(edit(view(), QStringLiteral("auto_pad")));
    QVERIFY(list);
    QCOMPARE(list->currentText(), QStringLiteral("NOTSET"));
    list->setCurrentText(QStringLiteral("VALID"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(attribute<std::string>("/pool", "auto_pad"), std::string("VALID"));
    QCOMPARE(document_->history()->size(), std::size_t{2});
  }

  void turnsAFlagWithAClickAndBackToItsDefault() {
    document_->selection()->select(nodeNamed("/pool"));
    goTo(view(), QStringLiteral("ceil_mode"));
    QTest::keyClick(view(), Qt::Key_Return);
    QTRY_COMPARE(attribute<std::int64_t>("/pool", "ceil_mode"), std::int64_t{1});
    QTRY_VERIFY(row(view(), QStringLiteral("ceil_mode"))->edit->reset);
    goTo(view(), QStringLiteral("ceil_mode"));
    QTest::keyClick(view(), Qt::Key_Delete);
    QTRY_VERIFY(!document_->nodeOf(nodeNamed("/pool"))->find_attribute("ceil_mode"));
  }

  void saysWhatIsWrongWithAListAsItIsTyped() {
    document_->selection()->select(nodeNamed("/pool"));
    auto* field = qobject_cast<QLineEdit*>(edit(view(), QStringLiteral("kernel_shape")));
    QVERIFY(field);
    field->setText(QStringLiteral("3, x"));
    QVERIFY(!field->accessibleDescription().isEmpty());
    fixture_->press(Qt::Key_Return);
    QVERIFY(field->isVisible());
    field->setText(QStringLiteral("3, 0"));
    QVERIFY(field->accessibleDescription().contains(QStringLiteral("above 0")));
    field->setText(QStringLiteral("3, 3"));
    QVERIFY(field->accessibleDescription().isEmpty());
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(attribute<std::vector<std::int64_t>>("/pool", "kernel_shape"),
                 (std::vector<std::int64_t>{3, 3}));
  }

  void changesAnAttributeOfSeveralNodesInOneStep() {
    document_->selection()->select({nodeNamed("/first"), nodeNamed("/second")});
    QCOMPARE(view()->description().title, QStringLiteral("2 nodes"));
    QCOMPARE(view()->description().badge, QStringLiteral("Softmax"));
    QCOMPARE(row(view(), QStringLiteral("axis"))->value, QStringLiteral("several values"));
    auto* field = qobject_cast<QLineEdit*>(edit(view(), QStringLiteral("axis")));
    QVERIFY(field);
    field->setText(QStringLiteral("2"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(attribute<std::int64_t>("/second", "axis"), std::int64_t{2});
    QCOMPARE(attribute<std::int64_t>("/first", "axis"), std::int64_t{2});
    QCOMPARE(document_->history()->size(), std::size_t{2});
  }

  void changesTheOperatorOfSeveralNodes() {
    document_->selection()->select({nodeNamed("/first"), nodeNamed("/second")});
    auto* field = qobject_cast<QLineEdit*>(edit(view(), QStringLiteral("operator")));
    QVERIFY(field);
    QCOMPARE(field->text(), QStringLiteral("Softmax"));
    field->setText(QStringLiteral("Softmux"));
    QVERIFY(field->accessibleDescription().contains(QStringLiteral("no operator 'Softmux'")));
    fixture_->press(Qt::Key_Return);
    QCOMPARE(document_->history()->size(), std::size_t{1});
    field->setText(QStringLiteral("LogSoftmax"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(document_->nodeOf(nodeNamed("/first"))->op_type, std::string("LogSoftmax"));
    QCOMPARE(document_->nodeOf(nodeNamed("/second"))->op_type, std::string("LogSoftmax"));
    QCOMPARE(attribute<std::int64_t>("/second", "axis"), std::int64_t{1});
    QCOMPARE(document_->history()->size(), std::size_t{2});
  }

  void importsTheDomainOfAnOperatorThatIsChosen() {
    document_->selection()->select(nodeNamed("/first"));
    auto* field = qobject_cast<QLineEdit*>(edit(view(), QStringLiteral("operator")));
    QVERIFY(field);
    field->setText(QStringLiteral("com.microsoft.Gelu"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(document_->nodeOf(nodeNamed("/first"))->domain, std::string("com.microsoft"));
    QVERIFY(document_->model()->opset("com.microsoft") > 0);
  }

  void changesTypeAndShape() {
    document_->selection()->select(Element::named("x"));
    auto* field = qobject_cast<QLineEdit*>(edit(view(), QStringLiteral("type")));
    QVERIFY(field);
    QCOMPARE(field->text(), QStringLiteral("float32 1 × 2 × 4 × 4"));
    field->setText(QStringLiteral("floot32 N"));
    QVERIFY(field->accessibleDescription().contains(QStringLiteral("no element type")));
    field->setText(QStringLiteral("float16 N × 2 × 8 × 8"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(document_->model()->graph->inputs[0].type.element, DataType::Float16);
    QCOMPARE(*document_->model()->graph->inputs[0].type.shape, (Shape{Dimension::symbol("N"), 2, 8, 8}));
  }

  void writesNotesAndMetadata() {
    auto* notes = fixture_->window->right()->findChildren<DescriptionView*>().last();
    auto* box = qobject_cast<QPlainTextEdit*>(edit(notes, QStringLiteral("note")));
    QVERIFY(box);
    box->setPlainText(QStringLiteral("one\ntwo"));
    fixture_->press(Qt::Key_Return, Qt::ControlModifier);
    QTRY_COMPARE(document_->model()->doc_string, std::string("one\ntwo"));
    auto* field = qobject_cast<QLineEdit*>(edit(notes, QStringLiteral("add entry")));
    QVERIFY(field);
    field->setText(QStringLiteral("author = me"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(document_->model()->metadata.size(), std::size_t{1});
    QTRY_VERIFY(row(notes, QStringLiteral("author")));
    goTo(notes, QStringLiteral("author"));
    QTest::keyClick(notes, Qt::Key_Delete);
    QTRY_VERIFY(document_->model()->metadata.empty());
  }

  void makesOutputsAndInputsOfTensors() {
    trigger(Element::named("q"), QStringLiteral("Make This an Output"));
    QTRY_COMPARE(document_->model()->graph->outputs.size(), std::size_t{2});
    trigger(Element::named("q"), QStringLiteral("Remove Output"));
    QTRY_COMPARE(document_->model()->graph->outputs.size(), std::size_t{1});
    trigger(Element::named("w"), QStringLiteral("Make This Weight an Input"));
    QTRY_COMPARE(document_->model()->graph->inputs.size(), std::size_t{2});
    trigger(Element::named("w"), QStringLiteral("Make This Input a Weight"));
    QTRY_COMPARE(document_->model()->graph->inputs.size(), std::size_t{1});
    trigger(Element::named("x"), QStringLiteral("Make Batch Dynamic"));
    QTRY_COMPARE(document_->model()->graph->inputs[0].type.shape->front(), Dimension::symbol("N"));
  }

  void repairsProblemsWithAButton() {
    Model broken = *pools();
    Graph graph = *broken.graph;
    Node twin = *graph.nodes[0];  // a second node called /pool, and one that comes before what it reads
    twin.outputs = {"twin"};
    graph.nodes = graph.nodes.inserted(1, std::make_shared<const Node>(twin));
    auto mul = graph.nodes[4];
    graph.nodes = graph.nodes.erased(4).inserted(0, mul);
    graph.outputs.push_back({"nothing", Type::tensor(DataType::Float32, Shape{1}), {}, {}, {}});
    broken.graph = std::make_shared<const Graph>(std::move(graph));
    open(std::make_shared<const Model>(std::move(broken)));
    fixture_->window->left()->showPage(MainWindow::ProblemsPage);
    auto* panel = fixture_->window->left()->findChild<ProblemsPanel*>();
    for (int left = 8; left > 0 && repairable(*panel) >= 0; --left) {
      const std::size_t steps = document_->history()->size();
      panel->setCurrentIndex(panel->model()->index(repairable(*panel), 0));
      panel->setFocus();
      QTest::keyClick(panel, Qt::Key_Return, Qt::ControlModifier);
      QCOMPARE(document_->history()->size(), steps + 1);
      QTRY_VERIFY(!fixture_->window->jobs()->firstRunning());
      QTRY_VERIFY(document_->cost());
    }
    for (const Problem& problem : document_->problems())
      QVERIFY2(problem.severity != Problem::Severity::Error, problem.message.c_str());
    QCOMPARE(document_->model()->graph->outputs.size(), std::size_t{1});
  }

  void setsANumberInTheTable() {
    document_->selection()->select(Element::named("w"));
    auto* numbers = fixture_->window->right()->findChild<TensorView*>();
    auto* table = numbers->table();
    QVERIFY(table->model()->setData(table->model()->index(0, 0), QStringLiteral("3.25"), Qt::EditRole));
    QTRY_COMPARE(values_as<float>(document_->model()->graph->initializers[0]->tensor),
                 (std::vector<float>{3.25f, 2}));
    QCOMPARE(document_->history()->size(), std::size_t{2});
    QTRY_COMPARE(table->model()->index(0, 0).data().toString(), QStringLiteral("3.25"));
  }

  void castsAWeightToATypeOfTheList() {
    document_->selection()->select(Element::named("w"));
    auto* list = qobject_cast<QComboBox*>(edit(view(), QStringLiteral("type")));
    QVERIFY(list);
    QCOMPARE(list->currentText(), QStringLiteral("float32"));
    QCOMPARE(list->findText(QStringLiteral("string")), -1);
    list->setCurrentText(QStringLiteral("float16"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(document_->model()->graph->initializers[0]->tensor.type(), DataType::Float16);
    QCOMPARE(values_as<float>(document_->model()->graph->initializers[0]->tensor),
             (std::vector<float>{0.5f, 2}));
    QCOMPARE(document_->history()->size(), std::size_t{2});
    fixture_->press(Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(document_->model()->graph->initializers[0]->tensor.type(), DataType::Float32);
  }

  void takesAWeightFromAFile() {
    const QString file = fixture_->path(QStringLiteral("other.npz"));
    write_data(file.toStdString(),
               {{"a", Tensor::of<float>({2, 1, 1}, {7, 8})}, {"b", Tensor::of<float>({1}, {0})}});
    QVERIFY(replace_weight_from(*document_, Element::named("w"), file, QStringLiteral("a")));
    QTRY_COMPARE(values_as<float>(document_->model()->graph->initializers[0]->tensor),
                 (std::vector<float>{7, 8}));
    QVERIFY(!replace_weight_from(*document_, Element::named("w"), file, QStringLiteral("b")));
    QVERIFY(document_->editError());
  }

  void editsInsideABranch() {
    const auto branch = [](const char* name, const char* value) {
      return test::ModelBuilder()
          .initializer(std::string("w_") + value, Tensor::of<float>({1}, {1}))
          .add(named(name, node("LeakyRelu", {"x"}, {std::string("h_") + value})))
          .add(named((std::string(name) + "/mul").c_str(),
                     node("Mul", {std::string("h_") + value, std::string("w_") + value}, {value})))
          .output(value)
          .graph();
    };
    open(test::ModelBuilder()
             .input("x", DataType::Float32, Shape{2})
             .initializer("which", Tensor::of({}, std::vector<bool>{true}))
             .add(named("/choose",
                        node("If", {"which"}, {"y"},
                             {{"then_branch", branch("/then", "t")}, {"else_branch", branch("/else", "e")}})))
             .output("y", Type::tensor(DataType::Float32, Shape{2}))
             .build());
    document_->selection()->select(nodeNamed("/else"));
    auto* field = qobject_cast<QLineEdit*>(edit(view(), QStringLiteral("alpha")));
    QVERIFY(field);
    field->setText(QStringLiteral("0.5"));
    fixture_->press(Qt::Key_Return);
    QTRY_VERIFY(document_->nodeOf(nodeNamed("/else"))->find_attribute("alpha"));
    QVERIFY(!document_->nodeOf(nodeNamed("/then"))->find_attribute("alpha"));
    QVERIFY2(document_->selection()->contains(nodeNamed("/else")), "the selection stays inside the branch");
    document_->selection()->select(nodeNamed("/else/mul"));
    QVERIFY(set_weight_number(*document_, weight_seen(*document_, "w_e").value(), 0, QStringLiteral("4")));
    QTRY_COMPARE(document_->types()->constant_in(nodeNamed("/else/mul").graph, "w_e")->data<float>()[0],
                 4.0f);
  }

 private:
  void open(const ModelPointer& model) {
    fixture_.reset();
    fixture_ = std::make_unique<WindowFixture>();
    fixture_->window->resize(1280, 800);
    document_ = fixture_->open(fixture_->save(model));
    fixture_->window->page()->canvas()->setAnimated(false);
  }
  Element nodeNamed(const char* name) const { return document_->nodeNamed(name).value(); }
  DescriptionView* view() const { return fixture_->window->right()->findChild<DescriptionView*>(); }
  template <class T>
  T attribute(const char* name, const char* attribute) const {
    const Attribute* found = document_->nodeOf(nodeNamed(name))->find_attribute(attribute);
    return found ? std::get<T>(found->value) : T();
  }
  static const DescriptionRow* row(const DescriptionView* view, const QString& caption) {
    for (const auto& section : view->description().sections)
      for (const auto& row : section.rows)
        if (row.caption == caption) return &row;
    return nullptr;
  }
  static void goTo(DescriptionView* view, const QString& caption) {
    view->setFocus();
    for (int i = 0; i < 30; ++i) QTest::keyClick(view, Qt::Key_Up);
    for (int i = 0; i < 30 && !view->accessibleName().startsWith(caption + QLatin1Char(':')); ++i)
      QTest::keyClick(view, Qt::Key_Down);
  }
  /// Walks to the row by keyboard, and opens its editor; gives what has the keyboard then.
  static QWidget* edit(DescriptionView* view, const QString& caption) {
    goTo(view, caption);
    QTest::keyClick(view, Qt::Key_Return);
    return QApplication::focusWidget();
  }
  void trigger(const Element& element, const QString& title) {
    QMenu menu;
    add_value_entries(menu, *document_, element);
    for (QAction* action : menu.actions())
      if (action->text() == title) return action->trigger();
    QFAIL(qPrintable(title));
  }
  static int repairable(const ProblemsPanel& panel) {
    for (int row = 0; row < panel.model()->rowCount(); ++row)
      if (!panel.model()->index(row, 0).data(ProblemsModel::RepairRole).toString().isEmpty()) return row;
    return -1;
  }

  std::unique_ptr<WindowFixture> fixture_;
  Document* document_ = nullptr;
};

QTEST_MAIN(InspectorEditingTest)
#include "inspector_editing_test.moc"
