#include "engine/machine_roofs.h"

#include <algorithm>
#include <thread>

#include "engine/backends.h"
#include "engine/cpu/measure_roofs.h"
#include "engine/trace/roofline.h"

namespace lapidary {

Roofs machine_roofs(int threads) {
  if (threads <= 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return remembered_roofs(roofs_path(), find_backend("cpu").device, threads, measure_roofs);
}

}  // namespace lapidary
