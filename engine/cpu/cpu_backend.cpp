#include "engine/cpu/cpu_backend.h"

#include "engine/reference/reference_backend.h"

namespace lapidary {

Backend cpu_backend() {
  Backend backend = reference_backend();
  backend.name = "cpu";
  return backend;
}

}  // namespace lapidary
