#include "engine/precision/speed.h"

#include <algorithm>

#include "engine/precision/accuracy.h"

namespace lapidary {
namespace {

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return (times[(times.size() - 1) / 2] + times[times.size() / 2]) / 2;
}

}  // namespace

Speeds compare_speed(const ModelPointer& before, const ModelPointer& after, const Backend& backend,
                     const std::vector<Datum>& set, double seconds) {
  struct Runner {
    std::shared_ptr<Program> program;
    std::vector<Datum> inputs;
    std::vector<double> times_ms;
    void run() {
      const std::int64_t begin = now_ns();
      program->run(inputs);
      times_ms.push_back(static_cast<double>(now_ns() - begin) * 1e-6);
    }
  };
  Runner runners[] = {{backend.compile(before, {}), input_sets_for(*before, {set})[0], {}},
                      {backend.compile(after, {}), input_sets_for(*after, {set})[0], {}}};
  for (auto& runner : runners) runner.program->run(runner.inputs);  // compiles for these sizes
  constexpr int least_runs = 3, most_runs = 50;
  const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
  for (int i = 0; i < most_runs && (i < least_runs || now_ns() < end); ++i)
    for (auto& runner : runners) runner.run();
  return {median(runners[0].times_ms), median(runners[1].times_ms)};
}

}  // namespace lapidary
