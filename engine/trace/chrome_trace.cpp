#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_map>

#include "engine/io/atomic_file.h"
#include "engine/trace/statistics.h"
#include "engine/trace/tracks.h"

// The Trace Event Format, object form, as Perfetto and chrome://tracing read it.

namespace lapidary {
namespace {

using Json = nlohmann::ordered_json;

constexpr int runs_lane = 0;

/// Where an event is drawn: a process a device, a thread a queue.
struct Place {
  int process = 1, thread = runs_lane;
};

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Microseconds with three decimals, exact.
std::string microseconds(std::int64_t time_ns) {
  char text[40];
  const std::int64_t magnitude = time_ns < 0 ? -time_ns : time_ns;
  std::snprintf(text, sizeof text, "%s%lld.%03lld", time_ns < 0 ? "-" : "",
                static_cast<long long>(magnitude / 1000), static_cast<long long>(magnitude % 1000));
  return text;
}

/// The tracks of a trace, and the processes that its lanes belong to.
class Places {
 public:
  Places(const Trace& trace, const std::vector<std::size_t>& order)
      : tracks_(assign_tracks(trace.spans, trace.lanes.size(), order)) {
    const std::string fallback = trace.backend.empty() ? "Lapidary" : trace.backend;
    for (const Lane& lane : trace.lanes) {
      const std::string& name = lane.process.empty() ? fallback : lane.process;
      const auto found = std::find(processes.begin(), processes.end(), name);
      process_of_lane_.push_back(static_cast<int>(found - processes.begin()) + 1);
      if (found == processes.end()) processes.push_back(name);
    }
    if (processes.empty()) processes.push_back(fallback);
  }
  std::size_t track_count() const { return tracks_.lane_of.size(); }
  int lane_of_track(std::size_t track) const { return tracks_.lane_of[track]; }
  Place of_track(std::size_t track) const {
    return {process_of_lane_[static_cast<std::size_t>(tracks_.lane_of[track])], static_cast<int>(track) + 1};
  }
  Place of_span(std::size_t span) const { return of_track(static_cast<std::size_t>(tracks_.of_span[span])); }
  Place of_lane(int lane) const { return lane < 0 ? Place() : of_track(static_cast<std::size_t>(lane)); }
  int process_named(const std::string& name) const {
    const auto found = std::find(processes.begin(), processes.end(), name);
    return found == processes.end() ? 1 : static_cast<int>(found - processes.begin()) + 1;
  }

  std::vector<std::string> processes;

 private:
  Tracks tracks_;
  std::vector<int> process_of_lane_;
};

Json shapes_of(const std::vector<Type>& types) {
  Json list = Json::array();
  for (const auto& type : types) list.push_back(to_string(type));
  return list;
}

Json arguments_of(const Step& step) {
  Json arguments = {{"node", step.name},
                    {"op", step.op_type},
                    {"inputs", shapes_of(step.inputs)},
                    {"outputs", shapes_of(step.outputs)},
                    {"bytes", step.bytes},
                    {"flops", step.flops},
                    {"macs", step.macs},
                    {"implementation", step.implementation}};
  if (step.node_names.size() > 1) arguments["nodes"] = step.node_names;
  if (!step.note.empty()) arguments["note"] = step.note;
  return arguments;
}

/// Writes events one a line, with commas between them.
class EventWriter {
 public:
  /// `origin_ns`: what stands at time 0 in the file.
  EventWriter(AtomicFile& file, std::int64_t origin_ns) : file_(file), origin_ns_(origin_ns) {}

  /// `value`: a name as text, or a sort index.
  void metadata(const char* what, const char* argument, Place place, const Json& value) {
    begin('M', place) << R"(,"name":")" << what << R"(","args":{")" << argument << R"(":)" << text_of(value)
                      << "}}";
  }
  void slice(const std::string& name, const std::string& category, Place place, std::int64_t begin_ns,
             std::int64_t end_ns, const std::string& arguments) {
    begin('X', place) << R"(,"name":)" << text_of(name) << R"(,"cat":)" << text_of(category) << time(begin_ns)
                      << R"(,"dur":)" << microseconds(end_ns - begin_ns) << R"(,"args":)" << arguments << "}";
  }
  /// One end of an arrow: 's' where it leaves a span, 'f' where it reaches one.
  void flow(char phase, const std::string& name, int id, Place place, std::int64_t time_ns) {
    begin(phase, place) << R"(,"name":)" << text_of(name) << R"(,"cat":"tensor","id":)" << id << time(time_ns)
                        << (phase == 'f' ? R"(,"bp":"e"})" : "}");
  }
  void counter(const std::string& name, int process, const std::string& unit, std::int64_t time_ns,
               double value) {
    begin('C', {process, runs_lane}) << R"(,"name":)" << text_of(name) << time(time_ns) << R"(,"args":{")"
                                     << unit << R"(":)" << text_of(value) << "}}";
  }
  void instant(const std::string& name, Place place, bool global, std::int64_t time_ns) {
    begin('i', place) << R"(,"name":)" << text_of(name) << R"(,"s":")" << (global ? 'g' : 't') << '"'
                      << time(time_ns) << "}";
  }

  void flush() {
    file_.write(out_.str());
    out_.str({});
  }

 private:
  std::string time(std::int64_t time_ns) const { return R"(,"ts":)" + microseconds(time_ns - origin_ns_); }

  std::ostream& begin(char phase, Place place) {
    constexpr std::streamoff block = 1 << 20;
    if (out_.tellp() > block) flush();
    out_ << (first_ ? "\n" : ",\n") << R"({"ph":")" << phase << R"(","pid":)" << place.process << R"(,"tid":)"
         << place.thread;
    first_ = false;
    return out_;
  }

  AtomicFile& file_;
  std::int64_t origin_ns_;
  std::ostringstream out_;
  bool first_ = true;
};

