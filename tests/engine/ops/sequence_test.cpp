#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class SequenceTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infersShapes_data();
  void infersShapes() { check_inference_case(); }
};

void SequenceTest::computes_data() {
  kernel_columns();
  const Tensor a = counting({2}), b = counting({3}), row = counting({1, 2});
  const Datum ab = Datum::sequence({a, b}), none = Datum::sequence({});
  const auto at = [](std::int64_t place) { return Tensor::scalar(place); };
  add_kernel_case("construct", node("SequenceConstruct", {"a", "b"}, {"s"}), {a, b}, {ab});
  add_kernel_case("empty", node("SequenceEmpty", {}, {"s"}), {}, {none});
  add_kernel_case("insert at the end", node("SequenceInsert", {"s", "t"}, {"r"}), {Datum::sequence({a}), b},
                  {ab});
  add_kernel_case("insert in front", node("SequenceInsert", {"s", "t", "p"}, {"r"}),
                  {Datum::sequence({b}), a, at(0)}, {ab});
  add_kernel_case("insert behind the last", node("SequenceInsert", {"s", "t", "p"}, {"r"}),
                  {Datum::sequence({a}), b, at(1)}, {ab});
  add_refusal("insert further behind", node("SequenceInsert", {"s", "t", "p"}, {"r"}),
              {Datum::sequence({a}), b, at(2)}, "outside");
  add_kernel_case("erase the last", node("SequenceErase", {"s"}, {"r"}), {ab}, {Datum::sequence({a})});
  add_kernel_case("erase from the back", node("SequenceErase", {"s", "p"}, {"r"}), {ab, at(-2)},
                  {Datum::sequence({b})});
  add_refusal("erase from nothing", node("SequenceErase", {"s"}, {"r"}), {none}, "outside");
  add_kernel_case("at", node("SequenceAt", {"s", "p"}, {"t"}), {ab, at(-1)}, {b});
  add_refusal("at a place outside", node("SequenceAt", {"s", "p"}, {"t"}), {ab, at(2)}, "outside");
  add_refusal("length of nothing", node("SequenceLength", {}, {"n"}), {}, "input 0");
  add_refusal("at in a tensor", node("SequenceAt", {"s", "p"}, {"t"}), {a, at(0)}, "sequence");
  add_kernel_case("length", node("SequenceLength", {"s"}, {"n"}), {none}, {Tensor::scalar(std::int64_t{0})});

  const Node split = node("SplitToSequence", {"x", "n"}, {"s"});
  add_kernel_case("split into ones", node("SplitToSequence", {"x"}, {"s"}), {a},
                  {Datum::sequence({counting({1}), Tensor::of({1}, std::vector<float>{1})})});
  add_kernel_case("split and drop the axis",
                  node("SplitToSequence", {"x"}, {"s"}, {{"keepdims", std::int64_t{0}}}), {row},
                  {Datum::sequence({a})});
  add_kernel_case("split by a size", split, {b, at(2)},
                  {Datum::sequence({a, Tensor::of({1}, std::vector<float>{2})})});
  add_kernel_case("split by sizes", split, {b, ints({0, 3})}, {Datum::sequence({counting({0}), b})});
  add_refusal("split by sizes that do not add up", split, {b, ints({1, 1})}, "do not make up");
  add_refusal("split by nothing", split, {b, at(0)}, "positive");
  add_kernel_case("concat", node("ConcatFromSequence", {"s"}, {"y"}, {{"axis", std::int64_t{0}}}), {ab},
                  {Tensor::of({5}, std::vector<float>{0, 1, 0, 1, 2})});
  add_kernel_case(
      "stack",
      node("ConcatFromSequence", {"s"}, {"y"}, {{"axis", std::int64_t{-1}}, {"new_axis", std::int64_t{1}}}),
      {Datum::sequence({a, a})}, {Tensor::of({2, 2}, std::vector<float>{0, 0, 1, 1})});
  add_refusal("concat of nothing", node("ConcatFromSequence", {"s"}, {"y"}, {{"axis", std::int64_t{0}}}),
              {none}, "no tensor");

  add_kernel_case("optional", node("Optional", {"x"}, {"o"}), {a}, {a});
  add_kernel_case("empty optional", node("Optional", {}, {"o"}), {}, {Datum()});
  add_kernel_case("has an element", node("OptionalHasElement", {"o"}, {"b"}), {ab}, {Tensor::scalar(true)});
  add_kernel_case("has no element", node("OptionalHasElement", {"o"}, {"b"}), {Datum()},
                  {Tensor::scalar(false)});
  add_kernel_case("its element", node("OptionalGetElement", {"o"}, {"y"}), {ab}, {ab});
  add_refusal("the element of an empty one", node("OptionalGetElement", {"o"}, {"y"}), {Datum()}, "empty");
}

void SequenceTest::infersShapes_data() {
  inference_columns();
  const Type list_of_rows = Type::sequence(floats({"N", "3"}));
  add_inference_case("what elements share", {node("SequenceConstruct", {"a", "b"}, {"s"}),
                                             {floats({"N", "3"}), floats({"N", "4"})},
                                             {},
                                             {"sequence of float32 N × ?"},
                                             "",
                                             ""});
  add_inference_case(
      "element",
      {node("SequenceAt", {"s", "p"}, {"t"}), {list_of_rows, int64s({})}, {}, {"float32 N × 3"}, "", ""});
  add_inference_case("pieces of one", {node("SplitToSequence", {"x"}, {"s"}),
                                       {floats({"N", "3"})},
                                       {},
                                       {"sequence of float32 1 × 3"},
                                       "",
                                       ""});
  add_inference_case("concat", {node("ConcatFromSequence", {"s"}, {"y"}, {{"axis", std::int64_t{1}}}),
                                {list_of_rows},
                                {},
                                {"float32 N × ?"},
                                "",
                                ""});
  add_inference_case("stack", {node("ConcatFromSequence", {"s"}, {"y"},
                                    {{"axis", std::int64_t{0}}, {"new_axis", std::int64_t{1}}}),
                               {list_of_rows},
                               {},
                               {"float32 ? × N × 3"},
                               "",
                               ""});
  add_inference_case("optional",
                     {node("Optional", {"x"}, {"o"}), {floats({"N"})}, {}, {"optional float32 N"}, "", ""});
  add_inference_case(
      "its element",
      {node("OptionalGetElement", {"o"}, {"y"}), {Type::optional(floats({"N"}))}, {}, {"float32 N"}, "", ""});
}

QTEST_GUILESS_MAIN(SequenceTest)
#include "sequence_test.moc"
