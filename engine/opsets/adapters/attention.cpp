#include <cmath>
#include <limits>

#include "engine/ops/cast.h"
#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

// --- Attention ---

/// The parts that the formula of Attention is written with.
class AttentionFormula {
 public:
  explicit AttentionFormula(NodeRewrite& rewrite)
      : r_(rewrite),
        type_(rewrite.element(rewrite.input(0))),
        is_flat_(rewrite.rank(rewrite.input(0)) == 3) {}

  void write() {
    const std::int64_t q_heads = heads(0, "q_num_heads"), kv_heads = heads(1, "kv_num_heads");
    const std::string q = apart(0, q_heads);
    const std::string k = with_past(apart(1, kv_heads), 4, 1), v = with_past(apart(2, kv_heads), 5, 2);
    const std::string keys = shared(k, 1, kv_heads, q_heads), values = shared(v, 2, kv_heads, q_heads);
    const std::string turned = transposed(r_, keys, {0, 1, 3, 2});
    std::string scores = r_.write("MatMul", {r_.write("Mul", {q, scale(q_heads)}), turned});
    show(0, scores);
    scores = capped(scores);
    show(1, scores);
    scores = masked(scores);
    show(2, scores);
    const std::string weights = softmax(scores);
    show(3, weights);
    r_.node.outputs.resize(1);
    if (!is_flat_) return r_.become("MatMul", {weights, values});
    const std::string joint = transposed(r_, r_.write("MatMul", {weights, values}), {0, 2, 1, 3});
    r_.become("Reshape", {joint, r_.integers_value({0, 0, -1}, "shape")});
  }

 private:
  std::int64_t heads(std::size_t index, const char* attribute) {
    if (is_flat_) return r_.integer(attribute, 1);
    const auto shape = r_.shape(r_.input(index));
    if (!shape || shape->size() != 4 || !(*shape)[1].is_constant())
      r_.refuse("the number of its heads is not known");
    return (*shape)[1].value();
  }

  /// [batch, heads, length, size]
  std::string apart(std::size_t index, std::int64_t count) {
    if (!is_flat_) return r_.input(index);
    const std::string split =
        r_.write("Reshape", {r_.input(index), r_.integers_value({0, 0, count, -1}, "shape")});
    return transposed(r_, split, {0, 2, 1, 3});
  }

  std::string with_past(const std::string& now, std::size_t past, std::size_t present) {
    const std::string all =
        r_.has_input(past) ? r_.write("Concat", {r_.input(past), now}, {{"axis", std::int64_t{2}}}) : now;
    if (r_.wants_output(present)) r_.write_output(present, "Identity", {all});
    return all;
  }

  /// The values of a head, int64 [1].
  std::string head_size(std::size_t index, std::int64_t count) {
    if (!is_flat_) return size_of_axis(r_, r_.input(index), 3);
    return r_.write("Div", {size_of_axis(r_, r_.input(index), 2), r_.integers_value({count}, "heads")});
  }

  /// Heads of keys and values repeated for the queries' heads that share them.
  std::string shared(const std::string& value, std::size_t index, std::int64_t count, std::int64_t wanted) {
    if (count == wanted) return value;
    const std::string repeats = r_.integers_value({1, 1, wanted / count, 1, 1}, "repeats");
    const std::string tiles = r_.write("Tile", {unsqueezed(r_, value, {2}), repeats});
    const std::string shape =
        joined(r_, {r_.integers_value({0, wanted, -1}, "shape"), head_size(index, count)});
    return r_.write("Reshape", {tiles, shape});
  }

  std::string scale(std::int64_t count) {
    if (r_.has("scale")) return r_.number(static_cast<double>(r_.real("scale", 1)), type_, "scale");
    const auto shape = r_.shape(r_.input(0));
    const Dimension last = shape ? shape->back() : Dimension();
    if (last.is_constant()) {
      const double size = static_cast<double>(last.value()) / static_cast<double>(is_flat_ ? count : 1);
      return r_.number(1 / std::sqrt(size), type_, "scale");
    }
    return r_.write("Reciprocal", {r_.write("Sqrt", {r_.cast(head_size(0, count), type_)})});
  }

  std::string capped(const std::string& scores) {
    const auto cap = static_cast<double>(r_.real("softcap", 0));
    if (cap == 0) return scores;
    const std::string limit = r_.number(cap, type_, "softcap");
    return r_.write("Mul", {r_.write("Tanh", {r_.write("Div", {scores, limit})}), limit});
  }

  /// 0 where the condition holds, else −∞.
  std::string bias(const std::string& condition) {
    const std::string none = r_.number(0, type_, "zero");
    return r_.write("Where",
                    {condition, none, r_.number(-std::numeric_limits<double>::infinity(), type_, "hidden")});
  }

  std::string masked(std::string scores) {
    if (r_.integer("is_causal", 0) != 0) scores = r_.write("Add", {scores, bias(causal())});
    if (!r_.has_input(3)) return scores;
    const DataType mask = r_.element(r_.input(3));
    std::string added = mask == DataType::Bool ? bias(r_.input(3)) : r_.input(3);
    if (mask != DataType::Bool && mask != type_) added = r_.cast(added, type_);
    check_mask_length();
    return r_.write("Add", {scores, added});
  }

  /// Keys behind a mask that is shorter would be hidden.
  void check_mask_length() {
    const auto mask = r_.shape(r_.input(3)), keys = r_.shape(r_.input(1));
    if (!mask || mask->empty() || !keys || r_.has_input(4)) return;
    const Dimension length = (*keys)[is_flat_ ? 1 : 2];
    const bool differs = mask->back().is_constant() && length.is_constant() && mask->back().value() != 1 &&
                         mask->back().value() != length.value();
    if (differs) r_.refuse("Attention with a mask for some of the keys came with operator set 23");
  }

