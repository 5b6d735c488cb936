#include "ui/compare/compare_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QTableView>

#include "tests/ui/fixtures.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// The blocks, with one weight of the second matrix multiplication's own changed.
ModelPointer changed_model() {
  const ModelPointer model = ui::test::blocks_model(2);
  Graph graph = *model->graph;
  std::vector<float> weights(64, 0.125f);
  weights[9] = 0.25f;
  NamedTensor other;
  other.name = "other";
  other.tensor = Tensor::of<float>({8, 8}, weights);
  graph.initializers = graph.initializers.inserted(0, std::make_shared<const NamedTensor>(std::move(other)));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node node = *graph.nodes[i];
    if (node.name != "/layers/layers.0/fc1/MatMul") continue;
    node.inputs[1] = "other";
    graph.nodes = graph.nodes.with(i, std::make_shared<const Node>(std::move(node)));
  }
  Model changed = *model;
  changed.graph = std::make_shared<const Graph>(std::move(graph));
  return std::make_shared<const Model>(std::move(changed));
}

struct Fixture : ui::test::OpenDocument {
  ComparePanel panel{&theme};
  ComparingRuns* comparison;

  Fixture() : OpenDocument(ui::test::blocks_model(2)), comparison(ComparingRuns::of(&document)) {
    panel.resize(1000, 300);
    panel.setDocument(&document);
    panel.show();
  }
  QTableView* table() const { return panel.findChild<QTableView*>(); }
  QPushButton* button(const QString& name) const {
    for (auto* one : panel.findChildren<QPushButton*>())
      if (one->text() == name) return one;
    return nullptr;
  }
  /// Compares with the model that has another weight.
  void compareWithChanged() {
    const QString path = folder.filePath(QStringLiteral("changed.onnx"));
    save_model(*changed_model(), path.toStdString());
    comparison->start({.kind = Against::Kind::Model, .path = path});
    QVERIFY(QTest::qWaitFor([&] { return comparison->result() || comparison->error(); }, 20000));
    QVERIFY2(!comparison->error(), comparison->error() ? comparison->error()->what() : "");
  }
  QTemporaryDir folder;
};

}  // namespace

class ComparePanelTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void comparesWithTheReferenceInFloat64() {
    Fixture f;
    QCOMPARE(f.panel.findChild<QComboBox*>()->currentText(), QStringLiteral("reference in float64"));
    QTest::mouseClick(f.button(QStringLiteral("Compare")), Qt::LeftButton);
    QVERIFY(f.button(QStringLiteral("Stop")));
    QTRY_VERIFY(f.comparison->result());
    QVERIFY(f.comparison->result()->ok());
    QCOMPARE(f.table()->model()->rowCount(), 13);
    QVERIFY(!f.button(QStringLiteral("Show first"))->isEnabled());
  }

  void showsTheNodeAtWhichBothPartFirst() {
    Fixture f;
    f.compareWithChanged();
    QTest::mouseClick(f.button(QStringLiteral("Show first")), Qt::LeftButton);
    QVERIFY(f.document.selection()->contains(Element::node(2)));
    QCOMPARE(f.table()->currentIndex().siblingAtColumn(TensorsModel::Node).data().toString(),
             QStringLiteral("/layers/layers.0/fc1/MatMul"));
    QCOMPARE(f.table()->currentIndex().siblingAtColumn(TensorsModel::Verdict).data().toString(),
             QStringLiteral("parts here"));
  }

  void coloursTheGraphByErrors() {
    Fixture f;
    f.compareWithChanged();
    const Heat& heat = *f.document.heat();
    QVERIFY(heat.showsErrors());
    QCOMPARE(heat.at(0), 0.0);
    QVERIFY(heat.at(2) > 0.5);
    // Time stays what the last run took.
    QVERIFY(!heat.hasValues());
  }

  void followsTheSelectionAndGoesToTheNextThatIsOff() {
    Fixture f;
    f.compareWithChanged();
    f.document.selection()->select(Element::node(0));
    QCOMPARE(f.table()->currentIndex().row(), 0);
    f.panel.showNextOff();
    QVERIFY(f.document.selection()->contains(Element::node(2)));
    f.panel.findChild<QCheckBox*>()->click();
    QVERIFY(f.table()->model()->rowCount() < 13);
  }

  void numbersGoWithTheModelTheyAreOf() {
    Fixture f;
    f.compareWithChanged();
    f.document.edit({"delete_nodes", {{"nodes", {"/stem/act/Relu"}}}}, QStringLiteral("Delete"));
    QTRY_VERIFY(!f.comparison->result());
    QVERIFY(!f.document.heat()->showsErrors());
  }

  void saysWhyAFileCannotBeCompared() {
    Fixture f;
    f.comparison->start({.kind = Against::Kind::Model, .path = QStringLiteral("nowhere.onnx")});
    QTRY_VERIFY(f.comparison->error());
    bool said = false;
    for (const auto* label : f.panel.findChildren<QLabel*>())
      said = said || label->text().contains(QStringLiteral("nowhere.onnx"));
    QVERIFY(said);
  }
};

QTEST_MAIN(ComparePanelTest)
#include "compare_panel_test.moc"
