#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class ShapeTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infersShapes_data();
  void infersShapes() { check_inference_case(); }
};

void ShapeTest::computes_data() {
  kernel_columns();
  const Tensor x = counting({2, 3, 4});
  add_kernel_case("shape", node("Shape", {"x"}, {"y"}), {x}, {ints({2, 3, 4})});
  add_kernel_case("shape of a scalar", node("Shape", {"x"}, {"y"}), {Tensor::scalar(1.0f)}, {ints({})});
  add_kernel_case("shape from the back", node("Shape", {"x"}, {"y"}, {{"start", std::int64_t{-2}}}), {x},
                  {ints({3, 4})});
  add_kernel_case("shape cut to the rank",
                  node("Shape", {"x"}, {"y"}, {{"start", std::int64_t{-9}}, {"end", std::int64_t{9}}}), {x},
                  {ints({2, 3, 4})});
  add_kernel_case("shape with nothing left",
                  node("Shape", {"x"}, {"y"}, {{"start", std::int64_t{2}}, {"end", std::int64_t{1}}}), {x},
                  {ints({})});
  add_kernel_case("size", node("Size", {"x"}, {"y"}), {x}, {Tensor::scalar(std::int64_t{24})});
  add_kernel_case("size without elements", node("Size", {"x"}, {"y"}), {counting({2, 0})},
                  {Tensor::scalar(std::int64_t{0})});

  const Node reshape = node("Reshape", {"x", "s"}, {"y"});
  add_kernel_case("reshape with a copied and an open size", reshape, {x, ints({0, -1})},
                  {x.reshaped({2, 12})});
  add_kernel_case("reshape to a scalar", reshape, {counting({1, 1}), ints({})}, {counting({})});
  add_kernel_case("reshape strings", reshape, {Tensor::of_strings({2}, {"a", "b"}), ints({2, 1})},
                  {Tensor::of_strings({2, 1}, {"a", "b"})});
  add_kernel_case("reshape packed elements", reshape, {counting({2, 3}, DataType::UInt4), ints({3, 2})},
                  {counting({3, 2}, DataType::UInt4)});
  add_kernel_case("reshape by attribute before 5", node("Reshape", {"x"}, {"y"}, {{"shape", list({6, 4})}}),
                  {x}, {x.reshaped({6, 4})}, 1);
  add_kernel_case("reshape with allowed zeros",
                  node("Reshape", {"x", "s"}, {"y"}, {{"allowzero", std::int64_t{1}}}),
                  {counting({0, 3}), ints({3, 0})}, {counting({3, 0})});
  add_refusal("reshape to another count", reshape, {x, ints({5, 5})}, "cannot reshape");
  add_refusal("reshape with two open sizes", reshape, {x, ints({-1, -1})}, "more than one");
  add_refusal("reshape that overflows", reshape, {x, ints({INT64_MAX, INT64_MAX})}, "too large");
  add_refusal("reshape copying what is not there", reshape, {x, ints({2, 3, 4, 0})}, "cannot reshape");
  add_refusal("reshape nothing to an open size", reshape, {counting({0}), ints({0, -1})}, "cannot reshape");

  add_kernel_case("flatten at the front", node("Flatten", {"x"}, {"y"}, {{"axis", std::int64_t{0}}}), {x},
                  {x.reshaped({1, 24})});
  add_kernel_case("flatten at the end", node("Flatten", {"x"}, {"y"}, {{"axis", std::int64_t{3}}}), {x},
                  {x.reshaped({24, 1})});
  add_kernel_case("flatten a scalar", node("Flatten", {"x"}, {"y"}, {{"axis", std::int64_t{0}}}),
                  {counting({})}, {counting({1, 1})});
  add_refusal("flatten beyond the rank", node("Flatten", {"x"}, {"y"}, {{"axis", std::int64_t{4}}}), {x},
              "outside");

  const Tensor ones = counting({1, 3, 1});
  add_kernel_case("squeeze all", node("Squeeze", {"x"}, {"y"}), {ones}, {counting({3})});
  add_kernel_case("squeeze one", node("Squeeze", {"x", "a"}, {"y"}), {ones, ints({-1})}, {counting({1, 3})});
  add_kernel_case("squeeze by attribute before 13", node("Squeeze", {"x"}, {"y"}, {{"axes", list({0})}}),
                  {ones}, {counting({3, 1})}, 11);
  add_refusal("squeeze more than one", node("Squeeze", {"x", "a"}, {"y"}), {ones, ints({1})},
              "cannot be dropped");
  add_kernel_case("unsqueeze a scalar", node("Unsqueeze", {"x", "a"}, {"y"}), {counting({}), ints({0, -1})},
                  {counting({1, 1})});
  add_kernel_case("unsqueeze out of order", node("Unsqueeze", {"x", "a"}, {"y"}),
                  {counting({2, 3}), ints({3, 0})}, {counting({1, 2, 3, 1})});
  add_refusal("unsqueeze twice at one place", node("Unsqueeze", {"x", "a"}, {"y"}), {x, ints({1, 1})},
              "twice");

  const Node expand = node("Expand", {"x", "s"}, {"y"});
  add_kernel_case("expand", expand, {counting({2, 1}), ints({1, 2, 3})},
                  {Tensor::of({1, 2, 3}, std::vector<float>{0, 0, 0, 1, 1, 1})});
  add_kernel_case("expand to nothing", expand, {counting({1}), ints({0})}, {counting({0})});
  add_refusal("expand to a negative size", expand, {counting({1}), ints({-1})}, "negative");
  add_refusal("expand against the shape", expand, {counting({2}), ints({3})}, "broadcast");
  const Node tile = node("Tile", {"x", "r"}, {"y"});
  add_kernel_case("tile", tile, {counting({1, 2}), ints({2, 2})},
                  {Tensor::of({2, 4}, std::vector<float>{0, 1, 0, 1, 0, 1, 0, 1})});
  add_kernel_case("tile no times", tile, {counting({2}), ints({0})}, {counting({0})});
  add_kernel_case("tile along one axis before 6", node("Tile", {"x", "t", "a"}, {"y"}),
                  {counting({2}), Tensor::scalar(2.0f), Tensor::scalar(0.0f)},
                  {Tensor::of({4}, std::vector<float>{0, 1, 0, 1})}, 1);
  add_refusal("tile without end", tile, {counting({2}), ints({INT64_MAX})}, "too large");
  add_refusal("tile a negative number of times", tile, {counting({2}), ints({-1})}, "negative");

  const auto range = [](auto start, auto limit, auto delta) {
    return std::vector<Datum>{Tensor::scalar(start), Tensor::scalar(limit), Tensor::scalar(delta)};
  };
  const Node range_node = node("Range", {"a", "b", "c"}, {"y"});
  add_kernel_case("range of integers", range_node, range(std::int64_t{10}, std::int64_t{4}, std::int64_t{-3}),
                  {ints({10, 7})});
  add_kernel_case("range of floats", range_node, range(0.0f, 1.0f, 0.3f),
                  {Tensor::of({4}, std::vector<float>{0, 0.3f, 0.6f, 0.9f})});
  add_kernel_case("range the wrong way", range_node,
                  range(std::int64_t{1}, std::int64_t{5}, std::int64_t{-1}), {ints({})});
  add_kernel_case("range of extremes", range_node, range(INT64_MIN, INT64_MAX, INT64_MAX),
                  {ints({INT64_MIN, -1, INT64_MAX - 1})});
  add_refusal("range without a step", range_node, range(0.0f, 1.0f, 0.0f), "delta of 0");
  add_refusal("range without end", range_node, range(0.0, HUGE_VAL, 1.0), "too many");
}

