#pragma once

#include "engine/model/model.h"

namespace lapidary {

/// The body of `function` as `call` runs it: a graph whose inputs and outputs are the function's, with every
/// attribute reference replaced by the call's attribute, else by the function's default, else left out,
/// and inputs that the call does not give left out of the nodes that read them.
GraphPointer instantiate(const Function& function, const Node& call);

}  // namespace lapidary
