#include "engine/cpu/attention_kernel.h"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cmath>

#include "engine/cpu/elementwise.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/vector_kernels.h"

namespace lapidary::cpu {
namespace {

constexpr std::int64_t least_block_rows = 32;
constexpr std::int64_t block_scores = 65536;  ///< as many fit the second cache with the keys beside them
constexpr float hidden = -std::numeric_limits<float>::infinity();

/// How many queries make a block: each block packs the keys and values anew, so that it should be large, but
/// each thread should get one.
std::int64_t block_rows(const AttentionKernel& kernel) {
  const std::int64_t heads = kernel.batch * kernel.query_heads;
  const std::int64_t blocks =
      std::max<std::int64_t>(1, (kernel.threads + heads - 1) / std::max<std::int64_t>(1, heads));
  const std::int64_t share = (kernel.queries + blocks - 1) / blocks;
  return std::max(least_block_rows, std::min(share, block_scores / std::max<std::int64_t>(1, kernel.keys)));
}

}  // namespace

void AttentionKernel::run(const Data& data) const {
  const std::int64_t rows = block_rows(*this);
  const std::int64_t blocks = (queries + rows - 1) / rows, heads = batch * query_heads;
  const double work =
      0.05 * static_cast<double>(heads * queries * keys) * static_cast<double>(key_size + value_size);
  parallel_for(heads * blocks, work, threads, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> scores;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % blocks * rows, number = i / blocks;
      run_block(data, number / query_heads, number % query_heads, first, std::min(rows, queries - first),
                scores);
    }
  });
}

void AttentionKernel::run_block(const Data& data, std::int64_t sample, std::int64_t head, std::int64_t first,
                                std::int64_t count, std::vector<float>& scores) const {
  const std::int64_t shared = head / (query_heads / key_heads);
  scores.resize(std::max(scores.size(), static_cast<std::size_t>(count * keys)));
  dnnl_sgemm('N', 'T', count, keys, key_size, scale, data.query + query.place(sample, head, first),
             query.row_stride, data.key + key.place(sample, shared), key.row_stride, 0, scores.data(), keys);
  for (std::int64_t i = 0; i < count; ++i)
    finish_row(data, sample, head, first + i, scores.data() + i * keys);
  dnnl_sgemm('N', 'N', count, value_size, keys, 1, scores.data(), keys,
             data.value + value.place(sample, shared), value.row_stride, 0,
             data.result + result.place(sample, head, first), result.row_stride);
}

void AttentionKernel::finish_row(const Data& data, std::int64_t sample, std::int64_t head,
                                 std::int64_t query_number, float* row) const {
  if (softcap > 0) {
    apply({ElementCode::Affine, 0, -1, 1 / softcap, 0}, row, nullptr, row, keys);
    apply({ElementCode::Tanh}, row, nullptr, row, keys);
    apply({ElementCode::Affine, 0, -1, softcap, 0}, row, nullptr, row, keys);
  }
  const std::int64_t place =
      sample * mask_strides[0] + head * mask_strides[1] + query_number * mask_strides[2];
  const std::int64_t masked = std::min(keys, mask_keys);
  if (data.mask && mask_strides[3] == 1)
    apply({ElementCode::Add, 0, 1}, row, data.mask + place, row, masked);
  else if (data.mask)
    for (std::int64_t j = 0; j < masked; ++j) row[j] += data.mask[place + j * mask_strides[3]];
  if (data.allowed)
    for (std::int64_t j = 0; j < masked; ++j)
      if (!data.allowed[place + j * mask_strides[3]]) row[j] = hidden;
  const std::int64_t position = (data.positions.empty() ? 0 : data.positions[sample]) + query_number;
  std::int64_t begin = 0, end = masked;
  if (causal) end = std::min(end, position + 1);
  if (right_window >= 0) end = std::min(end, position + right_window + 1);
  if (left_window >= 0) begin = std::max(begin, position - left_window);
  if (!data.key_counts.empty()) end = std::min(end, data.key_counts[sample]);
  begin = std::clamp<std::int64_t>(begin, 0, keys);
  end = std::clamp<std::int64_t>(end, begin, keys);
  // A query that sees no key gives zeros.
  const bool any = std::any_of(row + begin, row + end, [](float score) { return score != hidden; });
  std::fill(row, row + (any ? begin : keys), 0.0f);
  if (!any) return;
  softmax(row + begin, row + begin, end - begin);
  std::fill(row + end, row + keys, 0.0f);
}

}  // namespace lapidary::cpu
