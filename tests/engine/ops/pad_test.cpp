#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class PadTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infersShapes_data();
  void infersShapes() { check_inference_case(); }
};

void PadTest::computes_data() {
  kernel_columns();
  const Tensor x = counting({3});
  const auto of = [](std::vector<float> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return Tensor::of({count}, values);
  };
  const auto mode = [](std::string name) { return node("Pad", {"x", "p"}, {"y"}, {{"mode", name}}); };
  add_kernel_case("with zeros", node("Pad", {"x", "p"}, {"y"}), {x, ints({1, 2})}, {of({0, 0, 1, 2, 0, 0})});
  add_kernel_case("with a value", node("Pad", {"x", "p", "v"}, {"y"}),
                  {x, ints({1, 0}), Tensor::scalar(9.0f)}, {of({9, 0, 1, 2})});
  add_kernel_case("cutting on both sides", node("Pad", {"x", "p"}, {"y"}), {x, ints({-1, -1})}, {of({1})});
  add_kernel_case("cutting one side, padding the other", mode("edge"), {x, ints({-1, 2})},
                  {of({1, 2, 2, 2})});
  add_kernel_case("edge", mode("edge"), {x, ints({2, 1})}, {of({0, 0, 0, 1, 2, 2})});
  add_kernel_case("reflect", mode("reflect"), {x, ints({2, 2})}, {of({2, 1, 0, 1, 2, 1, 0})});
  add_kernel_case("reflect more than once", mode("reflect"), {x, ints({0, 5})},
                  {of({0, 1, 2, 1, 0, 1, 2, 1})});
  add_kernel_case("reflect a single element", mode("reflect"), {counting({1}), ints({1, 1})},
                  {of({0, 0, 0})});
  add_kernel_case("wrap", mode("wrap"), {x, ints({2, 4})}, {of({1, 2, 0, 1, 2, 0, 1, 2, 0})});
  add_refusal("wrap before 19", mode("wrap"), {x, ints({1, 1})}, "no mode", 18);
  add_kernel_case("only the middle axis", node("Pad", {"x", "p", "", "a"}, {"y"}),
                  {counting({1, 1, 2}), ints({1, 0}), Datum(), ints({-2})},
                  {Tensor::of({1, 2, 2}, std::vector<float>{0, 0, 0, 1})});
  add_kernel_case("an empty axis", node("Pad", {"x", "p"}, {"y"}), {counting({0}), ints({1, 1})},
                  {of({0, 0})});
  add_refusal("the edge of nothing", mode("edge"), {counting({0}), ints({1, 1})}, "without elements");
  add_kernel_case("strings", node("Pad", {"x", "p"}, {"y"}), {Tensor::of_strings({1}, {"a"}), ints({1, 0})},
                  {Tensor::of_strings({2}, {"", "a"})});
  add_kernel_case("packed elements", node("Pad", {"x", "p"}, {"y"}),
                  {counting({3}, DataType::UInt4), ints({1, 0})},
                  {tensor_from(DataType::UInt4, {4}, std::vector<double>{0, 0, 1, 2})});
  add_kernel_case("by attributes in 2", node("Pad", {"x"}, {"y"}, {{"pads", list({0, 1})}, {"value", 7.0f}}),
                  {x}, {of({0, 1, 2, 7})}, 2);
  add_kernel_case("by attributes in 1", node("Pad", {"x"}, {"y"}, {{"paddings", list({1, 0})}}), {x},
                  {of({0, 0, 1, 2})}, 1);
  add_refusal("more than there is", node("Pad", {"x", "p"}, {"y"}), {x, ints({-2, -2})}, "more than all");
  add_refusal("without end", node("Pad", {"x", "p"}, {"y"}), {x, ints({INT64_MAX, INT64_MAX})}, "too large");
  add_refusal("far below zero", node("Pad", {"x", "p"}, {"y"}), {x, ints({INT64_MIN, INT64_MAX})}, "too far");
  add_refusal("the wrong number of pads", node("Pad", {"x", "p"}, {"y"}), {x, ints({1})}, "pads are given");

  const Node center = node("CenterCropPad", {"x", "s"}, {"y"});
  add_kernel_case("crop an odd number", center, {counting({4}), ints({1})}, {of({1})});
  add_kernel_case("pad an odd number", center, {counting({1}), ints({4})}, {of({0, 0, 0, 0})});
  add_kernel_case("crop one axis and pad the other", center, {counting({1, 3}), ints({2, 1})},
                  {Tensor::of({2, 1}, std::vector<float>{1, 0})});

  add_kernel_case("overlapping blocks add up", node("Col2Im", {"x", "i", "b"}, {"y"}),
                  {Tensor::of({1, 2, 2}, std::vector<float>{1, 2, 3, 4}), ints({1, 3}), ints({1, 2})},
                  {Tensor::of({1, 1, 1, 3}, std::vector<float>{1, 5, 4})});
  add_kernel_case(
      "sums of integers wrap around", node("Col2Im", {"x", "i", "b"}, {"y"}),
      {Tensor::of({1, 2, 2}, std::vector<std::int64_t>{1, 2, INT64_MAX, 4}), ints({1, 3}), ints({1, 2})},
      {Tensor::of({1, 1, 1, 3}, std::vector<std::int64_t>{1, INT64_MIN + 1, 4})});
  add_refusal("columns that do not fit", node("Col2Im", {"x", "i", "b"}, {"y"}),
              {counting({1, 2, 3}), ints({1, 3}), ints({1, 2})}, "do not fit");
}

void PadTest::infersShapes_data() {
  inference_columns();
  add_inference_case("symbols", {node("Pad", {"x", "p"}, {"y"}),
                                 {floats({"N", "3"}), int64s({"4"})},
                                 {{}, ints({1, 0, 1, -1})},
                                 {"float32 N + 2 × 2"},
                                 "",
                                 ""});
  add_inference_case("one axis", {node("Pad", {"x", "p", "", "a"}, {"y"}),
                                  {floats({"N", "3"}), int64s({"2"}), {}, int64s({"1"})},
                                  {{}, ints({1, 1}), {}, ints({-1})},
                                  {"float32 N × 5"},
                                  "",
                                  ""});
  add_inference_case(
      "pads not known",
      {node("Pad", {"x", "p"}, {"y"}), {floats({"N", "3"}), int64s({"4"})}, {}, {"float32 ? × ?"}, "", ""});
  add_inference_case("by attribute", {node("Pad", {"x"}, {"y"}, {{"pads", list({0, 1})}}),
                                      {floats({"N"})},
                                      {},
                                      {"float32 N + 1"},
                                      "",
                                      "",
                                      2});
  add_inference_case("center crop", {node("CenterCropPad", {"x", "s"}, {"y"}, {{"axes", list({1})}}),
                                     {floats({"N", "9"}), int64s({"1"})},
                                     {{}, ints({5})},
                                     {"float32 N × 5"},
                                     "",
                                     ""});
}

QTEST_GUILESS_MAIN(PadTest)
#include "pad_test.moc"
