#include <algorithm>
#include <cmath>

#include "engine/ops/broadcast.h"
#include "engine/ops/compute_buffer.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/normalization.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

// --- InstanceNormalization and GroupNormalization ---

/// Normalizes each of batch·groups runs of equal length; then scales and shifts by channel or, as
/// GroupNormalization before 21, by group.
void normalize_groups(KernelContext& context, std::int64_t groups, bool parameters_by_group) {
  const Tensor& x = context.input(0);
  const Planes p = planes_of(x.dims());
  if (groups < 1 || groups > std::max<std::int64_t>(p.channels, 1) || p.channels % groups != 0)
    throw Error(std::to_string(p.channels) + " channels cannot be divided into " + std::to_string(groups) +
                " groups");
  const std::int64_t count = parameters_by_group ? groups : p.channels;
  const auto scale = parameters(context, 1, count), bias = parameters(context, 2, count);
  const double epsilon = epsilon_of(context);
  const std::int64_t channels = p.channels / groups, length = channels * p.inner;
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    using Value = ComputeType<T>;
    const ComputeInput<T> values(x);
    ComputeOutput<T> result(y);
    for (std::int64_t run = 0; run < p.batch * groups; ++run) {
      context.cancel.check();
      const Moments m = moments_of(values.data() + run * length, length);
      for (std::int64_t channel = 0; channel < channels; ++channel) {
        const std::int64_t group = run % groups,
                           at = parameters_by_group ? group : group * channels + channel;
        const double factor = scale[at] / std::sqrt(m.variance + epsilon);
        const std::int64_t begin = run * length + channel * p.inner;
        for (std::int64_t i = begin; i < begin + p.inner; ++i)
          result[i] = static_cast<Value>((static_cast<double>(values[i]) - m.mean) * factor + bias[at]);
      }
    }
    result.store();
  });
}

void instance_normalization(KernelContext& context) {
  normalize_groups(context, planes_of(context.input(0).dims()).channels, false);
}

void group_normalization(KernelContext& context) {
  normalize_groups(context, context.integer("num_groups", 0), context.version() < 21);
}

// --- LRN, LpNormalization, MeanVarianceNormalization ---

/// y = x / (bias + alpha/size · Σ x²)^beta, summed over `size` neighbouring channels.
void local_response_normalization(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Planes p = planes_of(x.dims());
  const std::int64_t size = context.integer("size", 0);
  if (size < 1) throw Error("size is " + std::to_string(size));
  const double alpha = static_cast<double>(context.real("alpha", 1e-4f)) / static_cast<double>(size);
  const double beta = static_cast<double>(context.real("beta", 0.75f));
  const double bias = static_cast<double>(context.real("bias", 1));
  const std::int64_t before = (size - 1) / 2, after = size / 2;
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    const ComputeInput<T> values(x);
    ComputeOutput<T> result(y);
    std::vector<double> squares(static_cast<std::size_t>(p.inner));
    for (std::int64_t row = 0; row < p.batch * p.channels; ++row) {
      context.cancel.check();
      const std::int64_t c = row % p.channels;
      std::fill(squares.begin(), squares.end(), 0.0);
      const std::int64_t first = std::max<std::int64_t>(0, c - before),
                         last = std::min(p.channels - 1, c + after);
      for (std::int64_t other = row - c + first; other <= row - c + last; ++other)
        for (std::int64_t i = 0; i < p.inner; ++i) {
          const auto value = static_cast<double>(values[other * p.inner + i]);
          squares[i] += value * value;
        }
      for (std::int64_t i = 0; i < p.inner; ++i)
        result[row * p.inner + i] = static_cast<ComputeType<T>>(
            static_cast<double>(values[row * p.inner + i]) / std::pow(bias + alpha * squares[i], beta));
    }
    result.store();
  });
}

