#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

Tensor values(Dims dims, const std::vector<float>& numbers) { return Tensor::of(std::move(dims), numbers); }
Tensor bytes(Dims dims, const std::vector<std::uint8_t>& numbers) {
  return Tensor::of(std::move(dims), numbers);
}
Tensor words(Dims dims, const std::vector<std::int32_t>& numbers) {
  return Tensor::of(std::move(dims), numbers);
}

}  // namespace

/// Convolutions of quantized values, and with moved taps.
class ConvolutionIntegerTest : public QObject {
  Q_OBJECT
 private slots:
  void quantized_data() {
    kernel_columns();
    const Tensor x = bytes({1, 1, 3}, {2, 3, 4}), w = bytes({2, 1, 1}, {1, 2});
    const Node integer = node("ConvInteger", {"x", "w", "xz", "wz"}, {"y"}, {{"pads", list({1, 0})}});
    add_kernel_case("padding counts as the zero point", integer, {x, w, bytes({}, {1}), {}},
                    {words({1, 2, 4}, {0, 1, 2, 3, 0, 2, 4, 6})});
    add_kernel_case("a zero point an output channel", integer, {x, w, {}, bytes({2}, {1, 1})},
                    {words({1, 2, 4}, {0, 0, 0, 0, 0, 2, 3, 4})});
    const Node linear = node("QLinearConv", {"x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"}, {"y"});
    add_kernel_case("a scale an output channel, and a bias", linear,
                    {x, Tensor::scalar(2.0f), bytes({}, {1}), w, values({2}, {1, 0.5f}), bytes({2}, {0, 0}),
                     Tensor::scalar(1.0f), bytes({}, {10}), words({2}, {1, -8})},
                    {bytes({1, 2, 3}, {14, 16, 18, 4, 6, 8})});
    add_refusal("bias of another size", linear,
                {x, Tensor::scalar(2.0f), bytes({}, {1}), w, values({2}, {1, 1}), bytes({2}, {0, 0}),
                 Tensor::scalar(1.0f), bytes({}, {0}), words({1}, {1})},
                "the bias needs");
  }
  void quantized() { check_kernel_case(); }

  void deformable_data() {
    kernel_columns();
    const Tensor x = values({1, 1, 1, 3}, {1, 2, 4}), w = values({1, 1, 1, 1}, {10});
    const Node n = node("DeformConv", {"x", "w", "o", "b", "m"}, {"y"});
    const Tensor still = values({1, 2, 1, 3}, {0, 0, 0, 0, 0, 0});
    add_kernel_case("without movement", n, {x, w, still, {}, {}}, {values({1, 1, 1, 3}, {10, 20, 40})});
    add_kernel_case("half a step is interpolated, outside is zero", n,
                    {x, w, values({1, 2, 1, 3}, {0, 0, 0, 0.5f, 0.5f, 0.5f}), {}, {}},
                    {values({1, 1, 1, 3}, {15, 30, 20})});
    add_kernel_case("mask and bias", n, {x, w, still, values({1}, {1}), values({1, 1, 1, 3}, {0, 1, 0.5f})},
                    {values({1, 1, 1, 3}, {1, 21, 21})});
    add_kernel_case("far outside", n, {x, w, values({1, 2, 1, 3}, {0, 0, 0, 1e30f, -1e30f, NAN}), {}, {}},
                    {values({1, 1, 1, 3}, {0, 0, 0})});
    add_refusal("offsets of another size", n, {x, w, values({1, 1, 1, 3}, {0, 0, 0}), {}, {}}, "offset is");
  }
  void deformable() { check_kernel_case(); }

  void infers_data() {
    inference_columns();
    const Node n = node("ConvInteger", {"x", "w"}, {"y"});
    add_inference_case("32-bit result", {n,
                                         {Type::tensor(DataType::UInt8, Shape{Dimension::symbol("N"), 3, 8}),
                                          Type::tensor(DataType::UInt8, Shape{4, 3, 3})},
                                         {},
                                         {"int32 N × 4 × 6"},
                                         "",
                                         ""});
  }
  void infers() { check_inference_case(); }
};

QTEST_GUILESS_MAIN(ConvolutionIntegerTest)
#include "convolution_integer_test.moc"
