#include <cmath>
#include <limits>

#include "engine/ops/broadcast.h"
#include "engine/ops/families.h"
#include "engine/ops/gemm.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

constexpr double masked = -std::numeric_limits<double>::infinity();

/// Queries, keys or values as [batch, heads, length, size].
template <class V>
struct Heads {
  std::int64_t batch = 0, heads = 0, length = 0, size = 0;
  std::vector<V> values;

  Dims dims() const { return {batch, heads, length, size}; }
  const V* of(std::int64_t b, std::int64_t head) const {
    return values.data() + (b * heads + head) * length * size;
  }
};

/// More would be a mistake, and endless where a size is 0.
constexpr std::int64_t most_heads = std::int64_t{1} << 20;

/// [batch, length, heads·size] taken apart by attribute `heads_attribute`, or [batch, heads, length, size] as
/// it is.
template <class V>
Heads<V> read_heads(const KernelContext& context, std::size_t index, const char* heads_attribute) {
  const Tensor& tensor = context.input(index);
  const Dims& dims = tensor.dims();
  if (dims.size() == 4) return {dims[0], dims[1], dims[2], dims[3], values_as<V>(tensor)};
  if (dims.size() != 3) throw Error("attention needs inputs of rank 3 or 4, not " + to_string(dims));
  const std::int64_t heads = context.integer(heads_attribute, 0);
  if (heads < 1 || heads > most_heads || dims[2] % heads != 0)
    throw Error(std::string(heads_attribute) + " is " + std::to_string(heads) + " for a size of " +
                std::to_string(dims[2]));
  Heads<V> result{dims[0], heads, dims[1], dims[2] / heads, {}};
  const std::vector<V> from = values_as<V>(tensor);
  result.values.reserve(from.size());
  for (std::int64_t b = 0; b < result.batch; ++b)
    for (std::int64_t head = 0; head < heads; ++head)
      for (std::int64_t i = 0; i < result.length; ++i) {
        const auto row = from.begin() + ((b * result.length + i) * heads + head) * result.size;
        result.values.insert(result.values.end(), row, row + result.size);
      }
  return result;
}

/// The past [batch, heads, length, size] before the present, along the length.
template <class V>
Heads<V> appended(const Tensor& past, const Heads<V>& now) {
  const Dims& dims = past.dims();
  if (dims.size() != 4 || dims[0] != now.batch || dims[1] != now.heads || dims[3] != now.size)
    throw Error("a past of " + to_string(dims) + " does not fit " + to_string(now.dims()));
  Heads<V> all{now.batch, now.heads, dims[2] + now.length, now.size, {}};
  const std::vector<V> before = values_as<V>(past);
  all.values.reserve(before.size() + now.values.size());
  for (std::int64_t i = 0; i < now.batch * now.heads; ++i) {
    const auto old = before.begin() + i * dims[2] * now.size;
    const auto fresh = now.values.begin() + i * now.length * now.size;
    all.values.insert(all.values.end(), old, old + dims[2] * now.size);
    all.values.insert(all.values.end(), fresh, fresh + now.length * now.size);
  }
  return all;
}

/// Numbers in a tensor's type.
template <class V>
Tensor tensor_of(DataType type, Dims dims, const std::vector<V>& values) {
  return tensor_from(type, std::move(dims), std::vector<double>(values.begin(), values.end()));
}

/// What is added to the scores of a query: 0 or the mask's value for keys that it may see, −∞ for others.
class ScoreBias {
 public:
  ScoreBias(const KernelContext& context, const Dims& scores, std::int64_t past) : scores_(scores) {
    causal_ = context.integer("is_causal", 0) != 0;
    left_ = context.integer("left_window_size", -1);
    right_ = context.integer("right_window_size", -1);
    if (left_ < -1 || right_ < -1) throw Error("a window size is -1 or more");
    offsets_.assign(static_cast<std::size_t>(scores[0]), past);
    if (const auto counts = context.optional_integers(6)) read_counts(*counts, past);
    if (context.has_input(3)) read_mask(context.input(3));
  }

  /// row [keys] for query i of (batch, head); whether any key is left.
  bool fill(std::int64_t b, std::int64_t head, std::int64_t i, std::vector<double>& row) const {
    const std::int64_t position = offsets_[b] + i;
    const double* mask =
        mask_.empty() ? nullptr : mask_.data() + b * strides_[0] + head * strides_[1] + i * strides_[2];
    bool any = false;
    for (std::int64_t j = 0; j < scores_[3]; ++j) {
      const bool hidden = (causal_ && j > position) || (left_ >= 0 && j < position - left_) ||
                          (right_ >= 0 && j > position + right_) || (!counts_.empty() && j >= counts_[b]);
      double bias = 0;
      if (mask) bias = j < mask_keys_ ? mask[j * strides_[3]] : masked;
      row[j] = hidden ? masked : bias;
      any = any || row[j] != masked;
    }
    return any;
  }

