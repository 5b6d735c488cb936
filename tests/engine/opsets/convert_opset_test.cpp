#include <QTest>

#include "engine/analysis/inferred_types.h"
#include "engine/compare/difference.h"
#include "engine/model/edit.h"
#include "engine/ops/example.h"
#include "engine/ops/operator_sets.h"
#include "engine/ops/operator_table.h"
#include "engine/opsets/adapter.h"
#include "engine/opsets/convert_opset.h"
#include "engine/reference/reference_backend.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

std::vector<Datum> run(const ModelPointer& model, const std::vector<Datum>& inputs) {
  RunOptions options;
  options.seed = 1;
  return reference_backend().compile(model, {})->run(inputs, options);
}

/// The example as a model whose outputs have types.
ModelPointer typed_model(const Operator& record, const Example& example) {
  const ModelPointer model = example_model(record, example);
  const InferredTypes types = infer_types(*model);
  Graph graph = *model->graph;
  for (auto& output : graph.outputs) output.type = types.type_of(output.name);
  return with_graph(*model, std::move(graph));
}

}  // namespace

/// What every operator's example computes stays the same in every other operator set that can express it.
class ConvertOpsetTest : public QObject {
  Q_OBJECT

 private slots:
  void keepsWhatExamplesCompute_data();
  void keepsWhatExamplesCompute();
  void knowsEveryStepOfEveryOperator_data();
  void knowsEveryStepOfEveryOperator();
  void listsEveryNodeThatCannotBeExpressed();
  void convertsBodiesAndFunctions();
  void keepsConstantsThatInputsOverride();
  void listsInitializersAsInputsWhereTheFormatWantsIt();
};

void ConvertOpsetTest::keepsWhatExamplesCompute_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("version");
  for (const Operator* record : operator_table().all())
    if (record->domain.empty() && !record->example_text.empty() && !record->is_deprecated)
      QTest::addRow("%s-%d", record->name.c_str(), record->since_version)
          << QString::fromStdString(record->name) << record->since_version;
}

void ConvertOpsetTest::keepsWhatExamplesCompute() {
  QFETCH(QString, name);
  QFETCH(int, version);
  const Operator* record = operator_table().find("", name.toStdString(), version);
  const Example example = read_example(*record);
  const ModelPointer model = typed_model(*record, example);
  std::vector<Datum> inputs;
  for (std::size_t i = 0; i < example.inputs.size(); ++i)
    if (!example.node.inputs[i].empty()) inputs.push_back(example.inputs[i]);
  std::vector<Datum> before;
  try {
    before = run(model, inputs);
  } catch (const Error&) {
    QSKIP("the example cannot be run in this version");
  }
  for (std::int64_t target = oldest_target_opset; target <= *newest_opset(""); ++target) {
    const OpsetConversion conversion = convert_opset(model, target);
    if (!conversion.model) {
      QVERIFY(!conversion.blockers.empty());
      continue;
    }
    QCOMPARE(conversion.model->opset(), target);
    if (!record->is_deterministic) continue;
    std::vector<Datum> after;
    try {
      after = run(conversion.model, inputs);
    } catch (const Error& error) {
      QFAIL(qPrintable(QString::number(target) + ": " + error.what()));
    }
    QCOMPARE(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      const Difference found = difference(after[i], before[i], {1e-5, 1e-6});
      QVERIFY2(found.equal, qPrintable(QString("operator set %1, output %2: ").arg(target).arg(i) +
                                       QString::fromStdString(found.message)));
    }
  }
}

void ConvertOpsetTest::knowsEveryStepOfEveryOperator_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("version");
  for (const Operator* record : operator_table().all())
    if (record->domain.empty() && record != operator_table().versions("", record->name).front())
      QTest::addRow("%s-%d", record->name.c_str(), record->since_version)
          << QString::fromStdString(record->name) << record->since_version;
}

/// A version that does more than take more types has a row that says how it differs, or that it does not.
void ConvertOpsetTest::knowsEveryStepOfEveryOperator() {
  QFETCH(QString, name);
  QFETCH(int, version);
  const Operator& after = *operator_table().find("", name.toStdString(), version);
  const Operator& before = *operator_table().find("", name.toStdString(), version - 1);
  if (find_adapter(after.name, version)) return;
  QVERIFY2(after.change_text.empty() || after.change_text.ends_with("nothing else changed"),
           after.change_text.c_str());
  QVERIFY(!after.is_deprecated);
  QCOMPARE(after.inputs.size(), before.inputs.size());
  QCOMPARE(after.outputs.size(), before.outputs.size());
  for (const auto& attribute : after.attributes)
    QVERIFY2(before.find_attribute(attribute.name), attribute.name.c_str());
  for (const auto& attribute : before.attributes) {
    if (attribute.name == "consumed_inputs") continue;
    const AttributeSpec* still = after.find_attribute(attribute.name);
    QVERIFY2(still && still->type == attribute.type, attribute.name.c_str());
  }
}

