#pragma once

#include <string>

#include "engine/io/wire_reader.h"
#include "engine/io/wire_writer.h"
#include "engine/model/model.h"

namespace lapidary {

/// A field's number and form in one, to switch on: case bytes_key(7).
constexpr std::uint64_t key_of(const WireField& field) {
  return (std::uint64_t{field.number} << 3) | static_cast<unsigned>(field.type);
}
constexpr std::uint64_t varint_key(std::uint32_t number) { return std::uint64_t{number} << 3; }
constexpr std::uint64_t bytes_key(std::uint32_t number) { return (std::uint64_t{number} << 3) | 2; }
constexpr std::uint64_t fixed32_key(std::uint32_t number) { return (std::uint64_t{number} << 3) | 5; }

/// Texts and numbers that note in `stated` when the file states the default, and are then written again
/// though they hold it.
inline void read_text(const WireField& field, std::string& text, std::uint32_t& stated) {
  text = field.text();
  if (text.empty()) stated |= 1u << field.number;
}
inline void read_number(const WireField& field, std::int64_t& number, std::uint32_t& stated) {
  number = static_cast<std::int64_t>(field.value);
  if (number == 0) stated |= 1u << field.number;
}
inline void write_text(WireWriter& message, std::uint32_t number, const std::string& text,
                       std::uint32_t stated) {
  if (!text.empty() || (stated >> number & 1)) message.text(number, text);
}
inline void write_number(WireWriter& message, std::uint32_t number, std::int64_t value,
                         std::uint32_t stated) {
  if (value != 0 || (stated >> number & 1)) message.number(number, value);
}

/// Keeps a field that is not known.
inline void keep(const WireField& field, std::string& unknown_fields) {
  unknown_fields.append(reinterpret_cast<const char*>(field.whole.data()), field.whole.size());
}

/// StringStringEntryProto ⇄ one entry of a Metadata.
void read_entry(const WireField& field, Metadata& metadata);
void write_entries(WireWriter& message, std::uint32_t number, const Metadata& metadata);

}  // namespace lapidary
