#include "engine/analysis/model_cost.h"

#include <QTest>

#include "engine/ops/operator_table.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

/// A body of Loop (turn, condition, x) → (condition, next): next has 4 elements; `steps` operations each.
GraphPointer loop_body(Node condition, int steps) {
  ModelBuilder body;
  body.input("turn", DataType::Int64, Shape{}).input("keep", DataType::Bool, Shape{});
  body.input("c0", DataType::Float32, Shape{4}).output("going");
  body.add(std::move(condition));
  for (int i = 0; i < steps; ++i)
    body.add(node("Relu", {"c" + std::to_string(i)}, {"c" + std::to_string(i + 1)}));
  return body.output("c" + std::to_string(steps)).graph();
}

ModelBuilder loop_model(std::optional<std::int64_t> limit, GraphPointer body) {
  ModelBuilder model;
  if (limit)
    model.initializer("most", Tensor::scalar(*limit));
  else
    model.input("most", DataType::Int64, Shape{});
  model.input("x", DataType::Float32, Shape{4});
  return model.add(node("Loop", {"most", "", "x"}, {"y"}, {{"body", std::move(body)}})).output("y");
}

/// What the only node of the model costs.
std::optional<Cost> cost_of_node(const ModelPointer& model) {
  return cost_of(*model, infer_types(*model)).nodes.at(0).arithmetic;
}

Function square_function() {
  Function square;
  square.name = "Square";
  square.domain = "local";
  square.inputs = {"v"};
  square.outputs = {"w"};
  square.opset_imports = {{"", 21}, {"local", 1}};
  square.nodes = {std::make_shared<const Node>(node("Mul", {"v", "v"}, {"w"}))};
  return square;
}

Tensor weights(Dims dims, DataType type = DataType::Float32) { return Tensor(type, std::move(dims)); }

}  // namespace

class ModelCostTest : public QObject {
  Q_OBJECT
 private slots:
  void parametersAreInitializersAndFloatingConstants() {
    NamedTensor constant;
    constant.tensor = weights({10});
    NamedTensor indices;
    indices.tensor = weights({7}, DataType::Int64);
    const auto model =
        ModelBuilder()
            .initializer("w", weights({4, 5}))
            .initializer("q", weights({3}, DataType::Int8))
            .add(node("Constant", {}, {"c"}, {{"value", std::make_shared<const NamedTensor>(constant)}}))
            .add(node("Constant", {}, {"i"}, {{"value", std::make_shared<const NamedTensor>(indices)}}))
            .build();
    const ModelCost cost = cost_of(*model, infer_types(*model));
    QCOMPARE(cost.parameters, std::int64_t{20 + 3 + 10});
    QCOMPARE(cost.parameter_bytes, std::int64_t{80 + 3 + 40});
  }

  void peakIsTheLargestSumAliveAtOnce() {
    // a [100] → b [50] → c [10]; a is read again at the end, so a and b and c are alive together: 160 floats.
    const auto floats = [](std::int64_t n) { return Type::tensor(DataType::Float32, Shape{n}); };
    const auto graph = ModelBuilder()
                           .input("a", floats(100))
                           .output("c", floats(10))
                           .add(node("Mystery", {"a"}, {"b"}, {}, "somewhere"))
                           .add(node("Mystery", {"b", "a"}, {"c"}, {}, "somewhere"))
                           .build();
    Graph declared = *graph->graph;
    Value b;
    b.name = "b";
    b.type = floats(50);
    declared.value_infos = PersistentVector(std::vector<Value>{b});
    Model model = *graph;
    model.graph = std::make_shared<const Graph>(declared);
    const ModelCost cost = cost_of(model, infer_types(model));
    QCOMPARE(cost.activation_peak_bytes, std::int64_t{640});
    QCOMPARE(cost.unknown_nodes, 2);
    QCOMPARE(cost.nodes[0].bytes_read.value(), std::int64_t{400});
    QCOMPARE(cost.nodes[1].bytes_written.value(), std::int64_t{40});
  }

  void countsReachIntoSubgraphsAndFunctions() {
    const auto inner = ModelBuilder().add(node("Mystery", {}, {"m"}, {}, "somewhere")).graph();
    const auto body = ModelBuilder().add(node("Relu", {"x"}, {"y"}, {{"body", inner}})).graph();
    Model model = *ModelBuilder().add(node("If", {"c"}, {"z"}, {{"then_branch", body}})).build();
    Function function;
    function.name = "Block";
    function.domain = "local";
    function.nodes = {std::make_shared<const Node>(node("Relu", {"x"}, {"y"}))};
    model.functions = {std::make_shared<const Function>(function)};
    QCOMPARE(subgraph_count(model), 2);
    const std::map<std::string, int> expected = {{"If", 1}, {"Relu", 2}, {"somewhere.Mystery", 1}};
    QVERIFY(operator_counts(model) == expected);
    const auto unsupported = unsupported_operators(model);
    const auto mystery = std::find_if(unsupported.begin(), unsupported.end(),
                                      [](const auto& entry) { return entry.op == "Mystery"; });
    QVERIFY(mystery != unsupported.end());
    QCOMPARE(mystery->domain, std::string("somewhere"));
    QCOMPARE(mystery->count, 1);
  }

