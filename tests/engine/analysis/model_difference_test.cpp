#include "engine/analysis/model_difference.h"

#include <QTest>

#include "tests/support/model_builder.h"

using namespace lapidary;

namespace {

Node named(std::string name, Node node) {
  node.name = std::move(name);
  return node;
}

/// x → Relu → Conv(w) → Abs → y, with names made from `prefix`; no node names where it is empty.
ModelPointer chain(const std::string& prefix, float weight = 1, std::int64_t pad = 0) {
  const auto name = [&](const char* base) { return prefix.empty() ? std::string() : prefix + base; };
  return test::ModelBuilder()
      .input("x", DataType::Float32, {1, 1, 4, 4})
      .initializer("w", Tensor::of<float>({1, 1, 1, 1}, {weight}))
      .add(named(name("relu"), test::node("Relu", {"x"}, {prefix + "a"})))
      .add(named(name("conv"), test::node("Conv", {prefix + "a", "w"}, {prefix + "b"},
                                          {{"pads", std::vector<std::int64_t>{pad, pad, pad, pad}}})))
      .add(named(name("abs"), test::node("Abs", {prefix + "b"}, {"y"})))
      .output("y")
      .build();
}

std::vector<int> positions(const std::vector<NodePlace>& nodes) {
  std::vector<int> all;
  for (const NodePlace& node : nodes) all.push_back(node.position);
  return all;
}

/// A Sigmoid is in the place of the Relu, and the Abs at the end is gone.
ModelPointer rebuilt() {
  return test::ModelBuilder()
      .input("x", DataType::Float32, {1, 1, 4, 4})
      .initializer("w", Tensor::of<float>({1, 1, 1, 1}, {1}))
      .add(named("relu", test::node("Sigmoid", {"x"}, {"a"})))
      .add(named("conv",
                 test::node("Conv", {"a", "w"}, {"y"}, {{"pads", std::vector<std::int64_t>{0, 0, 0, 0}}})))
      .output("y")
      .build();
}

}  // namespace

class ModelDifferenceTest : public QObject {
  Q_OBJECT

 private slots:
  void aModelEqualsItself() {
    const ModelPointer model = chain("m/");
    QVERIFY(difference_between(*model, *model).equal());
    QVERIFY(difference_between(*model, *chain("m/")).equal());
  }

  void nodesAreMatchedByStructureWhereAllNamesChanged() {
    const ModelDifference difference = difference_between(*chain(""), *chain("other/"));
    const GraphDifference& graph = difference.graphs.front();
    QCOMPARE(graph.pairs.size(), std::size_t{3});
    QVERIFY(graph.removed.empty() && graph.added.empty());
    for (const NodePair& pair : graph.pairs) {
      QCOMPARE(pair.before.position, pair.after.position);
      QCOMPARE(pair.differences.size(), std::size_t{1});  // the name
    }
  }

  void attributesAndWeightsAreCompared() {
    const ModelDifference difference = difference_between(*chain("m/"), *chain("m/", 3, 1));
    QVERIFY(!difference.equal());
    QCOMPARE(difference.graphs.front().pairs[1].differences,
             (std::vector<std::string>{"pads: [0, 0, 0, 0] → [1, 1, 1, 1]"}));
    QVERIFY(difference.graphs.front().pairs[0].differences.empty());
    QCOMPARE(difference.weights.size(), std::size_t{1});
    QCOMPARE(difference.weights[0].name, std::string("w"));
    QCOMPARE(difference.weights[0].max_absolute, 2.0);
  }

  void removedNodesAndReplacedOperatorsAreTold() {
    const ModelDifference difference = difference_between(*chain(""), *rebuilt());
    const GraphDifference& graph = difference.graphs.front();
    QCOMPARE(positions(graph.removed), (std::vector<int>{0, 2}));
    QCOMPARE(positions(graph.added), (std::vector<int>{0}));
    QCOMPARE(graph.pairs.size(), std::size_t{1});
  }

  void aNodeThatReadsAnotherValueDiffers() {
    const auto reading = [](const char* value) {
      return test::ModelBuilder()
          .input("x", DataType::Float32, {2})
          .add(named("a", test::node("Relu", {"x"}, {"p"})))
          .add(named("b", test::node("Abs", {"x"}, {"q"})))
          .add(named("c", test::node("Neg", {value}, {"y"})))
          .output("y")
          .build();
    };
    const ModelDifference difference = difference_between(*reading("p"), *reading("q"));
    QCOMPARE(difference.graphs.front().pairs[2].differences, (std::vector<std::string>{"input 0: p → q"}));
  }

  void aConstantIsTheSameHoweverItIsHeld() {
    const Tensor two = Tensor::of<float>({1}, {2});
    const auto adding = [] { return named("add", test::node("Add", {"x", "c"}, {"y"})); };
    const ModelPointer weight = test::ModelBuilder()
                                    .input("x", DataType::Float32, {2})
                                    .initializer("c", two)
                                    .add(adding())
                                    .output("y")
                                    .build();
    const auto held = std::make_shared<const NamedTensor>(NamedTensor{"", two});
    const ModelPointer constant = test::ModelBuilder()
                                      .input("x", DataType::Float32, {2})
                                      .add(test::node("Constant", {}, {"c"}, {{"value", held}}))
                                      .add(adding())
                                      .output("y")
                                      .build();
    const GraphDifference graph = difference_between(*weight, *constant).graphs.front();
    QCOMPARE(graph.pairs.size(), std::size_t{1});
    QVERIFY(graph.pairs[0].differences.empty());
    QCOMPARE(positions(graph.added), (std::vector<int>{0}));
  }

  void bodiesAreComparedNodeByNode() {
    const auto looping = [](const char* op_type) {
      const GraphPointer body = test::ModelBuilder()
                                    .add(named("inner", test::node(op_type, {"x"}, {"z"})))
                                    .output("z", Type::tensor(DataType::Float32, Shape{2}))
                                    .graph();
      return test::ModelBuilder()
          .input("c", DataType::Bool, {})
          .input("x", DataType::Float32, {2})
          .add(named("if", test::node("If", {"c"}, {"y"}, {{"then_branch", body}, {"else_branch", body}})))
          .output("y")
          .build();
    };
    const ModelDifference difference = difference_between(*looping("Relu"), *looping("Abs"));
    QVERIFY(!difference.equal());
    QCOMPARE(difference.graphs.size(), std::size_t{3});
    QCOMPARE(difference.graphs[1].path, std::string("node 'if', then_branch"));
    QCOMPARE(difference.graphs[1].pairs[0].differences, (std::vector<std::string>{"operator: Relu → Abs"}));
  }

  void propertiesOfTheModelAreCompared() {
    Model other = *chain("m/");
    other.opset_imports[0].version += 1;
    other.metadata.emplace_back("author", "someone");
    const auto properties = difference_between(*chain("m/"), other).properties;
    QCOMPARE(properties.size(), std::size_t{2});
    QCOMPARE(properties[1], std::string("metadata author: none → someone"));
  }
};

QTEST_GUILESS_MAIN(ModelDifferenceTest)
#include "model_difference_test.moc"
