#include "engine/trace/import_trace.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "engine/io/compression.h"
#include "engine/model/error.h"
#include "engine/model/mapped_bytes.h"
#include "engine/trace/import_flows.h"
#include "engine/trace/import_lanes.h"
#include "engine/trace/imported_steps.h"
#include "engine/trace/json_cursor.h"
#include "engine/trace/tracks.h"

namespace lapidary {
namespace {

/// A begin or end that waits for its other half: events may come in any order.
struct Mark {
  std::int64_t time_ns = 0;
  int lane = 0, step = 0;
  bool begins = false;
};

/// Spans come in whole (X), as begin and end on a thread (B, E), or as begin and end with an identity (b, e).
class TraceImporter {
 public:
  void add(const TraceEvent& event) {
    if (event.phase != 'M' && !event.has_time) return unused("has no time");
    switch (event.phase) {
      case 'X':
        return add_span(event);
      case 'B':
      case 'E':
        return marks_.push_back({event.time_ns, lanes_.lane_of(event),
                                 event.phase == 'B' ? steps_.step_of(event) : 0, event.phase == 'B'});
      case 'b':
      case 'e':
        return asynchronous_[identity_of(event)].push_back({event.time_ns, lanes_.asynchronous_lane_of(event),
                                                            event.phase == 'b' ? steps_.step_of(event) : 0,
                                                            event.phase == 'b'});
      case 'n':
      case 'i':
      case 'I':
      case 'R':
        return trace_.instants.push_back(
            {flows_.name_of(event.name), event.scope == "g" ? -1 : lanes_.lane_of(event), event.time_ns});
      case 'C':
        return add_counter(event);
      case 'M':
        return lanes_.describe(event);
      case 's':
      case 't':
      case 'f':
        return flows_.add(event, identity_of(event), lanes_.lane_of(event));
      default:
        return unused(std::string("has the phase ") + event.phase);
    }
  }

  ImportedTrace finish() {
    pair_marks(marks_);
    for (auto& [identity, marks] : asynchronous_) pair_marks(marks);
    shift_to_begin();
    const auto lane_of_thread = lanes_.arrange(trace_);
    const auto thread_of_lane = lay_out_spans();
    find_runs();
    flows_.bind(lane_of_thread, thread_of_lane);
    std::stable_sort(trace_.instants.begin(), trace_.instants.end(),
                     [](const Instant& a, const Instant& b) { return a.time_ns < b.time_ns; });
    std::string wrote = producer();
    return {std::move(trace_), std::move(wrote), {}, std::move(unused_)};
  }

 private:
  void unused(const std::string& why) { ++unused_[why]; }

  void add_span(const TraceEvent& event) {
    if (!event.has_duration) return unused("has no duration");
    if (event.duration_ns < 0) return unused("has a negative duration");
    trace_.spans.push_back(
        {steps_.step_of(event), lanes_.lane_of(event), -1, event.time_ns, event.time_ns + event.duration_ns});
  }

  /// Category and id together tell what belongs together; ids of async events hold within a process.
  static std::string identity_of(const TraceEvent& event) {
    std::string id(event.id);
    const bool hexadecimal = id.starts_with("0x");
    unsigned long long number = 0;
    const char* digits = id.data() + (hexadecimal ? 2 : 0);
    const bool is_text = !id.empty() && event.id.data()[-1] == '"';
    const auto [rest, error] = std::from_chars(digits, id.data() + id.size(), number, is_text ? 16 : 10);
    if (error == std::errc() && rest == id.data() + id.size() && rest != digits) id = std::to_string(number);
    std::string identity = std::string(event.category) + '\0' + id + '\0';
    return identity + std::string(event.phase == 'b' || event.phase == 'e' ? event.process : event.name);
  }

  void add_counter(const TraceEvent& event) {
    JsonCursor cursor(event.arguments);
    std::string_view key, text;
    if (!cursor.enter('{')) return unused("is a counter without figures");
    while (cursor.next_key(key) && cursor.value(text)) {
      double value = 0;
      const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || rest != text.data() + text.size()) continue;
      counter_of(event, key).samples.push_back({event.time_ns, value});
    }
  }

  Counter& counter_of(const TraceEvent& event, std::string_view key) {
    const std::string id = event.id.empty() ? "" : '[' + std::string(event.id) + ']';
    const std::string name = unescaped(event.name) + id + ": " + unescaped(key);
    const std::string process(event.process);
    const auto [place, fresh] = counter_index_.try_emplace({process, name}, trace_.counters.size());
    if (fresh) trace_.counters.push_back({name, process});
    return trace_.counters[place->second];
  }

  /// An end closes the innermost span that is open on its lane.
  void pair_marks(std::vector<Mark>& marks) {
    std::stable_sort(marks.begin(), marks.end(),
                     [](const Mark& a, const Mark& b) { return a.time_ns < b.time_ns; });
    std::map<int, std::vector<Mark>> open;
    for (const Mark& mark : marks) {
      auto& stack = open[mark.lane];
      if (mark.begins) {
        stack.push_back(mark);
      } else if (stack.empty()) {
        unused("ends what never began");
      } else {
        trace_.spans.push_back({stack.back().step, mark.lane, -1, stack.back().time_ns, mark.time_ns});
        stack.pop_back();
      }
    }
    for (const auto& [lane, stack] : open)
      for (std::size_t i = 0; i < stack.size(); ++i) unused("began and never ends");
    marks.clear();
  }

