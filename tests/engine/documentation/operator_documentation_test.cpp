#include <QTest>
#include <algorithm>

#include "engine/documentation/example_run.h"
#include "engine/documentation/operator_changes.h"
#include "engine/documentation/operator_documentation.h"
#include "engine/ops/operator_table.h"

using namespace lapidary;

// Every operator is explained wholly: a record that lacks a description, or an example that runs, fails here.

class OperatorDocumentationTest : public QObject {
  Q_OBJECT

 private slots:
  void describesAllParts_data() { addRecords(false); }
  void describesAllParts();
  void showsWhatComesOfTheExample_data() { addRecords(true); }
  void showsWhatComesOfTheExample();
  void saysWhatChangedBetweenVersions_data();
  void saysWhatChangedBetweenVersions();
  void readsExamples_data();
  void readsExamples();
  void refusesWrongExamples_data();
  void refusesWrongExamples();
  void isTextForPeople();

 private:
  static void addRecords(bool newestOnly);
};

Q_DECLARE_METATYPE(const lapidary::Operator*)

void OperatorDocumentationTest::addRecords(bool newestOnly) {
  QTest::addColumn<const Operator*>("record");
  for (const Operator* record : operator_table().all()) {
    if (newestOnly && operator_table().find(record->domain, record->name, INT64_MAX) != record) continue;
    QTest::newRow(
        qPrintable(QStringLiteral("%1:%2-%3")
                       .arg(QString::fromStdString(record->domain), QString::fromStdString(record->name))
                       .arg(record->since_version)))
        << record;
  }
}

void OperatorDocumentationTest::describesAllParts() {
  QFETCH(const Operator*, record);
  const OperatorDocumentation documentation = document_operator(*record);
  QVERIFY(!documentation.summary.empty());
  for (const auto& section : documentation.sections)
    for (const auto& row : section.rows)
      QVERIFY2(!row.text.empty(), (section.title + ": " + row.name + " has no description").c_str());
}

void OperatorDocumentationTest::showsWhatComesOfTheExample() {
  QFETCH(const Operator*, record);
  if (record->is_deprecated) return;
  QVERIFY2(!record->example_text.empty(), "no example");
  try {
    const ExampleRun run = run_example(*record);
    const auto& names = run.example.node.outputs;
    QCOMPARE(run.outputs.size(), names.size());
    bool gives_something = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      QVERIFY2(std::count(run.example.node.inputs.begin(), run.example.node.inputs.end(), names[i]) == 0,
               names[i].c_str());
      gives_something = gives_something || run.outputs[i].is_present();
    }
    QVERIFY2(gives_something, "the example gives nothing");
  } catch (const Error& error) {
    QFAIL(error.what());
  }
}

void OperatorDocumentationTest::saysWhatChangedBetweenVersions_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<int>("version");
  QTest::addColumn<QString>("change");
  QTest::newRow("wider types") << "LeakyRelu" << 16 << "X and Y take also bfloat16";
  QTest::newRow("attribute became input") << "Squeeze" << 13 << "input 'axes' is new (it was an attribute)";
  QTest::newRow("new attribute") << "AveragePool" << 19 << "attribute 'dilations' is new";
  QTest::newRow("attribute gone") << "Relu" << 6 << "attribute 'consumed_inputs' is gone";
  QTest::newRow("deprecated") << "Upsample" << 10 << "deprecated";
}

void OperatorDocumentationTest::saysWhatChangedBetweenVersions() {
  QFETCH(QString, name);
  QFETCH(int, version);
  QFETCH(QString, change);
  const auto history = version_history(*operator_table().find("", name.toStdString(), INT64_MAX));
  const auto found = std::find_if(history.begin(), history.end(),
                                  [&](const auto& entry) { return entry.since_version == version; });
  QVERIFY(found != history.end());
  std::string all;
  for (const auto& line : found->changes) all += line + "; ";
  QVERIFY2(QString::fromStdString(all).contains(change), all.c_str());
}

