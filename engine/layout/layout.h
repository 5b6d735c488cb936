#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "engine/analysis/hierarchy.h"
#include "engine/analysis/inferred_types.h"
#include "engine/ops/operator.h"

namespace lapidary {

struct Point {
  double x = 0, y = 0;
};

struct Rectangle {
  double x = 0, y = 0, width = 0, height = 0;
  bool contains(Point p) const { return p.x >= x && p.y >= y && p.x < x + width && p.y < y + height; }
  bool intersects(const Rectangle& r) const {
    return x < r.x + r.width && r.x < x + width && y < r.y + r.height && r.y < y + height;
  }
};

/// What stands in the picture as one box.
struct Box {
  enum class Kind { Node, Group, Input, Output, Subgraph };
  Kind kind = Kind::Node;
  std::string
      id;  ///< stable over layouts: "node:12", "group:layer1/block", "input:x", "subgraph:12/then_branch"
  int node = -1;   ///< position in the graph the box belongs to; -1 if it is no node
  int group = -1;  ///< index in Hierarchy::groups; -1 if it is no group
  const Graph* graph =
      nullptr;        ///< the graph that holds the node: nullptr for the main graph, else a subgraph
  int parent = -1;    ///< index of the open group's or subgraph's box around it; -1 at top level
  bool open = false;  ///< a group or subgraph whose content is shown inside
  OperatorKind operator_kind = OperatorKind::Other;
  std::string title;     ///< "Conv", a group's name, an input's name
  std::string subtitle;  ///< "3×3 s2 · 64→128", "24 nodes", an input's shape
  int count = 0;         ///< nodes inside a group
  int repeats = 1;       ///< a folded group that stands for so many equal ones in a row
  Rectangle rectangle;   ///< absolute
};

/// A curve from one box to another: cubic Bézier segments, points.size() = 3·n + 1, absolute.
struct Curve {
  int from = -1, to = -1;  ///< indices of boxes
  std::string value;       ///< name of the value that flows
  std::string label;       ///< "N × 64 × 56 × 56", or empty where it would repeat
  std::vector<Point> points;
  bool skip = false;  ///< passes by other boxes at the side
};

struct Layout {
  std::vector<Box> boxes;  ///< parents before their children
  std::vector<Curve> curves;
  double width = 0, height = 0;
};

struct LayoutOptions {
  /// Paths of groups that are open, and ids of nodes whose subgraphs are open ("node:12").
  std::set<std::string> open;
  bool open_all = false;
  int open_depth = 0;           ///< groups up to this depth are open besides
  bool show_constants = false;  ///< nodes that only make constants stand as boxes of their own
  /// Width of a text in pixels; nullptr uses a built-in table of an average sans-serif font.
  std::function<double(const std::string&, bool bold)> text_width;
  std::function<bool()> cancelled;  ///< asked now and then; throws Cancelled from layout when true
};

/// Lays out the visible part of a model: top to bottom, groups around their content. Cost grows linearly with
/// the number of visible nodes; equal groups are laid out once.
Layout layout_model(const Model& model, const Hierarchy& hierarchy, const InferredTypes& types,
                    const LayoutOptions& options);

/// The line of what matters for a node's kind: "3×3 s2 · 64→128", "axis 1", "perm 0 2 1 3".
std::string key_attributes(const Node& node, const Graph& graph, const InferredTypes& types);

}  // namespace lapidary
