#include "ui/timeline/timeline_scene.h"

#include <QCoreApplication>
#include <algorithm>

#include "engine/ops/operator_table.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr double narrowest = 3;  ///< pixels

/// The kind of the step's first node that has one of weight: a convolution with an activation is a
/// convolution.
OperatorKind kindOf(const Step& step, const Model& model) {
  OperatorKind kind = OperatorKind::Other;
  for (const int index : step.nodes) {
    if (static_cast<std::size_t>(index) >= model.graph->nodes.size()) continue;
    const Node& node = *model.graph->nodes[static_cast<std::size_t>(index)];
    const OperatorKind found = kind_of(node.domain, node.op_type);
    if (kind == OperatorKind::Other || found == OperatorKind::MatrixAndConvolution) kind = found;
  }
  return step.nodes.empty() ? OperatorKind::ShapeAndLayout : kind;
}

/// The group directly below the first branching that holds the node; -1 for the root.
int moduleOf(const Hierarchy& hierarchy, int top, int node) {
  int group = hierarchy.group_of_node[static_cast<std::size_t>(node)];
  while (group > 0 && hierarchy.groups[static_cast<std::size_t>(group)].parent != top)
    group = hierarchy.groups[static_cast<std::size_t>(group)].parent;
  return group > 0 ? group : -1;
}

/// The group in which the modules of a model stand: the root, or what it holds alone.
int topOf(const Hierarchy& hierarchy) {
  const auto onlyChild = [&](int group) {
    const auto& children = hierarchy.groups[static_cast<std::size_t>(group)].children;
    return children.size() == 1 ? children.front() : -1;
  };
  int top = 0;
  for (int child = onlyChild(top);
       child >= 0 && !hierarchy.groups[static_cast<std::size_t>(child)].children.empty();
       child = onlyChild(top))
    top = child;
  return top;
}

/// The lane on which most of the model's nodes ran.
int mainLane(const Trace& trace) {
  std::vector<std::size_t> spans(std::max<std::size_t>(trace.lanes.size(), 1));
  for (const Span& span : trace.spans)
    if (!trace.steps[static_cast<std::size_t>(span.step)].nodes.empty())
      ++spans[static_cast<std::size_t>(span.lane)];
  return static_cast<int>(std::max_element(spans.begin(), spans.end()) - spans.begin());
}

TimelineRow moduleRow(const Trace& trace, const Hierarchy& hierarchy) {
  TimelineRow row{QCoreApplication::translate("Timeline", "Modules"), true, {}};
  const int top = topOf(hierarchy), lane = mainLane(trace);
  for (const Span& span : trace.spans) {
    const Step& step = trace.steps[static_cast<std::size_t>(span.step)];
    if (span.lane != lane || step.nodes.empty()) continue;
    const int group = moduleOf(hierarchy, top, step.nodes.front());
    const bool joins =
        !row.items.empty() && row.items.back().group == group && row.items.back().run == span.run;
    if (joins)
      row.items.back().end_ns = std::max(row.items.back().end_ns, span.end_ns);
    else if (group >= 0 && (row.items.empty() || span.begin_ns >= row.items.back().end_ns))
      row.items.push_back({span.begin_ns, span.end_ns, -1, group, span.run});
  }
  return row;
}

}  // namespace

TimelineScene make_scene(const Trace& trace, const Model& model, const Hierarchy& hierarchy) {
  TimelineScene scene;
  scene.steps_of_node.resize(model.graph->nodes.size());
  for (std::size_t s = 0; s < trace.steps.size(); ++s) {
    scene.kind_of_step.push_back(kindOf(trace.steps[s], model));
    for (const int node : trace.steps[s].nodes)
      if (static_cast<std::size_t>(node) < scene.steps_of_node.size())
        scene.steps_of_node[static_cast<std::size_t>(node)].push_back(static_cast<int>(s));
  }
  scene.rows.push_back(moduleRow(trace, hierarchy));
  // A span inside another goes one row deeper.
  std::vector<std::vector<std::size_t>> rowsOfLane(trace.lanes.size());
  for (const Span& span : trace.spans) {
    auto& rows = rowsOfLane[static_cast<std::size_t>(span.lane)];
    std::size_t depth = 0;
    while (depth < rows.size() && scene.rows[rows[depth]].items.back().end_ns > span.begin_ns) ++depth;
    if (depth == rows.size()) {
      rows.push_back(scene.rows.size());
      scene.rows.push_back(
          {depth == 0 ? text(trace.lanes[static_cast<std::size_t>(span.lane)].name) : QString(), false, {}});
    }
    scene.rows[rows[depth]].items.push_back({span.begin_ns, span.end_ns, span.step, -1, span.run});
    scene.end_ns = std::max(scene.end_ns, span.end_ns);
  }
  for (const RunRange& run : trace.runs) scene.end_ns = std::max(scene.end_ns, run.end_ns);
  if (scene.rows.front().items.empty()) scene.rows.erase(scene.rows.begin());
  return scene;
}

std::vector<VisibleItem> visible_items(const TimelineRow& row, std::int64_t begin_ns, std::int64_t end_ns,
                                       double pixelsPerNs) {
  std::vector<VisibleItem> visible;
  const auto& items = row.items;
  const auto endsBefore = [](const TimelineItem& item, std::int64_t time) { return item.end_ns <= time; };
  auto item = std::lower_bound(items.begin(), items.end(), begin_ns, endsBefore);
  const auto pixel = [&](std::int64_t time) { return static_cast<double>(time - begin_ns) * pixelsPerNs; };
  while (item != items.end() && item->begin_ns < end_ns) {
    VisibleItem shown{static_cast<int>(item - items.begin()), 0, pixel(item->begin_ns), pixel(item->end_ns)};
    shown.last = shown.first;
    if (shown.right - shown.left < narrowest) {
      // All that ends within the next pixels is one: skip ahead by binary search.
      const auto limit = begin_ns + static_cast<std::int64_t>((shown.left + narrowest) / pixelsPerNs);
      const auto next = std::lower_bound(item, items.end(), limit, endsBefore);
      const auto last = next == item ? item : next - 1;
      shown.last = static_cast<int>(last - items.begin());
      shown.right = std::max(pixel(last->end_ns), shown.left + 1);
      item = last;
    }
    visible.push_back(shown);
    ++item;
  }
  return visible;
}

}  // namespace lapidary::ui
