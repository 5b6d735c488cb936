#include "ui/document/run.h"

#include <QFileInfo>
#include <QImage>
#include <QImageReader>
#include <QRegularExpression>
#include <algorithm>

#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "engine/model/graph_index.h"
#include "engine/model/memory_budget.h"
#include "engine/runtime/free_memory.h"
#include "engine/runtime/inputs.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

const std::string guessedInteger = "1";  ///< valid as index, mask and size alike

/// True for files that hold several tensors by name.
bool isArchive(const QString& path) {
  const QString suffix = QFileInfo(path).suffix().toLower();
  return suffix == QLatin1String("npz") || suffix == QLatin1String("safetensors");
}

Datum readFile(const std::string& path, const Value& input, const ImageSettings& image) {
  if (is_image_file(text(path))) return read_image(path, input, image);
  return read_value(path, {input.name, input.type});
}

Tensor typedTensor(const std::string& typed, const Value& input, const RunSettings& settings) {
  std::vector<double> values;
  const QStringList words =
      text(typed).split(QRegularExpression(QStringLiteral("[\\s,;\\[\\]()]+")), Qt::SkipEmptyParts);
  for (const QString& word : words) {
    bool ok = false;
    values.push_back(word.toDouble(&ok));
    if (!ok) throw Error("'" + word.toStdString() + "' is no number").tensor(input.name);
  }
  const Dims dims = make_input(input, "zeros", settings.dimensions, 0).dims();
  if (static_cast<std::int64_t>(values.size()) != element_count(dims))
    throw Error(std::to_string(values.size()) + " numbers given, " + std::to_string(element_count(dims)) +
                " wanted")
        .tensor(input.name);
  return tensor_from(input.type.element, dims, values);
}

/// The data of that name; absent if there is none.
Datum found(const NamedData& data, const std::string& name) {
  const auto entry =
      std::find_if(data.begin(), data.end(), [&](const auto& one) { return one.first == name; });
  return entry == data.end() ? Datum() : entry->second;
}

}  // namespace

std::map<std::string, InputSource> default_inputs(const Model& model, const std::string& path) {
  std::map<std::string, InputSource> sources;
  const QFileInfo file(text(path));
  const QString beside =
      file.path() + QLatin1Char('/') + file.completeBaseName() + QStringLiteral(".inputs.npz");
  for (const Value& input : unfilled_inputs(model)) {
    InputSource source;
    if (QFileInfo::exists(beside)) {
      source.kind = InputSource::Kind::File;
      source.text = beside.toStdString();
    } else if (is_integer(input.type.element)) {
      source.kind = InputSource::Kind::Constant;
      source.text = guessedInteger;
    }
    sources[input.name] = source;
  }
  return sources;
}

void take_suggestions(const SuggestedInputs& suggested, RunSettings& settings) {
  settings.dimensions.insert(suggested.dimensions.begin(), suggested.dimensions.end());
  for (const auto& [name, value] : suggested.values) {
    InputSource& source = settings.inputs[name];
    if (source.kind == InputSource::Kind::Constant && source.text == guessedInteger)
      source.text = std::to_string(value);
  }
}

ImageSettings fitted(const Value& input, ImageSettings settings) {
  if (!input.type.shape || input.type.shape->size() != 4) return settings;
  const Shape& shape = *input.type.shape;
  settings.channelsFirst = shape[3].value_or(0) != 3 && shape[3].value_or(0) != 1;
  const std::size_t row = settings.channelsFirst ? 2 : 1;
  settings.height = static_cast<int>(shape[row].value_or(settings.height));
  settings.width = static_cast<int>(shape[row + 1].value_or(settings.width));
  if (shape[settings.channelsFirst ? 1 : 3].value_or(3) == 1) settings.mean = {0.5}, settings.scale = {0.5};
  return settings;
}

void take_file(const Model& model, const QString& path, RunSettings& settings) {
  const std::vector<Value> inputs = unfilled_inputs(model);
  const auto give = [&](const Value& input) {
    InputSource& source = settings.inputs[input.name];
    source.kind = InputSource::Kind::File;
    source.text = path.toStdString();
    source.image = fitted(input, source.image);
  };
  if (isArchive(path)) {
    std::for_each(inputs.begin(), inputs.end(), give);
    return;
  }
  const std::string name = QFileInfo(path).completeBaseName().toStdString();
  auto chosen =
      std::find_if(inputs.begin(), inputs.end(), [&](const Value& input) { return input.name == name; });
  if (chosen == inputs.end())
    chosen = std::find_if(inputs.begin(), inputs.end(), [&](const Value& input) {
      return settings.inputs[input.name].kind != InputSource::Kind::File;
    });
  if (chosen == inputs.end()) chosen = inputs.begin();
  if (chosen != inputs.end()) give(*chosen);
}

bool is_image_file(const QString& path) {
  return QImageReader::supportedImageFormats().contains(QFileInfo(path).suffix().toLower().toLatin1());
}

bool is_data_file(const QString& path) {
  static const QStringList suffixes{QStringLiteral("npy"), QStringLiteral("npz"), QStringLiteral("pb"),
                                    QStringLiteral("safetensors")};
  return suffixes.contains(QFileInfo(path).suffix().toLower()) || is_image_file(path);
}

