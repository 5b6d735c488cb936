#include <algorithm>

#include "engine/io/compression.h"
#include "engine/io/file_kind.h"
#include "engine/io/model_file.h"
#include "engine/io/model_reader.h"
#include "engine/io/original_file.h"
#include "engine/io/text_formats.h"
#include "engine/io/zip_archive.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

ModelFormat format_of(FileKind kind) {
  switch (kind) {
    case FileKind::TextProto:
      return ModelFormat::TextProto;
    case FileKind::OnnxText:
      return ModelFormat::OnnxText;
    case FileKind::Json:
      return ModelFormat::Json;
    default:
      return ModelFormat::Binary;
  }
}

/// The one model in a zip archive: its only entry, or the only one that is named like a model.
FileBytes model_in_zip(const FileBytes& file) {
  const auto names = names_in_zip(file);
  const auto holds = [&](std::string_view ending) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return name.ends_with(ending); });
  };
  if (holds("/data.pkl") || holds("data.pkl"))
    throw Error("this is a PyTorch file, not an ONNX model")
        .advice("Export the model to ONNX with torch.onnx.export");
  if (holds(".npy"))
    throw Error("this is a numpy archive (.npz), not an ONNX model").advice("Give it as inputs of a model");
  const auto is_model = [&](const std::string& name) { return names.size() == 1 || name.ends_with(".onnx"); };
  if (std::count_if(names.begin(), names.end(), is_model) != 1)
    throw Error("the zip archive holds " + std::to_string(names.size()) + " files, and not just one model")
        .advice("Unpack it and open the model");
  return read_zip_entry(file, *std::find_if(names.begin(), names.end(), is_model));
}

/// Unpacks what is packed. Throws Error where the content is no model by its first bytes.
FileBytes unpacked_file(const FileBytes& file, LoadedModel& loaded, FileKind& kind) {
  kind = kind_of(file.text());
  FileBytes content = file;
  if (kind == FileKind::Gzip) {
    loaded.compression = Compression::Gzip;
    content = gunzip(file, [](std::string_view first) { kind_of(first); });
  } else if (kind == FileKind::Zip) {
    loaded.compression = Compression::Zip;
    content = model_in_zip(file);
  } else {
    return file;
  }
  kind = kind_of(content.text());
  if (kind == FileKind::Gzip || kind == FileKind::Zip)
    throw Error("the file is packed more than once").advice("Unpack it first");
  return content;
}

Model read_binary(const FileBytes& content, ExternalData& external) {
  try {
    advise(content, AccessPattern::Sparse);
    Model model = read_model(content.bytes, {content.owner, &external});
    advise(content, AccessPattern::Normal);
    return model;
  } catch (Error& error) {
    const std::string other = other_message_name(content.bytes);
    if (other.empty()) throw;
    throw Error("this is " + other + " of ONNX, not a whole model")
        .advice("The file of the model that it belongs to is needed");
  }
}

LoadedModel load_bytes(const FileBytes& file, const std::string& path, const LoadOptions& options) {
  LoadedModel loaded;
  loaded.path = path;
  loaded.file_bytes = static_cast<std::int64_t>(file.bytes.size());
  FileKind kind = FileKind::Binary;
  FileBytes content = unpacked_file(file, loaded, kind);
  loaded.format = format_of(kind);
  if (loaded.format != ModelFormat::Binary)
    content = own_bytes(wire_from_text(content.text(), loaded.format));

  ExternalData external(folder_of(path), options.follow_links);
  loaded.model = std::make_shared<const Model>(read_binary(content, external));
  loaded.warnings = external.warnings();
  loaded.original =
      std::make_shared<const OriginalFile>(OriginalFile{file, folder_of(path), external.files()});
  return loaded;
}

/// Most damage has one remedy.
Error& advised(Error& error) {
  return error.kind() == Error::Kind::Model ? error.advice("Download or export the model again") : error;
}

}  // namespace

LoadedModel load_model(const std::string& path, const LoadOptions& options) {
  try {
    return load_bytes(path == "-" ? read_standard_input() : map_file(path), path, options);
  } catch (Error& error) {
    throw advised(error).file(path == "-" ? "standard input" : path);
  }
}

LoadedModel load_model_from_memory(std::string bytes, const std::string& name, const LoadOptions& options) {
  try {
    return load_bytes(own_bytes(std::move(bytes)), name, options);
  } catch (Error& error) {
    throw advised(error).file(name);
  }
}

}  // namespace lapidary
