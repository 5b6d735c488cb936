#include "engine/io/external_data.h"

#include <charconv>
#include <filesystem>
#include <optional>

#include "engine/model/error.h"

namespace lapidary {
namespace {

constexpr const char* export_again = "Export or download the model and its weights again";

std::optional<std::uint64_t> number_of(const Metadata& entries, const std::string& key) {
  const std::string* text = find_entry(entries, key);
  if (!text || text->empty()) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size())
    throw Error("its external data has the " + key + " '" + *text + "', which is not a number")
        .advice(export_again);
  return number;
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

const std::string* find_entry(const Metadata& entries, const std::string& key) {
  for (const auto& [name, value] : entries)
    if (name == key) return &value;
  return nullptr;
}

ExternalData::ExternalData(std::string folder, bool follow_links)
    : folder_(std::move(folder)), follow_links_(follow_links) {}

void ExternalData::check_place(const std::string& location, const std::string& path) {
  std::error_code error;
  const auto folder = std::filesystem::canonical(folder_, error);
  const auto target = std::filesystem::canonical(path, error);
  if (error)
    throw Error("its external data is missing: there is no file '" + location + "' in " + folder_)
        .advice("Put the file beside the model; it is part of it");
  const auto [rest, at] = std::mismatch(folder.begin(), folder.end(), target.begin(), target.end());
  if (rest != folder.end() && !follow_links_) {
    const bool cache = target.string().find("/blobs/") != std::string::npos;
    throw Error("its external data '" + location + "' is a link that leads out of the model's folder" +
                (cache ? ", into the blobs folder of a Hugging Face cache" : " to " + target.string()))
        .advice("Allow it with --follow-links if you trust the model's source");
  }
  if (std::filesystem::hard_link_count(target, error) > 1 && !error)
    warnings_.push_back("External data '" + location + "' is a file with more than one hard link");
}

const FileBytes& ExternalData::open(const std::string& location) {
  const auto found = files_.find(location);
  if (found != files_.end()) return found->second;
  const std::filesystem::path relative(location);
  if (location.find('\0') != std::string::npos)
    throw Error("its external data has a location that is no file name").advice(export_again);
  if (relative.is_absolute())
    throw Error("its external data has the absolute path '" + location + "'")
        .advice("Only files in the model's folder are opened");
  for (const auto& part : relative)
    if (part == "..")
      throw Error("its external data '" + location + "' is outside the model's folder")
          .advice("Only files in the model's folder are opened");

  const std::string path = (std::filesystem::path(folder_) / relative).string();
  check_place(location, path);
  if (!std::filesystem::is_regular_file(path))
    throw Error("its external data '" + location + "' is not a regular file")
        .advice("Put the file beside the model; it is part of it");
  return files_.emplace(location, map_file(path)).first->second;
}

FileBytes ExternalData::find(const Metadata& entries) {
  const std::string* location = find_entry(entries, "location");
  if (!location || location->empty()) throw Error("its external data has no location").advice(export_again);
  const std::uint64_t offset = number_of(entries, "offset").value_or(0);
  const auto length = number_of(entries, "length");
  const FileBytes& file = open(*location);
  const std::uint64_t size = file.bytes.size();
  if (offset > size)
    throw Error("its external data begins at byte " + std::to_string(offset) + " of '" + *location +
                "', which has only " + std::to_string(size) + " bytes")
        .advice(export_again);
  if (length && *length > size - offset)
    throw Error("its external data needs bytes " + std::to_string(offset) + " to " +
                std::to_string(offset + *length) + " of '" + *location + "', which has only " +
                std::to_string(size) + " bytes: it is cut, or belongs to another model")
        .advice(export_again);
  return {file.bytes.subspan(offset, length.value_or(size - offset)), file.owner};
}

}  // namespace lapidary
