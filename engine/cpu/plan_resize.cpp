#include <cmath>
#include <cstring>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"

namespace lapidary::cpu {
namespace {

/// For each output position along one axis: the two neighbours it is made of and the share of the second.
struct AxisMap {
  std::vector<std::int64_t> first, second;
  std::vector<float> share;
};

/// The input coordinate of output position `x` (Resize 19, `coordinate_transformation_mode`); NaN for other
/// modes.
double source_coordinate(const std::string& mode, double x, double scale, double in, double out) {
  if (mode == "asymmetric") return x / scale;
  if (mode == "half_pixel") return (x + 0.5) / scale - 0.5;
  if (mode == "pytorch_half_pixel") return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
  // The resized length before it is rounded down, as ONNX's own tests have it.
  if (mode == "align_corners") return out == 1 ? 0 : x * (in - 1) / (in * scale - 1);
  return std::nan("");
}

double rounded(const std::string& mode, double x) {
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  if (mode == "round_prefer_ceil") return std::floor(x + 0.5);
  return std::ceil(x - 0.5);  // round_prefer_floor
}

struct ResizeOptions {
  std::string mode, coordinates, nearest;
};

std::optional<AxisMap> axis_map(const ResizeOptions& options, std::int64_t in, std::int64_t out,
                                double scale) {
  AxisMap map;
  for (std::int64_t i = 0; i < out; ++i) {
    double x = source_coordinate(options.coordinates, static_cast<double>(i), scale, static_cast<double>(in),
                                 static_cast<double>(out));
    if (std::isnan(x)) return std::nullopt;
    x = std::clamp(options.mode == "nearest" ? rounded(options.nearest, x) : x, 0.0,
                   static_cast<double>(in - 1));
    const auto low = static_cast<std::int64_t>(x);
    map.first.push_back(low);
    map.second.push_back(std::min(low + 1, in - 1));
    map.share.push_back(static_cast<float>(x - static_cast<double>(low)));
  }
  return map;
}

/// Images of [rows, columns, block] numbers, `images` of them, whatever the layout calls its axes.
struct ResizePlan {
  std::int64_t images, in_rows, in_columns, rows, columns, block;
  AxisMap down, across;
  bool linear;
  BufferId from, to;
};

void resize_row(const ResizePlan& plan, const float* image, std::int64_t row, float* out) {
  const auto r = static_cast<std::size_t>(row);
  const std::int64_t width = plan.in_columns * plan.block;
  const float* const top = image + plan.down.first[r] * width;
  const float* const bottom = image + plan.down.second[r] * width;
  const float fall = plan.down.share[r];
  for (std::int64_t column = 0; column < plan.columns; ++column, out += plan.block) {
    const auto c = static_cast<std::size_t>(column);
    const std::int64_t left = plan.across.first[c] * plan.block, right = plan.across.second[c] * plan.block;
    if (!plan.linear) {
      if (plan.block == 1)
        *out = top[left];
      else
        std::memcpy(out, top + left, static_cast<std::size_t>(plan.block) * sizeof(float));
      continue;
    }
    const float share = plan.across.share[c];
    for (std::int64_t i = 0; i < plan.block; ++i) {
      const float upper = top[left + i] + (top[right + i] - top[left + i]) * share;
      const float lower = bottom[left + i] + (bottom[right + i] - bottom[left + i]) * share;
      out[i] = upper + (lower - upper) * fall;
    }
  }
}

void run(const ResizePlan& plan, int threads, Session& session) {
  const std::int64_t lines = plan.images * plan.rows, line = plan.columns * plan.block;
  const double work = static_cast<double>(lines * line) * (plan.linear ? 0.6 : 0.3);
  parallel_for(lines, work, threads, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* const image =
          session.read<float>(plan.from) + i / plan.rows * plan.in_rows * plan.in_columns * plan.block;
      resize_row(plan, image, i % plan.rows, session.write<float>(plan.to) + i * line);
    }
  });
}

std::string refusal(const LoweredGraph& graph, const LoweredNode& node, const ResizeOptions& options) {
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.outputs[0])) return "not float32";
  const Dims& in = graph.input(node, 0).dims;
  const Dims& out = graph.output(node).dims;
  if (in.size() != 4 || in[0] != out[0] || in[1] != out[1]) return "more than height and width change";
  if (options.mode != "nearest" && options.mode != "linear") return "mode " + options.mode;
  if (node.node->attribute_or("antialias", std::int64_t{0}) != 0 || node.node->find_attribute("axes") ||
      node.node->attribute_or("keep_aspect_ratio_policy", std::string("stretch")) != "stretch")
    return "antialias, axes or aspect ratio";
  return "";
}

/// The scales as given, which rounding of sizes hides; else out / in.
std::pair<double, double> scales_of(const LoweredGraph& graph, const LoweredNode& node) {
  const std::size_t slot = node.record->since_version < 11 ? 1 : 2;
  const Dims& in = graph.input(node, 0).dims;
  const Dims& out = graph.output(node).dims;
  auto scales = node.node->attribute_or("scales", std::vector<float>{});
  if (const Tensor* given = graph.constant(node, slot)) scales = values_as<float>(*given);
  if (scales.size() == 4) return {scales[2], scales[3]};
  if (node.node->find_attribute("height_scale"))
    return {node.node->attribute_or("height_scale", 1.0f), node.node->attribute_or("width_scale", 1.0f)};
  return {static_cast<double>(out[2]) / static_cast<double>(in[2]),
          static_cast<double>(out[3]) / static_cast<double>(in[3])};
}

}  // namespace

std::string plan_resize(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const bool old = node.record->since_version < 11;  // Resize 10 and Upsample know one way only
  const ResizeOptions options{
      node.node->attribute_or("mode", std::string("nearest")),
      old ? "asymmetric"
          : node.node->attribute_or("coordinate_transformation_mode", std::string("half_pixel")),
      old ? "floor" : node.node->attribute_or("nearest_mode", std::string("round_prefer_floor"))};
  if (auto reason = refusal(graph, node, options); !reason.empty()) return reason;
  const Dims& in = graph.input(node, 0).dims;
  const Dims& out = graph.output(node).dims;
  const auto [down_scale, across_scale] = scales_of(graph, node);
  auto down = axis_map(options, in[2], out[2], down_scale),
       across = axis_map(options, in[3], out[3], across_scale);
  if (!down || !across) return "coordinates " + options.coordinates;
  auto order = memory_order(planner.layout_of(node.inputs[0]));
  const bool channels_last =
      order && order->axes == std::vector<std::size_t>{0, 2, 3, 1} && order->block == 0;
  const bool in_blocks = order && order->block > 0;
  if (!channels_last && !in_blocks) order = memory_order(plain_layout(in));
  auto plan = std::make_shared<ResizePlan>();
  plan->block = channels_last ? in[1] : in_blocks ? order->block : 1;
  plan->images = in[0] * (channels_last ? 1 : in_blocks ? (in[1] + order->block - 1) / order->block : in[1]);
  plan->in_rows = in[2];
  plan->in_columns = in[3];
  plan->rows = out[2];
  plan->columns = out[3];
  plan->linear = options.mode == "linear";
  plan->down = std::move(*down);
  plan->across = std::move(*across);
  plan->from = planner.in_layout(node.inputs[0], layout_in_order(in, *order));
  plan->to = planner.define(node.outputs[0], layout_in_order(out, *order));
  const int threads = planner.services.threads;
  planner.add_step(node, "rows", {plan->from}, {plan->to},
                   [plan, threads](Session& session) { run(*plan, threads, session); });
  return "";
}

}  // namespace lapidary::cpu
