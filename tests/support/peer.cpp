#include "tests/support/peer.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <stdexcept>

#include "engine/io/model_file.h"
#include "engine/runtime/backend.h"
#include "engine/runtime/inputs.h"
#include "tests/support/source_folder.h"

namespace lapidary::test {

QString folderFromEnvironment(const char* variable) {
  const QString folder = qEnvironmentVariable(variable);
  return !folder.isEmpty() && QDir(folder).exists() ? folder : QString();
}

namespace {

void writeInputs(const QDir& work, const NamedData& inputs) {
  QJsonArray list;
  for (const auto& [name, datum] : inputs) {
    const Tensor& tensor = datum.tensor();
    const QString file = QStringLiteral("input_%1.bin").arg(list.size());
    QFile out(work.filePath(file));
    if (!out.open(QIODevice::WriteOnly)) throw std::runtime_error("cannot write the peer's inputs");
    out.write(reinterpret_cast<const char*>(tensor.bytes().data()), static_cast<qint64>(tensor.size_bytes()));
    QJsonArray dims;
    for (const auto size : tensor.dims()) dims.append(static_cast<qint64>(size));
    list.append(
        QJsonObject{{QStringLiteral("name"), QString::fromStdString(name)},
                    {QStringLiteral("type"), QString::fromStdString(std::string(name_of(tensor.type())))},
                    {QStringLiteral("dims"), dims},
                    {QStringLiteral("file"), file}});
  }
  QFile manifest(work.filePath(QStringLiteral("inputs.json")));
  if (!manifest.open(QIODevice::WriteOnly)) throw std::runtime_error("cannot write the peer's inputs");
  manifest.write(QJsonDocument(list).toJson());
}

PeerResult readResult(const QDir& work) {
  QFile file(work.filePath(QStringLiteral("outputs.json")));
  if (!file.open(QIODevice::ReadOnly)) throw std::runtime_error("the peer wrote no outputs");
  const QJsonObject report = QJsonDocument::fromJson(file.readAll()).object();
  PeerResult result;
  result.created_ms = report[QStringLiteral("created_ms")].toDouble();
  for (const auto time : report[QStringLiteral("times_ms")].toArray())
    result.times_ms.push_back(time.toDouble());
  for (const auto entry : report[QStringLiteral("outputs")].toArray()) {
    const QJsonObject output = entry.toObject();
    const auto type = data_type_from(output[QStringLiteral("type")].toString().toStdString());
    if (!type) throw std::runtime_error("the peer's output has a type unknown here");
    Dims dims;
    for (const auto size : output[QStringLiteral("dims")].toArray()) dims.push_back(size.toInteger());
    QFile data(work.filePath(output[QStringLiteral("file")].toString()));
    if (!data.open(QIODevice::ReadOnly)) throw std::runtime_error("an output of the peer is missing");
    const QByteArray bytes = data.readAll();
    Tensor tensor(*type, dims);
    if (static_cast<std::size_t>(bytes.size()) != tensor.size_bytes())
      throw std::runtime_error("an output is cut");
    std::copy_n(reinterpret_cast<const std::byte*>(bytes.constData()), tensor.size_bytes(),
                tensor.mutable_bytes());
    result.outputs.emplace_back(output[QStringLiteral("name")].toString().toStdString(), std::move(tensor));
  }
  return result;
}

}  // namespace

PeerResult runInPeer(const QString& model, const NamedData& inputs, int runs, int threads) {
  const QTemporaryDir folder;
  const QDir work(folder.path());
  writeInputs(work, inputs);
  QProcess node;
  node.start(QStringLiteral("node"),
             {sourcePath(QStringLiteral("tests/peers/run_model.js")), folderFromEnvironment("LAPIDARY_PEER"),
              model, folder.path(), QString::number(runs), QString::number(threads)});
  if (!node.waitForFinished(600'000) || node.exitCode() != 0)
    throw std::runtime_error("ONNX Runtime failed: " + node.readAllStandardError().toStdString());
  return readResult(work);
}

std::vector<PeerAnswer> runManyInPeer(const std::vector<PeerJob>& jobs) {
  const QTemporaryDir folder;
  QStringList arguments{sourcePath(QStringLiteral("tests/peers/run_model.js")),
                        folderFromEnvironment("LAPIDARY_PEER"), QStringLiteral("--jobs")};
  std::vector<QDir> works;
  for (const PeerJob& job : jobs) {
    const QString path = folder.filePath(QString::number(works.size()));
    QDir().mkpath(path);
    works.emplace_back(path);
    arguments << path;
    save_model(*job.model, works.back().filePath(QStringLiteral("model.onnx")).toStdString());
    writeInputs(works.back(), job.inputs);
  }
  QProcess node;
  node.start(QStringLiteral("node"), arguments);
  const bool ended = node.waitForFinished(600'000) && node.exitStatus() == QProcess::NormalExit;
  std::vector<PeerAnswer> answers;
  for (const QDir& work : works) {
    PeerAnswer& answer = answers.emplace_back();
    QFile error(work.filePath(QStringLiteral("error.txt")));
    if (error.open(QIODevice::ReadOnly))
      answer.error = QString::fromUtf8(error.readAll());
    else if (work.exists(QStringLiteral("outputs.json")))
      answer.outputs = readResult(work).outputs;
    else
      answer.error = ended ? QStringLiteral("no answer") : QStringLiteral("the peer died here, or before");
  }
  return answers;
}

void optimizeInPeer(const QString& model, const QString& result, const QString& level) {
  QProcess node;
  node.start(QStringLiteral("node"), {sourcePath(QStringLiteral("tests/peers/optimize_model.js")),
                                      folderFromEnvironment("LAPIDARY_PEER"), model, result, level});
  if (!node.waitForFinished(600'000) || node.exitCode() != 0)
    throw std::runtime_error("ONNX Runtime failed: " + node.readAllStandardError().toStdString());
}

const std::vector<ZooModel>& zooModels() {
  static const std::vector<ZooModel> models = {
      {"linear_10x2", {}},
      {"silero_vad_v5", {{"input", {1, 512}}, {"state", {2, 1, 128}}, {"sr", {}}}},
      {"silero_vad_legacy", {{"input", {1, 512}}, {"h", {2, 1, 64}}, {"c", {2, 1, 64}}, {"sr", {}}}},
      {"ch_ppocr_mobile_v2.0_cls_infer", {{"x", {1, 3, 48, 192}}}},
      {"ch_PP-OCRv4_rec_infer", {{"x", {1, 3, 48, 320}}}},
      {"ch_PP-OCRv4_det_infer", {{"x", {1, 3, 320, 320}}}},
      {"mobilenet_v2", {}},
      {"resnet50", {}},
      {"densenet121", {}},
      {"vit_b_16", {}},
      {"swin_t", {}},
      {"bert_base", {{"input0", {1, 64}}, {"input1", {1, 64}}, {"input2", {1, 64}}}},
  };
  return models;
}

NamedData zooInputs(const Model& model, const ZooModel& zoo) {
  NamedData inputs;
  for (Value value : required_inputs(model)) {
    if (const auto found = zoo.dims.find(value.name); found != zoo.dims.end())
      value.type.shape = shape_of(found->second);
    const bool mask = value.name == "input1" || value.name == "input2";
    const char* word = value.name == "sr" ? "16000" : mask ? "ones" : "random";
    inputs.emplace_back(value.name, make_input(value, word, {}, 7));
  }
  return inputs;
}

}  // namespace lapidary::test
