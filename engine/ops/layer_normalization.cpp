#include <cmath>

#include "engine/ops/broadcast.h"
#include "engine/ops/families.h"
#include "engine/ops/normalization.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// The tensor as rows: all axes from attribute `axis` on make one.
struct Rows {
  std::int64_t count, length;
  Dims statistics_dims;  ///< sizes with those axes as 1
};

Rows rows_from_axis(const KernelContext& context, const Dims& dims) {
  const auto axis =
      context.normalized_axis(context.integer("axis", -1), static_cast<std::int64_t>(dims.size()));
  Rows rows{1, 1, dims};
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(dims.size()); ++i) {
    (i < axis ? rows.count : rows.length) *= dims[i];
    if (i >= axis) rows.statistics_dims[i] = 1;
  }
  return rows;
}

/// y = normalized·scale + bias, both broadcast to x; in y's element type, which is the scale's.
void scale_and_shift(const std::vector<double>& normalized, const Tensor& scale, const Tensor* bias,
                     Tensor& y) {
  const auto factors = values_as<double>(scale);
  const auto offsets = bias ? values_as<double>(*bias) : std::vector<double>{0};
  const StridedWalk<2> walk(y.dims(), {broadcast_strides(scale.dims(), y.dims()),
                                       broadcast_strides(bias ? bias->dims() : Dims{}, y.dims())});
  dispatch(FloatTypes{}, y.type(), [&]<class T>() {
    T* to = y.mutable_data<T>();
    const double* value = normalized.data();
    walk.for_each_run([&](const auto& from, const auto& steps, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i)
        *to++ = static_cast<T>(static_cast<ComputeType<T>>(*value++ * factors[from[0] + i * steps[0]] +
                                                           offsets[from[1] + i * steps[1]]));
    });
  });
}

DataType stash_type(const KernelContext& context) {
  const auto type = static_cast<DataType>(context.integer("stash_type", 1));
  if (!is_floating(type)) throw Error("stash_type must be a floating type");
  return context.made_type(type);
}

void layer_normalization(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Rows rows = rows_from_axis(context, x.dims());
  const double epsilon = epsilon_of(context);
  std::vector<double> values = values_as<double>(x), means, inverse_deviations;
  for (std::int64_t row = 0; row < rows.count; ++row) {
    context.cancel.check();
    double* begin = values.data() + row * rows.length;
    const Moments m = moments_of(begin, rows.length);
    const double factor = 1 / std::sqrt(m.variance + epsilon);
    for (std::int64_t i = 0; i < rows.length; ++i) begin[i] = (begin[i] - m.mean) * factor;
    means.push_back(m.mean);
    inverse_deviations.push_back(factor);
  }
  Tensor& y = context.output(0, x.type(), x.dims());
  scale_and_shift(values, context.input(1), context.has_input(2) ? &context.input(2) : nullptr, y);
  const DataType stash = stash_type(context);
  if (context.wants_output(1)) context.set_output(1, tensor_from(stash, rows.statistics_dims, means));
  if (context.wants_output(2))
    context.set_output(2, tensor_from(stash, rows.statistics_dims, inverse_deviations));
}

void infer_layer_normalization(InferenceContext& context) {
  same_as_input(context);
  std::optional<Shape> shape = context.input_shape(0);
  const auto axis =
      shape ? normalized_axis(context, context.integer("axis", -1), shape->size()) : std::nullopt;
  if (!axis)
    shape.reset();
  else
    for (std::size_t i = static_cast<std::size_t>(*axis); i < shape->size(); ++i) (*shape)[i] = 1;
  const auto stash = static_cast<DataType>(context.integer("stash_type", 1));
  for (const std::size_t output : {1, 2}) context.set_output(output, stash, shape);
}

void rms_normalization(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& scale = context.input(1);
  const Rows rows = rows_from_axis(context, x.dims());
  const double epsilon = epsilon_of(context);
  std::vector<double> values = values_as<double>(x);
  for (std::int64_t row = 0; row < rows.count; ++row) {
    context.cancel.check();
    double* begin = values.data() + row * rows.length;
    double squares = 0;
    for (std::int64_t i = 0; i < rows.length; ++i) squares += begin[i] * begin[i];
    const double factor = 1 / std::sqrt(squares / static_cast<double>(rows.length) + epsilon);
    for (std::int64_t i = 0; i < rows.length; ++i) begin[i] *= factor;
  }
  scale_and_shift(values, scale, nullptr, context.output(0, scale.type(), x.dims()));
}

void infer_rms_normalization(InferenceContext& context) {
  context.set_output(0, context.input_element(1), context.input_shape(0));
}

}  // namespace

void register_layer_normalization(OperatorTable& table) {
  Operator layer =
      normalization_record("LayerNormalization", 17,
                           "Brings each row, the axes from `axis` on, to mean 0 and variance 1; then "
                           "scales and shifts it.",
                           layer_normalization, 8);
  table.add(with_epsilon(layer)
                .attribute("axis", std::int64_t{-1}, "First axis of a row.")
                .attribute("stash_type", std::int64_t{1}, "Element type of the statistics.")
                .input("X", "T", "Values.")
                .input("Scale", "T", "Factors, broadcast to X.")
                .optional_input("B", "T", "Offsets, broadcast to X.")
                .output("Y", "T", "Normalized values.")
                .optional_output("Mean", "U", "Each row's mean.")
                .optional_output("InvStdDev", "U", "One by each row's standard deviation.")
                .constraint("T", types::floats_and_bfloat16())
                .constraint("U", types::tensors({"float", "bfloat16"}))
                .infer(infer_layer_normalization)
                .example("X = float[2, 3]{1..6}; Scale = float[3]{1}; B = float[3]{0}"));
  Operator rms =
      normalization_record("RMSNormalization", 23,
                           "Divides each row, the axes from `axis` on, by its root mean square; then scales "
                           "it.",
                           rms_normalization, 4);
  table.add(with_epsilon(rms)
                .attribute("axis", std::int64_t{-1}, "First axis of a row.")
                .attribute("stash_type", std::int64_t{1}, "Element type in which squares are summed.")
                .input("X", "T", "Values.")
                .input("scale", "V", "Factors, broadcast to X.")
                .output("Y", "V", "Normalized values.")
                .constraint("T", types::floats_and_bfloat16())
                .constraint("V", types::floats_and_bfloat16())
                .infer(infer_rms_normalization)
                .example("X = float[2, 2]{3, 4, 6, 8}; scale = float[2]{1}"));
}

}  // namespace lapidary
