#include <algorithm>

#include "engine/cpu/planner.h"

namespace lapidary::cpu {

const dnnl::engine& engine() {
  static const dnnl::engine only(dnnl::engine::kind::cpu, 0);
  return only;
}

namespace {

dnnl::memory::data_type layout_type(DataType element) {
  switch (element) {
    case DataType::UInt8:
      return dnnl::memory::data_type::u8;
    case DataType::Int8:
      return dnnl::memory::data_type::s8;
    case DataType::Int32:
      return dnnl::memory::data_type::s32;
    default:
      return dnnl::memory::data_type::f32;
  }
}

}  // namespace

bool has_layout_type(DataType element) {
  return element == DataType::Float32 || layout_type(element) != dnnl::memory::data_type::f32;
}

Layout with_element(Layout layout, DataType element) {
  layout.data.data_type = static_cast<dnnl_data_type_t>(layout_type(element));
  return layout;
}

Layout plain_layout(const Dims& dims, DataType element) {
  Dims shown = dims;
  if (dims.empty() || dims.size() > DNNL_MAX_NDIMS) shown = {element_count(dims)};
  Dims strides(shown.size());
  std::int64_t stride = 1;
  for (std::size_t axis = shown.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= std::max<std::int64_t>(1, shown[axis]);
  }
  return {shown, layout_type(element), strides};
}

bool is_plain(const Layout& layout) {
  const auto& blocking = layout.data.format_desc.blocking;
  if (layout.data.format_kind != dnnl_blocked || blocking.inner_nblks != 0 || layout.data.offset0 != 0)
    return false;
  std::int64_t stride = 1;
  for (int axis = layout.data.ndims - 1; axis >= 0; --axis) {
    if (layout.data.padded_dims[axis] != layout.data.dims[axis]) return false;
    if (layout.data.dims[axis] != 1 && blocking.strides[axis] != stride) return false;
    stride *= layout.data.dims[axis];
  }
  return true;
}

std::int64_t size_bytes(const Layout& layout) { return static_cast<std::int64_t>(layout.get_size()); }

bool is_strided(const Layout& layout) { return layout.data.format_desc.blocking.inner_nblks == 0; }

Dims strides_of(const Layout& layout) {
  const auto* strides = layout.data.format_desc.blocking.strides;
  return {strides, strides + layout.data.ndims};
}

Dims plain_strides(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
  return strides;
}

Layout blocked_layout(const Dims& dims, std::int64_t block) {
  using tag = dnnl::memory::format_tag;
  static constexpr tag tags[2][3] = {{tag::nCw8c, tag::nChw8c, tag::nCdhw8c},
                                     {tag::nCw16c, tag::nChw16c, tag::nCdhw16c}};
  return {dims, dnnl::memory::data_type::f32, tags[block == 16][dims.size() - 3]};
}

std::optional<MemoryOrder> memory_order(const Layout& layout) {
  const auto& blocking = layout.data.format_desc.blocking;
  if (layout.data.format_kind != dnnl_blocked || blocking.inner_nblks > 1) return std::nullopt;
  MemoryOrder order;
  if (blocking.inner_nblks == 1) {
    order.block = blocking.inner_blks[0];
    if (blocking.inner_idxs[0] != 1 || (order.block != 8 && order.block != 16) || layout.data.ndims < 3 ||
        layout.data.ndims > 5)
      return std::nullopt;
  }
  const auto rank = static_cast<std::size_t>(layout.data.ndims);
  for (std::size_t axis = 0; axis < rank; ++axis)
    if (layout.data.dims[axis] != 1) order.axes.push_back(axis);
  std::stable_sort(order.axes.begin(), order.axes.end(),
                   [&](std::size_t a, std::size_t b) { return blocking.strides[a] > blocking.strides[b]; });
  // Axes of size 1 have meaningless strides: each stands behind the axis before it.
  for (std::size_t axis = 0; axis < rank; ++axis)
    if (layout.data.dims[axis] == 1)
      order.axes.insert(
          axis == 0 ? order.axes.begin() : std::find(order.axes.begin(), order.axes.end(), axis - 1) + 1,
          axis);
  const Dims sizes = memory_dims(layout, order);
  std::int64_t stride = order.block > 0 ? order.block : 1;
  for (std::size_t i = order.axes.size(); i-- > 0;) {
    if (sizes[i] != 1 && blocking.strides[order.axes[i]] != stride) return std::nullopt;
    stride *= sizes[i];
  }
  return order;
}

Dims memory_dims(const Layout& layout, const MemoryOrder& order) {
  Dims sizes;
  for (const std::size_t axis : order.axes)
    sizes.push_back(axis == 1 && order.block > 0 ? (layout.data.dims[1] + order.block - 1) / order.block
                                                 : layout.data.dims[axis]);
  if (order.block > 0) sizes.push_back(order.block);
  return sizes;
}

Layout layout_in_order(const Dims& dims, const MemoryOrder& order) {
  if (order.block > 0) return blocked_layout(dims, order.block);
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = order.axes.size(); i-- > 0;) {
    strides[order.axes[i]] = stride;
    stride *= dims[order.axes[i]];
  }
  return {dims, dnnl::memory::data_type::f32, strides};
}

}  // namespace lapidary::cpu
