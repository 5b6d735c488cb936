#include <cmath>
#include <cstring>

#include "engine/cpu/attention_kernel.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/session.h"
#include "engine/ops/broadcast.h"

namespace lapidary::cpu {
namespace {

/// How heads lie in [batch, heads, length, size], or in [batch, length, heads·size].
struct Lying {
  std::int64_t heads, length, size;
  HeadView view;
};

Lying lying(const Dims& dims, std::int64_t heads) {
  if (dims.size() == 4)
    return {dims[1], dims[2], dims[3], {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3]}};
  const std::int64_t size = dims[2] / heads;
  return {heads, dims[1], size, {dims[1] * dims[2], size, dims[2]}};
}

/// Keys or values with those of the past before them: [batch, heads, past + length, size].
struct Joined {
  BufferId past = -1, now = -1, all = -1;
  std::int64_t batch, heads, past_length, length, size;
  HeadView view;  ///< of what is new
};

void join(const Joined& j, Session& session) {
  const float *const past = session.read<float>(j.past), *const now = session.read<float>(j.now);
  float* to = session.write<float>(j.all);
  const auto bytes = static_cast<std::size_t>(j.size) * sizeof(float);
  for (std::int64_t b = 0; b < j.batch; ++b)
    for (std::int64_t h = 0; h < j.heads; ++h) {
      const std::int64_t old = j.past_length * j.size;
      std::memcpy(to, past + (b * j.heads + h) * old, static_cast<std::size_t>(old) * sizeof(float));
      to += old;
      for (std::int64_t i = 0; i < j.length; ++i, to += j.size)
        std::memcpy(to, now + j.view.place(b, h, i), bytes);
    }
}

std::string refusal(const LoweredGraph& graph, const LoweredNode& node) {
  for (const std::size_t slot : {0, 1, 2, 4, 5})
    if (graph.has_input(node, slot) && !graph.is_float(node.inputs[slot])) return "not float32";
  if (node.outputs.size() > 3 && node.outputs[3] >= 0) return "the scores are wanted";
  if (graph.has_input(node, 3) && graph.input(node, 3).element != DataType::Float32 &&
      graph.input(node, 3).element != DataType::Bool)
    return "a mask of another type";
  if (graph.has_input(node, 6) && graph.input(node, 6).element != DataType::Int64)
    return "counts of another type";
  const bool flat = graph.input(node, 0).dims.size() == 3;
  for (const std::size_t slot : {0, 1, 2})
    if (graph.input(node, slot).dims.size() != (flat ? 3u : 4u)) return "heads lie in different ways";
  if (flat && (node.node->attribute_or("q_num_heads", std::int64_t{0}) < 1 ||
               node.node->attribute_or("kv_num_heads", std::int64_t{0}) < 1))
    return "the number of heads is missing";
  return "";
}

void read_mask(AttentionKernel& kernel, const Dims& mask) {
  Dims wanted = {kernel.batch, kernel.query_heads, kernel.queries, kernel.keys};
  const std::int64_t keys = mask.empty() ? 1 : mask.back();
  if (keys != 1 && keys < kernel.keys) wanted[3] = kernel.mask_keys = keys;
  const Dims strides = broadcast_strides(mask, wanted);
  std::copy(strides.begin(), strides.end(), kernel.mask_strides);
}

struct AttentionStep {
  AttentionKernel kernel;
  std::vector<Joined> joined;
  BufferId query, key, value, mask = -1, counts = -1, result;
  bool mask_allows = false;
  std::int64_t past = 0;
};

void run(const AttentionStep& step, Session& session) {
  for (const Joined& joined : step.joined) join(joined, session);
  AttentionKernel::Data data{session.read<float>(step.query),
                             session.read<float>(step.key),
                             session.read<float>(step.value),
                             session.write<float>(step.result),
                             nullptr,
                             nullptr,
                             {},
                             {}};
  if (step.mask >= 0 && step.mask_allows) data.allowed = session.read<bool>(step.mask);
  if (step.mask >= 0 && !step.mask_allows) data.mask = session.read<float>(step.mask);
  data.positions.assign(static_cast<std::size_t>(step.kernel.batch), step.past);
  if (step.counts >= 0) {
    const auto* counts = session.read<std::int64_t>(step.counts);
    data.key_counts.assign(counts, counts + step.kernel.batch);
    if (step.past == 0)
      for (std::size_t b = 0; b < data.positions.size(); ++b)
        data.positions[b] = counts[b] - step.kernel.queries;
  }
  step.kernel.run(data);
}

}  // namespace

