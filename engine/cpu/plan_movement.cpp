#include <algorithm>
#include <cstring>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"

namespace lapidary::cpu {
namespace {

/// True for values whose layout may be any that oneDNN can describe.
bool has_layout(const LoweredGraph& graph, ValueId id) {
  return graph.is_float(id) && !graph.values[id].dims.empty() &&
         graph.values[id].dims.size() <= DNNL_MAX_NDIMS;
}

}  // namespace

std::string plan_reshape(Planner& planner, const LoweredNode& node) {
  const ValueId from = node.inputs[0], to = node.outputs[0];
  if (planner.graph.values[from].size() != planner.graph.values[to].size())
    return "its sizes do not fit";  // the kernel that comes next says so
  planner.define_view(to, planner.plain(from));
  return "";
}

std::string plan_transpose(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!has_layout(graph, node.inputs[0])) return "only float32 tensors can be read in another order of axes";
  const std::size_t rank = graph.input(node, 0).dims.size();
  Dims order = node.node->attribute_or("perm", Dims{});
  if (order.empty())
    for (std::size_t axis = rank; axis-- > 0;) order.push_back(static_cast<std::int64_t>(axis));
  ValueId from = node.inputs[0];
  Layout layout = planner.layout_of(from);
  BufferId buffer = -1;
  if (is_strided(layout)) {
    buffer = planner.in_layout(from, layout);
  } else {
    buffer = planner.plain(from);
    layout = plain_layout(graph.values[from].dims);
  }
  const Dims strides = strides_of(layout);
  Dims new_strides;
  for (const std::int64_t axis : order) new_strides.push_back(strides[static_cast<std::size_t>(axis)]);
  planner.define_view(node.outputs[0], buffer,
                      Layout(graph.output(node).dims, dnnl::memory::data_type::f32, new_strides));
  return "";
}

namespace {

/// `count` blocks of `bytes`, each at its own distance from the last, from one buffer into another.
struct BlockCopy {
  BufferId from, to;
  std::int64_t count, bytes, from_stride, to_stride, from_offset, to_offset;
};

void run_copies(const std::vector<BlockCopy>& copies, int threads, Session& session) {
  for (const BlockCopy& copy : copies) {
    const std::byte* const from = session.read<std::byte>(copy.from) + copy.from_offset;
    std::byte* const to = session.write<std::byte>(copy.to) + copy.to_offset;
    const double work = static_cast<double>(copy.count) * (5 + 0.1 * static_cast<double>(copy.bytes));
    parallel_for(copy.count, work, threads, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        std::memcpy(to + i * copy.to_stride, from + i * copy.from_stride,
                    static_cast<std::size_t>(copy.bytes));
    });
  }
}

void add_copies(Planner& planner, const LoweredNode& node, std::vector<BlockCopy> copies,
                std::vector<BufferId> reads, std::vector<BufferId> writes) {
  const int threads = planner.services.threads;
  planner.add_step(
      node, "memcpy", std::move(reads), std::move(writes),
      [copies = std::move(copies), threads](Session& session) { run_copies(copies, threads, session); });
}

std::int64_t element_bytes(const LoweredValue& value) { return bits_of(value.element) / 8; }

/// Product of the sizes in [first, last).
std::int64_t extent(const Dims& dims, std::size_t first, std::size_t last) {
  return element_count(Dims(dims.begin() + static_cast<std::ptrdiff_t>(first),
                            dims.begin() + static_cast<std::ptrdiff_t>(last)));
}

std::size_t axis_of(const LoweredNode& node, std::int64_t otherwise, std::size_t rank) {
  const std::int64_t axis = node.node->attribute_or("axis", otherwise);
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

}  // namespace

