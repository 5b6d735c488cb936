#include <iostream>

#include "app/cli/facts.h"

namespace lapidary::cli {

Trace record_trace(const ProfileOptions& options, const Output& output) {
  PreparedRun prepared = prepare(options.run, output);
  RunOptions run;
  run.seed = options.run.seed;
  for (int i = 0; i < options.warmup; ++i) prepared.run(run);
  TraceRecorder recorder;
  run.observer = &recorder;
  ProgressBar bar("profile", output);
  for (int i = 0; i < options.runs; ++i) {
    prepared.run(run);
    bar.update(static_cast<std::size_t>(i + 1), static_cast<std::size_t>(options.runs));
  }
  Trace trace = recorder.finish();
  trace.model_name = options.run.model.path;
  trace.backend = options.run.backend;
  trace.threads = prepared.program->threads();
  trace.load_ns = static_cast<std::int64_t>(prepared.load_ms * 1e6);
  trace.compile_ns = static_cast<std::int64_t>(prepared.compile_ms * 1e6);
  return trace;
}

Json profile_json(const TraceSummary& summary, const Trace& trace) {
  Json json = {{"backend", trace.backend},     {"threads", trace.threads},   {"total_ms", summary.total_ms},
               {"coverage", summary.coverage}, {"operators", Json::array()}, {"by_type", Json::array()}};
  for (const auto& row : summary.operators)
    json["operators"].push_back({{"node", row.node},
                                 {"op", row.op},
                                 {"calls", row.calls},
                                 {"total_ms", row.total_ms},
                                 {"share", row.share},
                                 {"flops", row.flops},
                                 {"macs", row.macs},
                                 {"bytes", row.bytes},
                                 {"gflops", row.gflops},
                                 {"bound", row.bound},
                                 {"implementation", row.implementation},
                                 {"note", row.note}});
  for (const auto& row : summary.by_type)
    json["by_type"].push_back({{"op", row.op},
                               {"calls", row.calls},
                               {"total_ms", row.total_ms},
                               {"deviation_ms", row.deviation_ms},
                               {"share", row.share},
                               {"flops", row.flops},
                               {"macs", row.macs},
                               {"bytes", row.bytes},
                               {"gflops", row.gflops},
                               {"bound", row.bound}});
  return json;
}

namespace {

void print_summary(const TraceSummary& summary) {
  std::cout << "run " << number(summary.total_ms) << " ms ± " << number(summary.deviation_ms)
            << ", operators cover " << number(summary.coverage * 100) << " %\n\n";
  std::vector<std::vector<std::string>> types = {
      {"type", "calls", "ms", "share %", "FLOP", "multiply-adds", "bytes", "GFLOP/s", "bound"}};
  for (const auto& row : summary.by_type)
    types.push_back({row.op, std::to_string(row.calls), number(row.total_ms), number(row.share * 100),
                     with_prefix(row.flops), with_prefix(row.macs), bytes_text(row.bytes), number(row.gflops),
                     row.bound});
  print_table(types);
  std::cout << '\n';
  constexpr std::size_t most = 30;
  std::vector<std::vector<std::string>> rows = {
      {"ms", "share %", "FLOP", "multiply-adds", "GFLOP/s", "bound", "operator", "node", "runs as"}};
  for (std::size_t i = 0; i < std::min(most, summary.operators.size()); ++i) {
    const auto& row = summary.operators[i];
    rows.push_back({number(row.total_ms), number(row.share * 100), with_prefix(row.flops),
                    with_prefix(row.macs), number(row.gflops), row.bound, row.op, row.node,
                    row.note.empty() ? row.implementation : row.implementation + " (" + row.note + ")"});
  }
  print_table(rows);
  if (summary.operators.size() > most)
    std::cout << "… and " << summary.operators.size() - most << " more; --json lists all\n";
}

}  // namespace

Action declare_profile(CLI::App& app) {
  auto options = std::make_shared<ProfileOptions>();
  options->run.declare(app);
  app.add_option("--trace", options->trace_file, "Write a Chrome trace that Perfetto opens");
  app.add_option("--runs", options->runs, "Traced runs")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--warmup", options->warmup, "Runs before that")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  return [options](const Output& output) {
    const Trace trace = record_trace(*options, output);
    if (!options->trace_file.empty()) write_chrome_trace(trace, options->trace_file);
    const TraceSummary summary = summarize(trace);
    output.json ? print_json(profile_json(summary, trace)) : print_summary(summary);
    return 0;
  };
}

}  // namespace lapidary::cli
