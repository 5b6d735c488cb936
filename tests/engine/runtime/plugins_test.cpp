#include "engine/runtime/plugins.h"

#include <QtTest>
#include <cmath>

#include "engine/analysis/check.h"
#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "engine/documentation/example_run.h"
#include "engine/ops/operator_table.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

/// Snake on [1, 2, 3] between standard operators.
ModelPointer snake_model(std::int64_t rates = 2) {
  return ModelBuilder()
      .opset("org.example", 1)
      .input("x", DataType::Float32, {Dimension(1), Dimension(2), Dimension(3)})
      .initializer("alpha",
                   Tensor::of<float>({rates}, std::vector<float>(static_cast<std::size_t>(rates), 2)))
      .add(node("Neg", {"x"}, {"negative"}))
      .add(node("Snake", {"negative", "alpha"}, {"wave"}, {}, "org.example"))
      .add(node("Identity", {"wave"}, {"y"}))
      .output("y", Type::tensor(DataType::Float32, Shape{Dimension(1), Dimension(2), Dimension(3)}))
      .build();
}

const Plugin* find_plugin(const std::string& name) {
  for (const auto& plugin : plugins())
    if (plugin.name == name) return &plugin;
  return nullptr;
}

}  // namespace

/// Plug-ins bring operators and backends that are then as good as built-in ones; what is wrong with one is
/// said, and costs nothing else.
class PluginsTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    const QByteArray built = qgetenv("LAPIDARY_BIN") + "/../plugins/";
    qputenv("LAPIDARY_PLUGINS", built + "examples:" + built + "tests:/nowhere/plugins");
    load_plugins();
  }

  void saysWhyOneCouldNotBeLoaded_data() {
    QTest::addColumn<QString>("said");
    QTest::newRow("outdated") << "built for interface 0";
    QTest::newRow("no_plugin") << "no function lapidary_plugin_interface";
    QTest::newRow("without_device") << "no abacus is connected";
    QTest::newRow("known_operator") << ".Relu, which is known already";
    QTest::newRow("taken_backend") << "backend 'cpu'";
    QTest::newRow("plugins") << "folder cannot be read";
  }

  void saysWhyOneCouldNotBeLoaded() {
    QFETCH(QString, said);
    const Plugin* plugin = find_plugin(QTest::currentDataTag());
    QVERIFY(plugin);
    QVERIFY2(QString::fromStdString(plugin->refusal).contains(said), plugin->refusal.c_str());
    QVERIFY(plugin->operators.empty() && plugin->backends.empty());
  }

  void takesNothingOfARefusedOne() {
    QVERIFY(!operator_table().find("org.example", "Novelty", 1));
    QCOMPARE(find_backend("cpu").kind, std::string("built in"));
  }

  void bringsAnOperator() {
    const Plugin* plugin = find_plugin("example_operator");
    QVERIFY(plugin);
    QVERIFY2(plugin->refusal.empty(), plugin->refusal.c_str());
    QCOMPARE(plugin->operators, std::vector<std::string>{"org.example.Snake"});
    const Operator* record = operator_table().find("org.example", "Snake", 1);
    QVERIFY(record);
    QCOMPARE(plugin_of(*record), std::string("example_operator"));
    QVERIFY(plugin_of(*operator_table().find("", "Relu", 14)).empty());
  }

  void runsItsOperatorOnEveryBackend() {
    const Tensor x = Tensor::of<float>({1, 2, 3}, {0, -0.5f, 1, 2, -3, 4});
    std::vector<float> wanted;
    for (const float value : x.span<float>()) {
      const double negative = -static_cast<double>(value), wave = std::sin(2 * negative);
      wanted.push_back(static_cast<float>(negative + wave * wave / 2));
    }
    for (const auto& backend : backends()) {
      const auto outputs = backend.compile(snake_model(), {})->run({x});
      COMPARE_TENSORS(outputs.at(0).tensor(), Tensor::of<float>({1, 2, 3}, wanted));
    }
  }

  void infersChecksAndCountsItsOperator() {
    for (const auto& problem : check_model(*snake_model())) QFAIL(problem.message.c_str());
    QCOMPARE(to_string(infer_types(*snake_model()).type_of("wave")),
             to_string(Type::tensor(DataType::Float32, Shape{Dimension(1), Dimension(2), Dimension(3)})));
    const auto cost = cost_of(*snake_model(), infer_types(*snake_model()));
    QCOMPARE(cost.unknown_nodes, 0);
    QCOMPARE(cost.nodes.at(1).arithmetic->flops, 6 * 5.0);
    const auto problems = check_model(*snake_model(3));
    QCOMPARE(problems.size(), std::size_t{1});
    QVERIFY(QString::fromStdString(problems[0].message).contains("3 elements for 2 channels"));
  }

  void documentsItsOperator() {
    const ExampleRun run = run_example(*operator_table().find("org.example", "Snake", 1));
    QCOMPARE(run.outputs.at(0).tensor().dims(), (Dims{1, 2, 3}));
  }

  void bringsABackend() {
    QCOMPARE(find_backend("second_reference").kind, std::string("plug-in"));
    QCOMPARE(backends().size(), std::size_t{3});
  }
};

QTEST_GUILESS_MAIN(PluginsTest)
#include "plugins_test.moc"
