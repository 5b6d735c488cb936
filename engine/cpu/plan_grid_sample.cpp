#include <algorithm>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/ops/grid_sampling.h"

namespace lapidary::cpu {
namespace {

/// An image [channels, sizes…] sampled at `points` points, for each of `images` images.
struct SamplePlan {
  SampleMode mode;
  Dims sizes;
  std::int64_t images, channels, points;
  BufferId from, grid, to;
};

constexpr std::int64_t block_points = 64;

/// Shares of a block of points: those of point i stand before ends[i].
struct Shares {
  std::vector<Share> all, one;
  std::vector<double> point;
  std::vector<std::size_t> ends;
};

void sample_block(const SamplePlan& plan, Session& session, std::int64_t image, std::int64_t first,
                  std::int64_t count, Shares& shares) {
  const std::size_t rank = plan.sizes.size();
  const float* grid =
      session.read<float>(plan.grid) + (image * plan.points + first) * static_cast<std::int64_t>(rank);
  shares.all.clear();
  shares.ends.clear();
  shares.point.resize(rank);
  for (std::int64_t i = 0; i < count; ++i, grid += rank) {
    for (std::size_t axis = 0; axis < rank; ++axis) shares.point[axis] = static_cast<double>(grid[axis]);
    shares_of(shares.point.data(), plan.sizes, plan.mode, shares.one);
    shares.all.insert(shares.all.end(), shares.one.begin(), shares.one.end());
    shares.ends.push_back(shares.all.size());
  }
  const std::int64_t plane = element_count(plan.sizes);
  for (std::int64_t c = 0; c < plan.channels; ++c) {
    const float* const from = session.read<float>(plan.from) + (image * plan.channels + c) * plane;
    float* const to = session.write<float>(plan.to) + (image * plan.channels + c) * plan.points + first;
    std::size_t next = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      double sum = 0;
      for (; next < shares.ends[static_cast<std::size_t>(i)]; ++next)
        sum += shares.all[next].weight * static_cast<double>(from[shares.all[next].place]);
      to[i] = static_cast<float>(sum);
    }
  }
}

void run(const SamplePlan& plan, int threads, Session& session) {
  const std::int64_t blocks = (plan.points + block_points - 1) / block_points;
  const double work = static_cast<double>(plan.images * plan.points * (50 + 4 * plan.channels));
  parallel_for(plan.images * blocks, work, threads, [&](std::int64_t begin, std::int64_t end) {
    thread_local Shares shares;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % blocks * block_points;
      sample_block(plan, session, i / blocks, first, std::min(block_points, plan.points - first), shares);
    }
  });
}

}  // namespace

std::string plan_grid_sample(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.inputs[1])) return "not float32";
  const Dims &x = graph.input(node, 0).dims, &grid = graph.input(node, 1).dims;
  if (x.size() < 3 || grid.size() != x.size() || grid.back() != static_cast<std::int64_t>(x.size()) - 2 ||
      grid[0] != x[0])
    return "a grid that does not fit";
  SamplePlan plan{};
  try {
    plan.mode = sample_mode(*node.node);
  } catch (const Error& error) {
    return error.message();  // the reference kernel refuses it where it runs
  }
  plan.sizes.assign(x.begin() + 2, x.end());
  plan.images = x[0], plan.channels = x[1];
  plan.points = element_count(Dims(grid.begin() + 1, grid.end() - 1));
  plan.from = planner.plain(node.inputs[0]);
  plan.grid = planner.plain(node.inputs[1]);
  plan.to = planner.define(node.outputs[0]);
  const int threads = planner.services.threads;
  planner.add_step(node, "blocks of points", {plan.from, plan.grid}, {plan.to},
                   [plan, threads](Session& session) { run(plan, threads, session); });
  return "";
}

}  // namespace lapidary::cpu
