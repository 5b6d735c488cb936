#include <QTest>
#include <set>

#include "engine/analysis/check.h"
#include "engine/analysis/every_node.h"
#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/precision/convert_precision.h"
#include "tests/support/kernel_cases.h"
#include "tests/support/passes.h"

using namespace lapidary;
using namespace lapidary::test;

class ConvertPrecisionTest : public QObject {
  Q_OBJECT

 private slots:
  void convertsWeightsComputationInputsAndOutputs();
  void keepsInputsAndOutputsOnWish();
  void castsEachValueOnce();
  void keepsBlockedNodes_data();
  void keepsBlockedNodes();
  void refusesBlockListsThatMeanNothing();
  void keepsOperatorsWithoutTheType();
  void keepsConstantsThatOverflowOrUnderflow_data();
  void keepsConstantsThatOverflowOrUnderflow();
  void clampsMasksAndSaysSo();
  void convertsBodies();
  void convertsBodiesThatReadFromOutside();
  void convertsFunctions();
  void keepsIndexArithmetic();
  void convertsTypesNamedByAttributes();
  void keepsFreeDimensions();
  void convertsBack();
};

namespace {

const Type real = Type::tensor(DataType::Float32);

Tensor numbers(Dims dims, std::vector<float> values) { return Tensor::of(std::move(dims), values); }

PrecisionConversion to(DataType type, const ModelPointer& model, bool keep_io = false) {
  PrecisionOptions options;
  options.target = type;
  options.keep_io = keep_io;
  return convert_precision(model, options);
}

/// What makes the model invalid; empty if nothing does.
QString problem_of(const Model& model) {
  for (const auto& problem : check_model(model))
    if (problem.severity == Problem::Severity::Error)
      return QString::fromStdString(problem.node + ": " + problem.message);
  return {};
}

/// Element types of all floating values, "float16" or "float16 float32".
QString floating_types(const Model& model) {
  const InferredTypes types = infer_types(model);
  std::set<std::string> found;
  for_each_graph(model, [&](const Graph& graph) {
    for (const auto& node : graph.nodes)
      for (const auto& output : node->outputs)
        if (const Type& type = types.type_in(&graph, output); is_floating(type.element))
          found.insert(std::string(name_of(type.element)));
    for (const auto& tensor : graph.initializers)
      if (is_floating(tensor->tensor.type())) found.insert(std::string(name_of(tensor->tensor.type())));
  });
  QStringList names;
  for (const auto& name : found) names << QString::fromStdString(name);
  return names.join(QLatin1Char(' '));
}

QString kept(const PrecisionConversion& conversion) {
  QStringList lines;
  for (const auto& node : conversion.kept) lines << QString::fromStdString(node.op_type + ": " + node.reason);
  return lines.join(QLatin1Char('\n'));
}

/// Runs both on the same random numbers, each in its own types; the first difference beyond the tolerance.
QString run_difference(const ModelPointer& a, const ModelPointer& b, double tolerance = 5e-3) {
  const Backend& backend = find_backend("reference");
  const auto first = backend.compile(a, {}), second = backend.compile(b, {});
  std::vector<Datum> inputs, others;
  for (std::size_t i = 0; i < first->inputs().size(); ++i) {
    Dims dims;
    for (const auto& size : *first->inputs()[i].type.shape)
      dims.push_back(size.is_constant() ? size.value() : 3);
    std::vector<double> values(static_cast<std::size_t>(Tensor(DataType::Float32, dims).size()));
    for (std::size_t k = 0; k < values.size(); ++k)
      values[k] = static_cast<double>((k * 37 + i * 11) % 17) / 8 - 1;
    inputs.emplace_back(tensor_from(first->inputs()[i].type.element, dims, values));
    others.emplace_back(converted(inputs.back().tensor(), second->inputs()[i].type.element));
  }
  const auto want = first->run(inputs), got = second->run(others);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const Datum same = Datum(converted(got[i].tensor(), want[i].tensor().type()));
    const Difference found = difference(same, want[i], {tolerance, tolerance});
    if (!found.equal) return QString::fromStdString(found.message);
  }
  return {};
}

