#pragma once

#include <string>
#include <string_view>

namespace lapidary {

// Base64 (RFC 4648).

std::string base64(std::string_view bytes);
/// Throws Error if it is none.
std::string bytes_from_base64(std::string_view text);

}  // namespace lapidary
