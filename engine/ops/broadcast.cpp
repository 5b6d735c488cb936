#include "engine/ops/broadcast.h"

namespace lapidary {

Dims broadcast_dims(const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims result = longer;
  const std::size_t missing = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& size = result[missing + i];
    if (size == shorter[i] || shorter[i] == 1) continue;
    if (size != 1) throw Error("cannot broadcast " + to_string(a) + " with " + to_string(b));
    size = shorter[i];
  }
  return result;
}

Dims row_major_strides(const Dims& dims) {
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t axis = dims.size(); axis-- > 0;) {
    strides[axis] = stride;
    // A size of 0 leaves no element to reach, so the strides outside it may be anything.
    stride *= dims[axis] == 0 ? 1 : dims[axis];
  }
  return strides;
}

Dims broadcast_strides(const Dims& from, const Dims& to) {
  Dims strides(to.size(), 0);
  const Dims dense = row_major_strides(from);
  bool fits = from.size() <= to.size();
  for (std::size_t i = 0; fits && i < from.size(); ++i) {
    const std::size_t axis = to.size() - from.size() + i;
    if (from[i] == to[axis])
      strides[axis] = dense[i];
    else
      fits = from[i] == 1;
  }
  if (!fits) throw Error("cannot broadcast " + to_string(from) + " to " + to_string(to));
  return strides;
}

}  // namespace lapidary
