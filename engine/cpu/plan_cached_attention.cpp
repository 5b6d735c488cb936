#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/cpu/attention_kernel.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/ops/broadcast.h"

// GroupQueryAttention: sequences of different lengths stand left-aligned in one cache, and tokens may be
// rotated by their position.
namespace lapidary::cpu {
namespace {

/// Vectors [batch, length, heads, size] that lie `row` apart, from `offset` on.
struct Projection {
  BufferId buffer = -1;
  std::int64_t heads = 0, offset = 0, row = 0;
};

struct CachedAttention {
  AttentionKernel kernel;
  Projection query, key, value;
  BufferId past_key = -1, past_value = -1, key_cache = -1, value_cache = -1, rotated = -1;
  BufferId lengths = -1, positions = -1, bias = -1, result = -1;
  std::int64_t batch = 1, length = 1, size = 1, past_rows = 0, kept = 0;
  bool is_prompt = false;
  BufferId cosines = -1, sines = -1;  ///< [angle_rows, rotated_pairs]; -1 without rotation
  std::int64_t angle_rows = 0, rotated_pairs = 0;
  bool rotates() const { return cosines >= 0; }
  bool interleaved = false;
  std::string label;
};

[[noreturn]] void refuse(const CachedAttention& step, const std::string& reason) {
  throw Error(reason).node(step.label);
}

/// Tokens in each sequence, and those that were there before this run.
struct Sequences {
  std::vector<std::int64_t> totals, pasts;
};

Sequences read_sequences(const CachedAttention& step, const Session& session) {
  Sequences s;
  const auto* const last = session.read<std::int32_t>(step.lengths);
  for (std::int64_t b = 0; b < step.batch; ++b) {
    s.totals.push_back(static_cast<std::int64_t>(last[b]) + 1);
    s.pasts.push_back(step.is_prompt ? 0 : s.totals.back() - step.length);
    if (s.pasts.back() < 0 || s.pasts.back() + step.length > step.kept)
      refuse(step, "sequence lengths do not fit the cache");
    if (s.pasts.back() > step.past_rows) refuse(step, "the past holds fewer tokens than seqlens_k says");
  }
  return s;
}

/// The row of the caches of cosines and sines for each token [batch, length]; what is padding in a prompt has
/// position 1.
std::vector<std::int64_t> read_positions(const CachedAttention& step, const Sequences& s,
                                         const Session& session) {
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 0; i < step.batch * step.length; ++i) {
    const auto b = static_cast<std::size_t>(i / step.length);
    std::int64_t position = s.pasts[b] + i % step.length;
    if (position >= s.totals[b]) position = 1;
    if (step.positions >= 0) position = session.read<std::int64_t>(step.positions)[i];
    if (position < 0) position += step.angle_rows;
    if (position < 0 || position >= step.angle_rows)
      refuse(step, "position " + std::to_string(position) + " is outside the caches");
    positions.push_back(position);
  }
  return positions;
}

/// One vector, the pairs of its first elements turned by the angles of a position.
void rotate(const CachedAttention& step, const Session& session, const float* from, std::int64_t position,
            float* to) {
  const std::int64_t pairs = step.rotated_pairs;
  const float* const cosines = session.read<float>(step.cosines) + position * pairs;
  const float* const sines = session.read<float>(step.sines) + position * pairs;
  const std::int64_t stride = step.interleaved ? 2 : 1, apart = step.interleaved ? 1 : pairs;
  for (std::int64_t i = 0; i < pairs; ++i) {
    const float x = from[i * stride], y = from[i * stride + apart];
    to[i * stride] = cosines[i] * x - sines[i] * y;
    to[i * stride + apart] = sines[i] * x + cosines[i] * y;
  }
  std::copy(from + 2 * pairs, from + step.size, to + 2 * pairs);
}

const float* vector_of(const Projection& p, const CachedAttention& step, const Session& session,
                       std::int64_t token, std::int64_t head) {
  return session.read<float>(p.buffer) + token * p.row + p.offset + head * step.size;
}

/// The cache [batch, heads, kept, size]: each sequence's earlier rows, then its new ones; zeros behind.
void extend(const CachedAttention& step, const Projection& now, BufferId past, BufferId cache,
            const Sequences& s, const std::vector<std::int64_t>& positions, Session& session) {
  const std::int64_t size = step.size, heads = step.batch * now.heads;
  const auto extend_one = [&](std::int64_t i) {
    const std::int64_t b = i / now.heads, head = i % now.heads, before = s.pasts[static_cast<std::size_t>(b)];
    float* const to = session.write<float>(cache) + i * step.kept * size;
    if (before > 0) std::copy_n(session.read<float>(past) + i * step.past_rows * size, before * size, to);
    for (std::int64_t t = 0; t < step.length; ++t) {
      const std::int64_t token = b * step.length + t;
      const float* const from = vector_of(now, step, session, token, head);
      if (positions.empty())
        std::copy_n(from, size, to + (before + t) * size);
      else
        rotate(step, session, from, positions[static_cast<std::size_t>(token)], to + (before + t) * size);
    }
    std::fill(to + (before + step.length) * size, to + step.kept * size, 0.0f);
  };
  parallel_for(heads, 0.2 * static_cast<double>(heads * step.kept * size), step.kernel.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) extend_one(i);
               });
}

