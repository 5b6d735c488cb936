#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

Tensor values(Dims dims, const std::vector<float>& numbers) { return Tensor::of(std::move(dims), numbers); }
Tensor lengths(const std::vector<std::int32_t>& numbers) {
  return Tensor::of({static_cast<std::int64_t>(numbers.size())}, numbers);
}
AttributeValue text(const char* value) { return std::string(value); }

/// Cells whose gates are the identity, so that sums can be followed by hand.
Attributes linear(int count, Attributes more = {}) {
  more.emplace_back("activations", std::vector<std::string>(static_cast<std::size_t>(count), "Affine"));
  return more;
}

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

Node rnn(Attributes attributes) {
  return node("RNN", {"x", "w", "r", "b", "l", "h"}, {"y", "yh"}, std::move(attributes));
}
Node gru(Attributes attributes) {
  return node("GRU", {"x", "w", "r", "b"}, {"", "yh"}, std::move(attributes));
}
Node lstm(Attributes attributes) {
  return node("LSTM", {"x", "w", "r", "b", "l", "h", "c", "p"}, {"", "yh", "yc"}, std::move(attributes));
}

}  // namespace

class RecurrentTest : public QObject {
  Q_OBJECT
 private slots:
  void simple_data() {
    kernel_columns();
    // One input, one hidden unit: h = x + 10·h, written as digits.
    const Tensor x = values({3, 1, 1}, {1, 2, 3}), w = values({1, 1, 1}, {1}), r = values({1, 1, 1}, {10});
    const Tensor both_w = values({2, 1, 1}, {1, 1}), both_r = values({2, 1, 1}, {10, 10});
    add_kernel_case("forward", rnn(linear(1)), {x, w, r, {}, {}, {}},
                    {values({3, 1, 1, 1}, {1, 12, 123}), values({1, 1, 1}, {123})});
    add_kernel_case("reverse", rnn(linear(1, {{"direction", text("reverse")}})), {x, w, r, {}, {}, {}},
                    {values({3, 1, 1, 1}, {321, 32, 3}), values({1, 1, 1}, {321})});
    add_kernel_case("both directions", rnn(linear(2, {{"direction", text("bidirectional")}})),
                    {x, both_w, both_r, {}, {}, {}},
                    {values({3, 2, 1, 1}, {1, 321, 12, 32, 123, 3}), values({2, 1, 1}, {123, 321})});
    add_kernel_case("biases and initial state", rnn(linear(1)),
                    {x, w, r, values({1, 2}, {0.25f, 0.25f}), {}, values({1, 1, 1}, {1})},
                    {values({3, 1, 1, 1}, {11.5f, 117.5f, 1178.5f}), values({1, 1, 1}, {1178.5f})});
    const Tensor two = values({3, 2, 1}, {1, 4, 2, 5, 3, 6});
    add_kernel_case("shorter sequences end with zeros", rnn(linear(1)), {two, w, r, {}, lengths({3, 2}), {}},
                    {values({3, 1, 2, 1}, {1, 4, 12, 45, 123, 0}), values({1, 2, 1}, {123, 45})});
    add_kernel_case("reverse starts at a sequence's own end",
                    rnn(linear(1, {{"direction", text("reverse")}})), {two, w, r, {}, lengths({3, 2}), {}},
                    {values({3, 1, 2, 1}, {321, 54, 32, 5, 3, 0}), values({1, 2, 1}, {321, 54})});
    add_kernel_case("batch first", rnn(linear(1, {{"layout", std::int64_t{1}}})),
                    {values({2, 3, 1}, {1, 2, 3, 4, 5, 6}), w, r, {}, {}, {}},
                    {values({2, 3, 1, 1}, {1, 12, 123, 4, 45, 456}), values({2, 1, 1}, {123, 456})});
    add_kernel_case("clip limits what is activated", rnn(linear(1, {{"clip", 5.0f}})), {x, w, r, {}, {}, {}},
                    {values({3, 1, 1, 1}, {1, 5, 5}), values({1, 1, 1}, {5})});
    add_kernel_case("parameters of an activation",
                    rnn({{"activations", std::vector<std::string>{"affine"}},
                         {"activation_alpha", std::vector<float>{2}},
                         {"activation_beta", std::vector<float>{1}}}),
                    {values({1, 1, 1}, {3}), w, r, {}, {}, {}},
                    {values({1, 1, 1, 1}, {7}), values({1, 1, 1}, {7})});
    add_kernel_case("tanh by default", rnn({}), {values({1, 1, 1}, {0.5f}), w, r, {}, {}, {}},
                    {values({1, 1, 1, 1}, {std::tanh(0.5f)}), values({1, 1, 1}, {std::tanh(0.5f)})});
    add_kernel_case("no steps", rnn({}), {values({0, 1, 1}, {}), w, r, {}, {}, {}},
                    {values({0, 1, 1, 1}, {}), values({1, 1, 1}, {0})});
  }
  void simple() { check_kernel_case(); }

