// The options of `lapidary profile` that write for other programs, read from them, and judge.
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "tests/support/command_line.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;
using test::run_lapidary;

namespace {

/// x → /block/mul (MatMul) → /block/act (Relu) → /head/sum (ReduceSum) → y.
ModelPointer three_nodes() {
  const auto named = [](const char* name, Node made) {
    made.name = name;
    return made;
  };
  return ModelBuilder()
      .input("x", DataType::Float32, {64, 64})
      .initializer("w", Tensor::of<float>({64, 64}, std::vector<float>(64 * 64, 0.125f)))
      .add(named("/block/mul", node("MatMul", {"x", "w"}, {"product"})))
      .add(named("/block/act", node("Relu", {"product"}, {"active"})))
      .add(named("/head/sum", node("ReduceSum", {"active"}, {"y"})))
      .output("y")
      .build();
}

QJsonObject json_of_file(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object() : QJsonObject();
}

}  // namespace

class ProfileTest : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    model_ = folder_.filePath("model.onnx");
    save_model(*three_nodes(), model_.toStdString());
    qputenv("XDG_CACHE_HOME", folder_.filePath("cache").toUtf8());  // the roofs are measured for this test
  }

  void aWrittenTraceIsReadBackOntoTheSameNodes() {
    const QString trace = folder_.filePath("trace.json");
    const auto own = profile({"--trace", trace, "--runs", "3"});
    const auto read = profile({"--import", trace});
    QCOMPARE(names(read), names(own));
    QVERIFY(!names(own).isEmpty());
    for (const auto& row : read["operators"].toArray()) QVERIFY(!row.toObject()["nodes"].toArray().isEmpty());
  }

  void operatorsStandUnderMeasuredRoofs() {
    const auto found = profile({"--roofline", "--runs", "3"});
    QVERIFY(found["roofs"].toObject()["bytes_per_second"].toDouble() > 1e8);
    QVERIFY(found["roofs"].toObject()["flops_per_second"].toObject()["float32"].toDouble() > 1e8);
    for (const auto& row : found["operators"].toArray()) {
      const auto one = row.toObject();
      QVERIFY(one["attainable_ms"].toDouble() > 0);
      QVERIFY(QStringList({"compute", "memory"}).contains(one["roof"].toString()));
    }
    QVERIFY(QFile::exists(folder_.filePath("cache/lapidary/roofs.json")));
  }

  void timesAreSummedByModule() {
    const auto found = profile({"--group-by", "module", "--runs", "3"});
    double sum = 0, all = 0;
    QVERIFY(!found["by_module"].toArray().isEmpty());
    for (const auto& row : found["by_module"].toArray())
      sum = std::max(sum, row.toObject()["total_ms"].toDouble());
    for (const auto& row : found["operators"].toArray()) all += row.toObject()["total_ms"].toDouble();
    QVERIFY(sum > 0 && sum <= all * 1.5);
  }

  void tablesForOtherProgramsNameTheNodes() {
    const QString csv = folder_.filePath("t.csv"), netron = folder_.filePath("n.json"),
                  explorer = folder_.filePath("e.json");
    profile({"--csv", csv, "--netron", netron, "--model-explorer", explorer, "--runs", "2"});
    QFile table(csv);
    QVERIFY(table.open(QIODevice::ReadOnly));
    QVERIFY(table.readAll().startsWith("node,op,"));
    const auto attachment = json_of_file(netron);
    QCOMPARE(attachment["signature"].toString(), QString("netron:attachment"));
    QStringList targets;
    for (const auto& metric : attachment["metrics"].toArray())
      targets += metric.toObject()["target"].toString();
    QVERIFY(targets.contains("/block/mul"));
    const auto graphs = json_of_file(explorer);
    QCOMPARE(graphs.size(), 1);
    QVERIFY(graphs.begin()->toObject()["results"].toObject().contains("product"));
  }

  void aFileThatIsNoTraceIsRefused() {
    const auto outcome = run_lapidary({"profile", model_, "--import", model_});
    QCOMPARE(outcome.code, 1);
    QVERIFY2(outcome.err.contains("model.onnx"), outcome.err.constData());
  }

 private:
  QJsonObject profile(const QStringList& options) {
    const auto outcome = run_lapidary(QStringList{"profile", model_, "--json"} + options);
    if (outcome.code != 0) qWarning("%s", outcome.err.constData());
    return outcome.json();
  }
  static QStringList names(const QJsonObject& profile) {
    QStringList found;
    for (const auto& row : profile["operators"].toArray()) found += row.toObject()["node"].toString();
    found.sort();
    return found;
  }

  QTemporaryDir folder_;
  QString model_;
};

QTEST_GUILESS_MAIN(ProfileTest)
#include "profile_test.moc"
