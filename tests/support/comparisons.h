#pragma once

#include <string>

#include "engine/compare/run_comparison.h"

namespace lapidary::test {

/// The model on that backend, in its own types or in float64; the run bears the backend's name.
ComparedRun run_on(const std::string& backend, const ModelPointer& model, bool float64 = false);
/// Comparing with parts run exactly where they are to be.
ComparisonOptions exact_comparison();
/// Random float32 elements, the same for the same seed.
Tensor random_tensor(Dims dims, std::uint64_t seed);

}  // namespace lapidary::test
