#include <limits>

#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class MathTest : public QObject {
  Q_OBJECT

 private slots:
  void computesAsTheStandardSays_data();
  void computesAsTheStandardSays() { check_kernel_case(); }
  void infersTypesAndContents_data();
  void infersTypesAndContents() { check_inference_case(); }
};

void MathTest::computesAsTheStandardSays_data() {
  kernel_columns();
  const std::vector<std::string> x = {"x"}, y = {"y"};
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  add_kernel_case("Abs", node("Abs", x, y), {reals({-1.5f, 0, 2, -infinite})},
                  {reals({1.5f, 0, 2, infinite})});
  add_kernel_case("Abs of the least integer", node("Abs", x, y), {ints({least, -3})}, {ints({least, 3})});
  add_kernel_case("Neg", node("Neg", x, y), {ints({least, 3})}, {ints({least, -3})});
  add_kernel_case("Sign keeps NaN", node("Sign", x, y), {reals({-4, 0, 5, not_a_number})},
                  {reals({-1, 0, 1, not_a_number})});
  add_kernel_case("Sqrt below zero", node("Sqrt", x, y), {reals({4, -1})}, {reals({2, not_a_number})});
  add_kernel_case("Reciprocal", node("Reciprocal", x, y), {reals({4, 0})}, {reals({0.25f, infinite})});
  add_kernel_case("Exp", node("Exp", x, y), {reals({0, 1, -infinite})}, {reals({1, 2.7182817f, 0})});
  add_kernel_case("Log", node("Log", x, y), {reals({1, 0, -1})}, {reals({0, -infinite, not_a_number})});
  add_kernel_case("Floor and sign", node("Floor", x, y), {reals({-1.5f, 1.5f})}, {reals({-2, 1})});
  add_kernel_case("Ceil", node("Ceil", x, y), {reals({-1.5f, 1.5f})}, {reals({-1, 2})});
  add_kernel_case("Round sends halves to even", node("Round", x, y), {reals({0.5f, 1.5f, 2.5f, -2.5f})},
                  {reals({0, 2, 2, -2})});
  add_kernel_case("Erf", node("Erf", x, y), {reals({-1, 0, 1})}, {reals({-0.8427008f, 0, 0.8427008f})});
  const struct {
    const char* name;
    float at_half;
  } functions[] = {{"Sin", 0.47942555f},  {"Cos", 0.8775826f},   {"Tan", 0.5463025f},  {"Asin", 0.5235988f},
                   {"Acos", 1.0471976f},  {"Atan", 0.4636476f},  {"Sinh", 0.5210953f}, {"Cosh", 1.127626f},
                   {"Asinh", 0.4812118f}, {"Atanh", 0.54930615f}};
  for (const auto& function : functions)
    add_kernel_case(function.name, node(function.name, x, y), {reals({0.5f})}, {reals({function.at_half})});
  add_kernel_case("Acosh below 1", node("Acosh", x, y), {reals({0.5f, 2})},
                  {reals({not_a_number, 1.316958f})});
  add_kernel_case("IsNaN", node("IsNaN", x, y), {reals({not_a_number, 1, infinite})},
                  {flags({true, false, false})});
  add_kernel_case("IsNaN of float8", node("IsNaN", x, y),
                  {converted(reals({not_a_number, 1}), DataType::Float8E5M2)}, {flags({true, false})});
  add_kernel_case("IsInf of one sign", node("IsInf", x, y, {{"detect_negative", std::int64_t{0}}}),
                  {reals({-infinite, infinite, not_a_number})}, {flags({false, true, false})});
  add_kernel_case("Det with row exchange", node("Det", x, y), {Tensor::of<float>({2, 2}, {0, 2, 3, 4})},
                  {Tensor::scalar(-6.0f)});
  add_kernel_case("Det of a batch", node("Det", x, y),
                  {Tensor::of<float>({2, 2, 2}, {1, 2, 3, 4, 1, 2, 2, 4})}, {reals({-2, 0})});
  add_refusal("Det of no square", node("Det", x, y), {counting({2, 3})}, "square");
  add_kernel_case("bfloat16", node("Sqrt", x, y), {converted(reals({9}), DataType::BFloat16)},
                  {converted(reals({3}), DataType::BFloat16)});

  const auto along = [](const char* name, bool exclusive, bool reverse) {
    return node(name, {"x", "axis"}, {"y"},
                {{"exclusive", std::int64_t{exclusive}}, {"reverse", std::int64_t{reverse}}});
  };
  const Tensor rows = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6}), last = Tensor::scalar<std::int64_t>(-1);
  add_kernel_case("CumSum along rows", along("CumSum", false, false), {rows, last},
                  {Tensor::of<float>({2, 3}, {1, 3, 6, 4, 9, 15})});
  add_kernel_case("CumSum along columns", along("CumSum", false, false),
                  {rows, Tensor::scalar<std::int32_t>(0)}, {Tensor::of<float>({2, 3}, {1, 2, 3, 5, 7, 9})});
  add_kernel_case("CumSum exclusive from the end", along("CumSum", true, true), {rows, last},
                  {Tensor::of<float>({2, 3}, {5, 3, 0, 11, 6, 0})});
  add_kernel_case("CumProd exclusive", along("CumProd", true, false), {rows, last},
                  {Tensor::of<float>({2, 3}, {1, 1, 2, 1, 4, 20})});
  add_refusal("CumSum along no axis", along("CumSum", false, false), {rows, Tensor::scalar<std::int64_t>(2)},
              "axis 2");

  const Tensor four = Tensor::scalar<std::int64_t>(4);
  add_kernel_case("HannWindow", node("HannWindow", {"n"}, y), {four}, {reals({0, 0.5f, 1, 0.5f})});
  add_kernel_case("HannWindow symmetric", node("HannWindow", {"n"}, y, {{"periodic", std::int64_t{0}}}),
                  {four}, {reals({0, 0.75f, 0.75f, 0})});
  add_kernel_case("a window of one sample", node("BlackmanWindow", {"n"}, y, {{"periodic", std::int64_t{0}}}),
                  {Tensor::scalar<std::int64_t>(1)}, {reals({1})});
  add_kernel_case("HammingWindow in float64",
                  node("HammingWindow", {"n"}, y, {{"output_datatype", std::int64_t{11}}}),
                  {Tensor::scalar<std::int64_t>(2)}, {Tensor::of<double>({2}, {4.0 / 46, 1})});
}

void MathTest::infersTypesAndContents_data() {
  inference_columns();
  const std::vector<std::string> x = {"x"}, y = {"y"};
  add_inference_case("negated contents",
                     {node("Neg", x, y), {int64s({"2"})}, {ints({2, -3})}, {"int64 2"}, "-2, 3", ""});
  add_inference_case("whole numbers pass Floor",
                     {node("Floor", x, y), {floats({"1"})}, {reals({7})}, {"float32 1"}, "7", ""});
  add_inference_case("fractions are not carried",
                     {node("Floor", x, y), {floats({"1"})}, {reals({7.5f})}, {"float32 1"}, "", ""});
  add_inference_case("Det drops two axes",
                     {node("Det", x, y), {floats({"N", "3", "3"})}, {}, {"float32 N"}, "", ""});
  add_inference_case("IsNaN gives bool", {node("IsNaN", x, y), {floats({"N"})}, {}, {"bool N"}, "", ""});
  add_inference_case(
      "a window is as long as it is told",
      {node("HannWindow", x, y), {int64s({})}, {Tensor::scalar<std::int64_t>(5)}, {"float32 5"}, "", ""});
}

QTEST_GUILESS_MAIN(MathTest)
#include "math_test.moc"