/// The queries turned by their positions, side by side.
const float* turned_queries(const CachedAttention& step, const std::vector<std::int64_t>& positions,
                            Session& session) {
  float* const turned = session.write<float>(step.rotated);
  const std::int64_t count = step.batch * step.length * step.query.heads;
  parallel_for(count, static_cast<double>(count * step.size), step.kernel.threads,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const std::int64_t token = i / step.query.heads;
                   rotate(step, session, vector_of(step.query, step, session, token, i % step.query.heads),
                          positions[static_cast<std::size_t>(token)], turned + i * step.size);
                 }
               });
  return turned;
}

void run(const CachedAttention& step, Session& session) {
  const Sequences s = read_sequences(step, session);
  const auto positions = step.rotates() ? read_positions(step, s, session) : std::vector<std::int64_t>();
  extend(step, step.key, step.past_key, step.key_cache, s, positions, session);
  extend(step, step.value, step.past_value, step.value_cache, s, {}, session);
  const float* const query = step.rotates() ? turned_queries(step, positions, session)
                                            : session.read<float>(step.query.buffer) + step.query.offset;
  AttentionKernel::Data data{query,
                             session.read<float>(step.key_cache),
                             session.read<float>(step.value_cache),
                             session.write<float>(step.result),
                             step.bias < 0 ? nullptr : session.read<float>(step.bias),
                             nullptr,
                             {},
                             s.pasts};
  if (!step.kernel.causal) data.key_counts = s.totals;
  step.kernel.run(data);
}

std::string refusal(const LoweredGraph& graph, const LoweredNode& node) {
  for (const std::size_t slot : {0, 1, 2, 3, 4, 10})
    if (graph.has_input(node, slot) && !graph.is_float(node.inputs[slot])) return "not float32";
  if (graph.has_input(node, 3) != graph.has_input(node, 4)) return "half a past";
  for (const std::size_t slot : {11, 12, 13, 14, 15})
    if (graph.has_input(node, slot)) return "sinks, quantized caches or normalizations inside";
  if (node.outputs.size() > 3 && node.outputs[3] >= 0) return "the scores are wanted";
  const Node& given = *node.node;
  for (const char* name : {"smooth_softmax", "sliding_window_cache"})
    if (given.attribute_or(name, std::int64_t{0}) == 1) return name;
  for (const char* name : {"k_quant_type", "v_quant_type"})
    if (given.attribute_or(name, std::string("NONE")) != "NONE") return "a quantized cache";
  if (!graph.constant(node, 6) || graph.constant(node, 6)->size() != 1)
    return "the number of tokens is known only while it runs";
  const std::int64_t heads = given.attribute_or("num_heads", std::int64_t{0}),
                     key_heads = given.attribute_or("kv_num_heads", std::int64_t{0});
  if (graph.input(node, 0).dims.size() != 3 || heads < 1 || key_heads < 1 || heads % key_heads != 0 ||
      graph.input(node, 5).element != DataType::Int32 ||
      graph.input(node, 5).size() != graph.input(node, 0).dims[0])
    return "sizes that do not fit each other";
  return "";
}

