#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class QuantizationTest : public QObject {
  Q_OBJECT

 private slots:
  void computesAsTheStandardSays_data();
  void computesAsTheStandardSays() { check_kernel_case(); }
  void infersTypesAndContents_data();
  void infersTypesAndContents() { check_inference_case(); }
};

void QuantizationTest::computesAsTheStandardSays_data() {
  kernel_columns();
  const std::vector<std::string> xsz = {"x", "s", "z"}, y = {"y"};
  add_kernel_case("halves go to even, and the range limits", node("QuantizeLinear", xsz, y),
                  {reals({1, 3, 1000, -1000}), Tensor::scalar(2.0f), Tensor::scalar<std::uint8_t>(10)},
                  {bytes({10, 12, 255, 0})});
  add_kernel_case("a scale for each index of the axis",
                  node("QuantizeLinear", xsz, y, {{"axis", std::int64_t{0}}}),
                  {Tensor::of<float>({2, 2}, {2, 4, 9, 12}), reals({2, 3}), bytes({0, 1})},
                  {Tensor::of<std::uint8_t>({2, 2}, {1, 2, 4, 5})});
  add_kernel_case(
      "blocks share a scale, the last one is cut",
      node("DequantizeLinear", {"x", "s"}, y, {{"axis", std::int64_t{0}}, {"block_size", std::int64_t{2}}}),
      {bytes({1, 2, 3}), reals({10, 100})}, {reals({10, 20, 300})});
  add_refusal(
      "block scales of wrong sizes",
      node("DequantizeLinear", {"x", "s"}, y, {{"axis", std::int64_t{0}}, {"block_size", std::int64_t{2}}}),
      {bytes({1, 2, 3}), reals({1, 2, 3})}, "block scales");
  add_refusal("a block as long as a number can tell",
              node("DequantizeLinear", {"x", "s"}, y,
                   {{"axis", std::int64_t{0}}, {"block_size", std::numeric_limits<std::int64_t>::max()}}),
              {bytes({1, 2, 3}), reals({1, 2, 3})}, "block scales");
  add_kernel_case("zero points are taken off", node("DequantizeLinear", xsz, y),
                  {bytes({10, 12, 0}), Tensor::scalar(2.0f), Tensor::scalar<std::uint8_t>(10)},
                  {reals({0, 4, -20})});
  add_kernel_case("int4 is limited and packed",
                  node("QuantizeLinear", {"x", "s"}, y, {{"output_dtype", std::int64_t{22}}}),
                  {reals({-100, 3, 100}), Tensor::scalar(1.0f)},
                  {packed(Tensor::of<std::int8_t>({3}, {-8, 3, 7}), DataType::Int4)});
  add_kernel_case("the range always contains 0", node("DynamicQuantizeLinear", {"x"}, {"y", "s", "z"}),
                  {reals({0, 255})},
                  {bytes({0, 255}), Tensor::scalar(1.0f), Tensor::scalar<std::uint8_t>(0)});
}

void QuantizationTest::infersTypesAndContents_data() {
  inference_columns();
  add_inference_case(
      "uint8 without zero point",
      {node("QuantizeLinear", {"x", "s"}, {"y"}), {floats({"N"}), floats({})}, {}, {"uint8 N"}, "", ""});
  add_inference_case(
      "the scale's type",
      {node("DequantizeLinear", {"x", "s"}, {"y"}), {int64s({"N"}), floats({})}, {}, {"float32 N"}, "", ""});
}

QTEST_GUILESS_MAIN(QuantizationTest)
#include "quantization_test.moc"