/// x [N, 4] → MatMul → Add → Relu → Softmax.
ModelBuilder perceptron(std::int64_t opset = 21) {
  ModelBuilder builder(opset);
  builder.input("x", DataType::Float32, {Dimension::symbol("N"), 4}).output("y", real);
  builder.initializer("w", numbers({4, 2}, {0.5f, -0.25f, 1, 2, -1, 0.125f, 0.75f, 1}));
  builder.initializer("b", numbers({2}, {0.5f, -0.5f}));
  builder.add(node("MatMul", {"x", "w"}, {"m"})).add(node("Add", {"m", "b"}, {"a"}));
  builder.add(node("Relu", {"a"}, {"r"})).add(node("Softmax", {"r"}, {"y"}));
  return builder;
}

}  // namespace

void ConvertPrecisionTest::convertsWeightsComputationInputsAndOutputs() {
  const ModelPointer model = perceptron().build();
  for (const DataType type : {DataType::Float16, DataType::BFloat16}) {
    const PrecisionConversion result = to(type, model);
    QCOMPARE(operators(*result.model), QString("MatMul Add Relu Softmax"));
    QCOMPARE(floating_types(*result.model), QString::fromStdString(std::string(name_of(type))));
    QCOMPARE(result.model->graph->inputs[0].type.element, type);
    QCOMPARE(result.model->graph->outputs[0].type.element, type);
    QCOMPARE(kept(result), QString());
    QCOMPARE(problem_of(*result.model), QString());
    QCOMPARE(run_difference(model, result.model, type == DataType::Float16 ? 2e-3 : 2e-2), QString());
  }
}

void ConvertPrecisionTest::keepsInputsAndOutputsOnWish() {
  const ModelPointer model = perceptron().build();
  const PrecisionConversion result = to(DataType::Float16, model, true);
  QCOMPARE(operators(*result.model), QString("Cast MatMul Add Relu Softmax Cast"));
  QCOMPARE(result.model->graph->inputs[0].type.element, DataType::Float32);
  QCOMPARE(result.model->graph->outputs[0].name, std::string("y"));
  QCOMPARE(result.model->graph->outputs[0].type.element, DataType::Float32);
  QCOMPARE(problem_of(*result.model), QString());
  QCOMPARE(run_difference(model, result.model), QString());
}

void ConvertPrecisionTest::castsEachValueOnce() {
  // x is read by two nodes in float16, s by two in float32, and r goes out and on.
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {2, 3}).output("y", real).output("s", real).output("r", real);
  builder.add(node("Relu", {"x"}, {"r"})).add(node("Neg", {"x"}, {"n"})).add(node("Add", {"r", "n"}, {"s"}));
  builder.add(node("Exp", {"s"}, {"e"})).add(node("Exp", {"s"}, {"f"})).add(node("Mul", {"e", "f"}, {"y"}));
  const ModelPointer model = builder.build();
  PrecisionOptions options;
  options.keep_io = true;
  options.blocked = NodeSelection(*model, {"Exp"}, {});
  const PrecisionConversion result = convert_precision(model, options);
  // Of x, of r and s to the outputs (s's is also what Exp reads), of e and f, and of y.
  QCOMPARE(operators(*result.model).count("Cast"), 6);
  QCOMPARE(problem_of(*result.model), QString());
  QCOMPARE(run_difference(model, result.model), QString());
}

void ConvertPrecisionTest::keepsBlockedNodes_data() {
  QTest::addColumn<QString>("operator_type");
  QTest::addColumn<QString>("name");
  QTest::newRow("by type") << "Add"
                           << "";
  QTest::newRow("by name") << ""
                           << "the sum";
  QTest::newRow("by expression") << ""
                                 << ".* s[ou]m";
}