/// How tokens are rotated, if they are; a reason to refuse.
std::string read_rotation(const LoweredGraph& graph, const LoweredNode& node, CachedAttention& step) {
  if (node.node->attribute_or("do_rotary", std::int64_t{0}) == 0) return "";
  for (const std::size_t slot : {7, 8})
    if (!graph.has_input(node, slot) || (!graph.constant(node, slot) && !graph.is_float(node.inputs[slot])))
      return "angles that are not float32";
  const Dims& angles = graph.input(node, 7).dims;
  if (angles.size() != 2 || graph.input(node, 8).dims != angles) return "angles of other sizes";
  step.angle_rows = angles[0], step.rotated_pairs = angles[1];
  if (step.rotated_pairs < 1 || 2 * step.rotated_pairs > step.size) return "too many values are rotated";
  step.interleaved = node.node->attribute_or("rotary_interleaved", std::int64_t{0}) != 0;
  return "";
}

/// Angles as float32, also where constants are narrower.
BufferId angles_at(Planner& planner, ValueId value) {
  const Tensor& constant = planner.graph.values[value].constant;
  return constant.is_present() ? planner.keep(converted_elements(constant, DataType::Float32).aligned())
                               : planner.plain(value);
}

/// Where queries, keys and values lie; false if sizes do not fit.
bool read_projections(const LoweredGraph& graph, const LoweredNode& node, CachedAttention& step) {
  const std::int64_t heads = node.node->attribute_or("num_heads", std::int64_t{0}),
                     key_heads = node.node->attribute_or("kv_num_heads", std::int64_t{0});
  const Dims& q = graph.input(node, 0).dims;
  step.batch = q[0], step.length = q[1];
  const bool packed = !graph.has_input(node, 1);
  const std::int64_t all = packed ? heads + 2 * key_heads : heads;
  if (q[2] % all != 0) return false;
  step.size = q[2] / all;
  const std::int64_t row = packed ? q[2] : key_heads * step.size;
  step.query = {-1, heads, 0, q[2]};
  step.key = {-1, key_heads, packed ? heads * step.size : 0, row};
  step.value = {-1, key_heads, packed ? (heads + key_heads) * step.size : 0, row};
  const Dims wanted{step.batch, step.length, key_heads * step.size};
  if (!packed && (!graph.has_input(node, 2) || graph.input(node, 1).dims != wanted ||
                  graph.input(node, 2).dims != wanted))
    return false;
  const std::int64_t total = values_as<std::int64_t>(*graph.constant(node, 6))[0];
  step.is_prompt = step.length == total;
  step.kept = total;
  if (!graph.has_input(node, 3)) return total >= step.length;
  const Dims &k = graph.input(node, 3).dims, &v = graph.input(node, 4).dims;
  if (k.size() != 4 || k != v || k[0] != step.batch || k[1] != key_heads || k[3] != step.size) return false;
  step.past_rows = k[2];
  step.kept = std::max(total, step.past_rows);
  return total >= 0;
}

