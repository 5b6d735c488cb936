#pragma once

#include <cstdint>
#include <vector>

#include "ui/document/document.h"

namespace lapidary::ui {

/// A span or module as the timeline shows it: on a row, from begin to end.
struct TimelineItem {
  std::int64_t begin_ns = 0, end_ns = 0;
  int step = -1;   ///< index in Trace::steps; -1 for modules
  int group = -1;  ///< index in Hierarchy::groups for modules; -1 for spans
  int run = 0;
};

/// Items of one row, by begin and not overlapping.
struct TimelineRow {
  QString name;
  bool isModules = false;
  std::vector<TimelineItem> items;
};

/// What a trace looks like as rows of a timeline.
struct TimelineScene {
  std::vector<TimelineRow> rows;
  std::int64_t begin_ns = 0, end_ns = 0;        ///< of all that there is
  std::vector<OperatorKind> kind_of_step;       ///< by index in Trace::steps
  std::vector<std::vector<int>> steps_of_node;  ///< by position in the main graph
};

/// Modules on top, then a row for each lane and nesting depth.
TimelineScene make_scene(const Trace& trace, const Model& model, const Hierarchy& hierarchy);

/// A range of a row's items, or several that are too narrow to be told apart.
struct VisibleItem {
  int first = 0, last = 0;     ///< indices of the row's items; first == last for a single one
  double left = 0, right = 0;  ///< pixels
};

/// The items that fall into [begin, end), placed with `pixelsPerNs`; neighbours narrower than 3 px together
/// become one. Cost grows with the pixels, not with the items.
std::vector<VisibleItem> visible_items(const TimelineRow& row, std::int64_t begin_ns, std::int64_t end_ns,
                                       double pixelsPerNs);

}  // namespace lapidary::ui
