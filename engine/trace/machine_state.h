#pragma once

namespace lapidary {

/// What else the machine does, and how fast it goes; 0 where it does not say.
struct MachineState {
  double frequency_mhz = 0;  ///< mean over the cores
  double load = 0;           ///< processes that want to run, averaged over the last minute
};
MachineState machine_state();

}  // namespace lapidary
