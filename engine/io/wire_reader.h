#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lapidary {

/// How protobuf's wire format stores a field.
enum class WireType : std::uint8_t {
  Varint = 0,
  Fixed64 = 1,
  Bytes = 2,
  GroupBegin = 3,
  GroupEnd = 4,
  Fixed32 = 5
};

/// One field as it stands in a message.
struct WireField {
  std::uint32_t number = 0;
  WireType type = WireType::Varint;
  std::uint64_t value = 0;           ///< of a varint or a fixed number
  std::span<const std::byte> bytes;  ///< of a string, bytes, message or packed numbers
  std::span<const std::byte> whole;  ///< tag and content, to be kept where the field is not known

  bool is(std::uint32_t wanted_number, WireType wanted_type) const {
    return number == wanted_number && type == wanted_type;
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  float as_float() const;
  double as_double() const;
};

/// Walks the fields of one message. Touches tags, lengths and numbers only, never the content of byte fields,
/// and never reads outside the given bytes. Throws Error where the bytes are no message or end too early.
class WireReader {
 public:
  explicit WireReader(std::span<const std::byte> message) : message_(message) {}
  /// The next field into `field`; false at the end.
  bool next(WireField& field);

 private:
  std::uint64_t varint();
  std::uint64_t fixed(std::size_t count);
  std::span<const std::byte> take(std::uint64_t count);
  void skip_group(std::uint32_t number);
  void read_content(WireField& field);

  std::span<const std::byte> message_;
  std::size_t at_ = 0;
};

/// Numbers of a repeated field, whichever of the two forms it takes: appends what `field` holds.
void append_varints(const WireField& field, std::vector<std::int64_t>& numbers);
void append_floats(const WireField& field, std::vector<float>& numbers);
void append_doubles(const WireField& field, std::vector<double>& numbers);

}  // namespace lapidary
