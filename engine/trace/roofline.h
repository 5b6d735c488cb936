#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/runtime/roofs.h"
#include "engine/trace/statistics.h"

namespace lapidary {

/// One operator under the machine's roofs.
struct RooflinePoint {
  double intensity = 0;      ///< FLOPs a byte
  double attainable_ms = 0;  ///< the least that the roofs allow
  /// Of its roof, what it reaches; above 1 where caches held what it read.
  double share_of_roof = 0;
  std::string bound;  ///< "compute" or "memory": the roof above it
};

/// By position in the summary's operators.
std::vector<RooflinePoint> roofline_of(const TraceSummary& summary, const Trace& trace, const Roofs& roofs);

/// The roofs that were measured before on `machine` with so many threads, from the file `path`; else what
/// `measure` gives, which is then kept there. A file that cannot be read or written costs a measurement only.
Roofs remembered_roofs(const std::string& path, const std::string& machine, int threads,
                       const std::function<Roofs(int threads)>& measure);

/// Where they are kept: lapidary/roofs.json in the user's cache folder.
std::string roofs_path();

}  // namespace lapidary
