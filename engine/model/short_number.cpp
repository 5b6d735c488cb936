#include "engine/model/short_number.h"

#include <cstdio>

namespace lapidary {

std::string short_number(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

}  // namespace lapidary
