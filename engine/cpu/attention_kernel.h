#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace lapidary::cpu {

/// Vectors of one kind (queries, keys, values, results): that of head h and position i in sample b begins at
/// b · batch_stride + h · head_stride + i · row_stride, in elements.
struct HeadView {
  std::int64_t batch_stride = 0, head_stride = 0, row_stride = 0;
  std::int64_t place(std::int64_t b, std::int64_t h, std::int64_t i = 0) const {
    return b * batch_stride + h * head_stride + i * row_stride;
  }
};

/// Softmax(scale·Q·Kᵀ + bias)·V, for blocks of queries: no more than a block's scores exist at a time.
struct AttentionKernel {
  std::int64_t batch = 1, query_heads = 1, key_heads = 1, queries = 1, keys = 1, key_size = 1, value_size = 1;
  HeadView query, key, value, result;
  float scale = 1, softcap = 0;
  bool causal = false;
  std::int64_t left_window = -1, right_window = -1;
  /// Strides of the mask along batch, heads, queries and keys (0 where it is repeated), and how many keys it
  /// has; keys beyond are hidden.
  std::int64_t mask_strides[4] = {0, 0, 0, 0};
  std::int64_t mask_keys = std::numeric_limits<std::int64_t>::max();
  int threads = 1;

  /// What a run reads. A mask is added to the scores, or, if of bools, hides keys where it is false.
  struct Data {
    const float *query, *key, *value;
    float* result;
    const float* mask = nullptr;
    const bool* allowed = nullptr;
    /// By sample: keys that count (behind them is padding), and the position of the first query among the
    /// keys.
    std::vector<std::int64_t> key_counts, positions;
  };
  void run(const Data& data) const;

 private:
  void run_block(const Data& data, std::int64_t sample, std::int64_t head, std::int64_t first,
                 std::int64_t count, std::vector<float>& scores) const;
  void finish_row(const Data& data, std::int64_t sample, std::int64_t head, std::int64_t query_number,
                  float* row) const;
};

}  // namespace lapidary::cpu
