#pragma once

#include <string>

namespace lapidary {

/// The number with three significant digits, for messages: "0.062", "1.2e-06".
std::string short_number(double number);

}  // namespace lapidary
