#include <algorithm>
#include <cmath>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/cpu/vector_kernels.h"

namespace lapidary::cpu {
namespace {

std::int64_t normalized(std::int64_t axis, std::size_t rank) {
  return axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
}

/// Softmax of a row, or its logarithm: x − max − log Σ exp(x − max).
void normalized_row(const float* x, float* y, std::int64_t count, bool logarithmic) {
  if (!logarithmic) return softmax(x, y, count);
  const float largest = range(x, count).second;
  thread_local std::vector<float> scratch;
  scratch.resize(std::max(scratch.size(), static_cast<std::size_t>(count)));
  apply({ElementCode::Affine, 0, -1, 1, -largest}, x, nullptr, scratch.data(), count);
  apply({ElementCode::Exp}, scratch.data(), nullptr, scratch.data(), count);
  const float total = std::log(sum(scratch.data(), count));
  apply({ElementCode::Affine, 0, -1, 1, -largest}, x, nullptr, y, count);
  apply({ElementCode::Affine, 0, -1, 1, -total}, y, nullptr, y, count);
}

/// The same down each of `inner` columns that stand side by side, all of them at once.
void normalized_columns(const float* x, float* y, std::int64_t length, std::int64_t inner, bool logarithmic) {
  thread_local std::vector<float> scratch;
  scratch.resize(std::max(scratch.size(), static_cast<std::size_t>(3 * inner)));
  float *const largest = scratch.data(), *const total = largest + inner, *const term = total + inner;
  std::copy_n(x, inner, largest);
  for (std::int64_t i = 1; i < length; ++i)
    apply({ElementCode::Max, 0, 1}, largest, x + i * inner, largest, inner);
  std::fill_n(total, inner, 0.0f);
  for (std::int64_t i = 0; i < length; ++i) {
    apply({ElementCode::Sub, 0, 1}, x + i * inner, largest, y + i * inner, inner);
    float* const e = logarithmic ? term : y + i * inner;
    apply({ElementCode::Exp}, y + i * inner, nullptr, e, inner);
    apply({ElementCode::Add, 0, 1}, total, e, total, inner);
  }
  if (logarithmic) apply({ElementCode::Log}, total, nullptr, total, inner);
  for (std::int64_t i = 0; i < length; ++i)
    apply({logarithmic ? ElementCode::Sub : ElementCode::Div, 0, 1}, y + i * inner, total, y + i * inner,
          inner);
}

}  // namespace

std::string plan_softmax(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.outputs[0])) return "not float32";
  const Dims& dims = graph.input(node, 0).dims;
  if (dims.empty()) return "a scalar";
  const bool flattens = node.record->since_version < 13;  // rows are all that stands behind the axis
  const std::int64_t axis =
      normalized(node.node->attribute_or("axis", flattens ? std::int64_t{1} : std::int64_t{-1}), dims.size());
  const auto begin = dims.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t inner = flattens ? 1 : element_count(Dims(begin + 1, dims.end()));
  const std::int64_t length = flattens ? element_count(Dims(begin, dims.end())) : *begin;
  const std::int64_t rows = element_count(dims) / (length * inner);
  const BufferId from = planner.plain(node.inputs[0]), to = planner.define(node.outputs[0]);
  planner.allow_in_place(from, to);
  const int threads = planner.services.threads;
  const bool logarithmic = node.op == "LogSoftmax";
  planner.add_step(node, "Highway", {from}, {to}, [=](Session& session) {
    const float* const x = session.read<float>(from);
    float* const y = session.write<float>(to);
    parallel_for(rows, 1.0 * static_cast<double>(rows * length * inner), threads,
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t row = first; row < last; ++row) {
                     const float* const in = x + row * length * inner;
                     float* const out = y + row * length * inner;
                     if (inner == 1)
                       normalized_row(in, out, length, logarithmic);
                     else
                       normalized_columns(in, out, length, inner, logarithmic);
                   }
                 });
  });
  return "";
}

