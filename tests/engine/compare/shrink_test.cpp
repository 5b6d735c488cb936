#include "engine/compare/shrink.h"

#include <QTest>

#include "engine/runtime/inputs.h"
#include "tests/support/comparisons.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;
using test::run_on;

namespace {

/// Six layers of x ← tanh(x·w), the fourth with a slope of its own.
ModelPointer chain(float slope) {
  ModelBuilder builder(17);
  builder.input("x", DataType::Float32, {Dimension(16), Dimension(8)})
      .output("y", Type::tensor(DataType::Float32));
  std::string last = "x";
  for (int layer = 0; layer < 6; ++layer) {
    const std::string number = std::to_string(layer), product = "m" + number;
    Value weight;
    weight.name = "w" + number;
    weight.type = Type::tensor(DataType::Float32, Shape{Dimension(8), Dimension(8)});
    builder.initializer(weight.name, make_input(weight, "random", {}, 1))
        .add(node("MatMul", {last, weight.name}, {product}));
    last = layer == 5 ? "y" : "v" + number;
    builder.add(node("LeakyRelu", {product}, {last}, {{"alpha", layer == 3 ? slope : 0.1f}}));
  }
  return builder.build();
}

}  // namespace

class ShrinkTest : public QObject {
  Q_OBJECT
 private slots:
  void leavesOneOperatorAndTheSmallestInput() {
    const ComparedRun a = run_on("cpu", chain(0.1f)), b = run_on("cpu", chain(0.2f));
    Value x = a.model->graph->inputs[0];
    const Values inputs = {{"x", make_input(x, "random", {}, 5)}};
    const RunComparison found = compare_runs(a, b, inputs, {});
    QCOMPARE(found.first_divergence->tensor, std::string("v3"));
    const auto shrunk = shrink(a, b, inputs, found, {});
    QVERIFY(shrunk);
    QCOMPARE(shrunk->node_count, std::size_t{1});
    QCOMPARE(shrunk->a.model->graph->nodes[0]->op_type, std::string("LeakyRelu"));
    QVERIFY(shrunk->inputs.at("m3").tensor().size() <= 2);
    QVERIFY(!compare_runs(shrunk->a, shrunk->b, shrunk->inputs, {}).ok());
  }

  void hasNothingToShrinkWhereAllAgree() {
    const ComparedRun a = run_on("cpu", chain(0.1f));
    const Values inputs = {{"x", make_input(a.model->graph->inputs[0], "random", {}, 5)}};
    QVERIFY(!shrink(a, a, inputs, compare_runs(a, a, inputs, {}), {}));
  }
};

QTEST_APPLESS_MAIN(ShrinkTest)
#include "shrink_test.moc"
