#include <onnx/defs/schema.h>

#include <QtTest>
#include <algorithm>
#include <set>

#include "engine/ops/operator_table.h"

using namespace lapidary;

/// The table against libonnx's own registry, which ends with operator set 17 (and 3 of ai.onnx.ml): every
/// version of every operator is there, with the same attributes, types and counts.
class SchemaTest : public QObject {
  Q_OBJECT

 private slots:
  void agrees_data();
  void agrees();
};

namespace {

const onnx::OpSchema* find_schema(const Operator& record) {
  return onnx::OpSchemaRegistry::Schema(record.name, record.since_version, record.domain);
}

/// libonnx writes the values of maps without "tensor(…)", and other spaces.
std::string in_one_notation(std::string type) {
  if (type.find("map(") == std::string::npos) return type;
  if (const auto at = type.find("tensor("); at != std::string::npos) type.erase(at, 7);
  std::erase_if(type, [](char c) { return c == ' ' || c == ')'; });
  return type;
}

/// What a formal parameter may be, sorted: types of its constraint, or its only type.
std::vector<std::string> types_of(const Operator& record, const Parameter& parameter) {
  std::vector<std::string> types = {parameter.type};
  if (const TypeConstraint* constraint = record.find_constraint(parameter.type)) types = constraint->types;
  std::transform(types.begin(), types.end(), types.begin(), in_one_notation);
  std::sort(types.begin(), types.end());
  return types;
}

std::vector<std::string> types_of(const onnx::OpSchema::FormalParameter& parameter) {
  std::vector<std::string> types;
  for (const auto& type : parameter.GetTypes()) types.push_back(in_one_notation(*type));
  std::sort(types.begin(), types.end());
  return types;
}

QString joined(const std::vector<std::string>& words) {
  QString text;
  for (const auto& word : words) text += QString::fromStdString(word) + QStringLiteral(" ");
  return text;
}

QString compare_parameters(const Operator& record, const std::vector<Parameter>& ours,
                           const std::vector<onnx::OpSchema::FormalParameter>& theirs) {
  if (ours.size() != theirs.size())
    return QStringLiteral("%1 parameters instead of %2").arg(ours.size()).arg(theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const bool ends_in_dots = theirs[i].GetName().ends_with("...");  // Split-1's "outputs..."
    if (ours[i].name != theirs[i].GetName() && !ends_in_dots)
      return QStringLiteral("parameter %1 instead of %2")
          .arg(QString::fromStdString(ours[i].name), QString::fromStdString(theirs[i].GetName()));
    if (static_cast<int>(ours[i].arity) != static_cast<int>(theirs[i].GetOption()))
      return QString::fromStdString(ours[i].name) + QStringLiteral(": other arity");
    const auto own = types_of(record, ours[i]), wanted = types_of(theirs[i]);
    if (own != wanted)
      return QStringLiteral("%1 may be %2 instead of %3")
          .arg(QString::fromStdString(ours[i].name), joined(own), joined(wanted));
  }
  return {};
}

QString compare_attributes(const Operator& record, const onnx::OpSchema& schema) {
  for (const auto& [name, attribute] : schema.attributes()) {
    const AttributeSpec* own = record.find_attribute(name);
    if (!own) return QStringLiteral("attribute %1 is missing").arg(QString::fromStdString(name));
    if (static_cast<int>(own->type) != static_cast<int>(attribute.type) ||
        own->required != attribute.required)
      return QStringLiteral("attribute %1 has another type, or is not as required")
          .arg(QString::fromStdString(name));
    const bool has_default = attribute.default_value.type() != onnx::AttributeProto::UNDEFINED;
    // Some old texts name a default that their schema does not state.
    if (has_default && own->default_value.index() == 0)
      return QStringLiteral("attribute %1: default").arg(QString::fromStdString(name));
  }
  for (const auto& own : record.attributes)
    if (!schema.attributes().contains(own.name))
      return QStringLiteral("attribute %1 is not in the standard").arg(QString::fromStdString(own.name));
  return {};
}

/// What later releases of the standard corrected in versions that libonnx already has: GridSample takes only
/// floating grids, Erf only floating numbers, and a Loop needs no state.
bool is_corrected_later(const onnx::OpSchema& schema) {
  const auto is = [&](const char* name, int version) {
    return schema.Name() == name && schema.SinceVersion() == version;
  };
  return is("GridSample", 16) || is("Erf", 13) || is("Loop", 1);
}

}  // namespace

void SchemaTest::agrees_data() {
  QTest::addColumn<QString>("domain");
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("version");
  for (const auto& schema : onnx::OpSchemaRegistry::get_all_schemas_with_history()) {
    const std::string& domain = schema.domain();
    if (is_corrected_later(schema)) continue;
    QTest::addRow("%s:%s-%d", domain.c_str(), schema.Name().c_str(), schema.SinceVersion())
        << QString::fromStdString(domain) << QString::fromStdString(schema.Name()) << schema.SinceVersion();
  }
}

void SchemaTest::agrees() {
  QFETCH(QString, domain);
  QFETCH(QString, name);
  QFETCH(int, version);
  const Operator* record = operator_table().find(domain.toStdString(), name.toStdString(), version);
  QVERIFY2(record, "there is no record");
  QCOMPARE(record->since_version, version);
  const onnx::OpSchema* schema = find_schema(*record);
  QVERIFY(schema);
  QCOMPARE(record->is_deprecated, schema->Deprecated());
  if (record->is_deprecated) return;
  QCOMPARE(compare_attributes(*record, *schema), QString());
  QCOMPARE(compare_parameters(*record, record->inputs, schema->inputs()), QString());
  QCOMPARE(compare_parameters(*record, record->outputs, schema->outputs()), QString());
  QCOMPARE(record->minimum_inputs(), schema->min_input());
  QCOMPARE(record->maximum_inputs(), schema->max_input());
  QCOMPARE(record->minimum_outputs(), schema->min_output());
  QCOMPARE(record->maximum_outputs(), schema->max_output());
}

QTEST_GUILESS_MAIN(SchemaTest)
#include "schema_test.moc"
