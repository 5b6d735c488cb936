#include "engine/trace/import_lanes.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "engine/trace/json_cursor.h"

namespace lapidary {
namespace {

std::string argument(const TraceEvent& event, std::string_view wanted) {
  JsonCursor cursor(event.arguments);
  std::string_view key, value;
  if (cursor.enter('{'))
    while (cursor.next_key(key) && cursor.value(value))
      if (key == wanted) return unescaped(value);
  return {};
}

double number_from(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int ImportedLanes::lane(const Thread& thread) {
  const auto key = std::pair(thread.process, (thread.asynchronous ? "a" : "t") + thread.thread);
  const auto [place, fresh] = index_of_.try_emplace(key, static_cast<int>(threads_.size()));
  if (fresh) threads_.push_back(thread);
  return place->second;
}

int ImportedLanes::lane_of(const TraceEvent& event) {
  if (last_lane_ >= 0 && event.thread == last_thread_ && event.process == last_process_) return last_lane_;
  last_process_ = event.process;
  last_thread_ = event.thread;
  return last_lane_ = lane({last_process_, last_thread_});
}

int ImportedLanes::asynchronous_lane_of(const TraceEvent& event) {
  const std::string_view what = event.category.empty() ? event.name : event.category;
  return lane({std::string(event.process), std::string(what), true});
}

void ImportedLanes::describe(const TraceEvent& event) {
  const std::string process(event.process);
  Described& thread = names_[{process, std::string(event.thread)}];
  if (event.name == "process_name") processes_[process].name = argument(event, "name");
  if (event.name == "process_labels") processes_[process].labels = argument(event, "labels");
  if (event.name == "process_sort_index")
    processes_[process].sort_index = number_from(argument(event, "sort_index"));
  if (event.name == "thread_name") thread.name = argument(event, "name");
  if (event.name == "thread_sort_index") thread.sort_index = number_from(argument(event, "sort_index"));
}

std::string ImportedLanes::name_of_process(const std::string& process) const {
  const auto found = processes_.find(process);
  std::string name = found == processes_.end() || found->second.name.empty()
                         ? (process.empty() ? "" : "Process " + process)
                         : found->second.name;
  if (found != processes_.end() && !found->second.labels.empty()) name += " (" + found->second.labels + ")";
  return name;
}

std::string ImportedLanes::name_of(const Thread& thread) const {
  if (thread.asynchronous) return thread.thread;
  const auto found = names_.find({thread.process, thread.thread});
  return found == names_.end() || found->second.name.empty() ? "Thread " + thread.thread : found->second.name;
}

std::vector<int> ImportedLanes::arrange(Trace& trace) const {
  std::map<std::string, int> first;  // a process stands where its first lane does
  std::vector<int> order(threads_.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<int>(i);
    first.try_emplace(threads_[i].process, order[i]);
  }
  const auto place_of = [&](int index) {
    const Thread& thread = threads_[static_cast<std::size_t>(index)];
    const auto process = processes_.find(thread.process);
    const auto named = names_.find({thread.process, thread.thread});
    return std::tuple(process == processes_.end() ? 0 : process->second.sort_index, first.at(thread.process),
                      thread.asynchronous, named == names_.end() ? 0 : named->second.sort_index, index);
  };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return place_of(a) < place_of(b); });
  std::vector<int> lane_of_thread(order.size());
  for (const int index : order) {
    const Thread& thread = threads_[static_cast<std::size_t>(index)];
    lane_of_thread[static_cast<std::size_t>(index)] = static_cast<int>(trace.lanes.size());
    trace.lanes.push_back({name_of(thread), name_of_process(thread.process), thread.asynchronous});
  }
  const auto move = [&](int& lane) {
    if (lane >= 0) lane = lane_of_thread[static_cast<std::size_t>(lane)];
  };
  for (Span& span : trace.spans) move(span.lane);
  for (Instant& instant : trace.instants) move(instant.lane);
  return lane_of_thread;
}

}  // namespace lapidary
