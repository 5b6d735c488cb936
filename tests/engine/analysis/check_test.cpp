#include "engine/analysis/check.h"

#include <QTest>

#include <functional>

#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

namespace {

const Type floats = Type::tensor(DataType::Float32, Shape{2, 3});

ModelBuilder relu() {
  return ModelBuilder().input("x", floats).output("y", floats).add(node("Relu", {"x"}, {"y"}));
}

Model changed(const ModelPointer& model, const std::function<void(Model&)>& change) {
  Model copy = *model;
  change(copy);
  return copy;
}

/// Every problem as a line: "error [node] [tensor] message".
QStringList lines(const Model& model) {
  QStringList list;
  for (const auto& problem : check_model(model)) {
    static const char* const names[] = {"error", "warning", "note"};
    list << QString("%1 [%2] [%3] %4")
                .arg(names[static_cast<int>(problem.severity)], QString::fromStdString(problem.node),
                     QString::fromStdString(problem.tensor), QString::fromStdString(problem.message));
  }
  return list;
}

}  // namespace

Q_DECLARE_METATYPE(lapidary::Model)

class CheckTest : public QObject {
  Q_OBJECT
 private slots:
  void findsNothingInAValidModel() {
    QCOMPARE(lines(*relu().build()), QStringList());
    // A subgraph may read what the graph around it made before.
    const auto body = ModelBuilder().output("b").add(node("Relu", {"y"}, {"b"})).graph();
    const auto model = relu()
                           .input("c", DataType::Bool, Shape{})
                           .output("z", floats)
                           .add(node("If", {"c"}, {"z"}, {{"then_branch", body}, {"else_branch", body}}))
                           .build();
    QCOMPARE(lines(*model).filter("error"), QStringList());
  }

