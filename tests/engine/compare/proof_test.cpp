#include <QTest>

#include "engine/backends.h"
#include "engine/compare/proof.h"
#include "engine/passes/graph_rewriter.h"
#include "engine/runtime/random_inputs.h"
#include "engine/runtime/suggested_inputs.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

/// A pass that is right for Identity, and wrong for Neg: it takes both away.
PassResult take_away(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, [](GraphRewriter& graph) {
    for (std::size_t i = 0; i < graph.size(); ++i) {
      const Node* found = graph.node(i);
      if (!found || (!is_standard(*found, "Identity") && !is_standard(*found, "Neg"))) continue;
      if (graph.can_bypass(found->outputs[0], found->inputs[0]) && graph.admit(*found))
        graph.bypass(i, found->outputs[0], found->inputs[0]);
    }
  });
}

const std::vector<Pass> takers = {{"take_away", "", PassLevel::Basic, take_away}};

ModelPointer chain() {
  ModelBuilder builder(17);
  builder.input("x", DataType::Float32, {Dimension::symbol("batch"), 3})
      .output("y", Type::tensor(DataType::Float32));
  std::string last = "x";
  for (int i = 0; i < 9; ++i) {
    const std::string next = "v" + std::to_string(i);
    builder.add(node(i == 5 ? "Neg" : "Identity", {last}, {next}));
    last = next;
  }
  return builder.add(node("Exp", {last}, {"y"})).build();
}

}  // namespace

class ProofTest : public QObject {
  Q_OBJECT
 private slots:
  void namesTheSingleRewriteThatBreaksAModel() {
    const ModelPointer model = chain();
    const EquivalenceTest test(model, find_backend("reference"));
    const auto proven = optimize_with_proof(model, takers, {}, test, false);
    QVERIFY(!proven.equivalence.equal);
    QCOMPARE(proven.broken.size(), std::size_t{1});
    QCOMPARE(proven.broken[0].pass, std::string("take_away"));
    QCOMPARE(proven.broken[0].node, std::string("Neg → v5"));
  }

  void leavesTheBrokenRewriteOutAndMakesTheOthers() {
    const ModelPointer model = chain();
    const EquivalenceTest test(model, find_backend("reference"));
    const auto proven = optimize_with_proof(model, takers, {}, test, true);
    QVERIFY(proven.equivalence.equal);
    QCOMPARE(proven.optimized.model->graph->nodes.size(), std::size_t{2});
    QCOMPARE(proven.equivalence.text(), std::string("tested equal on 4 inputs, bit for bit"));
  }

  void saysTheWorstErrorAndWhere() {
    const ModelPointer model = chain();
    const EquivalenceTest test(model, find_backend("reference"));
    auto graph = std::make_shared<Graph>(*model->graph);
    graph->initializers =
        PersistentVector(std::vector<std::shared_ptr<const NamedTensor>>{std::make_shared<const NamedTensor>(
            NamedTensor{"c", Tensor::scalar(1e-4f), {}, {}, {}, false, {}, 0})});
    graph->nodes = graph->nodes.with(9, std::make_shared<const Node>(node("Exp", {"v8"}, {"e"})));
    graph->nodes = graph->nodes.inserted(10, std::make_shared<const Node>(node("Add", {"e", "c"}, {"y"})));
    Model changed = *model;
    changed.graph = graph;
    const Equivalence found = test.compare(std::make_shared<const Model>(changed));
    QCOMPARE(found.tensor, std::string("y"));
    QVERIFY(found.max_absolute > 5e-5 && found.max_absolute < 2e-4);
  }

  void variesFreeDimensions() {
    const RandomInputs random(*chain());
    std::set<std::int64_t> sizes;
    for (std::uint64_t seed = 1; seed <= 4; ++seed)
      sizes.insert(random.make(seed, RandomInputs::Sizes::Small)[0].tensor().dims()[0]);
    QVERIFY(sizes.size() > 1);
  }

  void givesAxesEachOnceAndScalesThatEnlarge() {
    const ModelPointer model = ModelBuilder(18)
                                   .input("x", DataType::Float32, {2, 3, 4})
                                   .input("axes", DataType::Int64, {2})
                                   .input("scales", DataType::Float32, {3})
                                   .output("y", Type::tensor(DataType::Float32))
                                   .output("z", Type::tensor(DataType::Float32))
                                   .add(node("ReduceSum", {"x", "axes"}, {"y"}))
                                   .add(node("Resize", {"x", "", "scales"}, {"z"}))
                                   .build();
    const auto inputs = RandomInputs(*model).make(1, RandomInputs::Sizes::Usual);
    QCOMPARE(values_as<std::int64_t>(inputs[1].tensor()), (std::vector<std::int64_t>{0, 1}));
    for (const double scale : values_as<double>(inputs[2].tensor())) QVERIFY(scale >= 1 && scale <= 2);
  }

  void givesTheSizesThatTheModelDeclares() {
    const ModelPointer model =
        ModelBuilder(20)
            .input("x", DataType::Float32, {2, 6})
            .input("shape", DataType::Int64, {3})
            .input("parts", DataType::Int64, {2})
            .input("bytes", DataType::UInt8, {20})
            .output("y", Type::tensor(DataType::Float32, Shape{3, 1, 4}))
            .output("a", Type::tensor(DataType::Float32, Shape{2, 1}))
            .output("b", Type::tensor(DataType::Float32, Shape{2, 5}))
            .output("pixel", Type::tensor(DataType::UInt8))
            .add(node("Reshape", {"x", "shape"}, {"y"}))
            .add(node("Split", {"x", "parts"}, {"a", "b"}, {{"axis", std::int64_t{-1}}}))
            .add(node("ImageDecoder", {"bytes"}, {"pixel"}))
            .build();
    const auto inputs = RandomInputs(*model).make(1, RandomInputs::Sizes::Usual);
    QCOMPARE(values_as<std::int64_t>(inputs[1].tensor()), (std::vector<std::int64_t>{3, 1, 4}));
    QCOMPARE(values_as<std::int64_t>(inputs[2].tensor()), (std::vector<std::int64_t>{1, 5}));
    const auto outputs = find_backend("reference").compile(model, {})->run(inputs);
    QCOMPARE(outputs[3].tensor().dims(), (Dims{1, 1, 3}));
  }

  void keepsIndicesAndMasksInTheirRange() {
    const ModelPointer model = ModelBuilder(17)
                                   .input("ids", DataType::Int64, {50})
                                   .input("mask", DataType::Int64, {50})
                                   .initializer("table", Tensor(DataType::Float32, {7, 2}))
                                   .output("y", Type::tensor(DataType::Float32))
                                   .output("z", Type::tensor(DataType::Float32))
                                   .add(node("Gather", {"table", "ids"}, {"y"}))
                                   .add(node("Cast", {"mask"}, {"z"}, {{"to", std::int64_t{1}}}))
                                   .build();
    const auto inputs = RandomInputs(*model).make(1, RandomInputs::Sizes::Usual);
    const auto largest = [&](std::size_t i) {
      const auto values = values_as<std::int64_t>(inputs[i].tensor());
      return *std::max_element(values.begin(), values.end());
    };
    const auto smallest = [&](std::size_t i) {
      const auto values = values_as<std::int64_t>(inputs[i].tensor());
      return *std::min_element(values.begin(), values.end());
    };
    QCOMPARE(largest(0), 6);
    QCOMPARE(smallest(0), 0);
    QCOMPARE(largest(1), 1);
    QCOMPARE(smallest(1), 0);
  }
};

QTEST_GUILESS_MAIN(ProofTest)
#include "proof_test.moc"
