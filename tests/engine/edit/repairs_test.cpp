#include "engine/edit/repairs.h"

#include <QTest>

#include "engine/analysis/check.h"
#include "engine/edit/connections.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using lapidary::test::ModelBuilder;
using lapidary::test::node;

namespace {

Node named(const char* name, Node made) {
  made.name = name;
  return made;
}

const Type floats = Type::tensor(DataType::Float32, Shape{2});

ModelBuilder start() { return ModelBuilder().input("x", floats); }

/// An If whose branch reads what comes later in it.
ModelPointer unsorted_branch() {
  const GraphPointer branch = ModelBuilder()
                                  .add(named("late", node("Neg", {"h"}, {"t"})))
                                  .add(named("early", node("Abs", {"x"}, {"h"})))
                                  .output("t")
                                  .graph();
  return start()
      .initializer("which", Tensor::of({}, std::vector<bool>{true}))
      .add(named("choose", node("If", {"which"}, {"y"}, {{"then_branch", branch}, {"else_branch", branch}})))
      .output("y", floats)
      .build();
}

}  // namespace

class RepairsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void takesAProblemAway_data() {
    QTest::addColumn<ModelPointer>("model");
    QTest::newRow("unread weight") << start()
                                          .initializer("w", Tensor::of<float>({1}, {1}))
                                          .add(node("Relu", {"x"}, {"y"}))
                                          .output("y", floats)
                                          .build();
    QTest::newRow("output that nobody makes")
        << start().add(node("Relu", {"x"}, {"y"})).output("y", floats).output("z", floats).build();
    QTest::newRow("two names") << start()
                                      .add(named("a", node("Relu", {"x"}, {"h"})))
                                      .add(named("a", node("Relu", {"h"}, {"y"})))
                                      .output("y", floats)
                                      .build();
    QTest::newRow("order")
        << start().add(node("Relu", {"h"}, {"y"})).add(node("Abs", {"x"}, {"h"})).output("y", floats).build();
    QTest::newRow("order in a branch") << unsorted_branch();
    QTest::newRow("import")
        << start().add(node("Gelu", {"x"}, {"y"}, {}, "com.microsoft")).output("y", floats).build();
    QTest::newRow("attribute")
        << start().add(node("Relu", {"x"}, {"y"}, {{"slope", 0.5f}})).output("y", floats).build();
    QTest::newRow("output without type") << start().add(node("Relu", {"x"}, {"y"})).output("y").build();
  }
  void takesAProblemAway() {
    QFETCH(ModelPointer, model);
    const auto before = check_model(*model);
    QVERIFY(!before.empty());
    for (int left = 4; left > 0; --left) {
      const auto problems = check_model(*model);
      if (problems.empty()) return;
      const auto repair = repair_for(problems.front(), *model, infer_types(*model));
      QVERIFY2(repair, problems.front().message.c_str());
      QVERIFY(!repair->title.empty());
      model = apply_step(model, repair->step);
    }
    const auto after = check_model(*model);
    QVERIFY2(after.empty(), after.empty() ? "" : after.front().message.c_str());
  }

  void hasNoAnswerWhereOnlyAPersonKnows() {
    const ModelPointer model = start().add(node("Add", {"x", "?"}, {"y"})).output("y", floats).build();
    for (const Problem& problem : check_model(*model))
      QVERIFY2(!repair_for(problem, *model, infer_types(*model)), problem.message.c_str());
  }

  void namesTheInputsThatANodeMayHave() {
    const ModelPointer model = start().output("x", floats).build();
    QCOMPARE(input_names(*model, node("Conv", {"x", "w"}, {"y"})), (std::vector<std::string>{"X", "W", "B"}));
    QCOMPARE(input_names(*model, node("Concat", {"x", "x"}, {"y"})),
             (std::vector<std::string>{"inputs 0", "inputs 1", "inputs 2"}));
    QCOMPARE(input_names(*model, node("Nobody", {"x"}, {"y"}, {}, "knows")),
             (std::vector<std::string>{"0", "1"}));
  }

  void followsWhatDependsOnANode() {
    const ModelPointer model = unsorted_branch();
    const Graph& graph = *subgraphs_of(*model->graph->nodes[0]).front().second;
    QCOMPARE(nodes_behind(graph, 1), (std::vector<bool>{true, true}));
    QCOMPARE(nodes_behind(graph, 0), (std::vector<bool>{true, false}));
    QCOMPARE(nodes_ahead(graph, 0), (std::vector<bool>{true, true}));
  }
};

QTEST_APPLESS_MAIN(RepairsTest)
#include "repairs_test.moc"
