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

constexpr int process = 1, runs_lane = 0;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Microseconds with three decimals, exact.
std::string microseconds(std::int64_t time_ns) {
  char text[40];
  const std::int64_t magnitude = time_ns < 0 ? -time_ns : time_ns;
  std::snprintf(text, sizeof text, "%s%lld.%03lld", time_ns < 0 ? "-" : "",
                static_cast<long long>(magnitude / 1000), static_cast<long long>(magnitude % 1000));
  return text;
}

int thread_of(std::size_t track) { return static_cast<int>(track) + 1; }
int thread_of(const Tracks& tracks, std::size_t span) { return tracks.of_span[span] + 1; }

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
  explicit EventWriter(AtomicFile& file) : file_(file) {}

  void name(const char* what, int thread, const std::string& name) {
    begin() << R"({"name":")" << what << R"(","ph":"M","pid":)" << process << R"(,"tid":)" << thread
            << R"(,"args":{"name":)" << text_of(name) << "}}";
  }
  void sort_index(int thread) {
    begin() << R"({"name":"thread_sort_index","ph":"M","pid":)" << process << R"(,"tid":)" << thread
            << R"(,"args":{"sort_index":)" << thread << "}}";
  }
  void slice(const std::string& name, const char* category, int thread, std::int64_t begin_ns,
             std::int64_t end_ns, const std::string& arguments) {
    begin() << R"({"name":)" << text_of(name) << R"(,"cat":")" << category << R"(","ph":"X","pid":)"
            << process << R"(,"tid":)" << thread << R"(,"ts":)" << microseconds(begin_ns) << R"(,"dur":)"
            << microseconds(end_ns - begin_ns) << R"(,"args":)" << arguments << "}";
  }
  void process_sort_index() {
    begin() << R"({"name":"process_sort_index","ph":"M","pid":)" << process << R"(,"tid":)" << runs_lane
            << R"(,"args":{"sort_index":)" << process << "}}";
  }
  /// One end of the arrow for a tensor: "s" where its maker ends, "f" where its reader begins.
  void flow(const char* phase, const std::string& tensor, int id, int thread, std::int64_t time_ns) {
    begin() << R"({"name":)" << text_of(tensor) << R"(,"cat":"tensor","ph":")" << phase << R"(","id":)" << id
            << R"(,"pid":)" << process << R"(,"tid":)" << thread << R"(,"ts":)" << microseconds(time_ns)
            << (*phase == 'f' ? R"(,"bp":"e"})" : "}");
  }
  void counter(const MemorySample& sample) {
    begin() << R"({"name":"memory","ph":"C","pid":)" << process << R"(,"ts":)" << microseconds(sample.time_ns)
            << R"(,"args":{"bytes":)" << sample.bytes << "}}";
  }

  void flush() {
    file_.write(out_.str());
    out_.str({});
  }

 private:
  std::ostream& begin() {
    constexpr std::streamoff block = 1 << 20;
    if (out_.tellp() > block) flush();
    out_ << (first_ ? "\n" : ",\n");
    first_ = false;
    return out_;
  }

  AtomicFile& file_;
  std::ostringstream out_;
  bool first_ = true;
};

/// An arrow for each tensor that one lane makes and another reads.
void write_flows(const Trace& trace, const std::vector<std::size_t>& order, const Tracks& tracks,
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
      writer.flow("s", name, ++id, thread_of(tracks, found->second.span), maker.end_ns);
      writer.flow("f", name, id, thread_of(tracks, index), span.begin_ns);
    }
    for (const auto& name : step.writes) made[name] = {span.run, index};
  }
}

void write_events(const Trace& trace, AtomicFile& file) {
  EventWriter writer(file);
  const auto order = order_of_spans(trace.spans);
  const Tracks tracks = assign_tracks(trace.spans, trace.lanes.size(), order);
  writer.name("process_name", runs_lane, trace.backend.empty() ? "Lapidary" : trace.backend);
  writer.process_sort_index();
  writer.name("thread_name", runs_lane, "Runs");
  writer.sort_index(runs_lane);
  for (std::size_t track = 0; track < tracks.lane_of.size(); ++track) {
    const std::string& lane = trace.lanes[static_cast<std::size_t>(tracks.lane_of[track])].name;
    writer.name("thread_name", thread_of(track), track < trace.lanes.size() ? lane : lane + " (overlapping)");
    writer.sort_index(thread_of(track));
  }
  int run = 0;
  for (const auto& [begin_ns, end_ns] : trace.runs)
    writer.slice("run " + std::to_string(++run), "run", runs_lane, begin_ns, end_ns, "{}");
  std::vector<std::string> arguments(trace.steps.size());  // as text, once a step however often it ran
  for (std::size_t i = 0; i < trace.steps.size(); ++i) arguments[i] = text_of(arguments_of(trace.steps[i]));
  for (const std::size_t index : order) {
    const Span& span = trace.spans[index];
    const auto step = static_cast<std::size_t>(span.step);
    writer.slice(trace.steps[step].op_type, "operator", thread_of(tracks, index), span.begin_ns, span.end_ns,
                 arguments[step]);
  }
  if (trace.lanes.size() > 1) write_flows(trace, order, tracks, writer);
  for (const auto& sample : trace.memory) writer.counter(sample);
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