std::optional<std::vector<SliceRange>> slice_ranges(const LoweredGraph& graph, const LoweredNode& node) {
  const Dims& dims = graph.input(node, 0).dims;
  const auto list = [&](const char* name, std::size_t slot) -> std::optional<Dims> {
    if (!graph.has_input(node, slot)) return node.node->attribute_or(name, Dims{});
    const Tensor* constant = graph.constant(node, slot);
    return constant ? std::optional<Dims>(values_as<std::int64_t>(*constant)) : std::nullopt;
  };
  const auto starts = list("starts", 1), axes = list("axes", 3), steps = list("steps", 4);
  if (!starts || !axes || !steps) return std::nullopt;
  std::vector<SliceRange> ranges(dims.size());
  for (std::size_t i = 0; i < starts->size(); ++i) {
    std::int64_t axis = i < axes->size() ? (*axes)[i] : static_cast<std::int64_t>(i);
    if (axis < 0) axis += static_cast<std::int64_t>(dims.size());
    SliceRange& range = ranges[static_cast<std::size_t>(axis)];
    const std::int64_t size = dims[static_cast<std::size_t>(axis)];
    range.step = i < steps->size() ? (*steps)[i] : 1;
    range.start = (*starts)[i] < 0 ? (*starts)[i] + size : (*starts)[i];
    range.start = std::clamp<std::int64_t>(range.start, 0, range.step < 0 ? size - 1 : size);
  }
  return ranges;
}

namespace {

/// A part of a strided value as a view: where it begins, and how its axes step.
void define_part(Planner& planner, ValueId part, ValueId whole, std::int64_t first_element,
                 const Dims& strides) {
  const LoweredGraph& graph = planner.graph;
  const Layout layout(graph.values[part].dims, dnnl::memory::data_type::f32, strides);
  const BufferId bytes = planner.in_layout(whole, Layout(planner.layout_of(whole)));
  planner.define_view(part, planner.view(bytes, first_element * 4, size_bytes(layout)), layout);
}

}  // namespace

std::string plan_slice(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const ValueId from = node.inputs[0];
  const auto ranges = slice_ranges(graph, node);
  if (!ranges) return "starts are known only while it runs";
  if (!has_layout(graph, from) || graph.values[from].is_constant()) return "not a float32 activation";
  if (!is_strided(planner.layout_of(from))) planner.plain(from);
  for (const SliceRange& range : *ranges)
    if (range.step < 0) return "a negative step";
  if (!is_strided(planner.layout_of(from))) return "channels lie in blocks";
  Dims strides = strides_of(planner.layout_of(from));
  std::int64_t first = 0;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    first += (*ranges)[axis].start * strides[axis];
    strides[axis] *= (*ranges)[axis].step;
  }
  define_part(planner, node.outputs[0], from, first, strides);
  return "";
}

std::string plan_split(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const ValueId from = node.inputs[0];
  if (!has_layout(graph, from) || graph.values[from].is_constant()) return "not a float32 activation";
  if (!is_strided(planner.layout_of(from))) return "channels lie in blocks";
  const Dims strides = strides_of(planner.layout_of(from));
  const std::size_t axis = axis_of(node, 0, strides.size());
  std::int64_t start = 0;
  for (const ValueId part : node.outputs) {
    if (part < 0) return "a part is left out";
    define_part(planner, part, from, start * strides[axis], strides);
    start += graph.values[part].dims[axis];
  }
  return "";
}

