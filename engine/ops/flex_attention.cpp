#include <algorithm>
#include <cmath>

#include "engine/ops/cast.h"
#include "engine/ops/families.h"
#include "engine/ops/gemm.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

/// Sizes of a FlexAttention: Q [batch, heads, length, size], K [batch, shared, keys, size],
/// V [batch, shared, keys, value_size].
struct FlexSizes {
  std::int64_t batch, heads, length, size, shared, keys, value_size;
};

FlexSizes read_sizes(const KernelContext& context) {
  const Dims &q = context.input(0).dims(), &k = context.input(1).dims(), &v = context.input(2).dims();
  if (q.size() != 4 || k.size() != 4 || v.size() != 4)
    throw Error("Q, K and V are " + to_string(q) + ", " + to_string(k) + " and " + to_string(v) +
                ", and need four axes each: batch, heads, length, size");
  const FlexSizes s{q[0], q[1], q[2], q[3], k[1], k[2], v[3]};
  if (k[0] != s.batch || v[0] != s.batch || v[1] != s.shared || v[2] != s.keys || k[3] != s.size)
    throw Error("Q " + to_string(q) + ", K " + to_string(k) + " and V " + to_string(v) +
                " do not fit each other");
  if (s.shared < 1 || s.heads % s.shared != 0)
    throw Error(std::to_string(s.heads) + " query heads cannot share " + std::to_string(s.shared) + " heads");
  return s;
}

/// The element type of scores and probabilities: what softmax_precision says, else float32, or float64 for
/// float64.
DataType precision_of(std::int64_t number, DataType input) {
  const DataType asked = data_type_from_number(number);
  if (asked != DataType::Undefined) return asked;
  return input == DataType::Float64 ? DataType::Float64 : DataType::Float32;
}

/// A tensor of scores or probabilities as the graph of attribute `name` changes it; itself where there is
/// none.
Tensor modified(KernelContext& context, const char* name, Tensor tensor) {
  if (!context.has_attribute(name)) return tensor;
  const auto results = context.run_subgraph(context.graph(name), {Datum(tensor)});
  if (results.size() != 1 || !results[0].is_tensor())
    throw Error("the graph '" + std::string(name) + "' must give one tensor");
  const Tensor& result = results[0].tensor();
  if (result.dims() != tensor.dims() || result.type() != tensor.type())
    throw Error("the graph '" + std::string(name) + "' makes " + to_string(result.full_type()) + " of " +
                to_string(tensor.full_type()));
  return result;
}

/// scale·Q·Kᵀ of every head [batch, heads, length, keys]; heads in groups share their keys.
std::vector<double> scores_of(KernelContext& context, const FlexSizes& s, double scale) {
  auto q = values_as<double>(context.input(0));
  const auto k = values_as<double>(context.input(1));
  for (double& value : q) value *= scale;
  auto scores = working_memory<double>({s.batch, s.heads, s.length, s.keys});
  for (std::int64_t head = 0; head < s.batch * s.heads; ++head) {
    context.cancel.check();
    const std::int64_t shared = head / (s.heads / s.shared);
    gemm<double>(s.length, s.keys, s.size, {q.data() + head * s.length * s.size, s.size},
                 {k.data() + shared * s.keys * s.size, s.size, true},
                 scores.data() + head * s.length * s.keys, s.keys);
  }
  return scores;
}

void apply_softmax(std::vector<double>& scores, std::int64_t keys) {
  for (auto row = scores.begin(); row != scores.end(); row += keys) {
    const double greatest = *std::max_element(row, row + keys);
    double sum = 0;
    for (auto score = row; score != row + keys; ++score) sum += * score = std::exp(*score - greatest);
    for (auto score = row; score != row + keys; ++score) *score /= sum;
  }
}

