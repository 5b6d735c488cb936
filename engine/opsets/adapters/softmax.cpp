#include <numeric>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

/// True if the axes behind `axis` have one element each, so that it does not matter whether they count.
bool is_last(const NodeRewrite& rewrite, std::int64_t axis) {
  const auto shape = rewrite.shape(rewrite.input(0));
  if (!shape) return axis == -1;
  for (auto i = static_cast<std::size_t>(non_negative(axis, static_cast<std::int64_t>(shape->size()))) + 1;
       i < shape->size(); ++i)
    if ((*shape)[i].value_or(0) != 1) return false;
  return true;
}

/// Before 13 all axes from `axis` on are one; since then one axis is normalized.
void raise_13(NodeRewrite& rewrite) {
  const std::int64_t axis = rewrite.integer("axis", 1);
  rewrite.set("axis", axis);
  const auto shape = rewrite.shape(rewrite.input(0));
  const bool is_whole = shape && axis == static_cast<std::int64_t>(shape->size());
  if (is_last(rewrite, axis) && !is_whole) return;
  const std::string shape_of_x = rewrite.write("Shape", {rewrite.input(0)});
  rewrite.set_input(0, rewrite.write("Flatten", {rewrite.input(0)}, {{"axis", axis}}));
  rewrite.set("axis", std::int64_t{-1});
  rewrite.pass_output_through(0, "Reshape", {shape_of_x});
}

void lower_13(NodeRewrite& rewrite) {
  const std::int64_t axis = rewrite.integer("axis", -1);
  rewrite.set("axis", axis);
  if (is_last(rewrite, axis)) return;
  const std::int64_t rank = rewrite.rank(rewrite.input(0));
  std::vector<std::int64_t> exchange(static_cast<std::size_t>(rank));
  std::iota(exchange.begin(), exchange.end(), 0);
  std::swap(exchange.back(), exchange[static_cast<std::size_t>(non_negative(axis, rank))]);
  rewrite.set_input(0, transposed(rewrite, rewrite.input(0), exchange));
  rewrite.set("axis", rank - 1);
  rewrite.pass_output_through(0, "Transpose", {}, {{"perm", exchange}});
}

}  // namespace

std::vector<Adapter> softmax_adapters() {
  std::vector<Adapter> rows;
  for (const char* name : {"Softmax", "LogSoftmax", "Hardmax"}) {
    rows.push_back({name, 11, nullptr, make_axis_non_negative});
    rows.push_back({name, 13, raise_13, lower_13});
  }
  return rows;
}

}  // namespace lapidary
