#pragma once

#include <map>

#include "engine/model/data_type.h"

namespace lapidary {

/// The most that a machine can do, measured.
struct Roofs {
  int threads = 0;
  double bytes_per_second = 0;                   ///< of memory, read and written together
  std::map<DataType, double> flops_per_second;   ///< by the type that is multiplied
};

}  // namespace lapidary
