#include "engine/analysis/nested_graphs.h"

#include <QTest>

#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

/// An If whose first branch calls a function.
ModelPointer nested_model() {
  const GraphPointer body =
      ModelBuilder().input("in", Type()).add(node("Relu", {"in"}, {"out"})).output("out").graph();
  const GraphPointer calling = ModelBuilder().add(node("Cut", {"x"}, {"a"}, {}, "local")).output("a").graph();
  const GraphPointer plain = ModelBuilder().add(node("Neg", {"x"}, {"b"})).output("b").graph();
  return ModelBuilder()
      .input("c", DataType::Bool, Shape{})
      .input("x", DataType::Float32, Shape{2})
      .add(node("Abs", {"x"}, {"unused"}))
      .add(node("If", {"c"}, {"y"}, {{"then_branch", calling}, {"else_branch", plain}}))
      .function("local", "Cut", body)
      .output("y")
      .build();
}

}  // namespace

class NestedGraphsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void namesTheWayToEachGraph() {
    const ModelPointer model = nested_model();
    const InferredTypes types = infer_types(*model);
    const NestedGraphs nested(*model, types);
    QStringList lines;
    for (const NestedGraph& one : nested.all())
      lines += QStringLiteral("%1 in %2, main node %3")
                   .arg(one.prefix.c_str(), one.part.c_str())
                   .arg(one.main_node);
    QCOMPARE(lines,
             (QStringList{"1/then_branch/ in node:1, main node 1", "1/else_branch/ in node:1, main node 1",
                          "1/then_branch/0/body/ in node:1/then_branch/0, main node 1"}));
    const NestedGraph& body = nested.all().back();
    QCOMPARE(nested.find(body.graph), &body);
    QCOMPARE(body.around, nested.all()[0].graph);
  }

  void knowsNothingOfGraphsElsewhere() {
    const ModelPointer model = nested_model(), other = nested_model();
    const InferredTypes types = infer_types(*model);
    const NestedGraphs nested(*model, types);
    QVERIFY(!nested.find(nullptr));
    QVERIFY(!nested.find(model->graph.get()));
    QVERIFY(!nested.find(subgraphs_of(*other->graph->nodes[1])[0].second.get()));
  }
};

QTEST_GUILESS_MAIN(NestedGraphsTest)
#include "nested_graphs_test.moc"
