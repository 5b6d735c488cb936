#include <QTest>

#include "engine/analysis/inferred_types.h"
#include "engine/compare/difference.h"
#include "engine/model/edit.h"
#include "engine/ops/example.h"
#include "engine/ops/operator_sets.h"
#include "engine/ops/operator_table.h"
#include "engine/opsets/convert_opset.h"
#include "engine/reference/reference_backend.h"

using namespace lapidary;

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

QTEST_GUILESS_MAIN(ConvertOpsetTest)
#include "convert_opset_test.moc"
