#include <QFile>
#include <QtTest>
#include <map>
#include <set>

#include "engine/ops/operator_table.h"
#include "tests/support/source_folder.h"

using namespace lapidary;

/// The table holds every operator of the standard in all its versions, each with all its parts, and nothing
/// else in the standard's domains. standard_operators.txt is the standard's list.
class StandardOperatorsTest : public QObject {
  Q_OBJECT

 private slots:
  void hasAllVersions_data();
  void hasAllVersions();
  void hasNoOthers();
};

namespace {

struct Listed {
  std::string domain, name;
  std::vector<int> versions;
};

std::vector<Listed> listed_operators() {
  QFile file(sourcePath("tests/engine/ops/standard_operators.txt"));
  if (!file.open(QIODevice::ReadOnly)) qFatal("standard_operators.txt is missing");
  std::vector<Listed> list;
  for (const QByteArray& line : file.readAll().split('\n')) {
    if (line.isEmpty() || line.startsWith('#')) continue;
    const auto words = line.split(' ');
    Listed& entry = list.emplace_back();
    entry.domain = std::string(normalized_domain(words[0].toStdString()));
    entry.name = words[1].toStdString();
    for (const auto& version : words.mid(2)) entry.versions.push_back(version.toInt());
  }
  return list;
}

/// What files hold in the standard's domain though its list does not: ONNX Runtime has LayerNormalization in
/// every operator set, and its simplified form beside it; Upsample was an experiment before it was listed.
bool is_beside_the_list(const Operator& record) {
  if (!record.domain.empty()) return false;
  return (record.name == "LayerNormalization" && record.since_version < 17) ||
         record.name == "SimplifiedLayerNormalization" ||
         (record.name == "Upsample" && record.since_version == 1);
}

}  // namespace

void StandardOperatorsTest::hasAllVersions_data() {
  QTest::addColumn<QString>("domain");
  QTest::addColumn<QString>("name");
  QTest::addColumn<std::vector<int>>("versions");
  for (const auto& entry : listed_operators())
    QTest::addRow("%s:%s", entry.domain.c_str(), entry.name.c_str())
        << QString::fromStdString(entry.domain) << QString::fromStdString(entry.name) << entry.versions;
}

void StandardOperatorsTest::hasAllVersions() {
  QFETCH(QString, domain);
  QFETCH(QString, name);
  QFETCH(std::vector<int>, versions);
  std::vector<int> found;
  for (const Operator* record : operator_table().versions(domain.toStdString(), name.toStdString())) {
    if (is_beside_the_list(*record)) continue;
    found.push_back(record->since_version);
    if (record->is_deprecated) continue;
    QVERIFY(record->kernel_function);
    QVERIFY(record->infer_function);
    QVERIFY(!record->summary_text.empty());
  }
  QCOMPARE(found, versions);
}

void StandardOperatorsTest::hasNoOthers() {
  std::set<std::pair<std::string, std::string>> names;
  std::set<std::string> domains;
  for (const auto& entry : listed_operators()) {
    names.insert({entry.domain, entry.name});
    domains.insert(entry.domain);
  }
  QVERIFY(names.size() > 220);
  for (const Operator* record : operator_table().all())
    if (domains.contains(record->domain) && !is_beside_the_list(*record))
      QVERIFY2(names.contains({record->domain, record->name}),
               (record->name + " is not in the standard's list").c_str());
}

QTEST_GUILESS_MAIN(StandardOperatorsTest)
#include "standard_operators_test.moc"
