#include "engine/io/wire_writer.h"

#include <bit>
#include <cstring>

namespace lapidary {
namespace {

constexpr std::size_t smallest_reference = 4096;

void append_varint(std::string& text, std::uint64_t value) {
  while (value >= 0x80) {
    text.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  text.push_back(static_cast<char>(value));
}

}  // namespace

void WireWriter::put(std::uint64_t value) { append_varint(text_, value); }

void WireWriter::varint(std::uint32_t number, std::uint64_t value) {
  tag(number, WireType::Varint);
  put(value);
}

void WireWriter::fixed(std::uint32_t number, float value) {
  tag(number, WireType::Fixed32);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  text_.append(reinterpret_cast<const char*>(&bits), sizeof bits);
}

void WireWriter::text(std::uint32_t number, std::string_view value) {
  tag(number, WireType::Bytes);
  put(value.size());
  text_ += value;
}

void WireWriter::bytes(std::uint32_t number, std::span<const std::byte> value) {
  tag(number, WireType::Bytes);
  put(value.size());
  if (value.size() < smallest_reference) {
    text_.append(reinterpret_cast<const char*>(value.data()), value.size());
    return;
  }
  references_.push_back({text_.size(), value});
  referred_bytes_ += value.size();
}

void WireWriter::message(std::uint32_t number, const WireWriter& value) {
  tag(number, WireType::Bytes);
  put(value.size());
  for (const auto& [position, referred] : value.references_)
    references_.push_back({text_.size() + position, referred});
  text_ += value.text_;
  referred_bytes_ += value.referred_bytes_;
}

std::string WireWriter::packed_varints(std::span<const std::int64_t> values) {
  std::string text;
  for (const std::int64_t value : values) append_varint(text, static_cast<std::uint64_t>(value));
  return text;
}

std::string WireWriter::to_string() const {
  std::string all;
  all.reserve(size());
  for_each_piece([&](std::span<const std::byte> piece) {
    all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  return all;
}

}  // namespace lapidary
