#include "engine/ops/convolve.h"

#include <algorithm>
#include <cstring>

#include "engine/ops/gemm.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

/// Columns are made for so many elements at a time, which bounds the memory of a large convolution.
constexpr std::int64_t column_budget = std::int64_t{1} << 22;

/// Window positions along the last axis that one tap maps to a row of the image. Image column of position i
/// of the run: first_column + i·stride. image_row is the row's offset in the image, or -1 where it lies in
/// the padding.
struct Run {
  std::int64_t position, count, image_row, first_column;
};

/// Calls visit(Run) for window positions [begin, end), numbered in row-major order over `positions`, at one
/// tap: image coordinate = position·stride − pad + tap·dilation on every axis.
template <class Visit>
void for_each_run(const Window& window, const Dims& positions, const Dims& image, const Dims& tap,
                  std::int64_t begin, std::int64_t end, Visit visit) {
  const std::size_t last = positions.size() - 1;
  const auto coordinate = [&](std::size_t axis, std::int64_t position) {
    return position * window.strides[axis] - window.pads_begin[axis] + tap[axis] * window.dilations[axis];
  };
  for (std::int64_t position = begin; position < end;) {
    const std::int64_t column = position % positions[last];
    const std::int64_t count = std::min(positions[last] - column, end - position);
    std::int64_t rest = position / positions[last];
    std::int64_t row = 0, row_size = image[last];
    for (std::size_t axis = last; axis-- > 0;) {
      const std::int64_t at = coordinate(axis, rest % positions[axis]);
      rest /= positions[axis];
      if (at < 0 || at >= image[axis]) row = -1;
      if (row >= 0) row += at * row_size;
      row_size *= image[axis];
    }
    visit(Run{position, count, row, coordinate(last, column)});
    position += count;
  }
}

/// Members of the run [from, to) that fall inside a row of `width`.
std::pair<std::int64_t, std::int64_t> inside(const Run& run, std::int64_t stride, std::int64_t width) {
  if (run.image_row < 0) return {0, 0};
  const std::int64_t from = run.first_column >= 0 ? 0 : (-run.first_column + stride - 1) / stride;
  const std::int64_t beyond = width - run.first_column;
  const std::int64_t to = beyond <= 0 ? 0 : (beyond + stride - 1) / stride;
  const std::int64_t begin = std::min(from, run.count);
  return {begin, std::max(begin, std::min(to, run.count))};
}

/// columns [channels·taps, end − begin]: what each tap sees at window positions [begin, end) of image
/// [channels, …].
template <class T>
void image_to_columns(const ConvolutionGeometry& g, const T* image, std::int64_t begin, std::int64_t end,
                      T* columns) {
  const std::int64_t stride = g.window.strides.back();
  for (std::int64_t channel = 0; channel < g.channels.in_per_group; ++channel, image += g.input_size()) {
    Dims tap(g.window.rank(), 0);
    do {
      for_each_run(g.window, g.output, g.input, tap, begin, end, [&](const Run& run) {
        T* to = columns + (run.position - begin);
        const auto [first, behind] = inside(run, stride, g.input.back());
        std::fill(to, to + first, T{});
        if (behind > first) {
          const T* from = image + run.image_row + run.first_column;
          if (stride == 1)
            std::copy(from + first, from + behind, to + first);
          else
            for (std::int64_t i = first; i < behind; ++i) to[i] = from[i * stride];
        }
        std::fill(to + behind, to + run.count, T{});
      });
      columns += end - begin;
    } while (advance(tap, g.window.kernel));
  }
}

/// The adjoint: adds columns [channels·taps, end − begin] of window positions [begin, end) into image
/// [channels, …].
template <class T>
void add_columns_to_image(const ConvolutionGeometry& g, const T* columns, std::int64_t begin,
                          std::int64_t end, T* image) {
  const std::int64_t stride = g.window.strides.back();
  for (std::int64_t channel = 0; channel < g.channels.out_per_group; ++channel, image += g.output_size()) {
    Dims tap(g.window.rank(), 0);
    do {
      for_each_run(g.window, g.input, g.output, tap, begin, end, [&](const Run& run) {
        const T* from = columns + (run.position - begin);
        const auto [first, behind] = inside(run, stride, g.output.back());
        for (std::int64_t i = first; i < behind; ++i)
          image[run.image_row + run.first_column + i * stride] += from[i];
      });
      columns += end - begin;
    } while (advance(tap, g.window.kernel));
  }
}

