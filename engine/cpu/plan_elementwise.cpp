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
  DataType element = DataType::Float32;
};

struct ElementwisePlan {
  ElementProgram program;
  Dims dims;  ///< of the result as it lies in memory, axes merged where every operand allows it
  std::vector<Operand> operands;
  std::vector<int> slots;  ///< by step: the tile it writes; the last step writes the result
  int slot_count = 0;
  BufferId result = -1;
  DataType result_element = DataType::Float32;
  int threads = 1;
};

std::int64_t bytes_of(DataType type) { return bits_of(type) / 8; }

/// Elements [begin, begin + count) of an operand, in the order of the result.
template <class T>
void expand_as(const Operand& operand, const Dims& dims, const T* from, std::int64_t begin,
               std::int64_t count, T* to) {
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
      std::memcpy(to, from + position, static_cast<std::size_t>(run) * sizeof(T));
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

void expand(const Operand& operand, const Dims& dims, const std::byte* from, std::int64_t begin,
            std::int64_t count, std::byte* to) {
  const auto as = [&]<class T>() {
    expand_as(operand, dims, reinterpret_cast<const T*>(from), begin, count, reinterpret_cast<T*>(to));
  };
  switch (bytes_of(operand.element)) {
    case 1:
      return as.template operator()<std::uint8_t>();
    case 2:
      return as.template operator()<std::uint16_t>();
    case 4:
      return as.template operator()<std::uint32_t>();
    default:
      return as.template operator()<std::uint64_t>();
  }
}

/// An operand's part as elements of the type that the program computes in: its own bytes, or put into `tile`.
const std::byte* load(const ElementwisePlan& plan, const Operand& operand, const std::byte* bytes,
                      std::int64_t begin, std::int64_t count, std::byte* tile_bytes) {
  const DataType compute = plan.program.compute;
  const std::byte* source = bytes + begin * bytes_of(operand.element);
  if (operand.whole && operand.element == compute) return source;
  alignas(64) std::byte narrow[tile * 8];
  if (!operand.whole) {
    std::byte* const expanded = operand.element == compute ? tile_bytes : narrow;
    expand(operand, plan.dims, bytes, begin, count, expanded);
    source = expanded;
  }
  if (operand.element != compute) convert_elements(operand.element, source, compute, tile_bytes, count);
  return tile_bytes;
}

void apply_step(DataType compute, const ElementStep& step, const std::vector<const std::byte*>& sources,
                std::byte* to, std::int64_t count) {
  const auto operand = [&](int number) { return number < 0 ? nullptr : sources[number]; };
  const std::byte *a = operand(step.a), *b = operand(step.b), *c = operand(step.c);
  if (compute == DataType::Float32)
    apply(step, reinterpret_cast<const float*>(a), reinterpret_cast<const float*>(b),
          reinterpret_cast<float*>(to), count, reinterpret_cast<const float*>(c));
  else
    apply_typed(compute, step, a, b, c, to, count);
}

/// One tile of the whole program.
void run_tile(const ElementwisePlan& plan, Session& session, std::int64_t begin, std::int64_t count,
              std::byte* scratch, std::vector<const std::byte*>& sources) {
  const DataType compute = plan.program.compute;
  const std::int64_t tile_bytes = tile * bytes_of(compute);
  const auto inputs = static_cast<std::int64_t>(plan.operands.size());
  for (std::int64_t i = 0; i < inputs; ++i)
    sources[i] = load(plan, plan.operands[i], session.read<std::byte>(plan.operands[i].buffer), begin, count,
                      scratch + i * tile_bytes);
  const std::size_t last = plan.program.steps.size() - 1;
  std::byte* const result = session.write<std::byte>(plan.result) + begin * bytes_of(plan.result_element);
  for (std::size_t i = 0; i <= last; ++i) {
    std::byte* const slot = scratch + (inputs + plan.slots[i]) * tile_bytes;
    std::byte* const to = i == last && plan.result_element == compute ? result : slot;
    apply_step(compute, plan.program.steps[i], sources, to, count);
    sources[plan.operands.size() + i] = to;
  }
  if (plan.result_element != compute)
    convert_elements(compute, sources[plan.operands.size() + last], plan.result_element, result, count);
}

void run(const ElementwisePlan& plan, Session& session) {
  const std::int64_t count = element_count(plan.dims), tiles = (count + tile - 1) / tile;
  const double work = static_cast<double>(count) * 0.3 * static_cast<double>(plan.program.steps.size());
  parallel_for(tiles, work, plan.threads, [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<std::uint64_t> scratch;
    thread_local std::vector<const std::byte*> sources;
    const auto needed =
        (plan.operands.size() + static_cast<std::size_t>(plan.slot_count)) * static_cast<std::size_t>(tile);
    if (scratch.size() < needed) scratch.resize(needed);
    sources.resize(std::max(sources.size(), plan.operands.size() + plan.program.steps.size()));
    for (std::int64_t i = begin; i < end; ++i)
      run_tile(plan, session, i * tile, std::min(tile, count - i * tile),
               reinterpret_cast<std::byte*>(scratch.data()), sources);
  });
}

/// Gives each step's result a tile, used again once nobody reads it.
void assign_slots(ElementwisePlan& plan) {
  const auto& steps = plan.program.steps;
  std::vector<int> last_use(steps.size(), -1), free_slots;
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (const int operand : steps[i].operands())
      if (operand >= plan.program.inputs)
        last_use[static_cast<std::size_t>(operand - plan.program.inputs)] = static_cast<int>(i);
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
    const bool mergeable =
        std::all_of(plan.operands.begin(), plan.operands.end(), [&](const Operand& operand) {
          return plan.dims[axis - 1] == 1 ||
                 operand.strides[axis - 1] == operand.strides[axis] * plan.dims[axis];
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

/// A value as operand of a result that lies in `order`; `dims` are its sizes with as many axes as the result
/// has.
Operand operand_of(Planner& planner, ValueId id, const Dims& dims, const MemoryOrder& order) {
  const LoweredValue& value = planner.graph.values[id];
  Operand operand;
  Dims strides;
  std::int64_t in_block = 0;  ///< distance of neighbours inside a block of channels
  const bool own_rank = value.dims.size() == dims.size();
  if (order.block > 0 && dims[1] != 1) {
    const Layout layout = blocked_layout(dims, order.block);
    operand.buffer = value.is_constant() ? planner.packed(value.constant, plain_layout(dims), layout)
                                         : planner.in_layout(id, with_element(layout, value.element));
    strides = strides_of(layout);
    in_block = 1;
  } else if (own_rank && !value.dims.empty() && !planner.is_plain(id) && is_strided(planner.layout_of(id))) {
    strides = strides_of(planner.layout_of(id));
    operand.buffer = planner.in_layout(id, Layout(planner.layout_of(id)));
  } else {
    operand.buffer = planner.plain(id);
    strides = plain_strides(dims);
  }
  for (const std::size_t axis : order.axes) operand.strides.push_back(dims[axis] == 1 ? 0 : strides[axis]);
  if (order.block > 0) operand.strides.push_back(in_block);
  return operand;
}

/// The layout in which the result shall lie: that of an operand as large as the result, else row-major.
Layout choose_layout(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const Dims& dims = graph.output(node).dims;
  const bool has_layouts =
      has_layout_type(graph.output(node).element) &&
      std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
        const LoweredValue& value = graph.values[id];
        return value.is_constant() ? value.element == DataType::Float32 : has_layout_type(value.element);
      });
  if (!has_layouts) return plain_layout(dims);
  const bool has_short_activation = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    const LoweredValue& value = graph.values[id];
    return !value.is_constant() && value.dims.size() < dims.size() && value.size() > 1;
  });
  for (const ValueId id : node.inputs) {
    const LoweredValue& value = graph.values[id];
    if (dims.empty() || value.is_constant() || value.dims != dims || planner.is_plain(id)) continue;
    const auto order = memory_order(planner.layout_of(id));
    // An activation with fewer axes cannot be put into blocks of channels as it is.
    if (order && (order->block == 0 || !has_short_activation)) return planner.layout_of(id);
  }
  return plain_layout(dims);
}

}  // namespace

