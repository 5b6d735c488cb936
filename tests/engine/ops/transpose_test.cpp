#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class TransposeTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infersShapes_data();
  void infersShapes() { check_inference_case(); }
};

void TransposeTest::computes_data() {
  kernel_columns();
  const auto perm = [](std::vector<std::int64_t> order) {
    return node("Transpose", {"x"}, {"y"}, {{"perm", order}});
  };
  add_kernel_case("all axes in reverse", node("Transpose", {"x"}, {"y"}), {counting({2, 3})},
                  {Tensor::of({3, 2}, std::vector<float>{0, 3, 1, 4, 2, 5})});
  add_kernel_case("a scalar", node("Transpose", {"x"}, {"y"}), {counting({})}, {counting({})});
  add_kernel_case("only ones move", perm({1, 0, 2}), {counting({1, 2, 3})}, {counting({2, 1, 3})});
  add_kernel_case("inner runs stay", perm({1, 0, 2}), {counting({2, 2, 2})},
                  {Tensor::of({2, 2, 2}, std::vector<float>{0, 1, 4, 5, 2, 3, 6, 7})});
  add_kernel_case("nothing in it", perm({1, 0}), {counting({0, 3})}, {counting({3, 0})});
  add_kernel_case("strings", perm({1, 0}), {Tensor::of_strings({1, 2}, {"a", "b"})},
                  {Tensor::of_strings({2, 1}, {"a", "b"})});
  add_kernel_case("packed elements", perm({1, 0}), {counting({3, 2}, DataType::Int4)},
                  {tensor_from(DataType::Int4, {2, 3}, std::vector<double>{0, 2, 4, 1, 3, 5})});
  add_refusal("no order of the axes", perm({0, 0}), {counting({2, 2})}, "no order");
  {  // larger than a tile of the blocked copy on both sides
    const std::int64_t rows = 37, columns = 19;
    std::vector<float> wanted;
    for (std::int64_t n = 0; n < 2; ++n)
      for (std::int64_t c = 0; c < columns; ++c)
        for (std::int64_t r = 0; r < rows; ++r)
          wanted.push_back(static_cast<float>((n * rows + r) * columns + c));
    add_kernel_case("planes", perm({0, 2, 1}), {counting({2, rows, columns})},
                    {Tensor::of({2, columns, rows}, wanted)});
  }
  const Node to_space = node("DepthToSpace", {"x"}, {"y"}, {{"blocksize", std::int64_t{2}}});
  add_kernel_case("depth to space", to_space, {counting({1, 4, 1, 1})}, {counting({1, 1, 2, 2})});
  add_kernel_case(
      "depth to space by channel",
      node("DepthToSpace", {"x"}, {"y"}, {{"blocksize", std::int64_t{2}}, {"mode", std::string("CRD")}}),
      {counting({1, 8, 1, 1})}, {counting({1, 2, 2, 2})});
  add_refusal("depth that does not divide", to_space, {counting({1, 3, 1, 1})}, "cannot be spread");
  add_kernel_case("space to depth", node("SpaceToDepth", {"x"}, {"y"}, {{"blocksize", std::int64_t{2}}}),
                  {counting({1, 1, 2, 2})}, {counting({1, 4, 1, 1})});
  add_kernel_case("reverse sequences", node("ReverseSequence", {"x", "l"}, {"y"}),
                  {counting({3, 2}), ints({2, 3})},
                  {Tensor::of({3, 2}, std::vector<float>{2, 5, 0, 3, 4, 1})});
  add_refusal("reverse beyond the end", node("ReverseSequence", {"x", "l"}, {"y"}),
              {counting({3, 1}), ints({4})}, "outside");

  const auto concat = [](std::int64_t axis) { return node("Concat", {"a", "b"}, {"y"}, {{"axis", axis}}); };
  add_kernel_case("concat columns", concat(-1), {counting({2, 1}), counting({2, 2})},
                  {Tensor::of({2, 3}, std::vector<float>{0, 0, 1, 1, 2, 3})});
  add_kernel_case("concat with nothing", concat(0), {counting({0, 2}), counting({1, 2})}, {counting({1, 2})});
  add_kernel_case("concat along 1 before 4", node("Concat", {"a", "b"}, {"y"}),
                  {counting({1, 1}), counting({1, 2})}, {Tensor::of({1, 3}, std::vector<float>{0, 0, 1})}, 1);
  add_kernel_case("concat strings", concat(0),
                  {Tensor::of_strings({1}, {"a"}), Tensor::of_strings({1}, {"b"})},
                  {Tensor::of_strings({2}, {"a", "b"})});
  add_refusal("concat of sizes that differ", concat(0), {counting({1, 2}), counting({1, 3})},
              "cannot be joined");
  add_refusal("concat of scalars", concat(0), {counting({}), counting({})}, "outside");

  const Node halves = node("Split", {"x"}, {"a", "b"});
  add_kernel_case("split evenly", halves, {counting({4})},
                  {counting({2}), Tensor::of({2}, std::vector<float>{2, 3})}, 13);
  add_refusal("split unevenly before 18", halves, {counting({3})}, "cannot be split", 13);
  add_kernel_case("split with a smaller last part",
                  node("Split", {"x"}, {"a", "b"}, {{"num_outputs", std::int64_t{2}}}), {counting({3})},
                  {counting({2}), Tensor::of({1}, std::vector<float>{2})});
  add_kernel_case("split with an empty part", node("Split", {"x", "s"}, {"a", "b"}),
                  {counting({2}), ints({0, 2})}, {counting({0}), counting({2})});
  add_kernel_case("split by attribute before 13", node("Split", {"x"}, {"a", "b"}, {{"split", list({1, 2})}}),
                  {counting({3})}, {counting({1}), Tensor::of({2}, std::vector<float>{1, 2})}, 11);
  add_refusal("split that does not add up", node("Split", {"x", "s"}, {"a", "b"}),
              {counting({4}), ints({1, 2})}, "cannot be split");
  add_refusal("split into a negative part", node("Split", {"x", "s"}, {"a", "b"}),
              {counting({4}), ints({5, -1})}, "negative");
}

