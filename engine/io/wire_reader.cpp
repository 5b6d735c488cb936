#include "engine/io/wire_reader.h"

#include <bit>
#include <cstring>

#include "engine/model/error.h"

namespace lapidary {

float WireField::as_float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(value)); }
double WireField::as_double() const { return std::bit_cast<double>(value); }

std::uint64_t WireReader::varint() {
  std::uint64_t result = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at_ >= message_.size()) throw Error("the data ends inside a number: it is cut or damaged");
    const auto byte = std::to_integer<std::uint64_t>(message_[at_++]);
    if (shift < 64) result |= (byte & 0x7f) << shift;
    if (byte < 0x80) return result;
  }
  throw Error("a number is longer than 10 bytes: the data is damaged");
}

std::span<const std::byte> WireReader::take(std::uint64_t count) {
  const std::size_t left = message_.size() - at_;
  if (count > left)
    throw Error("the data is cut or damaged: a field says that it is " + std::to_string(count) +
                " bytes long, and " + std::to_string(left) + " are left");
  const auto result = message_.subspan(at_, static_cast<std::size_t>(count));
  at_ += result.size();
  return result;
}

std::uint64_t WireReader::fixed(std::size_t count) {
  std::uint64_t value = 0;
  std::memcpy(&value, take(count).data(), count);
  return value;
}

/// Groups are a form that protobuf gave up long ago; only unknown fields can be such, and they are kept as
/// they are.
void WireReader::skip_group(std::uint32_t number) {
  std::vector<std::uint32_t> open{number};
  while (!open.empty()) {
    if (at_ >= message_.size()) throw Error("the data ends inside a group: it is cut or damaged");
    const std::uint64_t tag = varint();
    const auto field_number = static_cast<std::uint32_t>(tag >> 3);
    switch (static_cast<WireType>(tag & 7)) {
      case WireType::Varint:
        varint();
        break;
      case WireType::Fixed64:
        take(8);
        break;
      case WireType::Fixed32:
        take(4);
        break;
      case WireType::Bytes:
        take(varint());
        break;
      case WireType::GroupBegin:
        open.push_back(field_number);
        break;
      case WireType::GroupEnd:
        if (open.back() != field_number) throw Error("a group ends that did not begin: the data is damaged");
        open.pop_back();
        break;
      default:
        throw Error("a field has a form that protobuf does not have: the data is damaged");
    }
  }
}

void WireReader::read_content(WireField& field) {
  switch (field.type) {
    case WireType::Varint:
      field.value = varint();
      return;
    case WireType::Fixed64:
      field.value = fixed(8);
      return;
    case WireType::Fixed32:
      field.value = fixed(4);
      return;
    case WireType::Bytes:
      field.bytes = take(varint());
      return;
    case WireType::GroupBegin:
      skip_group(field.number);
      return;
    default:
      throw Error("a field has a form that protobuf does not have: the data is damaged");
  }
}

bool WireReader::next(WireField& field) {
  if (at_ == message_.size()) return false;
  const std::size_t begin = at_;
  const std::uint64_t tag = varint();
  if (tag >> 3 == 0 || tag >> 32 != 0)
    throw Error("a field has the number " + std::to_string(tag >> 3) + ": the data is damaged");
  field.number = static_cast<std::uint32_t>(tag >> 3);
  field.type = static_cast<WireType>(tag & 7);
  field.bytes = {};
  read_content(field);
  field.whole = message_.subspan(begin, at_ - begin);
  return true;
}

namespace {

template <class T, class U>
void append_fixed(const WireField& field, std::vector<T>& numbers) {
  if (field.type != WireType::Bytes) {
    numbers.push_back(std::bit_cast<T>(static_cast<U>(field.value)));
    return;
  }
  if (field.bytes.size() % sizeof(T) != 0)
    throw Error("a list of numbers ends inside a number: the data is damaged");
  const std::size_t before = numbers.size();
  numbers.resize(before + field.bytes.size() / sizeof(T));
  if (!field.bytes.empty()) std::memcpy(numbers.data() + before, field.bytes.data(), field.bytes.size());
}

}  // namespace

void append_varints(const WireField& field, std::vector<std::int64_t>& numbers) {
  if (field.type != WireType::Bytes) {
    numbers.push_back(static_cast<std::int64_t>(field.value));
    return;
  }
  std::uint64_t number = 0;
  int shift = 0;
  for (const std::byte b : field.bytes) {
    if (shift >= 70) throw Error("a number is longer than 10 bytes: the data is damaged");
    if (shift < 64) number |= std::to_integer<std::uint64_t>(b & std::byte{0x7f}) << shift;
    shift += 7;
    if ((b & std::byte{0x80}) != std::byte{0}) continue;
    numbers.push_back(static_cast<std::int64_t>(number));
    number = 0;
    shift = 0;
  }
  if (shift != 0) throw Error("a list of numbers ends inside a number: the data is damaged");
}

void append_floats(const WireField& field, std::vector<float>& numbers) {
  append_fixed<float, std::uint32_t>(field, numbers);
}

void append_doubles(const WireField& field, std::vector<double>& numbers) {
  append_fixed<double, std::uint64_t>(field, numbers);
}

}  // namespace lapidary
