#include "engine/trace/groups.h"

#include <algorithm>
#include <map>

namespace lapidary {

std::vector<GroupTime> times_by_module(const TraceSummary& summary, const Hierarchy& hierarchy) {
  std::vector<GroupTime> modules;
  for (const Group& group : hierarchy.groups) modules.push_back({group.path, group.parent});
  for (std::size_t node = 0; node < hierarchy.group_of_node.size(); ++node) {
    const double ms = node < summary.node_ms.size() ? summary.node_ms[node] : 0;
    int module = hierarchy.group_of_node[node];
    if (module >= 0) modules[static_cast<std::size_t>(module)].own_ms += ms;
    for (; module >= 0; module = modules[static_cast<std::size_t>(module)].parent) {
      modules[static_cast<std::size_t>(module)].total_ms += ms;
      ++modules[static_cast<std::size_t>(module)].operators;
    }
  }
  for (GroupTime& module : modules)
    module.share = summary.total_ms > 0 ? module.total_ms / summary.total_ms : 0;
  return modules;
}

std::vector<GroupTime> times_by_shape(const TraceSummary& summary, const Trace& trace) {
  std::map<std::string, GroupTime> shapes;
  for (const OperatorTime& row : summary.operators) {
    const Step& step = trace.steps[static_cast<std::size_t>(row.step)];
    std::string name = row.op;
    for (const Type& type : step.inputs) name += (&type == &step.inputs[0] ? ": " : ", ") + to_string(type);
    GroupTime& group = shapes[name];
    group.name = name;
    ++group.operators;
    group.total_ms += row.total_ms;
    group.share += row.share;
  }
  std::vector<GroupTime> list;
  for (auto& [name, group] : shapes) {
    group.own_ms = group.total_ms;
    list.push_back(std::move(group));
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.total_ms > b.total_ms; });
  return list;
}

}  // namespace lapidary