void ConvertPrecisionTest::keepsBlockedNodes() {
  QFETCH(QString, operator_type);
  QFETCH(QString, name);
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {2, 2}).output("y", real).initializer("c", numbers({2}, {1, 2}));
  Node sum = node("Add", {"r", "c"}, {"s"});
  sum.name = "the sum";
  builder.add(node("Relu", {"x"}, {"r"})).add(sum).add(node("Relu", {"s"}, {"y"}));
  const ModelPointer model = builder.build();
  PrecisionOptions options;
  const auto list = [](const QString& text) {
    return text.isEmpty() ? std::vector<std::string>() : std::vector<std::string>{text.toStdString()};
  };
  options.blocked = NodeSelection(*model, list(operator_type), list(name));
  const PrecisionConversion result = convert_precision(model, options);
  QCOMPARE(operators(*result.model), QString("Relu Cast Add Cast Relu"));
  QCOMPARE(result.model->graph->initializers[0]->tensor.type(), DataType::Float32);
  QCOMPARE(result.kept.size(), std::size_t{1});
  QCOMPARE(result.kept[0].node, std::string("the sum"));
  QCOMPARE(problem_of(*result.model), QString());
}

void ConvertPrecisionTest::refusesBlockListsThatMeanNothing() {
  const ModelPointer model = perceptron().build();
  QVERIFY_THROWS_EXCEPTION(Error, NodeSelection(*model, {"Conv"}, {}));
  QVERIFY_THROWS_EXCEPTION(Error, NodeSelection(*model, {}, {"no such node"}));
}

void ConvertPrecisionTest::keepsOperatorsWithoutTheType() {
  QVERIFY_THROWS_EXCEPTION(Error, to(DataType::BFloat16, perceptron(12).build()));
  ModelBuilder old(13);
  old.input("x", DataType::Float32, {2}).output("y", real);
  old.add(node("Relu", {"x"}, {"r"})).add(node("Floor", {"r"}, {"f"})).add(node("Softplus", {"f"}, {"y"}));
  const PrecisionConversion partly = to(DataType::BFloat16, old.build());
  QCOMPARE(kept(partly), QString("Softplus: operator Softplus has no bfloat16 in operator set 13"));
  QCOMPARE(operators(*partly.model), QString("Relu Floor Cast Softplus Cast"));
  QCOMPARE(problem_of(*partly.model), QString());
  ModelBuilder builder;
  builder.opset("somewhere", 1)
      .input("x", DataType::Float32, {2})
      .output("y", Type::tensor(DataType::Float32, Shape{2}));
  builder.add(node("Relu", {"x"}, {"r"})).add(node("Strange", {"r"}, {"y"}, {}, "somewhere"));
  const PrecisionConversion strange = to(DataType::Float16, builder.build(), true);
  QCOMPARE(operators(*strange.model), QString("Cast Relu Cast Strange"));
  QCOMPARE(kept(strange), QString("Strange: operator Strange is not known"));
}

void ConvertPrecisionTest::keepsConstantsThatOverflowOrUnderflow_data() {
  QTest::addColumn<float>("constant");
  QTest::addColumn<DataType>("type");
  QTest::addColumn<QString>("reason");
  QTest::newRow("fits") << 60000.0f << DataType::Float16 << "";
  QTest::newRow("overflows") << 70000.0f << DataType::Float16
                             << "Mul: constant 'c' overflows float16: it reaches 7e+04";
  QTest::newRow("vanishes") << 1e-12f << DataType::Float16
                            << "Mul: constant 'c' underflows float16: rounding it changes it by 100 %";
  QTest::newRow("bfloat16 reaches further") << 70000.0f << DataType::BFloat16 << "";
  QTest::newRow("bfloat16 is as small") << 1e-12f << DataType::BFloat16 << "";
}