  void anIfCostsItsDearerBranch() {
    const auto chain = [](int length) {
      ModelBuilder builder;
      builder.output("b" + std::to_string(length));
      for (int i = 0; i < length; ++i)
        builder.add(node("Relu", {i ? "b" + std::to_string(i) : "x"}, {"b" + std::to_string(i + 1)}));
      return builder.graph();
    };
    const auto model =
        ModelBuilder()
            .input("x", DataType::Float32, Shape{Dimension::symbol("N"), 10})
            .input("c", DataType::Bool, Shape{})
            .add(node("If", {"c"}, {"y"}, {{"then_branch", chain(1)}, {"else_branch", chain(3)}}))
            .build();
    const double once = cost_of(*model, infer_types(*model)).flops;
    InferenceOptions options;
    options.dimensions = {{"N", 7}};
    const ModelCost cost = cost_of(*model, infer_types(*model, options));
    QCOMPARE(cost.flops, 7 * once);
    QCOMPARE(cost.nodes[0].arithmetic->flops, cost.flops);
    QCOMPARE(once, 30.0);
  }

  void aCallCostsWhatItsBodyCosts() {
    Function twice = square_function();
    twice.name = "FourthPower";
    twice.nodes = {std::make_shared<const Node>(node("Square", {"v"}, {"u"}, {}, "local")),
                   std::make_shared<const Node>(node("Square", {"u"}, {"w"}, {}, "local"))};
    Model model = *ModelBuilder()
                       .opset("local", 1)
                       .input("x", DataType::Float32, Shape{2, 5})
                       .add(node("FourthPower", {"x"}, {"y"}, {}, "local"))
                       .output("y")
                       .build();
    model.functions = {std::make_shared<const Function>(square_function()),
                       std::make_shared<const Function>(twice)};
    const ModelCost cost = cost_of(model, infer_types(model));
    QCOMPARE(cost.unknown_nodes, 0);
    QCOMPARE(cost.nodes.at(0).arithmetic->flops, 20.0);
    QCOMPARE(cost.flops, 20.0);
  }

  void aFunctionThatCallsItselfCostsNobodyKnowsWhat() {
    Function endless = square_function();
    endless.nodes = {std::make_shared<const Node>(node("Square", {"v"}, {"w"}, {}, "local"))};
    Model model = *ModelBuilder()
                       .opset("local", 1)
                       .input("x", DataType::Float32, Shape{2, 5})
                       .add(node("Square", {"x"}, {"y"}, {}, "local"))
                       .output("y")
                       .build();
    model.functions = {std::make_shared<const Function>(endless)};
    QVERIFY(!cost_of(model, infer_types(model)).nodes.at(0).arithmetic);
  }

  void aLoopCostsItsBodyForEachTurn() {
    const Node passed_on = node("Identity", {"keep"}, {"going"});
    const Node computed = node("Less", {"turn", "turn"}, {"going"});
    QCOMPARE(cost_of_node(loop_model(6, loop_body(passed_on, 3)).build())->flops, 6 * 3 * 4.0);
    QVERIFY(!cost_of_node(loop_model({}, loop_body(passed_on, 3)).build()));
    QVERIFY(!cost_of_node(loop_model(6, loop_body(computed, 3)).build()));
    // In the totals, turns that are not known count once: three steps and the comparison.
    const auto model = loop_model(6, loop_body(computed, 3)).build();
    QCOMPARE(cost_of(*model, infer_types(*model)).flops, 3 * 4.0 + 1);
  }

  void aScanCostsItsBodyForEachEntry() {
    const auto body = ModelBuilder()
                          .input("sum", DataType::Float32, Shape{4})
                          .input("entry", DataType::Float32, Shape{4})
                          .add(node("Add", {"sum", "entry"}, {"total"}))
                          .output("total")
                          .graph();
    const auto model_of = [&](Shape scanned, std::int64_t axis) {
      return ModelBuilder()
          .input("start", DataType::Float32, Shape{4})
          .input("x", DataType::Float32, std::move(scanned))
          .add(node("Scan", {"start", "x"}, {"y"},
                    {{"body", body},
                     {"num_scan_inputs", std::int64_t{1}},
                     {"scan_input_axes", std::vector<std::int64_t>{axis}}}))
          .output("y")
          .build();
    };
    QCOMPARE(cost_of_node(model_of({7, 4}, 0))->flops, 28.0);
    QCOMPARE(cost_of_node(model_of({4, 9}, -1))->flops, 36.0);
    QVERIFY(!cost_of_node(model_of({Dimension::symbol("N"), 4}, 0)));
  }

  void whatHangsOnTheDataIsUnknown_data() {
    QTest::addColumn<QString>("op");
    for (const char* op : {"NonMaxSuppression", "Unique", "Compress", "StringSplit", "StringNormalizer",
                           "RegexFullMatch", "ImageDecoder"})
      QTest::newRow(op) << op;
  }

  void whatHangsOnTheDataIsUnknown() {
    QFETCH(QString, op);
    const Operator* record = operator_table().find("", op.toStdString(), 27);
    QVERIFY(record && record->cost_function);
    const Type known = Type::tensor(DataType::Float32, Shape{2, 3});
    const Node call = node(op.toStdString(), {"x"}, {"y"});
    QVERIFY(!record->cost_function({call, record->since_version, {known, known, known}, {known, known}}));
  }

  void callsOfModelLocalFunctionsAreSupported() {
    Model model = *ModelBuilder().add(node("Block", {"x"}, {"y"}, {}, "local")).build();
    Function function;
    function.name = "Block";
    function.domain = "local";
    model.functions = {std::make_shared<const Function>(function)};
    QVERIFY(unsupported_operators(model).empty());
  }
};

QTEST_GUILESS_MAIN(ModelCostTest)
#include "model_cost_test.moc"
