#include "tests/support/comparisons.h"

#include "engine/backends.h"
#include "engine/runtime/inputs.h"

namespace lapidary::test {

ComparedRun run_on(const std::string& backend, const ModelPointer& model, bool float64) {
  ComparedRun run;
  run.name = backend;
  run.model = model;
  run.runner.backend = &find_backend(backend);
  run.runner.float64 = float64;
  return run;
}

ComparisonOptions exact_comparison() {
  ComparisonOptions options;
  options.exact.backend = &find_backend("reference");
  options.exact.float64 = true;
  return options;
}

Tensor random_tensor(Dims dims, std::uint64_t seed) {
  Value value;
  value.name = "w" + std::to_string(seed);
  value.type = Type::tensor(DataType::Float32, shape_of(dims));
  return make_input(value, "random", {}, seed);
}

}  // namespace lapidary::test
