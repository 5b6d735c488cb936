#include "engine/layout/silhouette.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

namespace lapidary {
namespace {

constexpr int most_rows = 12, most_columns = 5;
constexpr std::size_t kinds = static_cast<std::size_t>(OperatorKind::Other) + 1;
using KindCounts = std::array<int, kinds>;

/// What stands in the group as one: a node, or a group with all that is inside.
struct Unit {
  KindCounts counts{};
  int rank = 0;
};

/// The kind that most is of. Shapes are moved around everywhere, and matrices are what work is about.
OperatorKind main_kind(const KindCounts& counts) {
  std::size_t best = kinds - 1;
  int most = 0;
  for (std::size_t k = 0; k < kinds; ++k) {
    const auto kind = static_cast<OperatorKind>(k);
    const int weight = kind == OperatorKind::MatrixAndConvolution ? 12
                       : kind == OperatorKind::ShapeAndLayout     ? 1
                                                                  : 3;
    if (counts[k] * weight <= most) continue;
    most = counts[k] * weight;
    best = k;
  }
  return static_cast<OperatorKind>(best);
}

class Collector {
 public:
  Collector(const Graph& graph, const Hierarchy& hierarchy, const std::vector<bool>& hidden,
            const std::function<OperatorKind(const Node&)>& kind)
      : graph_(graph), hierarchy_(hierarchy), hidden_(hidden), kind_(kind) {}

  std::vector<Unit> units_of(int group) {
    for (const int node : hierarchy_.groups[group].nodes) members_.push_back({node, add_unit()});
    for (const int child : hierarchy_.groups[group].children) collect(child, add_unit());
    std::erase_if(members_, [this](const Member& member) { return hidden_[member.node]; });
    std::sort(members_.begin(), members_.end(),
              [](const Member& a, const Member& b) { return a.node < b.node; });
    rank();
    std::erase_if(units_, [](const Unit& unit) { return unit.counts == KindCounts{}; });
    return std::move(units_);
  }

 private:
  struct Member {
    int node, unit;
  };

  int add_unit() {
    units_.emplace_back();
    return static_cast<int>(units_.size()) - 1;
  }

  void collect(int group, int unit) {
    std::vector<int> open = {group};
    while (!open.empty()) {
      const Group& inside = hierarchy_.groups[open.back()];
      open.pop_back();
      for (const int node : inside.nodes) members_.push_back({node, unit});
      open.insert(open.end(), inside.children.begin(), inside.children.end());
    }
  }

  /// Longest path from above; nodes come in graph order, producers before consumers.
  void rank() {
    std::unordered_map<std::string_view, int> unit_of_value;
    for (const auto& [index, unit] : members_) {
      const Node& node = *graph_.nodes[static_cast<std::size_t>(index)];
      ++units_[unit].counts[static_cast<std::size_t>(kind_(node))];
      for (const std::string& input : node.inputs) {
        const auto found = unit_of_value.find(input);
        if (found != unit_of_value.end() && found->second != unit)
          units_[unit].rank = std::max(units_[unit].rank, units_[found->second].rank + 1);
      }
      for (const std::string& output : node.outputs) unit_of_value[output] = unit;
    }
  }

  const Graph& graph_;
  const Hierarchy& hierarchy_;
  const std::vector<bool>& hidden_;
  const std::function<OperatorKind(const Node&)>& kind_;
  std::vector<Member> members_;
  std::vector<Unit> units_;
};

}  // namespace

Rectangle silhouette_area(const Rectangle& box) {
  constexpr double margin = 7, width = 30;
  return {box.x + box.width - margin - 3 - width, box.y + margin, width, box.height - 2 * margin};
}

Rectangle Silhouette::place(const Mark& mark, const Rectangle& area) const {
  // Short content keeps the height of its marks, in the middle; marks are as wide in every row.
  constexpr double widest = 14, highest = 5;
  const double height = std::min(area.height / rows, highest * area.width / 30);
  const double width = std::min(area.width / mark.columns, widest * area.width / 30);
  const double top = area.y + (area.height - rows * height) / 2;
  const double left = area.x + (area.width - mark.columns * width) / 2;
  return {left + mark.column * width, top + mark.row * height, width * 0.84, height * 0.7};
}

Silhouette silhouette_of(const Graph& graph, const Hierarchy& hierarchy, int group,
                         const std::vector<bool>& hidden,
                         const std::function<OperatorKind(const Node&)>& kind) {
  const std::vector<Unit> units = Collector(graph, hierarchy, hidden, kind).units_of(group);
  if (units.empty()) return {};
  int ranks = 0;
  for (const Unit& unit : units) ranks = std::max(ranks, unit.rank + 1);
  const int rows = std::min(ranks, most_rows);
  std::vector<std::vector<const Unit*>> content(static_cast<std::size_t>(rows));
  for (const Unit& unit : units) content[static_cast<std::size_t>(unit.rank * rows / ranks)].push_back(&unit);

  Silhouette silhouette;
  silhouette.rows = rows;
  for (int row = 0; row < rows; ++row) {
    const auto& inside = content[static_cast<std::size_t>(row)];
    const int row_ranks = ((row + 1) * ranks + rows - 1) / rows - (row * ranks + rows - 1) / rows;
    const int count = static_cast<int>(inside.size());
    const int columns = std::clamp((count + row_ranks / 2) / std::max(1, row_ranks), 1, most_columns);
    std::vector<KindCounts> cells(static_cast<std::size_t>(columns));
    for (int i = 0; i < count; ++i) {
      for (std::size_t k = 0; k < kinds; ++k)
        cells[static_cast<std::size_t>(i * columns / count)][k] +=
            inside[static_cast<std::size_t>(i)]->counts[k];
    }
    for (int column = 0; column < columns; ++column) {
      if (cells[static_cast<std::size_t>(column)] == KindCounts{}) continue;
      silhouette.marks.push_back({row, column, columns, main_kind(cells[static_cast<std::size_t>(column)])});
    }
  }
  return silhouette;
}

}  // namespace lapidary
