#include <iostream>

#include "app/cli/facts.h"
#include "engine/trace/import_trace.h"
#include "engine/trace/map_to_model.h"

namespace lapidary::cli {

Trace record_trace(const ProfileOptions& options, const Output& output) {
  PreparedRun prepared = prepare(options.run, output);
  RunOptions unwatched;
  unwatched.seed = options.run.seed;
  const auto run_unwatched = [&] { prepared.run(unwatched); };
  const int warm_ups = options.warmup ? *options.warmup : warm_up(run_unwatched);
  if (options.warmup)
    for (int i = 0; i < warm_ups; ++i) run_unwatched();
  TraceRecorder recorder;
  RunOptions watched = unwatched;
  watched.observer = &recorder;
  const MachineState before = machine_state();
  ProgressBar bar("profile", output);
  int done = 0;
  const PairedTimes times = time_in_turns(
      [&] {
        prepared.run(watched);
        bar.update(static_cast<std::size_t>(++done), static_cast<std::size_t>(options.runs));
      },
      run_unwatched, options.runs);
  Trace trace = recorder.finish();
  for (const double ms : times.second_ms) trace.unwatched_ns.push_back(static_cast<std::int64_t>(ms * 1e6));
  trace.warm_up_runs = warm_ups;
  trace.machine_before = before;
  trace.machine_after = machine_state();
  trace.model_name = options.run.model.path;
  trace.backend = options.run.backend;
  trace.threads = prepared.program->threads();
  trace.load_ns = static_cast<std::int64_t>(prepared.load_ms * 1e6);
  trace.compile_ns = static_cast<std::int64_t>(prepared.compile_ms * 1e6);
  return trace;
}

namespace {

Json machine_json(const MachineState& state) {
  return {{"frequency_mhz", state.frequency_mhz}, {"load", state.load}};
}

/// How the measuring went, beside what was measured.
void add_measuring(Json& json, const TraceSummary& summary, const Trace& trace) {
  json["total_low_ms"] = summary.total_interval_ms.low;
  json["total_high_ms"] = summary.total_interval_ms.high;
  json["operators_ms"] = summary.operators_ms;
  json["gap_ms"] = summary.gap_ms;
  json["runs"] = trace.runs.size();
  if (trace.unwatched_ns.empty()) return;
  json["warmup"] = trace.warm_up_runs;
  json["unwatched"] = {{"total_ms", summary.unwatched_ms.middle},
                       {"total_low_ms", summary.unwatched_ms.low},
                       {"total_high_ms", summary.unwatched_ms.high},
                       {"ratio", summary.watching.ratio.middle},
                       {"difference", summary.watching.differs()}};
  json["machine"] = {{"before", machine_json(trace.machine_before)},
                     {"after", machine_json(trace.machine_after)}};
}

}  // namespace

Json profile_json(const TraceSummary& summary, const Trace& trace) {
  Json json = {{"backend", trace.backend},     {"threads", trace.threads},   {"total_ms", summary.total_ms},
               {"coverage", summary.coverage}, {"operators", Json::array()}, {"by_type", Json::array()}};
  for (const auto& row : summary.operators) {
    const auto step = static_cast<std::size_t>(row.step);
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
                                 {"note", row.note},
                                 {"low_ms", row.low_ms},
                                 {"high_ms", row.high_ms},
                                 {"minimum_ms", row.minimum_ms},
                                 {"maximum_ms", row.maximum_ms},
                                 {"deviation_ms", row.deviation_ms},
                                 {"nodes", trace.steps[step].node_names}});
    if (!trace.origins.empty()) json["operators"].back()["mapped_by"] = trace.origins[step].mapped_by;
  }
  add_measuring(json, summary, trace);
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

std::string runs_as(const OperatorTime& row) {
  return row.note.empty() ? row.implementation : row.implementation + " (" + row.note + ")";
}

std::string mapped_by(const Trace& trace, const OperatorTime& row) {
  const auto step = static_cast<std::size_t>(row.step);
  std::string text = trace.origins[step].mapped_by;
  if (text.empty()) return "no node of this model";
  for (const auto& name : trace.steps[step].node_names)
    text += (&name == &trace.steps[step].node_names[0] ? ": " : ", ") + name;
  return text;
}

