#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/wire_reader.h"

namespace lapidary {

/// Builds one message. Large bytes are referred to and not copied, so that a model is written without a
/// second copy of its weights; they must live until the message is written out.
class WireWriter {
 public:
  void varint(std::uint32_t number, std::uint64_t value);
  void number(std::uint32_t number, std::int64_t value) { varint(number, static_cast<std::uint64_t>(value)); }
  void fixed(std::uint32_t number, float value);
  void text(std::uint32_t number, std::string_view value);
  void bytes(std::uint32_t number, std::span<const std::byte> value);
  void message(std::uint32_t number, const WireWriter& value);
  /// Fields that are already in wire form.
  void raw(std::string_view fields) { text_ += fields; }
  /// A packed list of varints: only the content, for bytes().
  static std::string packed_varints(std::span<const std::int64_t> values);

  std::uint64_t size() const { return text_.size() + referred_bytes_; }
  /// Calls `write(span)` for every piece in order.
  template <class F>
  void for_each_piece(F&& write) const {
    std::size_t at = 0;
    for (const auto& [position, referred] : references_) {
      write(std::as_bytes(std::span(text_)).subspan(at, position - at));
      write(referred);
      at = position;
    }
    write(std::as_bytes(std::span(text_)).subspan(at));
  }
  /// All in one string: for small messages and for the text formats.
  std::string to_string() const;

 private:
  void tag(std::uint32_t number, WireType type) {
    put((std::uint64_t{number} << 3) | static_cast<unsigned>(type));
  }
  void put(std::uint64_t value);

  struct Reference {
    std::size_t position;  ///< in text_
    std::span<const std::byte> bytes;
  };
  std::string text_;
  std::vector<Reference> references_;
  std::uint64_t referred_bytes_ = 0;
};

}  // namespace lapidary
