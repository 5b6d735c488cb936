#include <QClipboard>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPushButton>
#include <QTabBar>

#include "tests/ui/window_fixture.h"
#include "ui/canvas/canvas.h"
#include "ui/inspector/description_view.h"
#include "ui/shell/document_page.h"
#include "ui/shell/header.h"
#include "ui/shell/history_panel.h"
#include "ui/shell/operator_palette.h"
#include "ui/shell/panel_dock.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// x → /a (Relu) → /b (LeakyRelu) → /c (Abs) → y
ModelPointer chain() {
  test::ModelBuilder builder;
  builder.input("x", DataType::Float32, Shape{1, 4});
  const auto add = [&](const char* name, const char* type, const char* input, const char* output) {
    Node node = test::node(type, {input}, {output});
    node.name = name;
    builder.add(node);
  };
  add("/a", "Relu", "x", "p");
  add("/b", "LeakyRelu", "p", "q");
  add("/c", "Abs", "q", "y");
  return builder.output("y", Type::tensor(DataType::Float32, Shape{1, 4})).build();
}

std::vector<std::string> operators(const Model& model) {
  std::vector<std::string> types;
  for (const auto& node : model.graph->nodes) types.push_back(node->op_type);
  return types;
}

using Types = std::vector<std::string>;

}  // namespace

class EditingTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    fixture_ = std::make_unique<WindowFixture>();
    document_ = fixture_->open(fixture_->save(chain()));
    canvas_ = fixture_->window->page()->canvas();
    canvas_->setAnimated(false);
    canvas_->setFocus();
  }
  void cleanup() { fixture_.reset(); }

  void deletesWithABridgeAndUndoes() {
    document_->selection()->select(Element::node(1));
    fixture_->press(Qt::Key_Delete);
    QTRY_COMPARE(operators(*document_->model()), (Types{"Relu", "Abs"}));
    QCOMPARE(document_->model()->graph->nodes[1]->inputs, std::vector<std::string>{"p"});
    QVERIFY(document_->selection()->isEmpty());
    QCOMPARE(undo()->text(), QStringLiteral("Undo Delete LeakyRelu"));
    QCOMPARE(tabText(), QStringLiteral("● model.onnx"));
    fixture_->press(Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(operators(*document_->model()), (Types{"Relu", "LeakyRelu", "Abs"}));
    QVERIFY(!document_->isChanged());
    QCOMPARE(tabText(), QStringLiteral("model.onnx"));
    fixture_->press(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_COMPARE(operators(*document_->model()), (Types{"Relu", "Abs"}));
  }

  void insertsAnOperatorFoundByWhatItIsCalled() {
    document_->selection()->select(Element::named("p"));
    fixture_->press(Qt::Key_I, Qt::ControlModifier);
    auto* palette = fixture_->window->findChild<OperatorPalette*>();
    QVERIFY(palette->isVisible());
    QTest::keyClicks(palette->findChild<QLineEdit*>(), QStringLiteral("sigmoid"));
    fixture_->press(Qt::Key_Return);
    QVERIFY(!palette->isVisible());
    QTRY_COMPARE(operators(*document_->model()), (Types{"Relu", "Sigmoid", "LeakyRelu", "Abs"}));
    QVERIFY(document_->selection()->contains(Element::named("p")));
    QTRY_VERIFY(document_->cost());
    QVERIFY(document_->problems().empty());
  }

  void duplicatesWhatIsSelected() {
    document_->selection()->select(Element::node(0));
    fixture_->press(Qt::Key_D, Qt::ControlModifier);
    QTRY_COMPARE(operators(*document_->model()), (Types{"Relu", "Relu", "LeakyRelu", "Abs"}));
    QVERIFY(document_->selection()->contains(Element::node(0)));
  }

  void copiesNodesWithTheirWeightsIntoAnotherModel() {
    Document* other =
        fixture_->open(fixture_->save(test::ModelBuilder()
                                          .input("x", DataType::Float32, {1, 4})
                                          .initializer("w", Tensor::of<float>({4}, {1, 2, 3, 4}))
                                          .add(test::node("Mul", {"x", "w"}, {"p"}))
                                          .add(test::node("Neg", {"p"}, {"y"}))
                                          .output("y")
                                          .build(),
                                      QStringLiteral("other.onnx")));
    fixture_->window->page()->canvas()->setFocus();
    other->selection()->select({Element::node(0), Element::node(1)});
    fixture_->press(Qt::Key_C, Qt::ControlModifier);
    QTRY_COMPARE(QApplication::clipboard()->mimeData()->formats().size(), qsizetype{2});
    QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("Mul")));
    fixture_->window->header()->tabs()->setCurrentIndex(0);
    canvas_->setFocus();
    fixture_->press(Qt::Key_V, Qt::ControlModifier);
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{5});
    QCOMPARE(document_->model()->graph->initializers.size(), std::size_t{1});
    QCOMPARE(undo()->text(), QStringLiteral("Undo Paste"));
    // The part's input is called as one here.
    const auto& nodes = document_->model()->graph->nodes;
    const auto pasted =
        std::find_if(nodes.begin(), nodes.end(), [](const auto& n) { return n->op_type == "Mul"; });
    QCOMPARE((*pasted)->inputs[0], std::string("x"));
  }

  void keepsTheViewAndTheSelectionByName() {
    canvas_->setCamera({0.8, {100, 40}});
    const QPointF before = placeOf(2);
    document_->selection()->select(Element::node(2));
    document_->edit({"rename_node", {{"node", "/a"}, {"to", "/first"}}}, QStringLiteral("Rename"));
    QTRY_COMPARE(document_->model()->graph->nodes[0]->name, std::string("/first"));
    QVERIFY(document_->selection()->contains(Element::node(2)));
    QCOMPARE(canvas_->camera().scale, 0.8);
    QVERIFY((placeOf(2) - before).manhattanLength() < 2);
  }

  void goesToAStepOfTheHistory() {
    fixture_->window->left()->showPage(MainWindow::HistoryPage);
    auto* list = fixture_->window->left()->findChild<HistoryPanel*>();
    QCOMPARE(list->count(), 1);
    document_->selection()->select(Element::node(1));
    canvas_->deleteSelection();
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{2});
    document_->selection()->select(Element::node(0));
    canvas_->duplicateSelection();
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{3});
    QCOMPARE(list->count(), 3);
    QCOMPARE(list->currentRow(), 2);
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualItemRect(list->item(0)).center());
    QTRY_COMPARE(operators(*document_->model()), (Types{"Relu", "LeakyRelu", "Abs"}));
    QCOMPARE(list->count(), 3);
  }

  void setsAnAttributeInPlaceAndResetsIt() {
    document_->selection()->select(Element::node(1));
    auto* view = fixture_->window->right()->findChild<DescriptionView*>();
    type(view, QStringLiteral("alpha"), QStringLiteral("0.25"));
    QTRY_VERIFY(document_->model()->graph->nodes[1]->find_attribute("alpha"));
    QCOMPARE(std::get<float>(document_->model()->graph->nodes[1]->find_attribute("alpha")->value), 0.25f);
    QVERIFY(document_->selection()->contains(Element::node(1)));
    QTRY_VERIFY(!view->findChild<QLineEdit*>());
    QCOMPARE(rowOf(view, QStringLiteral("alpha"))->edit->now, QStringLiteral("0.25"));
    type(view, QStringLiteral("alpha"), QStringLiteral("many"));
    QVERIFY2(view->findChild<QLineEdit*>(), "the field stays, and says what is wrong");
    QVERIFY(!view->findChild<QLineEdit*>()->accessibleDescription().isEmpty());
    fixture_->press(Qt::Key_Escape);
    QTRY_VERIFY(!view->findChild<QLineEdit*>());
    document_->edit({"rename_node", {{"node", "/nobody"}, {"to", "/first"}}}, QStringLiteral("Rename"));
    QVERIFY(document_->editError());
    QTRY_VERIFY(fixture_->window->page()->banner()->isVisible());
    QVERIFY(document_->edit(*rowOf(view, QStringLiteral("alpha"))->edit->reset, QStringLiteral("Reset")));
    QTRY_VERIFY(!document_->model()->graph->nodes[1]->find_attribute("alpha"));
    QVERIFY(!fixture_->window->page()->banner()->isVisible());
  }

  void renamesATensorInPlaceWhereverItIsRead() {
    document_->selection()->select(Element::named("p"));
    auto* view = fixture_->window->right()->findChild<DescriptionView*>();
    view->setFocus();
    fixture_->press(Qt::Key_F2);
    auto* field = qobject_cast<QLineEdit*>(QApplication::focusWidget());
    QVERIFY(field);
    field->setText(QStringLiteral("features"));
    fixture_->press(Qt::Key_Return);
    QTRY_COMPARE(document_->model()->graph->nodes[0]->outputs, std::vector<std::string>{"features"});
    QCOMPARE(document_->model()->graph->nodes[1]->inputs, std::vector<std::string>{"features"});
  }

  void savesAndKeepsTheHistory() {
    const std::string path = document_->path().toStdString();
    document_->selection()->select(Element::node(1));
    fixture_->press(Qt::Key_Delete);
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{2});
    QCOMPARE(load_model(path).model->graph->nodes.size(), std::size_t{3});
    fixture_->press(Qt::Key_S, Qt::ControlModifier);
    QTRY_VERIFY(!document_->isChanged());
    QCOMPARE(load_model(path).model->graph->nodes.size(), std::size_t{2});
    QVERIFY(document_->history()->can_undo());
    QTest::qWait(50);  // what the watcher has to say arrives
    QVERIFY(!document_->isChangedOnDisk());
    fixture_->press(Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(document_->isChanged());
  }

  void asksBeforeChangesAreDropped() {
    document_->selection()->select(Element::node(1));
    fixture_->press(Qt::Key_Delete);
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{2});
    fixture_->press(Qt::Key_W, Qt::ControlModifier);
    QCOMPARE(fixture_->window->document(), document_);
    QVERIFY(fixture_->window->page()->banner()->isVisible());
    choose(QStringLiteral("Cancel"));
    QVERIFY(!fixture_->window->page()->banner()->isVisible());
    QVERIFY(!fixture_->window->close());
    choose(QStringLiteral("Discard"));
    QTRY_VERIFY(!fixture_->window->isVisible());
    QCOMPARE(
        load_model(fixture_->path(QStringLiteral("model.onnx")).toStdString()).model->graph->nodes.size(),
        std::size_t{3});
  }

  void noticesAFileThatAnotherProgramChanged() {
    QTest::qWait(20);  // so that the time of the file is another
    save_model(*oneRelu(), document_->path().toStdString());
    QTRY_VERIFY(document_->isChangedOnDisk());
    choose(QStringLiteral("Reload"));
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{1});
    QVERIFY(!fixture_->window->page()->banner()->isVisible());
  }

 private:
  QAction* undo() const {
    for (QAction* action : fixture_->window->commands()->all())
      if (action->shortcut() == QKeySequence(QKeySequence::Undo)) return action;
    return nullptr;
  }
  QString tabText() const { return fixture_->window->header()->tabs()->tabText(0); }
  QPointF placeOf(int node) const {
    const int box = canvas_->boxOf(Element::node(node));
    return canvas_->camera().toScreen(canvas_->scene().rectangle(box).topLeft());
  }
  const DescriptionRow* rowOf(const DescriptionView* view, const QString& caption) const {
    for (const auto& section : view->description().sections)
      for (const auto& row : section.rows)
        if (row.caption == caption) return &row;
    return nullptr;
  }
  /// Walks to the row by keyboard, and types a value.
  void type(DescriptionView* view, const QString& caption, const QString& value) {
    view->setFocus();
    for (int i = 0; i < 20 && !view->accessibleName().startsWith(caption); ++i)
      QTest::keyClick(view, Qt::Key_Down);
    QTest::keyClick(view, Qt::Key_Return);
    auto* field = qobject_cast<QLineEdit*>(QApplication::focusWidget());
    QVERIFY(field);
    field->setText(value);
    QTest::keyClick(field, Qt::Key_Return);
  }
  void choose(const QString& title) {
    for (QPushButton* button : fixture_->window->page()->banner()->findChildren<QPushButton*>())
      if (button->text() == title && button->isVisible()) return QTest::mouseClick(button, Qt::LeftButton);
    QFAIL(qPrintable(title));
  }

  std::unique_ptr<WindowFixture> fixture_;
  Document* document_ = nullptr;
  Canvas* canvas_ = nullptr;
};

QTEST_MAIN(EditingTest)
#include "editing_test.moc"