/// x divided by the norm of its row along `axis`; a row of zeros stays so.
void lp_normalization(KernelContext& context) {
  const Tensor& x = context.input(0);
  const std::int64_t order = context.integer("p", 2);
  if (order != 1 && order != 2) throw Error("p is " + std::to_string(order)).advice("It can be 1 or 2");
  const auto axis = context.normalized_axis(context.integer("axis", -1), x.rank());
  const std::int64_t length = x.dims()[axis];
  const std::int64_t inner = element_count(Dims(x.dims().begin() + axis + 1, x.dims().end()));
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    const ComputeInput<T> values(x);
    ComputeOutput<T> result(y);
    const std::int64_t rows = x.size() == 0 ? 0 : x.size() / length;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t begin = row / inner * length * inner + row % inner;
      double norm = 0;
      for (std::int64_t i = 0; i < length; ++i) {
        const auto value = static_cast<double>(values[begin + i * inner]);
        norm += order == 1 ? std::abs(value) : value * value;
      }
      const auto divisor = static_cast<ComputeType<T>>(order == 1 ? norm : std::sqrt(norm));
      for (std::int64_t i = begin; i < begin + length * inner; i += inner)
        result[i] = divisor == 0 ? divisor : values[i] / divisor;
    }
    result.store();
  });
}

/// (x − mean)/(deviation + 1e-9) over the given axes, 0, 2 and 3 if there are none.
void mean_variance_normalization(KernelContext& context) {
  const Tensor& x = context.input(0);
  Dims kept = x.dims();
  for (const std::int64_t axis : context.attribute("axes", std::vector<std::int64_t>{0, 2, 3}))
    kept[context.normalized_axis(axis, x.rank())] = 1;
  const StridedWalk<1> walk(x.dims(), {broadcast_strides(kept, x.dims())});
  std::vector<double> values = values_as<double>(x);
  std::vector<Moments> moments(static_cast<std::size_t>(element_count(kept)));
  const double count =
      static_cast<double>(x.size()) / static_cast<double>(std::max<std::size_t>(1, moments.size()));
  const auto each = [&](auto function) {
    double* value = values.data();
    walk.for_each_run([&](const auto& group, const auto& steps, std::int64_t length) {
      for (std::int64_t i = 0; i < length; ++i) function(*value++, moments[group[0] + i * steps[0]]);
    });
  };
  each([](double value, Moments& m) { m.mean += value; });
  for (auto& m : moments) m.mean /= count;
  each([](double value, Moments& m) { m.variance += (value - m.mean) * (value - m.mean); });
  for (auto& m : moments) m.variance /= count;
  each([](double& value, Moments& m) { value = (value - m.mean) / (std::sqrt(m.variance) + 1e-9); });
  context.set_output(0, tensor_from(x.type(), x.dims(), values));
}

// --- records ---

void register_instance_normalization(OperatorTable& table) {
  Operator record =
      normalization_record("InstanceNormalization", 6,
                           "Brings each channel of each sample to mean 0 and variance 1; then scales and "
                           "shifts it.",
                           instance_normalization, 8);
  with_epsilon(record)
      .example("input = float[1, 2, 2]{1, 3, 10, 30}; scale = float[2]{1}; B = float[2]{0}")
      .input("input", "T", "Values [N, C, D1, D2, …].")
      .input("scale", "T", "Factors [C].")
      .input("B", "T", "Offsets [C].")
      .output("output", "T", "Normalized values.")
      .constraint("T", types::floats());
  table.add(record.at(1).optional_attribute("consumed_inputs", AttributeType::Ints, "Without effect."));
  table.add(record);
  table.add(record.at(22).constraint("T", types::floats_and_bfloat16()));
}