Tensor read_image(const std::string& path, const Value& input, const ImageSettings& settings) {
  QImageReader reader(text(path));
  reader.setAutoTransform(true);
  QImage image = reader.read();
  if (image.isNull()) throw Error(reader.errorString().toStdString()).file(path).tensor(input.name);
  image = image.convertToFormat(QImage::Format_RGB888)
              .scaled(settings.width, settings.height, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
  const std::size_t width = static_cast<std::size_t>(image.width()),
                    height = static_cast<std::size_t>(image.height());
  const std::size_t channels = std::min<std::size_t>(settings.mean.size(), 3);
  std::vector<double> values(width * height * channels);
  for (std::size_t y = 0; y < height; ++y) {
    const uchar* line = image.constScanLine(static_cast<int>(y));
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < channels; ++c) {
        const double pixel = channels == 1 ? qGray(line[3 * x], line[3 * x + 1], line[3 * x + 2])
                                           : line[3 * x + (settings.bgr ? 2 - c : c)];
        const std::size_t at =
            settings.channelsFirst ? (c * height + y) * width + x : (y * width + x) * channels + c;
        values[at] = (pixel / 255.0 - settings.mean[c]) / settings.scale[c];
      }
    }
  }
  const auto n = [](std::size_t size) { return static_cast<std::int64_t>(size); };
  const Dims dims = settings.channelsFirst ? Dims{1, n(channels), n(height), n(width)}
                                           : Dims{1, n(height), n(width), n(channels)};
  return tensor_from(input.type.element, dims, values);
}

Datum make_data(const Value& input, const InputSource& source, const RunSettings& settings) {
  switch (source.kind) {
    case InputSource::Kind::Random:
      return make_input(input, "random", settings.dimensions, settings.seed);
    case InputSource::Kind::Constant:
      return make_input(input, source.text, settings.dimensions, settings.seed);
    case InputSource::Kind::File:
      return readFile(source.text, input, source.image);
    case InputSource::Kind::Typed:
      return typedTensor(source.text, input, settings);
  }
  return {};
}

NamedData make_inputs(const Model& model, const RunSettings& settings) {
  NamedData inputs;
  const GraphIndex index(*model.graph);
  for (const Value& input : required_inputs(model)) {
    const auto source = settings.inputs.find(input.name);
    const bool chosen = source != settings.inputs.end();
    if (index.initializer(input.name) && !chosen) continue;
    inputs.emplace_back(input.name, make_data(input, chosen ? source->second : InputSource{}, settings));
  }
  return inputs;
}

namespace {

/// A program made ready for the inputs, and these in its order.
struct Prepared {
  std::shared_ptr<Program> program;
  std::vector<Datum> data;

  Prepared(const ModelPointer& model, const NamedData& inputs, const RunSettings& settings) {
    CompileOptions options;
    options.threads = settings.threads;
    for (const auto& [input, datum] : inputs)
      if (datum.is_tensor()) options.input_dims[input] = datum.tensor().dims();
    program = find_backend(settings.backend).compile(model, options);
    for (const Value& input : program->inputs()) data.push_back(found(inputs, input.name));
  }
};

RunResult runWithin(const ModelPointer& model, const std::string& name, const RunSettings& settings,
                    const JobControl& control) {
  RunResult result;
  result.settings = settings;
  result.inputs = make_inputs(*model, settings);
  control.check();
  const std::int64_t compileBegin = now_ns();
  const auto [program, data] = Prepared(model, result.inputs, settings);
  const std::int64_t compileNs = now_ns() - compileBegin;
  TraceRecorder recorder;
  std::vector<Datum> outputs;
  for (int repeat = -1; repeat < settings.repeats; ++repeat) {
    RunOptions options;
    options.cancel = control.token();
    options.seed = settings.seed;
    options.observer = repeat < 0 ? nullptr : &recorder;
    options.progress = [&](std::size_t done, std::size_t all) {
      const double share = all == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(all);
      control.setProgress((repeat + 1 + share) / (settings.repeats + 1));
    };
    outputs = program->run(data, options);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i)
    result.outputs.emplace_back(program->outputs()[i].name, outputs[i]);
  result.trace = recorder.finish();
  result.trace.model_name = name;
  result.trace.backend = settings.backend;
  result.trace.threads = settings.threads;
  result.trace.compile_ns = compileNs;
  // A fused step's time goes to its nodes by their arithmetic.
  std::vector<double> flops;
  for (const NodeCost& node : cost_of_run(*model, result.inputs).nodes)
    flops.push_back(node.arithmetic ? node.arithmetic->flops : 0);
  result.summary = summarize(result.trace, flops);
  return result;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

std::pair<double, double> measure_in_turns(const ModelPointer& one, const ModelPointer& other,
                                           const RunSettings& settings, const JobControl& control) {
  constexpr int turns = 9;
  const NamedData inputs = make_inputs(*one, settings);
  const Prepared programs[] = {{one, inputs, settings}, {other, inputs, settings}};
  std::vector<double> times[2];
  for (int turn = -1; turn < turns; ++turn) {  // the first one warms up
    for (const std::size_t which : {0u, 1u}) {
      RunOptions options;
      options.cancel = control.token();
      options.seed = settings.seed;
      const std::int64_t begin = now_ns();
      programs[which].program->run(programs[which].data, options);
      if (turn >= 0) times[which].push_back(static_cast<double>(now_ns() - begin) / 1e6);
    }
    control.setProgress((turn + 2.0) / (turns + 1));
  }
  return {median(times[0]), median(times[1])};
}

RunResult run_model(const ModelPointer& model, const std::string& name, const RunSettings& settings,
                    const JobControl& control) {
  const auto budget = std::make_shared<MemoryBudget>(free_memory_bytes() / 100 * settings.memoryPercent);
  const MemoryBudget::Scope limit(budget);
  try {
    return runWithin(model, name, settings, control);
  } catch (const Error& error) {
    if (error.advice().find("--memory-limit") == std::string::npos) throw;
    // Here the limit is no option of a command.
    throw Error(error.message(), error.kind())
        .file(error.file())
        .node(error.node())
        .tensor(error.tensor())
        .advice("Use smaller inputs or dimensions, or allow more under Memory");
  }
}

}  // namespace lapidary::ui
