#include "ui/timeline/timeline_scene.h"

#include <QAbstractItemModelTester>
#include <QTest>

#include "tests/support/model_builder.h"
#include "ui/timeline/operators_model.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

ModelPointer chain() {
  test::ModelBuilder builder;
  builder.input("x", DataType::Float32, {1, 4});
  const char* names[] = {"/first/Relu", "/first/Abs", "/second/Neg", "/second/Exp"};
  const char* types[] = {"Relu", "Abs", "Neg", "Exp"};
  std::string input = "x";
  for (int i = 0; i < 4; ++i) {
    Node node = test::node(types[i], {input}, {input + "'"});
    node.name = names[i];
    input += "'";
    builder.add(node);
  }
  return builder.output(input).build();
}

Trace traceOf(const std::vector<Span>& spans) {
  Trace trace;
  for (int i = 0; i < 4; ++i) {
    Step step;
    step.op_type = "Op";
    step.nodes = {i};
    trace.steps.push_back(step);
  }
  trace.lanes = {{"Thread 1"}};
  trace.spans = spans;
  trace.runs = {{0, 1000}};
  return trace;
}

TimelineScene sceneOf(const std::vector<Span>& spans) {
  const ModelPointer model = chain();
  return make_scene(traceOf(spans), *model, find_hierarchy(*model->graph));
}

}  // namespace

class TimelineSceneTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void joinsNeighboursOfAModule() {
    const TimelineScene scene = sceneOf({{0, 0, 0, 0, 100}, {1, 0, 0, 110, 200}, {2, 0, 0, 210, 300}});
    QCOMPARE(scene.rows.size(), std::size_t{2});
    QVERIFY(scene.rows[0].isModules);
    QCOMPARE(scene.rows[0].items.size(), std::size_t{2});
    QCOMPARE(scene.rows[0].items[0].end_ns, 200);
    QCOMPARE(scene.rows[1].items.size(), std::size_t{3});
  }

  void putsNestedSpansOnARowBelow() {
    const TimelineScene scene = sceneOf({{0, 0, 0, 0, 500}, {1, 0, 0, 100, 200}, {2, 0, 0, 300, 400}});
    QCOMPARE(scene.rows.size(), std::size_t{3});
    QCOMPARE(scene.rows[1].items.size(), std::size_t{1});
    QCOMPARE(scene.rows[2].items.size(), std::size_t{2});
  }

  void leadsFromNodesToSteps() {
    const TimelineScene scene = sceneOf({{0, 0, 0, 0, 100}});
    QCOMPARE(scene.steps_of_node[2], std::vector<int>{2});
  }

  void foldsSpansTooNarrowToTellApart() {
    TimelineRow row;
    for (int i = 0; i < 100'000; ++i) row.items.push_back({i * 10, i * 10 + 8, 0, -1, 0});
    const auto visible = visible_items(row, 0, 1'000'000, 0.001);  // 1,000 pixels for 100,000 spans
    QVERIFY(visible.size() <= 400);
    int next = 0;
    for (const VisibleItem& item : visible) {
      QCOMPARE(item.first, next);
      next = item.last + 1;
    }
    QCOMPARE(next, 100'000);
  }

  void givesOnlyWhatTheRangeShows() {
    TimelineRow row;
    for (int i = 0; i < 10; ++i) row.items.push_back({i * 100, i * 100 + 90, 0, -1, 0});
    const auto visible = visible_items(row, 250, 450, 1);
    QCOMPARE(visible.size(), std::size_t{3});
    QCOMPARE(visible.front().first, 2);
    QCOMPARE(visible.front().left, -50.0);
  }

  void listsOperatorsAndTypes() {
    auto result = std::make_shared<RunResult>();
    OperatorTime time;
    time.node = "conv";
    time.op = "Conv + Relu";
    time.nodes = {0, 1};
    time.total_ms = 0.62;
    time.share = 0.5;
    result->summary.operators.push_back(time);
    TypeTime type;
    type.op = time.op;
    type.calls = 1;
    type.total_ms = time.total_ms;
    type.share = time.share;
    result->summary.by_type.push_back(type);
    const ModelPointer model = chain();
    OperatorsModel operators;
    OperatorTypesModel types;
    QAbstractItemModelTester operatorsTester(&operators), typesTester(&types);
    operators.setResult(result, model);
    types.setResult(result, model);
    QCOMPARE(operators.index(0, OperatorsModel::Node).data().toString(), QStringLiteral("conv"));
    QCOMPARE(operators.index(0, OperatorsModel::Time).data(OperatorsModel::SortRole).toDouble(), 0.62);
    QCOMPARE(operators.index(0, OperatorsModel::Share).data(OperatorsModel::SortRole).toDouble(), 0.5);
    QCOMPARE(operators.index(0, OperatorsModel::Share).data(OperatorsModel::ShareRole).toDouble(), 1.0);
    QCOMPARE(types.index(0, OperatorTypesModel::Calls).data().toInt(), 1);
  }
};

QTEST_MAIN(TimelineSceneTest)
#include "timeline_scene_test.moc"
