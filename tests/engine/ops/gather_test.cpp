#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class GatherTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infersShapes_data();
  void infersShapes() { check_inference_case(); }
};

namespace {

Tensor floats_of(Dims dims, std::vector<float> values) { return Tensor::of(std::move(dims), values); }

void add_gather_rows() {
  const Node gather = node("Gather", {"x", "i"}, {"y"}),
             columns = node("Gather", {"x", "i"}, {"y"}, {{"axis", std::int64_t{1}}});
  add_kernel_case("rows", gather, {counting({3, 2}), ints({2, -3})}, {floats_of({2, 2}, {4, 5, 0, 1})});
  add_kernel_case("columns by a scalar", columns, {counting({2, 2}), Tensor::scalar(std::int32_t{1})},
                  {floats_of({2}, {1, 3})});
  add_kernel_case("columns by a matrix", columns,
                  {counting({1, 3}), Tensor::of({1, 2}, std::vector<std::int64_t>{2, 0})},
                  {floats_of({1, 1, 2}, {2, 0})});
  add_kernel_case("no indices", gather, {counting({3, 2}), ints({})}, {counting({0, 2})});
  add_kernel_case("strings", gather, {Tensor::of_strings({2}, {"a", "b"}), ints({1, 1})},
                  {Tensor::of_strings({2}, {"b", "b"})});
  add_refusal("an index outside", gather, {counting({3}), ints({3})}, "index 3 is outside");
  add_refusal("an index far outside", gather, {counting({3}), ints({INT64_MIN})}, "outside");
  add_refusal("an index into nothing", gather, {counting({0}), ints({0})}, "outside");
  const Node by_element = node("GatherElements", {"x", "i"}, {"y"}, {{"axis", std::int64_t{1}}});
  add_kernel_case("single elements", by_element,
                  {counting({2, 2}), Tensor::of({2, 2}, std::vector<std::int64_t>{0, 0, -1, 0})},
                  {floats_of({2, 2}, {0, 0, 3, 2})});
  add_kernel_case("fewer rows than the data", by_element,
                  {counting({2, 2}), Tensor::of({1, 1}, std::vector<std::int64_t>{1})},
                  {floats_of({1, 1}, {1})});
  add_refusal("more rows than the data", by_element,
              {counting({1, 2}), Tensor::of({2, 1}, std::vector<std::int64_t>{0, 0})}, "do not fit");
  add_kernel_case("by full tuples", node("GatherND", {"x", "i"}, {"y"}),
                  {counting({2, 2}), Tensor::of({2, 2}, std::vector<std::int64_t>{0, 0, 1, -1})},
                  {floats_of({2}, {0, 3})});
  add_kernel_case("by tuples that name rows", node("GatherND", {"x", "i"}, {"y"}),
                  {counting({2, 2}), Tensor::of({2, 1}, std::vector<std::int64_t>{1, 0})},
                  {floats_of({2, 2}, {2, 3, 0, 1})});
  add_kernel_case(
      "by tuples in a batch", node("GatherND", {"x", "i"}, {"y"}, {{"batch_dims", std::int64_t{1}}}),
      {counting({2, 2}), Tensor::of({2, 1}, std::vector<std::int64_t>{1, 0})}, {floats_of({2}, {1, 2})});
  add_refusal("tuples wider than the data", node("GatherND", {"x", "i"}, {"y"}),
              {counting({2}), Tensor::of({1, 2}, std::vector<std::int64_t>{0, 0})}, "do not fit");
}

void add_choosing_rows() {
  add_kernel_case("compress rows", node("Compress", {"x", "c"}, {"y"}, {{"axis", std::int64_t{0}}}),
                  {counting({3, 2}), Tensor::of({2}, std::vector<bool>{false, true})},
                  {floats_of({1, 2}, {2, 3})});
  add_kernel_case("compress flat", node("Compress", {"x", "c"}, {"y"}),
                  {counting({2, 2}), Tensor::of({4}, std::vector<bool>{true, false, true, true})},
                  {floats_of({3}, {0, 2, 3})});
  add_kernel_case("compress away", node("Compress", {"x", "c"}, {"y"}),
                  {counting({2}), Tensor::of({2}, std::vector<bool>{false, false})}, {counting({0})});
  const Node one_hot = node("OneHot", {"i", "d", "v"}, {"y"});
  const Tensor off_on = floats_of({2}, {0, 1});
  add_kernel_case("one hot", one_hot, {ints({1, -1, 5}), Tensor::scalar(std::int64_t{3}), off_on},
                  {floats_of({3, 3}, {0, 1, 0, 0, 0, 1, 0, 0, 0})});
  add_kernel_case("one hot along the first axis",
                  node("OneHot", {"i", "d", "v"}, {"y"}, {{"axis", std::int64_t{0}}}),
                  {ints({1, 0}), ints({2}), off_on}, {floats_of({2, 2}, {0, 1, 1, 0})});
  add_refusal("one hot of negative depth", one_hot, {ints({0}), ints({-1}), off_on}, "negative");
}

void add_scatter_rows() {
  const auto elements = [](std::string reduction) {
    return node("ScatterElements", {"x", "i", "u"}, {"y"},
                {{"axis", std::int64_t{0}}, {"reduction", reduction}});
  };
  const std::vector<Datum> twice{counting({3}), ints({1, 1}), floats_of({2}, {5, 7})};
  add_kernel_case("scatter replaces", elements("none"),
                  {counting({3}), ints({-1, 0}), floats_of({2}, {5, 7})}, {floats_of({3}, {7, 1, 5})});
  add_kernel_case("scatter adds", elements("add"), twice, {floats_of({3}, {0, 13, 2})});
  add_kernel_case("scatter multiplies", elements("mul"), twice, {floats_of({3}, {0, 35, 2})});
  add_kernel_case("scatter keeps the least", elements("min"), twice, {floats_of({3}, {0, 1, 2})});
  add_kernel_case("scatter keeps the largest", elements("max"), twice, {floats_of({3}, {0, 7, 2})});
  add_refusal("scatter with max before 18", elements("max"), twice, "no reduction", 16);
  add_kernel_case("scatter under its first name", node("Scatter", {"x", "i", "u"}, {"y"}),
                  {counting({2}), ints({1}), floats_of({1}, {9})}, {floats_of({2}, {0, 9})}, 9);
  add_refusal("scatter outside", elements("none"), {counting({2}), ints({2}), floats_of({1}, {9})},
              "outside");
  const Node slices = node("ScatterND", {"x", "i", "u"}, {"y"});
  add_kernel_case(
      "scatter rows", slices,
      {counting({2, 2}), Tensor::of({1, 1}, std::vector<std::int64_t>{1}), floats_of({1, 2}, {8, 9})},
      {floats_of({2, 2}, {0, 1, 8, 9})});
  add_refusal("scatter rows that do not match", slices,
              {counting({2, 2}), Tensor::of({1, 1}, std::vector<std::int64_t>{1}), floats_of({1}, {8})},
              "do not match");
  const auto cache = [](std::string mode) {
    return node("TensorScatter", {"c", "u", "w"}, {"y"}, {{"axis", std::int64_t{1}}, {"mode", mode}});
  };
  add_kernel_case("cache from a position on", cache("linear"),
                  {counting({1, 3}), floats_of({1, 2}, {8, 9}), ints({1})}, {floats_of({1, 3}, {0, 8, 9})});
  add_kernel_case("cache around the end", cache("circular"),
                  {counting({1, 3}), floats_of({1, 2}, {8, 9}), ints({2})}, {floats_of({1, 3}, {9, 1, 8})});
  add_refusal("cache beyond its end", cache("linear"),
              {counting({1, 3}), floats_of({1, 2}, {8, 9}), ints({2})}, "leaves a cache");
}

}  // namespace

