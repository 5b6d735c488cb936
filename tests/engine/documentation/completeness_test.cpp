#include <QTest>
#include <algorithm>

#include "engine/backends.h"
#include "engine/documentation/example_run.h"
#include "engine/documentation/operator_changes.h"
#include "engine/ops/operator_table.h"
#include "tests/support/tensors.h"

using namespace lapidary;

// No record of the table, of whatever domain and version, lacks a part of what makes an operator whole.

namespace {

QString label(const Operator& record) {
  return QStringLiteral("%1:%2-%3")
      .arg(QString::fromStdString(record.domain.empty() ? "ai.onnx" : record.domain),
           QString::fromStdString(record.name))
      .arg(record.since_version);
}

/// The version before this one, or nullptr.
const Operator* version_before(const Operator& record) {
  const Operator* before = nullptr;
  for (const Operator* version : operator_table().versions(record.domain, record.name))
    if (version->since_version < record.since_version) before = version;
  return before;
}

bool runs_subgraphs(const Operator& record) {
  return std::any_of(record.attributes.begin(), record.attributes.end(), [](const auto& attribute) {
    return attribute.type == AttributeType::Graph || attribute.type == AttributeType::Graphs;
  });
}

/// What the record lacks, a line each.
QStringList gaps(const Operator& record) {
  QStringList gaps;
  const auto need = [&](bool is_there, const std::string& what) {
    if (!is_there) gaps << QString::fromStdString(what);
  };
  need(!record.summary_text.empty(), "summary");
  for (const auto* parameters : {&record.inputs, &record.outputs})
    for (const auto& parameter : *parameters) {
      need(!parameter.description.empty(), "description of " + parameter.name);
      need(parameter.type.find('(') != std::string::npos || record.find_constraint(parameter.type),
           "constraint " + parameter.type);
    }
  for (const auto& attribute : record.attributes)
    need(!attribute.description.empty(), "description of attribute " + attribute.name);
  for (const auto& constraint : record.constraints)
    need(!constraint.types.empty(), "types of constraint " + constraint.name);
  if (const Operator* before = version_before(record))
    need(!changes_between(*before, record).empty(), "change");
  if (record.is_deprecated) return gaps;
  need(!record.outputs.empty(), "outputs");
  need(static_cast<bool>(record.infer_function), "inference");
  need(record.kernel_function, "kernel");
  // What runs subgraphs costs what they cost.
  need(record.cost_function || runs_subgraphs(record), "cost");
  need(!record.example_text.empty(), "example");
  return gaps;
}

/// Where two results differ, or nothing.
QString difference(const Datum& got, const Datum& want) {
  if (got.is_tensor() && want.is_tensor()) return test::difference(got.tensor(), want.tensor(), 1e-4, 1e-5);
  const QString texts[] = {QString::fromStdString(example_text(got)),
                           QString::fromStdString(example_text(want))};
  return texts[0] == texts[1] ? QString() : texts[0] + " instead of " + texts[1];
}

}  // namespace

Q_DECLARE_METATYPE(const lapidary::Operator*)

class CompletenessTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { QVERIFY(!operator_table().all().empty()); }
  void coversEveryDomain();
  void everyRecordIsWhole();
  void examplesGiveTheSameOnEveryBackend_data();
  void examplesGiveTheSameOnEveryBackend();
};

void CompletenessTest::coversEveryDomain() {
  QStringList domains;
  for (const Operator* record : operator_table().all()) domains << QString::fromStdString(record->domain);
  domains.removeDuplicates();
  for (const char* domain : {"", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft",
                             "com.microsoft.nchwc"})
    QVERIFY2(domains.contains(domain), domain);
}

void CompletenessTest::everyRecordIsWhole() {
  QStringList lacking;
  for (const Operator* record : operator_table().all())
    for (const QString& gap : gaps(*record)) lacking << label(*record) + " lacks: " + gap;
  QVERIFY2(lacking.isEmpty(), qPrintable(QString::number(lacking.size()) + "\n" + lacking.join('\n')));
}

void CompletenessTest::examplesGiveTheSameOnEveryBackend_data() {
  QTest::addColumn<const Operator*>("record");
  for (const Operator* record : operator_table().all())
    if (!record->is_deprecated) QTest::newRow(qPrintable(label(*record))) << record;
}

void CompletenessTest::examplesGiveTheSameOnEveryBackend() {
  QFETCH(const Operator*, record);
  try {
    const ExampleRun run = run_example(*record);
    QCOMPARE(run.outputs.size(), run.example.node.outputs.size());
    QVERIFY2(!run.outputs.empty(), "the example gives nothing");
    for (std::size_t i = 0; i < run.outputs.size(); ++i)
      QVERIFY2(run.outputs[i].is_present(), run.example.node.outputs[i].c_str());
    if (!record->is_deterministic) return;
    std::vector<Datum> inputs;
    for (std::size_t i = 0; i < run.example.inputs.size(); ++i)
      if (!run.example.node.inputs[i].empty()) inputs.push_back(run.example.inputs[i]);
    const auto program = find_backend("cpu").compile(example_model(*record, run.example), {});
    const std::vector<Datum> outputs = program->run(inputs, {});
    QCOMPARE(outputs.size(), run.outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const QString found = difference(outputs[i], run.outputs[i]);
      QVERIFY2(found.isEmpty(),
               qPrintable(QString::fromStdString(run.example.node.outputs[i]) + ": " + found));
    }
  } catch (const Error& error) {
    QFAIL(error.what());
  }
}

QTEST_GUILESS_MAIN(CompletenessTest)
#include "completeness_test.moc"
