#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class ReductionTest : public QObject {
  Q_OBJECT

 private slots:
  void computesAsTheStandardSays_data();
  void computesAsTheStandardSays() { check_kernel_case(); }
  void infersTypesAndContents_data();
  void infersTypesAndContents() { check_inference_case(); }
};

void ReductionTest::computesAsTheStandardSays_data() {
  kernel_columns();
  const std::vector<std::string> x = {"x"}, xa = {"x", "a"}, y = {"y"};
  const Tensor m = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const AttributeValue drop = std::int64_t{0};
  add_kernel_case("all axes without axes", node("ReduceSum", x, y, {{"keepdims", drop}}), {m},
                  {Tensor::scalar(21.0f)});
  add_kernel_case("none where that is asked",
                  node("ReduceSumSquare", x, y, {{"noop_with_empty_axes", std::int64_t{1}}}), {reals({2, 3})},
                  {reals({4, 9})});
  add_kernel_case("the last axis", node("ReduceSum", xa, y, {{"keepdims", drop}}), {m, ints({-1})},
                  {reals({6, 15})});
  add_kernel_case("the first axis", node("ReduceMean", xa, y, {{"keepdims", drop}}), {m, ints({0})},
                  {reals({2.5f, 3.5f, 4.5f})});
  add_kernel_case("axes as an attribute before 13", node("ReduceSum", x, y, {{"axes", list({1})}}), {m},
                  {Tensor::of<float>({2, 1}, {6, 15})}, 11);
  add_kernel_case("the middle axis", node("ReduceMax", xa, y, {{"keepdims", drop}}),
                  {counting({2, 2, 2}), ints({1})}, {Tensor::of<float>({2, 2}, {2, 3, 6, 7})});
  add_kernel_case("NaN wins", node("ReduceMin", x, y, {{"keepdims", drop}}), {reals({1, not_a_number, 0})},
                  {Tensor::scalar(not_a_number)});
  add_kernel_case("the least of nothing", node("ReduceMin", xa, y, {{"keepdims", drop}}),
                  {Tensor(DataType::Float32, {2, 0}), ints({1})}, {reals({infinite, infinite})});
  add_kernel_case("ReduceProd", node("ReduceProd", x, y, {{"keepdims", drop}}), {ints({2, -3, 4})},
                  {Tensor::scalar<std::int64_t>(-24)});
  add_kernel_case("ReduceL1", node("ReduceL1", x, y, {{"keepdims", drop}}), {ints({2, -3})},
                  {Tensor::scalar<std::int64_t>(5)});
  add_kernel_case("ReduceL2", node("ReduceL2", x, y, {{"keepdims", drop}}), {reals({3, 4})},
                  {Tensor::scalar(5.0f)});
  add_kernel_case("ReduceLogSumExp does not overflow", node("ReduceLogSumExp", x, y, {{"keepdims", drop}}),
                  {reals({1000, 1000})}, {Tensor::scalar(1000.6931f)});
  add_refusal("an axis outside", node("ReduceSum", xa, y), {m, ints({2})}, "axis 2");

  add_kernel_case("ArgMax gives the first of equals", node("ArgMax", x, y), {reals({1, 3, 3})}, {ints({1})});
  add_kernel_case("ArgMax gives the last where asked",
                  node("ArgMax", x, y, {{"select_last_index", std::int64_t{1}}}), {reals({1, 3, 3})},
                  {ints({2})});
  add_kernel_case("ArgMin drops its axis",
                  node("ArgMin", x, y, {{"axis", std::int64_t{1}}, {"keepdims", drop}}), {m}, {ints({0, 0})});

  add_kernel_case("Softmax of large numbers", node("Softmax", x, y), {reals({1000, 1000})},
                  {reals({0.5f, 0.5f})});
  add_kernel_case("Softmax before 13 joins the axes", node("Softmax", x, y),
                  {Tensor::of<float>({1, 2, 2}, {0, 0, 0, 0})},
                  {Tensor::of<float>({1, 2, 2}, {0.25f, 0.25f, 0.25f, 0.25f})}, 11);
  add_kernel_case("Softmax along the first axis", node("Softmax", x, y, {{"axis", drop}}),
                  {Tensor::of<float>({2, 2}, {0, 5, 0, 5})},
                  {Tensor::of<float>({2, 2}, {0.5f, 0.5f, 0.5f, 0.5f})});
  add_kernel_case("LogSoftmax", node("LogSoftmax", x, y), {reals({0, 0})},
                  {reals({-0.6931472f, -0.6931472f})});
  add_kernel_case("Hardmax marks the first", node("Hardmax", x, y), {reals({1, 3, 3})}, {reals({0, 1, 0})});
  add_kernel_case("a loss ignores what it is told to",
                  node("NegativeLogLikelihoodLoss", {"x", "t"}, y, {{"ignore_index", std::int64_t{1}}}),
                  {Tensor::of<float>({2, 2}, {-1, -2, -3, -4}), ints({0, 1})}, {Tensor::scalar(1.0f)});
}

void ReductionTest::infersTypesAndContents_data() {
  inference_columns();
  const auto sum = node("ReduceSum", {"x", "a"}, {"y"});
  add_inference_case(
      "axes known",
      {sum, {floats({"N", "3"}), int64s({"1"})}, {Tensor(), ints({1})}, {"float32 N × 1"}, "", ""});
  add_inference_case("axes not known",
                     {sum, {floats({"N", "3"}), int64s({"1"})}, {}, {"float32 ? × ?"}, "", ""});
  add_inference_case(
      "product of contents",
      {node("ReduceProd", {"x"}, {"y"}), {int64s({"3"})}, {ints({2, 3, 4})}, {"int64 1"}, "24", ""});
  add_inference_case(
      "ArgMax", {node("ArgMax", {"x"}, {"y"}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}}),
                 {floats({"N", "3"})},
                 {},
                 {"int64 N"},
                 "",
                 ""});
}

QTEST_GUILESS_MAIN(ReductionTest)
#include "reduction_test.moc"
