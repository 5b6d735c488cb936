#include "engine/compare/alignment.h"

#include <QTest>

#include "engine/compare/run_comparison.h"
#include "tests/support/comparisons.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::exact_comparison;
using test::ModelBuilder;
using test::node;
using test::random_tensor;
using test::run_on;

namespace {

using Ints = std::vector<std::int64_t>;

/// Eleven convolutions with activations; names begin with `prefix`. Channels last between the third and the
/// eighth, if asked for; the slope of one activation is as given.
ModelPointer network(const std::string& prefix, bool channels_last, float slope = 0.1f) {
  ModelBuilder builder(17);
  builder.input("x", DataType::Float32, {Dimension(1), Dimension(3), Dimension(6), Dimension(5)})
      .output("y", Type::tensor(DataType::Float32));
  std::string last = "x";
  for (int i = 0; i < 11; ++i) {
    const std::string number = prefix + std::to_string(i);
    builder.initializer("w" + number, random_tensor({3, 3, 1, 1}, static_cast<std::uint64_t>(i)));
    builder.add(node("Conv", {last, "w" + number}, {"conv" + number}));
    last = "conv" + number;
    const bool turned = channels_last && i == 4;
    if (turned) {
      builder.add(node("Transpose", {last}, {"turned" + number}, {{"perm", Ints{0, 2, 3, 1}}}));
      last = "turned" + number;
    }
    const std::string next = i == 10 ? "y" : "act" + number;
    builder.add(
        node("LeakyRelu", {last}, {turned ? next + "_nhwc" : next}, {{"alpha", i == 6 ? slope : 0.1f}}));
    if (turned) builder.add(node("Transpose", {next + "_nhwc"}, {next}, {{"perm", Ints{0, 3, 1, 2}}}));
    last = next;
  }
  return builder.build();
}

RunComparison compared(const ModelPointer& a, const ModelPointer& b) {
  return compare_runs(run_on("cpu", a), run_on("cpu", b), {{"x", random_tensor({1, 3, 6, 5}, 99)}},
                      exact_comparison());
}

/// "conv3" → "3": which layer a tensor is of, whatever its prefix.
QString layer_of(const std::string& tensor) {
  QString text = QString::fromStdString(tensor);
  return text.remove(QStringLiteral("other_")).remove(QStringLiteral("_nhwc"));
}

}  // namespace

class AlignmentTest : public QObject {
  Q_OBJECT
 private slots:
  void alignsRenamedTensorsByStructureAndValue() {
    const RunComparison found = compared(network("", false), network("other_", false));
    QVERIFY(found.ok());
    QCOMPARE(found.tensors.size(), std::size_t{22});
    for (const auto& tensor : found.tensors) {
      QCOMPARE(layer_of(tensor.pair.b), layer_of(tensor.pair.a));
      QVERIFY(tensor.pair.score > 0.99);
    }
  }

  void recognizesChannelsLast() {
    const RunComparison found = compared(network("", false), network("other_", true));
    QVERIFY(found.ok());
    QCOMPARE(found.tensors.size(), std::size_t{22});
    for (const auto& tensor : found.tensors) QCOMPARE(layer_of(tensor.pair.b), layer_of(tensor.pair.a));
  }

  void neverTakesPartOfANameForTheName() {
    // Both have a conv1 and a conv10; in the second they stand the other way round.
    const auto swapped = [](bool turned) {
      ModelBuilder builder(17);
      builder.input("x", DataType::Float32, {Dimension(4)}).output("y", Type::tensor(DataType::Float32));
      builder.add(node("Exp", {"x"}, {turned ? "conv10" : "conv1"}))
          .add(node("Tanh", {turned ? "conv10" : "conv1"}, {turned ? "conv1" : "conv100"}))
          .add(node("Neg", {turned ? "conv1" : "conv100"}, {"y"}));
      return builder.build();
    };
    const ComparedRun a = run_on("cpu", swapped(false)), b = run_on("cpu", swapped(true));
    const RunComparison found = compare_runs(a, b, {{"x", random_tensor({4}, 1)}}, {});
    for (const auto& tensor : found.tensors) {
      QVERIFY(tensor.pair.a != "conv1" || tensor.pair.b != "conv10" || tensor.pair.score > 0.99);
      QVERIFY(tensor.pair.a != "conv100" || tensor.pair.b != "conv10");
    }
  }

  void leavesAloneWhatOptimizersScale() {
    // The factor behind the product is moved into its weight: what lies between is another tensor.
    const auto scaled = [](bool folded) {
      ModelBuilder builder(17);
      std::vector<float> weight(16);
      for (std::size_t i = 0; i < weight.size(); ++i)
        weight[i] = (static_cast<float>(i % 5) - 1.5f) * (folded ? 0.125f : 1);
      builder.input("x", DataType::Float32, {Dimension(2), Dimension(4)})
          .output("y", Type::tensor(DataType::Float32))
          .initializer(folded ? "w_scaled" : "w", Tensor::of<float>({4, 4}, weight))
          .initializer("eighth", Tensor::scalar(0.125f));
      const std::string product = folded ? "product_scaled" : "product", sum = folded ? "neg_scaled" : "neg";
      Node multiply = node("MatMul", {"x", folded ? "w_scaled" : "w"}, {product});
      multiply.name = "multiply";
      Node negate = node("Neg", {product}, {folded ? "scaled" : sum});
      builder.add(multiply).add(negate);
      if (!folded) builder.add(node("Mul", {sum, "eighth"}, {"scaled"}));
      return builder.add(node("Neg", {"scaled"}, {"y"})).build();
    };
    const ComparedRun a = run_on("cpu", scaled(false)), b = run_on("cpu", scaled(true));
    const RunComparison found = compare_runs(a, b, {{"x", random_tensor({2, 4}, 1)}}, {});
    QVERIFY(found.ok());
    QCOMPARE(found.tensors.size(), std::size_t{2});
  }

  void findsAFaultAmongRenamedTensors() {
    const RunComparison found = compared(network("", false), network("other_", false, 0.2f));
    QVERIFY(found.first_divergence);
    QCOMPARE(found.first_divergence->tensor, std::string("act6"));
    QVERIFY(found.first_divergence->is_local);
    QCOMPARE(found.tensors.size(), std::size_t{22});
  }
};

QTEST_APPLESS_MAIN(AlignmentTest)
#include "alignment_test.moc"
