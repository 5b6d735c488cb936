#include <QTest>
#include <map>

#include "engine/backends.h"
#include "engine/compare/run_comparison.h"
#include "tests/support/comparisons.h"
#include "tests/support/faults.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::exact_comparison;
using test::ModelBuilder;
using test::node;
using test::random_tensor;
using test::run_on;

namespace {

using Ints = std::vector<std::int64_t>;

/// A place for every kind of fault: convolutions, normalization, activations, quantization, products, scores.
ModelPointer network() {
  ModelBuilder builder(17);
  builder.input("x", DataType::Float32, {Dimension(1), Dimension(3), Dimension(8), Dimension(8)})
      .output("y", Type::tensor(DataType::Float32))
      .initializer("w1", random_tensor({4, 3, 3, 3}, 1))
      .initializer("w2", random_tensor({4, 4, 3, 3}, 2))
      .initializer("ones", Tensor::of<float>({4}, {1, 1.5f, 0.5f, 1}))
      .initializer("zeros", Tensor::of<float>({4}, {0, 0.1f, -0.1f, 0}))
      .initializer("variance", Tensor::of<float>({4}, {0.01f, 1, 2, 0.5f}))
      .initializer("scale_q", Tensor::scalar(0.05f))
      .initializer("scale_d", Tensor::scalar(0.05f))
      .initializer("zero_point", Tensor::scalar(std::int8_t{0}))
      .initializer("sizes", Tensor::of<std::int64_t>({3}, {1, 16, 16}))
      .initializer("w3", random_tensor({16, 16}, 3));
  builder.add(node("Conv", {"x", "w1"}, {"c1"}, {{"pads", Ints{1, 1, 1, 1}}}))
      .add(node("BatchNormalization", {"c1", "ones", "zeros", "zeros", "variance"}, {"n1"}))
      .add(node("LeakyRelu", {"n1"}, {"r1"}, {{"alpha", 0.1f}}))
      .add(node("Conv", {"r1", "w2"}, {"c2"}, {{"pads", Ints{1, 1, 1, 1}}}))
      .add(node("Add", {"c2", "r1"}, {"a1"}))
      .add(node("QuantizeLinear", {"a1", "scale_q", "zero_point"}, {"q1"}))
      .add(node("DequantizeLinear", {"q1", "scale_d", "zero_point"}, {"d1"}))
      .add(node("Reshape", {"d1", "sizes"}, {"m0"}))
      .add(node("MatMul", {"m0", "w3"}, {"m1"}))
      .add(node("Softmax", {"m1"}, {"s1"}))
      .add(node("MatMul", {"s1", "m1"}, {"y"}));
  return builder.build();
}

Values picture(std::uint64_t seed = 7) { return {{"x", random_tensor({1, 3, 8, 8}, seed)}}; }

}  // namespace

