#include <algorithm>
#include <cstring>
#include <numeric>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"

// Operators that only move elements, whatever these mean: one walk over two strided arrays, by element size.
namespace lapidary::cpu {
namespace {

/// Elements of `from` at offset + index · strides go to the like place of `to`. Offsets and strides count
/// elements; those of `from` may be 0 or negative.
struct StridedMove {
  Dims dims, from_strides, to_strides;
  std::int64_t from_offset = 0, to_offset = 0;
};

/// Axes in the order in which they are walked: the one that `to` steps through finest is innermost, around it
/// the one that `from` does, so that both stay within few cache lines. At least two axes.
StridedMove in_walking_order(const StridedMove& move) {
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < move.dims.size(); ++i)
    if (move.dims[i] != 1) axes.push_back(i);
  std::stable_sort(axes.begin(), axes.end(),
                   [&](std::size_t a, std::size_t b) { return move.to_strides[a] > move.to_strides[b]; });
  StridedMove sorted;
  sorted.from_offset = move.from_offset;
  sorted.to_offset = move.to_offset;
  for (const std::size_t axis : axes) {
    const std::int64_t size = move.dims[axis], from = move.from_strides[axis], to = move.to_strides[axis];
    const bool continues = !sorted.dims.empty() && sorted.from_strides.back() == from * size &&
                           sorted.to_strides.back() == to * size;
    if (continues) {
      sorted.dims.back() *= size;
      sorted.from_strides.back() = from;
      sorted.to_strides.back() = to;
    } else {
      sorted.dims.push_back(size);
      sorted.from_strides.push_back(from);
      sorted.to_strides.push_back(to);
    }
  }
  for (Dims* list : {&sorted.dims, &sorted.from_strides, &sorted.to_strides})
    while (list->size() < 2) list->insert(list->begin(), list == &sorted.dims ? 1 : 0);
  const std::size_t inner = sorted.dims.size() - 1;
  std::size_t finest = inner - 1;
  for (std::size_t i = 0; i < inner; ++i)
    if (sorted.from_strides[i] != 0 &&
        std::abs(sorted.from_strides[i]) < std::abs(sorted.from_strides[finest]))
      finest = i;
  for (Dims* list : {&sorted.dims, &sorted.from_strides, &sorted.to_strides})
    std::rotate(list->begin() + static_cast<std::ptrdiff_t>(finest),
                list->begin() + static_cast<std::ptrdiff_t>(finest) + 1, list->end() - 1);
  return sorted;
}

/// Rows [begin, end) of a plane of the two innermost axes, in squares that fit the first-level cache.
template <class T>
void move_plane(const StridedMove& move, const T* from, T* to, std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t square = 32;
  const std::size_t inner = move.dims.size() - 1;
  const std::int64_t columns = move.dims[inner];
  const std::int64_t from_row = move.from_strides[inner - 1], from_column = move.from_strides[inner];
  const std::int64_t to_row = move.to_strides[inner - 1], to_column = move.to_strides[inner];
  if (from_column == 1 && to_column == 1) {
    for (std::int64_t r = begin; r < end; ++r)
      std::memcpy(to + r * to_row, from + r * from_row, static_cast<std::size_t>(columns) * sizeof(T));
    return;
  }
  for (std::int64_t r0 = begin; r0 < end; r0 += square)
    for (std::int64_t c0 = 0; c0 < columns; c0 += square)
      for (std::int64_t r = r0; r < std::min(end, r0 + square); ++r) {
        const T* const source = from + r * from_row;
        T* const target = to + r * to_row;
        for (std::int64_t c = c0; c < std::min(columns, c0 + square); ++c)
          target[c * to_column] = source[c * from_column];
      }
}

template <class T>
void move_elements(const StridedMove& move, const T* from, T* to, int threads) {
  const std::size_t outer = move.dims.size() - 2;
  const std::int64_t rows = move.dims[outer], all = element_count(move.dims) / move.dims.back();
  parallel_for(all, 0.5 * static_cast<double>(element_count(move.dims)), threads,
               [&](std::int64_t begin, std::int64_t end) {
                 while (begin < end) {
                   std::int64_t rest = begin / rows, from_place = move.from_offset, to_place = move.to_offset;
                   for (std::size_t axis = outer; axis-- > 0; rest /= move.dims[axis]) {
                     from_place += rest % move.dims[axis] * move.from_strides[axis];
                     to_place += rest % move.dims[axis] * move.to_strides[axis];
                   }
                   const std::int64_t first = begin % rows, last = std::min(rows, first + end - begin);
                   move_plane(move, from + from_place, to + to_place, first, last);
                   begin += last - first;
                 }
               });
}

struct SixteenBytes {
  std::uint64_t halves[2];
};

void run_move(const StridedMove& move, std::int64_t bytes, const std::byte* from, std::byte* to,
              int threads) {
  const auto as = [&]<class T>() {
    move_elements(move, reinterpret_cast<const T*>(from), reinterpret_cast<T*>(to), threads);
  };
  switch (bytes) {
    case 1:
      return as.template operator()<std::uint8_t>();
    case 2:
      return as.template operator()<std::uint16_t>();
    case 4:
      return as.template operator()<std::uint32_t>();
    case 8:
      return as.template operator()<std::uint64_t>();
    default:
      return as.template operator()<SixteenBytes>();
  }
}

/// `count` elements of `bytes` each take the bytes of `value`.
void fill(std::byte* to, std::int64_t count, std::int64_t bytes, std::uint64_t value) {
  const auto as = [&]<class T>() { std::fill_n(reinterpret_cast<T*>(to), count, static_cast<T>(value)); };
  if (bytes == 1) return as.template operator()<std::uint8_t>();
  if (bytes == 2) return as.template operator()<std::uint16_t>();
  if (bytes == 4) return as.template operator()<std::uint32_t>();
  as.template operator()<std::uint64_t>();
}

/// Output `slot` of the node is made by one move from input 0.
void add_move(Planner& planner, const LoweredNode& node, std::size_t slot, const StridedMove& move) {
  const BufferId from = planner.plain(node.inputs[0]), to = planner.define(node.outputs[slot]);
  const std::int64_t bytes = bits_of(planner.graph.input(node, 0).element) / 8;
  const int threads = planner.services.threads;
  planner.add_step(
      node, "strided copy", {from}, {to}, [=, sorted = in_walking_order(move)](Session& session) {
        run_move(sorted, bytes, session.read<std::byte>(from), session.write<std::byte>(to), threads);
      });
}

/// `dims` seen as `split` axes that are put into another order.
StridedMove permuted(const Dims& split, const std::vector<std::int64_t>& order) {
  const Dims strides = plain_strides(split);
  StridedMove move;
  for (const std::int64_t axis : order) {
    move.dims.push_back(split[static_cast<std::size_t>(axis)]);
    move.from_strides.push_back(strides[static_cast<std::size_t>(axis)]);
  }
  move.to_strides = plain_strides(move.dims);
  return move;
}

}  // namespace