void print_summary(const TraceSummary& summary, const Trace& trace) {
  std::cout << "run " << number(summary.total_ms) << " ms ± " << number(summary.deviation_ms) << " ("
            << number(summary.total_interval_ms.low) << " to " << number(summary.total_interval_ms.high)
            << "), operators cover " << number(summary.coverage * 100) << " %\n";
  if (!trace.unwatched_ns.empty())
    std::cout << "unwatched " << number(summary.unwatched_ms.middle) << " ms ("
              << number(summary.unwatched_ms.low) << " to " << number(summary.unwatched_ms.high) << "): "
              << (summary.watching.differs()
                      ? "watching makes it " + number(summary.watching.ratio.middle) + " times as long"
                      : "watching makes no difference")
              << "; " << trace.warm_up_runs << " warm-up runs, " << number(trace.machine_after.frequency_mhz)
              << " MHz, load " << number(trace.machine_after.load) << '\n';
  std::cout << '\n';
  std::vector<std::vector<std::string>> types = {
      {"type", "calls", "ms", "share %", "FLOP", "multiply-adds", "bytes", "GFLOP/s", "bound"}};
  for (const auto& row : summary.by_type)
    types.push_back({row.op, std::to_string(row.calls), number(row.total_ms), number(row.share * 100),
                     with_prefix(row.flops), with_prefix(row.macs), bytes_text(row.bytes), number(row.gflops),
                     row.bound});
  types.push_back({"no operator", "", number(summary.gap_ms),
                   number(summary.total_ms > 0 ? summary.gap_ms / summary.total_ms * 100 : 0)});
  print_table(types);
  std::cout << '\n';
  constexpr std::size_t most = 30;
  const bool imported = !trace.origins.empty();
  std::vector<std::vector<std::string>> rows = {{"ms", "from", "to", "share %", "FLOP", "multiply-adds",
                                                 "GFLOP/s", "bound", "operator", "node",
                                                 imported ? "mapped by" : "runs as"}};
  for (std::size_t i = 0; i < std::min(most, summary.operators.size()); ++i) {
    const auto& row = summary.operators[i];
    rows.push_back({number(row.total_ms), number(row.low_ms), number(row.high_ms), number(row.share * 100),
                    with_prefix(row.flops), with_prefix(row.macs), number(row.gflops), row.bound, row.op,
                    row.node, imported ? mapped_by(trace, row) : runs_as(row)});
  }
  print_table(rows);
  if (summary.operators.size() > most)
    std::cout << "… and " << summary.operators.size() - most << " more; --json lists all\n";
}

Json import_json(const ImportedTrace& imported, const TraceMapping& mapping) {
  Json unmapped = Json::array();
  for (const auto& [name, count] : mapping.unmapped) unmapped.push_back({{"name", name}, {"events", count}});
  return {{"producer", imported.producer},
          {"events", imported.counts.events},
          {"repaired", imported.counts.repaired},
          {"damaged", imported.counts.damaged},
          {"broken_off", imported.counts.broken_off},
          {"unused", imported.unused},
          {"runs", imported.trace.runs.size()},
          {"operator_events", mapping.operator_spans},
          {"operator_sum_ms", static_cast<double>(mapping.operator_ns) * 1e-6},
          {"mapped_events", mapping.mapped_spans},
          {"mapped_sum_ms", static_cast<double>(mapping.mapped_ns) * 1e-6},
          {"unmapped", std::move(unmapped)}};
}

void print_import(const ImportedTrace& imported, const TraceMapping& mapping) {
  const TraceEventCounts& counts = imported.counts;
  std::cout << imported.producer << ": " << counts.events << " events, " << imported.trace.runs.size()
            << " runs";
  if (counts.repaired) std::cout << ", " << counts.repaired << " with unescaped names";
  if (counts.damaged) std::cout << ", " << counts.damaged << " damaged ones left out";
  if (counts.broken_off) std::cout << "; the file is broken off";
  for (const auto& [why, count] : imported.unused) std::cout << "; " << count << " not used: " << why;
  std::cout << "\n"
            << mapping.mapped_spans << " of " << mapping.operator_spans << " operator events ("
            << number(static_cast<double>(mapping.mapped_ns) * 1e-6) << " of "
            << number(static_cast<double>(mapping.operator_ns) * 1e-6)
            << " ms) belong to nodes of the model\n";
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, mapping.unmapped.size()); ++i)
    std::cout << "  not mapped: " << mapping.unmapped[i].first << " (" << mapping.unmapped[i].second << ")\n";
  if (mapping.unmapped.size() > most)
    std::cout << "  … and " << mapping.unmapped.size() - most << " more names\n";
}

int profile_of_import(const ProfileOptions& options, const Output& output) {
  const LoadedModel loaded = options.run.model.load(output);
  ImportedTrace imported = import_trace(options.import_file);
  const TraceMapping mapping = map_to_model(imported.trace, *loaded.model);
  imported.trace.model_name = options.run.model.path;
  if (!options.trace_file.empty()) write_chrome_trace(imported.trace, options.trace_file);
  const TraceSummary summary = summarize(imported.trace);
  if (output.json) {
    Json json = profile_json(summary, imported.trace);
    json["import"] = import_json(imported, mapping);
    print_json(json);
  } else {
    print_import(imported, mapping);
    print_summary(summary, imported.trace);
  }
  return 0;
}

}  // namespace

Action declare_profile(CLI::App& app) {
  auto options = std::make_shared<ProfileOptions>();
  options->run.declare(app);
  app.add_option("--trace", options->trace_file, "Write a Chrome trace that Perfetto opens");
  app.add_option("--import", options->import_file,
                 "Show a trace that ONNX Runtime, PyTorch or another program wrote, on this model's nodes");
  app.add_option("--runs", options->runs, "Traced runs")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--warmup", options->warmup, "Runs before that (default: until they take equally long)")
      ->check(CLI::NonNegativeNumber);
  return [options](const Output& output) {
    if (!options->import_file.empty()) return profile_of_import(*options, output);
    const Trace trace = record_trace(*options, output);
    if (!options->trace_file.empty()) write_chrome_trace(trace, options->trace_file);
    const TraceSummary summary = summarize(trace);
    output.json ? print_json(profile_json(summary, trace)) : print_summary(summary, trace);
    return 0;
  };
}

}  // namespace lapidary::cli