  void shift_to_begin() {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    for (const Span& span : trace_.spans) first = std::min(first, span.begin_ns);
    for (const Instant& instant : trace_.instants) first = std::min(first, instant.time_ns);
    for (const Counter& counter : trace_.counters)
      for (const auto& sample : counter.samples) first = std::min(first, sample.time_ns);
    if (first == std::numeric_limits<std::int64_t>::max()) return;
    for (Span& span : trace_.spans) span.begin_ns -= first, span.end_ns -= first;
    for (Instant& instant : trace_.instants) instant.time_ns -= first;
    flows_.shift(first);
    for (Counter& counter : trace_.counters) {
      counter.process = lanes_.name_of_process(counter.process);
      for (auto& sample : counter.samples) sample.time_ns -= first;
      std::stable_sort(counter.samples.begin(), counter.samples.end(),
                       [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
    }
  }

  /// Sorts the spans, and gives those that partly overlap others lanes of their own. Returns the lane that
  /// each lane's spans come from.
  std::vector<int> lay_out_spans() {
    const auto order = order_of_spans(trace_.spans);
    const Tracks tracks = assign_tracks(trace_.spans, trace_.lanes.size(), order);
    for (std::size_t track = trace_.lanes.size(); track < tracks.lane_of.size(); ++track) {
      Lane lane = trace_.lanes[static_cast<std::size_t>(tracks.lane_of[track])];
      lane.name += " (overlapping)";
      trace_.lanes.push_back(std::move(lane));
    }
    std::vector<Span> sorted;
    sorted.reserve(order.size());
    for (const std::size_t index : order) {
      sorted.push_back(trace_.spans[index]);
      sorted.back().lane = tracks.of_span[index];
    }
    trace_.spans = std::move(sorted);
    return tracks.lane_of;
  }

  bool is_run(int step) const {
    const std::string& name = trace_.steps[static_cast<std::size_t>(step)].name;
    const std::string& category = trace_.origins[static_cast<std::size_t>(step)].category;
    return (category == "Session" && name == "model_run") || name.starts_with("ProfilerStep#") ||
           (category == "run" && name.starts_with("run "));
  }

  void find_runs() {
    const bool any_operator = std::any_of(trace_.origins.begin(), trace_.origins.end(),
                                          [](const auto& o) { return o.is_operator; });
    if (!any_operator)
      for (auto& origin : trace_.origins) origin.is_operator = true;
    std::vector<char> runs(trace_.steps.size());
    for (std::size_t s = 0; s < runs.size(); ++s) runs[s] = is_run(static_cast<int>(s));
    for (const Span& span : trace_.spans)
      if (runs[static_cast<std::size_t>(span.step)] &&
          (trace_.runs.empty() || span.begin_ns >= trace_.runs.back().end_ns))
        trace_.runs.push_back({span.begin_ns, span.end_ns});
    assign_runs();
  }

  /// Spans to the runs that they begin in. Operators behind the last run are those of a run that the file
  /// broke off in: a run's own event is written at its end.
  void assign_runs() {
    const std::int64_t last_end = trace_.runs.empty() ? -1 : trace_.runs.back().end_ns;
    RunRange rest{std::numeric_limits<std::int64_t>::max(), 0};
    const int rest_run = static_cast<int>(trace_.runs.size());
    int run = 0;
    for (Span& span : trace_.spans) {
      while (run < rest_run && trace_.runs[static_cast<std::size_t>(run)].end_ns <= span.begin_ns) ++run;
      if (run < rest_run) {
        if (trace_.runs[static_cast<std::size_t>(run)].begin_ns <= span.begin_ns) span.run = run;
      } else if (span.begin_ns >= last_end && trace_.is_operator(span.step)) {
        span.run = rest_run;
        rest.begin_ns = std::min(rest.begin_ns, span.begin_ns);
        rest.end_ns = std::max(rest.end_ns, span.end_ns);
      }
    }
    if (rest.begin_ns <= rest.end_ns) trace_.runs.push_back(rest);
    std::stable_sort(trace_.spans.begin(), trace_.spans.end(),
                     [](const Span& a, const Span& b) { return a.run < b.run; });
  }

  std::string producer() const {
    for (const StepOrigin& origin : trace_.origins) {
      if (origin.category == "Session" || origin.category == "Node") return "ONNX Runtime";
      if (origin.category == "cpu_op") return "PyTorch";
      if (origin.category == "operator") return "Lapidary";
    }
    return "Chrome trace";
  }

  Trace trace_;
  ImportedSteps steps_{trace_};
  ImportedLanes lanes_;
  ImportedFlows flows_{trace_};
  std::vector<Mark> marks_;
  std::map<std::string, std::vector<Mark>> asynchronous_;
  std::map<std::pair<std::string, std::string>, std::size_t> counter_index_;
  std::map<std::string, std::size_t> unused_;
};

bool is_gzip(std::string_view text) { return text.starts_with("\x1f\x8b"); }

}  // namespace

ImportedTrace import_trace(const FileBytes& file) {
  const FileBytes content = is_gzip(file.text()) ? gunzip(file, [](std::string_view) {}) : file;
  TraceImporter importer;
  std::size_t released = 0;
  const TraceEventCounts counts = read_trace_events(content.text(), [&](const TraceEvent& event) {
    importer.add(event);
    constexpr std::size_t block = 32 << 20;  // traces are long: the file does not stay in memory as a whole
    const auto place =
        event.name.empty() ? 0 : static_cast<std::size_t>(event.name.data() - content.text().data());
    if (place < released + 2 * block) return;
    release_pages(content.owner, content.bytes.subspan(released, block));
    released += block;
  });
  ImportedTrace imported = importer.finish();
  imported.counts = counts;
  imported.trace.backend = imported.producer;
  return imported;
}

ImportedTrace import_trace(const std::string& path) {
  try {
    return import_trace(map_file(path));
  } catch (Error& error) {
    throw error.file(path);
  }
}

}  // namespace lapidary
