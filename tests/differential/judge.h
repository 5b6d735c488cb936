#pragma once

#include "tests/differential/engines.h"

namespace lapidary::differential {

/// Every value of the main graph by name, node by node with the reference kernels. `noise` > 0 lets every
/// node's floating results, and what products and sums take in, be wrong by about that many units of the last
/// place: what an honest engine may do. Throws Error where a node refuses.
std::map<std::string, Datum> run_by_nodes(const Case& one, double noise, std::uint64_t seed);

/// How disagreement() begins where one engine refuses the case.
inline const std::string only_one_runs = "only one runs: ";

/// The first output in which two outcomes differ by more than rounding can explain, in words; empty if there
/// is none. Rounding explains what a few noisy runs reach; so a graph that blows up a rounding error, or
/// decides by one, is judged by what it does with it. `slack` widens what rounding may do.
std::string disagreement(const Case& one, const Outcome& got, const Outcome& want, double slack = 1);

/// Where the types that were inferred before the run contradict what came out; empty if nowhere.
std::string wrong_inference(const Case& one, const Outcome& found);

}  // namespace lapidary::differential