void TransposeTest::infersShapes_data() {
  inference_columns();
  add_inference_case("transpose", {node("Transpose", {"x"}, {"y"}, {{"perm", list({0, 2, 1})}}),
                                   {floats({"N", "T", "64"})},
                                   {},
                                   {"float32 N × 64 × T"},
                                   "",
                                   ""});
  add_inference_case("depth to space", {node("DepthToSpace", {"x"}, {"y"}, {{"blocksize", std::int64_t{2}}}),
                                        {floats({"N", "4*C", "H", "8"})},
                                        {},
                                        {"float32 N × C × 2*H × 16"},
                                        "",
                                        ""});
  add_inference_case("concat adds sizes", {node("Concat", {"a", "b"}, {"y"}, {{"axis", std::int64_t{1}}}),
                                           {floats({"N", "P"}), floats({"N", "1"})},
                                           {},
                                           {"float32 N × P + 1"},
                                           "",
                                           ""});
  add_inference_case("concat takes what is known",
                     {node("Concat", {"a", "b"}, {"y"}, {{"axis", std::int64_t{1}}}),
                      {floats({"?", "3"}), floats({"N", "1"})},
                      {},
                      {"float32 N × 4"},
                      "",
                      ""});
  add_inference_case("concat contradicts", {node("Concat", {"a", "b"}, {"y"}, {{"axis", std::int64_t{1}}}),
                                            {floats({"2", "3"}), floats({"4", "1"})},
                                            {},
                                            {"float32 2 × 4"},
                                            "",
                                            "differ"});
  add_inference_case("concat joins values", {node("Concat", {"a", "b"}, {"y"}, {{"axis", std::int64_t{0}}}),
                                             {int64s({"1"}), int64s({"2"})},
                                             {ints({7}), {}},
                                             {"int64 3"},
                                             "7, ?, ?",
                                             ""});
  add_inference_case("split evenly", {node("Split", {"x"}, {"a", "b"}),
                                      {floats({"2*N", "3"})},
                                      {},
                                      {"float32 N × 3", "float32 N × 3"},
                                      "",
                                      "",
                                      13});
  add_inference_case("split as told", {node("Split", {"x", "s"}, {"a", "b"}),
                                       {floats({"4"}), int64s({"2"})},
                                       {{}, ints({1, 3})},
                                       {"float32 1", "float32 3"},
                                       "",
                                       ""});
}

QTEST_GUILESS_MAIN(TransposeTest)
#include "transpose_test.moc"
