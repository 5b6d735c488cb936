#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/cpu/vector_kernels.h"

namespace lapidary::cpu {
namespace {

std::int64_t normalized(std::int64_t axis, std::size_t rank) {
  return axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
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
  if (!flattens && axis != static_cast<std::int64_t>(dims.size()) - 1 &&
      element_count(Dims(begin + 1, dims.end())) != 1)
    return "not along the last axis";
  const std::int64_t length = element_count(Dims(begin, dims.end())), rows = element_count(dims) / length;
  const BufferId from = planner.plain(node.inputs[0]), to = planner.define(node.outputs[0]);
  planner.allow_in_place(from, to);
  const int threads = planner.services.threads;
  planner.add_step(node, "Highway", {from}, {to}, [=](Session& session) {
    const float* const x = session.read<float>(from);
    float* const y = session.write<float>(to);
    parallel_for(rows, 1.0 * static_cast<double>(rows * length), threads,
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t row = first; row < last; ++row)
                     softmax(x + row * length, y + row * length, length);
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
  const bool has_bias = graph.has_input(node, 2);
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
    const float* const x = session.read<float>(from);
    const float* const b = bias < 0 ? nullptr : session.read<float>(bias);
    float* const y = session.write<float>(to);
    parallel_for(
        rows, 0.5 * static_cast<double>(rows * length), threads, [&](std::int64_t first, std::int64_t last) {
          for (std::int64_t row = first; row < last; ++row)
            normalize(x + row * length, session.read<float>(scale), b, epsilon, y + row * length, length);
        });
  });
  return "";
}

std::string plan_reduction(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.outputs[0])) return "not float32";
  const Dims& dims = graph.input(node, 0).dims;
  Dims axes = node.node->attribute_or("axes", Dims{});
  if (graph.has_input(node, 1)) {
    if (!graph.constant(node, 1)) return "axes are known only while it runs";
    axes = values_as<std::int64_t>(*graph.constant(node, 1));
  }
  if (axes.empty()) return "all axes, or none";
  for (auto& axis : axes) axis = normalized(axis, dims.size());
  std::sort(axes.begin(), axes.end());
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i] != static_cast<std::int64_t>(dims.size() - axes.size() + i)) return "not the last axes";
  const bool keeps = node.node->attribute_or("keepdims", std::int64_t{1}) != 0;
  if (node.op == "ReduceMean" && keeps && axes.size() + 2 == dims.size() && dims.size() >= 3 &&
      dims.size() <= 5 && !planner.is_plain(node.inputs[0]))
    return plan_global_pooling(planner, node);
  const std::int64_t length = element_count(Dims(dims.begin() + axes[0], dims.end())),
                     rows = element_count(dims) / length;
  const float factor = node.op == "ReduceMean" ? 1.0f / static_cast<float>(length) : 1.0f;
  const BufferId from = planner.plain(node.inputs[0]), to = planner.define(node.outputs[0]);
  const int threads = planner.services.threads;
  planner.add_step(node, "Highway", {from}, {to}, [=](Session& session) {
    const float* const x = session.read<float>(from);
    float* const y = session.write<float>(to);
    parallel_for(rows, 0.2 * static_cast<double>(rows * length), threads,
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t row = first; row < last; ++row)
                     y[row] = sum(x + row * length, length) * factor;
                 });
  });
  return "";
}

}  // namespace lapidary::cpu
