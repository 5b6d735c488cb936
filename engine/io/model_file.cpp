#include "engine/io/model_file.h"

#include "engine/io/mapped_file.h"
#include "engine/io/model_reader.h"
#include "engine/model/error.h"

namespace lapidary {

std::string name_of(ModelFormat format) {
  switch (format) {
    case ModelFormat::Binary:
      return "ONNX";
    case ModelFormat::TextProto:
      return "protobuf text";
    case ModelFormat::OnnxText:
      return "ONNX text";
    case ModelFormat::Json:
      return "protobuf JSON";
  }
  return {};
}

namespace {

LoadedModel load_bytes(const FileBytes& file, const std::string& path, const LoadOptions& options) {
  LoadedModel loaded;
  loaded.path = path;
  loaded.file_bytes = static_cast<std::int64_t>(file.bytes.size());
  ExternalData external(folder_of(path), options.follow_links);
  advise(file, AccessPattern::Sparse);
  loaded.model = std::make_shared<const Model>(read_model(file.bytes, {file.owner, &external}));
  advise(file, AccessPattern::Normal);
  loaded.warnings = external.warnings();
  return loaded;
}

}  // namespace

LoadedModel load_model(const std::string& path, const LoadOptions& options) {
  try {
    return load_bytes(path == "-" ? read_standard_input() : map_file(path), path, options);
  } catch (Error& error) {
    throw error.file(path == "-" ? "standard input" : path);
  }
}

LoadedModel load_model_from_memory(std::string bytes, const std::string& name, const LoadOptions& options) {
  try {
    return load_bytes(own_bytes(std::move(bytes)), name, options);
  } catch (Error& error) {
    throw error.file(name);
  }
}

}  // namespace lapidary
