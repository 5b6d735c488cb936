#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

bool is_empty(const Tensor& tensor) { return tensor.size() == 0; }

void reduce(Call& call) {
  const Tensor x = call.any(0, 4);
  if (is_empty(x) && call.version() < 18) throw Unsuitable();
  const bool takes_logarithm = call.record.name.starts_with("ReduceLog");
  if (takes_logarithm && is_integer(x.type())) throw Unsuitable();  // no integer is minus infinity
  call.flag("keepdims");
  call.flag("noop_with_empty_axes");
  if (x.rank() == 0 || call.random.chance(0.25)) return;
  const auto axes = call.axes(x.rank(), call.version() >= 11);
  if (call.record.find_attribute("axes"))
    call.set("axes", axes);
  else
    call.integers(axes);
}

void arg_reduce(Call& call) {
  const Tensor x = call.any(1, 4);
  if (is_empty(x)) throw Unsuitable();
  require_finite(x);
  call.set("axis", call.axis(x.rank(), call.version() >= 11));
  call.flag("keepdims");
  call.flag("select_last_index");
}

}  // namespace

RecipeList reduction_recipes() {
  RecipeList list = {{"ArgMax", arg_reduce}, {"ArgMin", arg_reduce}};
  for (const char* name : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
                           "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"})
    list.emplace_back(name, reduce);
  return list;
}

}  // namespace lapidary::differential