/// An arrow for each tensor that one lane makes and another reads. Returns how many.
int write_tensor_flows(const Trace& trace, const std::vector<std::size_t>& order, const Places& places,
                       EventWriter& writer) {
  struct Made {
    int run = -1;
    std::size_t span = 0;
  };
  std::unordered_map<std::string, Made> made;
  int id = 0;
  for (const std::size_t index : order) {
    const Span& span = trace.spans[index];
    const Step& step = trace.steps[static_cast<std::size_t>(span.step)];
    for (const auto& name : step.reads) {
      const auto found = made.find(name);
      if (name.empty() || found == made.end() || found->second.run != span.run) continue;
      const Span& maker = trace.spans[found->second.span];
      if (maker.lane == span.lane || maker.end_ns > span.begin_ns) continue;
      writer.flow('s', name, ++id, places.of_span(found->second.span), maker.end_ns);
      writer.flow('f', name, id, places.of_span(index), span.begin_ns);
    }
    for (const auto& name : step.writes) made[name] = {span.run, index};
  }
  return id;
}

void write_names(const Trace& trace, const Places& places, EventWriter& writer) {
  for (int process = 1; process <= static_cast<int>(places.processes.size()); ++process) {
    const std::string& name = places.processes[static_cast<std::size_t>(process - 1)];
    writer.metadata("process_name", "name", {process, runs_lane}, name);
    writer.metadata("process_sort_index", "sort_index", {process, runs_lane}, process);
  }
  writer.metadata("thread_name", "name", {}, "Runs");
  writer.metadata("thread_sort_index", "sort_index", {}, runs_lane);
  for (std::size_t track = 0; track < places.track_count(); ++track) {
    const Place place = places.of_track(track);
    const std::string& lane = trace.lanes[static_cast<std::size_t>(places.lane_of_track(track))].name;
    writer.metadata("thread_name", "name", place,
                    track < trace.lanes.size() ? lane : lane + " (overlapping)");
    writer.metadata("thread_sort_index", "sort_index", place, place.thread);
  }
}

/// Loading, compiling and the runs, one after the other.
void write_phases(const Trace& trace, EventWriter& writer) {
  if (trace.load_ns > 0)
    writer.slice("load", "phase", {}, -trace.compile_ns - trace.load_ns, -trace.compile_ns, "{}");
  if (trace.compile_ns > 0) writer.slice("compile", "phase", {}, -trace.compile_ns, 0, "{}");
  int run = 0;
  for (const auto& [begin_ns, end_ns] : trace.runs)
    writer.slice("run " + std::to_string(++run), "run", {}, begin_ns, end_ns, "{}");
}

void write_spans(const Trace& trace, const std::vector<std::size_t>& order, const Places& places,
                 EventWriter& writer) {
  std::vector<std::string> arguments(trace.steps.size());  // as text, once a step however often it ran
  for (std::size_t i = 0; i < trace.steps.size(); ++i) arguments[i] = text_of(arguments_of(trace.steps[i]));
  for (const std::size_t index : order) {
    const Span& span = trace.spans[index];
    const auto step = static_cast<std::size_t>(span.step);
    writer.slice(trace.steps[step].op_type,
                 trace.is_operator(span.step) ? "operator" : trace.origins[step].category,
                 places.of_span(index), span.begin_ns, span.end_ns, arguments[step]);
  }
}

void write_events(const Trace& trace, AtomicFile& file) {
  const auto order = order_of_spans(trace.spans);
  const Places places(trace, order);
  EventWriter writer(file, -trace.load_ns - trace.compile_ns);
  write_names(trace, places, writer);
  write_phases(trace, writer);
  write_spans(trace, order, places, writer);
  int id = trace.lanes.size() > 1 ? write_tensor_flows(trace, order, places, writer) : 0;
  for (const Flow& flow : trace.flows) {
    const std::string& name = trace.names[static_cast<std::size_t>(flow.name)];
    writer.flow('s', name, ++id, places.of_lane(flow.from_lane), flow.from_ns);
    writer.flow('f', name, id, places.of_lane(flow.to_lane), flow.to_ns);
  }
  for (const Instant& instant : trace.instants)
    writer.instant(trace.names[static_cast<std::size_t>(instant.name)], places.of_lane(instant.lane),
                   instant.lane < 0, instant.time_ns);
  for (const Counter& counter : trace.counters)
    for (const auto& sample : counter.samples)
      writer.counter(counter.name, places.process_named(counter.process), "value", sample.time_ns,
                     sample.value);
  for (const auto& sample : trace.memory)
    writer.counter("memory", 1, "bytes", sample.time_ns, static_cast<double>(sample.bytes));
  writer.flush();
}

}  // namespace

void write_chrome_trace(const Trace& trace, const std::string& path) {
  AtomicFile file(path);
  const Json about = {{"model", trace.model_name},
                      {"backend", trace.backend},
                      {"threads", trace.threads},
                      {"load_ns", trace.load_ns},
                      {"compile_ns", trace.compile_ns}};
  file.write(R"({"displayTimeUnit":"ms","otherData":)" + text_of(about) + R"(,"traceEvents":[)");
  write_events(trace, file);
  file.write("\n]}\n");
  file.commit();
}

}  // namespace lapidary
