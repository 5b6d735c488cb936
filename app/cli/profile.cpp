#include <algorithm>
#include <iostream>

#include "app/cli/facts.h"
#include "engine/backends.h"
#include "engine/machine_roofs.h"
#include "engine/trace/compare_profiles.h"
#include "engine/trace/findings.h"
#include "engine/trace/groups.h"
#include "engine/trace/import_trace.h"
#include "engine/trace/map_to_model.h"
#include "engine/trace/roofline.h"
#include "engine/trace/table_files.h"

namespace lapidary::cli {

RecordedRun record_trace(const ProfileOptions& options, const Output& output) {
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
  return {prepared.loaded.model, std::move(trace)};
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

void write_files(const ProfileOptions& options, const TraceSummary& summary, const Trace& trace,
                 const Model& model) {
  if (!options.trace_file.empty()) write_chrome_trace(trace, options.trace_file);
  if (!options.csv_file.empty()) write_profile_csv(summary, trace, options.csv_file);
  if (!options.netron_file.empty()) write_netron_attachment(summary, model, options.netron_file);
  if (!options.model_explorer_file.empty())
    write_model_explorer_data(summary, model, options.model_explorer_file);
}

std::vector<GroupTime> groups_asked_for(const ProfileOptions& options, const TraceSummary& summary,
                                        const Trace& trace, const Model& model) {
  return options.group_by == "module" ? times_by_module(summary, find_hierarchy(*model.graph))
                                      : times_by_shape(summary, trace);
}

Json groups_json(const std::vector<GroupTime>& groups) {
  Json list = Json::array();
  for (const GroupTime& group : groups)
    list.push_back({{"name", group.name},
                    {"parent", group.parent},
                    {"operators", group.operators},
                    {"total_ms", group.total_ms},
                    {"own_ms", group.own_ms},
                    {"share", group.share}});
  return list;
}

void print_groups(const std::string& by, const std::vector<GroupTime>& groups) {
  std::vector<std::vector<std::string>> rows = {{"ms", "own ms", "share %", "operators", by}};
  for (const GroupTime& group : groups)
    rows.push_back({number(group.total_ms), number(group.own_ms), number(group.share * 100),
                    std::to_string(group.operators), group.name.empty() ? "(all)" : group.name});
  std::cout << '\n';
  print_table(rows);
}

void add_roofline(Json& json, const Roofs& roofs, const std::vector<RooflinePoint>& points) {
  Json rates = Json::object();
  for (const auto& [type, rate] : roofs.flops_per_second) rates[std::string(name_of(type))] = rate;
  json["roofs"] = {
      {"threads", roofs.threads}, {"bytes_per_second", roofs.bytes_per_second}, {"flops_per_second", rates}};
  for (std::size_t i = 0; i < points.size(); ++i)
    json["operators"][i].update({{"intensity", points[i].intensity},
                                 {"roof", points[i].bound},
                                 {"attainable_ms", points[i].attainable_ms},
                                 {"share_of_roof", points[i].share_of_roof}});
}

void print_roofline(const TraceSummary& summary, const Roofs& roofs,
                    const std::vector<RooflinePoint>& points) {
  std::cout << "\nroofs on " << roofs.threads << " threads: " << with_prefix(roofs.bytes_per_second) << "B/s";
  for (const auto& [type, rate] : roofs.flops_per_second)
    if (rate > 0) std::cout << ", " << name_of(type) << " " << with_prefix(rate) << "FLOP/s";
  std::cout << "\n";
  constexpr std::size_t most = 30;
  std::vector<std::vector<std::string>> rows = {
      {"ms", "at best", "of roof %", "FLOP/byte", "roof", "operator", "node"}};
  for (std::size_t i = 0; i < std::min(most, points.size()); ++i) {
    const OperatorTime& row = summary.operators[i];
    rows.push_back({number(row.total_ms), number(points[i].attainable_ms),
                    number(points[i].share_of_roof * 100), number(points[i].intensity), points[i].bound,
                    row.op, row.node});
  }
  print_table(rows);
}

Json findings_json(const std::vector<Finding>& findings, const Trace& trace) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    Json nodes = Json::array();
    for (const int step : finding.steps) nodes.push_back(trace.steps[static_cast<std::size_t>(step)].name);
    list.push_back({{"rule", finding.rule},
                    {"message", finding.message},
                    {"nodes", std::move(nodes)},
                    {"total_ms", finding.milliseconds},
                    {"gain_ms", finding.gain_ms}});
  }
  return list;
}

void print_findings(const std::vector<Finding>& findings, const Trace& trace) {
  std::cout << (findings.empty() ? "\nnothing found that would help\n" : "\n");
  for (const Finding& finding : findings) {
    std::cout << number(finding.milliseconds) << " ms: " << finding.rule << ": " << finding.message;
    if (!finding.steps.empty())
      std::cout << " (" << trace.steps[static_cast<std::size_t>(finding.steps.front())].name
                << (finding.steps.size() > 1 ? " and " + std::to_string(finding.steps.size() - 1) + " more)"
                                             : ")");
    std::cout << '\n';
  }
}

