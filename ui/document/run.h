#pragma once

#include <QString>
#include <map>
#include <string>
#include <vector>

#include "engine/io/tensor_file.h"
#include "engine/runtime/suggested_inputs.h"
#include "engine/trace/statistics.h"
#include "ui/jobs/job.h"

namespace lapidary::ui {

/// How pixels become a tensor.
struct ImageSettings {
  int width = 224, height = 224;
  bool channelsFirst = true;  ///< [N, C, H, W], else [N, H, W, C]
  bool bgr = false;
  std::vector<double> mean{0.485, 0.456, 0.406},
      scale{0.229, 0.224, 0.225};  ///< (pixel / 255 - mean) / scale
};

/// Where the data of one input comes from.
struct InputSource {
  enum class Kind { Random, Constant, File, Typed };
  Kind kind = Kind::Random;
  /// Constant: a number; File: the path (npy, npz, pb, safetensors, png, jpeg); Typed: numbers by comma or
  /// blank.
  std::string text;
  ImageSettings image;
};

struct RunSettings {
  std::string backend = "cpu";
  int threads = 0;  ///< 0: as many as the backend likes best
  int repeats = 5;
  std::uint64_t seed = 0;
  int memoryPercent = 80;  ///< most memory that a run may take, of what is free when it begins
  std::map<std::string, std::int64_t> dimensions;  ///< numbers for free dimensions; 1 for those not named
  std::map<std::string, InputSource> inputs;       ///< random for those not named
};

/// What came out of running a model.
struct RunResult {
  RunSettings settings;
  NamedData inputs, outputs;
  Trace trace;
  TraceSummary summary;
};

/// What a model is given if nobody says otherwise: NAME.inputs.npz beside it where there is one, else random
/// floats, and ones for integers, which are valid as index, mask and size alike.
std::map<std::string, InputSource> default_inputs(const Model& model, const std::string& path);
/// Puts what the graph tells in place of what default_inputs() guesses; what a person chose stays.
void take_suggestions(const SuggestedInputs& suggested, RunSettings& settings);
/// The sizes and the order that a picture for this input has, where the input's shape says them.
ImageSettings fitted(const Value& input, ImageSettings settings);
/// Makes the file the source of the input that it is named after, else of the only or first one that no file
/// fills yet; of all inputs where it holds several tensors by name.
void take_file(const Model& model, const QString& path, RunSettings& settings);
/// True for a file that holds data for inputs (npy, npz, pb, safetensors, an image) and no model.
bool is_data_file(const QString& path);
bool is_image_file(const QString& path);
/// The tensor for one input. Throws Error naming it.
Datum make_data(const Value& input, const InputSource& source, const RunSettings& settings);
/// An image as a tensor [1, C, H, W] or [1, H, W, C] of the input's element type. Throws Error.
Tensor read_image(const std::string& path, const Value& input, const ImageSettings& settings);

/// What the settings give each input; those that an initializer fills are left out unless they are chosen.
/// Throws Error naming input and tensor.
NamedData make_inputs(const Model& model, const RunSettings& settings);
/// Milliseconds of a run of each, the median of several in turns, so that what else the machine does meets
/// both. Throws Error.
std::pair<double, double> measure_in_turns(const ModelPointer& one, const ModelPointer& other,
                                           const RunSettings& settings, const JobControl& control);
/// Compiles and runs the model as the settings say, the first repeat as a warm-up that is not traced. Throws
/// Error, also where the run would take more memory than the settings allow.
RunResult run_model(const ModelPointer& model, const std::string& name, const RunSettings& settings,
                    const JobControl& control);

}  // namespace lapidary::ui
