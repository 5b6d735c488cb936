#include <algorithm>
#include <iostream>
#include <numeric>

#include "app/cli/model_options.h"
#include "engine/analysis/model_cost.h"

namespace lapidary::cli {
namespace {

struct BenchOptions {
  RunCommandOptions run;
  int runs = 20, warmup = 2;
};

/// FLOPs of one run with the inputs at hand.
double flops_of(const PreparedRun& prepared) {
  std::vector<std::pair<std::string, Datum>> inputs;
  for (std::size_t i = 0; i < prepared.inputs.size(); ++i)
    inputs.emplace_back(prepared.program->inputs()[i].name, prepared.inputs[i]);
  return cost_of_run(*prepared.loaded.model, inputs).flops;
}

std::vector<double> time_runs(const BenchOptions& options, PreparedRun& prepared, const Output& output) {
  RunOptions run;
  run.seed = options.run.seed;
  for (int i = 0; i < options.warmup; ++i) prepared.run(run);
  ProgressBar bar("bench", output);
  std::vector<double> times_ms;
  for (int i = 0; i < options.runs; ++i) {
    const std::int64_t begin_ns = now_ns();
    prepared.run(run);
    times_ms.push_back(static_cast<double>(now_ns() - begin_ns) * 1e-6);
    bar.update(static_cast<std::size_t>(i + 1), static_cast<std::size_t>(options.runs));
  }
  std::sort(times_ms.begin(), times_ms.end());
  return times_ms;
}

int bench(const BenchOptions& options, const Output& output) {
  PreparedRun prepared = prepare(options.run, output);
  const auto times_ms = time_runs(options, prepared, output);
  const std::size_t count = times_ms.size();
  const double median_ms = (times_ms[(count - 1) / 2] + times_ms[count / 2]) / 2;
  const Json json = {
      {"backend", options.run.backend},
      {"threads", prepared.program->threads()},
      {"load_ms", prepared.load_ms},
      {"compile_ms", prepared.compile_ms},
      {"runs", options.runs},
      {"min_ms", times_ms.front()},
      {"median_ms", median_ms},
      {"mean_ms", std::accumulate(times_ms.begin(), times_ms.end(), 0.0) / static_cast<double>(count)},
      {"p95_ms", times_ms[(count - 1) * 95 / 100]},
      {"peak_rss_bytes", peak_rss_bytes()},
      {"gflops", flops_of(prepared) / median_ms * 1e-6}};
  if (output.json) {
    print_json(json);
    return 0;
  }
  std::cout << "backend " << options.run.backend << ", threads " << prepared.program->threads() << ", load "
            << number(prepared.load_ms) << " ms, compile " << number(prepared.compile_ms) << " ms\n"
            << options.runs << " runs: median " << number(median_ms) << " ms, fastest "
            << number(times_ms.front()) << " ms, 95 % within " << number(json["p95_ms"].get<double>())
            << " ms, " << number(json["gflops"].get<double>()) << " GFLOP/s, peak memory "
            << bytes_text(json["peak_rss_bytes"].get<double>()) << '\n';
  return 0;
}

}  // namespace

Action declare_bench(CLI::App& app) {
  auto options = std::make_shared<BenchOptions>();
  options->run.declare(app);
  app.add_option("--runs", options->runs, "Timed runs")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--warmup", options->warmup, "Runs before that")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  return [options](const Output& output) { return bench(*options, output); };
}

}  // namespace lapidary::cli