void flex_attention(KernelContext& context) {
  const FlexSizes s = read_sizes(context);
  const DataType type = context.input(0).type();
  const DataType precision = context.made_type(precision_of(context.integer("softmax_precision", 0), type));
  if (!is_floating(precision)) throw Error("softmax_precision must be a floating type");
  const double scale = context.has_attribute("scale") ? static_cast<double>(context.real("scale", 1))
                                                      : 1 / std::sqrt(static_cast<double>(s.size));
  const Dims score_dims{s.batch, s.heads, s.length, s.keys};
  const Tensor scores =
      modified(context, "score_mod", tensor_from(precision, score_dims, scores_of(context, s, scale)));
  auto weights = values_as<double>(scores);
  if (s.keys > 0) apply_softmax(weights, s.keys);
  weights = values_as<double>(modified(context, "prob_mod", tensor_from(precision, score_dims, weights)));

  const auto v = values_as<double>(context.input(2));
  const Dims dims{s.batch, s.heads, s.length, s.value_size};
  auto y = working_memory<double>(dims);
  for (std::int64_t head = 0; head < s.batch * s.heads; ++head) {
    context.cancel.check();
    const std::int64_t shared = head / (s.heads / s.shared);
    gemm<double>(s.length, s.value_size, s.keys, {weights.data() + head * s.length * s.keys, s.keys},
                 {v.data() + shared * s.keys * s.value_size, s.value_size},
                 y.data() + head * s.length * s.value_size, s.value_size);
  }
  context.set_output(0, tensor_from(type, dims, y));
}

void infer_flex_attention(InferenceContext& context) {
  const auto &q = context.input_shape(0), &k = context.input_shape(1), &v = context.input_shape(2);
  context.set_output(0, context.input_element(0), std::nullopt);
  for (const auto* shape : {&q, &k, &v})
    if (*shape && (*shape)->size() != 4) return context.report("Q, K and V need four axes each");
  Shape scores(4), y(4);
  if (q) std::copy_n(q->begin(), 3, y.begin()), std::copy_n(q->begin(), 3, scores.begin());
  if (k) scores[3] = (*k)[2];
  if (v) y[3] = (*v)[3];
  const DataType precision = precision_of(context.integer("softmax_precision", 0), context.input_element(0));
  for (const char* name : {"score_mod", "prob_mod"})
    if (const auto graph = context.node().attribute_or(name, GraphPointer()))
      context.infer_subgraph(*graph, {Type::tensor(precision, scores)});
  context.set_output(0, context.input_element(0), y);
}

/// Every query meets every key and every value; about five operations make a probability. What the graphs
/// cost is theirs.
std::optional<Cost> flex_attention_cost(const CostContext& context) {
  const auto q = context.input_dims(0), k = context.input_dims(1), v = context.input_dims(2);
  if (!q || !k || !v || q->size() != 4 || k->size() != 4 || v->size() != 4) return std::nullopt;
  const double scores = static_cast<double>((*q)[0] * (*q)[1] * (*q)[2] * (*k)[2]);
  const double macs = scores * static_cast<double>((*q)[3] + (*v)[3]);
  return Cost{macs, 2 * macs + 5 * scores};
}

}  // namespace

void register_flex_attention(OperatorTable& table) {
  table.add(
      Operator("FlexAttention", 1, OperatorKind::MatrixAndConvolution, "ai.onnx.preview")
          .summary("Scaled dot-product attention whose scores and probabilities graphs of the node's own may "
                   "change: "
                   "masks, biases by position, soft caps.")
          .optional_attribute(
              "prob_mod", AttributeType::Graph,
              "Takes the probabilities [batch, heads, length, keys] and gives them back changed.")
          .optional_attribute("scale", AttributeType::Float,
                              "Factor of the scores; one by the root of the head's size.")
          .optional_attribute(
              "score_mod", AttributeType::Graph,
              "Takes the scores [batch, heads, length, keys] and gives them back changed; −∞ hides a key.")
          .optional_attribute(
              "softmax_precision", AttributeType::Int,
              "Element type of scores and probabilities, as TensorProto's number; float32 if left "
              "out, and float64 for inputs of that type.")
          .input("Q", "T1", "Queries [batch, heads, length, size].")
          .input("K", "T1",
                 "Keys [batch, shared heads, keys, size]; so many query heads use one as there are more.")
          .input("V", "T1", "Values [batch, shared heads, keys, value size].")
          .output("Y", "T1", "Weighed values [batch, heads, length, value size].")
          .constraint("T1", types::floats_and_bfloat16())
          .infer(infer_flex_attention)
          .kernel(flex_attention)
          .cost(flex_attention_cost)
          .example(
              "Q = float[1, 1, 2, 2]{1, 0, 0, 1}; K = float[1, 1, 2, 2]{1, 0, 0, 1}; "
              "V = float[1, 1, 2, 1]{1, 2}; score_mod = (s) => (t) { cap = float{0.5}; t = Min(s, cap) }"));
}

}  // namespace lapidary