  void gated_data() {
    kernel_columns();
    const Tensor x = values({1, 1, 1}, {1}), h = values({1, 1, 1}, {2});
    const Node with_state = node("GRU", {"x", "w", "r", "b", "", "h"}, {"", "yh"}, linear(2));
    Node before_reset = with_state;
    before_reset.attributes.push_back(
        {"linear_before_reset", std::int64_t{1}, "", AttributeType::Undefined, "", ""});
    // z = 0.5·x, r = 0.25·x + 1·h; n = x + r·h·3 + biases.
    const Tensor w = values({1, 3, 1}, {0.5f, 0.25f, 1}), r = values({1, 3, 1}, {0, 1, 3});
    const Tensor b = values({1, 6}, {0, 0, 0, 0, 0, 4});
    const float n = 1 + 2.25f * 2 * 3 + 4, n_before = 1 + 2.25f * (2 * 3 + 4);
    add_kernel_case("reset before the product", with_state, {x, w, r, b, {}, h},
                    {{}, values({1, 1, 1}, {0.5f * n + 0.5f * 2})});
    add_kernel_case("product before the reset", before_reset, {x, w, r, b, {}, h},
                    {{}, values({1, 1, 1}, {0.5f * n_before + 0.5f * 2})});
    add_kernel_case("sigmoid and tanh by default", gru({}), {x, w, r, {}},
                    {{}, values({1, 1, 1}, {(1 - sigmoid(0.5f)) * std::tanh(1.0f)})});
  }
  void gated() { check_kernel_case(); }

  void longShortTerm_data() {
    kernel_columns();
    const Tensor x = values({1, 1, 1}, {1}), c = values({1, 1, 1}, {2}),
                 none = values({1, 4, 1}, {0, 0, 0, 0});
    const Tensor w = values({1, 4, 1}, {2, 3, 5, 7});  // i, o, f, c
    add_kernel_case("gates in the order i, o, f, c", lstm(linear(3)), {x, w, none, {}, {}, {}, c, {}},
                    {{}, values({1, 1, 1}, {3 * (5 * 2 + 2 * 7)}), values({1, 1, 1}, {5 * 2 + 2 * 7})});
    // Peepholes: i += 1·C, o += 10·C', f += 100·C.
    const float next = (5 + 200) * 2 + (2 + 2) * 7;
    add_kernel_case("peepholes", lstm(linear(3)), {x, w, none, {}, {}, {}, c, values({1, 3}, {1, 10, 100})},
                    {{}, values({1, 1, 1}, {(3 + 10 * next) * next}), values({1, 1, 1}, {next})});
    add_kernel_case("coupled input and forget gate", lstm(linear(3, {{"input_forget", std::int64_t{1}}})),
                    {x, w, none, {}, {}, {}, c, {}},
                    {{}, values({1, 1, 1}, {3 * (-1 * 2 + 2 * 7)}), values({1, 1, 1}, {-1 * 2 + 2 * 7})});
    const float cell = sigmoid(5) * 2 + sigmoid(2) * std::tanh(7.0f);
    add_kernel_case("sigmoid and tanh by default", lstm({}), {x, w, none, {}, {}, {}, c, {}},
                    {{}, values({1, 1, 1}, {sigmoid(3) * std::tanh(cell)}), values({1, 1, 1}, {cell})});
  }
  void longShortTerm() { check_kernel_case(); }

  void refuses_data() {
    kernel_columns();
    const Tensor x = values({1, 1, 1}, {1}), w = values({1, 1, 1}, {1});
    add_refusal("weights of another input", rnn({}), {values({1, 1, 2}, {1, 1}), w, w, {}, {}, {}},
                "W is 1 × 1 × 1");
    add_refusal("one direction's weights for two", rnn({{"direction", text("bidirectional")}}),
                {x, w, w, {}, {}, {}}, "W is");
    add_refusal("unknown direction", rnn({{"direction", text("up")}}), {x, w, w, {}, {}, {}},
                "direction is 'up'");
    add_refusal("unknown activation", rnn({{"activations", std::vector<std::string>{"Cube"}}}),
                {x, w, w, {}, {}, {}}, "'Cube' is unknown");
    add_refusal("a sequence too long", rnn({}), {x, w, w, {}, lengths({2}), {}}, "2 of 1 steps");
    add_refusal("bias of another size", rnn({}), {x, w, w, values({1, 1}, {0}), {}, {}}, "B is");
  }
  void refuses() { check_kernel_case(); }

  void infers_data() {
    inference_columns();
    const Node n = node("LSTM", {"x", "w", "r"}, {"y", "yh", "yc"}, {{"direction", text("bidirectional")}});
    add_inference_case("both directions",
                       {n,
                        {floats({"S", "B", "8"}), floats({"2", "64", "8"}), floats({"2", "64", "16"})},
                        {},
                        {"float32 S × 2 × B × 16", "float32 2 × B × 16", "float32 2 × B × 16"},
                        "",
                        ""});
  }
  void infers() { check_inference_case(); }
};

QTEST_GUILESS_MAIN(RecurrentTest)
#include "recurrent_test.moc"
