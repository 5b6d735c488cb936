#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class CastTest : public QObject {
  Q_OBJECT

 private slots:
  void computesAsTheStandardSays_data();
  void computesAsTheStandardSays() { check_kernel_case(); }
  void infersTypesAndContents_data();
  void infersTypesAndContents() { check_inference_case(); }
};

void CastTest::computesAsTheStandardSays_data() {
  kernel_columns();
  const std::vector<std::string> x = {"x"}, y = {"y"};
  const auto cast_to = [](DataType type) {
    return node("Cast", {"x"}, {"y"}, {{"to", static_cast<std::int64_t>(type)}});
  };
  add_kernel_case("floats round toward zero", cast_to(DataType::Int64), {reals({-1.9f, 1.9f})},
                  {ints({-1, 1})});
  add_kernel_case("floats out of range saturate, NaN becomes 0", cast_to(DataType::UInt8),
                  {reals({300, -5, not_a_number})}, {bytes({255, 0, 0})});
  add_kernel_case("integers discard high bits", cast_to(DataType::UInt8), {ints({257, -1})},
                  {bytes({1, 255})});
  add_kernel_case("anything but zero is true", cast_to(DataType::Bool),
                  {reals({0, -0.0f, 0.1f, not_a_number})}, {flags({false, false, true, true})});
  add_kernel_case("text to numbers", cast_to(DataType::Float32),
                  {Tensor::of_strings({5}, {"3.14", "1e-5", "+INF", "-inf", "NaN"})},
                  {reals({3.14f, 1e-5f, infinite, -infinite, not_a_number})});
  add_kernel_case("large whole numbers in text stay exact", cast_to(DataType::Int64),
                  {Tensor::of_strings({1}, {"9007199254740993"})}, {ints({9007199254740993})});
  add_kernel_case("numbers to text", cast_to(DataType::String), {reals({0.1f, infinite})},
                  {Tensor::of_strings({2}, {"0.1", "INF"})});
  add_refusal("text that is no number", cast_to(DataType::Float32), {Tensor::of_strings({1}, {"Hello"})},
              "is not a number");
  add_kernel_case("the type is given by name before 6", node("Cast", x, y, {{"to", std::string("INT64")}}),
                  {reals({2})}, {ints({2})}, 1);
  add_kernel_case("CastLike", node("CastLike", {"x", "t"}, y), {reals({2.5f}), ints({})}, {ints({2})});
  add_refusal("a type that does not exist", node("Cast", x, y, {{"to", std::int64_t{99}}}), {reals({1})},
              "'to'");

  add_kernel_case("Constant of integers", node("Constant", {}, y, {{"value_ints", list({1, 2})}}), {},
                  {ints({1, 2})});
  add_kernel_case("ConstantOfShape is 0.0 by default", node("ConstantOfShape", x, y), {ints({2})},
                  {reals({0, 0})});
  add_kernel_case("ConstantOfShape of a scalar", node("ConstantOfShape", x, y), {ints({})},
                  {Tensor::scalar(0.0f)});
  add_kernel_case("EyeLike above the diagonal", node("EyeLike", x, y, {{"k", std::int64_t{1}}}),
                  {counting({2, 3})}, {Tensor::of<float>({2, 3}, {0, 1, 0, 0, 0, 1})});
  add_kernel_case("EyeLike beyond every diagonal", node("EyeLike", x, y, {{"k", INT64_MAX}}),
                  {counting({1, 2})}, {Tensor::of<float>({1, 2}, {0, 0})});
  add_kernel_case("Dropout passes data on, all kept", node("Dropout", x, {"y", "mask"}), {reals({1, 2})},
                  {reals({1, 2}), flags({true, true})});
}

void CastTest::infersTypesAndContents_data() {
  inference_columns();
  const auto cast = node("Cast", {"x"}, {"y"}, {{"to", std::int64_t{7}}});
  add_inference_case("Cast", {cast, {floats({"N", "3"})}, {}, {"int64 N × 3"}, "", ""});
  add_inference_case("Cast carries contents",
                     {cast, {floats({"2"})}, {reals({4, 5})}, {"int64 2"}, "4, 5", ""});
  add_inference_case(
      "ConstantOfShape takes its sizes from contents",
      {node("ConstantOfShape", {"x"}, {"y"}), {int64s({"2"})}, {ints({3, 4})}, {"float32 3 × 4"}, "", ""});
  add_inference_case(
      "Constant",
      {node("Constant", {}, {"y"}, {{"value_int", std::int64_t{5}}}), {}, {}, {"int64 scalar"}, "5", ""});
}

QTEST_GUILESS_MAIN(CastTest)
#include "cast_test.moc"
