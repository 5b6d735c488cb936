#include <QDir>
#include <QRegularExpression>
#include <QTest>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"
#include "engine/opsets/convert_opset.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;

/// ONNX's own test models, in other operator sets, compute the same from their recorded inputs.
class ConformanceModelsTest : public QObject {
  Q_OBJECT

 private slots:
  void keepWhatTheyCompute_data();
  void keepWhatTheyCompute();
};

namespace {

bool is_random(const QString& name) {
  return name.contains(QRegularExpression("bernoulli|dropout|random|multinomial"));
}

std::vector<Datum> recorded_inputs(const QString& folder, const std::vector<Value>& values) {
  std::vector<WantedData> wanted;
  for (const auto& value : values) wanted.push_back({value.name, value.type});
  std::vector<Datum> inputs(values.size());
  for (auto& [name, datum] : read_data((folder + "/test_data_set_0").toStdString(), wanted, "input"))
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i].name == name) inputs[i] = std::move(datum);
  return inputs;
}

}  // namespace

void ConformanceModelsTest::keepWhatTheyCompute_data() {
  const QString root = folderFromEnvironment("LAPIDARY_CONFORMANCE");
  if (root.isEmpty()) QSKIP("LAPIDARY_CONFORMANCE names no folder with ONNX's backend tests");
  QTest::addColumn<QString>("folder");
  for (const char* group : {"node", "simple"}) {
    const QDir folder(root + "/" + group);
    for (const QString& name : folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name))
      if (!is_random(name)) QTest::newRow(qPrintable(name)) << folder.filePath(name);
  }
}

void ConformanceModelsTest::keepWhatTheyCompute() {
  QFETCH(const QString, folder);
  const Backend& reference = find_backend("reference");
  ModelPointer model;
  std::vector<Datum> inputs, before;
  try {
    model = load_model((folder + "/model.onnx").toStdString()).model;
    inputs = recorded_inputs(folder, model->graph->inputs);
    before = reference.compile(model, {})->run(inputs);
  } catch (const Error& error) {
    QSKIP(error.what());
  }
  if (model->opset() > 27) QSKIP("of an operator set that is not known yet");
  for (const std::int64_t target : {7, 9, 11, 13, 17, 20, 22, 27}) {
    const OpsetConversion conversion = convert_opset(model, target);
    QVERIFY(conversion.model || !conversion.blockers.empty());
    if (!conversion.model) continue;
    try {
      const auto after = reference.compile(conversion.model, {})->run(inputs);
      QCOMPARE(after.size(), before.size());
      for (std::size_t i = 0; i < after.size(); ++i) {
        const bool is_half = before[i].is_tensor() && bits_of(before[i].tensor().type()) == 16;
        const Tolerance tolerance = is_half ? Tolerance{4e-3, 1e-3} : Tolerance{1e-4, 1e-5};
        const Difference found = difference(after[i], before[i], tolerance);
        QVERIFY2(found.equal, qPrintable(QString("operator set %1, output %2: ").arg(target).arg(i) +
                                         QString::fromStdString(found.message)));
      }
    } catch (const Error& error) {
      QFAIL(qPrintable(QString("operator set %1: %2").arg(target).arg(error.what())));
    }
  }
}

QTEST_GUILESS_MAIN(ConformanceModelsTest)
#include "conformance_models_test.moc"
