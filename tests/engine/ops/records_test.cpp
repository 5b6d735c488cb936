#include <QtTest>
#include <algorithm>
#include <set>

#include "engine/ops/operator_table.h"

using namespace lapidary;

/// What holds for every record in the table, whatever its family.
class RecordsTest : public QObject {
  Q_OBJECT

 private slots:
  void areComplete_data();
  void areComplete();
  void nameTheirTypes_data() { areComplete_data(); }
  void nameTheirTypes();
  void haveDefaultsOfTheirType_data() { areComplete_data(); }
  void haveDefaultsOfTheirType();
  void areUniqueByVersion();
  void answerByOpset();
};

Q_DECLARE_METATYPE(const lapidary::Operator*)

void RecordsTest::areComplete_data() {
  QTest::addColumn<const Operator*>("record");
  for (const Operator* record : operator_table().all())
    QTest::newRow(
        qPrintable(QStringLiteral("%1:%2-%3")
                       .arg(QString::fromStdString(record->domain), QString::fromStdString(record->name))
                       .arg(record->since_version)))
        << record;
}

void RecordsTest::areComplete() {
  QFETCH(const Operator*, record);
  QVERIFY(!record->summary_text.empty());
  QVERIFY(record->since_version >= 1);
  if (record->is_deprecated) return;
  QVERIFY2(record->kernel_function, "no kernel");
  QVERIFY2(record->infer_function, "no inference");
  // What runs subgraphs costs what they cost.
  const bool runs_subgraphs = std::any_of(record->attributes.begin(), record->attributes.end(),
                                          [](const auto& a) { return a.type == AttributeType::Graph; });
  QVERIFY2(record->cost_function || runs_subgraphs, "no cost");
  std::set<std::string> inputs, outputs, attributes;
  for (const auto& parameter : record->inputs) {
    QVERIFY2(inputs.insert(parameter.name).second, parameter.name.c_str());
    QVERIFY(!parameter.name.empty());
  }
  for (const auto& parameter : record->outputs) {
    QVERIFY2(outputs.insert(parameter.name).second, parameter.name.c_str());
    QVERIFY(!parameter.name.empty());
  }
  for (const auto& attribute : record->attributes) {
    QVERIFY2(attributes.insert(attribute.name).second, attribute.name.c_str());
    QVERIFY2(!attribute.name.empty() && !attribute.description.empty(), attribute.name.c_str());
  }
}

void RecordsTest::nameTheirTypes() {
  QFETCH(const Operator*, record);
  const auto check = [&](const Parameter& parameter) {
    const bool is_type = parameter.type.find('(') != std::string::npos;
    return is_type || record->find_constraint(parameter.type) != nullptr;
  };
  for (const auto& parameter : record->inputs) QVERIFY2(check(parameter), parameter.name.c_str());
  for (const auto& parameter : record->outputs) QVERIFY2(check(parameter), parameter.name.c_str());
  for (const auto& constraint : record->constraints) {
    QVERIFY2(!constraint.types.empty(), constraint.name.c_str());
    const std::set<std::string> distinct(constraint.types.begin(), constraint.types.end());
    QCOMPARE(distinct.size(), constraint.types.size());
  }
}

void RecordsTest::haveDefaultsOfTheirType() {
  QFETCH(const Operator*, record);
  for (const auto& attribute : record->attributes) {
    QVERIFY2(attribute.type != AttributeType::Undefined, attribute.name.c_str());
    const bool has_default = attribute.default_value.index() != 0;
    if (has_default) QCOMPARE(attribute.default_value.index(), static_cast<std::size_t>(attribute.type));
    QVERIFY2(!(has_default && attribute.required), attribute.name.c_str());
  }
  // Only the last parameter may be variadic, and none that must be there follows an optional one among
  // outputs.
  for (const auto* parameters : {&record->inputs, &record->outputs})
    for (std::size_t i = 0; i + 1 < parameters->size(); ++i)
      QVERIFY((*parameters)[i].arity != Arity::Variadic);
}

void RecordsTest::areUniqueByVersion() {
  const auto records = operator_table().all();
  const auto same =
      std::adjacent_find(records.begin(), records.end(), [](const Operator* a, const Operator* b) {
        return a->domain == b->domain && a->name == b->name && a->since_version == b->since_version;
      });
  QVERIFY2(same == records.end(), same == records.end() ? "" : (*same)->name.c_str());
}

void RecordsTest::answerByOpset() {
  QCOMPARE(operator_table().find("", "Add", 6)->since_version, 6);
  QCOMPARE(operator_table().find("ai.onnx", "Add", 12)->since_version, 7);
  QCOMPARE(operator_table().find("", "Add", 27)->since_version, 14);
  QVERIFY(!operator_table().find("", "Gelu", 19));
  QVERIFY(!operator_table().find("", "NoSuchOperator", 27));
}

QTEST_GUILESS_MAIN(RecordsTest)
#include "records_test.moc"
