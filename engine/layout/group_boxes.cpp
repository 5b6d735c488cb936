#include "engine/layout/group_boxes.h"

#include <algorithm>
#include <limits>

namespace lapidary {
namespace {

/// Fewer equal groups in a row than this stand one by one.
constexpr std::size_t shortest_row = 3;

/// A name without its numbers: "layers." of "layers.12".
std::string stem(const std::string& name) {
  std::string result = name;
  std::erase_if(result, [](char c) { return c >= '0' && c <= '9'; });
  return result;
}

class Builder {
 public:
  Builder(const Hierarchy& hierarchy, const std::vector<bool>& hidden, const LayoutOptions& options)
      : hierarchy_(hierarchy), hidden_(hidden), options_(options) {
    result_.part_of_group.assign(hierarchy.groups.size(), -1);
    first_.assign(hierarchy.groups.size(), std::numeric_limits<int>::max());
    drawn_.assign(hierarchy.groups.size(), 0);
    // Children come after their parents: one walk back carries first nodes and counts up.
    for (std::size_t g = hierarchy.groups.size(); g-- > 0;) {
      for (const int node : hierarchy.groups[g].nodes) {
        if (hidden[node]) continue;
        ++drawn_[g];
        first_[g] = std::min(first_[g], node);
      }
      const int parent = hierarchy.groups[g].parent;
      if (parent < 0) continue;
      drawn_[parent] += drawn_[g];
      first_[parent] = std::min(first_[parent], first_[g]);
    }
  }

  GroupBoxes build() {
    add_content(0, -1, 0);
    // What lies in closed groups shows as these.
    for (std::size_t g = 1; g < result_.part_of_group.size(); ++g) {
      if (result_.part_of_group[g] < 0)
        result_.part_of_group[g] = result_.part_of_group[hierarchy_.groups[g].parent];
    }
    return std::move(result_);
  }

 private:
  struct Item {
    int first = 0, node = -1, group = -1;
  };

  bool is_open(int group, int depth) const {
    return options_.open_all || depth <= options_.open_depth ||
           options_.open.contains(hierarchy_.groups[group].path);
  }

  void add_content(int group, int parent, int depth) {
    std::vector<Item> items;
    for (const int node : hierarchy_.groups[group].nodes) {
      if (!hidden_[node]) items.push_back({node, node, -1});
    }
    for (const int child : hierarchy_.groups[group].children) {
      if (drawn_[child] > 0) items.push_back({first_[child], -1, child});
    }
    std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < items.size();) {
      const std::size_t end = row_end(items, i, depth + 1);
      if (items[i].node >= 0) {
        result_.parts.push_back({items[i].node, -1, parent, false, 1, -1, 1});
      } else if (end - i >= shortest_row) {
        add_row(items, i, end, parent);
      } else {
        add_group(items[i].group, parent, depth + 1);
      }
      i = std::max(end, i + 1);
    }
  }

  /// The end of the row of equal groups from `begin` on; begin + 1 where it must stand alone.
  std::size_t row_end(const std::vector<Item>& items, std::size_t begin, int depth) {
    if (items[begin].group < 0 || begin < row_shown_until_) return begin + 1;
    const Group& first = hierarchy_.groups[items[begin].group];
    const std::string first_stem = stem(first.name);
    if (first_stem.size() == first.name.size()) return begin + 1;
    std::size_t end = begin;
    bool any_open = options_.open.contains("repeat:" + first.path);
    for (; end < items.size() && items[end].group >= 0; ++end) {
      const Group& group = hierarchy_.groups[items[end].group];
      if (group.structure != first.structure || stem(group.name) != first_stem) break;
      any_open |= is_open(items[end].group, depth);
    }
    if (!any_open && end - begin >= shortest_row) return end;
    row_shown_until_ = any_open ? end : 0;
    return begin + 1;
  }

  void add_row(const std::vector<Item>& items, std::size_t begin, std::size_t end, int parent) {
    GroupBoxes::Part part{
        -1, items[begin].group, parent, false, static_cast<int>(end - begin), items[end - 1].group, 0};
    for (std::size_t i = begin; i < end; ++i) {
      part.node_count += hierarchy_.groups[items[i].group].node_count;
      result_.part_of_group[items[i].group] = static_cast<int>(result_.parts.size());
    }
    result_.parts.push_back(part);
  }

  void add_group(int group, int parent, int depth) {
    const bool open = is_open(group, depth);
    const int part = static_cast<int>(result_.parts.size());
    result_.parts.push_back({-1, group, parent, open, 1, group, hierarchy_.groups[group].node_count});
    result_.part_of_group[group] = part;
    if (!open) return;
    const std::size_t outer_row = std::exchange(row_shown_until_, 0);
    add_content(group, part, depth);
    row_shown_until_ = outer_row;
  }

  const Hierarchy& hierarchy_;
  const std::vector<bool>& hidden_;
  const LayoutOptions& options_;
  GroupBoxes result_;
  std::vector<int> first_, drawn_;   ///< by group: first node that is drawn, and how many are
  std::size_t row_shown_until_ = 0;  ///< siblings before this index stand one by one
};

}  // namespace

GroupBoxes group_boxes(const Hierarchy& hierarchy, const std::vector<bool>& hidden,
                       const LayoutOptions& options) {
  return Builder(hierarchy, hidden, options).build();
}

std::set<std::string> initially_open(const Hierarchy& hierarchy) {
  std::set<std::string> open;
  for (int group = 0; group >= 0;) {
    const Group& around = hierarchy.groups[group];
    group = -1;
    for (const int child : around.children) {
      const Group& inside = hierarchy.groups[child];
      if (inside.node_count * 10 < around.node_count * 8) continue;
      open.insert(inside.path);
      group = child;
    }
  }
  return open;
}

}  // namespace lapidary
