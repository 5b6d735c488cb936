#include "tests/support/mutations.h"

#include <QDirIterator>
#include <QTest>
#include <algorithm>
#include <optional>

#include "engine/analysis/check.h"
#include "engine/io/model_file.h"
#include "tests/support/model_builder.h"
#include "tests/support/peer.h"

using namespace lapidary;
using test::ModelBuilder;
using test::Mutation;
using test::node;

// Valid models broken in one place each: the checker finds every break and names it.

namespace {

constexpr unsigned seed = 20260;
using Numbers = std::vector<std::int64_t>;

Tensor weights(const Dims& dims) { return Tensor(DataType::Float32, dims); }
Type floats(Shape shape) { return Type::tensor(DataType::Float32, std::move(shape)); }

/// A convolutional classifier.
ModelPointer classifier() {
  return ModelBuilder()
      .input("x", floats({1, 3, 8, 8}))
      .initializer("w", weights({4, 3, 3, 3}))
      .initializer("b", weights({4}))
      .initializer("w2", weights({5, 36}))
      .add(
          node("Conv", {"x", "w", "b"}, {"c"}, {{"kernel_shape", Numbers{3, 3}}, {"strides", Numbers{1, 1}}}))
      .add(node("Relu", {"c"}, {"r"}))
      .add(node("MaxPool", {"r"}, {"p"}, {{"kernel_shape", Numbers{2, 2}}, {"strides", Numbers{2, 2}}}))
      .add(node("Flatten", {"p"}, {"f"}, {{"axis", std::int64_t{1}}}))
      .add(node("Gemm", {"f", "w2"}, {"g"}, {{"transB", std::int64_t{1}}}))
      .add(node("Softmax", {"g"}, {"y"}, {{"axis", std::int64_t{-1}}}))
      .output("y", floats({1, 5}))
      .build();
}

/// Casts, constants and layout.
ModelPointer layouts() {
  const auto one =
      std::make_shared<const NamedTensor>(NamedTensor{"", Tensor::scalar(1.0f), {}, {}, {}, false, {}, 0});
  return ModelBuilder()
      .input("x", floats({2, 3, 4, 5}))
      .add(node("Transpose", {"x"}, {"t"}, {{"perm", Numbers{0, 2, 3, 1}}}))
      .add(node("Constant", {}, {"one"}, {{"value", one}}))
      .add(node("Add", {"t", "one"}, {"a"}))
      .add(node("Concat", {"a", "t"}, {"j"}, {{"axis", std::int64_t{3}}}))
      .add(node("Cast", {"j"}, {"y"}, {{"to", std::int64_t{7}}}))
      .output("y", Type::tensor(DataType::Int64, Shape{2, 4, 5, 6}))
      .build();
}

ModelPointer condition() {
  const auto branch = [](const char* op_type, const char* name) {
    return ModelBuilder().output(name, floats({2, 3})).add(node(op_type, {"r"}, {name})).graph();
  };
  return ModelBuilder()
      .input("x", floats({2, 3}))
      .input("c", DataType::Bool, Shape{})
      .add(node("Relu", {"x"}, {"r"}))
      .add(node("If", {"c"}, {"y"},
                {{"then_branch", branch("Neg", "n")}, {"else_branch", branch("Abs", "m")}}))
      .output("y", floats({2, 3}))
      .build();
}

ModelPointer loop() {
  const auto body = ModelBuilder()
                        .input("i", DataType::Int64, Shape{})
                        .input("keep", DataType::Bool, Shape{})
                        .input("v", floats({2, 3}))
                        .add(node("Add", {"v", "r"}, {"next"}))
                        .add(node("Identity", {"keep"}, {"going"}))
                        .output("going", Type::tensor(DataType::Bool, Shape{}))
                        .output("next", floats({2, 3}))
                        .graph();
  return ModelBuilder()
      .input("x", floats({2, 3}))
      .input("n", DataType::Int64, Shape{})
      .add(node("Relu", {"x"}, {"r"}))
      .add(node("Loop", {"n", "", "r"}, {"y"}, {{"body", body}}))
      .output("y", floats({2, 3}))
      .build();
}

ModelPointer calls() {
  Function function;
  function.name = "Scaled";
  function.domain = "local";
  function.opset_imports = {{"", 21}};
  function.inputs = {"a"};
  function.outputs = {"b"};
  function.nodes = {std::make_shared<const Node>(node("LeakyRelu", {"a"}, {"h"})),
                    std::make_shared<const Node>(node("Neg", {"h"}, {"b"}))};
  Model model = *ModelBuilder()
                     .opset("local", 1)
                     .input("x", floats({2, 3}))
                     .add(node("Relu", {"x"}, {"r"}))
                     .add(node("Scaled", {"r"}, {"y"}, {}, "local"))
                     .output("y", floats({2, 3}))
                     .build();
  model.functions = {std::make_shared<const Function>(function)};
  return std::make_shared<const Model>(model);
}

/// A pipeline of ai.onnx.ml: numbers are scaled, and a linear classifier chooses among texts.
ModelPointer pipeline() {
  using Reals = std::vector<float>;
  return ModelBuilder()
      .opset("ai.onnx.ml", 3)
      .input("x", floats({4, 2}))
      .initializer("shift", weights({4, 2}))
      .add(node("Add", {"x", "shift"}, {"a"}))
      .add(node("Scaler", {"a"}, {"s"}, {{"offset", Reals{0, 1}}, {"scale", Reals{1, 2}}}, "ai.onnx.ml"))
      .add(node("LinearClassifier", {"s"}, {"label", "scores"},
                {{"coefficients", Reals{1, 2, 3, 4, 5, 6}},
                 {"classlabels_strings", std::vector<std::string>{"a", "b", "c"}},
                 {"post_transform", std::string("SOFTMAX")}},
                "ai.onnx.ml"))
      .output("label", Type::tensor(DataType::String, Shape{4}))
      .output("scores", floats({4, 3}))
      .build();
}

/// A tensor cut into a sequence, changed and joined again.
ModelPointer sequences() {
  return ModelBuilder()
      .input("x", floats({6, 2}))
      .initializer("w", weights({6, 2}))
      .initializer("at", Tensor::scalar(std::int64_t{1}))
      .add(node("Relu", {"x"}, {"r"}))
      .add(node("Mul", {"r", "w"}, {"m"}))
      .add(node("SplitToSequence", {"m"}, {"parts"}, {{"axis", std::int64_t{0}}}))
      .add(node("SequenceErase", {"parts", "at"}, {"rest"}))
      .add(node("ConcatFromSequence", {"rest"}, {"y"}, {{"axis", std::int64_t{0}}}))
      .output("y", Type::tensor(DataType::Float32, Shape{Dimension::unknown(), 2}))
      .build();
}

std::vector<ModelPointer> valid_models() {
  return {classifier(), layouts(), condition(), loop(), calls(), pipeline(), sequences()};
}

std::vector<Mutation> all_mutations() {
  std::vector<Mutation> all;
  for (auto& family : {test::graph_mutations(), test::node_mutations(), test::body_mutations()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

/// Those that leave no model valid that they apply to.
std::vector<Mutation> always_breaking() {
  static const QStringList names = {"no IR version",
                                    "IR version of the future",
                                    "no operator sets",
                                    "operator set of version 0",
                                    "operator set of the future",
                                    "operator set twice",
                                    "metadata twice",
                                    "graph without name",
                                    "output that nobody makes",
                                    "output twice",
                                    "input twice",
                                    "input without name",
                                    "unknown attribute",
                                    "attribute twice",
                                    "attribute of another type",
                                    "attribute that refers to a function's",
                                    "required attribute gone",
                                    "no outputs",
                                    "input that nobody makes",
                                    "reads itself",
                                    "unknown operator",
                                    "no operator",
                                    "domain that is not imported",
                                    "makes an input of the graph",
                                    "initializer twice",
                                    "initializer without name"};
  std::vector<Mutation> chosen;
  for (auto& mutation : all_mutations())
    if (names.contains(QLatin1String(mutation.name))) chosen.push_back(mutation);
  return chosen;
}

QStringList errors_of(const Model& model) {
  QStringList errors;
  for (const auto& problem : check_model(model))
    if (problem.severity == Problem::Severity::Error)
      errors << QString::fromStdString(problem.node + " | " + problem.tensor + " | " + problem.message);
  return errors;
}

}  // namespace

Q_DECLARE_METATYPE(lapidary::Model)

class MutationsTest : public QObject {
  Q_OBJECT
 private slots:
  void startsFromValidModels() {
    for (const auto& model : valid_models()) QCOMPARE(errors_of(*model), QStringList());
  }

  /// Each model of the given data broken once, in turn by each of the ways that no model survives.
  void isFoundInGivenModels() {
    const QString data = test::folderFromEnvironment("LAPIDARY_CONFORMANCE");
    if (data.isEmpty()) QSKIP("LAPIDARY_CONFORMANCE names no folder with conformance models");
    QStringList files;
    QDirIterator models(data, {"model.onnx"}, QDir::Files, QDirIterator::Subdirectories);
    while (models.hasNext()) files << models.next();
    files.sort();
    test::Random random(seed);
    int broken_models = 0;
    QStringList missed;
    for (int i = 0; i < files.size(); ++i) {
      const LoadedModel loaded = load_model(files[i].toStdString());
      const auto mutations = always_breaking();
      for (std::size_t tries = 0; tries < mutations.size(); ++tries) {
        const Mutation& mutation = mutations[(static_cast<std::size_t>(i) + tries) % mutations.size()];
        Model broken = *loaded.model;
        if (broken.graph->nodes.size() == 0) break;
        const QStringList names = mutation.apply(broken, random);
        if (names.isEmpty()) continue;
        ++broken_models;
        if (errors_of(broken).isEmpty()) missed << files[i] + ": " + mutation.name;
        break;
      }
    }
    QVERIFY(broken_models > 1000);
    QVERIFY2(missed.isEmpty(), qPrintable(missed.join('\n')));
  }

  void areAtLeastSixty() { QVERIFY(all_mutations().size() >= 60); }

  void isFoundAndNamed_data() {
    QTest::addColumn<lapidary::Model>("broken");
    QTest::addColumn<QStringList>("names");
    test::Random random(seed);
    const auto models = valid_models();
    for (const Mutation& mutation : all_mutations()) {
      int rows = 0;
      for (std::size_t i = 0; i < models.size(); ++i) {
        Model broken = *models[i];
        const QStringList names = mutation.apply(broken, random);
        if (names.isEmpty()) continue;
        ++rows;
        QTest::newRow(qPrintable(QString("%1, model %2").arg(mutation.name).arg(i + 1))) << broken << names;
      }
      QVERIFY2(rows > 0, mutation.name);
    }
  }
  void isFoundAndNamed() {
    QFETCH(lapidary::Model, broken);
    QFETCH(QStringList, names);
    const QStringList errors = errors_of(broken);
    QVERIFY2(!errors.isEmpty(), "nothing is found");
    const bool is_named = std::any_of(names.begin(), names.end(), [&](const QString& name) {
      return !name.isEmpty() && !errors.filter(name).isEmpty();
    });
    QVERIFY2(is_named, qPrintable(names.join(", ") + " not in\n" + errors.join('\n')));
  }
};

QTEST_GUILESS_MAIN(MutationsTest)
#include "mutations_test.moc"
