#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class LogicTest : public QObject {
  Q_OBJECT

 private slots:
  void computesAsTheStandardSays_data();
  void computesAsTheStandardSays() { check_kernel_case(); }
  void infersTypesAndContents_data();
  void infersTypesAndContents() { check_inference_case(); }
};

void LogicTest::computesAsTheStandardSays_data() {
  kernel_columns();
  const std::vector<std::string> ab = {"a", "b"}, c = {"c"};
  const Tensor left = reals({1, 2, not_a_number}), right = reals({1, 3, not_a_number});
  add_kernel_case("Equal, where NaN equals nothing", node("Equal", ab, c), {left, right},
                  {flags({true, false, false})});
  add_kernel_case("Equal of strings broadcasts", node("Equal", ab, c),
                  {Tensor::of_strings({2}, {"a", "b"}), Tensor::of_strings({}, {"b"})},
                  {flags({false, true})});
  add_kernel_case("Equal of bool", node("Equal", ab, c), {flags({true, false}), flags({true, true})},
                  {flags({true, false})});
  add_kernel_case("Less", node("Less", ab, c), {left, right}, {flags({false, true, false})});
  add_kernel_case("Greater", node("Greater", ab, c), {left, right}, {flags({false, false, false})});
  add_kernel_case("LessOrEqual", node("LessOrEqual", ab, c), {left, right}, {flags({true, true, false})});
  add_kernel_case("GreaterOrEqual of unsigned", node("GreaterOrEqual", ab, c), {bytes({200}), bytes({100})},
                  {flags({true})});
  add_kernel_case("Less before 7 at an axis",
                  node("Less", ab, c, {{"broadcast", std::int64_t{1}}, {"axis", std::int64_t{0}}}),
                  {counting({2, 2}), reals({1, 3})},
                  {Tensor::of({2, 2}, std::vector<bool>{true, false, true, false})}, 1);
  const Tensor p = flags({false, false, true, true}), q = flags({false, true, false, true});
  add_kernel_case("And", node("And", ab, c), {p, q}, {flags({false, false, false, true})});
  add_kernel_case("Or", node("Or", ab, c), {p, q}, {flags({false, true, true, true})});
  add_kernel_case("Xor", node("Xor", ab, c), {p, q}, {flags({false, true, true, false})});
  add_kernel_case("Not", node("Not", {"a"}, c), {p}, {flags({true, true, false, false})});

  const std::vector<std::string> cxy = {"c", "x", "y"}, out = {"z"};
  add_kernel_case("Where broadcasts all three", node("Where", cxy, out),
                  {flags({true, false}), Tensor::of<float>({2, 1}, {1, 2}), Tensor::scalar(9.0f)},
                  {Tensor::of<float>({2, 2}, {1, 9, 2, 9})});
  add_kernel_case("Where of strings", node("Where", cxy, out),
                  {flags({true, false}), Tensor::of_strings({}, {"a"}), Tensor::of_strings({2}, {"x", "y"})},
                  {Tensor::of_strings({2}, {"a", "y"})});
  add_kernel_case("Where of complex numbers", node("Where", cxy, out),
                  {flags({false}), Tensor::of<std::complex<double>>({1}, {{1, 2}}),
                   Tensor::of<std::complex<double>>({1}, {{3, 4}})},
                  {Tensor::of<std::complex<double>>({1}, {{3, 4}})});
  add_refusal("Where by no bool", node("Where", cxy, out), {ints({1}), ints({1}), ints({1})}, "must be bool");

  const auto shift = [](const char* direction) {
    return node("BitShift", {"a", "b"}, {"c"}, {{"direction", std::string(direction)}});
  };
  add_kernel_case("BitShift left loses high bits", shift("LEFT"), {bytes({0xc1}), bytes({1})},
                  {bytes({0x82})});
  add_kernel_case("BitShift right", shift("RIGHT"), {bytes({0xc1}), bytes({1})}, {bytes({0x60})});
  add_kernel_case("BitShift beyond the width", shift("LEFT"), {bytes({1, 1}), bytes({8, 255})},
                  {bytes({0, 0})});
  add_refusal("BitShift sideways", shift("UP"), {bytes({1}), bytes({1})}, "'direction'");
  add_kernel_case("BitwiseAnd", node("BitwiseAnd", ab, c), {ints({12, -1}), ints({10, 7})}, {ints({8, 7})});
  add_kernel_case("BitwiseOr", node("BitwiseOr", ab, c), {ints({12}), ints({10})}, {ints({14})});
  add_kernel_case("BitwiseXor", node("BitwiseXor", ab, c), {ints({12}), ints({10})}, {ints({6})});
  add_kernel_case("BitwiseNot", node("BitwiseNot", {"a"}, c), {bytes({0x0f})}, {bytes({0xf0})});
  add_kernel_case("BitCast", node("BitCast", {"a"}, c, {{"to", std::int64_t{6}}}), {reals({1})},
                  {Tensor::of<std::int32_t>({1}, {0x3f800000})});
  add_refusal("BitCast to another width", node("BitCast", {"a"}, c, {{"to", std::int64_t{7}}}), {reals({1})},
              "width");
}

void LogicTest::infersTypesAndContents_data() {
  inference_columns();
  const Type two = int64s({"2"});
  const Tensor condition = flags({true, false});
  add_inference_case("Equal of contents", {node("Equal", {"a", "b"}, {"c"}),
                                           {two, int64s({})},
                                           {ints({-1, 4}), Tensor::scalar<std::int64_t>(-1)},
                                           {"bool 2"},
                                           "1, 0",
                                           ""});
  add_inference_case(
      "Less of contents",
      {node("Less", {"a", "b"}, {"c"}), {two, two}, {ints({1, 4}), ints({2, 4})}, {"bool 2"}, "1, 0", ""});
  add_inference_case("Where chooses contents", {node("Where", {"c", "x", "y"}, {"z"}),
                                                {Type::tensor(DataType::Bool, Shape{2}), two, two},
                                                {condition, ints({1, 2}), ints({3, 4})},
                                                {"int64 2"},
                                                "1, 4",
                                                ""});
  add_inference_case("Where of unknown condition knows what is the same",
                     {node("Where", {"c", "x", "y"}, {"z"}),
                      {Type::tensor(DataType::Bool, Shape{2}), two, two},
                      {Tensor(), ints({1, 2}), ints({1, 4})},
                      {"int64 2"},
                      "",
                      ""});
  add_inference_case("Not of contents", {node("Not", {"a"}, {"c"}),
                                         {Type::tensor(DataType::Bool, Shape{2})},
                                         {condition},
                                         {"bool 2"},
                                         "0, 1",
                                         ""});
  add_inference_case(
      "BitCast changes the type only",
      {node("BitCast", {"a"}, {"c"}, {{"to", std::int64_t{6}}}), {floats({"N"})}, {}, {"int32 N"}, "", ""});
  add_inference_case("BitCast to another width is reported",
                     {node("BitCast", {"a"}, {"c"}, {{"to", std::int64_t{7}}}),
                      {floats({"N"})},
                      {},
                      {"int64 N"},
                      "",
                      "width"});
}

QTEST_GUILESS_MAIN(LogicTest)
#include "logic_test.moc"