std::string plan_attention(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node); !reason.empty()) return reason;
  const Node& given = *node.node;
  const std::int64_t key_heads = given.attribute_or("kv_num_heads", std::int64_t{0});
  const Lying q = lying(graph.input(node, 0).dims, given.attribute_or("q_num_heads", std::int64_t{0}));
  Lying k = lying(graph.input(node, 1).dims, key_heads), v = lying(graph.input(node, 2).dims, key_heads);
  if (q.heads % k.heads != 0) return "heads that cannot be shared";
  auto step = std::make_shared<AttentionStep>();
  step->query = planner.plain(node.inputs[0]);
  step->key = planner.plain(node.inputs[1]);
  step->value = planner.plain(node.inputs[2]);
  std::vector<BufferId> reads = {step->query, step->key, step->value}, writes;
  AttentionKernel& kernel = step->kernel;
  kernel.batch = graph.input(node, 0).dims[0];
  const auto append = [&](std::size_t past_slot, std::size_t present_slot, Lying& lies, BufferId& buffer) {
    const bool wanted = present_slot < node.outputs.size() && node.outputs[present_slot] >= 0;
    const bool has_past = graph.has_input(node, past_slot);
    if (!has_past && !wanted) return;
    Joined joined{-1, buffer, -1, kernel.batch, lies.heads, 0, lies.length, lies.size, lies.view};
    if (has_past) {
      joined.past = planner.plain(node.inputs[past_slot]);
      joined.past_length = graph.input(node, past_slot).dims[2];
      reads.push_back(joined.past);
    } else {
      joined.past = joined.now;
    }
    lies = lying({kernel.batch, lies.heads, joined.past_length + lies.length, lies.size}, 0);
    joined.all = wanted ? planner.define(node.outputs[present_slot])
                        : planner.make(kernel.batch * lies.heads * lies.length * lies.size * 4);
    writes.push_back(buffer = joined.all);
    step->joined.push_back(joined);
    step->past = joined.past_length;
  };
  append(4, 1, k, step->key);
  append(5, 2, v, step->value);
  kernel.query_heads = q.heads, kernel.key_heads = k.heads;
  kernel.queries = q.length, kernel.keys = k.length, kernel.key_size = q.size, kernel.value_size = v.size;
  kernel.query = q.view, kernel.key = k.view, kernel.value = v.view;
  kernel.result = graph.output(node).dims.size() == 4
                      ? lying(graph.output(node).dims, 0).view
                      : lying({kernel.batch, q.length, q.heads * v.size}, q.heads).view;
  kernel.scale = given.attribute_or("scale", 1 / std::sqrt(static_cast<float>(q.size)));
  kernel.softcap = given.attribute_or("softcap", 0.0f);
  kernel.causal = given.attribute_or("is_causal", std::int64_t{0}) != 0;
  kernel.left_window = given.attribute_or("left_window_size", std::int64_t{-1});
  kernel.right_window = given.attribute_or("right_window_size", std::int64_t{-1});
  kernel.threads = planner.services.threads;
  for (const auto& [slot, buffer] :
       {std::pair(std::size_t{3}, &step->mask), std::pair(std::size_t{6}, &step->counts)})
    if (graph.has_input(node, slot)) reads.push_back(*buffer = planner.plain(node.inputs[slot]));
  if (step->mask >= 0) {
    read_mask(kernel, graph.input(node, 3).dims);
    step->mask_allows = graph.input(node, 3).element == DataType::Bool;
  }
  writes.push_back(step->result = planner.define(node.outputs[0]));
  planner.add_step(node, "oneDNN gemm, Highway", std::move(reads), std::move(writes),
                   [step](Session& session) { run(*step, session); });
  return "";
}

}  // namespace lapidary::cpu
