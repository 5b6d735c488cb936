#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

Tensor values(Dims dims, const std::vector<float>& numbers) { return Tensor::of(std::move(dims), numbers); }
AttributeValue text(const char* value) { return std::string(value); }

Node attention(std::vector<std::string> inputs, Attributes attributes = {},
               std::vector<std::string> outputs = {"y"}) {
  return node("Attention", std::move(inputs), std::move(outputs), std::move(attributes));
}

}  // namespace

class AttentionTest : public QObject {
  Q_OBJECT
 private slots:
  void attends_data() {
    kernel_columns();
    // Zero queries see all their keys alike: the result is a mean of values.
    const Tensor q = values({1, 1, 2, 1}, {0, 0}), k = values({1, 1, 2, 1}, {1, 2}),
                 v = values({1, 1, 2, 1}, {10, 30});
    const AttributeValue yes = std::int64_t{1};
    add_kernel_case("mean of all values", attention({"q", "k", "v"}), {q, k, v},
                    {values({1, 1, 2, 1}, {20, 20})});
    const float e = std::exp(1.0f);
    add_kernel_case("weighed by the softmax", attention({"q", "k", "v"}), {values({1, 1, 1, 1}, {1}), k, v},
                    {values({1, 1, 1, 1}, {(10 + 30 * e) / (1 + e)})});
    add_kernel_case("causal", attention({"q", "k", "v"}, {{"is_causal", yes}}), {q, k, v},
                    {values({1, 1, 2, 1}, {10, 20})});
    add_kernel_case("bool mask", attention({"q", "k", "v", "m"}),
                    {q, k, v, Tensor::of({2, 2}, std::vector<bool>{false, true, true, false})},
                    {values({1, 1, 2, 1}, {30, 10})});
    add_kernel_case("a query without keys gives zeros", attention({"q", "k", "v", "m"}),
                    {q, k, v, Tensor::of({2, 2}, std::vector<bool>{false, false, true, true})},
                    {values({1, 1, 2, 1}, {0, 20})});
    add_kernel_case("numbers are added", attention({"q", "k", "v", "m"}), {q, k, v, values({1, 2}, {0, 1})},
                    {values({1, 1, 2, 1}, {(10 + 30 * e) / (1 + e), (10 + 30 * e) / (1 + e)})});
    add_kernel_case("a short mask hides the keys behind", attention({"q", "k", "v", "m"}),
                    {q, values({1, 1, 3, 1}, {1, 2, 3}), values({1, 1, 3, 1}, {10, 30, 90}),
                     values({2, 2}, {0, 0, 0, 0})},
                    {values({1, 1, 2, 1}, {20, 20})});
    add_kernel_case(
        "rank 3 takes heads apart",
        attention({"q", "k", "v"}, {{"q_num_heads", std::int64_t{2}}, {"kv_num_heads", std::int64_t{2}}}),
        {values({1, 1, 2}, {0, 0}), values({1, 2, 2}, {1, 1, 1, 1}), values({1, 2, 2}, {1, 10, 3, 30})},
        {values({1, 1, 2}, {2, 20})});
    add_kernel_case("query heads share key heads", attention({"q", "k", "v"}),
                    {values({1, 2, 1, 1}, {0, 0}), k, v}, {values({1, 2, 1, 1}, {20, 20})});
    add_kernel_case(
        "past and present",
        attention({"q", "k", "v", "", "pk", "pv"}, {{"is_causal", yes}}, {"y", "nk", "nv"}),
        {values({1, 1, 1, 1}, {0}),
         values({1, 1, 1, 1}, {1}),
         values({1, 1, 1, 1}, {10}),
         {},
         values({1, 1, 1, 1}, {2}),
         values({1, 1, 1, 1}, {30})},
        {values({1, 1, 1, 1}, {20}), values({1, 1, 2, 1}, {2, 1}), values({1, 1, 2, 1}, {30, 10})});
    add_kernel_case("keys that are padding", attention({"q", "k", "v", "", "", "", "n"}),
                    {q, k, v, {}, {}, {}, ints({1})}, {values({1, 1, 2, 1}, {10, 10})});
    add_kernel_case("window to the left", attention({"q", "k", "v"}, {{"left_window_size", std::int64_t{0}}}),
                    {q, k, v}, {values({1, 1, 2, 1}, {20, 30})});
    add_kernel_case(
        "softcap limits the products",
        attention({"q", "k", "v"}, {{"softcap", 0.5f}, {"qk_matmul_output_mode", yes}}, {"y", "", "", "s"}),
        {values({1, 1, 1, 1}, {1000}), values({1, 1, 1, 1}, {1}), values({1, 1, 1, 1}, {7})},
        {values({1, 1, 1, 1}, {7}), {}, {}, values({1, 1, 1, 1}, {0.5f})});
    add_refusal("rank 2", attention({"q", "k", "v"}), {counting({2, 2}), k, v}, "rank 3 or 4");
    add_refusal("heads do not divide", attention({"q", "k", "v"}, {{"q_num_heads", std::int64_t{2}}}),
                {counting({1, 1, 3}), k, v}, "q_num_heads is 2");
    add_refusal("keys and values differ in number", attention({"q", "k", "v"}),
                {q, k, counting({1, 1, 3, 1})}, "do not fit");
    add_refusal("past key alone", attention({"q", "k", "v", "", "pk"}), {q, k, v, {}, k}, "given together");
  }
  void attends() { check_kernel_case(); }

