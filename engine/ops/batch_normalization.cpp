#include <cmath>

#include "engine/ops/compute_buffer.h"
#include "engine/ops/families.h"
#include "engine/ops/normalization.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// Without channels (rank 1) there is one. Before version 9, spatial = 0 made a channel of each feature.
Planes batch_normalization_planes(const KernelContext& context, const Dims& dims) {
  if (dims.size() == 1) return {dims[0], 1, 1};
  const Planes p = planes_of(dims);
  if (context.version() < 9 && context.integer("spatial", 1) == 0) return {p.batch, p.channels * p.inner, 1};
  return p;
}

/// Whether the batch's own statistics are used: attribute is_test before 7, then the number of outputs, and
/// attribute training_mode since 14.
bool is_training(const KernelContext& context) {
  if (context.version() >= 14) return context.integer("training_mode", 0) != 0;
  if (context.version() >= 7) return context.wants_output(1);
  return context.integer("is_test", 0) == 0;
}

template <class Value>
std::vector<Moments> channel_moments(const Planes& p, const Value* x) {
  std::vector<Moments> moments(static_cast<std::size_t>(p.channels));
  const double count = static_cast<double>(p.batch * p.inner);
  const auto each = [&](auto add) {
    for (std::int64_t row = 0; row < p.batch * p.channels; ++row)
      for (std::int64_t i = 0; i < p.inner; ++i)
        add(moments[row % p.channels], static_cast<double>(x[row * p.inner + i]));
  };
  each([](Moments& m, double value) { m.mean += value; });
  for (auto& m : moments) m.mean /= count;
  each([](Moments& m, double value) { m.variance += (value - m.mean) * (value - m.mean); });
  for (auto& m : moments) m.variance /= count;
  return moments;
}

void set_numbers(KernelContext& context, std::size_t index, const Tensor& like,
                 const std::vector<double>& values) {
  if (context.wants_output(index)) context.set_output(index, tensor_from(like.type(), like.dims(), values));
}

/// Running statistics, momentum·running + (1 − momentum)·batch; and before 14 the batch's own too.
void set_statistics(KernelContext& context, const std::vector<Moments>& batch,
                    const std::vector<double>& mean, const std::vector<double>& variance) {
  const double momentum = static_cast<double>(context.real("momentum", 0.9f));
  std::vector<double> running_mean, running_variance, batch_mean, batch_variance;
  for (std::size_t c = 0; c < batch.size(); ++c) {
    running_mean.push_back(mean[c] * momentum + batch[c].mean * (1 - momentum));
    running_variance.push_back(variance[c] * momentum + batch[c].variance * (1 - momentum));
    batch_mean.push_back(batch[c].mean);
    batch_variance.push_back(batch[c].variance);
  }
  set_numbers(context, 1, context.input(3), running_mean);
  set_numbers(context, 2, context.input(4), running_variance);
  if (context.version() >= 14) return;
  set_numbers(context, 3, context.input(3), batch_mean);
  set_numbers(context, 4, context.input(4), batch_variance);
}

void batch_normalization(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Planes p = batch_normalization_planes(context, x.dims());
  const auto scale = parameters(context, 1, p.channels), bias = parameters(context, 2, p.channels);
  const auto mean = parameters(context, 3, p.channels), variance = parameters(context, 4, p.channels);
  const double epsilon = epsilon_of(context);
  Tensor& y = context.output(0, x.type(), x.dims());
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    using Value = ComputeType<T>;
    const ComputeInput<T> values(x);
    ComputeOutput<T> result(y);
    std::vector<Moments> moments;
    if (is_training(context))
      moments = channel_moments(p, values.data());
    else
      for (std::int64_t c = 0; c < p.channels; ++c) moments.push_back({mean[c], variance[c]});
    for (std::int64_t row = 0; row < p.batch * p.channels; ++row) {
      const std::int64_t c = row % p.channels;
      const double factor = scale[c] / std::sqrt(moments[c].variance + epsilon);
      const auto slope = static_cast<Value>(factor);
      const auto offset = static_cast<Value>(bias[c] - moments[c].mean * factor);
      for (std::int64_t i = row * p.inner; i < (row + 1) * p.inner; ++i)
        result[i] = values[i] * slope + offset;
    }
    result.store();
    if (is_training(context)) set_statistics(context, moments, mean, variance);
  });
}