void OperatorDocumentationTest::readsExamples_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<QString>("written");
  QTest::newRow("numbers") << "float[2, 2]{1, -2.5, 3e2, inf}"
                           << "float[2, 2]{1, -2.5, 300, inf}";
  QTest::newRow("scalar") << "int64{7}"
                          << "int64{7}";
  QTest::newRow("range") << "int32[4]{-1..2}"
                         << "int32[4]{-1, 0, 1, 2}";
  QTest::newRow("one for all") << "float16[3]{0.5}"
                               << "float16[3]{0.5, 0.5, 0.5}";
  QTest::newRow("nothing") << "float[0, 2]{}"
                           << "float[0, 2]{}";
  QTest::newRow("texts") << "string[2]{\"a b\", \"\"}"
                         << "string[2]{\"a b\", \"\"}";
  QTest::newRow("booleans") << "bool[2]{true, false}"
                            << "bool[2]{true, false}";
  QTest::newRow("complex") << "complex64[2]{1+2i, -1-0.5i}"
                           << "complex64[2]{1+2i, -1-0.5i}";
  QTest::newRow("packed") << "int4[3]{-8, 7, 1}"
                          << "int4[3]{-8, 7, 1}";
  QTest::newRow("sequence") << "seq(float{1}, float[1]{2})"
                            << "seq(float{1}, float[1]{2})";
  QTest::newRow("map") << "map(int64[2]{1, 2}; float{3}, float{4})"
                       << "map(int64[2]{1, 2}; float{3}, float{4})";
  QTest::newRow("empty optional") << "none"
                                  << "none";
}

void OperatorDocumentationTest::readsExamples() {
  QFETCH(QString, text);
  QFETCH(QString, written);
  QCOMPARE(QString::fromStdString(example_text(read_datum(text.toStdString()))), written);
}

void OperatorDocumentationTest::refusesWrongExamples_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<QString>("message");
  QTest::newRow("missing input") << "alpha = 1"
                                 << "nothing for input 'X'";
  QTest::newRow("no such input") << "X = float{1}; Z = float{2}"
                                 << "has no input 'Z'";
  QTest::newRow("too few elements") << "X = float[3]{1, 2}"
                                    << "not 3 elements";
  QTest::newRow("no type") << "X = {1, 2}"
                           << "no element type";
  QTest::newRow("no semicolon") << "X = float{1} alpha = 2"
                                << "no ';'";
  QTest::newRow("open braces") << "X = float[2]{1, 2"
                               << "no '}'";
  QTest::newRow("not a number") << "X = float[2]{1, two}"
                                << "no number";
}

void OperatorDocumentationTest::refusesWrongExamples() {
  QFETCH(QString, text);
  QFETCH(QString, message);
  Operator record = *operator_table().find("", "LeakyRelu", INT64_MAX);
  record.example(text.toStdString());
  try {
    read_example(record);
    QFAIL("it was read");
  } catch (const Error& error) {
    QVERIFY2(QString::fromUtf8(error.what()).contains(message), error.what());
  }
}

void OperatorDocumentationTest::isTextForPeople() {
  Operator record = *operator_table().find("", "LeakyRelu", INT64_MAX);
  record.example("X = float[3]{-2, 0, 3}; alpha = 0.5");
  const std::string text = to_text(document_operator(record));
  for (const char* part : {"LeakyRelu  (ai.onnx, since version 16)", "\nInputs\n  X  T",
                           "\nAttributes\n  alpha  float, default 0.01", "\nTypes\n", "\nVersions\n  16",
                           "Y = LeakyRelu<alpha = 0.5>(X)", "Y  float[3]{-1, 0, 3}"})
    QVERIFY2(text.find(part) != std::string::npos, (std::string(part) + " is not in\n" + text).c_str());
}

QTEST_GUILESS_MAIN(OperatorDocumentationTest)
#include "operator_documentation_test.moc"