void ConvertPrecisionTest::keepsConstantsThatOverflowOrUnderflow() {
  QFETCH(float, constant);
  QFETCH(DataType, type);
  QFETCH(QString, reason);
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {2}).output("y", real).initializer("c", Tensor::scalar(constant));
  builder.add(node("Mul", {"x", "c"}, {"y"}));
  const ModelPointer model = builder.build();
  const PrecisionConversion result = to(type, model, true);
  QCOMPARE(kept(result), reason);
  QCOMPARE(operators(*result.model), QString(reason.isEmpty() ? "Cast Mul Cast" : "Mul"));
  QCOMPARE(result.model->graph->initializers[0]->tensor.type(), reason.isEmpty() ? type : DataType::Float32);
}

void ConvertPrecisionTest::clampsMasksAndSaysSo() {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {2, 3}).output("y", real);
  const float low = std::numeric_limits<float>::lowest();
  builder.initializer("mask", numbers({3}, {0, low, 0}));
  builder.add(node("Add", {"x", "mask"}, {"a"})).add(node("Softmax", {"a"}, {"y"}));
  const ModelPointer model = builder.build();
  const PrecisionConversion result = to(DataType::Float16, model);
  QCOMPARE(kept(result), QString());
  QCOMPARE(result.notes.size(), std::size_t{1});
  QCOMPARE(values_as<float>(result.model->graph->initializers[0]->tensor)[1], -32752.0f);
  QCOMPARE(run_difference(model, result.model), QString());
}

void ConvertPrecisionTest::convertsBodies() {
  ModelBuilder body;
  body.input("turn", DataType::Int64, {})
      .input("keep", DataType::Bool, {})
      .input("v", DataType::Float32, {2});
  body.add(node("Identity", {"keep"}, {"going"})).add(node("Mul", {"v", "v"}, {"next"}));
  body.add(node("Sqrt", {"next"}, {"seen"}))
      .output("going", Type::tensor(DataType::Bool))
      .output("next", real)
      .output("seen", real);
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {2}).output("last", real).output("all", real);
  builder.initializer("count", Tensor::scalar(std::int64_t{2}));
  builder.add(node("Loop", {"count", "", "x"}, {"last", "all"}, {{"body", body.graph()}}));
  const ModelPointer model = builder.build();
  const PrecisionConversion result = to(DataType::Float16, model);
  QCOMPARE(operators(*result.model), QString("Loop"));
  QCOMPARE(floating_types(*result.model), QString("float16"));
  QCOMPARE(problem_of(*result.model), QString());
  QCOMPARE(run_difference(model, result.model), QString());
  PrecisionOptions options;
  options.keep_io = true;
  options.blocked = NodeSelection(*model, {"Mul"}, {});
  const PrecisionConversion blocked = convert_precision(model, options);
  QCOMPARE(floating_types(*blocked.model), QString("float16 float32"));
  QCOMPARE(problem_of(*blocked.model), QString());
  QCOMPARE(run_difference(model, blocked.model), QString());
}

void ConvertPrecisionTest::convertsBodiesThatReadFromOutside() {
  const auto branch = [](const char* op, const char* made) {
    ModelBuilder body;
    return body.add(node(op, {"r", "c"}, {made})).output(made, real).graph();
  };
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {2}).output("y", real);
  builder.initializer("c", numbers({2}, {1, 2}))
      .initializer("yes", Tensor::of(Dims{}, std::vector<bool>{true}));
  builder.add(node("Relu", {"x"}, {"r"}));
  builder.add(
      node("If", {"yes"}, {"y"}, {{"then_branch", branch("Add", "t")}, {"else_branch", branch("Sub", "e")}}));
  const ModelPointer model = builder.build();
  PrecisionOptions options;
  options.blocked = NodeSelection(*model, {"Sub"}, {});
  const PrecisionConversion result = convert_precision(model, options);
  QCOMPARE(problem_of(*result.model), QString());
  QCOMPARE(run_difference(model, result.model), QString());
  options.blocked = NodeSelection(*model, {"If"}, {});
  const PrecisionConversion whole = convert_precision(model, options);
  QCOMPARE(operators(*whole.model), QString("Relu Cast If Cast"));
  QCOMPARE(problem_of(*whole.model), QString());
  QCOMPARE(run_difference(model, whole.model), QString());
}