std::string plan_moved_transpose(Planner& planner, const LoweredNode& node) {
  const Dims& dims = planner.graph.input(node, 0).dims;
  Dims order = node.node->attribute_or("perm", Dims{});
  if (order.empty())
    for (std::size_t axis = dims.size(); axis-- > 0;) order.push_back(static_cast<std::int64_t>(axis));
  add_move(planner, node, 0, permuted(dims, order));
  return "";
}

std::string plan_moved_slice(Planner& planner, const LoweredNode& node) {
  const auto ranges = slice_ranges(planner.graph, node);
  if (!ranges) return "starts are known only while it runs";
  StridedMove move;
  move.dims = planner.graph.output(node).dims;
  move.to_strides = plain_strides(move.dims);
  move.from_strides = plain_strides(planner.graph.input(node, 0).dims);
  for (std::size_t axis = 0; axis < move.dims.size(); ++axis) {
    move.from_offset += (*ranges)[axis].start * move.from_strides[axis];
    move.from_strides[axis] *= (*ranges)[axis].step;
  }
  add_move(planner, node, 0, move);
  return "";
}

std::string plan_moved_split(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const Dims& dims = graph.input(node, 0).dims;
  const std::int64_t given = node.node->attribute_or("axis", std::int64_t{0});
  const auto axis =
      static_cast<std::size_t>(given < 0 ? given + static_cast<std::int64_t>(dims.size()) : given);
  for (const ValueId part : node.outputs)
    if (part < 0) return "a part is left out";
  StridedMove move;
  move.from_strides = plain_strides(dims);
  for (std::size_t slot = 0; slot < node.outputs.size(); ++slot) {
    move.dims = graph.values[node.outputs[slot]].dims;
    move.to_strides = plain_strides(move.dims);
    add_move(planner, node, slot, move);
    move.from_offset += move.dims[axis] * move.from_strides[axis];
  }
  return "";
}

