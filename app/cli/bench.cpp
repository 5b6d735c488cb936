#include <algorithm>
#include <iostream>
#include <numeric>
#include <optional>

#include "app/cli/model_options.h"
#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "engine/precision/convert_precision.h"
#include "engine/trace/machine_state.h"
#include "engine/trace/measurement.h"

namespace lapidary::cli {
namespace {

struct BenchOptions {
  RunCommandOptions run;
  std::string against;
  int runs = 20;
  std::optional<int> warmup;
};

/// FLOPs of one run with the inputs at hand.
double flops_of(const PreparedRun& prepared) {
  std::vector<std::pair<std::string, Datum>> inputs;
  for (std::size_t i = 0; i < prepared.inputs.size(); ++i)
    inputs.emplace_back(prepared.program->inputs()[i].name, prepared.inputs[i]);
  return cost_of_run(*prepared.loaded.model, inputs).flops;
}

std::function<void()> runner(const BenchOptions& options, PreparedRun& prepared) {
  RunOptions run;
  run.seed = options.run.seed;
  return [run, &prepared] { prepared.run(run); };
}

int warm_up_as_asked(const BenchOptions& options, const std::function<void()>& run) {
  if (!options.warmup) return warm_up(run);
  for (int i = 0; i < *options.warmup; ++i) run();
  return *options.warmup;
}

std::vector<double> time_runs(const BenchOptions& options, const std::function<void()>& run,
                              const Output& output) {
  ProgressBar bar("bench", output);
  std::vector<double> times_ms;
  for (int i = 0; i < options.runs; ++i) {
    const std::int64_t begin_ns = now_ns();
    run();
    times_ms.push_back(static_cast<double>(now_ns() - begin_ns) * 1e-6);
    bar.update(static_cast<std::size_t>(i + 1), static_cast<std::size_t>(options.runs));
  }
  return times_ms;
}

Json times_json(const BenchOptions& options, const PreparedRun& prepared, std::vector<double> times_ms) {
  std::sort(times_ms.begin(), times_ms.end());
  const std::size_t count = times_ms.size();
  const Interval interval = median_interval(times_ms);
  return {{"backend", options.run.backend},
          {"threads", prepared.program->threads()},
          {"load_ms", prepared.load_ms},
          {"compile_ms", prepared.compile_ms},
          {"runs", options.runs},
          {"min_ms", times_ms.front()},
          {"median_ms", interval.middle},
          {"mean_ms", std::accumulate(times_ms.begin(), times_ms.end(), 0.0) / static_cast<double>(count)},
          {"p95_ms", times_ms[(count - 1) * 95 / 100]},
          {"max_ms", times_ms.back()},
          {"median_low_ms", interval.low},
          {"median_high_ms", interval.high},
          {"peak_rss_bytes", peak_rss_bytes()},
          {"gflops", flops_of(prepared) / interval.middle * 1e-6}};
}

void print_times(const Json& json) {
  const auto value = [&](const char* name) { return number(json[name].get<double>()); };
  std::cout << "backend " << json["backend"].get<std::string>() << ", threads " << json["threads"]
            << ", load " << value("load_ms") << " ms, compile " << value("compile_ms") << " ms\n"
            << json["runs"] << " runs: median " << value("median_ms") << " ms (" << value("median_low_ms")
            << " to " << value("median_high_ms") << "), fastest " << value("min_ms") << " ms, 95 % within "
            << value("p95_ms") << " ms, slowest " << value("max_ms") << " ms, " << value("gflops")
            << " GFLOP/s, peak memory " << bytes_text(json["peak_rss_bytes"].get<double>()) << '\n';
}

Json machine_json(const MachineState& state) {
  return {{"frequency_mhz", state.frequency_mhz}, {"load", state.load}};
}

/// What `--against` names: a backend, a precision, or another model.
PreparedRun prepare_other(BenchOptions& options, const PreparedRun& first, const Output& output) {
  static const std::map<std::string, DataType> precisions = {
      {"fp16", DataType::Float16}, {"bf16", DataType::BFloat16}, {"fp32", DataType::Float32}};
  const auto precision = precisions.find(options.against);
  const auto known = backends();
  if (std::any_of(known.begin(), known.end(), [&](const Backend& b) { return b.name == options.against; }))
    options.run.backend = options.against;
  else if (precision == precisions.end())
    options.run.model.path = options.against;
  PreparedRun other = load_with_inputs(options.run, output);
  if (precision != precisions.end()) {
    PrecisionOptions target;
    target.target = precision->second;
    target.keep_io = true;
    other.loaded.model = convert_precision(other.loaded.model, target).model;
  }
  compile(other, options.run);
  return other;
}

std::string verdict_on(const Comparison& comparison, const std::string& against) {
  const Interval& ratio = comparison.ratio;
  const std::string range =
      number(ratio.middle) + " (" + number(ratio.low) + " to " + number(ratio.high) + ")";
  if (!comparison.differs()) return "no difference: " + against + " takes " + range + " times as long";
  return against + " takes " + range + " times as long: " + (ratio.middle > 1 ? "slower" : "faster");
}

int bench_against(const BenchOptions& options, const Output& output) {
  PreparedRun first = prepare(options.run, output);
  BenchOptions other_options = options;
  PreparedRun second = prepare_other(other_options, first, output);
  const auto run_first = runner(options, first), run_second = runner(options, second);
  const int warm_ups = warm_up_as_asked(options, run_first);
  warm_up_as_asked(options, run_second);
  const MachineState before = machine_state();
  const PairedTimes times = time_in_turns(run_first, run_second, options.runs);
  const Comparison comparison = compare_pairs(times.first_ms, times.second_ms);
  Json json = times_json(options, first, times.first_ms);
  json["warmup"] = warm_ups;
  json["against"] = times_json(other_options, second, times.second_ms);
  json["against"]["name"] = options.against;
  json["ratio"] = comparison.ratio.middle;
  json["ratio_low"] = comparison.ratio.low;
  json["ratio_high"] = comparison.ratio.high;
  json["difference"] = comparison.differs();
  json["machine"] = {{"before", machine_json(before)}, {"after", machine_json(machine_state())}};
  if (output.json) {
    print_json(json);
    return 0;
  }
  print_times(json);
  print_times(json["against"]);
  std::cout << verdict_on(comparison, options.against) << '\n';
  return 0;
}

int bench(const BenchOptions& options, const Output& output) {
  if (!options.against.empty()) return bench_against(options, output);
  PreparedRun prepared = prepare(options.run, output);
  const auto run = runner(options, prepared);
  const int warm_ups = warm_up_as_asked(options, run);
  const MachineState before = machine_state();
  Json json = times_json(options, prepared, time_runs(options, run, output));
  json["warmup"] = warm_ups;
  json["machine"] = {{"before", machine_json(before)}, {"after", machine_json(machine_state())}};
  output.json ? print_json(json) : print_times(json);
  return 0;
}

}  // namespace

Action declare_bench(CLI::App& app) {
  auto options = std::make_shared<BenchOptions>();
  options->run.declare(app);
  app.add_option("--runs", options->runs, "Timed runs")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--warmup", options->warmup, "Runs before that (default: until they take equally long)")
      ->check(CLI::NonNegativeNumber);
  app.add_option(
      "--against", options->against,
      "Run in turns with another backend, model file or precision (fp16, bf16, fp32), and say which is "
      "faster, if one is");
  return [options](const Output& output) { return bench(*options, output); };
}

}  // namespace lapidary::cli
