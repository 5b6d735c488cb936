#include <cmath>
#include <numeric>
#include <span>

#include "engine/ops/index.h"
#include "engine/ops/microsoft/microsoft.h"
#include "engine/ops/normalization.h"

namespace lapidary::microsoft {
namespace {

Tensor sum_of(const KernelContext& context, Tensor sum, std::initializer_list<std::size_t> inputs) {
  for (const std::size_t index : inputs)
    if (context.has_input(index)) sum = compute(context, "Add", {sum, context.input(index)});
  return sum;
}

Attributes epsilon_attribute(const KernelContext& context, float otherwise) {
  return {{"epsilon", context.real("epsilon", otherwise)}};
}

/// One number for each row, the axes from `axis` on.
template <class Statistic>
Tensor of_each_row(const KernelContext& context, const Tensor& x, std::int64_t axis, Statistic statistic) {
  const auto first = static_cast<std::size_t>(context.normalized_axis(axis, x.rank()));
  Dims dims = x.dims();
  std::int64_t length = 1;
  for (std::size_t i = first; i < dims.size(); ++i) length *= std::exchange(dims[i], 1);
  const auto values = values_as<double>(x);
  std::vector<double> result;
  for (std::int64_t row = 0; row < element_count(dims); ++row)
    result.push_back(statistic(
        std::span(values).subspan(static_cast<std::size_t>(row * length), static_cast<std::size_t>(length))));
  return tensor_from(context.made_type(DataType::Float32), dims, result);
}

Tensor inverse_root_mean_square(const KernelContext& context, const Tensor& x, std::int64_t axis,
                                double epsilon) {
  return of_each_row(context, x, axis, [&](std::span<const double> row) {
    double squares = 0;
    for (const double value : row) squares += value * value;
    return 1 / std::sqrt(squares / static_cast<double>(row.size()) + epsilon);
  });
}

Tensor row_means(const KernelContext& context, const Tensor& x) {
  return of_each_row(context, x, -1, [](std::span<const double> row) {
    return std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(row.size());
  });
}

/// Outputs: the normalized sum of input, skip and bias; each row's mean and inverse deviation; the sum.
void skip_layer_normalization(KernelContext& context) {
  const Tensor sum = sum_of(context, context.input(0), {4, 1});
  auto outputs =
      compute_all(context, "LayerNormalization", {sum, context.input(2), input_or_absent(context, 3)},
                  epsilon_attribute(context, 1e-12f), 3);
  for (std::size_t i = 0; i < 3; ++i)
    if (context.wants_output(i)) context.set_output(i, std::move(outputs[i]));
  if (context.wants_output(3)) context.set_output(3, sum);
}

void skip_simplified_layer_normalization(KernelContext& context) {
  const Tensor sum = sum_of(context, context.input(0), {3, 1});
  context.set_output(
      0, compute(context, "RMSNormalization", {sum, context.input(2)}, epsilon_attribute(context, 1e-12f)));
  if (context.wants_output(1)) context.set_output(1, row_means(context, sum));
  if (context.wants_output(2))
    context.set_output(
        2, inverse_root_mean_square(context, sum, -1, static_cast<double>(context.real("epsilon", 1e-12f))));
  if (context.wants_output(3)) context.set_output(3, sum);
}

void infer_skip_normalization(InferenceContext& context) {
  same_as_input(context);
  std::optional<Shape> rows = context.input_shape(0);
  if (rows && !rows->empty()) rows->back() = 1;
  for (const std::size_t index : {1, 2}) context.set_output(index, DataType::Float32, rows);
  context.set_output(3, context.input_type(0));
}

void simplified_layer_normalization(KernelContext& context) {
  context.set_output(0, compute(context, "RMSNormalization", {context.input(0), context.input(1)},
                                attributes_of(context.node(), {"axis", "epsilon", "stash_type"})));
  if (context.wants_output(1))
    context.set_output(1, inverse_root_mean_square(context, context.input(0), context.integer("axis", -1),
                                                   epsilon_of(context)));
}

void infer_simplified_layer_normalization(InferenceContext& context) {
  context.set_output(0, context.input_element(1), context.input_shape(0));
  std::optional<Shape> rows = context.input_shape(0);
  const auto axis = rows ? normalized_axis(context, context.integer("axis", -1), rows->size()) : std::nullopt;
  if (axis)
    for (std::size_t i = static_cast<std::size_t>(*axis); i < rows->size(); ++i) (*rows)[i] = 1;
  context.set_output(1, DataType::Float32, axis ? rows : std::nullopt);
}

Operator skip_record(const char* name, const char* summary, KernelFunction kernel, double flops) {
  return record(name, OperatorKind::Normalization)
      .summary(summary)
      .attribute("epsilon", 1e-12f, "Added before the square root, so that nothing is divided by zero.")
      .input("input", "T", "Values [N, S, H] or [S, H].")
      .input("skip", "T", "Residual, broadcast to the values.")
      .input("gamma", "T", "Factors [H].")
      .constraint("T", floats())
      .constraint("U", {"tensor(float)"})
      .infer(infer_skip_normalization)
      .kernel(kernel)
      .cost(per_element(flops));
}

Operator& with_statistics(Operator& record) {
  return record.output("output", "T", "Normalized values.")
      .optional_output("mean", "U", "Each row's mean.")
      .optional_output("inv_std_var", "U", "One by what each row was divided by.")
      .optional_output("input_skip_bias_sum", "T", "The sum that was normalized.");
}

void register_skip_normalization(OperatorTable& table) {
  Operator layer = skip_record("SkipLayerNormalization",
                               "LayerNormalization of the last axis of a sum: input + skip + bias.",
                               skip_layer_normalization, 10);
  layer.optional_input("beta", "T", "Offsets [H].").optional_input("bias", "T", "Added to the sum, [H].");
  table.add(
      with_statistics(layer).example("input = float[1, 1, 2]{1, 2}; skip = float[1, 1, 2]{0, 3}; gamma = "
                                     "float[2]{1, 2}; beta = float[2]{0, 0.5}"));
  Operator simplified = skip_record(
      "SkipSimplifiedLayerNormalization",
      "A sum, input + skip + bias, divided by the root mean square of its last axis; then scaled.",
      skip_simplified_layer_normalization, 6);
  simplified.optional_input("bias", "T", "Added to the sum, [H].");
  table.add(
      with_statistics(simplified)
          .example("input = float[1, 1, 2]{1, 2}; skip = float[1, 1, 2]{2, 2}; gamma = float[2]{1, 2}"));
}

/// Two operators that ONNX Runtime keeps in ONNX's own domain.
void register_in_standard_domain(OperatorTable& table) {
  const types::List all = types::floats_and_bfloat16();
  table.add(
      Operator("SimplifiedLayerNormalization", 1, OperatorKind::Normalization)
          .summary(
              "RMSNormalization under the name that ONNX Runtime's optimizer writes: each row, the axes from "
              "`axis` on, is divided by its root mean square and scaled.")
          .attribute("axis", std::int64_t{-1}, "First axis of a row.")
          .attribute("epsilon", 1e-5f, "Added before the square root, so that nothing is divided by zero.")
          .attribute("stash_type", std::int64_t{1}, "Element type in which squares are summed.")
          .input("X", "T", "Values.")
          .input("scale", "V", "Factors, broadcast to X.")
          .output("Y", "V", "Normalized values.")
          .optional_output("inv_std_var", "U", "One by each row's root mean square.")
          .constraint("T", all)
          .constraint("V", all)
          .constraint("U", types::tensors({"float", "double"}))
          .infer(infer_simplified_layer_normalization)
          .kernel(simplified_layer_normalization)
          .cost(per_element(4))
          .example("X = float[1, 2]{3, 4}; scale = float[2]{1, 2}"));
  if (const Operator* layer = table.find("", "LayerNormalization", 17))
    table.add(layer->at(1).change(
        "Not yet in the standard: ONNX Runtime writes it into files of older operator sets."));
  table.note_change("LayerNormalization", 17, "stands in the standard from here on");
}

// --- EmbedLayerNormalization ---

Tensor looked_up(const KernelContext& context, std::size_t rows, const Tensor& indices) {
  return compute(context, "Gather", {context.input(rows), indices});
}

/// Positions of the tokens [batch, length] where no input says them: 0, 1, … in each row.
Tensor counted_positions(const Dims& ids) {
  Tensor positions(DataType::Int64, ids);
  for (std::int64_t i = 0; i < positions.size(); ++i)
    positions.mutable_data<std::int64_t>()[i] = i % ids.back();
  return positions;
}

/// How many tokens of each row the mask lets through; 0 where there is no mask.
Tensor mask_counts(const KernelContext& context, const Dims& ids) {
  Tensor counts(DataType::Int32, {ids[0]});
  std::fill_n(counts.mutable_data<std::int32_t>(), ids[0], 0);
  if (!context.has_input(7)) return counts;
  const auto mask = context.integers(7);
  if (static_cast<std::int64_t>(mask.size()) != element_count(ids))
    throw Error("the mask needs one value a token");
  for (std::size_t i = 0; i < mask.size(); ++i)
    counts.mutable_data<std::int32_t>()[static_cast<std::int64_t>(i) / ids[1]] += mask[i] == 1 ? 1 : 0;
  return counts;
}

void embed_layer_normalization(KernelContext& context) {
  const Tensor& ids = context.input(0);
  if (ids.rank() != 2) throw Error("input_ids needs rank 2, not " + std::to_string(ids.rank()));
  const Tensor positions = context.has_input(8) ? context.input(8) : counted_positions(ids.dims());
  Tensor sum = compute(context, "Add", {looked_up(context, 2, ids), looked_up(context, 3, positions)});
  if (context.has_input(1) && context.has_input(4))
    sum = compute(context, "Add", {sum, looked_up(context, 4, context.input(1))});
  context.set_output(0, compute(context, "LayerNormalization", {sum, context.input(5), context.input(6)},
                                epsilon_attribute(context, 1e-12f)));
  if (context.wants_output(1)) context.set_output(1, mask_counts(context, ids.dims()));
  if (context.wants_output(2)) context.set_output(2, sum);
}

void infer_embed_layer_normalization(InferenceContext& context) {
  const auto& ids = context.input_shape(0);
  const auto& words = context.input_shape(2);
  std::optional<Shape> embedded, rows;
  if (ids && ids->size() == 2) {
    embedded = Shape{(*ids)[0], (*ids)[1], words && words->size() == 2 ? (*words)[1] : Dimension::unknown()};
    rows = Shape{(*ids)[0]};
  }
  context.set_output(0, context.input_element(2), embedded);
  context.set_output(1, DataType::Int32, rows);
  context.set_output(2, context.input_element(2), embedded);
}

void register_embedding(OperatorTable& table) {
  table.add(
      record("EmbedLayerNormalization", OperatorKind::Normalization)
          .summary("The first layer of BERT: embeddings of word, position and segment added, then "
                   "LayerNormalization.")
          .attribute("epsilon", 1e-12f, "Added before the square root, so that nothing is divided by zero.")
          .attribute("mask_index_type", std::int64_t{0}, "1 if mask_index is wanted; its shape says so too.")
          .input("input_ids", "T1", "Number of each word [N, S].")
          .optional_input("segment_ids", "T1", "Number of each word's segment [N, S].")
          .input("word_embedding", "T", "A row for each word [words, H].")
          .input("position_embedding", "T", "A row for each position [positions, H].")
          .optional_input("segment_embedding", "T", "A row for each segment [segments, H].")
          .input("gamma", "T", "Factors [H].")
          .input("beta", "T", "Offsets [H].")
          .optional_input("mask", "T1", "1 for words, 0 for padding [N, S].")
          .optional_input("position_ids", "T1", "Position of each word, [N, S] or [1, S]; 0, 1, … if absent.")
          .output("output", "T", "Normalized embeddings [N, S, H].")
          .optional_output("mask_index", "T1", "Words of each row that the mask counts [N].")
          .optional_output("embedding_sum", "T", "The sum that was normalized.")
          .constraint("T1", {"tensor(int32)"})
          .constraint("T", types::tensors({"float", "float16"}))
          .infer(infer_embed_layer_normalization)
          .kernel(embed_layer_normalization)
          .cost(per_element(10))
          .example(
              "input_ids = int32[1, 2]{0, 1}; word_embedding = float[2, 2]{1, 2, 3, 5}; "
              "position_embedding = float[2, 2]{0, 0, 0, 1}; gamma = float[2]{1, 1}; beta = float[2]{0, 0}"));
}

// --- GroupNorm ---

Tensor group_normalized(const KernelContext& context, const Tensor& x) {
  const bool last = context.integer("channels_last", 1) != 0;
  Tensor y = compute(
      context, "GroupNormalization", {last ? channels_first(x) : x, context.input(1), context.input(2)},
      {{"num_groups", context.integer("groups", 0)}, {"epsilon", context.real("epsilon", 1e-5f)}});
  if (last) y = channels_last(y);
  return context.integer("activation", 0) == 1 ? compute(context, "Swish", {y}) : y;
}

void group_norm(KernelContext& context) {
  context.set_output(0, group_normalized(context, context.input(0)));
}

/// Values of each sample's channels, [N, C] or with axes of size 1, ready to be added to x; others as they
/// are.
Tensor beside_channels(const KernelContext& context, const Tensor& x, const Tensor& added) {
  if (added.rank() == x.rank() || added.rank() == 0 || x.rank() < 3) return added;
  const bool last = context.integer("channels_last", 1) != 0;
  Dims dims(x.dims().size(), 1);
  if (added.rank() == 2) dims[0] = added.dims()[0];
  dims[last ? dims.size() - 1 : 1] = added.dims().back();
  return added.reshaped(dims);
}

void skip_group_norm(KernelContext& context) {
  const Tensor& x = context.input(0);
  Tensor sum = compute(context, "Add", {x, beside_channels(context, x, context.input(3))});
  if (context.has_input(4))
    sum = compute(context, "Add", {sum, beside_channels(context, x, context.input(4))});
  context.set_output(0, group_normalized(context, sum));
  if (context.wants_output(1)) context.set_output(1, sum);
}

Operator group_record(const char* name, const char* summary, KernelFunction kernel) {
  const types::List types = types::tensors({"float16", "float"});
  return record(name, OperatorKind::Normalization)
      .summary(summary)
      .required_attribute("activation", AttributeType::Int, "Applied to the result: 0 none, 1 SiLU.")
      .attribute("channels_last", std::int64_t{1}, "1 if channels are the last axis, 0 if the second.")
      .attribute("epsilon", 1e-5f, "Added to the variance, so that nothing is divided by zero.")
      .required_attribute("groups", AttributeType::Int, "Number of groups that channels are divided into.")
      .input("X", "T", "Values [N, H, W, C] or [N, C, H, W].")
      .input("gamma", "M", "Factors [C].")
      .input("beta", "M", "Offsets [C].")
      .output("Y", "T", "Normalized values, of the sizes of X.")
      .constraint("T", types)
      .constraint("M", types)
      .kernel(kernel)
      .cost(per_element(12));
}

void register_group_norm(OperatorTable& table) {
  table.add(
      group_record("GroupNorm",
                   "GroupNormalization with channels as last axis, and an optional SiLU behind it.",
                   group_norm)
          .infer(same_as_input)
          .example(
              "X = float[1, 1, 2, 2]{1, 2, 3, 5}; gamma = float[2]{1, 2}; beta = float[2]{0, 1}; groups = 1; "
              "activation = 0"));
  table.add(group_record("SkipGroupNorm", "GroupNorm of a sum: X + skip + bias.", skip_group_norm)
                .input("skip", "T", "Residual: of the sizes of X, or [N, C], or [N, 1, 1, C].")
                .optional_input("bias", "T", "Bias [C].")
                .optional_output("S", "T", "The sum that was normalized.")
                .infer([](InferenceContext& context) {
                  same_as_input(context);
                  context.set_output(1, context.input_type(0));
                })
                .example("X = float[1, 1, 2, 2]{1, 2, 3, 5}; gamma = float[2]{1, 2}; beta = float[2]{0, 1}; "
                         "skip = float[1, 2]{1, 0}; groups = 1; activation = 1"));
}

}  // namespace

void register_normalization(OperatorTable& table) {
  register_skip_normalization(table);
  register_in_standard_domain(table);
  register_embedding(table);
  register_group_norm(table);
}

}  // namespace lapidary::microsoft