 private:
  /// A cache kept outside: keys behind `counts` are padding, and the queries are the last before them.
  void read_counts(const std::vector<std::int64_t>& counts, std::int64_t past) {
    if (static_cast<std::int64_t>(counts.size()) != scores_[0])
      throw Error("nonpad_kv_seqlen needs one count a sample");
    counts_ = counts;
    if (past == 0)
      for (std::size_t b = 0; b < counts.size(); ++b) offsets_[b] = counts[b] - scores_[2];
  }

  /// Bool: true lets a key through. Numbers are added. Keys beyond a shorter mask are hidden.
  void read_mask(const Tensor& mask) {
    mask_ = values_as<double>(mask);
    if (mask.type() == DataType::Bool)
      for (double& value : mask_) value = value != 0 ? 0 : masked;
    Dims wanted = scores_;
    mask_keys_ = scores_[3];
    const std::int64_t keys = mask.dims().empty() ? 1 : mask.dims().back();
    if (keys != 1 && keys < scores_[3]) wanted[3] = mask_keys_ = keys;
    strides_ = broadcast_strides(mask.dims(), wanted);
    if (mask_.empty()) mask_.push_back(0);
  }

  Dims scores_, strides_;
  bool causal_ = false;
  std::int64_t left_ = -1, right_ = -1, mask_keys_ = 0;
  std::vector<std::int64_t> offsets_, counts_;
  std::vector<double> mask_;
};

/// What the fourth output shows.
enum class ScoreStage { Product = 0, Capped = 1, Biased = 2, Softmax = 3 };

struct AttentionSettings {
  double scale, softcap;
  ScoreStage shown;
};

