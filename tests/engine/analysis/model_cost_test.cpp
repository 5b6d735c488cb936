#include "engine/analysis/model_cost.h"

#include <QTest>

#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

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
