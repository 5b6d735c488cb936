#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>

#include "engine/io/atomic_file.h"
#include "engine/io/compression.h"
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

/// No protobuf reader takes more.
constexpr std::uint64_t largest_message = std::numeric_limits<std::int32_t>::max();

std::string gigabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / static_cast<double>(1 << 30));
  return text;
}

/// Gives weights their places in a file beside the model, each where it can be mapped.
class ExternalLayout {
 public:
  ExternalLayout(std::string location, std::int64_t threshold_bytes)
      : location_(std::move(location)), threshold_bytes_(threshold_bytes) {}

  Placement place(const NamedTensor& named) {
    const Tensor& tensor = named.tensor;
    if (tensor.is_string() ||
        static_cast<std::int64_t>(tensor.size_bytes()) < std::max<std::int64_t>(threshold_bytes_, 1))
      return {};
    constexpr std::uint64_t page = 4096, cache_line = 64, large = 1 << 20;
    const std::uint64_t alignment = tensor.size_bytes() >= large ? page : cache_line;
    const std::uint64_t offset = (size_ + alignment - 1) / alignment * alignment;
    pieces_.push_back({offset, tensor.bytes()});
    size_ = offset + tensor.size_bytes();
    Placement placement;
    placement.external = {{"location", location_},
                          {"offset", std::to_string(offset)},
                          {"length", std::to_string(tensor.size_bytes())}};
    return placement;
  }

  bool empty() const { return pieces_.empty(); }
  void write(AtomicFile& file) const {
    static constexpr std::array<std::byte, 4096> zeros{};
    for (const auto& [offset, bytes] : pieces_) {
      file.write(
          std::span(zeros).first(static_cast<std::size_t>(offset) - static_cast<std::size_t>(file.size())));
      file.write(bytes);
    }
  }

 private:
  struct Piece {
    std::uint64_t offset;
    std::span<const std::byte> bytes;
  };
  std::string location_;
  std::int64_t threshold_bytes_;
  std::uint64_t size_ = 0;
  std::vector<Piece> pieces_;
};

/// "model.onnx" for "folder/model.onnx.gz".
std::string name_inside(const std::string& path, Compression compression) {
  const std::string name = filesystem::path(path).filename().string();
  return compression == Compression::None ? name : filesystem::path(name).stem().string();
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

/// Copies the files beside the original, so that an unchanged copy finds its weights.
void copy_external_files(const OriginalFile& original, const std::string& folder) {
  for (const auto& [location, content] : original.external_files) {
    const filesystem::path target = filesystem::path(folder) / location;
    filesystem::create_directories(target.parent_path());
    write_packed(target.string(), {content.bytes}, Compression::None);
  }
}

/// True if the bytes on disk are what saving is to give.
bool is_unchanged(const Model& model, const SaveOptions& options, const LoadedModel* loaded) {
  return loaded && loaded->original && loaded->model.get() == &model && loaded->format == options.format &&
         loaded->compression == options.compression && !options.external_data;
}

SaveResult save_original(const OriginalFile& original, const std::string& path) {
  std::error_code error;
  if (!filesystem::equivalent(original.folder, folder_of(path), error))
    copy_external_files(original, folder_of(path));
  return {write_packed(path, {original.file.bytes}, Compression::None), {}};
}

SaveResult save_text(const Model& model, const std::string& path, const SaveOptions& options) {
  const WireWriter message = write_model(model);
  if (message.size() > largest_message)
    throw Error("the model has " + gigabytes(message.size()) + ", more than a text form can hold")
        .advice("Save it as .onnx");
  SaveResult result;
  const std::string text = text_from_wire(message.to_string(), options.format, result.messages);
  result.file_bytes = write_packed(path, {std::as_bytes(std::span(text))}, options.compression);
  return result;
}

SaveResult save_binary(const Model& model, const std::string& path, const SaveOptions& options) {
  SaveResult result;
  const std::string location = name_inside(path, options.compression) + ".data";
  ExternalLayout layout(location, options.external_threshold_bytes);
  const auto place = [&](const NamedTensor& tensor) { return layout.place(tensor); };
  WireWriter message = options.external_data ? write_model(model, place) : write_model(model);
  if (message.size() > largest_message && !options.external_data) {
    result.messages.push_back("The model has " + gigabytes(message.size()) +
                              ", more than the 2 GiB that one ONNX file can hold: its weights are in '" +
                              location + "' beside it");
    message = write_model(model, place);
  }
  if (message.size() > largest_message) throw Error("the graph without its weights is larger than 2 GiB");
  if (!layout.empty()) {
    AtomicFile data((filesystem::path(folder_of(path)) / location).string());
    layout.write(data);
    data.commit();
  }
  Pieces pieces;
  message.for_each_piece([&](std::span<const std::byte> piece) { pieces.push_back(piece); });
  result.file_bytes = write_packed(path, pieces, options.compression);
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
      return save_original(*static_cast<const OriginalFile*>(loaded->original.get()), target);
    return options.format == ModelFormat::Binary ? save_binary(model, target, options)
                                                 : save_text(model, target, options);
  } catch (Error& error) {
    throw error.file(path);
  } catch (const filesystem::filesystem_error& error) {
    throw Error("cannot be written: " + error.code().message(), Error::Kind::Machine).file(path);
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