int show(const ProfileOptions& options, const Trace& trace, const Model& model, Json more,
         const Output& output) {
  const TraceSummary summary = summarize(trace);
  write_files(options, summary, trace, model);
  const bool grouped = !options.group_by.empty();
  const auto groups = grouped ? groups_asked_for(options, summary, trace, model) : std::vector<GroupTime>();
  const Roofs roofs = options.roofline || options.findings ? machine_roofs(trace.threads) : Roofs();
  const auto findings = options.findings ? find_findings(summary, trace, roofs) : std::vector<Finding>();
  const auto points = options.roofline ? roofline_of(summary, trace, roofs) : std::vector<RooflinePoint>();
  if (output.json) {
    Json json = profile_json(summary, trace);
    json.update(more);
    if (options.roofline) add_roofline(json, roofs, points);
    if (options.findings) json["findings"] = findings_json(findings, trace);
    if (grouped) json["by_" + options.group_by] = groups_json(groups);
    print_json(json);
    return 0;
  }
  print_summary(summary, trace);
  if (options.roofline) print_roofline(summary, roofs, points);
  if (options.findings) print_findings(findings, trace);
  if (grouped) print_groups(options.group_by, groups);
  return 0;
}

std::string names_of(const std::vector<int>& steps, const Trace& trace) {
  std::string text;
  for (const int step : steps)
    text += (text.empty() ? "" : ", ") + trace.steps[static_cast<std::size_t>(step)].name;
  return text.empty() ? "(none)" : text;
}

/// The same model on another backend, or another model.
RecordedRun record_other(ProfileOptions options, const Output& output) {
  const auto& known = backends();
  const auto named = [&](const Backend& backend) { return backend.name == options.against; };
  (std::any_of(known.begin(), known.end(), named) ? options.run.backend : options.run.model.path) =
      options.against;
  return record_trace(options, output);
}

int profile_against(const ProfileOptions& options, const RecordedRun& first, const Output& output) {
  const RecordedRun second = record_other(options, output);
  const TraceSummary summary = summarize(first.trace), other = summarize(second.trace);
  const auto pairs = compare_profiles(summary, first.trace, other, second.trace);
  if (output.json) {
    Json json = profile_json(summary, first.trace);
    json["against"] = profile_json(other, second.trace);
    json["pairs"] = Json::array();
    for (const ProfilePair& pair : pairs)
      json["pairs"].push_back({{"first", names_of(pair.first, first.trace)},
                               {"second", names_of(pair.second, second.trace)},
                               {"first_ms", pair.first_ms},
                               {"second_ms", pair.second_ms},
                               {"difference_ms", pair.second_ms - pair.first_ms},
                               {"evidence", pair.evidence}});
    print_json(json);
    return 0;
  }
  std::cout << number(summary.total_ms) << " ms against " << number(other.total_ms) << " ms\n";
  constexpr std::size_t most = 30;
  std::vector<std::vector<std::string>> rows = {
      {"difference", "ms", "against", "steps", "against", "aligned by"}};
  for (std::size_t i = 0; i < std::min(most, pairs.size()); ++i)
    rows.push_back({number(pairs[i].second_ms - pairs[i].first_ms), number(pairs[i].first_ms),
                    number(pairs[i].second_ms), names_of(pairs[i].first, first.trace),
                    names_of(pairs[i].second, second.trace), pairs[i].evidence});
  print_table(rows);
  return 0;
}

int profile_of_import(const ProfileOptions& options, const Output& output) {
  const LoadedModel loaded = options.run.model.load(output);
  ImportedTrace imported = import_trace(options.import_file);
  const TraceMapping mapping = map_to_model(imported.trace, *loaded.model);
  imported.trace.model_name = options.run.model.path;
  if (!output.json) print_import(imported, mapping);
  return show(options, imported.trace, *loaded.model, {{"import", import_json(imported, mapping)}}, output);
}

}  // namespace

Action declare_profile(CLI::App& app) {
  auto options = std::make_shared<ProfileOptions>();
  options->run.declare(app);
  app.add_option("--trace", options->trace_file, "Write a Chrome trace that Perfetto opens");
  app.add_option("--csv", options->csv_file, "Write the operators' table as comma-separated values");
  app.add_option("--netron", options->netron_file, "Write times by node as an attachment for Netron");
  app.add_option("--model-explorer", options->model_explorer_file, "Write times by node for Model Explorer");
  app.add_flag(
      "--roofline", options->roofline,
      "Show how far each operator is from what this machine's arithmetic and memory allow (measured once)");
  app.add_option("--against", options->against,
                 "Compare with a profile on another backend, or of another model file");
  app.add_flag("--findings", options->findings, "Say what could make the run faster, and what that rests on");
  app.add_option("--group-by", options->group_by, "Add a table of times by module, or by operator and shapes")
      ->check(CLI::IsMember({"module", "shape"}));
  app.add_option("--import", options->import_file,
                 "Show a trace that ONNX Runtime, PyTorch or another program wrote, on this model's nodes");
  app.add_option("--runs", options->runs, "Traced runs")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--warmup", options->warmup, "Runs before that (default: until they take equally long)")
      ->check(CLI::NonNegativeNumber);
  return [options](const Output& output) {
    if (!options->import_file.empty()) return profile_of_import(*options, output);
    const RecordedRun recorded = record_trace(*options, output);
    if (!options->against.empty()) return profile_against(*options, recorded, output);
    return show(*options, recorded.trace, *recorded.model, Json::object(), output);
  };
}

}  // namespace lapidary::cli
