#include <array>
#include <cstring>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/cpu/vector_kernels.h"

namespace lapidary::cpu {
namespace {

constexpr std::int64_t tile = 1024;  ///< elements that one pass of a program holds in the first-level cache

/// How an operand is read: one stride for each axis that the result is walked along, in elements.
struct Operand {
  BufferId buffer = -1;
  Dims strides;
  bool whole = false;  ///< element i of the operand belongs to element i of the result
};

struct ElementwisePlan {
  ElementProgram program;
  Dims dims;  ///< of the result as it lies in memory, axes merged where every operand allows it
  std::vector<Operand> operands;
  std::vector<int> slots;  ///< by step: the tile it writes; the last step writes the result
  int slot_count = 0;
  BufferId result = -1;
  int threads = 1;
};

/// Elements [begin, begin + count) of an operand, in the order of the result.
void expand(const Operand& operand, const Dims& dims, const float* from, std::int64_t begin, std::int64_t count, float* to) {
  const std::size_t rank = dims.size();
  std::array<std::int64_t, 16> index{};
  std::int64_t rest = begin, position = 0;
  for (std::size_t axis = rank; axis-- > 0;) {
    index[axis] = rest % dims[axis];
    rest /= dims[axis];
    position += index[axis] * operand.strides[axis];
  }
  const std::size_t inner = rank - 1;
  const std::int64_t length = dims[inner], stride = operand.strides[inner];
  while (count > 0) {
    const std::int64_t run = std::min(count, length - index[inner]);
    if (stride == 1)
      std::memcpy(to, from + position, static_cast<std::size_t>(run) * sizeof(float));
    else if (stride == 0)
      std::fill_n(to, run, from[position]);
    else
      for (std::int64_t i = 0; i < run; ++i) to[i] = from[position + i * stride];
    to += run;
    count -= run;
    position -= index[inner] * stride;
    index[inner] = 0;
    for (std::size_t axis = inner; axis-- > 0;) {
      position += operand.strides[axis];
      if (++index[axis] < dims[axis]) break;
      position -= index[axis] * operand.strides[axis];
      index[axis] = 0;
    }
  }
}

/// One tile of the whole program.
void run_tile(const ElementwisePlan& plan, Session& session, std::int64_t begin, std::int64_t count, float* scratch) {
  const float* sources[64];
  float* const tiles = scratch + static_cast<std::int64_t>(plan.operands.size()) * tile;
  for (std::size_t i = 0; i < plan.operands.size(); ++i) {
    const Operand& operand = plan.operands[i];
    const float* const bytes = session.read<float>(operand.buffer);
    if (operand.whole) {
      sources[i] = bytes + begin;
    } else {
      float* const expanded = scratch + static_cast<std::int64_t>(i) * tile;
      expand(operand, plan.dims, bytes, begin, count, expanded);
      sources[i] = expanded;
    }
  }
  const std::size_t last = plan.program.steps.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const ElementStep& step = plan.program.steps[i];
    float* const to = i == last ? session.write<float>(plan.result) + begin : tiles + plan.slots[i] * tile;
    apply(step, sources[step.a], step.b < 0 ? nullptr : sources[step.b], to, count);
    sources[plan.operands.size() + i] = to;
  }
}

void run(const ElementwisePlan& plan, Session& session) {
  const std::int64_t count = element_count(plan.dims), tiles = (count + tile - 1) / tile;
  const double work = static_cast<double>(count) * 0.3 * static_cast<double>(plan.program.steps.size());
  parallel_for(tiles, work, plan.threads, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> scratch;
    const auto needed = (plan.operands.size() + static_cast<std::size_t>(plan.slot_count)) * static_cast<std::size_t>(tile);
    if (scratch.size() < needed) scratch.resize(needed);
    for (std::int64_t i = begin; i < end; ++i)
      run_tile(plan, session, i * tile, std::min(tile, count - i * tile), scratch.data());
  });
}