void set_up_kernel(const LoweredGraph& graph, const LoweredNode& node, CachedAttention& step) {
  const Node& given = *node.node;
  AttentionKernel& kernel = step.kernel;
  const std::int64_t size = step.size, heads = step.query.heads, cache = step.kept * size;
  kernel.batch = step.batch, kernel.query_heads = heads, kernel.key_heads = step.key.heads;
  kernel.queries = step.length, kernel.keys = step.kept;
  kernel.key_size = kernel.value_size = size;
  const HeadView together{step.length * heads * size, size, heads * size};
  kernel.query =
      step.rotated_pairs == 0 ? HeadView{step.length * step.query.row, size, step.query.row} : together;
  kernel.key = kernel.value = {step.key.heads * cache, cache, size};
  kernel.result = together;
  const float scale = given.attribute_or("scale", 0.0f);
  kernel.scale = scale != 0 ? scale : 1 / std::sqrt(static_cast<float>(size));
  kernel.softcap = given.attribute_or("softcap", 0.0f);
  kernel.causal = given.attribute_or("causal", std::int64_t{1}) != 0;
  const std::int64_t window = given.attribute_or("local_window_size", std::int64_t{-1});
  if (kernel.causal && window > 0) kernel.left_window = window - 1;
  if (!graph.has_input(node, 10)) return;
  const Dims strides =
      broadcast_strides(graph.input(node, 10).dims, {step.batch, heads, step.length, step.kept});
  std::copy(strides.begin(), strides.end(), kernel.mask_strides);
}

bool bias_fits(const LoweredGraph& graph, const LoweredNode& node, const CachedAttention& step) {
  if (!graph.has_input(node, 10)) return true;
  const Dims& dims = graph.input(node, 10).dims;
  const Dims wanted{step.batch, step.query.heads, step.length, step.kept};
  if (dims.size() != 4 || dims[3] != step.kept) return false;
  for (std::size_t i = 0; i < 3; ++i)
    if (dims[i] != 1 && dims[i] != wanted[i]) return false;
  return true;
}

}  // namespace

std::string plan_cached_attention(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node); !reason.empty()) return reason;
  auto step = std::make_shared<CachedAttention>();
  if (!read_projections(graph, node, *step)) return "sizes that do not fit each other";
  if (auto reason = read_rotation(graph, node, *step); !reason.empty()) return reason;
  if (!bias_fits(graph, node, *step)) return "a bias that is shorter than the cache";
  const bool has_positions =
      graph.has_input(node, 9) && graph.input(node, 9).size() == step->batch * step->length;
  if (has_positions && graph.input(node, 9).element != DataType::Int64) return "positions of another type";
  set_up_kernel(graph, node, *step);
  step->kernel.threads = planner.services.threads;
  step->label = node.labels.empty() ? node.op : node.labels[0];
  std::vector<BufferId> reads, writes;
  const auto input = [&](std::size_t slot) {
    if (!graph.has_input(node, slot)) return -1;
    reads.push_back(planner.plain(node.inputs[slot]));
    return reads.back();
  };
  const auto cache = [&](std::size_t slot) {
    const bool wanted = slot < node.outputs.size() && node.outputs[slot] >= 0;
    writes.push_back(wanted ? planner.define(node.outputs[slot])
                            : planner.make(step->batch * step->key.heads * step->kept * step->size * 4));
    return writes.back();
  };
  step->query.buffer = input(0);
  const bool packed = !graph.has_input(node, 1);
  step->key.buffer = packed ? step->query.buffer : input(1);
  step->value.buffer = packed ? step->query.buffer : input(2);
  step->past_key = input(3), step->past_value = input(4), step->lengths = input(5);
  step->positions = has_positions ? input(9) : -1;
  step->bias = input(10);
  step->key_cache = cache(1), step->value_cache = cache(2);
  if (step->rotated_pairs > 0) {
    reads.push_back(step->cosines = angles_at(planner, node.inputs[7]));
    reads.push_back(step->sines = angles_at(planner, node.inputs[8]));
    writes.push_back(step->rotated =
                         planner.make(step->batch * step->length * step->query.heads * step->size * 4));
  }
  writes.push_back(step->result = planner.define(node.outputs[0]));
  planner.add_step(node, "oneDNN gemm, Highway", std::move(reads), std::move(writes),
                   [step](Session& session) { run(*step, session); });
  return "";
}

}  // namespace lapidary::cpu
