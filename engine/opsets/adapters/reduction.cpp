#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

void axes_to_input(NodeRewrite& rewrite) { rewrite.attribute_to_input("axes", 1); }

/// Each element for itself: what a reduction along no axis leaves.
void map_elements(NodeRewrite& rewrite) {
  const std::string name = rewrite.node.op_type, x = rewrite.input(0);
  if (name == "ReduceL1" || name == "ReduceL2") return rewrite.become("Abs", {x});
  if (name == "ReduceSumSquare") return rewrite.become("Mul", {x, x});
  rewrite.become(name == "ReduceLogSum" ? "Log" : "Identity", {x});
}

void axes_to_attribute(NodeRewrite& rewrite) {
  const bool keeps_all = rewrite.integer("noop_with_empty_axes", 0) != 0;
  rewrite.input_to_attribute(1, "axes");
  if (rewrite.integers("axes").value_or(std::vector<std::int64_t>()).empty()) {
    if (keeps_all) return map_elements(rewrite);
    rewrite.remove("axes");
  }
  rewrite.remove("noop_with_empty_axes");
}

}  // namespace

std::vector<Adapter> reduction_adapters() {
  std::vector<Adapter> rows;
  for (const char* name : {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
                           "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"}) {
    rows.push_back({name, 11, nullptr, make_axes_non_negative});
    const int with_input = std::string_view(name) == "ReduceSum" ? 13 : 18;
    rows.push_back({name, with_input, axes_to_input, axes_to_attribute});
  }
  for (const char* name : {"ArgMax", "ArgMin"}) {
    rows.push_back({name, 11, nullptr, make_axis_non_negative});
    rows.push_back({name, 12});  // the first of several, unless asked for otherwise
  }
  return rows;
}

}  // namespace lapidary