void ConvertPrecisionTest::convertsFunctions() {
  ModelBuilder body;
  body.input("a", Type()).output("s", real);
  body.add(node("Constant", {}, {"half"}, {{"value_float", 0.5f}})).add(node("Mul", {"a", "half"}, {"s"}));
  ModelBuilder builder;
  builder.opset("own", 1).function("own", "Halve", body.graph());
  builder.input("x", DataType::Float32, {2}).output("y", real).add(node("Halve", {"x"}, {"y"}, {}, "own"));
  const ModelPointer model = builder.build();
  const PrecisionConversion result = to(DataType::Float16, model);
  QCOMPARE(floating_types(*result.model), QString("float16"));
  QCOMPARE(problem_of(*result.model), QString());
  QCOMPARE(run_difference(model, result.model), QString());
}

void ConvertPrecisionTest::keepsIndexArithmetic() {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, {Dimension::symbol("N"), 2}).output("y", real);
  builder.initializer("half", Tensor::scalar(0.5f)).initializer("rest", Tensor::of<std::int64_t>({1}, {-1}));
  builder.add(node("Shape", {"x"}, {"sizes"}));
  builder.add(node("Cast", {"sizes"}, {"wide"}, {{"to", std::int64_t{1}}}));
  builder.add(node("Mul", {"wide", "half"}, {"halves"})).add(node("Floor", {"halves"}, {"whole"}));
  builder.add(node("Cast", {"whole"}, {"numbers"}, {{"to", std::int64_t{7}}}));
  builder.add(node("ConstantOfShape", {"numbers"}, {"zeros"})).add(node("Add", {"zeros", "half"}, {"y"}));
  const PrecisionConversion result = to(DataType::Float16, builder.build());
  const QString reason = "it computes sizes or indices";
  QCOMPARE(kept(result), "Cast: " + reason + "\nMul: " + reason + "\nFloor: " + reason);
  QCOMPARE(operators(*result.model), QString("Shape Cast Mul Floor Cast ConstantOfShape Add"));
  QCOMPARE(problem_of(*result.model), QString());
}

void ConvertPrecisionTest::convertsTypesNamedByAttributes() {
  ModelBuilder builder;
  builder.input("i", DataType::Int64, {2, 2}).output("y", real).output("z", real);
  builder.add(node("Cast", {"i"}, {"f"}, {{"to", std::int64_t{1}}}));
  builder.add(node("EyeLike", {"i"}, {"e"}, {{"dtype", std::int64_t{1}}}))
      .add(node("Add", {"f", "e"}, {"y"}));
  builder.add(node("Shape", {"f"}, {"shape"})).add(node("ConstantOfShape", {"shape"}, {"z"}));
  const ModelPointer model = builder.build();
  const PrecisionConversion result = to(DataType::Float16, model);
  QCOMPARE(operators(*result.model), QString("Cast EyeLike Add Shape ConstantOfShape"));
  QCOMPARE(floating_types(*result.model), QString("float16"));
  QCOMPARE(problem_of(*result.model), QString());
  QCOMPARE(run_difference(model, result.model), QString());
}

void ConvertPrecisionTest::keepsFreeDimensions() {
  const PrecisionConversion result = to(DataType::Float16, perceptron().build());
  QCOMPARE(to_string(result.model->graph->inputs[0].type), std::string("float16 N × 4"));
}

void ConvertPrecisionTest::convertsBack() {
  const ModelPointer model = perceptron().build();
  const PrecisionConversion half = to(DataType::Float16, model, true);
  const PrecisionConversion back = to(DataType::Float32, half.model);
  QCOMPARE(floating_types(*back.model), QString("float32"));
  QCOMPARE(operators(*back.model).count("Cast"), 0);
  QCOMPARE(problem_of(*back.model), QString());
  QCOMPARE(run_difference(model, back.model), QString());
}

QTEST_GUILESS_MAIN(ConvertPrecisionTest)
#include "convert_precision_test.moc"