std::string plan_pad(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  const Dims& from = graph.input(node, 0).dims;
  const std::int64_t bytes = bits_of(graph.input(node, 0).element) / 8;
  if (node.record->since_version < 11 || graph.has_input(node, 3) || !graph.constant(node, 1) ||
      node.node->attribute_or("mode", std::string("constant")) != "constant")
    return "not a constant all around";
  if (bytes < 1 || bytes > 8) return "elements of an unusual size";
  if (graph.has_input(node, 2) && (!graph.constant(node, 2) || graph.constant(node, 2)->size() != 1 ||
                                   graph.constant(node, 2)->type() != graph.input(node, 0).element))
    return "the constant is known only while it runs";
  const auto pads = values_as<std::int64_t>(*graph.constant(node, 1));
  if (pads.size() != 2 * from.size()) return "pads that do not fit";
  StridedMove move;
  const Dims from_strides = plain_strides(from), to_strides = plain_strides(graph.output(node).dims);
  move.from_strides = from_strides, move.to_strides = to_strides;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    const std::int64_t before = pads[axis], after = pads[from.size() + axis];
    move.dims.push_back(from[axis] + std::min<std::int64_t>(before, 0) + std::min<std::int64_t>(after, 0));
    if (move.dims.back() <= 0) return "nothing of the input is left";
    move.from_offset += std::max<std::int64_t>(-before, 0) * from_strides[axis];
    move.to_offset += std::max<std::int64_t>(before, 0) * to_strides[axis];
  }
  std::uint64_t value = 0;
  if (graph.has_input(node, 2))
    std::memcpy(&value, graph.constant(node, 2)->bytes().data(), static_cast<std::size_t>(bytes));
  const BufferId source = planner.plain(node.inputs[0]), target = planner.define(node.outputs[0]);
  const std::int64_t count = graph.output(node).size();
  const int threads = planner.services.threads;
  planner.add_step(
      node, "strided copy", {source}, {target}, [=, sorted = in_walking_order(move)](Session& session) {
        fill(session.write<std::byte>(target), count, bytes, value);
        run_move(sorted, bytes, session.read<std::byte>(source), session.write<std::byte>(target), threads);
      });
  return "";
}

std::string plan_expand(Planner& planner, const LoweredNode& node) {
  const Dims& dims = planner.graph.input(node, 0).dims;
  StridedMove move;
  move.dims = planner.graph.output(node).dims;
  move.to_strides = plain_strides(move.dims);
  const Dims strides = plain_strides(dims);
  const std::size_t missing = move.dims.size() - dims.size();
  for (std::size_t axis = 0; axis < move.dims.size(); ++axis)
    move.from_strides.push_back(axis < missing || dims[axis - missing] == 1 ? 0 : strides[axis - missing]);
  add_move(planner, node, 0, move);
  return "";
}

/// Each axis is walked as two: repetition, and place within it.
std::string plan_tile(Planner& planner, const LoweredNode& node) {
  if (node.record->since_version < 6) return "tiles along one axis";
  const Dims &from = planner.graph.input(node, 0).dims, &to = planner.graph.output(node).dims;
  const Dims from_strides = plain_strides(from), to_strides = plain_strides(to);
  StridedMove move;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    move.dims.insert(move.dims.end(), {to[axis] / from[axis], from[axis]});
    move.from_strides.insert(move.from_strides.end(), {0, from_strides[axis]});
    move.to_strides.insert(move.to_strides.end(), {from[axis] * to_strides[axis], to_strides[axis]});
  }
  add_move(planner, node, 0, move);
  return "";
}

std::string plan_depth_to_space(Planner& planner, const LoweredNode& node) {
  const Dims& x = planner.graph.input(node, 0).dims;
  const std::int64_t b = node.node->attribute_or("blocksize", std::int64_t{1});
  if (node.op == "SpaceToDepth") {
    if (node.node->find_attribute("mode")) return "a mode of order";
    add_move(planner, node, 0, permuted({x[0], x[1], x[2] / b, b, x[3] / b, b}, {0, 3, 5, 1, 2, 4}));
    return "";
  }
  const std::int64_t depth = x[1] / (b * b);
  const bool depth_first = node.node->attribute_or("mode", std::string("DCR")) == "DCR";
  add_move(planner, node, 0,
           depth_first ? permuted({x[0], b, b, depth, x[2], x[3]}, {0, 3, 4, 1, 5, 2})
                       : permuted({x[0], depth, b, b, x[2], x[3]}, {0, 1, 4, 2, 5, 3}));
  return "";
}

}  // namespace lapidary::cpu
