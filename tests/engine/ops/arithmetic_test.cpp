#include <limits>

#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class ArithmeticTest : public QObject {
  Q_OBJECT

 private slots:
  void computesAsTheStandardSays_data();
  void computesAsTheStandardSays() { check_kernel_case(); }
  void infersTypesAndContents_data();
  void infersTypesAndContents() { check_inference_case(); }
};

void ArithmeticTest::computesAsTheStandardSays_data() {
  kernel_columns();
  const std::vector<std::string> ab = {"a", "b"}, c = {"c"};
  add_kernel_case("Add broadcasts", node("Add", ab, c), {counting({2, 3}), reals({10, 20, 30})},
                  {Tensor::of<float>({2, 3}, {10, 21, 32, 13, 24, 35})});
  add_kernel_case("Add to a scalar", node("Add", ab, c), {Tensor::scalar(1.0f), counting({2, 2})},
                  {Tensor::of<float>({2, 2}, {1, 2, 3, 4})});
  add_kernel_case("Add wraps around", node("Add", ab, c), {bytes({250}), bytes({10})}, {bytes({4})});
  add_kernel_case("Add before 7 places B at an axis",
                  node("Add", ab, c, {{"broadcast", std::int64_t{1}}, {"axis", std::int64_t{0}}}),
                  {counting({2, 3}), reals({10, 20})}, {Tensor::of<float>({2, 3}, {10, 11, 12, 23, 24, 25})},
                  6);
  add_kernel_case(
      "Add before 7 takes the last axes by default", node("Add", ab, c, {{"broadcast", std::int64_t{1}}}),
      {counting({2, 3}), reals({10, 20, 30})}, {Tensor::of<float>({2, 3}, {10, 21, 32, 13, 24, 35})}, 1);
  add_refusal("Add of sizes that contradict", node("Add", ab, c), {reals({1, 2}), reals({1, 2, 3})},
              "cannot broadcast");
  add_refusal("Add of two types", node("Add", ab, c), {reals({1}), ints({1})}, "different element types");
  add_kernel_case("Sub of unsigned wraps around", node("Sub", ab, c), {bytes({1}), bytes({2})},
                  {bytes({255})});
  add_kernel_case("Mul of an outer product", node("Mul", ab, c), {counting({2, 1}), counting({1, 3})},
                  {Tensor::of<float>({2, 3}, {0, 0, 0, 0, 1, 2})});
  add_kernel_case("Div of integers rounds toward zero", node("Div", ab, c), {ints({-7, 7}), ints({2, -2})},
                  {ints({-3, -3})});
  add_kernel_case("Div by float zero is infinite", node("Div", ab, c), {reals({1, -1, 0}), reals({0, 0, 0})},
                  {reals({infinite, -infinite, not_a_number})});
  add_refusal("Div by integer zero", node("Div", ab, c), {ints({1}), ints({0})}, "division by zero");
  add_kernel_case("Div of the least integer by -1", node("Div", ab, c),
                  {ints({std::numeric_limits<std::int64_t>::min()}), ints({-1})},
                  {ints({std::numeric_limits<std::int64_t>::min()})});
  add_kernel_case("Mod takes the divisor's sign", node("Mod", ab, c), {ints({-4, 7, 5}), ints({3, -3, 8})},
                  {ints({2, -2, 5})});
  add_kernel_case("Mod like fmod takes the dividend's sign", node("Mod", ab, c, {{"fmod", std::int64_t{1}}}),
                  {reals({-4.5f, 7}), reals({3, -3})}, {reals({-1.5f, 1})});
  add_refusal("Mod by zero", node("Mod", ab, c), {ints({1}), ints({0})}, "division by zero");
  add_kernel_case("Pow with an exponent of another type", node("Pow", ab, c), {reals({2, 3}), ints({3, 2})},
                  {reals({8, 9})});
  add_kernel_case("Pow squares", node("Pow", ab, c), {reals({-3, 4}), Tensor::scalar(2.0f)},
                  {reals({9, 16})});
  add_kernel_case("Pow of integers is exact", node("Pow", ab, c), {ints({3, -1, 2}), ints({39, -3, -1})},
                  {ints({4052555153018976267, -1, 0})});
  add_kernel_case("Pow of integers by a fraction", node("Pow", ab, c), {ints({9}), reals({0.5f})},
                  {ints({3})});
  add_kernel_case("Max lets NaN win", node("Max", ab, c),
                  {reals({not_a_number, 1, 3}), reals({1, not_a_number, 2})},
                  {reals({not_a_number, not_a_number, 3})});
  add_kernel_case("Min of three", node("Min", {"a", "b", "d"}, c),
                  {reals({3, 2}), reals({1, 5}), Tensor::scalar(2.0f)}, {reals({1, 2})});
  add_kernel_case("Max of one", node("Max", {"a"}, c), {reals({3})}, {reals({3})});
  add_kernel_case("Sum of three", node("Sum", {"a", "b", "d"}, c), {reals({1}), reals({2}), reals({4})},
                  {reals({7})});
  add_kernel_case("Mean broadcasts", node("Mean", ab, c), {reals({1, 3}), Tensor::scalar(5.0f)},
                  {reals({3, 4})});
  add_kernel_case("float16 is computed in float32 and rounded", node("Add", ab, c),
                  {converted(reals({2048}), DataType::Float16), converted(reals({3}), DataType::Float16)},
                  {converted(reals({2052}), DataType::Float16)});
}

