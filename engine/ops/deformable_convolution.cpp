#include <algorithm>
#include <cmath>

#include "engine/ops/broadcast.h"
#include "engine/ops/compute_buffer.h"
#include "engine/ops/convolution.h"
#include "engine/ops/families.h"
#include "engine/ops/gemm.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

/// Sizes of a DeformConv. Offsets [N, groups·taps·rank, out…] and mask [N, groups·taps, out…] move and weigh
/// each tap of each output position, the same for all channels of an offset group.
struct Deformation {
  ConvolutionGeometry geometry;
  std::int64_t groups, channels;  ///< offset groups, and channels in each

  std::int64_t taps() const { return geometry.tap_count(); }
};

void require_size(const char* name, const Tensor& tensor, const Dims& wanted) {
  if (tensor.dims() != wanted)
    throw Error(std::string(name) + " is " + to_string(tensor.dims()) + " where " + to_string(wanted) +
                " is needed");
}

Deformation read_deformation(const KernelContext& context) {
  const Dims& x = context.input(0).dims();
  Deformation d{convolution_geometry(context, x, context.input(1).dims()), context.integer("offset_group", 1),
                0};
  if (d.groups < 1 || d.groups > std::max<std::int64_t>(1, x[1]) || x[1] % d.groups != 0)
    throw Error(std::to_string(x[1]) + " channels cannot be divided into " + std::to_string(d.groups) +
                " offset groups");
  d.channels = x[1] / d.groups;
  Dims wanted{x[0], d.groups * d.taps() * static_cast<std::int64_t>(d.geometry.window.rank())};
  wanted.insert(wanted.end(), d.geometry.output.begin(), d.geometry.output.end());
  require_size("offset", context.input(2), wanted);
  wanted[1] = d.groups * d.taps();
  if (context.has_input(4)) require_size("mask", context.input(4), wanted);
  return d;
}

/// One sample's corners: offsets in the plane and their weights (linear in each axis). Corners outside weigh
/// nothing.
struct Sample {
  std::vector<std::int64_t> offsets;
  std::vector<double> weights;
};

Sample sample_at(const std::vector<double>& point, const Dims& sizes, const Dims& strides) {
  Sample sample;
  for (std::uint32_t corner = 0; corner < 1u << point.size(); ++corner) {
    std::int64_t offset = 0;
    double weight = 1;
    for (std::size_t axis = 0; axis < point.size(); ++axis) {
      const double floor = std::floor(point[axis]);
      const bool upper = (corner >> axis & 1u) != 0;
      const double place = floor + upper;
      weight *= upper ? point[axis] - floor : 1 - (point[axis] - floor);
      if (!(place >= 0 && place < static_cast<double>(sizes[axis]))) weight = 0;
      if (weight == 0) break;
      offset += static_cast<std::int64_t>(place) * strides[axis];
    }
    if (weight == 0) continue;
    sample.offsets.push_back(offset);
    sample.weights.push_back(weight);
  }
  return sample;
}

/// columns [C·taps, positions] of one image: what each tap sees where its offset moves it.
template <class V>
void sample_columns(const Deformation& d, const V* x, const V* offset, const V* mask, V* columns) {
  const auto& g = d.geometry;
  const std::int64_t positions = g.output_size(), taps = d.taps();
  const auto rank = static_cast<std::int64_t>(g.window.rank());
  const Dims strides = row_major_strides(g.input);
  std::vector<double> point(g.window.rank());
  for (std::int64_t group = 0; group < d.groups; ++group) {
    Dims tap(g.window.rank(), 0);
    for (std::int64_t t = 0; t < taps; ++t, advance(tap, g.window.kernel)) {
      Dims position(g.window.rank(), 0);
      for (std::int64_t p = 0; p < positions; ++p, advance(position, g.output)) {
        for (std::int64_t axis = 0; axis < rank; ++axis)
          point[axis] =
              static_cast<double>(position[axis] * g.window.strides[axis] - g.window.pads_begin[axis] +
                                  tap[axis] * g.window.dilations[axis]) +
              static_cast<double>(offset[((group * taps + t) * rank + axis) * positions + p]);
        const Sample sample = sample_at(point, g.input, strides);
        const double weight = mask ? static_cast<double>(mask[(group * taps + t) * positions + p]) : 1;
        for (std::int64_t c = group * d.channels; c < (group + 1) * d.channels; ++c) {
          double value = 0;
          for (std::size_t i = 0; i < sample.offsets.size(); ++i)
            value += sample.weights[i] * static_cast<double>(x[c * g.input_size() + sample.offsets[i]]);
          columns[(c * taps + t) * positions + p] = static_cast<V>(value * weight);
        }
      }
    }
  }
}

