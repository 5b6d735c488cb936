#include "ui/document/run_memory.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSettings>

#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr int mostModels = 40;
const QString key = QStringLiteral("runs/models");

QJsonArray numbers(const std::vector<double>& values) {
  QJsonArray array;
  for (const double value : values) array.append(value);
  return array;
}

std::vector<double> numbers(const QJsonValue& stored) {
  std::vector<double> values;
  for (const QJsonValue& value : stored.toArray()) values.push_back(value.toDouble());
  return values;
}

QJsonObject sourceObject(const InputSource& source) {
  const ImageSettings& image = source.image;
  return {{QStringLiteral("kind"), static_cast<int>(source.kind)},
          {QStringLiteral("text"), text(source.text)},
          {QStringLiteral("width"), image.width},
          {QStringLiteral("height"), image.height},
          {QStringLiteral("channels_first"), image.channelsFirst},
          {QStringLiteral("bgr"), image.bgr},
          {QStringLiteral("mean"), numbers(image.mean)},
          {QStringLiteral("scale"), numbers(image.scale)}};
}

InputSource sourceFrom(const QJsonObject& stored) {
  InputSource source;
  source.kind = static_cast<InputSource::Kind>(stored[QStringLiteral("kind")].toInt());
  source.text = stored[QStringLiteral("text")].toString().toStdString();
  ImageSettings& image = source.image;
  image.width = stored[QStringLiteral("width")].toInt(image.width);
  image.height = stored[QStringLiteral("height")].toInt(image.height);
  image.channelsFirst = stored[QStringLiteral("channels_first")].toBool(true);
  image.bgr = stored[QStringLiteral("bgr")].toBool();
  image.mean = numbers(stored[QStringLiteral("mean")]);
  image.scale = numbers(stored[QStringLiteral("scale")]);
  return source;
}

QJsonObject settingsObject(const RunSettings& settings) {
  QJsonObject dimensions, inputs;
  for (const auto& [name, size] : settings.dimensions) dimensions[text(name)] = static_cast<qint64>(size);
  for (const auto& [name, source] : settings.inputs) inputs[text(name)] = sourceObject(source);
  return {{QStringLiteral("backend"), text(settings.backend)},
          {QStringLiteral("threads"), settings.threads},
          {QStringLiteral("repeats"), settings.repeats},
          {QStringLiteral("seed"), static_cast<qint64>(settings.seed)},
          {QStringLiteral("memory_percent"), settings.memoryPercent},
          {QStringLiteral("dimensions"), dimensions},
          {QStringLiteral("inputs"), inputs}};
}

RunSettings settingsFrom(const QJsonObject& stored) {
  RunSettings settings;
  settings.backend = stored[QStringLiteral("backend")].toString().toStdString();
  settings.threads = stored[QStringLiteral("threads")].toInt();
  settings.repeats = stored[QStringLiteral("repeats")].toInt(settings.repeats);
  settings.seed = static_cast<std::uint64_t>(stored[QStringLiteral("seed")].toInteger());
  settings.memoryPercent = stored[QStringLiteral("memory_percent")].toInt(settings.memoryPercent);
  const QJsonObject dimensions = stored[QStringLiteral("dimensions")].toObject();
  for (auto one = dimensions.begin(); one != dimensions.end(); ++one)
    settings.dimensions[one.key().toStdString()] = one.value().toInteger();
  const QJsonObject inputs = stored[QStringLiteral("inputs")].toObject();
  for (auto one = inputs.begin(); one != inputs.end(); ++one)
    settings.inputs[one.key().toStdString()] = sourceFrom(one.value().toObject());
  return settings;
}

/// Objects with the model's path and its settings, the one run last in front.
QJsonArray stored() { return QJsonDocument::fromJson(QSettings().value(key).toByteArray()).array(); }

}  // namespace

std::optional<RunSettings> remembered_run(const QString& path) {
  const QString whole = QFileInfo(path).absoluteFilePath();
  for (const QJsonValue& one : stored())
    if (one[QStringLiteral("path")].toString() == whole)
      return settingsFrom(one[QStringLiteral("settings")].toObject());
  return std::nullopt;
}

void remember_run(const QString& path, const RunSettings& settings) {
  const QString whole = QFileInfo(path).absoluteFilePath();
  QJsonArray kept{
      QJsonObject{{QStringLiteral("path"), whole}, {QStringLiteral("settings"), settingsObject(settings)}}};
  for (const QJsonValue& one : stored())
    if (one[QStringLiteral("path")].toString() != whole && kept.size() < mostModels) kept.append(one);
  QSettings().setValue(key, QJsonDocument(kept).toJson(QJsonDocument::Compact));
}

}  // namespace lapidary::ui
