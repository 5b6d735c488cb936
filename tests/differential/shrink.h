#pragma once

#include <functional>

#include "tests/differential/draft.h"

namespace lapidary::differential {

/// A smaller case of which `fails` is still true: fewer nodes and outputs, smaller sizes, simpler numbers and
/// attributes.
Case shrunk(const Case& one, const std::function<bool(const Case&)>& fails);

/// The case as one file: each input is also an initializer that holds its data.
void save_case(const Case& one, const std::string& path);
Case load_case(const std::string& path);

}  // namespace lapidary::differential
