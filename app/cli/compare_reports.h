#pragma once

#include <string>

#include "app/cli/command.h"

namespace lapidary::cli {

// What `compare --json` prints, in the forms of others.

/// JUnit XML: a test case for each tensor, which fails where the tensor is not ok. `suite` names the
/// comparison.
std::string compare_junit(const Json& comparison, const std::string& suite);
/// A page of HTML: the first divergence, and the tensors with their metrics.
std::string compare_page(const Json& comparison, const std::string& title);

}  // namespace lapidary::cli