  void rotates_data() {
    kernel_columns();
    const auto rotary = [](Attributes attributes) {
      return node("RotaryEmbedding", {"x", "c", "s", "p"}, {"y"}, std::move(attributes));
    };
    // Position 1 turns by 90 degrees, position 0 not at all.
    const Tensor c = values({2, 1}, {1, 0}), s = values({2, 1}, {0, 1}),
                 positions = ints({0, 1}).reshaped({1, 2});
    add_kernel_case("a quarter turn", rotary({}), {values({1, 1, 2, 2}, {1, 2, 1, 2}), c, s, positions},
                    {values({1, 1, 2, 2}, {1, 2, -2, 1})});
    add_kernel_case("caches by token", node("RotaryEmbedding", {"x", "c", "s"}, {"y"}),
                    {values({1, 1, 2, 2}, {1, 2, 1, 2}), c.reshaped({1, 2, 1}), s.reshaped({1, 2, 1})},
                    {values({1, 1, 2, 2}, {1, 2, -2, 1})});
    add_kernel_case("rank 3, heads last", rotary({{"num_heads", std::int64_t{2}}}),
                    {values({1, 1, 4}, {1, 2, 3, 4}), c, s, ints({1}).reshaped({1, 1})},
                    {values({1, 1, 4}, {-2, 1, -4, 3})});
    const Tensor c2 = values({1, 2}, {0, 1}), s2 = values({1, 2}, {1, 0}), zero = ints({0}).reshaped({1, 1});
    add_kernel_case("halves make pairs", rotary({}), {values({1, 1, 1, 4}, {1, 2, 3, 4}), c2, s2, zero},
                    {values({1, 1, 1, 4}, {-3, 2, 1, 4})});
    add_kernel_case("neighbours make pairs", rotary({{"interleaved", std::int64_t{1}}}),
                    {values({1, 1, 1, 4}, {1, 2, 3, 4}), c2, s2, zero},
                    {values({1, 1, 1, 4}, {-2, 1, 3, 4})});
    add_kernel_case("only the first values", rotary({{"rotary_embedding_dim", std::int64_t{2}}}),
                    {values({1, 1, 1, 3}, {1, 2, 9}), c, s, ints({1}).reshaped({1, 1})},
                    {values({1, 1, 1, 3}, {-2, 1, 9})});
    add_refusal("a position outside", rotary({}),
                {values({1, 1, 1, 2}, {1, 2}), c, s, ints({2}).reshaped({1, 1})}, "position 2 is outside");
    add_refusal("an odd number", rotary({}), {values({1, 1, 1, 3}, {1, 2, 3}), c, s, zero}, "in pairs");
  }
  void rotates() { check_kernel_case(); }

  void attendsLinearly_data() {
    kernel_columns();
    const auto linear = [](const char* rule) {
      return node("LinearAttention", {"q", "k", "v", "s", "g", "b"}, {"y", "state"},
                  {{"q_num_heads", std::int64_t{1}},
                   {"kv_num_heads", std::int64_t{1}},
                   {"scale", 1.0f},
                   {"update_rule", text(rule)}});
    };
    const Tensor q = values({1, 2, 1}, {1, 1}), k = values({1, 2, 1}, {1, 1}), v = values({1, 2, 1}, {3, 5});
    const Tensor half = values({1, 2, 1}, {std::log(0.5f), std::log(0.5f)}),
                 rate = values({1, 2, 1}, {0.5f, 0.5f});
    add_kernel_case("linear adds", linear("linear"), {q, k, v, values({1, 1, 1, 1}, {1}), {}, {}},
                    {values({1, 2, 1}, {4, 9}), values({1, 1, 1, 1}, {9})});
    add_kernel_case("gated decays", linear("gated"), {q, k, v, {}, half, {}},
                    {values({1, 2, 1}, {3, 6.5f}), values({1, 1, 1, 1}, {6.5f})});
    add_kernel_case("delta corrects", linear("delta"), {q, k, v, {}, {}, rate},
                    {values({1, 2, 1}, {1.5f, 3.25f}), values({1, 1, 1, 1}, {3.25f})});
    add_kernel_case("both", linear("gated_delta"), {q, k, v, {}, half, rate},
                    {values({1, 2, 1}, {1.5f, 2.875f}), values({1, 1, 1, 1}, {2.875f})});
    add_refusal("no decay", linear("gated"), {q, k, v, {}, {}, {}}, "needs decay");
    add_refusal("a rate that no rule uses", linear("linear"), {q, k, v, {}, {}, rate}, "has no beta");
  }
  void attendsLinearly() { check_kernel_case(); }

  void infers_data() {
    inference_columns();
    const Attributes heads{{"q_num_heads", std::int64_t{8}}, {"kv_num_heads", std::int64_t{4}}};
    add_inference_case("rank 3", {attention({"q", "k", "v", "", "pk", "pv"}, heads, {"y", "nk", "nv", "s"}),
                                  {floats({"B", "S", "64"}),
                                   floats({"B", "S", "32"}),
                                   floats({"B", "S", "16"}),
                                   {},
                                   floats({"B", "4", "P", "8"}),
                                   floats({"B", "4", "P", "4"})},
                                  {},
                                  {"float32 B × S × 32", "float32 B × 4 × P + S × 8",
                                   "float32 B × 4 × P + S × 4", "float32 B × 8 × S × P + S"},
                                  "",
                                  ""});
  }
  void infers() { check_inference_case(); }
};

QTEST_GUILESS_MAIN(AttentionTest)
#include "attention_test.moc"