void ShapeTest::infersShapes_data() {
  inference_columns();
  const Node reshape = node("Reshape", {"x", "s"}, {"y"});
  add_inference_case("shape",
                     {node("Shape", {"x"}, {"y"}), {floats({"N", "3"})}, {}, {"int64 2"}, "N, 3", ""});
  add_inference_case("size",
                     {node("Size", {"x"}, {"y"}), {floats({"N", "3"})}, {}, {"int64 scalar"}, "3*N", ""});
  add_inference_case(
      "shape of unknown rank",
      {node("Shape", {"x"}, {"y"}), {Type::tensor(DataType::Float32)}, {}, {"int64 ?"}, "", ""});
  add_inference_case("reshape keeps symbols", {reshape,
                                               {floats({"N", "T", "768"}), int64s({"4"})},
                                               {{}, ints({0, 0, 12, 64})},
                                               {"float32 N × T × 12 × 64"},
                                               "",
                                               ""});
  add_inference_case("reshape divides exactly", {reshape,
                                                 {floats({"N", "4", "H"}), int64s({"2"})},
                                                 {{}, ints({2, -1})},
                                                 {"float32 2 × 2*H*N"},
                                                 "",
                                                 ""});
  add_inference_case(
      "reshape strikes out copied unknowns",
      {reshape, {floats({"?", "4", "6"}), int64s({"2"})}, {{}, ints({0, -1})}, {"float32 ? × 24"}, "", ""});
  add_inference_case(
      "reshape rounds down otherwise",
      {reshape, {floats({"N"}), int64s({"2"})}, {{}, ints({-1, 2})}, {"float32 floor(N/2) × 2"}, "", ""});
  add_inference_case("reshape of which only the rank is known",
                     {reshape, {floats({"N"}), int64s({"3"})}, {}, {"float32 ? × ? × ?"}, "", ""});
  add_inference_case(
      "reshape to another count",
      {reshape, {floats({"4"}), int64s({"1"})}, {{}, ints({5})}, {"float32 5"}, "", "cannot reshape"});
  add_inference_case(
      "flatten",
      {node("Flatten", {"x"}, {"y"}), {floats({"N", "512", "1", "1"})}, {}, {"float32 N × 512"}, "", ""});
  add_inference_case("squeeze named axes", {node("Squeeze", {"x", "a"}, {"y"}),
                                            {floats({"N", "1"}), int64s({"1"})},
                                            {{}, ints({1})},
                                            {"float32 N"},
                                            "",
                                            ""});
  add_inference_case("squeeze all with symbols",
                     {node("Squeeze", {"x"}, {"y"}), {floats({"N", "1"})}, {}, {"float32"}, "", ""});
  add_inference_case("squeeze by attribute", {node("Squeeze", {"x"}, {"y"}, {{"axes", list({1})}}),
                                              {floats({"N", "1"})},
                                              {},
                                              {"float32 N"},
                                              "",
                                              "",
                                              11});
  add_inference_case("unsqueeze", {node("Unsqueeze", {"x", "a"}, {"y"}),
                                   {floats({"N"}), int64s({"1"})},
                                   {{}, ints({-1})},
                                   {"float32 N × 1"},
                                   "",
                                   ""});
  add_inference_case("expand", {node("Expand", {"x", "s"}, {"y"}),
                                {floats({"1", "T"}), int64s({"2"})},
                                {{}, ints({4, 1})},
                                {"float32 4 × T"},
                                "",
                                ""});
  add_inference_case("tile", {node("Tile", {"x", "r"}, {"y"}),
                              {floats({"N", "2"}), int64s({"2"})},
                              {{}, ints({3, 1})},
                              {"float32 3*N × 2"},
                              "",
                              ""});
  add_inference_case("range", {node("Range", {"a", "b", "c"}, {"y"}),
                               {int64s({}), int64s({}), int64s({})},
                               {Tensor::scalar(std::int64_t{1}), Tensor::scalar(std::int64_t{8}),
                                Tensor::scalar(std::int64_t{3})},
                               {"int64 3"},
                               "1, 4, 7",
                               ""});
}

QTEST_GUILESS_MAIN(ShapeTest)
#include "shape_test.moc"
