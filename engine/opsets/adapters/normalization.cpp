#include <numeric>

#include "engine/ops/cast.h"
#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

// --- BatchNormalization ---

/// Until 6 it trained unless told otherwise; until 13 where more than one output is there.
void raise_batch_normalization_7(NodeRewrite& rewrite) {
  const bool is_test = rewrite.integer("is_test", 0) != 0;
  rewrite.remove("is_test");
  auto& outputs = rewrite.node.outputs;
  if (is_test) {
    outputs.resize(1);
    return;
  }
  outputs.resize(5);
  for (std::size_t i = 1; i < outputs.size(); ++i)
    if (outputs[i].empty()) outputs[i] = rewrite.fresh(outputs[0] + "/statistics");
}

/// Without `spatial` each feature has statistics of its own: (x − mean) / √(var + epsilon) · scale + B.
void raise_batch_normalization_9(NodeRewrite& rewrite) {
  const bool is_spatial = rewrite.integer("spatial", 1) != 0;
  rewrite.remove("spatial");
  const std::string x = rewrite.input(0);
  if (is_spatial || rewrite.rank(x) == 2) return;
  if (rewrite.wants_output(1))
    rewrite.refuse("BatchNormalization that trains with spatial = 0 ended with operator set 9");
  Dims features = rewrite.dims(x);
  features.erase(features.begin());
  const auto parameter = [&](std::size_t index) { return reshaped(rewrite, rewrite.input(index), features); };
  const auto epsilon = static_cast<double>(rewrite.real("epsilon", 1e-5f));
  const std::string variance =
      rewrite.write("Add", {parameter(4), rewrite.number(epsilon, rewrite.element(x), "epsilon")});
  const std::string difference = rewrite.write("Sub", {x, parameter(3)});
  const std::string normal = rewrite.write("Div", {difference, rewrite.write("Sqrt", {variance})});
  rewrite.become("Add", {rewrite.write("Mul", {normal, parameter(1)}), parameter(2)});
}

/// The batch's own statistics, which later versions do not give.
void write_saved_statistics(NodeRewrite& rewrite) {
  auto& outputs = rewrite.node.outputs;
  const std::string x = rewrite.input(0);
  Integers axes(static_cast<std::size_t>(rewrite.rank(x)));
  std::iota(axes.begin(), axes.end(), 0);
  axes.erase(axes.begin() + 1);
  const std::string mean = reduced(rewrite, "ReduceMean", x, axes);
  const std::string difference = rewrite.write("Sub", {x, mean});
  const std::string square = rewrite.write("Mul", {difference, difference});
  const std::string flat = rewrite.integers_value({-1}, "shape");
  const std::string variance = reduced(rewrite, "ReduceMean", square, axes);
  if (!outputs[3].empty()) rewrite.write_output(3, "Reshape", {mean, flat});
  if (outputs.size() > 4 && !outputs[4].empty()) rewrite.write_output(4, "Reshape", {variance, flat});
}

void raise_batch_normalization_14(NodeRewrite& rewrite) {
  auto& outputs = rewrite.node.outputs;
  if (!rewrite.wants_output(1) && !rewrite.wants_output(2)) {
    outputs.resize(1);
    return;
  }
  rewrite.set("training_mode", std::int64_t{1});
  if (outputs.size() > 3) write_saved_statistics(rewrite);
  outputs.resize(3);
  for (auto& output : outputs)
    if (output.empty()) output = rewrite.fresh(outputs[0] + "/statistics");
}

/// Runs in the widest of the types of the data and the given inputs.
void unify_types(NodeRewrite& rewrite, const std::vector<std::size_t>& inputs) {
  DataType widest = rewrite.element(rewrite.input(0));
  const DataType type = widest;
  for (const std::size_t index : inputs)
    if (const DataType other = rewrite.element(rewrite.input(index)); bits_of(other) > bits_of(widest))
      widest = other;
  for (std::size_t index = 0; index < rewrite.node.inputs.size(); ++index)
    if (rewrite.element(rewrite.input(index)) != widest)
      rewrite.set_input(index, rewrite.cast(rewrite.input(index), widest));
  if (type != widest) rewrite.pass_output_through(0, "Cast", {}, {{"to", static_cast<std::int64_t>(type)}});
}

