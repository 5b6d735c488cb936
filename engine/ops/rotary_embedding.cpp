#include "engine/ops/compute_buffer.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// Sizes of a RotaryEmbedding; X is [batch, heads, length, size] or [batch, length, heads·size].
struct Rotation {
  std::int64_t batch, heads, length, size, rotated;
  bool heads_last, interleaved;

  std::int64_t offset(std::int64_t b, std::int64_t head, std::int64_t i) const {
    return (heads_last ? (b * length + i) * heads + head : (b * heads + head) * length + i) * size;
  }
};

Rotation read_rotation(const KernelContext& context) {
  const Dims& x = context.input(0).dims();
  Rotation r{};
  r.interleaved = context.integer("interleaved", 0) != 0;
  r.heads_last = x.size() == 3;
  if (x.size() == 4) {
    r.batch = x[0], r.heads = x[1], r.length = x[2], r.size = x[3];
  } else if (x.size() == 3) {
    r.heads = context.integer("num_heads", 0);
    if (r.heads < 1 || r.heads > std::max<std::int64_t>(1, x[2]) || x[2] % r.heads != 0)
      throw Error("num_heads is " + std::to_string(r.heads) + " for a size of " + std::to_string(x[2]));
    r.batch = x[0], r.length = x[1], r.size = x[2] / r.heads;
  } else {
    throw Error("X needs rank 3 or 4, not " + to_string(x));
  }
  const std::int64_t wanted = context.integer("rotary_embedding_dim", 0);
  r.rotated = wanted == 0 ? r.size : wanted;
  if (r.rotated < 0 || r.rotated > r.size || r.rotated % 2 != 0)
    throw Error(std::to_string(r.rotated) + " of " + std::to_string(r.size) +
                " values cannot be rotated in pairs");
  return r;
}

/// The row of the caches for each token, [batch·length]: its position, or its own row where there are no
/// positions.
std::vector<std::int64_t> cache_rows(const KernelContext& context, const Rotation& r) {
  const Dims& cache = context.input(1).dims();
  if (context.input(2).dims() != cache) throw Error("cos_cache and sin_cache differ in sizes");
  if (cache.size() < 2 || cache.back() != r.rotated / 2)
    throw Error("the caches need " + std::to_string(r.rotated / 2) + " values in a row");
  const std::int64_t count = element_count(Dims(cache.begin(), cache.end() - 1));
  std::vector<std::int64_t> rows;
  if (const auto positions = context.optional_integers(3))
    rows = *positions;
  else
    for (std::int64_t i = 0; i < r.batch * r.length; ++i) rows.push_back(i);
  if (static_cast<std::int64_t>(rows.size()) != r.batch * r.length)
    throw Error("position_ids needs one for each token");
  for (auto& row : rows) {
    if (row < 0) row += count;
    if (row < 0 || row >= count) throw Error("position " + std::to_string(row) + " is outside the caches");
  }
  return rows;
}

/// (a, b) → (a·cos − b·sin, a·sin + b·cos) for pairs of the first `rotated` values of each head.
void rotary_embedding(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Rotation r = read_rotation(context);
  const auto rows = cache_rows(context, r);
  const std::int64_t half = r.rotated / 2;
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    using V = ComputeType<T>;
    const ComputeInput<T> values(x), cosines(context.input(1)), sines(context.input(2));
    ComputeOutput<T> result(y);
    std::copy_n(values.data(), x.size(), result.data());
    for (std::int64_t b = 0; b < r.batch; ++b)
      for (std::int64_t head = 0; head < r.heads; ++head)
        for (std::int64_t i = 0; i < r.length; ++i) {
          const std::int64_t begin = r.offset(b, head, i), row = rows[b * r.length + i] * half;
          for (std::int64_t pair = 0; pair < half; ++pair) {
            const std::int64_t first = begin + (r.interleaved ? 2 * pair : pair);
            const std::int64_t second = first + (r.interleaved ? 1 : half);
            const V c = cosines[row + pair], s = sines[row + pair];
            result[first] = c * values[first] - s * values[second];
            result[second] = s * values[first] + c * values[second];
          }
        }
    result.store();
  });
}

}  // namespace

void register_rotary_embedding(OperatorTable& table) {
  table.add(
      Operator("RotaryEmbedding", 23, OperatorKind::ElementWise)
          .summary(
              "Rotates pairs of each token's values by angles of its position, given as cosines and sines.")
          .attribute("interleaved", std::int64_t{0},
                     "Whether neighbours make a pair; else the two halves do.")
          .optional_attribute("num_heads", AttributeType::Int, "Number of heads; needed for rank 3.")
          .attribute("rotary_embedding_dim", std::int64_t{0}, "Values of each head that are rotated; 0: all.")
          .input("X", "T", "Values [batch, heads, length, size] or [batch, length, heads·size].")
          .input("cos_cache", "T",
                 "Cosines [positions, size/2], or [batch, length, size/2] without position_ids.")
          .input("sin_cache", "T", "Sines, likewise.")
          .optional_input("position_ids", "M", "Each token's row in the caches [batch, length].")
          .output("Y", "T", "Rotated values.")
          .constraint("T", types::tensors({"float", "float16", "bfloat16"}))
          .constraint("M", {"tensor(int64)"})
          .infer(same_as_input)
          .kernel(rotary_embedding)
          .example("X = float[1, 1, 1, 4]{1..4}; cos_cache = float[1, 2]{0, 1}; sin_cache = float[1, 2]{1, "
                   "0}; position_ids = int64[1, 1]{0}")
          .cost(per_element(3)));
}

}  // namespace lapidary
