#include "engine/reference/reference_backend.h"

#include "engine/ops/operator_table.h"

namespace lapidary {

Backend reference_backend() {
  Backend backend;
  backend.name = "reference";
  return backend;
}

}  // namespace lapidary
