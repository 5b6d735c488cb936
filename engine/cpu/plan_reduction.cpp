#include <algorithm>
#include <cmath>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/cpu/vector_kernels.h"

namespace lapidary::cpu {
namespace {

/// What a reduction does with each element, with pairs of them, and with the total.
struct Reduction {
  std::string_view op;
  ElementCode map, fold, finish;
};
constexpr Reduction reductions[] = {
    {"ReduceSum", ElementCode::Copy, ElementCode::Add, ElementCode::Copy},
    {"ReduceMean", ElementCode::Copy, ElementCode::Add, ElementCode::Copy},
    {"ReduceMax", ElementCode::Copy, ElementCode::Max, ElementCode::Copy},
    {"ReduceMin", ElementCode::Copy, ElementCode::Min, ElementCode::Copy},
    {"ReduceProd", ElementCode::Copy, ElementCode::Mul, ElementCode::Copy},
    {"ReduceL1", ElementCode::Abs, ElementCode::Add, ElementCode::Copy},
    {"ReduceL2", ElementCode::Square, ElementCode::Add, ElementCode::Sqrt},
    {"ReduceSumSquare", ElementCode::Square, ElementCode::Add, ElementCode::Copy},
    {"ReduceLogSum", ElementCode::Copy, ElementCode::Add, ElementCode::Log},
};

/// One run of neighbouring axes that are reduced: [outer, length, inner] becomes [outer, inner].
struct Pass {
  std::int64_t outer = 1, length = 1, inner = 1;
};

struct Plan {
  Reduction reduction;
  std::vector<Pass> passes;  ///< innermost first
  std::vector<BufferId> buffers;
  float factor = 1;
  int threads = 1;
};

constexpr std::int64_t lanes = 256;

/// A row becomes one number: lanes that stand `lanes` apart are folded first.
float fold_row(ElementCode map, ElementCode fold, const float* x, std::int64_t count) {
  if (map == ElementCode::Copy && fold == ElementCode::Add) return sum(x, count);
  float total[lanes], part[lanes];
  const std::int64_t width = std::min(lanes, count);
  apply({map}, x, nullptr, total, width);
  for (std::int64_t i = width; i < count; i += lanes) {
    const std::int64_t n = std::min(lanes, count - i);
    apply({map}, x + i, nullptr, part, n);
    apply({fold, 0, 1}, total, part, total, n);
  }
  for (std::int64_t left = width; left > 1;) {
    const std::int64_t half = left / 2;
    apply({fold, 0, 1}, total, total + (left - half), total, half);
    left -= half;
  }
  return total[0];
}

/// Rows [length, inner] are folded into one of `inner` numbers.
void fold_columns(ElementCode map, ElementCode fold, const Pass& pass, const float* x, float* y) {
  for (std::int64_t begin = 0; begin < pass.inner; begin += lanes) {
    const std::int64_t n = std::min(lanes, pass.inner - begin);
    float part[lanes];
    apply({map}, x + begin, nullptr, y + begin, n);
    for (std::int64_t i = 1; i < pass.length; ++i) {
      const float* row = x + i * pass.inner + begin;
      if (map != ElementCode::Copy) {
        apply({map}, row, nullptr, part, n);
        row = part;
      }
      apply({fold, 0, 1}, y + begin, row, y + begin, n);
    }
  }
}

void run_pass(const Plan& plan, std::size_t number, Session& session) {
  const Pass& pass = plan.passes[number];
  const bool is_first = number == 0, is_last = number + 1 == plan.passes.size();
  const ElementCode map = is_first ? plan.reduction.map : ElementCode::Copy;
  const float* const x = session.read<float>(plan.buffers[number]);
  float* const y = session.write<float>(plan.buffers[number + 1]);
  const double work = 0.2 * static_cast<double>(pass.outer * pass.length * pass.inner);
  parallel_for(pass.outer, work, plan.threads, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* const from = x + i * pass.length * pass.inner;
      float* const to = y + i * pass.inner;
      if (pass.inner == 1)
        *to = fold_row(map, plan.reduction.fold, from, pass.length);
      else
        fold_columns(map, plan.reduction.fold, pass, from, to);
    }
    float* const to = y + begin * pass.inner;
    const std::int64_t count = (end - begin) * pass.inner;
    if (is_last && plan.factor != 1)
      apply({ElementCode::Affine, 0, -1, plan.factor, 0}, to, nullptr, to, count);
    if (is_last && plan.reduction.finish != ElementCode::Copy)
      apply({plan.reduction.finish}, to, nullptr, to, count);
  });
}

