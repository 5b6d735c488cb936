#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class ActivationTest : public QObject {
  Q_OBJECT

 private slots:
  void computesAsTheStandardSays_data();
  void computesAsTheStandardSays() { check_kernel_case(); }
  void infersTypesAndContents_data();
  void infersTypesAndContents() { check_inference_case(); }
};

void ActivationTest::computesAsTheStandardSays_data() {
  kernel_columns();
  const std::vector<std::string> x = {"x"}, y = {"y"};
  const Tensor values = reals({-2, -0.5f, 0, 3});
  add_kernel_case("Relu clears negatives", node("Relu", x, y), {values}, {reals({0, 0, 0, 3})});
  add_kernel_case("Relu keeps NaN", node("Relu", x, y), {reals({not_a_number, -1})},
                  {reals({not_a_number, 0})});
  add_kernel_case("Relu of integers", node("Relu", x, y), {ints({-5, 7})}, {ints({0, 7})});
  add_kernel_case("Relu of an empty tensor", node("Relu", x, y), {Tensor(DataType::Float32, {0, 3})},
                  {Tensor(DataType::Float32, {0, 3})});
  add_kernel_case("LeakyRelu by default 0.01", node("LeakyRelu", x, y), {values},
                  {reals({-0.02f, -0.005f, 0, 3})});
  add_kernel_case("LeakyRelu with slope", node("LeakyRelu", x, y, {{"alpha", 0.5f}}), {values},
                  {reals({-1, -0.25f, 0, 3})});
  add_kernel_case("PRelu broadcasts its slope", node("PRelu", {"x", "s"}, y),
                  {Tensor::of<float>({2, 2}, {-1, -1, -1, 1}), reals({2, 3})},
                  {Tensor::of<float>({2, 2}, {-2, -3, -2, 1})});
  add_kernel_case("PRelu before 7 has a slope for each channel", node("PRelu", {"x", "s"}, y),
                  {Tensor::of<float>({1, 2, 2}, {-1, -1, -1, 1}), reals({2, 3})},
                  {Tensor::of<float>({1, 2, 2}, {-2, -2, -3, 1})}, 6);
  add_kernel_case("Elu approaches -alpha", node("Elu", x, y, {{"alpha", 2.0f}}), {reals({-infinite, -1, 2})},
                  {reals({-2, -1.2642411f, 2})});
  add_kernel_case("Celu", node("Celu", x, y, {{"alpha", 2.0f}}), {reals({-2, 2})}, {reals({-1.2642411f, 2})});
  add_kernel_case("Selu", node("Selu", x, y), {reals({-1, 1})}, {reals({-1.1113307f, 1.050701f})});
  add_kernel_case("Selu of opset 1 has coarser constants", node("Selu", x, y), {reals({1})},
                  {reals({1.0507f})}, 1);
  add_kernel_case("Sigmoid at its ends", node("Sigmoid", x, y), {reals({-infinite, 0, infinite})},
                  {reals({0, 0.5f, 1})});
  add_kernel_case("HardSigmoid is limited", node("HardSigmoid", x, y), {reals({-10, 0, 1, 10})},
                  {reals({0, 0.5f, 0.7f, 1})});
  add_kernel_case("HardSwish", node("HardSwish", x, y), {reals({-4, 0, 3, 6})}, {reals({0, 0, 3, 6})});
  add_kernel_case("Tanh", node("Tanh", x, y), {reals({-infinite, 0, 0.5f})}, {reals({-1, 0, 0.46211716f})});
  add_kernel_case("Softplus does not overflow", node("Softplus", x, y), {reals({-1000, 0, 1000})},
                  {reals({0, 0.6931472f, 1000})});
  add_kernel_case("Softsign", node("Softsign", x, y), {reals({-3, 1})}, {reals({-0.75f, 0.5f})});
  add_kernel_case("ThresholdedRelu leaves out the threshold", node("ThresholdedRelu", x, y),
                  {reals({0.5f, 1, 1.5f})}, {reals({0, 0, 1.5f})});
  add_kernel_case("Gelu", node("Gelu", x, y), {reals({-1, 0, 1})}, {reals({-0.15865526f, 0, 0.8413447f})});
  add_kernel_case("Gelu by tanh", node("Gelu", x, y, {{"approximate", std::string("tanh")}}),
                  {reals({-1, 1})}, {reals({-0.15880801f, 0.841192f})});
  add_refusal("Gelu of another kind", node("Gelu", x, y, {{"approximate", std::string("fast")}}), {values},
              "'approximate'");
  add_kernel_case("Mish", node("Mish", x, y), {reals({0, 1})}, {reals({0, 0.8650984f})});
  add_kernel_case("Swish", node("Swish", x, y, {{"alpha", 2.0f}}), {reals({0, 1})}, {reals({0, 0.880797f})});
  add_kernel_case("Shrink within an integer's range", node("Shrink", x, y, {{"bias", -9.5f}}),
                  {bytes({0, 3, 250})}, {bytes({0, 12, 255})});
  add_kernel_case("Shrink", node("Shrink", x, y, {{"lambd", 1.5f}, {"bias", 1.0f}}), {reals({-2, -1, 1, 2})},
                  {reals({-1, 0, 0, 1})});
  add_kernel_case("Shrink of integers stays in their range",
                  node("Shrink", x, y, {{"lambd", 0.0f}, {"bias", 1e30f}}), {ints({-2, 2})},
                  {ints({INT64_MAX, INT64_MIN})});
  add_kernel_case("PRelu of integers wraps around", node("PRelu", {"x", "s"}, y),
                  {ints({INT64_MIN, 2}), ints({-1})}, {ints({INT64_MIN, 2})});
  add_kernel_case("Clip by attributes before 11", node("Clip", x, y, {{"min", -1.0f}, {"max", 1.0f}}),
                  {values}, {reals({-1, -0.5f, 0, 1})}, 6);
  add_kernel_case("Clip by inputs", node("Clip", {"x", "l", "h"}, y),
                  {values, Tensor::scalar(-1.0f), Tensor::scalar(1.0f)}, {reals({-1, -0.5f, 0, 1})});
  add_kernel_case("Clip without bounds lets no infinity pass", node("Clip", x, y),
                  {reals({infinite, -infinite, 0})},
                  {reals({std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest(), 0})});
  add_kernel_case("Clip without lower bound", node("Clip", {"x", "", "h"}, y),
                  {values, Datum(), Tensor::scalar(0.0f)}, {reals({-2, -0.5f, 0, 0})});
  add_kernel_case("Clip keeps NaN and lets the upper bound win", node("Clip", {"x", "l", "h"}, y),
                  {reals({not_a_number, 0}), Tensor::scalar(2.0f), Tensor::scalar(1.0f)},
                  {reals({not_a_number, 1})});
  add_kernel_case("Clip of integers", node("Clip", {"x", "l"}, y),
                  {ints({-3, 4}), Tensor::scalar<std::int64_t>(0)}, {ints({0, 4})});
  add_refusal("Clip by a bound of another type", node("Clip", {"x", "l"}, y),
              {ints({1}), Tensor::scalar(0.0f)}, "different element types");
  add_refusal("Relu of strings", node("Relu", x, y), {Tensor::of_strings({1}, {"a"})}, "not supported");
}

void ActivationTest::infersTypesAndContents_data() {
  inference_columns();
  for (const char* name : {"Relu", "Sigmoid", "Gelu", "Clip", "Elu", "Softplus"})
    add_inference_case(name, {node(name, {"x"}, {"y"}), {floats({"N", "3"})}, {}, {"float32 N × 3"}, "", ""});
}

QTEST_GUILESS_MAIN(ActivationTest)
#include "activation_test.moc"
