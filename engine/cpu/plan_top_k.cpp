#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/model/element_types.h"

namespace lapidary::cpu {
namespace {

/// Rows of `size` elements that lie `inner` apart, [outer, size, inner], of which `k` are taken.
struct TopKPlan {
  std::int64_t outer, size, inner, k;
  bool largest;
  int threads;
  DataType element;
  BufferId from, values = -1, places = -1;
};

template <class T>
struct Entry {
  T value;
  std::int64_t place;
};

/// The order of results: larger numbers first, or smaller ones; NaN is larger than all; of equals the first.
template <class T, bool largest>
struct ComesBefore {
  bool operator()(const Entry<T>& a, const Entry<T>& b) const {
    if constexpr (std::is_floating_point_v<T>)
      if (std::isnan(a.value) || std::isnan(b.value)) {
        if (std::isnan(a.value) && std::isnan(b.value)) return a.place < b.place;
        return std::isnan(largest ? a.value : b.value);
      }
    if (a.value == b.value) return a.place < b.place;
    return largest ? a.value > b.value : a.value < b.value;
  }
};

/// The first k entries in order.
template <class T, bool largest>
void sort_first(std::vector<Entry<T>>& entries, std::int64_t k) {
  const ComesBefore<T, largest> before;
  const auto end = entries.begin() + k;
  if (end != entries.end()) std::nth_element(entries.begin(), end, entries.end(), before);
  std::sort(entries.begin(), end, before);
}

template <class T>
void select_row(const TopKPlan& plan, Session& session, std::int64_t row, std::vector<Entry<T>>& entries) {
  const std::int64_t block = row / plan.inner, column = row % plan.inner;
  const T* const from = session.read<T>(plan.from) + block * plan.size * plan.inner + column;
  entries.clear();
  for (std::int64_t i = 0; i < plan.size; ++i) entries.push_back({from[i * plan.inner], i});
  if (plan.largest)
    sort_first<T, true>(entries, plan.k);
  else
    sort_first<T, false>(entries, plan.k);
  const std::int64_t target = block * plan.k * plan.inner + column;
  for (std::int64_t i = 0; i < plan.k; ++i) {
    const auto& entry = entries[static_cast<std::size_t>(i)];
    if (plan.values >= 0) session.write<T>(plan.values)[target + i * plan.inner] = entry.value;
    if (plan.places >= 0) session.write<std::int64_t>(plan.places)[target + i * plan.inner] = entry.place;
  }
}

using TopKTypes = decltype(WideFloatTypes{} + IntegerTypes{});

void run(const TopKPlan& plan, Session& session) {
  const std::int64_t rows = plan.outer * plan.inner;
  dispatch(TopKTypes{}, plan.element, [&]<class T>() {
    parallel_for(rows, 5 * static_cast<double>(rows * plan.size), plan.threads,
                 [&](std::int64_t begin, std::int64_t end) {
                   thread_local std::vector<Entry<T>> entries;
                   for (std::int64_t row = begin; row < end; ++row) select_row(plan, session, row, entries);
                 });
  });
}

}  // namespace

std::string plan_top_k(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const LoweredValue& x = graph.input(node, 0);
  if (!is_convertible(x.element) || x.element == DataType::Bool ||
      (is_floating(x.element) && bits_of(x.element) == 16))
    return "numbers of an unusual type";
  const auto rank = static_cast<std::int64_t>(x.dims.size());
  std::int64_t axis = node.node->attribute_or("axis", std::int64_t{-1});
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return "there is no such axis";
  const auto begin = x.dims.begin() + axis;
  TopKPlan plan{};
  plan.outer = element_count(Dims(x.dims.begin(), begin));
  plan.size = *begin;
  plan.inner = element_count(Dims(begin + 1, x.dims.end()));
  for (const ValueId id : node.outputs)
    if (id >= 0) plan.k = graph.values[id].dims[static_cast<std::size_t>(axis)];
  if (node.record->since_version >= 10 && !graph.constant(node, 1)) return "k is known only while it runs";
  if (plan.k < 1 || plan.k > plan.size) return "a k that does not fit";
  plan.largest = node.node->attribute_or("largest", std::int64_t{1}) != 0;
  plan.element = x.element;
  plan.threads = planner.services.threads;
  plan.from = planner.plain(node.inputs[0]);
  std::vector<BufferId> writes;
  const auto output = [&](std::size_t slot) {
    if (slot >= node.outputs.size() || node.outputs[slot] < 0) return -1;
    writes.push_back(planner.define(node.outputs[slot]));
    return writes.back();
  };
  plan.values = output(0);
  plan.places = output(1);
  planner.add_step(node, "rows", {plan.from}, std::move(writes),
                   [plan](Session& session) { run(plan, session); });
  return "";
}

}  // namespace lapidary::cpu
