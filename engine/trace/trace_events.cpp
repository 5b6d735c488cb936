#include "engine/trace/trace_events.h"

#include <cstring>

#include "engine/model/error.h"
#include "engine/trace/json_cursor.h"

namespace lapidary {
namespace {

Error no_trace(const std::string& why) {
  return Error(why).advice(
      "Give a profile of ONNX Runtime or PyTorch, or a Chrome trace: a JSON array of events, or an object "
      "with "
      "traceEvents");
}

bool read_scoped_id(JsonCursor& cursor, TraceEvent& event) {
  std::string_view key;
  if (!cursor.enter('{')) return cursor.skip_value();
  while (cursor.next_key(key))
    if (!cursor.value(event.id)) return false;
  return !cursor.failed();
}

bool read_member(JsonCursor& cursor, std::string_view key, TraceEvent& event) {
  std::string_view text;
  if (key == "name") return cursor.value(event.name);
  if (key == "cat") return cursor.value(event.category);
  if (key == "pid") return cursor.value(event.process);
  if (key == "tid") return cursor.value(event.thread);
  if (key == "args") return cursor.value(event.arguments);
  if (key == "id") return cursor.value(event.id);
  if (key == "id2") return read_scoped_id(cursor, event);
  if (key == "s") return cursor.value(event.scope);
  if (key == "bp") return cursor.value(event.binding);
  if (!cursor.value(text)) return false;
  if (key == "ph") event.phase = text.empty() ? '\0' : text[0];
  if (key == "ts") event.has_time = nanoseconds_from(text, event.time_ns);
  if (key == "dur") event.has_duration = nanoseconds_from(text, event.duration_ns);
  return true;
}

bool read_event(JsonCursor& cursor, TraceEvent& event) {
  event = {};
  if (!cursor.enter('{')) return false;
  std::string_view key;
  while (cursor.next_key(key))
    if (!read_member(cursor, key, event)) return false;
  return !cursor.failed();
}

/// The events of one array, one after the other.
class EventReader {
 public:
  EventReader(std::string_view text, const std::function<void(const TraceEvent&)>& visit)
      : end_(text.data() + text.size()), visit_(visit) {}

  /// `cursor` stands behind the array's opening bracket, and afterwards behind its closing one.
  void read_array(JsonCursor& cursor) {
    for (;;) {
      while (cursor.accept(',')) {
      }
      if (cursor.accept(']')) return;
      if (cursor.at_end()) break;
      read_one(cursor);
    }
    counts.broken_off = true;
  }

  TraceEventCounts counts;

 private:
  void read_one(JsonCursor& cursor) {
    const char* begin = cursor.position();
    TraceEvent event;
    if (read_event(cursor, event)) return deliver(event);
    const char* line_end =
        static_cast<const char*>(std::memchr(begin, '\n', static_cast<std::size_t>(end_ - begin)));
    // Names that nobody escaped: writers that do so put each event on a line of its own.
    JsonCursor lenient({begin, static_cast<std::size_t>((line_end ? line_end : end_) - begin)},
                       JsonCursor::Strings::Unescaped);
    if (read_event(lenient, event)) {
      ++counts.repaired;
      cursor.move_to(lenient.position());
      return deliver(event);
    }
    line_end ? ++counts.damaged : 0;  // without one, it is the event that the file broke off in
    cursor.move_to(line_end ? line_end : end_);
  }

  void deliver(const TraceEvent& event) {
    ++counts.events;
    visit_(event);
  }

  const char* end_;
  const std::function<void(const TraceEvent&)>& visit_;
};

}  // namespace

TraceEventCounts read_trace_events(std::string_view text,
                                   const std::function<void(const TraceEvent&)>& visit) {
  JsonCursor cursor(text);
  EventReader reader(text, visit);
  if (cursor.enter('[')) {
    if (cursor.peek() != '{' && cursor.peek() != ']' && !cursor.at_end())
      throw no_trace("this JSON array holds no events");
    reader.read_array(cursor);
    return reader.counts;
  }
  if (!cursor.enter('{')) throw no_trace("this is no trace: it does not begin as JSON");
  std::string_view key;
  bool found = false;
  while (cursor.next_key(key)) {
    if (key == "traceEvents" && cursor.enter('[')) {
      reader.read_array(cursor);
      found = true;
    } else if (!cursor.skip_value()) {
      break;
    }
  }
  if (!found) throw no_trace("this JSON object has no traceEvents");
  if (cursor.failed()) reader.counts.broken_off = true;
  return reader.counts;
}

}  // namespace lapidary
