#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>

#include "engine/io/atomic_file.h"
#include "engine/io/compression.h"
#include "engine/io/external_layout.h"
#include "engine/io/file_names.h"
#include "engine/io/model_file.h"
#include "engine/io/model_writer.h"
#include "engine/io/original_file.h"
#include "engine/io/text_formats.h"
#include "engine/io/zip_archive.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

namespace filesystem = std::filesystem;

std::string gigabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / static_cast<double>(1 << 30));
  return text;
}

/// "model.onnx" for "folder/model.onnx.gz".
std::string name_inside(const std::string& path, Compression compression) {
  const std::string name = filesystem::path(path).filename().string();
  return compression == Compression::None ? name : filesystem::path(name).stem().string();
}

Pieces pieces_of(const WireWriter& message) {
  Pieces pieces;
  message.for_each_piece([&](std::span<const std::byte> piece) { pieces.push_back(piece); });
  return pieces;
}

std::int64_t write_packed(const std::string& path, const Pieces& pieces, Compression compression) {
  if (compression == Compression::Zip) {
    TemporaryName file(path);
    write_zip(file.name(), {{name_inside(path, compression), pieces}}, ZipMethod::Deflate);
    file.commit();
    return static_cast<std::int64_t>(filesystem::file_size(path));
  }
  AtomicFile file(path);
  if (compression == Compression::Gzip) {
    GzipWriter packer(file);
    for (const auto& piece : pieces) packer.write(piece);
    packer.finish();
  } else {
    for (const auto& piece : pieces) file.write(piece);
  }
  file.commit();
  return file.size();
}

/// Files that a model to be saved needs beside it. They go first, under names that nothing has, and vanish
/// again unless the model takes its place: until then no model refers to them.
class NewFiles {
 public:
  NewFiles() = default;
  ~NewFiles() {
    std::error_code error;
    for (const auto& path : paths_) filesystem::remove(path, error);
  }
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;

  void write(const std::string& path, const std::function<void(AtomicFile&)>& fill) {
    AtomicFile file(path);
    fill(file);
    file.commit();
    paths_.push_back(path);
  }
  void keep() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
};

bool is_taken(const filesystem::path& path) {
  return filesystem::symlink_status(path).type() != filesystem::file_type::not_found;
}

bool holds(const std::string& path, const FileBytes& content) {
  try {
    const FileBytes found = map_file(path);
    return std::ranges::equal(found.bytes, content.bytes);
  } catch (const Error&) {
    return false;
  }
}

/// Copies the files beside the original, so that an unchanged copy finds its weights. False where another
/// file has the name of one: it stays as it is, and nothing is copied.
bool copy_external_files(const OriginalFile& original, const std::string& folder, NewFiles& files) {
  std::vector<std::pair<filesystem::path, FileBytes>> missing;
  for (const auto& [location, content] : original.external_files) {
    const filesystem::path target = filesystem::path(folder) / location;
    if (!is_taken(target))
      missing.emplace_back(target, content);
    else if (!holds(target.string(), content))
      return false;
  }
  for (const auto& [target, content] : missing) {
    filesystem::create_directories(target.parent_path());
    files.write(target.string(), [&content = content](AtomicFile& file) { file.write(content.bytes); });
  }
  return true;
}

