#include <QTest>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/passes/pass.h"
#include "engine/runtime/inputs.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

/// Operator types of the main graph, in order.
QString operators(const Model& model) {
  QStringList types;
  for (const auto& n : model.graph->nodes) types << QString::fromStdString(n->op_type);
  return types.join(QLatin1Char(' '));
}

Tensor ramp(Dims dims, float first, float step) {
  Tensor tensor(DataType::Float32, std::move(dims));
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.mutable_data<float>()[i] = first + step * static_cast<float>(i % 7);
  return tensor;
}

ModelBuilder base() {
  return ModelBuilder(17)
      .input("x", DataType::Float32, {1, 2, 5, 5})
      .output("y", Type::tensor(DataType::Float32));
}

ModelBuilder convolution_and_normalization() {
  return base()
      .initializer("w", ramp({3, 2, 3, 3}, -0.2f, 0.1f))
      .initializer("scale", ramp({3}, 0.5f, 0.3f))
      .initializer("bias", ramp({3}, -1, 0.7f))
      .initializer("mean", ramp({3}, 0.1f, 0.2f))
      .initializer("variance", ramp({3}, 0.4f, 0.6f));
}

ModelPointer normalized_convolution(bool shared, bool training) {
  auto builder = convolution_and_normalization().add(node("Conv", {"x", "w"}, {"c"}));
  auto normalization = node("BatchNormalization", {"c", "scale", "bias", "mean", "variance"}, {"y"});
  if (training)
    normalization = node("BatchNormalization", {"c", "scale", "bias", "mean", "variance"}, {"y", "m", "v"},
                         {{"training_mode", std::int64_t{1}}});
  builder.add(normalization);
  if (shared) builder.add(node("Relu", {"c"}, {"z"})).output("z", Type::tensor(DataType::Float32));
  return builder.build();
}

}  // namespace

class PassesTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    QTest::addColumn<QString>("pass");
    QTest::addColumn<ModelPointer>("model");
    QTest::addColumn<QString>("after");
    const QString identity = QStringLiteral("eliminate_identity"),
                  fold = QStringLiteral("fold_batch_normalization");
    QTest::newRow("identity between")
        << identity << base().add(node("Identity", {"x"}, {"i"})).add(node("Relu", {"i"}, {"y"})).build()
        << QStringLiteral("Relu");
    QTest::newRow("identity that names an output stays")
        << identity << base().add(node("Relu", {"x"}, {"r"})).add(node("Identity", {"r"}, {"y"})).build()
        << QStringLiteral("Relu Identity");
    QTest::newRow("idle dropout")
        << identity << base().add(node("Dropout", {"x"}, {"d"})).add(node("Relu", {"d"}, {"y"})).build()
        << QStringLiteral("Relu");
    QTest::newRow("dropout whose mask is read stays")
        << identity
        << base()
               .add(node("Dropout", {"x"}, {"d", "m"}))
               .add(node("Cast", {"m"}, {"f"}, {{"to", std::int64_t{1}}}))
               .add(node("Add", {"d", "f"}, {"y"}))
               .build()
        << QStringLiteral("Dropout Cast Add");
    QTest::newRow("convolution and normalization")
        << fold << normalized_convolution(false, false) << QStringLiteral("Conv");
    QTest::newRow("convolution that another reads stays")
        << fold << normalized_convolution(true, false) << QStringLiteral("Conv BatchNormalization Relu");
    QTest::newRow("training stays") << fold << normalized_convolution(false, true)
                                    << QStringLiteral("Conv BatchNormalization");
    QTest::newRow("unused") << QStringLiteral("eliminate_unused")
                            << base()
                                   .add(node("Exp", {"x"}, {"e"}))
                                   .add(node("Log", {"e"}, {"l"}))
                                   .add(node("Relu", {"x"}, {"y"}))
                                   .build()
                            << QStringLiteral("Relu");
    QTest::newRow("constants") << QStringLiteral("fold_constants")
                               << base()
                                      .add(node("Shape", {"x"}, {"s"}))
                                      .add(node("Cast", {"s"}, {"f"}, {{"to", std::int64_t{1}}}))
                                      .add(node("ReduceSum", {"f"}, {"t"}))
                                      .add(node("Mul", {"x", "t"}, {"y"}))
                                      .build()
                               << QStringLiteral("Mul");
  }

  void rewritesWhatItShouldAndNothingElse() {
    QFETCH(QString, pass);
    QFETCH(ModelPointer, model);
    QFETCH(QString, after);
    std::vector<PassReport> reports;
    const ModelPointer result = optimize(
        model, [&](const Pass& p) { return pass == QString::fromStdString(p.name); }, reports);
    QCOMPARE(operators(*result), after);
    compareRuns(model, result);
  }

  void sharesWhatItDoesNotTouch() {
    const ModelPointer model = base()
                                   .add(node("Identity", {"x"}, {"i"}))
                                   .add(node("Relu", {"i"}, {"r"}))
                                   .add(node("Exp", {"r"}, {"y"}))
                                   .build();
    std::vector<PassReport> reports;
    const ModelPointer result = optimize(
        model, [](const Pass&) { return true; }, reports);
    QCOMPARE(result->graph->nodes.size(), std::size_t{2});
    QCOMPARE(result->graph->nodes[1].get(), model->graph->nodes[2].get());
  }

 private:
  static void compareRuns(const ModelPointer& before, const ModelPointer& after) {
    const Backend& backend = find_backend("reference");
    std::vector<Datum> inputs;
    for (const auto& value : required_inputs(*before)) inputs.push_back(make_input(value, "random", {}, 1));
    const auto want = backend.compile(before, {})->run(inputs), got = backend.compile(after, {})->run(inputs);
    for (std::size_t i = 0; i < want.size(); ++i) {
      const Difference found = difference(got[i], want[i], {1e-5, 1e-5});
      QVERIFY2(found.equal, found.message.c_str());
    }
  }
};

QTEST_GUILESS_MAIN(PassesTest)
#include "passes_test.moc"
