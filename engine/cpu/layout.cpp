#include "engine/cpu/planner.h"

namespace lapidary::cpu {

const dnnl::engine& engine() {
  static const dnnl::engine only(dnnl::engine::kind::cpu, 0);
  return only;
}

Layout plain_layout(const Dims& dims) {
  Dims shown = dims;
  if (dims.empty() || dims.size() > DNNL_MAX_NDIMS) shown = {element_count(dims)};
  Dims strides(shown.size());
  std::int64_t stride = 1;
  for (std::size_t axis = shown.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= std::max<std::int64_t>(1, shown[axis]);
  }
  return {shown, dnnl::memory::data_type::f32, strides};
}

bool is_plain(const Layout& layout) {
  const auto& blocking = layout.data.format_desc.blocking;
  if (layout.data.format_kind != dnnl_blocked || blocking.inner_nblks != 0 || layout.data.offset0 != 0) return false;
  std::int64_t stride = 1;
  for (int axis = layout.data.ndims - 1; axis >= 0; --axis) {
    if (layout.data.padded_dims[axis] != layout.data.dims[axis]) return false;
    if (layout.data.dims[axis] != 1 && blocking.strides[axis] != stride) return false;
    stride *= layout.data.dims[axis];
  }
  return true;
}

std::int64_t size_bytes(const Layout& layout) { return static_cast<std::int64_t>(layout.get_size()); }

Tensor WeightStore::packed(const Tensor& source, const Layout& given, const Layout& wanted) {
  const std::scoped_lock lock(mutex_);
  for (const Entry& entry : entries_)
    if (entry.source == source.bytes().data() && entry.given == given && entry.wanted == wanted) return entry.bytes;
  Tensor bytes(DataType::UInt8, {size_bytes(wanted)});
  dnnl::memory from(given, engine(), const_cast<std::byte*>(source.bytes().data()));
  dnnl::memory to(wanted, engine(), bytes.mutable_bytes());
  dnnl::stream stream(engine());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  entries_.push_back({source.bytes().data(), given, wanted, bytes});
  sources_.push_back(source);
  return bytes;
}

}  // namespace lapidary::cpu
