#pragma once

#include <string>

#include "engine/layout/layout.h"

namespace lapidary {

/// Width in pixels of UTF-8 text in an average sans-serif font, at title_font_px and weight 600 if bold, else
/// at text_font_px. Errs to the wide side, so that text fits in other fonts too.
double average_text_width(const std::string& text, bool bold);

}  // namespace lapidary
