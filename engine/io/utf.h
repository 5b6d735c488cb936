#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lapidary {

/// Code points, four bytes each with the low one first, as UTF-8; zeros at the end stay zeros.
std::string utf8_from_utf32(std::span<const std::byte> code_points);
/// UTF-8 as code points; bytes that are no UTF-8 each become U+FFFD.
std::u32string utf32_from_utf8(std::string_view text);

}  // namespace lapidary
