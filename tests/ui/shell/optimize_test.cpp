#include <QPushButton>
#include <QRadioButton>
#include <QTreeWidget>

#include "tests/ui/window_fixture.h"
#include "ui/changes/optimize_page.h"
#include "ui/shell/document_page.h"
#include "ui/shell/panel_dock.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// x → /a (Identity) → /b (Relu) → /c (Conv) → /d (Mul by a constant) → y: basic takes the Identity away,
/// extended the Mul as well.
ModelPointer wasteful() {
  const auto named = [](const char* name, Node node) {
    node.name = name;
    return node;
  };
  return test::ModelBuilder()
      .input("x", DataType::Float32, {1, 1, 4, 4})
      .initializer("w", Tensor::of<float>({1, 1, 1, 1}, {3}))
      .initializer("two", Tensor::of<float>({1}, {2}))
      .add(named("/a", test::node("Identity", {"x"}, {"p"})))
      .add(named("/b", test::node("Relu", {"p"}, {"q"})))
      .add(named("/c", test::node("Conv", {"q", "w"}, {"r"})))
      .add(named("/d", test::node("Mul", {"r", "two"}, {"y"})))
      .output("y", Type::tensor(DataType::Float32, Shape{1, 1, 4, 4}))
      .build();
}

}  // namespace

class OptimizeTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    fixture_ = std::make_unique<WindowFixture>();
    document_ = fixture_->open(fixture_->save(wasteful()));
    fixture_->press(Qt::Key_O, Qt::ControlModifier | Qt::ShiftModifier);
    page_ = qobject_cast<OptimizePage*>(fixture_->window->page()->over());
    QVERIFY(page_);
    QTRY_VERIFY(isReady());
  }
  void cleanup() { fixture_.reset(); }

  void showsBothModelsAndMarksWhatChanges() {
    QCOMPARE(page_->proposal()->after.nodes, std::size_t{2});
    QCOMPARE(changeOfBefore("/a"), BoxChange::Removed);
    QCOMPARE(changeOfBefore("/c"), BoxChange::Changed);
    QCOMPARE(changeOfBefore("/d"), BoxChange::Removed);
    QVERIFY(!fixture_->window->left()->isVisible());
    // What is selected in one is selected in the other.
    document_->selection()->select(*document_->nodeNamed("/c"));
    QTRY_VERIFY(page_->result()->layout());
    document_->selection()->clear();
    document_->selection()->select(*document_->nodeNamed("/c"));
    QCOMPARE(page_->result()->selection()->elements().size(), std::size_t{1});
    QCOMPARE(page_->result()->nodeOf(*page_->result()->selection()->current())->op_type, std::string("Conv"));
  }

  void acceptingIsOneStepThatCanBeUndone() {
    click(QStringLiteral("Accept"));
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{2});
    QVERIFY(!fixture_->window->page()->over());
    QVERIFY(fixture_->window->left()->isVisible());
    QCOMPARE(document_->history()->size(), std::size_t{2});
    QCOMPARE(document_->history()->name(1), std::string("Optimize"));
    fixture_->press(Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{4});
  }

  void cancelLeavesTheModelAlone() {
    fixture_->press(Qt::Key_Escape);
    QTRY_VERIFY(!fixture_->window->page()->over());
    QCOMPARE(document_->history()->size(), std::size_t{1});
  }

  void anotherLevelIsAnotherProposal() {
    for (QRadioButton* button : page_->findChildren<QRadioButton*>())
      if (button->text().startsWith(QStringLiteral("Basic"))) QTest::mouseClick(button, Qt::LeftButton);
    QTRY_VERIFY(isReady() && page_->proposal()->choice.level == PassLevel::Basic);
    QCOMPARE(page_->proposal()->after.nodes, std::size_t{3});
  }

  void aSingleRewriteCanBeLeftOut() {
    const QString node = QStringLiteral("/a");
    QVERIFY(itemOf(node));
    itemOf(node)->setCheckState(0, Qt::Unchecked);
    QTRY_VERIFY(isReady() && page_->proposal()->after.nodes == 3);
    QTRY_VERIFY(itemOf(node) && itemOf(node)->checkState(0) == Qt::Unchecked);
    click(QStringLiteral("Accept"));
    QTRY_COMPARE(document_->model()->graph->nodes.size(), std::size_t{3});
    QCOMPARE(document_->model()->graph->nodes[0]->op_type, std::string("Identity"));
  }

  void provingSaysOnHowManyInputs() {
    click(QStringLiteral("Prove"));
    QTRY_VERIFY(isReady() && !page_->proposal()->proof.isEmpty());
    QVERIFY2(page_->proposal()->proof.contains(QStringLiteral("on 4 inputs")),
             qPrintable(page_->proposal()->proof));
  }

  void anUndoBehindThePageMakesANewProposal() {
    document_->edit({"rename_node", {{"node", "/b"}, {"to", "/renamed"}}}, QStringLiteral("Rename"));
    QTRY_VERIFY(isReady() && page_->proposal()->original == document_->history()->current());
  }

 private:
  bool isReady() const { return page_->proposal() && button(QStringLiteral("Accept"))->isEnabled(); }
  QPushButton* button(const QString& title) const {
    for (QPushButton* candidate : page_->findChildren<QPushButton*>())
      if (candidate->text() == title) return candidate;
    return nullptr;
  }
  void click(const QString& title) { QTest::mouseClick(button(title), Qt::LeftButton); }
  QTreeWidgetItem* itemOf(const QString& node) const {
    for (QTreeWidgetItem* item :
         page_->findChild<QTreeWidget*>()->findItems(node, Qt::MatchRecursive | Qt::MatchExactly))
      if (item->parent()) return item;
    return nullptr;
  }
  BoxChange changeOfBefore(const std::string& node) const {
    const Model &before = *page_->proposal()->original, &after = *page_->proposal()->model;
    const NodeChanges changes = node_changes(difference_between(before, after), before, after);
    return changes.before[static_cast<std::size_t>(document_->nodeNamed(node)->index)];
  }

  std::unique_ptr<WindowFixture> fixture_;
  Document* document_ = nullptr;
  OptimizePage* page_ = nullptr;
};

QTEST_MAIN(OptimizeTest)
#include "optimize_test.moc"