/// Gives each step's result a tile, used again once nobody reads it.
void assign_slots(ElementwisePlan& plan) {
  const auto& steps = plan.program.steps;
  std::vector<int> last_use(steps.size(), -1), free_slots;
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (const int operand : {steps[i].a, steps[i].b})
      if (operand >= plan.program.inputs) last_use[static_cast<std::size_t>(operand - plan.program.inputs)] = static_cast<int>(i);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      if (last_use[j] == static_cast<int>(i)) free_slots.push_back(plan.slots[j]);
    if (free_slots.empty()) free_slots.push_back(plan.slot_count++);
    plan.slots.push_back(free_slots.back());
    free_slots.pop_back();
  }
}

/// Neighbouring axes become one where every operand steps through them as through one.
void merge_axes(ElementwisePlan& plan) {
  for (std::size_t axis = plan.dims.size(); axis-- > 1;) {
    const bool mergeable = std::all_of(plan.operands.begin(), plan.operands.end(), [&](const Operand& operand) {
      return plan.dims[axis - 1] == 1 || operand.strides[axis - 1] == operand.strides[axis] * plan.dims[axis];
    });
    if (!mergeable) continue;
    plan.dims[axis - 1] *= plan.dims[axis];
    plan.dims.erase(plan.dims.begin() + static_cast<std::ptrdiff_t>(axis));
    for (Operand& operand : plan.operands) {
      operand.strides[axis - 1] = operand.strides[axis];
      operand.strides.erase(operand.strides.begin() + static_cast<std::ptrdiff_t>(axis));
    }
  }
}

/// Channels in blocks of `block` on axis 1, everything else row-major; 0 if the layout is another.
std::int64_t channel_block(const Layout& layout) {
  const auto& blocking = layout.data.format_desc.blocking;
  if (layout.data.format_kind != dnnl_blocked || blocking.inner_nblks != 1 || blocking.inner_idxs[0] != 1) return 0;
  const std::int64_t block = blocking.inner_blks[0];
  std::int64_t stride = block;
  for (int axis = layout.data.ndims - 1; axis >= 0; --axis) {
    const std::int64_t extent = axis == 1 ? layout.data.padded_dims[1] / block : layout.data.dims[axis];
    if (extent != 1 && blocking.strides[axis] != stride) return 0;
    stride *= extent;
  }
  return block;
}

/// [N, C, …] in blocks of channels.
Layout blocked_layout(const Dims& dims, std::int64_t block) {
  using tag = dnnl::memory::format_tag;
  static constexpr tag tags[2][3] = {{tag::nCw8c, tag::nChw8c, tag::nCdhw8c}, {tag::nCw16c, tag::nChw16c, tag::nCdhw16c}};
  return {dims, dnnl::memory::data_type::f32, tags[block == 16][dims.size() - 3]};
}

Dims plain_strides(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
  return strides;
}

/// The result's axes as they lie in memory: [N, C/block, spatial…, block] for blocked layouts.
Dims memory_dims(const Dims& dims, std::int64_t block) {
  if (block == 0) return dims.empty() ? Dims{1} : dims;
  Dims made = dims;
  made[1] = (dims[1] + block - 1) / block;
  made.push_back(block);
  return made;
}

/// A value of `dims` (as many axes as the result) as operand of a result in blocks.
Operand blocked_operand(Planner& planner, ValueId id, const Dims& dims, std::int64_t block) {
  Operand operand;
  Dims strides;
  if (dims[1] == 1) {
    operand.buffer = planner.plain(id);
    strides = plain_strides(dims);
    strides.push_back(0);
  } else {
    const Layout layout = blocked_layout(dims, block);
    const LoweredValue& value = planner.graph.values[id];
    operand.buffer = value.is_constant() ? planner.packed(value.constant, plain_layout(dims), layout)
                                         : planner.in_layout(id, layout);
    const auto& blocking = layout.data.format_desc.blocking;
    strides.assign(blocking.strides, blocking.strides + dims.size());
    strides.push_back(1);
  }
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    if (dims[axis] == 1) strides[axis] = 0;
  operand.strides = std::move(strides);
  return operand;
}

