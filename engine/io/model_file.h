#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

enum class ModelFormat { Binary, TextProto, OnnxText, Json };
enum class Compression { None, Gzip, Zip };

/// "ONNX", "ONNX text", …: for people.
std::string name_of(ModelFormat format);

struct LoadOptions {
  /// Allow external data and models that are symbolic links, and what they point to outside the folder.
  bool follow_links = false;
};

/// A model and where it came from.
struct LoadedModel {
  ModelPointer model;
  std::string path;  ///< "-" for standard input
  ModelFormat format = ModelFormat::Binary;
  Compression compression = Compression::None;
  std::int64_t file_bytes = 0;           ///< of the file itself, external data not counted
  std::vector<std::string> warnings;     ///< for people, each a sentence
  std::shared_ptr<const void> original;  ///< what save_model needs to write an unchanged model byte for byte
};

/// Opens a model in any format that the program reads; the format is told by content, then by name. Weights
/// stay in the mapped file. "-" reads standard input. Throws Error (file, node, tensor and advice named) on
/// what cannot be read.
LoadedModel load_model(const std::string& path, const LoadOptions& options = {});
/// The same from memory; `name` stands in messages, and relative external data is looked for beside it.
LoadedModel load_model_from_memory(std::string bytes, const std::string& name,
                                   const LoadOptions& options = {});

/// Where weights go: where they were (those of external data into files of the same names and layout), all
/// into the model, or into one file, or one file a tensor, beside the model.
enum class WeightPlacement { AsBefore, Inside, OneFile, FilePerTensor };

struct SaveOptions {
  ModelFormat format = ModelFormat::Binary;
  Compression compression = Compression::None;
  WeightPlacement weights = WeightPlacement::AsBefore;
  std::int64_t external_threshold_bytes =
      1024;  ///< with OneFile and FilePerTensor: smaller tensors stay inside
  /// What one file may hold: no protobuf reader takes more than the default. Weights beyond it go outside.
  std::uint64_t largest_message_bytes = std::numeric_limits<std::int32_t>::max();
};

struct SaveResult {
  std::int64_t file_bytes = 0;
  std::vector<std::string> messages;  ///< e.g. that the weights went out as external data, and why
};

/// Writes to a temporary file beside `path` and renames it, so that a failure leaves what was there before.
/// Weights over 2 GiB go out as external data: into a file of a name that was free, which stands before the
/// model refers to it; no file of another model is touched. A model that is `loaded.model` itself, saved in
/// its own format, is written byte for byte as it was read. Throws Error (Kind::Machine on I/O).
SaveResult save_model(const Model& model, const std::string& path, const SaveOptions& options = {},
                      const LoadedModel* loaded = nullptr);

/// Options by the file name's ending (.onnx, .onnxtxt, .textproto, .json, with .gz or .zip behind).
SaveOptions save_options_for(const std::string& path);

}  // namespace lapidary
