#include "engine/runtime/runnable.h"

#include <QTest>

#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

Q_DECLARE_METATYPE(lapidary::ModelPointer)

namespace {

ModelBuilder with_input(std::int64_t opset = 21) {
  ModelBuilder model(opset);
  model.input("x", DataType::Float32, {2}).output("y");
  return model;
}

/// An If whose branches are `body`.
ModelPointer with_branches(const GraphPointer& body) {
  return with_input()
      .input("b", DataType::Bool, Shape{})
      .add(node("If", {"b"}, {"y"}, {{"then_branch", body}, {"else_branch", body}}))
      .build();
}

ModelPointer with_function(std::vector<Node> nodes) {
  auto function = std::make_shared<Function>();
  function->name = "Block";
  function->domain = "local";
  function->inputs = {"a"};
  function->outputs = {"r"};
  function->opset_imports = {{"", 21}};
  for (auto& one : nodes) function->nodes.push_back(std::make_shared<const Node>(std::move(one)));
  auto model = std::make_shared<Model>(
      *with_input().opset("local", 1).add(node("Block", {"x"}, {"y"}, {}, "local")).build());
  model->functions = {function};
  return model;
}

}  // namespace

/// What is wrong with a model's graph is said before anything runs, by every backend alike.
class RunnableTest : public QObject {
  Q_OBJECT
 private slots:
  void faultsOfTheGraphNameNodeAndTensor_data() {
    QTest::addColumn<ModelPointer>("model");
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("tensor");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, ModelPointer model, const char* node, const char* tensor,
                        const char* message) { QTest::newRow(name) << model << node << tensor << message; };
    row("two nodes make one value",
        with_input().add(node("Relu", {"x"}, {"y"})).add(node("Neg", {"x"}, {"y"})).build(), "Neg → y", "y",
        "another node's output");
    row("a node makes an input", with_input().add(node("Relu", {"x"}, {"x"})).output("x").build(), "Relu → x",
        "x", "already is an input");
    row("a node makes an initializer",
        with_input()
            .initializer("w", Tensor::scalar(1.0f))
            .add(node("Relu", {"x"}, {"w"}))
            .add(node("Relu", {"w"}, {"y"}))
            .build(),
        "Relu → w", "w", "an initializer");
    row("nobody makes it", with_input().add(node("Add", {"x", "gone"}, {"y"})).build(), "Add → y", "gone",
        "no input, initializer or node makes this value");
    row("nobody makes the output", with_input().add(node("Relu", {"x"}, {"z"})).build(), "", "y",
        "makes this output");
    row("cycle of one", with_input().add(node("Add", {"x", "y"}, {"y"})).build(), "Add → y", "y", "cycle");
    row("cycle behind which others wait",
        with_input()
            .add(node("Neg", {"c"}, {"y"}))
            .add(node("Add", {"x", "b"}, {"a"}))
            .add(node("Relu", {"a"}, {"b"}))
            .add(node("Relu", {"b"}, {"c"}))
            .build(),
        "Relu → b", "a", "cycle");
    row("nobody makes it, in a body",
        with_branches(ModelBuilder().add(node("Add", {"x", "gone"}, {"r"})).output("r").graph()), "Add → r",
        "gone", "no input");
    row("a body reads what its own node makes",
        with_branches(ModelBuilder().add(node("Add", {"x", "y"}, {"r"})).output("r").graph()), "If → y", "y",
        "cycle");
    row("two nodes make one value, in a body",
        with_branches(
            ModelBuilder().add(node("Neg", {"x"}, {"r"})).add(node("Abs", {"x"}, {"r"})).output("r").graph()),
        "Abs → r", "r", "another node's output");
    row("cycle in a function", with_function({node("Add", {"a", "r"}, {"r"})}), "Add → r", "r", "cycle");
    row("nobody makes a function's output", with_function({node("Neg", {"a"}, {"other"})}), "", "r",
        "makes this output");
  }
  void faultsOfTheGraphNameNodeAndTensor() {
    QFETCH(const ModelPointer, model);
    QFETCH(const QString, node);
    QFETCH(const QString, tensor);
    QFETCH(const QString, message);
    for (const char* backend : {"cpu", "reference"}) {
      try {
        find_backend(backend).compile(model, {});
        QFAIL("compiled");
      } catch (const Error& error) {
        QVERIFY2(QString(error.what()).contains(message), error.what());
        QCOMPARE(QString::fromStdString(error.node()), node);
        QCOMPARE(QString::fromStdString(error.tensor()), tensor);
        QVERIFY(!error.advice().empty());
      }
    }
  }

  void bodiesMayHideAndHandOnNamesFromAround() {
    const auto model = with_branches(ModelBuilder().add(node("Neg", {"x"}, {"b"})).output("b").graph());
    check_runnable(*model);
    check_runnable(*with_branches(ModelBuilder().output("x").graph()));
  }

  void versionsThatCameLaterOpenAndDoNotRun_data() {
    QTest::addColumn<QString>("domain");
    QTest::addColumn<int>("version");
    QTest::addColumn<QString>("op_type");
    QTest::addColumn<bool>("runs");
    QTest::newRow("standard, newest") << "" << 27 << "Relu" << true;
    QTest::newRow("standard, later") << "" << 28 << "Relu" << false;
    QTest::newRow("standard, far later") << "" << 99 << "Relu" << false;
    QTest::newRow("machine learning, newest") << "ai.onnx.ml" << 5 << "Binarizer" << true;
    QTest::newRow("machine learning, later") << "ai.onnx.ml" << 6 << "Binarizer" << false;
  }
  void versionsThatCameLaterOpenAndDoNotRun() {
    QFETCH(const QString, domain);
    QFETCH(const int, version);
    QFETCH(const QString, op_type);
    QFETCH(const bool, runs);
    ModelBuilder builder = with_input(domain.isEmpty() ? version : 21);
    if (!domain.isEmpty()) builder.opset(domain.toStdString(), version);
    const ModelPointer model =
        builder.add(node(op_type.toStdString(), {"x"}, {"y"}, {}, domain.toStdString())).build();
    const auto unsupported = unsupported_operators(*model);
    QCOMPARE(unsupported.empty(), runs);
    if (!runs) QCOMPARE(QString::fromStdString(unsupported[0].op), op_type);
    for (const char* backend : {"cpu", "reference"}) {
      try {
        find_backend(backend).compile(model, {});
        QVERIFY(runs);
      } catch (const UnsupportedOperatorError& error) {
        QVERIFY2(!runs && QString(error.what()).contains(QString("version %1").arg(version)), error.what());
        QVERIFY(QString::fromStdString(error.advice()).contains("export it again"));
      }
    }
  }

  void importsThatNobodyUsesDoNotMatter() {
    check_runnable(*with_input().opset("ai.onnx.ml", 99).add(node("Relu", {"x"}, {"y"})).build());
  }
};

QTEST_GUILESS_MAIN(RunnableTest)
#include "runnable_test.moc"
