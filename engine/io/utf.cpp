#include "engine/io/utf.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace lapidary {
namespace {

constexpr char32_t replacement = 0xfffd;

void append_utf8(std::string& text, char32_t c) {
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = replacement;
  if (c < 0x80) {
    text += static_cast<char>(c);
    return;
  }
  const int following = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  const unsigned lead = 0xff00u >> (following + 1) & 0xffu;
  text += static_cast<char>(lead | (c >> (6 * following)));
  for (int i = following - 1; i >= 0; --i) text += static_cast<char>(0x80 | (c >> (6 * i) & 0x3f));
}

}  // namespace

std::string utf8_from_utf32(std::span<const std::byte> code_points) {
  std::string text;
  for (std::size_t at = 0; at + 4 <= code_points.size(); at += 4) {
    std::uint32_t c = 0;
    std::memcpy(&c, code_points.data() + at, 4);
    append_utf8(text, c);
  }
  return text;
}

std::u32string utf32_from_utf8(std::string_view text) {
  std::u32string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const int length = std::countl_one(lead);
    if (length == 0) {
      result += lead;
      ++at;
      continue;
    }
    bool valid = length >= 2 && length <= 4 && at + static_cast<std::size_t>(length) <= text.size();
    char32_t c = valid ? lead & (0x7fu >> length) : 0u;
    for (int i = 1; valid && i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
      valid = (next & 0xc0) == 0x80;
      c = c << 6 | (next & 0x3f);
    }
    result += valid ? c : replacement;
    at += valid ? static_cast<std::size_t>(length) : 1;
  }
  return result;
}

}  // namespace lapidary
