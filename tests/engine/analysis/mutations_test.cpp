#include "tests/support/mutations.h"

#include <QTest>
#include <algorithm>
#include <optional>

#include "engine/analysis/check.h"
#include "tests/support/model_builder.h"

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

std::vector<ModelPointer> valid_models() { return {classifier(), layouts(), condition(), loop(), calls()}; }

std::vector<Mutation> all_mutations() {
  std::vector<Mutation> all;
  for (auto& family : {test::graph_mutations(), test::node_mutations(), test::body_mutations()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
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