/// Runs of reduced axes, from the innermost outward; sizes inside are those that earlier passes leave.
std::vector<Pass> passes_over(Dims dims, const std::vector<bool>& reduced) {
  std::vector<Pass> passes;
  for (std::size_t last = dims.size(); last > 0;) {
    if (!reduced[last - 1]) {
      --last;
      continue;
    }
    std::size_t first = last;
    Pass pass;
    while (first > 0 && reduced[first - 1]) pass.length *= dims[--first];
    for (std::size_t i = 0; i < first; ++i) pass.outer *= dims[i];
    for (std::size_t i = last; i < dims.size(); ++i) pass.inner *= dims[i];
    for (std::size_t i = first; i < last; ++i) dims[i] = 1;
    passes.push_back(pass);
    last = first;
  }
  return passes;
}

/// Which axes are reduced; nothing if that is known only while it runs.
std::optional<std::vector<bool>> reduced_axes(const LoweredGraph& graph, const LoweredNode& node) {
  const std::size_t rank = graph.input(node, 0).dims.size();
  Dims axes = node.node->attribute_or("axes", Dims{});
  if (graph.has_input(node, 1)) {
    if (!graph.constant(node, 1)) return std::nullopt;
    axes = values_as<std::int64_t>(*graph.constant(node, 1));
  }
  const bool none = node.node->attribute_or("noop_with_empty_axes", std::int64_t{0}) != 0;
  std::vector<bool> reduced(rank, axes.empty() && !none);
  for (const std::int64_t axis : axes)
    reduced[static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis)] = true;
  return reduced;
}

bool is_mean_of_pixels(const LoweredNode& node, const std::vector<bool>& reduced) {
  if (node.op != "ReduceMean" || reduced.size() < 3 || reduced.size() > 5 ||
      node.node->attribute_or("keepdims", std::int64_t{1}) == 0)
    return false;
  return !reduced[0] && !reduced[1] &&
         std::all_of(reduced.begin() + 2, reduced.end(), [](bool r) { return r; });
}

}  // namespace

std::string plan_reduction(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!graph.is_float(node.inputs[0]) || !graph.is_float(node.outputs[0])) return "not float32";
  const auto reduced = reduced_axes(graph, node);
  if (!reduced) return "axes are known only while it runs";
  if (is_mean_of_pixels(node, *reduced) && !planner.is_plain(node.inputs[0]))
    return plan_global_pooling(planner, node);
  auto plan = std::make_shared<Plan>();
  plan->reduction = *std::find_if(std::begin(reductions), std::end(reductions),
                                  [&](const Reduction& r) { return r.op == node.op; });
  const Dims& dims = graph.input(node, 0).dims;
  plan->passes = passes_over(dims, *reduced);
  if (plan->passes.empty()) return "nothing is reduced";
  if (node.op == "ReduceMean")
    plan->factor = static_cast<float>(static_cast<double>(graph.output(node).size()) /
                                      static_cast<double>(graph.input(node, 0).size()));
  plan->threads = planner.services.threads;
  plan->buffers.push_back(planner.plain(node.inputs[0]));
  std::vector<BufferId> writes;
  for (std::size_t i = 0; i < plan->passes.size(); ++i) {
    const Pass& pass = plan->passes[i];
    const bool is_last = i + 1 == plan->passes.size();
    writes.push_back(is_last ? planner.define(node.outputs[0]) : planner.make(pass.outer * pass.inner * 4));
    plan->buffers.push_back(writes.back());
  }
  planner.add_step(node, "Highway", {plan->buffers[0]}, std::move(writes), [plan](Session& session) {
    for (std::size_t i = 0; i < plan->passes.size(); ++i) run_pass(*plan, i, session);
  });
  return "";
}

}  // namespace lapidary::cpu
