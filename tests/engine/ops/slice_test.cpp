#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class SliceTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infersShapes_data();
  void infersShapes() { check_inference_case(); }
};

void SliceTest::computes_data() {
  kernel_columns();
  const Node slice = node("Slice", {"x", "s", "e", "a", "t"}, {"y"});
  const Tensor x = counting({5});
  const auto of = [](std::vector<float> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return Tensor::of({count}, values);
  };
  const auto along = [&](std::int64_t start, std::int64_t end, std::int64_t step) {
    return std::vector<Datum>{x, ints({start}), ints({end}), ints({0}), ints({step})};
  };
  add_kernel_case("from the back", slice, along(-3, -1, 1), {of({2, 3})});
  add_kernel_case("beyond the end", slice, along(3, INT64_MAX, 1), {of({3, 4})});
  add_kernel_case("every second backwards", slice, along(-1, INT64_MIN, -2), {of({4, 2, 0})});
  add_kernel_case("a step beyond everything", slice, along(1, 5, INT64_MAX), {of({1})});
  add_kernel_case("a step back beyond everything", slice, along(3, INT64_MIN, INT64_MIN), {of({3})});
  add_kernel_case("nothing", slice, along(3, 2, 1), {of({})});
  add_kernel_case("start beyond the end", slice, along(9, 10, 1), {of({})});
  add_refusal("no step", slice, along(0, 2, 0), "step");
  add_kernel_case("inner axis", node("Slice", {"x", "s", "e", "a"}, {"y"}),
                  {counting({2, 3}), ints({1}), ints({3}), ints({-1})},
                  {Tensor::of({2, 2}, std::vector<float>{1, 2, 4, 5})});
  add_kernel_case("by attributes before 10",
                  node("Slice", {"x"}, {"y"}, {{"starts", list({1})}, {"ends", list({-1})}}), {x},
                  {of({1, 2, 3})}, 1);
  add_kernel_case("an empty axis", node("Slice", {"x", "s", "e"}, {"y"}),
                  {counting({0, 2}), ints({0, 1}), ints({5, 2})}, {counting({0, 1})});
  add_kernel_case("packed elements", node("Slice", {"x", "s", "e"}, {"y"}),
                  {counting({5}, DataType::Int4), ints({1}), ints({4})},
                  {tensor_from(DataType::Int4, {3}, std::vector<double>{1, 2, 3})});
  add_refusal("an axis that is not there", node("Slice", {"x", "s", "e", "a"}, {"y"}),
              {x, ints({0}), ints({1}), ints({1})}, "outside");
  add_refusal("lengths that differ", node("Slice", {"x", "s", "e"}, {"y"}), {x, ints({0}), ints({1, 2})},
              "different lengths");

  const Tensor square = counting({2, 3});
  const auto triangle = [](std::int64_t upper) {
    return node("Trilu", {"x", "k"}, {"y"}, {{"upper", upper}});
  };
  const auto diagonal = [](std::int64_t k) { return Tensor::scalar(k); };
  add_kernel_case("upper triangle", node("Trilu", {"x"}, {"y"}), {square},
                  {Tensor::of({2, 3}, std::vector<float>{0, 1, 2, 0, 4, 5})});
  add_kernel_case("lower triangle", triangle(0), {square, diagonal(0)},
                  {Tensor::of({2, 3}, std::vector<float>{0, 0, 0, 3, 4, 0})});
  add_kernel_case("far below", triangle(1), {square, diagonal(INT64_MIN)}, {square});
  add_kernel_case("far above", triangle(1), {square, diagonal(INT64_MAX)},
                  {Tensor::of({2, 3}, std::vector<float>(6, 0.0f))});
}

void SliceTest::infersShapes_data() {
  inference_columns();
  const Node slice = node("Slice", {"x", "s", "e", "a"}, {"y"});
  const auto row = [&](std::string size, std::int64_t start, std::int64_t end, std::string wanted) {
    return InferenceCase{slice,
                         {floats({size}), int64s({"1"}), int64s({"1"}), int64s({"1"})},
                         {{}, ints({start}), ints({end}), ints({0})},
                         {"float32 " + wanted},
                         "",
                         ""};
  };
  add_inference_case("numbers", row("8", 1, -1, "6"));
  add_inference_case("all of a symbol", row("N", 0, INT64_MAX, "N"));
  add_inference_case("all but the first", row("N", 1, INT64_MAX, "N - 1"));
  add_inference_case("all but the last", row("N", 0, -1, "N - 1"));
  add_inference_case("the first", row("N", 0, 1, "1"));
  add_inference_case("the last", row("N", -1, INT64_MAX, "1"));
  add_inference_case("at most five", row("N", 0, 5, "min(5, N)"));
  add_inference_case("bounds not known", {slice,
                                          {floats({"N", "3"}), int64s({"1"}), int64s({"1"}), int64s({"1"})},
                                          {{}, {}, {}, ints({1})},
                                          {"float32 N × ?"},
                                          "",
                                          ""});
  add_inference_case("values", {slice,
                                {int64s({"4"}), int64s({"1"}), int64s({"1"}), int64s({"1"})},
                                {ints({5, 6, 7, 8}), ints({1}), ints({3}), ints({0})},
                                {"int64 2"},
                                "6, 7",
                                ""});
}

QTEST_GUILESS_MAIN(SliceTest)
#include "slice_test.moc"