std::string plan_gather(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const LoweredValue& data = graph.input(node, 0);
  const LoweredValue& indices = graph.input(node, 1);
  const std::size_t axis = axis_of(node, 0, data.dims.size());
  const std::int64_t size = data.dims[axis];
  const Tensor* constant = graph.constant(node, 1);
  if (constant && constant->size() == 1 && has_layout(graph, node.inputs[0]) && !data.is_constant() &&
      is_strided(planner.layout_of(node.inputs[0])) && graph.output(node).dims.size() >= 1) {
    const std::int64_t index = values_as<std::int64_t>(*constant)[0];
    Dims strides = strides_of(planner.layout_of(node.inputs[0]));
    const std::int64_t first = (index < 0 ? index + size : index) * strides[axis];
    strides.erase(strides.begin() + static_cast<std::ptrdiff_t>(axis));
    strides.insert(strides.begin() + static_cast<std::ptrdiff_t>(axis), indices.dims.size(), 1);
    define_part(planner, node.outputs[0], node.inputs[0], first, strides);
    return "";
  }
  if (indices.element != DataType::Int64 && indices.element != DataType::Int32)
    return "indices of another type";
  const std::int64_t inner = extent(data.dims, axis + 1, data.dims.size()) * element_bytes(data);
  const std::int64_t outer = extent(data.dims, 0, axis), count = indices.size();
  const BufferId from = planner.plain(node.inputs[0]), chosen = planner.plain(node.inputs[1]);
  const BufferId to = planner.define(node.outputs[0]);
  const bool wide = indices.element == DataType::Int64;
  const std::string label = node.labels.empty() ? node.op : node.labels[0];
  planner.add_step(node, "memcpy", {from, chosen}, {to}, [=](Session& session) {
    const auto* const bytes = session.read<std::byte>(from);
    auto* to_bytes = session.write<std::byte>(to);
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < count; ++i, to_bytes += inner) {
        std::int64_t index =
            wide ? session.read<std::int64_t>(chosen)[i] : session.read<std::int32_t>(chosen)[i];
        if (index < 0) index += size;
        if (index < 0 || index >= size)
          throw Error("index " + std::to_string(index) + " is outside an axis of size " +
                      std::to_string(size))
              .node(label);
        std::memcpy(to_bytes, bytes + (o * size + index) * inner, static_cast<std::size_t>(inner));
      }
  });
  return "";
}

namespace {

/// The order in which all parts lie, so that their bytes can follow each other as they are; nothing if they
/// differ, or if `axis` is split into blocks that a part does not fill.
std::optional<MemoryOrder> common_order(Planner& planner, const LoweredNode& node, std::size_t axis) {
  std::optional<MemoryOrder> common;
  for (const ValueId id : node.inputs) {
    const LoweredValue& value = planner.graph.values[id];
    if (value.is_constant() || !has_layout(planner.graph, id)) return std::nullopt;
    const auto order = memory_order(planner.layout_of(id));
    if (!order || (common && *order != *common)) return std::nullopt;
    if (order->block > 0 && axis == 1 && value.dims[1] % order->block != 0) return std::nullopt;
    common = order;
  }
  return common;
}

}  // namespace

std::string plan_concat(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const LoweredValue& result = graph.output(node);
  const std::size_t axis = axis_of(node, 1, result.dims.size());
  const auto order = common_order(planner, node, axis);
  const auto bytes_of = [&](ValueId id) {
    return order ? planner.in_layout(id, Layout(planner.layout_of(id))) : planner.plain(id);
  };
  std::vector<BufferId> reads;
  for (const ValueId id : node.inputs) reads.push_back(bytes_of(id));
  Dims lying = result.dims;
  std::size_t place = axis;
  BufferId to = -1;
  if (order) {
    const Layout layout = layout_in_order(result.dims, *order);
    lying = memory_dims(layout, *order);
    place = static_cast<std::size_t>(std::find(order->axes.begin(), order->axes.end(), axis) -
                                     order->axes.begin());
    to = planner.define(node.outputs[0], layout);
  } else {
    to = planner.define(node.outputs[0]);
  }
  const std::int64_t inner = extent(lying, place + 1, lying.size()) * element_bytes(result);
  const std::int64_t outer = extent(lying, 0, place), row = lying[place] * inner;
  const std::int64_t unit = order && order->block > 0 && axis == 1 ? order->block : 1;
  std::vector<BlockCopy> copies;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const std::int64_t bytes = graph.values[node.inputs[i]].dims[axis] / unit * inner;
    copies.push_back({reads[i], to, outer, bytes, bytes, row, 0, offset});
    offset += bytes;
  }
  add_copies(planner, node, std::move(copies), std::move(reads), {to});
  return "";
}

}  // namespace lapidary::cpu