std::string plan_elementwise(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const Dims& dims = graph.output(node).dims;
  if (graph.output(node).size() == 0) {
    planner.add_step(node, "nothing to do", {}, {planner.define(node.outputs[0])}, [](Session&) {});
    return "";
  }
  const Layout layout = choose_layout(planner, node);
  const MemoryOrder order = *memory_order(layout);
  auto plan = std::make_shared<ElementwisePlan>();
  plan->program = node.program;
  plan->threads = planner.services.threads;
  plan->result_element = graph.output(node).element;
  plan->dims = memory_dims(layout, order);
  std::vector<BufferId> reads;
  for (const ValueId id : node.inputs) {
    Dims full = graph.values[id].dims;
    full.insert(full.begin(), std::max<std::size_t>(1, dims.size()) - full.size(), 1);
    const bool is_whole = graph.values[id].dims == dims && !graph.values[id].is_constant() && !dims.empty();
    const Layout lying = with_element(layout, graph.values[id].element);
    plan->operands.push_back(is_whole ? Operand{planner.in_layout(id, lying), plain_strides(plan->dims), true}
                                      : operand_of(planner, id, full, order));
    plan->operands.back().element = graph.values[id].element;
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
  plan->result = has_layout_type(plan->result_element)
                     ? planner.define(node.outputs[0], with_element(layout, plan->result_element))
                     : planner.define(node.outputs[0]);
  for (std::size_t i = 0; i < plan->operands.size(); ++i) {
    bool alone = plan->operands[i].whole && plan->operands[i].element == plan->result_element;
    for (std::size_t j = 0; j < plan->operands.size(); ++j)
      if (!plan->operands[j].whole && planner.share_bytes(node.inputs[i], node.inputs[j])) alone = false;
    if (alone) planner.allow_in_place(plan->operands[i].buffer, plan->result);
  }
  planner.add_step(node, "Highway element-wise", std::move(reads), {plan->result},
                   [plan](Session& session) { run(*plan, session); });
  return "";
}

}  // namespace lapidary::cpu
