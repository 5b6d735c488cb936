#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/attention.h"

namespace lapidary::microsoft {
namespace {

/// Positions [B, S]: as given, or counted from the only one.
Tensor token_positions(const KernelContext& context, std::int64_t batch, std::int64_t length) {
  const Tensor& given = context.input(1);
  if (given.size() == batch * length && given.rank() == 2) return given;
  if (given.size() != 1) throw Error("position_ids of " + to_string(given.dims()) + " do not fit the tokens");
  Tensor positions(DataType::Int64, {batch, length});
  const std::int64_t first = context.integers(1).front();
  for (std::int64_t i = 0; i < positions.size(); ++i)
    positions.mutable_data<std::int64_t>()[i] = checked_sum(first, i % length);
  return positions;
}

void rotary_embedding(KernelContext& context) {
  if (context.real("scale", 1) != 1) throw Error("a scale other than 1 is not known");
  const Tensor& x = context.input(0);
  const Dims &dims = x.dims(), &cache = context.input(2).dims();
  if (dims.size() < 3 || cache.size() != 2) throw Error("input needs rank 3 or 4 and the caches rank 2");
  const std::int64_t rotated = context.integer("rotary_embedding_dim", 0);
  std::int64_t heads = context.integer("num_heads", 0);
  if (heads == 0) heads = std::max<std::int64_t>(1, dims.back() / std::max<std::int64_t>(1, 2 * cache[1]));
  Attributes attributes = attributes_of(context.node(), {"interleaved"});
  attributes.emplace_back("rotary_embedding_dim", rotated);
  if (dims.size() == 3) attributes.emplace_back("num_heads", heads);
  const Tensor positions = token_positions(context, dims[0], dims[dims.size() - 2]);
  context.set_output(0, compute(context, "RotaryEmbedding",
                                {x, context.input(2), context.input(3), positions}, std::move(attributes)));
}

}  // namespace

void register_rotary_embedding(OperatorTable& table) {
  table.add(
      record("RotaryEmbedding", OperatorKind::ElementWise)
          .summary(
              "Rotates pairs of each token's values by angles of its position, given as cosines and sines.")
          .attribute("interleaved", std::int64_t{0},
                     "Whether neighbours make a pair; else the two halves do.")
          .attribute("is_packed_batching", std::int64_t{0}, "1 if sequences stand one behind the other.")
          .attribute("num_heads", std::int64_t{0}, "Heads of an input of rank 3; 0: as the caches tell.")
          .attribute("rotary_embedding_dim", std::int64_t{0}, "Values of each head that are rotated; 0: all.")
          .attribute("scale", 1.0f, "Only 1 is known.")
          .input("input", "T", "Values [B, S, N·H] or [B, N, S, H].")
          .input("position_ids", "M", "Position of each token [B, S], or of the first one [1].")
          .input("cos_cache", "T", "Cosines [positions, H/2].")
          .input("sin_cache", "T", "Sines, likewise.")
          .output("output", "T", "Rotated values.")
          .constraint("T", floats())
          .constraint("M", {"tensor(int64)"})
          .infer(same_as_input)
          .kernel(rotary_embedding)
          .cost(per_element(3))
          .example("input = float[1, 1, 2]{1, 2}; position_ids = int64[1]{1}; cos_cache = float[2, 1]{1, 0}; "
                   "sin_cache = float[2, 1]{0, 1}"));
}

}  // namespace lapidary::microsoft
