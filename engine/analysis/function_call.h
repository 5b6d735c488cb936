#pragma once

#include <memory>

#include "engine/model/model.h"

namespace lapidary {

/// A node of a function's body as it stands when `caller` calls it: attributes that refer to the function's
/// attributes take the caller's value, else the function's default, else are left out; inputs that the caller
/// leaves out are left out. Shares the node if nothing changes.
std::shared_ptr<const Node> node_for_call(const std::shared_ptr<const Node>& node, const Function& function,
                                          const Node& caller);

}  // namespace lapidary