void ArithmeticTest::infersTypesAndContents_data() {
  inference_columns();
  const auto pair = [](const char* name) { return node(name, {"a", "b"}, {"c"}); };
  const Type two = int64s({"2"}), scalar = int64s({});
  add_inference_case(
      "shapes broadcast",
      {pair("Add"), {floats({"N", "1", "4"}), floats({"3", "1"})}, {}, {"float32 N × 3 × 4"}, "", ""});
  add_inference_case(
      "a contradiction is reported",
      {pair("Add"), {floats({"3"}), floats({"4"})}, {}, {"float32 ?"}, "", "cannot broadcast"});
  add_inference_case("before 7 the result is as large as A",
                     {pair("Add"), {floats({"2", "3"}), floats({"2"})}, {}, {"float32 2 × 3"}, "", "", 6});
  add_inference_case(
      "sums of contents",
      {pair("Add"), {two, scalar}, {ints({3, 4}), Tensor::scalar<std::int64_t>(1)}, {"int64 2"}, "4, 5", ""});
  add_inference_case("quotients of contents",
                     {pair("Div"), {two, two}, {ints({-7, 9}), ints({2, 2})}, {"int64 2"}, "-3, 4", ""});
  add_inference_case("a quotient by zero is unknown",
                     {pair("Div"), {two, two}, {ints({8, 8}), ints({0, 2})}, {"int64 2"}, "?, 4", ""});
  add_inference_case(
      "the least number by −1 is unknown",
      {pair("Div"), {two, two}, {ints({INT64_MIN, 8}), ints({-1, -1})}, {"int64 2"}, "?, -8", ""});
  add_inference_case("remainders of contents",
                     {pair("Mod"), {two, two}, {ints({7, 9}), ints({2, 5})}, {"int64 2"}, "1, 4", ""});
  add_inference_case("maximum of contents",
                     {pair("Max"), {two, two}, {ints({7, 1}), ints({2, 5})}, {"int64 2"}, "7, 5", ""});
  add_inference_case("an outer product has no contents",
                     {pair("Mul"),
                      {int64s({"2", "1"}), int64s({"1", "2"})},
                      {Tensor::of<std::int64_t>({2, 1}, {1, 2}), Tensor::of<std::int64_t>({1, 2}, {1, 2})},
                      {"int64 2 × 2"},
                      "",
                      ""});
  add_inference_case("Pow keeps the base's type",
                     {pair("Pow"), {floats({"2"}), two}, {}, {"float32 2"}, "", ""});
}

QTEST_GUILESS_MAIN(ArithmeticTest)
#include "arithmetic_test.moc"
