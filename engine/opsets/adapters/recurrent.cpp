#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

/// Whether the whole sequence is given is said by the outputs since then.
void raise_7(NodeRewrite& rewrite) { rewrite.remove("output_sequence"); }

/// The batch first: before 14 it comes behind the sequence, or behind the directions.
void lower_14(NodeRewrite& rewrite) {
  const bool batch_is_first = rewrite.integer("layout", 0) != 0;
  rewrite.remove("layout");
  if (!batch_is_first) return;
  for (const std::size_t index : {0, 5, 6})  // X, initial_h, initial_c
    if (rewrite.has_input(index))
      rewrite.set_input(index, transposed(rewrite, rewrite.input(index), {1, 0, 2}));
  const auto back = [&](std::size_t index, std::vector<std::int64_t> permutation) {
    if (rewrite.wants_output(index))
      rewrite.pass_output_through(index, "Transpose", {}, {{"perm", permutation}});
  };
  back(0, {2, 0, 1, 3});
  back(1, {1, 0, 2});
  back(2, {1, 0, 2});
}

}  // namespace

std::vector<Adapter> recurrent_adapters() {
  std::vector<Adapter> rows = {{"GRU", 3}};  // the reset gate comes first, unless asked for otherwise
  for (const char* name : {"GRU", "LSTM", "RNN"}) {
    rows.push_back({name, 7, raise_7});
    rows.push_back({name, 14, nullptr, lower_14});
  }
  return rows;
}

}  // namespace lapidary