void deformable_convolution(KernelContext& context) {
  const Deformation d = read_deformation(context);
  const std::int64_t batch = d.geometry.channels.batch, groups = d.geometry.channels.groups,
                     in = d.geometry.channels.in_per_group, out = d.geometry.channels.out_per_group;
  const Tensor& x = context.input(0);
  const std::int64_t positions = d.geometry.output_size(), rows = in * d.taps(), channels = groups * out;
  const std::int64_t moves = d.groups * d.taps() * positions;
  if (context.has_input(3) && context.input(3).size() != channels)
    throw Error("B needs one value for each output channel");
  Tensor& y = context.output(0, x.type(), output_dims_of(d.geometry));
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    using V = ComputeType<T>;
    const Tensor none(x.type(), {0});
    const ComputeInput<T> values(x), weights(context.input(1)), offset(context.input(2)),
        bias(context.has_input(3) ? context.input(3) : none),
        mask(context.has_input(4) ? context.input(4) : none);
    ComputeOutput<T> result(y);
    auto columns = working_memory<V>({groups, rows, positions});
    for (std::int64_t n = 0; n < batch; ++n) {
      context.cancel.check();
      sample_columns(d, values.data() + n * groups * in * d.geometry.input_size(),
                     offset.data() + n * moves * static_cast<std::int64_t>(d.geometry.window.rank()),
                     context.has_input(4) ? mask.data() + n * moves : nullptr, columns.data());
      V* to = result.data() + n * channels * positions;
      for (std::int64_t m = 0; m < channels; ++m)
        std::fill_n(to + m * positions, positions, context.has_input(3) ? bias[m] : V{});
      for (std::int64_t group = 0; group < groups; ++group)
        gemm<V>(out, positions, rows, {weights.data() + group * out * rows, rows},
                {columns.data() + group * rows * positions, positions}, to + group * out * positions,
                positions, true);
    }
    result.store();
  });
}

/// Each sample is interpolated from 2^rank corners before it meets its weights.
std::optional<Cost> deformable_cost(const CostContext& context) {
  const auto offsets = context.input_dims(2);
  if (!offsets) return std::nullopt;
  auto cost = convolution_cost(context, 1, context.output_dims(0), 0);
  if (cost) cost->flops += 8 * static_cast<double>(element_count(*offsets));
  return cost;
}

}  // namespace

void register_deformable_convolution(OperatorTable& table) {
  Operator record("DeformConv", 19, OperatorKind::MatrixAndConvolution);
  with_window_attributes(record)
      .without_attribute("auto_pad")
      .summary(
          "Convolution whose taps are moved by given offsets, sampled by linear interpolation, and weighed "
          "by a "
          "mask.")
      .attribute("offset_group", std::int64_t{1}, "Number of groups of channels that share offsets.")
      .input("X", "T", "Values [N, C, D1, D2, …].")
      .input("W", "T", "Weights [M, C/group, k1, k2, …].")
      .input("offset", "T", "Movement of each tap along each axis [N, groups·taps·axes, …].")
      .optional_input("B", "T", "Bias [M].")
      .optional_input("mask", "T", "Factor of each tap [N, groups·taps, …]; 1.")
      .output("Y", "T", "Result [N, M, …].")
      .constraint("T", types::floats())
      .infer(reporting_errors([](InferenceContext& context) {
        context.set_output(0, context.input_element(0), std::nullopt);
        context.set_output(0, context.input_element(0), convolution_shape(context, 1));
      }))
      .kernel(deformable_convolution)
      .example(
          "X = float[1, 1, 3, 3]{1..9}; W = float[1, 1, 2, 2]{1}; offset = float[1, 8, 2, 2]{0.5}; "
          "kernel_shape = [2, 2]")
      .cost(deformable_cost);
  table.add(record);
  table.add(record.at(22).constraint("T", types::floats_and_bfloat16()));
}

}  // namespace lapidary
