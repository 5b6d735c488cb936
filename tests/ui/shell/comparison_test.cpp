#include <QPushButton>
#include <QTreeWidget>

#include "tests/ui/window_fixture.h"
#include "ui/changes/difference_page.h"
#include "ui/shell/document_page.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// x → /a (Relu) → /b (LeakyRelu with that alpha) → y, and with `more` /c (Abs) behind.
ModelPointer chain(float alpha, bool more) {
  const auto named = [](const char* name, Node node) {
    node.name = name;
    return node;
  };
  test::ModelBuilder builder;
  builder.input("x", DataType::Float32, {1, 4})
      .add(named("/a", test::node("Relu", {"x"}, {"p"})))
      .add(named("/b", test::node("LeakyRelu", {"p"}, {more ? "q" : "y"}, {{"alpha", alpha}})));
  if (more) builder.add(named("/c", test::node("Abs", {"q"}, {"y"})));
  return builder.output("y").build();
}

}  // namespace

class ComparisonTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    fixture_ = std::make_unique<WindowFixture>();
    document_ = fixture_->open(fixture_->save(chain(0.1f, false)));
  }
  void cleanup() { fixture_.reset(); }

  void listsAndMarksWhatDiffers() {
    fixture_->window->compareModel(fixture_->save(chain(0.5f, true), QStringLiteral("other.onnx")));
    DifferencePage* page = shown();
    QTRY_VERIFY(page->difference());
    const GraphDifference& graph = page->difference()->graphs.front();
    QCOMPARE(graph.added.size(), std::size_t{1});
    QCOMPARE(graph.added[0].label, std::string("/c"));
    QCOMPARE(graph.pairs[1].differences.size(), std::size_t{1});
    auto* list = page->findChild<QTreeWidget*>();
    const auto found = list->findItems(QStringLiteral("/b"), Qt::MatchRecursive | Qt::MatchExactly);
    QCOMPARE(found.size(), qsizetype{1});
    QCOMPARE(found[0]->child(0)->text(0), QStringLiteral("alpha: 0.1 → 0.5"));
    // Choosing one selects it in both graphs.
    QTRY_VERIFY(page->other()->layout());
    list->setCurrentItem(found[0]);
    QVERIFY(document_->selection()->contains(Element::node(1)));
    QVERIFY(page->other()->selection()->contains(Element::node(1)));
    fixture_->press(Qt::Key_Escape);
    QTRY_VERIFY(!fixture_->window->page()->over());
  }

  void saysThatModelsAreTheSame() {
    fixture_->window->compareModel(fixture_->save(chain(0.1f, false), QStringLiteral("copy.onnx")));
    QTRY_VERIFY(shown()->difference());
    QVERIFY(shown()->difference()->equal());
  }

  void aFileThatChangedOnDiskCanBeComparedWithWhatIsOpen() {
    QTest::qWait(20);  // so that the time of the file is another
    save_model(*chain(0.7f, false), document_->path().toStdString());
    QTRY_VERIFY(document_->isChangedOnDisk());
    for (QPushButton* button : fixture_->window->page()->banner()->findChildren<QPushButton*>())
      if (button->text() == QStringLiteral("Compare")) QTest::mouseClick(button, Qt::LeftButton);
    QVERIFY(shown());
    QTRY_VERIFY(shown()->difference());
    QVERIFY(!shown()->difference()->equal());
  }

  void saysWhyTheOtherCannotBeRead() {
    QFile broken(fixture_->path(QStringLiteral("broken.onnx")));
    QVERIFY(broken.open(QIODevice::WriteOnly));
    broken.write("no model");
    broken.close();
    fixture_->window->compareModel(broken.fileName());
    QTRY_COMPARE(shown()->other()->state(), Document::State::Failed);
    QVERIFY(!shown()->difference());
  }

 private:
  DifferencePage* shown() const { return qobject_cast<DifferencePage*>(fixture_->window->page()->over()); }

  std::unique_ptr<WindowFixture> fixture_;
  Document* document_ = nullptr;
};

QTEST_MAIN(ComparisonTest)
#include "comparison_test.moc"
