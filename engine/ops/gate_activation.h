#pragma once

#include <string>
#include <vector>

#include "engine/ops/kernel.h"

namespace lapidary {

/// An activation function of a recurrent cell with its parameters, computed in double.
struct GateActivation {
  double (*function)(double x, double alpha, double beta);
  double alpha, beta;

  double operator()(double x) const { return function(x, alpha, beta); }
};

/// The functions that attribute `activations` names, or `defaults` for each direction where it is absent;
/// `count` in all. Attributes activation_alpha and activation_beta are used up in order by the functions that
/// have such a parameter. Throws Error for an unknown name or too few.
std::vector<GateActivation> read_gate_activations(const KernelContext& context,
                                                  const std::vector<std::string>& defaults,
                                                  std::size_t count);

}  // namespace lapidary
