#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"
#include "tests/support/model_builder.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;

/// All of ONNX's backend tests pass on both backends: LAPIDARY_CONFORMANCE names the folder that holds node/,
/// simple/ and light/.
class ConformanceTest : public QObject {
  Q_OBJECT

 private slots:
  void passesAllOfOnnx_data() {
    QTest::addColumn<QString>("backend");
    QTest::newRow("cpu") << "cpu";
    QTest::newRow("reference") << "reference";
  }

  void passesAllOfOnnx() {
    QFETCH(QString, backend);
    const QString data = folderFromEnvironment("LAPIDARY_CONFORMANCE");
    if (data.isEmpty()) QSKIP("LAPIDARY_CONFORMANCE names no folder with ONNX's backend tests");
    QJsonObject result;
    const int code = conformance({data, "--backend", backend}, &result);
    QStringList missed;
    for (const auto& entry : result["tests"].toArray()) {
      const QJsonObject test = entry.toObject();
      if (test["status"].toString() != "passed")
        missed << test["name"].toString() + ": " + test["message"].toString();
    }
    QVERIFY2(missed.isEmpty(), qPrintable(missed.join('\n')));
    QCOMPARE(result["failed"].toInt(), 0);
    QCOMPARE(result["unsupported"].toInt(), 0);
    QVERIFY(result["passed"].toInt() > 1600);
    QCOMPARE(code, 0);
  }

  /// What is compared by type and shape only is random by its specification, and few.
  void comparesFewByTypeAndShapeOnly() {
    const QString data = folderFromEnvironment("LAPIDARY_CONFORMANCE");
    if (data.isEmpty()) QSKIP("LAPIDARY_CONFORMANCE names no folder with ONNX's backend tests");
    QJsonObject result;
    conformance({data, "--filter", "bernoulli|random|dropout"}, &result);
    QVERIFY(result["random"].toArray().size() <= 10);
    for (const auto& name : result["random"].toArray())
      QVERIFY2(name.toString().contains(QRegularExpression("bernoulli|random_uniform_like|training_dropout")),
               qPrintable(name.toString()));
  }

  void failsWhereAnOperatorIsUnsupported() {
    QTemporaryDir folder;
    QVERIFY(QDir(folder.path()).mkpath("test_future/test_data_set_0"));
    const auto model = ModelBuilder()
                           .opset("org.nowhere", 1)
                           .input("x", DataType::Float32, {Dimension(1)})
                           .add(node("Oracle", {"x"}, {"y"}, {}, "org.nowhere"))
                           .output("y", Type::tensor(DataType::Float32, Shape{Dimension(1)}))
                           .build();
    save_model(*model, folder.filePath("test_future/model.onnx").toStdString());
    QJsonObject result;
    QCOMPARE(conformance({folder.path()}, &result), 1);
    QCOMPARE(result["unsupported"].toInt(), 1);
  }

 private:
  /// The exit code of `lapidary conformance`, and its JSON.
  static int conformance(const QStringList& arguments, QJsonObject* result) {
    QProcess process;
    process.start(qEnvironmentVariable("LAPIDARY_BIN") + "/lapidary",
                  QStringList{"conformance", "--json"} + arguments);
    if (!process.waitForFinished(240'000)) process.kill();
    *result = QJsonDocument::fromJson(process.readAllStandardOutput()).object();
    return process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
  }
};

QTEST_GUILESS_MAIN(ConformanceTest)
#include "conformance_test.moc"
