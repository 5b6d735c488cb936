#include "engine/model/graph_index.h"

#include <QTest>

#include <numeric>

#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

class GraphIndexTest : public QObject {
  Q_OBJECT
 private slots:
  void knowsWhoMakesAndReadsAValue() {
    const auto model = ModelBuilder()
                           .input("x", DataType::Float32, Shape{1})
                           .initializer("w", Tensor::scalar(1.0f))
                           .output("z", Type::tensor(DataType::Float32))
                           .add(node("Split", {"x"}, {"a", "b"}))
                           .add(node("Add", {"b", "w"}, {"z"}))
                           .add(node("Mul", {"b", "b"}, {"unused"}))
                           .build();
    const GraphIndex index(*model->graph);
    QCOMPARE(index.producer("b").node, 0);
    QCOMPARE(index.producer("b").slot, 1);
    QCOMPARE(index.producer("x").node, -1);
    QCOMPARE(index.producer("nothing").node, -1);
    QCOMPARE(index.consumers("b").size(), std::size_t{3});
    QCOMPARE(index.consumers("b")[2].slot, 1);
    QVERIFY(index.consumers("z").empty());
    QVERIFY(index.is_input("x") && !index.is_input("w"));
    QVERIFY(index.is_output("z") && !index.is_output("b"));
    QCOMPARE(index.initializer("w")->tensor.size(), std::int64_t{1});
    QVERIFY(!index.initializer("x"));
    QCOMPARE(index.declared_type("z")->element, DataType::Float32);
    QVERIFY(!index.declared_type("b"));
  }

  void sortsNodesThatStandInTheWrongOrder() {
    const auto model = ModelBuilder()
                           .input("x", DataType::Float32, Shape{1})
                           .add(node("C", {"b"}, {"c"}))
                           .add(node("B", {"a"}, {"b"}))
                           .add(node("A", {"x"}, {"a"}))
                           .build();
    QCOMPARE(GraphIndex(*model->graph).topological_order(), (std::vector<int>{2, 1, 0}));
  }

  void keepsFileOrderWhereItIsSorted() {
    ModelBuilder builder;
    for (int i = 0; i < 1000; ++i)
      builder.add(node("Op", {"v" + std::to_string(i / 3)}, {"v" + std::to_string(i + 1)}));
    std::vector<int> expected(1000);
    std::iota(expected.begin(), expected.end(), 0);
    QCOMPARE(GraphIndex(*builder.build()->graph).topological_order(), expected);
  }

  void leavesNodesOnACycleOut() {
    const auto model = ModelBuilder()
                           .add(node("A", {"b"}, {"a"}))
                           .add(node("B", {"a"}, {"b"}))
                           .add(node("C", {"x"}, {"c"}))
                           .add(node("Self", {"s"}, {"s"}))
                           .build();
    QCOMPARE(GraphIndex(*model->graph).topological_order(), std::vector<int>{2});
  }

  void nodesWaitForWhatTheirSubgraphsRead() {
    const auto inner = ModelBuilder().add(node("Neg", {"late"}, {"n"})).graph();
    const auto body = ModelBuilder().add(node("If", {"c"}, {"m"}, {{"then_branch", inner}})).graph();
    const auto model = ModelBuilder()
                           .add(node("Loop", {}, {"y"}, {{"body", body}}))
                           .add(node("Relu", {"x"}, {"late"}))
                           .build();
    QCOMPARE(GraphIndex(*model->graph).topological_order(), (std::vector<int>{1, 0}));
    QCOMPARE(outer_names(*body), (std::vector<std::string>{"c", "late"}));
  }

  void followsAnEditWithoutLookingAtWhatStayed() {
    const auto model = ModelBuilder()
                           .input("x", DataType::Float32, Shape{1})
                           .initializer("w", Tensor::scalar(1.0f))
                           .output("z", Type::tensor(DataType::Float32))
                           .add(node("Split", {"x"}, {"a", "b"}))
                           .add(node("Add", {"b", "w"}, {"c"}))
                           .add(node("Mul", {"c", "b"}, {"z"}))
                           .build();
    Graph edited = *model->graph;
    edited.nodes =
        edited.nodes.erased(1).inserted(0, std::make_shared<const Node>(node("Neg", {"x"}, {"n"})));
    edited.nodes =
        edited.nodes.with(2, std::make_shared<const Node>(node("Mul", {"n", "b", "", "v"}, {"z"})));
    NamedTensor second;
    second.name = "v";
    second.tensor = Tensor::scalar(2.0f);
    edited.initializers =
        edited.initializers.inserted(0, std::make_shared<const NamedTensor>(std::move(second)));
    const GraphIndex before(*model->graph);
    const GraphIndex index(edited, before, {1, -1, 2});
    const GraphIndex anew(edited);
    for (const char* name : {"x", "a", "b", "c", "n", "w", "v", "z", "nothing", ""}) {
      QCOMPARE(index.producer(name).node, anew.producer(name).node);
      QCOMPARE(index.producer(name).slot, anew.producer(name).slot);
      QCOMPARE(index.consumers(name).size(), anew.consumers(name).size());
      for (std::size_t i = 0; i < anew.consumers(name).size(); ++i) {
        QCOMPARE(index.consumers(name)[i].node, anew.consumers(name)[i].node);
        QCOMPARE(index.consumers(name)[i].slot, anew.consumers(name)[i].slot);
      }
      QCOMPARE(index.initializer(name), anew.initializer(name));
      QCOMPARE(index.declared_type(name), anew.declared_type(name));
      QCOMPARE(index.is_input(name), anew.is_input(name));
      QCOMPARE(index.is_output(name), anew.is_output(name));
    }
    QCOMPARE(index.topological_order(), anew.topological_order());
  }
};

QTEST_GUILESS_MAIN(GraphIndexTest)
#include "graph_index_test.moc"