std::string plan_layer_normalization(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.inputs[1])) return "not float32";
  for (std::size_t i = 1; i < node.outputs.size(); ++i)
    if (node.outputs[i] >= 0) return "mean or deviation is wanted";
  const Dims& dims = graph.input(node, 0).dims;
  const std::int64_t axis = normalized(node.node->attribute_or("axis", std::int64_t{-1}), dims.size());
  const std::int64_t length =
      element_count(Dims(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end()));
  const bool has_bias = graph.has_input(node, 2), centred = node.op != "RMSNormalization";
  if (graph.input(node, 1).size() != length || (has_bias && graph.input(node, 2).size() != length))
    return "scale or bias is broadcast";
  const std::int64_t rows = element_count(dims) / length;
  const float epsilon = node.node->attribute_or("epsilon", 1e-5f);
  const BufferId from = planner.plain(node.inputs[0]), scale = planner.plain(node.inputs[1]);
  const BufferId bias = has_bias ? planner.plain(node.inputs[2]) : -1;
  const BufferId to = planner.define(node.outputs[0]);
  const bool read_twice = planner.share_bytes(node.inputs[0], node.inputs[1]) ||
                          (has_bias && planner.share_bytes(node.inputs[0], node.inputs[2]));
  if (!read_twice) planner.allow_in_place(from, to);
  std::vector<BufferId> reads = {from, scale};
  if (has_bias) reads.push_back(bias);
  const int threads = planner.services.threads;
  planner.add_step(node, "Highway", std::move(reads), {to}, [=](Session& session) {
    const float *const x = session.read<float>(from), *const s = session.read<float>(scale);
    const float* const b = bias < 0 ? nullptr : session.read<float>(bias);
    float* const y = session.write<float>(to);
    parallel_for(rows, 0.5 * static_cast<double>(rows * length), threads,
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t row = first; row < last; ++row)
                     (centred ? normalize : normalize_by_root_mean_square)(x + row * length, s, b, epsilon,
                                                                           y + row * length, length);
                 });
  });
  return "";
}

std::string plan_group_normalization(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  for (const std::size_t slot : {0, 1, 2})
    if (!graph.is_float(node.inputs[slot])) return "not float32";
  const Dims& dims = graph.input(node, 0).dims;
  if (dims.size() < 3) return "no spatial axes";
  const bool by_channel = node.op == "InstanceNormalization";
  const std::int64_t channels = dims[1],
                     groups = by_channel ? channels : node.node->attribute_or("num_groups", std::int64_t{1});
  if (graph.input(node, 1).size() != channels || graph.input(node, 2).size() != channels)
    return "scale and bias are for groups";
  const std::int64_t each = channels / groups, pixels = element_count(dims) / (dims[0] * channels),
                     rows = dims[0] * groups;
  const float epsilon = node.node->attribute_or("epsilon", 1e-5f);
  const BufferId from = planner.plain(node.inputs[0]), scale = planner.plain(node.inputs[1]),
                 bias = planner.plain(node.inputs[2]), to = planner.define(node.outputs[0]);
  planner.allow_in_place(from, to);
  const int threads = planner.services.threads;
  planner.add_step(node, "Highway", {from, scale, bias}, {to}, [=](Session& session) {
    const float* const x = session.read<float>(from);
    float* const y = session.write<float>(to);
    parallel_for(rows, 0.5 * static_cast<double>(rows * each * pixels), threads,
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t row = first; row < last; ++row) {
                     const std::int64_t place = row * each * pixels, channel = row % groups * each;
                     const Moments m = moments(x + place, each * pixels);
                     const float factor = 1 / std::sqrt(m.variance + epsilon);
                     for (std::int64_t c = 0; c < each; ++c) {
                       float* const to_channel = y + place + c * pixels;
                       // The mean first: scaled, it would take digits away from what is left.
                       apply({ElementCode::Affine, 0, -1, 1, -m.mean}, x + place + c * pixels, nullptr,
                             to_channel, pixels);
                       const float slope = factor * session.read<float>(scale)[channel + c];
                       apply({ElementCode::Affine, 0, -1, slope,
                              session.read<float>(bias)[channel + c] - m.rest * slope},
                             to_channel, nullptr, to_channel, pixels);
                     }
                   }
                 });
  });
  return "";
}

}  // namespace lapidary::cpu