  /// [queries, keys]: true where the key is not behind the query.
  std::string causal() {
    const std::int64_t length_axis = is_flat_ ? 1 : 2;
    const std::string queries = size_of_axis(r_, r_.input(0), length_axis);
    std::string keys = size_of_axis(r_, r_.input(1), length_axis), past;
    if (r_.has_input(4)) {
      past = size_of_axis(r_, r_.input(4), 2);
      keys = r_.write("Add", {keys, past});
    }
    auto yes = std::make_shared<NamedTensor>();
    yes->tensor = Tensor::of({1}, std::vector<bool>{true});
    const std::string all = r_.write("ConstantOfShape", {joined(r_, {queries, keys})},
                                     {{"value", std::shared_ptr<const NamedTensor>(yes)}});
    std::vector<std::string> inputs = {all};
    if (!past.empty()) inputs.push_back(squeezed(r_, past, {0}));
    return r_.write("Trilu", inputs, {{"upper", std::int64_t{0}}});
  }

  /// Zeros for queries that see no key.
  std::string softmax(const std::string& scores) {
    const auto precision = data_type_from_number(r_.integer("softmax_precision", 0));
    const bool is_cast = precision != DataType::Undefined && precision != type_;
    const std::string given = is_cast ? r_.cast(scores, precision) : scores;
    std::string weights = r_.write("Softmax", {given}, {{"axis", std::int64_t{-1}}});
    if (is_cast) weights = r_.cast(weights, type_);
    if (!r_.has_input(3)) return weights;
    return r_.write("Where", {r_.write("IsNaN", {weights}), r_.number(0, type_, "zero"), weights});
  }

  void show(std::int64_t stage, const std::string& value) {
    if (r_.wants_output(3) && r_.integer("qk_matmul_output_mode", 0) == stage)
      r_.write_output(3, "Identity", {value});
  }

  NodeRewrite& r_;
  DataType type_;
  bool is_flat_;  ///< [batch, length, heads·size]
};

void lower_attention_23(NodeRewrite& rewrite) { AttentionFormula(rewrite).write(); }

// --- RotaryEmbedding ---

/// Every second value from `start` on along the last axis.
std::string every_second(NodeRewrite& rewrite, const std::string& x, std::int64_t start) {
  const auto one = [&](std::int64_t value, const char* base) {
    return rewrite.integers_value({value}, base);
  };
  return rewrite.write("Slice", {x, one(start, "start"), one(std::numeric_limits<std::int64_t>::max(), "end"),
                                 one(-1, "axis"), one(2, "step")});
}

/// (a, b) → (a·cos − b·sin, a·sin + b·cos)
void lower_rotary_embedding_23(NodeRewrite& rewrite) {
  const std::string given = rewrite.input(0);
  const bool is_flat = rewrite.rank(given) == 3, interleaves = rewrite.integer("interleaved", 0) != 0;
  const Integers apart = {0, 0, rewrite.integer("num_heads", 1), -1};
  const std::string all =
      is_flat ? rewrite.write("Reshape", {given, rewrite.integers_value(apart, "shape")}) : given;
  const std::int64_t count = rewrite.integer("rotary_embedding_dim", 0),
                     end = std::numeric_limits<std::int64_t>::max();
  const std::string x = count == 0 ? all : sliced(rewrite, all, 3, 0, count);
  std::vector<std::string> pair;
  if (interleaves)
    pair = {every_second(rewrite, x, 0), every_second(rewrite, x, 1)};
  else
    pair = rewrite.write_all("Split", {x}, {{"axis", std::int64_t{3}}, {"num_outputs", std::int64_t{2}}}, 2);
  const auto angles = [&](std::size_t index) {
    const std::string rows = rewrite.has_input(3)
                                 ? rewrite.write("Gather", {rewrite.input(index), rewrite.input(3)})
                                 : rewrite.input(index);
    return unsqueezed(rewrite, rows, {is_flat ? 2 : 1});
  };
  const std::string cosine = angles(1), sine = angles(2);
  const auto times = [&](const std::string& a, const std::string& b) { return rewrite.write("Mul", {a, b}); };
  std::string first = rewrite.write("Sub", {times(pair[0], cosine), times(pair[1], sine)});
  std::string second = rewrite.write("Add", {times(pair[0], sine), times(pair[1], cosine)});
  if (interleaves) first = unsqueezed(rewrite, first, {4}), second = unsqueezed(rewrite, second, {4});
  const std::int64_t join_axis = interleaves ? 4 : 3;
  std::string turned = rewrite.write("Concat", {first, second}, {{"axis", join_axis}});
  if (interleaves) turned = rewrite.write("Reshape", {turned, rewrite.write("Shape", {x})});
  if (count != 0)
    turned =
        rewrite.write("Concat", {turned, sliced(rewrite, all, 3, count, end)}, {{"axis", std::int64_t{3}}});
  rewrite.become("Reshape", {turned, rewrite.write("Shape", {given})});
}

}  // namespace

std::vector<Adapter> attention_adapters() {
  return {
      {"Attention", 23, nullptr, lower_attention_23},
      {"Attention", 24},  // counts of keys are refused
      {"Attention", 25},  // windows are refused
      {"RotaryEmbedding", 23, nullptr, lower_rotary_embedding_23},
  };
}

}  // namespace lapidary
