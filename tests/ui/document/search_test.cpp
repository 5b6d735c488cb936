#include "ui/document/search.h"

#include <QTest>

#include "engine/analysis/inferred_types.h"
#include "tests/support/model_builder.h"
#include "tests/ui/fixtures.h"

using namespace lapidary;
using namespace lapidary::ui;
using lapidary::test::node;

namespace {

ModelPointer smallNetwork() {
  return lapidary::test::ModelBuilder()
      .input("x", DataType::Float32, {1, 3, 8, 64})
      .add(node("Relu", {"x"}, {"r"}))
      .add(node("Transpose", {"r"}, {"t"}, {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}}))
      .add(node("Sigmoid", {"t"}, {"y"}))
      .output("y")
      .build();
}

/// The found nodes' types in order, by blank.
QString found(const char* query) {
  const ModelPointer model = smallNetwork();
  const InferredTypes types = infer_types(*model);
  JobControl control;
  QStringList names;
  for (const Element& element :
       search(*model, find_hierarchy(*model->graph), &types, nullptr, query, control))
    if (element.kind == Element::Kind::Node)
      names += QString::fromStdString(model->graph->nodes[static_cast<std::size_t>(element.index)]->op_type);
  return names.join(QLatin1Char(' '));
}

}  // namespace

class SearchTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void findsNodesByQuery_data() {
    QTest::addColumn<QString>("query");
    QTest::addColumn<QString>("nodes");
    const auto row = [](const char* query, const char* nodes) {
      QTest::newRow(query) << QString::fromLatin1(query) << QString::fromLatin1(nodes);
    };
    row("op:Relu", "Relu");
    row("op:relu", "Relu");
    row("op:Rel", "");  // a type is asked for whole
    row("op:*e*", "Relu Transpose");
    row("tensor:t", "Transpose Sigmoid");
    row("shape:*x64", "Relu Transpose");
    row("shape:1x64x3x8", "Transpose Sigmoid");
    row("attr:perm", "Transpose");
    row("perm", "Transpose");
    row("op:Sigmoid tensor:y", "Sigmoid");
    row("op:Sigmoid tensor:x", "");
    row("nothing-of-that", "");
  }
  void findsNodesByQuery() {
    QFETCH(QString, query);
    QFETCH(QString, nodes);
    QCOMPARE(found(query.toUtf8().constData()), nodes);
  }

  void takesTheMultiplicationSignForX() { QCOMPARE(found("shape:*×64"), QStringLiteral("Relu Transpose")); }

  void findsNodesInsideNodes_data() {
    QTest::addColumn<QString>("query");
    QTest::addColumn<QString>("places");
    QTest::newRow("in a function") << "op:Relu"
                                   << "0/body/1";
    QTest::newRow("in a branch") << "op:Neg"
                                 << "1/then_branch/0";
    QTest::newRow("by a shape inside") << "shape:2x3 inner"
                                       << "0/body/0 0/body/1";
    QTest::newRow("by a tensor that comes from outside") << "tensor:called"
                                                         << "0 1/then_branch/0 1/else_branch/0";
  }
  void findsNodesInsideNodes() {
    QFETCH(QString, query);
    QFETCH(QString, places);
    const ModelPointer model = ui::test::nested_model();
    const InferredTypes types = infer_types(*model);
    const NestedGraphs nested(*model, types);
    QStringList found;
    for (const Element& element :
         search(*model, find_hierarchy(*model->graph), &types, &nested, query.toStdString(), JobControl()))
      found += QString::fromStdString((element.graph ? nested.find(element.graph)->prefix : "") +
                                      std::to_string(element.index));
    QCOMPARE(found.join(QLatin1Char(' ')), places);
  }

  void stopsWhenCancelled() {
    const ModelPointer model = smallNetwork();
    JobControl control;
    control.token().cancel();
    QVERIFY_EXCEPTION_THROWN(search(*model, find_hierarchy(*model->graph), nullptr, nullptr, "x", control),
                             Cancelled);
  }
};

QTEST_GUILESS_MAIN(SearchTest)
#include "search_test.moc"