void GatherTest::computes_data() {
  kernel_columns();
  add_gather_rows();
  add_choosing_rows();
  add_scatter_rows();
}

void GatherTest::infersShapes_data() {
  inference_columns();
  const Node gather = node("Gather", {"x", "i"}, {"y"});
  add_inference_case(
      "rows", {gather, {floats({"V", "768"}), int64s({"N", "T"})}, {}, {"float32 N × T × 768"}, "", ""});
  add_inference_case("values by a scalar", {gather,
                                            {int64s({"3"}), int64s({})},
                                            {ints({7, 8, 9}), Tensor::scalar(std::int64_t{-1})},
                                            {"int64 scalar"},
                                            "9",
                                            ""});
  add_inference_case(
      "values outside",
      {gather, {int64s({"1"}), int64s({"1"})}, {ints({7}), ints({1})}, {"int64 1"}, "", "outside"});
  add_inference_case("by tuples", {node("GatherND", {"x", "i"}, {"y"}),
                                   {floats({"N", "T", "8"}), int64s({"B", "2"})},
                                   {},
                                   {"float32 B × 8"},
                                   "",
                                   ""});
  add_inference_case("compress", {node("Compress", {"x", "c"}, {"y"}, {{"axis", std::int64_t{0}}}),
                                  {floats({"N", "3"}), {}},
                                  {},
                                  {"float32 ? × 3"},
                                  "",
                                  ""});
  add_inference_case("one hot", {node("OneHot", {"i", "d", "v"}, {"y"}),
                                 {int64s({"N"}), int64s({}), floats({"2"})},
                                 {{}, Tensor::scalar(std::int64_t{10}), {}},
                                 {"float32 N × 10"},
                                 "",
                                 ""});
  add_inference_case("scatter", {node("ScatterND", {"x", "i", "u"}, {"y"}),
                                 {floats({"N", "3"}), {}, {}},
                                 {},
                                 {"float32 N × 3"},
                                 "",
                                 ""});
}

QTEST_GUILESS_MAIN(GatherTest)
#include "gather_test.moc"