class RunComparisonTest : public QObject {
  Q_OBJECT
 private slots:
  void namesExactlyTheNodeWithTheFault_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("backend");
    for (const auto& kind : test::fault_kinds())
      for (const char* backend : {"cpu", "reference"})
        QTest::newRow((kind + " on " + backend).c_str()) << QString::fromStdString(kind) << QString(backend);
  }
  void namesExactlyTheNodeWithTheFault() {
    QFETCH(QString, kind);
    QFETCH(QString, backend);
    const ModelPointer model = network();
    const std::string name = backend.toStdString();
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const auto faulty = test::with_fault(model, kind.toStdString(), seed);
      QVERIFY(faulty);
      const RunComparison found =
          compare_runs(run_on(name, model), run_on(name, faulty->model), picture(), exact_comparison());
      QVERIFY(!found.ok());
      QVERIFY(found.first_divergence);
      QCOMPARE(found.first_divergence->node, faulty->node);
      QVERIFY(found.first_divergence->is_local);
      QCOMPARE(found.local_divergences.size(), std::size_t{1});
    }
  }

  void saysWhy() {
    const std::map<std::string, QString> reasons = {
        {"weight", QStringLiteral("differs in 1 of")},  {"precision", QStringLiteral("float16")},
        {"epsilon", QStringLiteral("epsilon: ")},       {"padding", QStringLiteral("pads: ")},
        {"attribute", QStringLiteral("alpha: ")},       {"operator", QStringLiteral("the operator is ")},
        {"quantization scale", QStringLiteral("scale")}};
    for (const auto& [kind, reason] : reasons) {
      const auto faulty = test::with_fault(network(), kind, 1);
      const RunComparison found =
          compare_runs(run_on("cpu", network()), run_on("cpu", faulty->model), picture(), exact_comparison());
      QVERIFY(found.first_divergence && !found.first_divergence->reasons.empty());
      QVERIFY2(QString::fromStdString(found.first_divergence->reasons[0]).contains(reason),
               found.first_divergence->reasons[0].c_str());
    }
  }

  void raisesNoAlarmBetweenBackendsAndPrecisions() {
    const ModelPointer model = network();
    for (const auto& b :
         {run_on("reference", model), run_on("reference", model, true), run_on("cpu", model)}) {
      const RunComparison found = compare_runs(run_on("cpu", model), b, picture(), exact_comparison());
      QVERIFY(found.ok());
      QCOMPARE(found.tensors.size(), std::size_t{11});
    }
  }

  void comparesSequencesInOtherPrecisions() {
    const ModelPointer model = ModelBuilder(17)
                                   .input("x", DataType::Float32, {Dimension(2)})
                                   .output("y", Type::sequence(Type::tensor(DataType::Float32)))
                                   .add(node("SequenceConstruct", {"x", "x"}, {"y"}))
                                   .build();
    const Values inputs = {{"x", Tensor::of<float>({2}, {1, 2})}};
    QVERIFY(compare_runs(run_on("cpu", model), run_on("reference", model, true), inputs, exact_comparison())
                .ok());
  }

  void findsAFaultBetweenBackends() {
    const ModelPointer model = network();
    for (const auto& kind : test::fault_kinds()) {
      const auto faulty = test::with_fault(model, kind, 1);
      const RunComparison found = compare_runs(run_on("reference", model, true), run_on("cpu", faulty->model),
                                               picture(), exact_comparison());
      QVERIFY(found.first_divergence);
      QCOMPARE(found.first_divergence->node, faulty->node);
    }
  }

  void staysWithinAMemoryLimitAndFindsTheSame() {
    const ModelPointer model = network();
    const auto faulty = test::with_fault(model, "weight", 1);
    ComparisonOptions small = exact_comparison();
    small.memory_bytes = 4096;
    const RunComparison whole =
        compare_runs(run_on("cpu", model), run_on("cpu", faulty->model), picture(), exact_comparison());
    const RunComparison staged =
        compare_runs(run_on("cpu", model), run_on("cpu", faulty->model), picture(), small);
    QCOMPARE(staged.tensors.size(), whole.tensors.size());
    QCOMPARE(staged.first_divergence->node, whole.first_divergence->node);
  }

  void findsTheFaultOfAModelThatBreaksOff() {
    const ModelPointer model = network();
    Model changed = *model;
    Graph graph = *model->graph;
    Node convolution = *graph.nodes[3];
    convolution.attributes.clear();  // without padding the sum behind it does not fit
    graph.nodes = graph.nodes.with(3, std::make_shared<const Node>(convolution));
    changed.graph = std::make_shared<const Graph>(graph);
    const auto broken = std::make_shared<const Model>(changed);
    const RunComparison found =
        compare_runs(run_on("cpu", model), run_on("cpu", broken), picture(), exact_comparison());
    QCOMPARE(found.problems.size(), std::size_t{1});
    QCOMPARE(found.first_divergence->tensor, std::string("c2"));
    QCOMPARE(found.first_divergence->metric, std::string("shape"));
  }

  void comparesWithRecordedValues() {
    const ModelPointer model = network();
    CompileOptions keep;
    keep.keep_intermediates = true;
    const auto program = find_backend("reference").compile(model, keep);
    const auto made = program->run({picture().at("x")});
    ComparedRun file;
    file.name = "file";
    file.model = model;
    for (std::size_t i = 0; i < made.size(); ++i) file.recorded[program->outputs()[i].name] = made[i];
    QVERIFY(compare_runs(run_on("cpu", model), file, picture(), exact_comparison()).ok());
    const Tensor& sound = file.recorded["r1"].tensor();
    std::vector<float> values = values_as<float>(sound);
    values[17] += 1;
    file.recorded["r1"] = Tensor::of(sound.dims(), values);
    const RunComparison found = compare_runs(run_on("cpu", model), file, picture(), exact_comparison());
    QCOMPARE(found.first_divergence->tensor, std::string("r1"));
    QCOMPARE(found.first_divergence->worst->index, std::int64_t{17});
  }
};

QTEST_APPLESS_MAIN(RunComparisonTest)
#include "run_comparison_test.moc"
