#pragma once

#include <string>

#include "app/cli/command.h"

namespace lapidary::cli {

/// The pictures of a page: SVG documents for light and dark surroundings.
struct ReportPictures {
  std::string light, dark;
};

/// A page of HTML that needs nothing from outside: `facts` holds title, info, check, cost, optimization, and,
/// where the model was run, profile, as `report --json` prints them.
std::string report_page(const Json& facts, const ReportPictures& pictures);

}  // namespace lapidary::cli