  void namesWhatIsWrong_data() {
    QTest::addColumn<lapidary::Model>("model");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const Model& model, const char* expected) {
      QTest::newRow(name) << model << QString::fromUtf8(expected);
    };
    row("input that nobody makes", *relu().output("z").add(node("Relu", {"w"}, {"z"})).build(),
        "error [Relu → z] [w] reads a value that nobody makes");
    row("output that nobody makes", *relu().output("z").build(),
        "error [] [z] an output of the graph that nobody makes");
    row("two producers", *relu().add(node("Neg", {"x"}, {"y"})).build(),
        "error [Neg → y] [y] makes a value that already is an input, an initializer or another node's "
        "output");
    row("not in order", *relu().add(node("Relu", {"b"}, {"a"})).add(node("Relu", {"x"}, {"b"})).build(),
        "error [Relu → a] [b] reads a value before node 'Relu → b' makes it: nodes are not in topological "
        "order");
    row("cycle", *relu().add(node("Add", {"x", "b"}, {"a"})).add(node("Relu", {"a"}, {"b"})).build(),
        "error [Add → a] [] is on a cycle or needs one (2 nodes in all)");
    row("two initializers",
        *relu().initializer("w", Tensor::scalar(1.0f)).initializer("w", Tensor::scalar(1.0f)).build(),
        "error [] [w] two initializers have this name");
    row("initializer unlike its input",
        *relu().input("w", floats).initializer("w", Tensor::of({2}, std::vector<float>{1, 2})).build(),
        "error [] [w] the input is declared as float32 2 × 3, its initializer is float32 2");
    row("input without name", *relu().input("", floats).build(),
        "error [] [] an input of the graph has no name");
    row("operator without name", *relu().add(node("", {"x"}, {"z"})).build(),
        "error [ → z] [] has no operator");
    row("domain that is not imported", *relu().add(node("Gelu", {"x"}, {"z"}, {}, "elsewhere")).build(),
        "error [Gelu → z] [] the operator set of domain elsewhere is not imported");
    row("unknown operator", *relu().add(node("Mystery", {"x"}, {"z"})).build(),
        "error [Mystery → z] [] there is no operator Mystery of domain ai.onnx");
    row("too many inputs", *relu().add(node("Relu", {"x", "x"}, {"z"})).build(),
        "error [Relu → z] [] Relu takes at most 1 input, not 2");
    row("too few inputs", *relu().add(node("Add", {"x"}, {"z"})).build(),
        "error [Add → z] [] Add needs at least 2 inputs, not 1");
    row("required input left out", *relu().add(node("Add", {"", "x"}, {"z"})).build(),
        "error [Add → z] [] input 'A' is left out, but is required");
    row("too many outputs", *relu().add(node("Relu", {"x"}, {"z", "v"})).build(),
        "error [Relu → z] [] Relu gives at most 1 output, not 2");
    row("unknown attribute", *relu().add(node("Relu", {"x"}, {"z"}, {{"alpha", 1.0f}})).build(),
        "error [Relu → z] [] Relu has no attribute 'alpha'");
    row("attribute of wrong type",
        *relu().add(node("LeakyRelu", {"x"}, {"z"}, {{"alpha", std::int64_t{1}}})).build(),
        "error [LeakyRelu → z] [] attribute 'alpha' is of type int, not float");
    row("wrong element type",
        *relu().input("flag", DataType::Bool, Shape{}).add(node("Relu", {"flag"}, {"z"})).build(),
        "error [Relu → z] [flag] input 'X' of Relu cannot be tensor(bool)");
    row("types that must agree",
        *relu().input("i", DataType::Int64, Shape{}).add(node("Add", {"x", "i"}, {"z"})).build(),
        "error [Add → z] [i] input 'B' is tensor(int64), but an input that must be of the same type is "
        "tensor(float)");
    row("shapes that contradict each other",
        *relu().input("v", DataType::Float32, Shape{4}).add(node("Add", {"x", "v"}, {"z"})).build(),
        "error [Add → z] [] cannot broadcast a size of 3 with 4");
    row("declared output unlike the inferred one",
        *ModelBuilder()
             .input("x", floats)
             .output("y", Type::tensor(DataType::Int64))
             .add(node("Relu", {"x"}, {"y"}))
             .build(),
        "error [Relu → y] [y] declared as int64, but is float32 2 × 3");
    row("no operator sets", changed(relu().build(), [](Model& m) { m.opset_imports.clear(); }),
        "error [] [] the model imports no operator set");
    row("operator newer than its set",
        *ModelBuilder(11).input("x", floats).add(node("Celu", {"x"}, {"y"})).build(),
        "error [Celu → y] [] Celu of domain ai.onnx is not yet in operator set 11");
    row("old IR version", changed(relu().build(), [](Model& m) { m.ir_version = 3; }),
        "error [] [] operator set 21 came with IR version 10, the model says 3");
    row("attribute reference outside of a function",
        changed(relu().build(),
                [](Model& m) {
                  Node refers = node("Relu", {"x"}, {"z"});
                  Attribute attribute;
                  attribute.name = "alpha";
                  attribute.reference = "a";
                  refers.attributes = {attribute};
                  Graph graph = *m.graph;
                  graph.nodes = graph.nodes.inserted(1, std::make_shared<const Node>(refers));
                  m.graph = std::make_shared<const Graph>(graph);
                }),
        "error [Relu → z] [] attribute 'alpha' refers to a function's attribute outside of a function");
    row("two nodes of one name",
        changed(relu().build(),
                [](Model& m) {
                  Node twin = node("Relu", {"x"}, {"z"});
                  twin.name = "twin";
                  Node other = node("Relu", {"x"}, {"v"});
                  other.name = "twin";
                  Graph graph = *m.graph;
                  graph.nodes = graph.nodes.inserted(1, std::make_shared<const Node>(twin))
                                    .inserted(2, std::make_shared<const Node>(other));
                  m.graph = std::make_shared<const Graph>(graph);
                }),
        "error [twin] [] two nodes have this name");
    row("function output that nobody makes",
        changed(relu().build(),
                [](Model& m) {
                  Function function;
                  function.name = "Block";
                  function.domain = "local";
                  function.opset_imports = {{"", 21}};
                  function.outputs = {"out"};
                  m.functions = {std::make_shared<const Function>(function)};
                }),
        "error [] [out] an output of function Block that nobody makes");
  }
  void namesWhatIsWrong() {
    QFETCH(lapidary::Model, model);
    QFETCH(QString, expected);
    const QStringList found = lines(model);
    QVERIFY2(found.contains(expected), qPrintable(found.join('\n')));
  }

  void problemsComeInFileOrder() {
    const auto model =
        relu().add(node("Relu", {"a"}, {"b"})).add(node("Relu", {"c"}, {"d"})).output("q", floats).build();
    QStringList nodes;
    for (const auto& problem : check_model(*model)) nodes << QString::fromStdString(problem.node);
    QCOMPARE(nodes, QStringList({"", "Relu → b", "Relu → d"}));
  }
};

QTEST_GUILESS_MAIN(CheckTest)
#include "check_test.moc"