/// A 1×1 window that walks over every position: the image is its own column matrix.
bool is_pointwise(const Window& window) {
  const auto all = [](const Dims& values, std::int64_t wanted) {
    return std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == wanted; });
  };
  return all(window.kernel, 1) && all(window.strides, 1) && all(window.pads_begin, 0) &&
         all(window.pads_end, 0);
}

template <class T>
void fill_with_bias(const ConvolutionGeometry& g, const T* bias, T* y) {
  const std::int64_t rows = g.channels.groups * g.channels.out_per_group;
  for (std::int64_t n = 0; n < g.channels.batch; ++n)
    for (std::int64_t row = 0; row < rows; ++row, y += g.output_size())
      std::fill(y, y + g.output_size(), bias ? bias[row] : T{});
}

std::int64_t positions_at_once(std::int64_t column_rows, std::int64_t positions) {
  return std::clamp<std::int64_t>(column_budget / std::max<std::int64_t>(1, column_rows), 1,
                                  std::max<std::int64_t>(1, positions));
}

}  // namespace

bool advance(Dims& index, const Dims& sizes) {
  for (std::size_t axis = sizes.size(); axis-- > 0;) {
    if (++index[axis] < sizes[axis]) return true;
    index[axis] = 0;
  }
  return false;
}

template <class T>
void convolve(const ConvolutionGeometry& g, const T* x, const T* w, const T* bias, T* y,
              const CancelToken& cancel) {
  fill_with_bias(g, bias, y);
  const std::int64_t column_rows = g.channels.in_per_group * g.tap_count();
  const std::int64_t m = g.channels.out_per_group, positions = g.output_size();
  if (column_rows == 0 || positions == 0) return;
  const bool pointwise = is_pointwise(g.window);
  const std::int64_t step = positions_at_once(column_rows, positions);
  std::vector<T> columns(pointwise ? 0 : static_cast<std::size_t>(column_rows * step));
  for (std::int64_t n = 0; n < g.channels.batch; ++n)
    for (std::int64_t group = 0; group < g.channels.groups; ++group) {
      const std::int64_t index = n * g.channels.groups + group;
      const T* image = x + index * g.channels.in_per_group * g.input_size();
      const MatrixView<T> weights{w + group * m * column_rows, column_rows};
      T* result = y + index * m * positions;
      for (std::int64_t begin = 0; begin < positions; begin += step) {
        cancel.check();
        const std::int64_t end = std::min(begin + step, positions);
        if (pointwise) {
          gemm<T>(m, end - begin, column_rows, weights, {image + begin, positions}, result + begin, positions,
                  true);
        } else {
          image_to_columns(g, image, begin, end, columns.data());
          gemm<T>(m, end - begin, column_rows, weights, {columns.data(), end - begin}, result + begin,
                  positions, true);
        }
      }
    }
}

template <class T>
void convolve_transposed(const ConvolutionGeometry& g, const T* x, const T* w, const T* bias, T* y,
                         const CancelToken& cancel) {
  fill_with_bias(g, bias, y);
  const std::int64_t column_rows = g.channels.out_per_group * g.tap_count();
  const std::int64_t k = g.channels.in_per_group, positions = g.input_size();
  if (column_rows == 0 || positions == 0) return;
  const std::int64_t step = positions_at_once(column_rows, positions);
  auto columns = working_memory<T>({column_rows, step});
  for (std::int64_t n = 0; n < g.channels.batch; ++n)
    for (std::int64_t group = 0; group < g.channels.groups; ++group) {
      const std::int64_t index = n * g.channels.groups + group;
      const MatrixView<T> weights{w + group * k * column_rows, column_rows, true};
      for (std::int64_t begin = 0; begin < positions; begin += step) {
        cancel.check();
        const std::int64_t end = std::min(begin + step, positions);
        gemm<T>(column_rows, end - begin, k, weights, {x + index * k * positions + begin, positions},
                columns.data(), end - begin);
        add_columns_to_image(g, columns.data(), begin, end,
                             y + index * g.channels.out_per_group * g.output_size());
      }
    }
}

template void convolve<float>(const ConvolutionGeometry&, const float*, const float*, const float*, float*,
                              const CancelToken&);
template void convolve<double>(const ConvolutionGeometry&, const double*, const double*, const double*,
                               double*, const CancelToken&);
template void convolve_transposed<float>(const ConvolutionGeometry&, const float*, const float*, const float*,
                                         float*, const CancelToken&);
template void convolve_transposed<double>(const ConvolutionGeometry&, const double*, const double*,
                                          const double*, double*, const CancelToken&);

}  // namespace lapidary
