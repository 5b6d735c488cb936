#include "engine/io/external_layout.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "engine/io/external_data.h"
#include "engine/io/model_writer.h"

namespace lapidary {
namespace {

namespace filesystem = std::filesystem;

std::string location_of(const NamedTensor& tensor) {
  const std::string* location = find_entry(tensor.external_data, "location");
  return location ? *location : std::string();
}

std::uint64_t offset_of(const NamedTensor& tensor) {
  const std::string* text = find_entry(tensor.external_data, "offset");
  std::uint64_t offset = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), offset);
  return offset;
}

/// A tensor's name with what file systems may not take left out.
std::string file_name(const std::string& name) {
  constexpr std::size_t longest = 120;
  std::string result = name.substr(0, longest);
  for (char& c : result)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') c = '_';
  return result;
}

/// "weights.2.bin" for "weights.bin" and 2.
std::string numbered(const std::string& location, int number) {
  const filesystem::path path(location);
  const std::string name = path.stem().string() + "." + std::to_string(number) + path.extension().string();
  return (path.parent_path() / name).string();
}

}  // namespace

std::string data_name(const std::string& model_name) { return model_name + ".data"; }

bool is_data_name(std::string_view location, std::string_view model_name) {
  return location.starts_with(std::string(model_name) + ".") && location.ends_with(".data") &&
         location.find('/') == std::string_view::npos;
}

ExternalLayout::ExternalLayout(const Model& model, const std::string& path, const SaveOptions& options,
                               const OriginalFile* original)
    : folder_(folder_of(path)),
      model_name_(filesystem::path(path).filename().string()),
      options_(options),
      original_(original) {
  std::error_code error;
  stays_ = original && filesystem::equivalent(original->folder, folder_, error);
  if (options.weights == WeightPlacement::AsBefore && original && !original->external_files.empty() &&
      !stays_)
    find_changed_files(model);
}

void ExternalLayout::find_changed_files(const Model& model) {
  write_model(model, [&](const NamedTensor& tensor) {
    if (!tensor.external_data.empty() && !is_unchanged(tensor)) changed_.insert(location_of(tensor));
    return Placement{{}, true};
  });
}

bool ExternalLayout::is_unchanged(const NamedTensor& tensor) const {
  if (!original_) return false;
  const auto file = original_->external_files.find(location_of(tensor));
  if (file == original_->external_files.end()) return false;
  const auto whole = file->second.bytes, bytes = tensor.tensor.bytes();
  const std::uint64_t offset = offset_of(tensor);
  if (offset > whole.size() || bytes.size() > whole.size() - offset) return false;
  const auto there = whole.subspan(offset, bytes.size());
  return there.data() == bytes.data() || std::ranges::equal(there, bytes);
}

bool ExternalLayout::is_taken(const std::string& location) const {
  const auto status = filesystem::symlink_status(filesystem::path(folder_) / location);
  return status.type() != filesystem::file_type::not_found || files_.contains(location);
}

const std::string& ExternalLayout::new_location(const std::string& wanted) {
  const auto [place, fresh] = new_locations_.try_emplace(wanted, wanted);
  for (int number = 1; fresh && is_taken(place->second); ++number) place->second = numbered(wanted, number);
  return place->second;
}

Placement ExternalLayout::refer(const NamedTensor& tensor, const std::string& location) {
  Placement placement{tensor.external_data, false};
  for (auto& entry : placement.external)
    if (entry.first == "location") entry.second = location;
  locations_.insert(location);
  return placement;
}

Placement ExternalLayout::append(const NamedTensor& tensor, const std::string& location) {
  File& file = files_[location];
  const auto bytes = tensor.tensor.bytes();
  constexpr std::uint64_t page = 4096, cache_line = 64, large = 1 << 20;
  const std::uint64_t alignment = bytes.size() >= large ? page : cache_line;
  const std::uint64_t offset = (file.size + alignment - 1) / alignment * alignment;
  file.pieces.push_back({offset, bytes});
  file.size = offset + bytes.size();
  locations_.insert(location);
  return {
      {{"location", location}, {"offset", std::to_string(offset)}, {"length", std::to_string(bytes.size())}},
      false};
}

/// What was outside stays so, in a file of the same name where that is free.
Placement ExternalLayout::keep(const NamedTensor& tensor) {
  const std::string former = location_of(tensor);
  if (stays_) return is_unchanged(tensor) ? refer(tensor, former) : append(tensor, new_location(former));
  if (!original_ || !original_->external_files.contains(former) || changed_.contains(former))
    return append(tensor, new_location(former));
  const std::string& location = new_location(former);
  File& file = files_[location];
  if (file.pieces.empty()) {
    const auto bytes = original_->external_files.at(former).bytes;
    file = {{{0, bytes}}, bytes.size()};
  }
  return refer(tensor, location);
}

Placement ExternalLayout::place(const NamedTensor& tensor) {
  const auto size = static_cast<std::int64_t>(tensor.tensor.size_bytes());
  if (tensor.tensor.is_string() || size == 0) return {};
  const WeightPlacement weights = options_.weights;
  if (weights == WeightPlacement::AsBefore && !location_of(tensor).empty()) return keep(tensor);
  const bool stays_inside = weights == WeightPlacement::AsBefore || weights == WeightPlacement::Inside;
  if (size < options_.external_threshold_bytes || (stays_inside && !all_outside_)) return {};
  if (weights != WeightPlacement::FilePerTensor) return append(tensor, new_location(data_name(model_name_)));
  const std::string wanted = data_name(model_name_ + "." + file_name(tensor.name));
  std::string location = wanted;
  for (int number = 1; is_taken(location); ++number) location = numbered(wanted, number);
  return append(tensor, location);
}

void ExternalLayout::File::write(AtomicFile& file) const {
  static constexpr std::array<std::byte, 4096> zeros{};
  for (const auto& [offset, bytes] : pieces) {
    file.write(
        std::span(zeros).first(static_cast<std::size_t>(offset) - static_cast<std::size_t>(file.size())));
    file.write(bytes);
  }
}

}  // namespace lapidary