/// A value as operand of a row-major result; values in other orders of axes are read as they lie.
Operand strided_operand(Planner& planner, ValueId id, std::size_t rank) {
  const LoweredValue& value = planner.graph.values[id];
  Operand operand;
  Dims strides = plain_strides(value.dims);
  const Layout& layout = planner.layout_of(id);
  const bool reads_strided = !value.dims.empty() && !planner.is_plain(id) &&
                             layout.data.format_desc.blocking.inner_nblks == 0 && value.dims.size() <= DNNL_MAX_NDIMS;
  if (reads_strided) {
    strides.assign(layout.data.format_desc.blocking.strides, layout.data.format_desc.blocking.strides + value.dims.size());
    operand.buffer = planner.in_layout(id, Layout(layout));
  } else {
    operand.buffer = planner.plain(id);
  }
  for (std::size_t axis = 0; axis < value.dims.size(); ++axis)
    if (value.dims[axis] == 1) strides[axis] = 0;
  strides.insert(strides.begin(), rank - strides.size(), 0);
  operand.strides = std::move(strides);
  return operand;
}

/// The block of channels in which the result shall lie: that of an operand as large as the result; 0: row-major.
std::int64_t choose_block(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const Dims& dims = graph.output(node).dims;
  if (dims.size() < 3 || dims.size() > 5) return 0;
  std::int64_t block = 0;
  for (const ValueId id : node.inputs) {
    const LoweredValue& value = graph.values[id];
    if (value.is_constant() || value.dims != dims) continue;
    if (const std::int64_t found = channel_block(planner.layout_of(id))) block = found;
  }
  return block;
}

}  // namespace

std::string plan_elementwise(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const Dims& dims = graph.output(node).dims;
  if (dims.size() > 8) return "more than 8 axes";
  const std::int64_t block = choose_block(planner, node);
  auto plan = std::make_shared<ElementwisePlan>();
  plan->program = node.program;
  plan->threads = planner.services.threads;
  plan->dims = memory_dims(dims, block);
  std::vector<BufferId> reads;
  for (const ValueId id : node.inputs) {
    if (block == 0) {
      plan->operands.push_back(strided_operand(planner, id, plan->dims.size()));
    } else {
      Dims full = graph.values[id].dims;
      full.insert(full.begin(), dims.size() - full.size(), 1);
      if (full.size() != graph.values[id].dims.size() && !graph.values[id].is_constant() && full[1] != 1)
        return "an activation with fewer axes meets channels in blocks";
      plan->operands.push_back(blocked_operand(planner, id, full, block));
    }
    reads.push_back(plan->operands.back().buffer);
  }
  const Dims whole = plain_strides(plan->dims);
  for (Operand& operand : plan->operands) {
    operand.whole = true;
    for (std::size_t axis = 0; axis < whole.size(); ++axis)
      if (plan->dims[axis] != 1 && operand.strides[axis] != whole[axis]) operand.whole = false;
  }
  merge_axes(*plan);
  assign_slots(*plan);
  plan->result = block == 0 ? planner.define(node.outputs[0]) : planner.define(node.outputs[0], blocked_layout(dims, block));
  for (std::size_t i = 0; i < plan->operands.size(); ++i) {
    bool alone = plan->operands[i].whole;
    for (std::size_t j = 0; j < plan->operands.size(); ++j)
      if (!plan->operands[j].whole && planner.share_bytes(node.inputs[i], node.inputs[j])) alone = false;
    if (alone) planner.allow_in_place(plan->operands[i].buffer, plan->result);
  }
  planner.add_step(node, "Highway element-wise", std::move(reads), {plan->result},
                   [plan](Session& session) { run(*plan, session); });
  return "";
}

}  // namespace lapidary::cpu
