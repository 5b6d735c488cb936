#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class SelectionTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infersShapes_data();
  void infersShapes() { check_inference_case(); }
};

namespace {

Tensor row(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::of({count}, values);
}

void add_unique_rows() {
  const Node all = node("Unique", {"x"}, {"y", "i", "v", "c"});
  add_kernel_case("unique sorted", all, {row({2, 1, 1, 3})},
                  {row({1, 2, 3}), ints({1, 0, 3}), ints({1, 0, 0, 2}), ints({2, 1, 1})});
  add_kernel_case(
      "unique in order", node("Unique", {"x"}, {"y", "i", "v", "c"}, {{"sorted", std::int64_t{0}}}),
      {row({2, 1, 1, 3})}, {row({2, 1, 3}), ints({0, 1, 3}), ints({0, 1, 1, 2}), ints({1, 2, 1})});
  add_kernel_case("unique columns", node("Unique", {"x"}, {"y"}, {{"axis", std::int64_t{1}}}),
                  {Tensor::of({2, 3}, std::vector<float>{1, 0, 1, 2, 5, 2})},
                  {Tensor::of({2, 2}, std::vector<float>{0, 1, 5, 2})});
  add_kernel_case("unique strings", node("Unique", {"x"}, {"y"}), {Tensor::of_strings({3}, {"b", "a", "b"})},
                  {Tensor::of_strings({2}, {"a", "b"})});
  add_kernel_case("unique of nothing", node("Unique", {"x"}, {"y"}), {counting({0})}, {counting({0})});
}

void add_box_rows() {
  const Node boxes = node("NonMaxSuppression", {"b", "s", "m", "i", "t"}, {"y"});
  const Tensor three = Tensor::of({1, 3, 4}, std::vector<float>{0, 0, 1, 1, 1, 1, 0, 0.1f, 5, 5, 6, 6});
  const Tensor scores = Tensor::of({1, 1, 3}, std::vector<float>{0.5f, 0.9f, 0.7f});
  const auto some = [&](std::int64_t most, float overlap, float least) {
    return std::vector<Datum>{three, scores, Tensor::scalar(most), Tensor::scalar(overlap),
                              Tensor::scalar(least)};
  };
  add_kernel_case("boxes drop what overlaps", boxes, some(9, 0.5f, 0.0f),
                  {Tensor::of({2, 3}, std::vector<std::int64_t>{0, 0, 1, 0, 0, 2})});
  add_kernel_case("boxes keep what overlaps little", boxes, some(9, 0.95f, 0.0f),
                  {Tensor::of({3, 3}, std::vector<std::int64_t>{0, 0, 1, 0, 0, 2, 0, 0, 0})});
  add_kernel_case("boxes drop what scores low", boxes, some(9, 0.95f, 0.8f),
                  {Tensor::of({1, 3}, std::vector<std::int64_t>{0, 0, 1})});
  add_kernel_case("boxes stop at the limit", boxes, some(1, 0.5f, 0.0f),
                  {Tensor::of({1, 3}, std::vector<std::int64_t>{0, 0, 1})});
  add_kernel_case("boxes without a limit given", node("NonMaxSuppression", {"b", "s"}, {"y"}),
                  {three, scores}, {Tensor(DataType::Int64, {0, 3})});
  add_refusal("boxes and scores of different counts", node("NonMaxSuppression", {"b", "s"}, {"y"}),
              {three, counting({1, 1, 2})}, "do not fit");
}

}  // namespace

void SelectionTest::computes_data() {
  kernel_columns();
  const Node top = node("TopK", {"x", "k"}, {"v", "i"});
  add_kernel_case("largest, the first of equals", top, {row({1, 3, 3, 2}), ints({3})},
                  {row({3, 3, 2}), ints({1, 2, 3})});
  add_kernel_case("smallest", node("TopK", {"x", "k"}, {"v", "i"}, {{"largest", std::int64_t{0}}}),
                  {row({2, 1, 3}), ints({2})}, {row({1, 2}), ints({1, 0})});
  add_kernel_case(
      "along the first axis", node("TopK", {"x", "k"}, {"v", "i"}, {{"axis", std::int64_t{0}}}),
      {Tensor::of({2, 2}, std::vector<float>{1, 4, 3, 2}), ints({1})},
      {Tensor::of({1, 2}, std::vector<float>{3, 4}), Tensor::of({1, 2}, std::vector<std::int64_t>{1, 0})});
  add_kernel_case("none", top, {row({1, 2}), ints({0})}, {row({}), ints({})});
  add_kernel_case("exact for large integers", top, {ints({INT64_MAX - 1, INT64_MAX}), ints({1})},
                  {ints({INT64_MAX}), ints({1})});
  add_kernel_case("not a number is largest", top, {row({1, NAN, 2}), ints({2})},
                  {row({NAN, 2}), ints({1, 2})});
  add_kernel_case("by attribute before 10", node("TopK", {"x"}, {"v", "i"}, {{"k", std::int64_t{1}}}),
                  {row({1, 2})}, {row({2}), ints({1})}, 1);
  add_refusal("more than there are", top, {row({1}), ints({2})}, "k is 2");
  const Node non_zero = node("NonZero", {"x"}, {"y"});
  add_kernel_case("non-zero", non_zero, {Tensor::of({2, 2}, std::vector<float>{0, 1, -0.0f, 2})},
                  {Tensor::of({2, 2}, std::vector<std::int64_t>{0, 1, 1, 1})});
  add_kernel_case("non-zero of a scalar", non_zero, {Tensor::scalar(true)},
                  {Tensor(DataType::Int64, {0, 1})});
  add_kernel_case("non-zero of nothing", non_zero, {counting({0, 2})}, {Tensor(DataType::Int64, {2, 0})});
  add_unique_rows();
  add_box_rows();
}

void SelectionTest::infersShapes_data() {
  inference_columns();
  add_inference_case("top k", {node("TopK", {"x", "k"}, {"v", "i"}),
                               {floats({"N", "100"}), int64s({"1"})},
                               {{}, ints({5})},
                               {"float32 N × 5", "int64 N × 5"},
                               "",
                               ""});
  add_inference_case("top of too few", {node("TopK", {"x", "k"}, {"v", "i"}),
                                        {floats({"3"}), int64s({"1"})},
                                        {{}, ints({5})},
                                        {"float32 5", "int64 5"},
                                        "",
                                        "k is 5"});
  add_inference_case("non-zero",
                     {node("NonZero", {"x"}, {"y"}), {floats({"N", "3"})}, {}, {"int64 2 × ?"}, "", ""});
  add_inference_case("unique", {node("Unique", {"x"}, {"y", "i", "v", "c"}),
                                {floats({"N", "3"})},
                                {},
                                {"float32 ?", "int64 ?", "int64 3*N", "int64 ?"},
                                "",
                                ""});
  add_inference_case("boxes", {node("NonMaxSuppression", {"b", "s"}, {"y"}),
                               {floats({"1", "N", "4"}), floats({"1", "1", "N"})},
                               {},
                               {"int64 ? × 3"},
                               "",
                               ""});
}

QTEST_GUILESS_MAIN(SelectionTest)
#include "selection_test.moc"
