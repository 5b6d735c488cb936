#include "engine/layout/text_width.h"

#include <array>

namespace lapidary {
namespace {

/// Advance widths of the printable ASCII characters, from the space on, in hundredths of the font size: about
/// the mean of the sans-serif fonts that desktops ship.
constexpr std::array<unsigned char, 95> widths = {
    30, 35, 43, 78, 62, 90, 74, 26, 38, 38, 50, 78, 31, 36, 31, 33, 62, 62, 62, 62, 62, 62, 62, 62,
    62, 62, 32, 32, 78, 78, 78, 52, 96, 67, 67, 69, 75, 62, 57, 76, 74, 29, 32, 65, 55, 85, 74, 77,
    61, 77, 68, 63, 60, 72, 67, 95, 67, 61, 67, 38, 33, 38, 80, 50, 50, 60, 62, 54, 62, 60, 35, 62,
    62, 27, 28, 57, 27, 94, 62, 60, 62, 62, 40, 52, 39, 62, 58, 80, 58, 58, 52, 62, 33, 62, 80};
constexpr double other_width = 75;

}  // namespace

double average_text_width(const std::string& text, bool bold) {
  double sum = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && byte < 0xc0) continue;  // the rest of a character that is counted already
    sum += byte >= 32 && byte < 127 ? widths[byte - 32u] : other_width;
  }
  return sum / 100 * (bold ? title_font_px * 1.1 : text_font_px);
}

}  // namespace lapidary
