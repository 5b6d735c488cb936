#include <QDir>
#include <QRegularExpression>
#include <QTest>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;

/// Operators whose definition is a function: the kernel computes what the function's body does. The given
/// data holds each such call beside its body (…_expanded); both run on the recorded inputs, and on others.
class ExpansionTest : public QObject {
  Q_OBJECT

 private slots:
  void kernelsComputeWhatBodiesDo_data();
  void kernelsComputeWhatBodiesDo();
};

namespace {

/// What the body alone makes by chance, or only in one of the two.
bool is_random(const QString& name) {
  return name.contains(QRegularExpression("bernoulli|training_dropout"));
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

/// Other numbers of the same kind: floating elements in reverse order, and a quarter smaller.
Datum varied(const Datum& datum) {
  if (!datum.is_tensor() || datum.tensor().type() != DataType::Float32) return datum;
  Tensor tensor(DataType::Float32, datum.tensor().dims());
  const std::int64_t size = tensor.size();
  for (std::int64_t i = 0; i < size; ++i)
    tensor.mutable_data<float>()[i] = 0.75f * datum.tensor().data<float>()[size - 1 - i];
  return tensor;
}

std::string disagreement(const std::vector<Datum>& got, const std::vector<Datum>& want) {
  if (got.size() != want.size()) return "other outputs";
  for (std::size_t i = 0; i < got.size(); ++i)
    if (const Difference found = difference(got[i], want[i], {1e-3, 1e-5}); !found.equal)
      return "output " + std::to_string(i) + " " + found.message;
  return {};
}

}  // namespace

void ExpansionTest::kernelsComputeWhatBodiesDo_data() {
  const QString root = folderFromEnvironment("LAPIDARY_CONFORMANCE");
  if (root.isEmpty()) QSKIP("LAPIDARY_CONFORMANCE names no folder with ONNX's backend tests");
  QTest::addColumn<QString>("call");
  QTest::addColumn<QString>("body");
  const QDir node(root + "/node");
  for (const QString& name : node.entryList({"*_expanded*"}, QDir::Dirs, QDir::Name)) {
    const QString call = name.left(name.indexOf("_expanded"));
    if (node.exists(call) && !is_random(name))
      QTest::newRow(qPrintable(name)) << node.filePath(call) << node.filePath(name);
  }
}

void ExpansionTest::kernelsComputeWhatBodiesDo() {
  QFETCH(QString, call);
  QFETCH(QString, body);
  const auto model = load_model((call + "/model.onnx").toStdString()).model;
  const auto expanded = load_model((body + "/model.onnx").toStdString()).model;
  const auto by_body = find_backend("reference").compile(expanded, {});
  const auto inputs = recorded_inputs(call, model->graph->inputs);
  std::vector<Datum> others;
  for (const auto& input : inputs) others.push_back(varied(input));
  for (const auto& backend : backends()) {
    const auto program = backend.compile(model, {});
    for (const auto& given : {inputs, others}) {
      const auto message = disagreement(program->run(given), by_body->run(given));
      QVERIFY2(message.empty(), (backend.name + ": " + message).c_str());
    }
  }
}

QTEST_GUILESS_MAIN(ExpansionTest)
#include "expansion_test.moc"