void lower_batch_normalization_14(NodeRewrite& rewrite) {
  auto& outputs = rewrite.node.outputs;
  const bool trains = rewrite.integer("training_mode", 0) != 0;
  rewrite.remove("training_mode");
  if (!trains) {
    outputs.resize(1);
    return unify_types(rewrite, {1, 2, 3, 4});
  }
  if (rewrite.element(rewrite.input(3)) != rewrite.element(rewrite.input(0)))
    rewrite.refuse(
        "BatchNormalization that trains with statistics of another type came with operator set 14");
  outputs.resize(5);
  for (std::size_t i = 1; i < outputs.size(); ++i)
    if (outputs[i].empty()) outputs[i] = rewrite.fresh(outputs[0] + "/statistics");
}

/// Before 15 scale and B are of the data's type.
void lower_batch_normalization_15(NodeRewrite& rewrite) {
  const DataType type = rewrite.element(rewrite.input(0));
  if (rewrite.element(rewrite.input(1)) == type) return;
  if (rewrite.integer("training_mode", 0) != 0)
    rewrite.refuse(
        "BatchNormalization that trains with parameters of another type came with operator set 15");
  unify_types(rewrite, {1, 2, 3, 4});
}

// --- LayerNormalization, RMSNormalization, MeanVarianceNormalization ---

/// axis, axis + 1, … to the last, counted from the end where `axis` does.
Integers axes_from(const NodeRewrite& rewrite, std::int64_t axis) {
  const std::int64_t end = axis < 0 ? 0 : rewrite.rank(rewrite.input(0));
  Integers axes;
  for (std::int64_t i = axis; i < end; ++i) axes.push_back(i);
  return axes;
}

/// What is normalized in another type than its own: cast before, and back behind.
struct Computed {
  std::string value;
  DataType type;
  bool is_cast;
};

Computed computed_in_stash_type(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const auto stash = data_type_from_number(rewrite.integer("stash_type", 1));
  if (bits_of(type) >= 32 || stash == type || stash == DataType::Undefined) return {x, type, false};
  return {rewrite.cast(x, stash), stash, true};
}

/// (x − mean) / √(variance + epsilon) · Scale + B; the mean and 1 / √… are outputs as well.
void lower_layer_normalization_17(NodeRewrite& rewrite) {
  const auto [x, type, is_cast] = computed_in_stash_type(rewrite);
  const Integers axes = axes_from(rewrite, rewrite.integer("axis", -1));
  const std::string mean = reduced(rewrite, "ReduceMean", x, axes);
  const std::string difference = rewrite.write("Sub", {x, mean});
  const std::string variance =
      reduced(rewrite, "ReduceMean", rewrite.write("Mul", {difference, difference}), axes);
  const auto epsilon = static_cast<double>(rewrite.real("epsilon", 1e-5f));
  const std::string shifted = rewrite.write("Add", {variance, rewrite.number(epsilon, type, "epsilon")});
  const std::string inverse = rewrite.write("Reciprocal", {rewrite.write("Sqrt", {shifted})});
  std::string normal = rewrite.write("Mul", {difference, inverse});
  if (is_cast) normal = rewrite.cast(normal, rewrite.element(rewrite.input(0)));
  if (rewrite.wants_output(1)) rewrite.write_output(1, "Identity", {mean});
  if (rewrite.wants_output(2)) rewrite.write_output(2, "Identity", {inverse});
  rewrite.node.outputs.resize(1);
  const std::string scale = rewrite.input(1), bias = rewrite.input(2);
  if (bias.empty())
    rewrite.become("Mul", {normal, scale});
  else
    rewrite.become("Add", {rewrite.write("Mul", {normal, scale}), bias});
}

/// x / √(mean of x² + epsilon) · scale
void lower_rms_normalization_23(NodeRewrite& rewrite) {
  const auto [x, type, is_cast] = computed_in_stash_type(rewrite);
  const Integers axes = axes_from(rewrite, rewrite.integer("axis", -1));
  const std::string square = reduced(rewrite, "ReduceMean", rewrite.write("Mul", {x, x}), axes);
  const auto epsilon = static_cast<double>(rewrite.real("epsilon", 1e-5f));
  const std::string shifted = rewrite.write("Add", {square, rewrite.number(epsilon, type, "epsilon")});
  std::string normal = rewrite.write("Div", {x, rewrite.write("Sqrt", {shifted})});
  if (is_cast) normal = rewrite.cast(normal, rewrite.element(rewrite.input(0)));
  rewrite.become("Mul", {normal, rewrite.input(1)});
}

