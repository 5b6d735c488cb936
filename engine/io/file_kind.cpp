#include "engine/io/file_kind.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "engine/io/fields.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

struct ForeignKind {
  std::size_t offset;
  std::string_view magic;
  std::string_view name;
  std::string_view advice;
};

using namespace std::string_view_literals;

constexpr std::string_view convert_advice = "Export or convert it to ONNX first";
constexpr std::string_view download_advice = "Download the model itself";
constexpr std::string_view other_file_advice = "Choose the file of the model; its name mostly ends in .onnx";
constexpr std::string_view picture_advice =
    "Open the model, and give it the picture as an input in the studio's run panel";
constexpr auto foreign_kinds = std::to_array<ForeignKind>({
    {4, "ORTM"sv, "a model in ONNX Runtime's own format (.ort)",
     "The .onnx file that it was made from is needed"},
    {4, "TFL3"sv, "a TensorFlow Lite model", convert_advice},
    {0, "GGUF"sv, "a GGUF model", convert_advice},
    {0, "\x89HDF\r\n"sv, "an HDF5 file, as Keras writes them", convert_advice},
    {0, "\x93NUMPY"sv, "a numpy array (.npy)", "Give it as an input of a model"},
    {0, "\xff\xd8\xff"sv, "a JPEG picture", picture_advice},
    {0, "\x89PNG\r\n"sv, "a PNG picture", picture_advice},
    {0, "GIF8"sv, "a GIF picture", other_file_advice},
    {0, "%PDF"sv, "a PDF document", other_file_advice},
    {0,
     "\x7f"
     "ELF"sv,
     "a program", other_file_advice},
    {0, "version https://git-lfs"sv, "a Git LFS pointer, not the model", "Run git lfs pull"},
    {0, "<!DOCTYPE"sv, "a web page", download_advice},
    {0, "<!doctype"sv, "a web page", download_advice},
    {0, "<html"sv, "a web page", download_advice},
    {0, "<?xml"sv, "an XML file", convert_advice},
    {0,
     "\xfd"
     "7zXZ"sv,
     "an xz archive", "Unpack it first; gzip and zip are read as they are"},
    {0, "BZh"sv, "a bzip2 archive", "Unpack it first; gzip and zip are read as they are"},
    {0, "\x28\xb5\x2f\xfd"sv, "a zstd archive", "Unpack it first; gzip and zip are read as they are"},
    {0, "\x80\x02"sv, "a Python pickle, as older PyTorch writes them",
     "Export the model to ONNX; pickles are never loaded"},
});

constexpr std::size_t looked_at = 4096;

bool is_text(std::string_view content) {
  content = content.substr(0, looked_at);
  return std::none_of(content.begin(), content.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return (code < 0x20 && c != '\n' && c != '\r' && c != '\t') || code == 0x7f;
  });
}

std::string_view after_spaces_and_comments(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin);
    if (text[0] != '#') return text;
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end);
  }
}

/// Both text forms begin with a word; protobuf's goes on with ':' or '{'.
bool looks_like_text_proto(std::string_view text) {
  const std::size_t end =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  if (end == 0 || end == std::string_view::npos) return false;
  const std::size_t next = text.find_first_not_of(" \t\r\n", end);
  return next != std::string_view::npos && (text[next] == ':' || text[next] == '{');
}

}  // namespace

FileKind kind_of(std::string_view content) {
  if (content.empty()) throw Error("the file is empty").advice("Download or export the model again");
  if (content.starts_with("\x1f\x8b")) return FileKind::Gzip;
  if (content.starts_with("PK\x03\x04") || content.starts_with("PK\x05\x06")) return FileKind::Zip;
  for (const auto& [offset, magic, name, advice] : foreign_kinds)
    if (content.size() >= offset && content.substr(offset).starts_with(magic))
      throw Error("this is " + std::string(name) + ", not an ONNX model").advice(std::string(advice));
  if (!is_text(content)) return FileKind::Binary;
  const std::string_view text = after_spaces_and_comments(content);
  if (text.starts_with('{')) return FileKind::Json;
  if (looks_like_text_proto(text)) return FileKind::TextProto;
  if (text.find("=>") != std::string_view::npos) return FileKind::OnnxText;
  throw Error("this is a text, and no ONNX model in a text form").advice(std::string(other_file_advice));
}

namespace {

/// The fields by which a message is told: every field must be one of `allowed`, and each of `needed` must be
/// there.
struct MessageShape {
  std::string_view name;
  std::initializer_list<std::uint64_t> allowed, needed;
};

bool fits(std::span<const std::byte> message, const MessageShape& shape) {
  std::uint64_t found = 0;
  WireReader reader(message);
  for (WireField f; reader.next(f);) {
    if (std::find(shape.allowed.begin(), shape.allowed.end(), key_of(f)) == shape.allowed.end()) return false;
    if (f.number < 64) found |= std::uint64_t{1} << f.number;
  }
  return std::all_of(shape.needed.begin(), shape.needed.end(),
                     [&](std::uint64_t number) { return (found >> number & 1) != 0; });
}

}  // namespace

std::string other_message_name(std::span<const std::byte> message) {
  constexpr auto b = bytes_key;
  constexpr auto v = varint_key;
  const MessageShape shapes[] = {
      {"a TensorProto",
       {v(1), b(1), v(2), b(4), b(5), b(6), b(7), b(8), b(9), b(10), b(11), b(12), b(13), v(14), b(16)},
       {2}},
      {"a GraphProto", {b(1), b(2), b(5), b(10), b(11), b(12), b(13), b(14), b(15), b(16)}, {1, 12}},
      {"a FunctionProto",
       {b(1), b(4), b(5), b(6), b(7), b(8), b(9), b(10), b(11), b(12), b(13), b(14)},
       {1, 7}},
      {"a NodeProto", {b(1), b(2), b(3), b(4), b(5), b(6), b(7), b(8), b(9), b(10)}, {4}},
  };
  for (const MessageShape& shape : shapes) {
    try {
      if (fits(message, shape)) return std::string(shape.name);
    } catch (const Error&) {
      return {};
    }
  }
  return {};
}

}  // namespace lapidary