void ConvertOpsetTest::listsEveryNodeThatCannotBeExpressed() {
  const ModelPointer model = ModelBuilder(20)
                                 .input("x", DataType::Float32, {2, 3})
                                 .add(node("Gelu", {"x"}, {"a"}))
                                 .add(node("Erf", {"a"}, {"b"}))
                                 .add(node("NonZero", {"b"}, {"y"}))
                                 .output("y")
                                 .build();
  QVERIFY(convert_opset(model, 9).model);
  const OpsetConversion conversion = convert_opset(model, 8);
  QVERIFY(!conversion.model);
  QCOMPARE(conversion.blockers.size(), std::size_t{3});
  QCOMPARE(conversion.blockers[0].node, std::string("Gelu → a"));
  QCOMPARE(conversion.blockers[2].reason,
           std::string("NonZero came with operator set 9, and nothing before can stand for it"));
  QVERIFY_THROWS_EXCEPTION(Error, convert_opset(model, 6));
  QVERIFY_THROWS_EXCEPTION(Error, convert_opset(model, 28));
}

void ConvertOpsetTest::convertsBodiesAndFunctions() {
  const GraphPointer branch =
      ModelBuilder(11)
          .add(node("Squeeze", {"x"}, {"branch"}, {{"axes", std::vector<std::int64_t>{0}}}))
          .output("branch", Type::tensor(DataType::Float32))
          .graph();
  const GraphPointer body =
      ModelBuilder(11)
          .input("a", DataType::Float32, {})
          .add(node("ReduceSum", {"a"}, {"b"}, {{"axes", std::vector<std::int64_t>{-1}}}))
          .output("b")
          .graph();
  const ModelPointer model =
      ModelBuilder(11)
          .opset("local", 1)
          .input("x", DataType::Float32, {1, 3})
          .input("c", DataType::Bool, {})
          .function("local", "SumUp", body)
          .add(node("If", {"c"}, {"s"}, {{"then_branch", branch}, {"else_branch", branch}}))
          .add(node("SumUp", {"s"}, {"y"}, {}, "local"))
          .output("y", Type::tensor(DataType::Float32, Shape{1}))
          .build();
  const OpsetConversion conversion = convert_opset(model, 18);
  QVERIFY(conversion.model);
  QCOMPARE(conversion.model->functions[0]->opset_imports[0].version, std::int64_t{18});
  const std::vector<Datum> inputs = {Tensor::of({1, 3}, std::vector<float>{1, 2, 3}),
                                     Tensor::of({}, std::vector<bool>{true})};
  const auto after = run(conversion.model, inputs), before = run(model, inputs);
  QVERIFY(difference(after[0], before[0], {}).equal);
  const OpsetConversion back = convert_opset(conversion.model, 9);
  QVERIFY(back.model);
  QVERIFY(difference(run(back.model, inputs)[0], before[0], {}).equal);
}

/// Axes that the caller may give cannot become an attribute.
void ConvertOpsetTest::keepsConstantsThatInputsOverride() {
  const auto model = [](bool is_input) {
    ModelBuilder builder(13);
    builder.input("x", DataType::Float32, {2, 1});
    if (is_input) builder.input("axes", DataType::Int64, {1});
    return builder.initializer("axes", Tensor::of({1}, std::vector<std::int64_t>{1}))
        .add(node("Squeeze", {"x", "axes"}, {"y"}))
        .output("y")
        .build();
  };
  QVERIFY(convert_opset(model(false), 12).model);
  QVERIFY(!convert_opset(model(true), 12).model);
}

/// Before IR version 4; what an attribute takes over is no longer listed.
void ConvertOpsetTest::listsInitializersAsInputsWhereTheFormatWantsIt() {
  Model model = *ModelBuilder(8)
                     .input("x", DataType::Float32, {2, 3})
                     .input("shape", DataType::Int64, {1})
                     .initializer("shape", Tensor::of({1}, std::vector<std::int64_t>{6}))
                     .add(node("Reshape", {"x", "shape"}, {"r"}))
                     .add(node("TopK", {"r"}, {"y", "i"}, {{"k", std::int64_t{2}}}))
                     .output("y", Type::tensor(DataType::Float32, Shape{2}))
                     .build();
  model.ir_version = 3;
  const auto low = std::make_shared<const Model>(model);
  const auto inputs = [](const OpsetConversion& conversion) {
    return conversion.model->graph->inputs.size();
  };
  const OpsetConversion high = convert_opset(low, 13);
  QVERIFY(high.model);
  QCOMPARE(high.model->ir_version, std::int64_t{7});
  QCOMPARE(inputs(high), std::size_t{1});
  Model early = *high.model;
  early.ir_version = 7;
  const OpsetConversion back = convert_opset(std::make_shared<const Model>(early), 8);
  QVERIFY(back.model);
  QCOMPARE(back.model->ir_version, std::int64_t{7});
  QCOMPARE(inputs(back), std::size_t{1});
  QCOMPARE(back.model->graph->initializers.size(), std::size_t{1});  // k is an attribute again
}

QTEST_GUILESS_MAIN(ConvertOpsetTest)
#include "convert_opset_test.moc"
