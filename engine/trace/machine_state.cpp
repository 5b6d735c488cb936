#include "engine/trace/machine_state.h"

#include <cstdlib>
#include <fstream>
#include <string>

namespace lapidary {

MachineState machine_state() {
  MachineState state;
  std::ifstream("/proc/loadavg") >> state.load;
  std::ifstream processors("/proc/cpuinfo");
  double sum = 0;
  int cores = 0;
  for (std::string line; std::getline(processors, line);)
    if (line.starts_with("cpu MHz"))
      if (const auto colon = line.find(':'); colon != std::string::npos) {
        sum += std::strtod(line.c_str() + colon + 1, nullptr);
        ++cores;
      }
  if (cores > 0) state.frequency_mhz = sum / cores;
  return state;
}

}  // namespace lapidary
