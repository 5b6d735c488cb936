#include <QDir>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"

using namespace lapidary;

/// Models of scikit-learn and XGBoost, as exporters write them, give here what the framework itself gives.
/// tests/models writes them, with Debian's python3-sklearn, python3-xgboost and python3-onnx.
class FrameworkAgreementTest : public QObject {
  Q_OBJECT
 private slots:
  void agreesWithTheFramework_data();
  void agreesWithTheFramework();

 private:
  static constexpr const char* python = "/usr/bin/python3";
  QTemporaryDir folder_;
};

void FrameworkAgreementTest::agreesWithTheFramework_data() {
  QTest::addColumn<QString>("model");
  const QString script = QStringLiteral(LAPIDARY_TEST_MODELS "/write_models.py");
  QProcess writer;
  writer.setProcessChannelMode(QProcess::MergedChannels);
  auto environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("OMP_NUM_THREADS"), QStringLiteral("1"));
  environment.insert(QStringLiteral("PYTHONDONTWRITEBYTECODE"), QStringLiteral("1"));
  writer.setProcessEnvironment(environment);
  writer.start(QString::fromLatin1(python), {script, folder_.path()});
  if (!writer.waitForStarted()) QSKIP("there is no /usr/bin/python3");
  QVERIFY(writer.waitForFinished(240'000));
  const QString said = QString::fromUtf8(writer.readAll());
  for (const QString& line : said.split(QLatin1Char('\n'), Qt::SkipEmptyParts))
    if (line.startsWith(QLatin1String("missing:")))
      qInfo("not all kinds of models are tested, %s", qPrintable(line));
  QVERIFY2(writer.exitCode() == 0, qPrintable(said));
  for (const QString& name : QDir(folder_.path()).entryList(QDir::Dirs | QDir::NoDotAndDotDot))
    QTest::newRow(qPrintable(name)) << folder_.filePath(name);
  if (QDir(folder_.path()).isEmpty()) QSKIP("python3-sklearn or python3-onnx is not installed");
}

namespace {

std::vector<WantedData> wanted(const std::vector<Value>& values) {
  std::vector<WantedData> all;
  for (const Value& value : values) all.push_back({value.name, value.type});
  return all;
}

void compareBackends(const std::string& folder) {
  const LoadedModel loaded = load_model(folder + "/model.onnx");
  const std::string data = folder + "/test_data_set_0";
  std::vector<Datum> inputs;
  for (auto& [name, datum] : read_data(data, wanted(loaded.model->graph->inputs), "input"))
    inputs.push_back(std::move(datum));
  const NamedData expected = read_data(data, wanted(loaded.model->graph->outputs), "output");
  for (const auto& backend : backends()) {
    if (!backend.availability().available) continue;
    const auto outputs = backend.compile(loaded.model, {})->run(inputs);
    QCOMPARE(outputs.size(), expected.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Difference found = difference(outputs[i], expected[i].second, {1e-4, 1e-5});
      QVERIFY2(found.equal, (backend.name + ": output '" + expected[i].first + "' " + found.message).c_str());
    }
  }
}

}  // namespace

void FrameworkAgreementTest::agreesWithTheFramework() {
  QFETCH(QString, model);
  try {
    compareBackends(model.toStdString());
  } catch (const std::exception& error) {
    QFAIL(error.what());
  }
}

QTEST_GUILESS_MAIN(FrameworkAgreementTest)
#include "framework_agreement_test.moc"
