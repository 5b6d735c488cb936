#include "engine/analysis/graph_change.h"

#include <algorithm>
#include <unordered_map>

#include "engine/analysis/merge_types.h"

namespace lapidary {
namespace {

/// Visits the elements of both lists that stand between what they share at the beginning and at the end.
template <class Element, class Same, class Visit>
void for_each_difference(const PersistentVector<Element>& from, const PersistentVector<Element>& to,
                         Same same, Visit visit) {
  const auto pointers = [](const PersistentVector<Element>& list) {
    std::vector<const Element*> all;
    all.reserve(list.size());
    for (const Element& element : list) all.push_back(&element);
    return all;
  };
  const std::vector<const Element*> before = pointers(from), after = pointers(to);
  const std::size_t shorter = std::min(before.size(), after.size());
  std::size_t begin = 0, end = 0;
  while (begin < shorter && same(*before[begin], *after[begin])) ++begin;
  while (begin + end < shorter && same(*before[before.size() - 1 - end], *after[after.size() - 1 - end]))
    ++end;
  for (const auto* all : {&before, &after})
    for (std::size_t i = begin; i + end < all->size(); ++i) visit(*(*all)[i]);
}

bool is_declared_alike(const Value& a, const Value& b) {
  return &a == &b || (a.name == b.name && is_same_type(a.type, b.type));
}

void add_values(const Graph& from, const Graph& to, std::vector<std::string>& names) {
  for_each_difference(
      from.initializers, to.initializers, [](const auto& a, const auto& b) { return a == b; },
      [&](const auto& tensor) { names.push_back(tensor->name); });
  for_each_difference(from.value_infos, to.value_infos, is_declared_alike,
                      [&](const Value& value) { names.push_back(value.name); });
  const auto add_changed = [&](const std::vector<Value>& before, const std::vector<Value>& after) {
    if (before.size() == after.size() &&
        std::equal(before.begin(), before.end(), after.begin(), is_declared_alike))
      return;
    for (const auto* list : {&before, &after})
      for (const Value& value : *list) names.push_back(value.name);
  };
  add_changed(from.inputs, to.inputs);
  add_changed(from.outputs, to.outputs);
}

std::vector<const Node*> nodes_of(const Graph& graph) {
  std::vector<const Node*> nodes;
  nodes.reserve(graph.nodes.size());
  for (const auto& node : graph.nodes) nodes.push_back(node.get());
  return nodes;
}

/// See GraphChange::now.
std::vector<int> positions_after(const std::vector<const Node*>& from, const std::vector<const Node*>& to) {
  const std::size_t count = from.size(), shorter = std::min(count, to.size());
  std::size_t begin = 0, end = 0;  // so many are the same at the beginning, and at the end
  while (begin < shorter && from[begin] == to[begin]) ++begin;
  while (begin + end < shorter && from[count - 1 - end] == to[to.size() - 1 - end]) ++end;
  std::unordered_map<std::string, int> positions;
  for (std::size_t i = begin; i + end < to.size(); ++i)
    positions.emplace(to[i]->label(), static_cast<int>(i));
  std::vector<int> now(count);
  std::vector<bool> is_taken(to.size());
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_between = i >= begin && i + end < count;
    const auto found = is_between ? positions.find(from[i]->label()) : positions.end();
    now[i] = i < begin                  ? static_cast<int>(i)
             : !is_between              ? static_cast<int>(i + to.size() - count)
             : found == positions.end() ? -1
                                        : found->second;
    if (now[i] >= 0) is_taken[static_cast<std::size_t>(now[i])] = true;
  }
  if (count == to.size())
    for (std::size_t i = begin; i + end < count; ++i)
      if (now[i] < 0 && !is_taken[i]) now[i] = static_cast<int>(i);
  return now;
}

}  // namespace

GraphChange change_between(const Graph& from, const Graph& to) {
  const auto before = nodes_of(from), after = nodes_of(to);
  GraphChange change;
  change.now = positions_after(before, after);
  std::vector<int> earlier(after.size(), -1);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (change.now[i] >= 0)
      earlier[static_cast<std::size_t>(change.now[i])] = static_cast<int>(i);
    else
      change.gone.push_back({static_cast<int>(i), before[i]});
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    const Node* former = earlier[i] < 0 ? nullptr : before[static_cast<std::size_t>(earlier[i])];
    if (former != after[i]) change.touched.push_back({static_cast<int>(i), former});
  }
  add_values(from, to, change.values);
  return change;
}

bool is_wired_alike(const Node& a, const Node& b) {
  return a.op_type == b.op_type && a.domain == b.domain && a.inputs == b.inputs && a.outputs == b.outputs;
}

}  // namespace lapidary