AttentionSettings read_settings(const KernelContext& context, std::int64_t head_size) {
  const std::int64_t mode = context.integer("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3) throw Error("qk_matmul_output_mode is " + std::to_string(mode));
  const double scale = context.has_attribute("scale") ? static_cast<double>(context.real("scale", 1))
                                                      : 1 / std::sqrt(static_cast<double>(head_size));
  return {scale, static_cast<double>(context.real("softcap", 0)), static_cast<ScoreStage>(mode)};
}

/// In place; a row without any key becomes zeros.
void softmax_row(std::vector<double>& row, bool any) {
  double largest = masked, sum = 0;
  for (const double value : row) largest = std::max(largest, value);
  for (double& value : row) sum += value = any ? std::exp(value - largest) : 0;
  for (double& value : row) value = sum == 0 ? 0 : value / sum;
}

/// Scores of one head, [queries, keys], become probabilities; `shown` receives the stage that is asked for.
template <class V>
void apply_softmax(const AttentionSettings& settings, const ScoreBias& bias, std::int64_t b,
                   std::int64_t head, std::int64_t queries, std::int64_t keys, V* scores, V* shown) {
  std::vector<double> row(static_cast<std::size_t>(keys)), added(row.size());
  for (std::int64_t i = 0; i < queries; ++i) {
    V* score = scores + i * keys;
    const bool any = bias.fill(b, head, i, added);
    const auto show = [&](ScoreStage stage) {
      if (shown && stage == settings.shown)
        for (std::int64_t j = 0; j < keys; ++j) shown[i * keys + j] = static_cast<V>(row[j]);
    };
    for (std::int64_t j = 0; j < keys; ++j) row[j] = static_cast<double>(score[j]);
    show(ScoreStage::Product);
    if (settings.softcap > 0)
      for (double& value : row) value = settings.softcap * std::tanh(value / settings.softcap);
    show(ScoreStage::Capped);
    for (std::int64_t j = 0; j < keys; ++j) row[j] += added[j];
    show(ScoreStage::Biased);
    softmax_row(row, any);
    show(ScoreStage::Softmax);
    for (std::int64_t j = 0; j < keys; ++j) score[j] = static_cast<V>(row[j]);
  }
}

template <class V>
void check_heads(const Heads<V>& q, const Heads<V>& k, const Heads<V>& v) {
  if (q.batch != k.batch || q.batch != v.batch || k.heads != v.heads || k.length != v.length ||
      q.size != k.size)
    throw Error("queries " + to_string(q.dims()) + ", keys " + to_string(k.dims()) + " and values " +
                to_string(v.dims()) + " do not fit each other");
  if (k.heads < 1 || q.heads % k.heads != 0)
    throw Error(std::to_string(q.heads) + " query heads cannot share " + std::to_string(k.heads) +
                " key heads");
}

/// y [batch, queries, heads, size] or [batch, heads, queries, size]: where a head's row stands.
template <class V>
std::vector<V> attend(const KernelContext& context, const Heads<V>& q, const Heads<V>& k, const Heads<V>& v,
                      std::int64_t past, std::vector<V>* shown) {
  const bool heads_last = context.input(0).rank() == 3;
  const AttentionSettings settings = read_settings(context, q.size);
  const ScoreBias bias(context, {q.batch, q.heads, q.length, k.length}, past);
  auto y = working_memory<V>({q.batch, q.heads, q.length, v.size});
  auto scores = working_memory<V>({q.length, k.length});
  std::vector<V> scaled;
  const std::int64_t row_stride = heads_last ? q.heads * v.size : v.size;
  for (std::int64_t b = 0; b < q.batch; ++b)
    for (std::int64_t head = 0; head < q.heads; ++head) {
      context.cancel.check();
      const std::int64_t shared = head / (q.heads / k.heads), index = b * q.heads + head;
      scaled.assign(q.of(b, head), q.of(b, head) + q.length * q.size);
      for (V& value : scaled) value *= static_cast<V>(settings.scale);
      gemm<V>(q.length, k.length, q.size, {scaled.data(), q.size}, {k.of(b, shared), k.size, true},
              scores.data(), k.length);
      apply_softmax(settings, bias, b, head, q.length, k.length, scores.data(),
                    shown ? shown->data() + index * q.length * k.length : nullptr);
      V* to = y.data() + (heads_last ? (b * q.length * q.heads + head) * v.size : index * q.length * v.size);
      gemm<V>(q.length, v.size, k.length, {scores.data(), k.length}, {v.of(b, shared), v.size}, to,
              row_stride);
    }
  return y;
}

template <class V>
void run_attention(KernelContext& context) {
  const auto q = read_heads<V>(context, 0, "q_num_heads");
  auto k = read_heads<V>(context, 1, "kv_num_heads"), v = read_heads<V>(context, 2, "kv_num_heads");
  if (context.has_input(4) != context.has_input(5)) throw Error("past_key and past_value are given together");
  const std::int64_t now = k.length;
  if (context.has_input(4)) k = appended(context.input(4), k), v = appended(context.input(5), v);
  check_heads(q, k, v);
  const DataType type = context.input(0).type();
  std::vector<V> shown;
  if (context.wants_output(3)) shown = working_memory<V>({q.batch, q.heads, q.length, k.length});
  const auto y = attend(context, q, k, v, k.length - now, context.wants_output(3) ? &shown : nullptr);
  const bool heads_last = context.input(0).rank() == 3;
  context.set_output(0, tensor_of(type,
                                  heads_last ? Dims{q.batch, q.length, q.heads * v.size}
                                             : Dims{q.batch, q.heads, q.length, v.size},
                                  y));
  if (context.wants_output(1)) context.set_output(1, tensor_of(context.input(1).type(), k.dims(), k.values));
  if (context.wants_output(2)) context.set_output(2, tensor_of(context.input(2).type(), v.dims(), v.values));
  if (context.wants_output(3))
    context.set_output(3, tensor_of(type, {q.batch, q.heads, q.length, k.length}, shown));
}

void attention(KernelContext& context) {
  if (context.input(0).type() == DataType::Float64)
    run_attention<double>(context);
  else
    run_attention<float>(context);
}

// --- inference, cost, records ---

/// [batch, heads, length, size] of an input of either form, unknown where it is.
Shape heads_shape(const InferenceContext& context, std::size_t index, const char* heads_attribute) {
  const auto& shape = context.input_shape(index);
  if (shape && shape->size() == 4) return *shape;
  if (!shape || shape->size() != 3) return Shape(4);
  const Dimension heads = context.integer(heads_attribute, 1);
  return {(*shape)[0], heads, (*shape)[1], floor_div((*shape)[2], heads)};
}

void infer_attention(InferenceContext& context) {
  const Shape q = heads_shape(context, 0, "q_num_heads");
  Shape k = heads_shape(context, 1, "kv_num_heads"), v = heads_shape(context, 2, "kv_num_heads");
  if (context.has_input(4)) {
    const auto& past = context.input_shape(4);
    const Dimension length = past && past->size() == 4 ? (*past)[2] : Dimension::unknown();
    k[2] = k[2] + length;
    v[2] = v[2] + length;
  }
  const auto& form = context.input_shape(0);
  std::optional<Shape> y;
  if (form) y = form->size() == 3 ? Shape{q[0], q[2], q[1] * v[3]} : Shape{q[0], q[1], q[2], v[3]};
  context.set_output(0, context.input_element(0), y);
  context.set_output(1, context.input_element(1), k);
  context.set_output(2, context.input_element(2), v);
  context.set_output(3, context.input_element(0), Shape{q[0], q[1], q[2], k[2]});
}

/// Every query meets every key and every value; about five operations make a score's softmax.
std::optional<Cost> attention_cost(const CostContext& context) {
  const auto q = context.input_dims(0), k = context.input_dims(1), v = context.input_dims(2);
  if (!q || !k || !v || q->size() < 3 || k->size() != q->size() || v->size() != q->size())
    return std::nullopt;
  const bool flat = q->size() == 3;
  const auto heads = [&](const char* name, const Dims& dims) {
    return flat ? std::max<std::int64_t>(1, context.node.attribute_or(name, std::int64_t{1})) : dims[1];
  };
  const std::int64_t query_heads = heads("q_num_heads", *q), value_heads = heads("kv_num_heads", *v);
  const auto past = context.input_dims(4);
  const std::int64_t keys = (*k)[flat ? 1 : 2] + (past && past->size() == 4 ? (*past)[2] : 0);
  const double scores = static_cast<double>((*q)[0] * query_heads * (*q)[flat ? 1 : 2] * keys);
  const std::int64_t size = flat ? q->back() / query_heads + v->back() / value_heads : q->back() + v->back();
  const double macs = scores * static_cast<double>(size);
  return Cost{macs, 2 * macs + 5 * scores};
}

Operator attention_record() {
  using types::operator+;
  return Operator("Attention", 23, OperatorKind::MatrixAndConvolution)
      .summary(
          "Scaled dot-product attention of one or several heads: each query's mean of the values, weighed by "
          "the softmax of its products with the keys.")
      .attribute("is_causal", std::int64_t{0}, "Whether a query sees no key behind its own position.")
      .optional_attribute("kv_num_heads", AttributeType::Int, "Heads of keys and values; needed for rank 3.")
      .optional_attribute("q_num_heads", AttributeType::Int, "Heads of queries; needed for rank 3.")
      .attribute(
          "qk_matmul_output_mode", std::int64_t{0},
          "What the fourth output shows: 0 the products, 1 after softcap, 2 with the mask, 3 the softmax.")
      .optional_attribute("scale", AttributeType::Float,
                          "Factor of the products; one by the root of the head's size.")
      .attribute("softcap", 0.0f, "Limits the products smoothly to ±softcap; 0 leaves them.")
      .optional_attribute("softmax_precision", AttributeType::Int,
                          "Element type in which the softmax is computed.")
      .input("Q", "T1", "Queries [batch, heads, length, size] or [batch, length, heads·size].")
      .input("K", "T1", "Keys, of either form.")
      .input("V", "T2", "Values, of either form.")
      .optional_input("attn_mask", "U", "Bool: which keys a query sees; numbers: added to the products.")
      .optional_input("past_key", "T1", "Keys of earlier calls [batch, heads, length, size].")
      .optional_input("past_value", "T2", "Values of earlier calls.")
      .output("Y", "T1", "Weighed values, in the form of Q.")
      .optional_output("present_key", "T1", "Keys for the next call.")
      .optional_output("present_value", "T2", "Values for the next call.")
      .optional_output("qk_matmul_output", "T1", "The products at some stage [batch, heads, length, keys].")
      .constraint("T1", types::floats_and_bfloat16())
      .constraint("T2", types::floats_and_bfloat16())
      .constraint("U", types::numbers_and_bfloat16() + types::tensors({"bool"}))
      .infer(reporting_errors(infer_attention))
      .kernel(attention)
      .example(
          "Q = float[1, 1, 2, 2]{1, 0, 0, 1}; K = float[1, 1, 2, 2]{1, 0, 0, 1}; V = float[1, 1, 2, 2]{1..4}")
      .cost(attention_cost);
}

}  // namespace

void register_attention(OperatorTable& table) {
  const Operator record = attention_record();
  table.add(record);
  Operator with_counts = record.at(24).optional_input(
      "nonpad_kv_seqlen", "tensor(int64)",
      "Keys of each sample that are no padding [batch], for a cache kept outside.");
  table.add(with_counts);
  table.add(with_counts.at(25)
                .attribute("left_window_size", std::int64_t{-1},
                           "Keys before its position that a query sees; -1: all.")
                .attribute("right_window_size", std::int64_t{-1},
                           "Keys behind its position that a query sees; -1: all."));
}

}  // namespace lapidary