void infer_batch_normalization(InferenceContext& context) {
  same_as_input(context);
  for (std::size_t i = 1; i < context.output_count(); ++i)
    context.set_output(i, context.input_element(3), context.input_shape(3));
}

/// As of version 9.
Operator batch_normalization_record() {
  Operator record =
      normalization_record("BatchNormalization", 9,
                           "Brings each channel to mean 0 and variance 1, by given statistics or those "
                           "of the batch; then scales and shifts it.",
                           batch_normalization, 2);
  return with_epsilon(record)
      .attribute("momentum", 0.9f, "Weight of the old running statistics in training.")
      .input("X", "T", "Values [N, C, D1, D2, …].")
      .input("scale", "T", "Factors [C].")
      .input("B", "T", "Offsets [C].")
      .input("mean", "T", "Means [C].")
      .input("var", "T", "Variances [C].")
      .output("Y", "T", "Normalized values.")
      .optional_output("mean", "T", "Running means, in training.")
      .optional_output("var", "T", "Running variances, in training.")
      .optional_output("saved_mean", "T", "The batch's means, in training.")
      .optional_output("saved_var", "T", "The batch's variances, in training.")
      .constraint("T", types::floats())
      .infer(infer_batch_normalization)
      .example(
          "X = float[1, 2, 2]{1..4}; scale = float[2]{1, 2}; B = float[2]{0, 1}; mean = float[2]{1, 3}; var "
          "= float[2]{1, 4}");
}

Operator batch_normalization_14(const Operator& record, const char* parameters, const char* statistics) {
  return record.at(14)
      .attribute("training_mode", std::int64_t{0}, "Whether the batch's own statistics are used.")
      .clear_inputs()
      .clear_outputs()
      .input("X", "T", "Values [N, C, D1, D2, …].")
      .input("scale", parameters, "Factors [C].")
      .input("B", parameters, "Offsets [C].")
      .input("input_mean", statistics, "Means [C]; running ones in training.")
      .input("input_var", statistics, "Variances [C]; running ones in training.")
      .output("Y", "T", "Normalized values.")
      .optional_output("running_mean", statistics, "Running means, in training.")
      .optional_output("running_var", statistics, "Running variances, in training.")
      .constraint("T", types::floats_and_bfloat16())
      .constraint(statistics, types::floats_and_bfloat16())
      .example(
          "X = float[1, 2, 2]{1..4}; scale = float[2]{1, 2}; B = float[2]{0, 1}; input_mean = float[2]{1, "
          "3}; input_var = float[2]{1, 4}");
}

}  // namespace

void register_batch_normalization(OperatorTable& table) {
  const Operator record = batch_normalization_record();
  const Operator seven = record.at(7).attribute(
      "spatial", std::int64_t{1}, "Whether a channel's positions share statistics; 0 gives each its own.");
  const Operator six = seven.at(6).attribute("is_test", std::int64_t{0},
                                             "Whether the given statistics are used, not the batch's.");
  table.add(six.at(1).required_attribute("consumed_inputs", AttributeType::Ints, "Without effect."));
  table.add(six);
  table.add(seven);
  table.add(record);
  table.add(batch_normalization_14(record, "T", "U"));
  table.add(batch_normalization_14(record, "T1", "T2").at(15).constraint("T1", types::floats_and_bfloat16()));
  table.note_change("BatchNormalization", 9, "the statistics belong to channels always");
  table.note_change("BatchNormalization", 14,
                    "training is asked for by an attribute, not by the number of outputs");
  table.note_change("BatchNormalization", 15,
                    "scale and B may be of another type than X, and the statistics of a third");
}

}  // namespace lapidary