/// The locations of the external data that a model file refers to; nothing where it cannot be opened.
std::optional<std::vector<std::string>> locations_of(const std::string& path) {
  try {
    LoadOptions options;
    options.follow_links = true;
    const LoadedModel loaded = load_model(path, options);
    std::vector<std::string> locations;
    for (const auto& [location, content] :
         static_cast<const OriginalFile*>(loaded.original.get())->external_files)
      locations.push_back(location);
    return locations;
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool is_named_like_a_model(const filesystem::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".onnx" || ((ending == ".gz" || ending == ".zip") && path.stem().extension() == ".onnx");
}

/// Weights that this program wrote for the model at `path`, and that no other model in the folder reads:
/// they can go once another model has its place.
std::vector<std::string> data_of_its_own(const std::string& path) {
  std::vector<std::string> own;
  const std::string name = filesystem::path(path).filename().string();
  if (!filesystem::is_regular_file(path)) return own;
  for (const auto& location : locations_of(path).value_or(std::vector<std::string>()))
    if (is_data_name(location, name)) own.push_back(location);
  if (own.empty()) return own;
  for (const auto& entry : filesystem::directory_iterator(folder_of(path))) {
    if (!is_named_like_a_model(entry.path()) || entry.path().filename() == name) continue;
    const auto others = locations_of(entry.path().string());
    if (!others) return {};
    std::erase_if(own, [&](const std::string& location) {
      return std::find(others->begin(), others->end(), location) != others->end();
    });
  }
  return own;
}

/// True if the bytes on disk are what saving is to give.
bool is_unchanged(const Model& model, const SaveOptions& options, const LoadedModel* loaded) {
  return loaded && loaded->original && loaded->model.get() == &model && loaded->format == options.format &&
         loaded->compression == options.compression && options.weights == WeightPlacement::AsBefore;
}

/// False for pipes and devices, which have no folder of their own.
bool has_a_place(const std::string& path) { return !is_taken(path) || filesystem::is_regular_file(path); }

/// Weights go first, into files of new names, and the model takes its place last: whatever fails before, the
/// model that was there still has its own weights. Those are removed when nobody reads them any more.
std::int64_t write_with_data(const std::string& path, const ExternalLayout& layout,
                             const std::function<std::int64_t()>& write_model_file) {
  if (!has_a_place(path))
    throw Error("its weights go into a file beside it, and this is no place for one", Error::Kind::Usage)
        .advice("Name a file to save to");
  const filesystem::path folder = folder_of(path);
  auto outdated = data_of_its_own(path);
  std::erase_if(outdated, [&](const std::string& location) { return layout.locations().contains(location); });
  NewFiles files;
  for (const auto& [location, file] : layout.files()) {
    filesystem::create_directories((folder / location).parent_path());
    files.write((folder / location).string(),
                [&content = file](AtomicFile& target) { content.write(target); });
  }
  const std::int64_t file_bytes = write_model_file();
  files.keep();
  std::error_code error;  // what cannot be removed does no harm
  for (const auto& old : outdated) filesystem::remove(folder / old, error);
  return file_bytes;
}

/// The model's message, with the weights that it cannot hold beside it.
WireWriter message_of(const Model& model, const SaveOptions& options, ExternalLayout& layout,
                      const std::function<ExternalLayout()>& again, SaveResult& result) {
  const auto write = [&] {
    return write_model(model, [&](const NamedTensor& tensor) { return layout.place(tensor); });
  };
  WireWriter message = write();
  const bool may_go_outside =
      options.weights == WeightPlacement::AsBefore || options.weights == WeightPlacement::Inside;
  if (message.size() > options.largest_message_bytes && may_go_outside) {
    const std::string size = gigabytes(message.size());
    layout = again();
    layout.place_all_outside();
    message = write();
    result.messages.push_back("The model has " + size +
                              ", more than the 2 GiB that one ONNX file can hold: its weights are in '" +
                              *layout.locations().begin() + "' beside it");
  }
  if (message.size() > options.largest_message_bytes)
    throw Error("the graph without its weights is larger than 2 GiB")
        .advice("No ONNX file can hold it: cut it into several models");
  return message;
}

SaveResult save_changed(const Model& model, const std::string& path, SaveOptions options,
                        const OriginalFile* original) {
  if (options.format == ModelFormat::OnnxText)
    options.weights = WeightPlacement::Inside;  // it has no words for more
  SaveResult result;
  const auto make_layout = [&] { return ExternalLayout(model, path, options, original); };
  ExternalLayout layout = make_layout();
  const WireWriter message = message_of(model, options, layout, make_layout, result);
  const auto write = [&] {
    if (options.format == ModelFormat::Binary)
      return write_packed(path, pieces_of(message), options.compression);
    const std::string text = text_from_wire(message.to_string(), options.format, result.messages);
    return write_packed(path, {std::as_bytes(std::span(text))}, options.compression);
  };
  result.file_bytes = layout.locations().empty() ? write() : write_with_data(path, layout, write);
  return result;
}

SaveResult save_original(const Model& model, const OriginalFile& original, const std::string& path,
                         SaveOptions options) {
  std::error_code error;
  const bool stays = filesystem::equivalent(original.folder, folder_of(path), error) || !has_a_place(path);
  NewFiles files;
  if (stays || copy_external_files(original, folder_of(path), files)) {
    SaveResult result{write_packed(path, {original.file.bytes}, Compression::None), {}};
    files.keep();
    return result;
  }
  SaveResult result = save_changed(model, path, options, &original);
  result.messages.push_back("Other files in " + folder_of(path) +
                            " have the names of the model's external data. They are left as they are, and "
                            "the weights are elsewhere");
  return result;
}

}  // namespace

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

SaveResult save_model(const Model& model, const std::string& path, const SaveOptions& options,
                      const LoadedModel* loaded) {
  const std::string target = path == "-" ? "/dev/stdout" : path;
  try {
    if (is_unchanged(model, options, loaded))
      return save_original(model, *static_cast<const OriginalFile*>(loaded->original.get()), target, options);
    return save_changed(model, target, options,
                        loaded ? static_cast<const OriginalFile*>(loaded->original.get()) : nullptr);
  } catch (Error& error) {
    throw error.file(path);
  } catch (const filesystem::filesystem_error& error) {
    throw Error("cannot be written: " + error.code().message(), Error::Kind::Machine)
        .file(path)
        .advice("Choose another place; what was there before is unchanged");
  }
}

SaveOptions save_options_for(const std::string& path) {
  SaveOptions options;
  std::string name = path;
  const std::string packed = ending_of(path);
  if (packed == ".gz") options.compression = Compression::Gzip;
  if (packed == ".zip") options.compression = Compression::Zip;
  if (options.compression != Compression::None) name = filesystem::path(path).stem().string();
  const std::string ending = ending_of(name);
  if (ending == ".onnxtxt" || ending == ".onnxtext") options.format = ModelFormat::OnnxText;
  if (ending == ".textproto" || ending == ".prototxt" || ending == ".pbtxt")
    options.format = ModelFormat::TextProto;
  if (ending == ".json" || ending == ".onnxjson") options.format = ModelFormat::Json;
  return options;
}

}  // namespace lapidary
