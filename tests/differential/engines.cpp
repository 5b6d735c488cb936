#include "tests/differential/engines.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "tests/support/source_folder.h"

namespace lapidary::differential {

namespace {

Outcome run_with(const std::string& backend, const Case& one, const CompileOptions& options) {
  Outcome outcome;
  try {
    outcome.outputs = find_backend(backend).compile(one.model, options)->run(one.inputs);
  } catch (const std::exception& error) {
    outcome.error = error.what();
  }
  return outcome;
}

}  // namespace

Outcome run_on(const std::string& backend, const Case& one, int threads) {
  CompileOptions options;
  options.threads = threads;
  return run_with(backend, one, options);
}

Outcome run_in_float64(const Case& one) {
  CompileOptions options;
  options.float64 = true;
  return run_with("reference", one, options);
}

struct Peer::Process {
  std::string folder;
  QTemporaryDir work;
  QProcess node;
  void start() {
    qputenv("ALLOW_RELEASED_ONNX_OPSET_ONLY", "0");  // the newest operator set is still open there
    node.start(QStringLiteral("node"),
               {sourcePath(QStringLiteral("tests/peers/run_models.js")), QString::fromStdString(folder)});
    node.waitForStarted();
  }
};

Peer::Peer(std::string folder) : process_(std::make_unique<Process>()) {
  process_->folder = std::move(folder);
  process_->start();
}

Peer::~Peer() {
  process_->node.closeWriteChannel();
  if (!process_->node.waitForFinished(5000)) process_->node.kill();
}

bool goes_through(DataType type) {
  return (bits_of(type) >= 8 && type != DataType::BFloat16 && !(is_floating(type) && bits_of(type) == 8)) ||
         type == DataType::String || type == DataType::Bool;
}

namespace {

QJsonArray json_of(const Dims& dims) {
  QJsonArray array;
  for (const auto size : dims) array.append(static_cast<qint64>(size));
  return array;
}

QJsonObject json_of(const std::string& name, const Tensor& tensor) {
  QJsonObject object{{QStringLiteral("name"), QString::fromStdString(name)},
                     {QStringLiteral("type"), QString::fromStdString(std::string(name_of(tensor.type())))},
                     {QStringLiteral("dims"), json_of(tensor.dims())}};
  if (tensor.is_string()) {
    QJsonArray words;
    for (const auto& word : tensor.strings()) words.append(QString::fromStdString(word));
    object[QStringLiteral("words")] = words;
  } else {
    const QByteArray bytes(reinterpret_cast<const char*>(tensor.bytes().data()),
                           static_cast<qsizetype>(tensor.size_bytes()));
    object[QStringLiteral("bytes")] = QString::fromLatin1(bytes.toBase64());
  }
  return object;
}

Tensor tensor_of(const QJsonObject& object) {
  const auto type = data_type_from(object[QStringLiteral("type")].toString().toStdString());
  if (!type) throw Error("ONNX Runtime gives a type that is not known here");
  Dims dims;
  for (const auto size : object[QStringLiteral("dims")].toArray()) dims.push_back(size.toInteger());
  if (*type == DataType::String) {
    std::vector<std::string> words;
    for (const auto word : object[QStringLiteral("words")].toArray())
      words.push_back(word.toString().toStdString());
    return Tensor::of_strings(dims, std::move(words));
  }
  const QByteArray bytes = QByteArray::fromBase64(object[QStringLiteral("bytes")].toString().toLatin1());
  Tensor tensor(*type, dims);
  if (static_cast<std::size_t>(bytes.size()) != tensor.size_bytes())
    throw Error("an output of ONNX Runtime is cut");
  std::copy_n(reinterpret_cast<const std::byte*>(bytes.constData()), tensor.size_bytes(),
              tensor.mutable_bytes());
  return tensor;
}

Outcome outcome_of(const QByteArray& line, const Graph& graph) {
  Outcome outcome;
  const QJsonObject answer = QJsonDocument::fromJson(line).object();
  outcome.error = answer[QStringLiteral("error")].toString().toStdString();
  if (!outcome.ran()) return outcome;
  const QJsonObject outputs = answer[QStringLiteral("outputs")].toObject();
  for (const auto& output : graph.outputs) {
    const QJsonObject found = outputs[QString::fromStdString(output.name)].toObject();
    outcome.outputs.push_back(found.isEmpty() ? Datum() : Datum(tensor_of(found)));
  }
  return outcome;
}

}  // namespace

std::optional<Outcome> Peer::run(const Case& one) {
  QJsonArray inputs;
  for (std::size_t i = 0; i < one.inputs.size(); ++i) {
    if (!one.inputs[i].is_tensor() || !goes_through(one.inputs[i].tensor().type())) return std::nullopt;
    inputs.append(json_of(one.model->graph->inputs[i].name, one.inputs[i].tensor()));
  }
  for (const auto& output : one.model->graph->outputs)
    if (!goes_through(output.type.element)) return std::nullopt;
  const std::string path = process_->work.filePath(QStringLiteral("model.onnx")).toStdString();
  save_model(*one.model, path);
  QJsonArray names;
  for (const auto& output : one.model->graph->outputs) names.append(QString::fromStdString(output.name));
  const QJsonObject request{{QStringLiteral("model"), QString::fromStdString(path)},
                            {QStringLiteral("inputs"), inputs},
                            {QStringLiteral("outputs"), names}};
  QProcess& node = process_->node;
  node.write(QJsonDocument(request).toJson(QJsonDocument::Compact) + '\n');
  while (!node.canReadLine())
    if (!node.waitForReadyRead(30'000)) {
      node.kill();
      node.waitForFinished();
      process_->start();
      return Outcome{{}, "ONNX Runtime ended or hung"};
    }
  Outcome outcome = outcome_of(node.readLine(), *one.model->graph);
  ++given;
  ran += outcome.ran();
  return outcome;
}

}  // namespace lapidary::differential
