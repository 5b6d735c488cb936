#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/trace/trace.h"
#include "engine/trace/trace_events.h"

namespace lapidary {

/// The threads of an imported trace, with the names and places that its metadata give them.
class ImportedLanes {
 public:
  int lane_of(const TraceEvent& event);
  int asynchronous_lane_of(const TraceEvent& event);
  /// Takes in a metadata event.
  void describe(const TraceEvent& event);
  std::string name_of_process(const std::string& process) const;
  /// Fills the trace's lanes, processes together, as their sort indices say and else as they came, and
  /// lets spans and instants follow. Returns the new lane of each old one.
  std::vector<int> arrange(Trace& trace) const;

 private:
  struct Described {
    std::string name, labels;
    double sort_index = 0;
  };
  struct Thread {
    std::string process, thread;
    bool asynchronous = false;
  };
  int lane(const Thread& thread);
  std::string name_of(const Thread& thread) const;

  std::vector<Thread> threads_;
  std::map<std::pair<std::string, std::string>, int> index_of_;
  std::map<std::string, Described> processes_;
  std::map<std::pair<std::string, std::string>, Described> names_;
  std::string last_process_, last_thread_;
  int last_lane_ = -1;
};

}  // namespace lapidary