/// (x − E[x]) / (√(E[x²] − E[x]²) + 1e-9)
void lower_mean_variance_normalization_9(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const Integers axes = rewrite.integers("axes").value_or(Integers{0, 2, 3});
  const std::string mean = reduced(rewrite, "ReduceMean", x, axes);
  const std::string square = reduced(rewrite, "ReduceMean", rewrite.write("Mul", {x, x}), axes);
  const std::string variance = rewrite.write("Sub", {square, rewrite.write("Mul", {mean, mean})});
  const std::string deviation =
      rewrite.write("Add", {rewrite.write("Sqrt", {variance}), rewrite.number(1e-9, type, "epsilon")});
  rewrite.become("Div", {rewrite.write("Sub", {x, mean}), deviation});
}

// --- GroupNormalization ---

/// One number a group, repeated for each channel of the group.
std::string for_each_channel(NodeRewrite& rewrite, const std::string& parameter, std::int64_t groups) {
  const auto shape = rewrite.shape(rewrite.input(0));
  if (!shape || shape->size() < 2 || !(*shape)[1].is_constant())
    rewrite.refuse("the number of its channels is not known");
  const std::int64_t channels = (*shape)[1].value();
  const std::string column = reshaped(rewrite, parameter, {groups, 1});
  const std::string all =
      rewrite.write("Expand", {column, rewrite.integers_value({groups, channels / groups}, "shape")});
  return rewrite.write("Reshape", {all, rewrite.integers_value({channels}, "shape")});
}

void raise_group_normalization_21(NodeRewrite& rewrite) {
  const std::int64_t groups = rewrite.integer("num_groups", 1);
  for (const std::size_t index : {1, 2})
    rewrite.set_input(index, for_each_channel(rewrite, rewrite.input(index), groups));
}

/// Groups as channels of InstanceNormalization, of which each has one scale and one offset: [N, G, …].
std::string normalized_groups(NodeRewrite& rewrite, const std::string& scale, const std::string& bias) {
  const std::string x = rewrite.input(0);
  const std::string apart = rewrite.write(
      "Reshape", {x, rewrite.integers_value({0, rewrite.integer("num_groups", 1), -1}, "shape")});
  const std::string normal = rewrite.write("InstanceNormalization", {apart, scale, bias},
                                           {{"epsilon", rewrite.real("epsilon", 1e-5f)}});
  return rewrite.write("Reshape", {normal, rewrite.write("Shape", {x})});
}

void lower_group_normalization_18(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const std::string result = normalized_groups(rewrite, rewrite.input(1), rewrite.input(2));
  rewrite.become("Identity", {result});
}

void lower_group_normalization_21(NodeRewrite& rewrite) {
  const std::string x = rewrite.input(0);
  const DataType type = rewrite.element(x);
  const auto groups = static_cast<std::size_t>(rewrite.integer("num_groups", 1));
  const auto all = [&](double value) {
    return rewrite.add(
        tensor_from(type, {static_cast<std::int64_t>(groups)}, std::vector<double>(groups, value)), "groups");
  };
  const std::string normal = normalized_groups(rewrite, all(1), all(0));
  Integers channels(static_cast<std::size_t>(rewrite.rank(x)) - 1, 1);
  channels[0] = -1;
  const std::string scale = reshaped(rewrite, rewrite.input(1), channels);
  const std::string bias = reshaped(rewrite, rewrite.input(2), channels);
  rewrite.become("Add", {rewrite.write("Mul", {normal, scale}), bias});
}

}  // namespace

std::vector<Adapter> normalization_adapters() {
  return {
      {"BatchNormalization", 7, raise_batch_normalization_7},
      {"BatchNormalization", 9, raise_batch_normalization_9},
      {"BatchNormalization", 14, raise_batch_normalization_14, lower_batch_normalization_14},
      {"BatchNormalization", 15, nullptr, lower_batch_normalization_15},
      {"LayerNormalization", 17, nullptr, lower_layer_normalization_17},
      {"RMSNormalization", 23, nullptr, lower_rms_normalization_23},
      {"MeanVarianceNormalization", 9, nullptr, lower_mean_variance_normalization_9},
      {"GroupNormalization", 18, nullptr, lower_group_normalization_18},
      {"GroupNormalization", 21, raise_group_normalization_21, lower_group_normalization_21},
  };
}

}  // namespace lapidary
