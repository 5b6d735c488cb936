#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "engine/analysis/hierarchy.h"
#include "engine/analysis/inferred_types.h"
#include "engine/model/graph_index.h"
#include "engine/ops/operator.h"

namespace lapidary {

/// Sizes in pixels that boxes are made for: titles at weight 600, and all other text.
inline constexpr double title_font_px = 13, text_font_px = 11;

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
  enum class Kind { Node, Group, Input, Output, Subgraph, Initializer };
  Kind kind = Kind::Node;
  /// Stable over layouts: "node:12", "node:12/then_branch/3", "group:layer1/block", "repeat:layer1/block0",
  /// "input:x", "output:y", "subgraph:12/then_branch", "initializer:w".
  std::string id;
  int node = -1;   ///< position in the graph the box belongs to; -1 if it is no node
  int group = -1;  ///< index in Hierarchy::groups; -1 if it is no group
  /// The graph that holds the node: nullptr for the main graph, else a subgraph or the body of a function
  /// (InferredTypes::function_body). Not kept alive from here.
  const Graph* graph = nullptr;
  /// What LayoutOptions::open takes to open this box or to close it again; empty if it has nothing inside.
  std::string part;
  int parent = -1;    ///< index of the open box around it; -1 at top level
  bool open = false;  ///< what is inside is shown inside: of a group, a subgraph, or a node with subgraphs
  OperatorKind operator_kind = OperatorKind::Other;
  std::string title;     ///< "Conv", a group's name, an input's name
  std::string subtitle;  ///< "3×3 s2 · 64→128", "24 nodes", an input's shape
  int count = 0;         ///< nodes inside a group
  int repeats = 1;       ///< a folded group that stands for so many equal ones in a row; `group` is the first
  int silhouette = -1;   ///< index in Layout::silhouettes of a closed group; -1 without one
  Rectangle rectangle;   ///< absolute
};

/// Inputs, outputs and initializers are no nodes, but values.
inline bool is_value(Box::Kind kind) {
  return kind == Box::Kind::Input || kind == Box::Kind::Output || kind == Box::Kind::Initializer;
}

/// A closed group's content as a tiny picture: rows from top to bottom, each with its marks side by side.
struct Silhouette {
  struct Mark {
    int row = 0, column = 0, columns = 1;  ///< its place among the columns of its row
    OperatorKind kind = OperatorKind::Other;
  };
  int rows = 0;
  std::vector<Mark> marks;
  /// Where a mark stands in a picture that fills `area`.
  Rectangle place(const Mark& mark, const Rectangle& area) const;
};
/// Where the picture of a closed group stands in its box.
Rectangle silhouette_area(const Rectangle& box);

/// A curve from one box to another: cubic Bézier segments, points.size() = 3·n + 1, absolute.
struct Curve {
  int from = -1, to = -1;  ///< indices of boxes
  std::string value;       ///< name of the value that flows, the first of them if there are several
  int values = 1;          ///< how many flow here
  std::string label;  ///< "N × 64 × 56 × 56", "int64 N × 8" where the type changes; empty where it repeats
  Point label_place;  ///< left end of the label's middle line
  std::vector<Point> points;
  bool skip = false;  ///< passes by other boxes at the side
};

struct Layout {
  std::vector<Box> boxes;  ///< parents before their children
  std::vector<Curve> curves;
  std::vector<Silhouette> silhouettes;  ///< equal groups share theirs
  double width = 0, height = 0;

  /// The box that shows node `index` of `graph` (nullptr: the main graph), itself or as part of a closed
  /// group; -1 if nothing does (constants).
  int box_of_node(int index, const Graph* graph = nullptr) const;
  std::vector<int> box_of_main_node;  ///< by position in the main graph
};

struct LayoutOptions {
  /// Paths of groups that are open; ids of nodes whose subgraphs or functions are open ("node:12"); "repeat:"
  /// and the path of the first group where a row of equal groups is shown one by one.
  std::set<std::string> open;
  bool open_all = false;
  int open_depth = 0;  ///< groups up to this depth are open besides
  /// Initializers, and nodes that only make constants, stand as boxes of their own.
  bool show_constants = false;
  /// Of the model's main graph, where the caller has one.
  const GraphIndex* index = nullptr;
  /// Width of a text in pixels; nullptr uses a built-in table of an average sans-serif font.
  std::function<double(const std::string&, bool bold)> text_width;
  std::function<bool()> cancelled;       ///< asked now and then; throws Cancelled from layout when true
  std::function<void(double)> progress;  ///< told now and then how much is done, 0 to 1
};

/// Lays out the visible part of a model: top to bottom, groups around their content. Cost grows linearly with
/// the number of visible nodes; equal groups are laid out once. Throws Cancelled.
Layout layout_model(const Model& model, const Hierarchy& hierarchy, const InferredTypes& types,
                    const LayoutOptions& options);

/// The groups to open at first: those that hold nearly everything there is, down to where the model branches
/// out.
std::set<std::string> initially_open(const Hierarchy& hierarchy);

/// The line of what matters for a node's kind: "3×3 s2 · 64→128", "axis 1", "perm 0 2 1 3".
std::string key_attributes(const Node& node, const Graph& graph, const InferredTypes& types);

}  // namespace lapidary
