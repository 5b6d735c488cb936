#include <QDir>
#include <QDirIterator>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"
#include "tests/support/source_folder.h"

using namespace lapidary;

/// Models of other frameworks, as their exporters write them, give here what the framework itself gives: on
/// each backend, at each opset that the exporter knows. Scripts in tests/models write them.
class FrameworkAgreementTest : public QObject {
  Q_OBJECT
 private slots:
  void scikitLearnAndXgboost_data() { writeModels("write_models.py"); }
  void scikitLearnAndXgboost() { agreesWithTheFramework(); }
  void pytorch_data() { writeModels("write_pytorch_models.py"); }
  void pytorch() { agreesWithTheFramework(); }

 private:
  /// One row for each folder that the script makes.
  void writeModels(const char* script);
  void agreesWithTheFramework();

  QTemporaryDir folder_;
};

namespace {

constexpr const char* python = "/usr/bin/python3";

/// What the script says; nothing if it could not be started.
std::optional<QString> runScript(const QStringList& arguments) {
  QProcess writer;
  writer.setProcessChannelMode(QProcess::MergedChannels);
  auto environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("OMP_NUM_THREADS"), QStringLiteral("1"));
  environment.insert(QStringLiteral("PYTHONDONTWRITEBYTECODE"), QStringLiteral("1"));
  writer.setProcessEnvironment(environment);
  writer.start(QString::fromLatin1(python), arguments);
  if (!writer.waitForStarted()) return std::nullopt;
  const bool ended = writer.waitForFinished(240'000) && writer.exitCode() == 0;
  return QString::fromUtf8(writer.readAll()) + (ended ? QString() : QStringLiteral("\nthe script failed"));
}

std::vector<WantedData> wanted(const std::vector<Value>& values) {
  std::vector<WantedData> all;
  for (const Value& value : values) all.push_back({value.name, value.type});
  return all;
}

/// Empty, or the first output that differs.
std::string disagreement(const ModelPointer& model, Program& program, const std::string& data) {
  std::vector<Datum> inputs;
  for (auto& [name, datum] : read_data(data, wanted(model->graph->inputs), "input"))
    inputs.push_back(std::move(datum));
  const NamedData expected = read_data(data, wanted(model->graph->outputs), "output");
  const auto outputs = program.run(inputs);
  if (outputs.size() != expected.size()) return "has another number of outputs";
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Difference found = difference(outputs[i], expected[i].second, {1e-4, 1e-5});
    if (!found.equal) return "output '" + expected[i].first + "' " + found.message;
  }
  return {};
}

void compareBackends(const QString& folder) {
  const LoadedModel loaded = load_model(folder.toStdString() + "/model.onnx");
  for (const auto& backend : backends()) {
    if (!backend.availability().available) continue;
    const auto program = backend.compile(loaded.model, {});
    for (const QString& data : QDir(folder).entryList({QStringLiteral("test_data_set_*")})) {
      const std::string found =
          disagreement(loaded.model, *program, folder.toStdString() + "/" + data.toStdString());
      QVERIFY2(found.empty(), (folder.toStdString() + ", " + backend.name + ": " + found).c_str());
    }
  }
}

}  // namespace

void FrameworkAgreementTest::writeModels(const char* script) {
  QTest::addColumn<QString>("folder");
  const QString made = folder_.filePath(QString::fromLatin1(script).section(QLatin1Char('.'), 0, 0));
  QVERIFY(QDir().mkpath(made));
  const auto said =
      runScript({sourcePath(QStringLiteral("tests/models/") + QString::fromLatin1(script)), made});
  if (!said) QSKIP("there is no /usr/bin/python3");
  QVERIFY2(!said->endsWith(QLatin1String("failed")), qPrintable(*said));
  for (const QString& line : said->split(QLatin1Char('\n'), Qt::SkipEmptyParts))
    if (line.startsWith(QLatin1String("missing:")))
      qInfo("not all kinds of models are tested, %s", qPrintable(line));
  for (const QString& name : QDir(made).entryList(QDir::Dirs | QDir::NoDotAndDotDot))
    QTest::newRow(qPrintable(name)) << QDir(made).filePath(name);
  if (QDir(made).isEmpty()) QSKIP("a Python package that writes these models is not installed");
}

void FrameworkAgreementTest::agreesWithTheFramework() {
  QFETCH(QString, folder);
  QDirIterator models(folder, {QStringLiteral("model.onnx")}, QDir::Files, QDirIterator::Subdirectories);
  QVERIFY(models.hasNext());
  while (models.hasNext()) {
    const QString model = QFileInfo(models.next()).path();
    try {
      compareBackends(model);
    } catch (const std::exception& error) {
      QFAIL(qPrintable(model + QStringLiteral(": ") + QString::fromUtf8(error.what())));
    }
    if (QTest::currentTestFailed()) return;
  }
}

QTEST_GUILESS_MAIN(FrameworkAgreementTest)
#include "framework_agreement_test.moc"
