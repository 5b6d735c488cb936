#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {

std::vector<Adapter> control_flow_adapters() { return {}; }

}  // namespace lapidary
