#include <QTest>

#include "tests/support/model_builder.h"
#include "tests/support/passes.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

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
    test::add_rewrite_columns();
    const QString identity = QStringLiteral("eliminate_identity"), fold = QStringLiteral("fold_scale_after");
    QTest::newRow("identity between")
        << identity << base().add(node("Identity", {"x"}, {"i"})).add(node("Relu", {"i"}, {"y"})).build()
        << QStringLiteral("Relu");
    QTest::newRow("identity that names an output")
        << identity << base().add(node("Relu", {"x"}, {"r"})).add(node("Identity", {"r"}, {"y"})).build()
        << QStringLiteral("Relu");
    QTest::newRow("identity from input to output stays")
        << identity << base().add(node("Identity", {"x"}, {"y"})).build() << QStringLiteral("Identity");
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

  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(); }

  void sharesWhatItDoesNotTouch() {
    const ModelPointer model = base()
                                   .add(node("Identity", {"x"}, {"i"}))
                                   .add(node("Relu", {"i"}, {"r"}))
                                   .add(node("Exp", {"r"}, {"y"}))
                                   .build();
    const ModelPointer result = optimize(model, passes()).model;
    QCOMPARE(result->graph->nodes.size(), std::size_t{2});
    QCOMPARE(result->graph->nodes[1].get(), model->graph->nodes[2].get());
  }
};

QTEST_GUILESS_MAIN(PassesTest)
#include "passes_test.moc"