void register_group_normalization(OperatorTable& table) {
  Operator record =
      normalization_record("GroupNormalization", 21,
                           "Brings each group of channels of each sample to mean 0 and variance 1; then "
                           "scales and shifts it.",
                           group_normalization, 8);
  with_epsilon(record)
      .required_attribute("num_groups", AttributeType::Int,
                          "Number of groups that channels are divided into.")
      .input("X", "T", "Values [N, C, D1, D2, …].")
      .input("scale", "T", "Factors: [C], or one a group before version 21.")
      .input("bias", "T", "Offsets, as many as factors.")
      .output("Y", "T", "Normalized values.")
      .example("X = float[1, 2, 2]{1..4}; scale = float[2]{1}; bias = float[2]{0}; num_groups = 1")
      .constraint("T", types::floats_and_bfloat16());
  table.add(record.at(18).deprecated());
  table.add(
      record.attribute("stash_type", std::int64_t{1}, "Element type in which statistics are computed."));
}

}  // namespace

/// Parameter `index` as `count` numbers, whatever floating type it has.
std::vector<double> parameters(const KernelContext& context, std::size_t index, std::int64_t count) {
  const Tensor& tensor = context.input(index);
  if (tensor.size() != count)
    throw Error("input " + std::to_string(index) + " has " + std::to_string(tensor.size()) +
                " values where " + std::to_string(count) + " are needed");
  return values_as<double>(tensor);
}

Planes planes_of(const Dims& dims) {
  if (dims.size() < 2)
    throw Error("the input needs batch and channels, its rank is " + std::to_string(dims.size()));
  return {dims[0], dims[1], element_count(Dims(dims.begin() + 2, dims.end()))};
}

Operator normalization_record(const char* name, int version, const char* summary, KernelFunction kernel,
                              double flops_per_element) {
  return Operator(name, version, OperatorKind::Normalization)
      .summary(summary)
      .infer(same_as_input)
      .kernel(kernel)
      .cost(per_element(flops_per_element));
}

Operator& with_epsilon(Operator& record) {
  return record.attribute("epsilon", 1e-5f, "Added to the variance, so that nothing is divided by zero.");
}

void register_normalization(OperatorTable& table) {
  register_instance_normalization(table);
  register_group_normalization(table);
  const Operator response =
      normalization_record("LRN", 1,
                           "Divides each value by a power of the squares' sum over neighbouring channels.",
                           local_response_normalization, 10)
          .attribute("alpha", 1e-4f, "Factor of the squares' mean.")
          .attribute("beta", 0.75f, "The power.")
          .attribute("bias", 1.0f, "Added to the squares' mean.")
          .required_attribute("size", AttributeType::Int, "Number of channels summed over.")
          .example("X = float[1, 3, 1, 1]{1..3}; size = 3; alpha = 0.5")
          .input("X", "T", "Values [N, C, D1, D2, …].")
          .output("Y", "T", "Normalized values.")
          .constraint("T", types::floats());
  table.add(response);
  table.add(response.at(13).constraint("T", types::floats_and_bfloat16()));
  const Operator lp =
      normalization_record("LpNormalization", 1, "Divides by the p-norm along an axis.", lp_normalization, 3)
          .attribute("axis", std::int64_t{-1}, "Axis along which the norm is taken.")
          .attribute("p", std::int64_t{2}, "Order of the norm, 1 or 2.")
          .example("input = float[2, 2]{3, 4, 6, 8}")
          .input("input", "T", "Values.")
          .output("output", "T", "Normalized values.")
          .constraint("T", types::floats());
  table.add(lp);
  table.add(lp.at(22).constraint("T", types::floats_and_bfloat16()));
  const Operator moments =
      normalization_record("MeanVarianceNormalization", 9,
                           "Brings the values along some axes to mean 0, variance 1.",
                           mean_variance_normalization, 8)
          .attribute("axes", std::vector<std::int64_t>{0, 2, 3}, "Axes that share a mean and a variance.")
          .example("X = float[1, 1, 2, 2]{1..4}")
          .input("X", "T", "Values.")
          .output("Y", "T", "Normalized values.")
          .constraint("T", types::floats());
  table.add(moments);
  table.add(moments.at(13).constraint("T", types::floats_and_bfloat16()));
  table.note_change("GroupNormalization", 21, "one factor and offset a channel; before, one a group");
}

}  // namespace lapidary
