#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// Operators of the preview domains: optimizers and attention with graphs of its own.
class OptimizerTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infers_data();
  void infers() { check_inference_case(); }
};

namespace {

Node step(const char* name, std::vector<std::string> outputs,
          std::vector<std::pair<std::string, AttributeValue>> attributes, std::size_t inputs = 5) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < inputs; ++i) names.push_back("i" + std::to_string(i));
  Node result = node(name, names, std::move(outputs), std::move(attributes));
  result.domain = "ai.onnx.preview.training";
  return result;
}

Tensor rate(float value) { return Tensor::scalar(value); }
Tensor count(std::int64_t value) { return Tensor::scalar(value); }

}  // namespace

void OptimizerTest::computes_data() {
  kernel_columns();
  // H = 2 + 1, X = 1 − 0.5·1/√3; H = 1 + 9, X = 2 − 0.5·3/√10.
  add_kernel_case("Adagrad with decay", step("Adagrad", {"x", "h"}, {{"decay_factor", 1.0f}}),
                  {rate(1), count(1), reals({1, 2}), reals({1, 3}), reals({2, 1})},
                  {reals({0.71132487f, 1.52565835f}), reals({3, 10})}, 1);
  // One step from rest moves by the rate, whatever the gradient's size.
  add_kernel_case("Adam's first step", step("Adam", {"x", "v", "h"}, {}, 6),
                  {rate(0.5f), count(1), reals({1, 2}), reals({4, -2}), reals({0, 0}), reals({0, 0})},
                  {reals({0.5f, 2.5f}), reals({0.4f, -0.2f}), reals({0.016f, 0.004f})}, 1);
  const auto momentum = [](const char* mode) {
    return step("Momentum", {"x", "v"},
                {{"mode", std::string(mode)}, {"alpha", 0.5f}, {"beta", 2.0f}, {"norm_coefficient", 1.0f}});
  };
  add_kernel_case("momentum", momentum("standard"), {rate(1), count(1), reals({1}), reals({2}), reals({4})},
                  {reals({-7}), reals({8})}, 1);
  add_kernel_case("momentum in the first update", momentum("standard"),
                  {rate(1), count(0), reals({1}), reals({2}), reals({4})}, {reals({-4}), reals({5})}, 1);
  add_kernel_case("Nesterov's momentum", momentum("nesterov"),
                  {rate(1), count(1), reals({1}), reals({2}), reals({4})}, {reals({-6}), reals({8})}, 1);
  add_refusal("an unknown mode", momentum("fast"), {rate(1), count(1), reals({1}), reals({2}), reals({4})},
              "no mode 'fast'", 1);
  add_refusal("tensors that make no groups", step("Adagrad", {"x"}, {}, 4),
              {rate(1), count(1), reals({1}), reals({2})}, "groups of 3", 1);
  add_refusal("a gradient of another shape", step("Adagrad", {"x", "h"}, {}),
              {rate(1), count(1), reals({1}), reals({2, 3}), reals({4})}, "gradient or state", 1);

  Node attention = node("FlexAttention", {"q", "k", "v"}, {"y"}, {{"scale", 1.0f}});
  attention.domain = "ai.onnx.preview";
  const float large = 100;
  add_kernel_case("attention with shared heads", attention,
                  {Tensor::of<float>({1, 2, 1, 2}, {large, 0, 0, large}),
                   Tensor::of<float>({1, 1, 2, 2}, {1, 0, 0, 1}), Tensor::of<float>({1, 1, 2, 1}, {3, 5})},
                  {Tensor::of<float>({1, 2, 1, 1}, {3, 5})}, 1);
  add_refusal("heads that cannot be shared", attention,
              {counting({1, 3, 1, 2}), counting({1, 2, 2, 2}), counting({1, 2, 2, 1})}, "cannot share", 1);
}

void OptimizerTest::infers_data() {
  inference_columns();
  add_inference_case("two tensors", {step("Momentum", {"a", "b", "va", "vb"}, {}, 8),
                                     {floats({}), int64s({}), floats({"2"}), floats({"N"}), floats({"2"}),
                                      floats({"N"}), floats({"2"}), floats({"N"})},
                                     {},
                                     {"float32 2", "float32 N", "float32 2", "float32 N"},
                                     "",
                                     "",
                                     1});
}

QTEST_GUILESS_MAIN(OptimizerTest)
#include "optimizer_test.moc"
