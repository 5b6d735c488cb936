#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// What operators meant in old operator sets, and mean otherwise now.
class OldVersionsTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
};

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;
constexpr std::int64_t yes = 1;

Tensor matrix(Dims dims, const std::vector<float>& values) { return Tensor::of(std::move(dims), values); }

void add_element_wise() {
  const Tensor a = matrix({2, 2, 1}, {1, 2, 3, 4}), b = matrix({2}, {10, 20});
  const Attributes at_start = {{"broadcast", yes}, {"axis", std::int64_t{0}}};
  add_kernel_case("Add-1 aligns b at an axis", node("Add", {"a", "b"}, {"y"}, at_start), {a, b},
                  {matrix({2, 2, 1}, {11, 12, 23, 24})}, 1);
  add_kernel_case("Mul-6 aligns b at an axis", node("Mul", {"a", "b"}, {"y"}, at_start), {a, b},
                  {matrix({2, 2, 1}, {10, 20, 60, 80})}, 6);
  add_kernel_case("Pow-1 aligns b at an axis", node("Pow", {"a", "b"}, {"y"}, at_start), {a, reals({2, 1})},
                  {matrix({2, 2, 1}, {1, 4, 3, 4})}, 1);
  add_kernel_case("Less-1 aligns b at an axis", node("Less", {"a", "b"}, {"y"}, at_start), {a, reals({2, 3})},
                  {Tensor::of({2, 2, 1}, std::vector<bool>{true, false, false, false})}, 1);
  add_kernel_case("Sub-1 aligns b at the end", node("Sub", {"a", "b"}, {"y"}, {{"broadcast", yes}}),
                  {matrix({2, 2}, {1, 2, 3, 4}), b}, {matrix({2, 2}, {-9, -18, -7, -16})}, 1);
  add_kernel_case("Max-1", node("Max", {"a", "b"}, {"y"}), {reals({1, 5}), reals({3, 2})}, {reals({3, 5})},
                  1);
  add_kernel_case("Sum-6 ignores what it consumes", node("Sum", {"a", "b"}, {"y"}),
                  {reals({1, 5}), reals({3, 2})}, {reals({4, 7})}, 6);
  add_kernel_case("Relu-1 ignores what it consumes",
                  node("Relu", {"a"}, {"y"}, {{"consumed_inputs", list({0})}}), {reals({1, -5})},
                  {reals({1, 0})}, 1);
  add_kernel_case("PRelu-1 has a slope for each channel", node("PRelu", {"a", "b"}, {"y"}),
                  {matrix({1, 2, 2}, {-1, 2, -3, -4}), reals({10, 100})},
                  {matrix({1, 2, 2}, {-10, 2, -300, -400})}, 1);
  add_kernel_case("Clip-6 has attributes", node("Clip", {"a"}, {"y"}, {{"min", 0.0f}, {"max", 2.0f}}),
                  {reals({-1, 1, 3})}, {reals({0, 1, 2})}, 6);
  add_kernel_case("Cast-1 names its type", node("Cast", {"a"}, {"y"}, {{"to", std::string("INT64")}}),
                  {reals({1.5f, -2})}, {ints({1, -2})}, 1);
  add_kernel_case("Softmax-1 takes all axes from one on", node("Softmax", {"a"}, {"y"}),
                  {matrix({1, 2, 2}, {0, 0, 0, 0})}, {matrix({1, 2, 2}, {0.25f, 0.25f, 0.25f, 0.25f})}, 1);
  add_kernel_case("Hardmax-1 takes all axes from one on", node("Hardmax", {"a"}, {"y"}),
                  {matrix({1, 2, 2}, {1, 2, 4, 3})}, {matrix({1, 2, 2}, {0, 0, 1, 0})}, 1);
}

void add_movement() {
  add_kernel_case("Reshape-1 has its shape as attribute",
                  node("Reshape", {"a"}, {"y"}, {{"shape", list({0, -1})}}), {counting({2, 3, 1})},
                  {counting({2, 3})}, 1);
  add_kernel_case("Concat-1 joins along axis 1", node("Concat", {"a", "b"}, {"y"}),
                  {matrix({2, 1}, {1, 2}), matrix({2, 1}, {3, 4})}, {matrix({2, 2}, {1, 3, 2, 4})}, 1);
  add_kernel_case("Split-1 takes sizes as input", node("Split", {"a", "s"}, {"x", "y"}),
                  {reals({1, 2, 3}), Tensor::of<float>({2}, {1, 2})}, {reals({1}), reals({2, 3})}, 1);
  add_kernel_case("Split-2 takes sizes as attribute",
                  node("Split", {"a"}, {"x", "y"}, {{"split", list({1, 2})}}), {reals({1, 2, 3})},
                  {reals({1}), reals({2, 3})}, 2);
  add_kernel_case("Slice-1 has attributes",
                  node("Slice", {"a"}, {"y"}, {{"starts", list({-2})}, {"ends", list({1000})}}),
                  {reals({1, 2, 3})}, {reals({2, 3})}, 1);
  add_kernel_case("Squeeze-1 has attributes", node("Squeeze", {"a"}, {"y"}, {{"axes", list({0})}}),
                  {counting({1, 2})}, {counting({2})}, 1);
  add_kernel_case("Unsqueeze-1 has attributes", node("Unsqueeze", {"a"}, {"y"}, {{"axes", list({0, 2})}}),
                  {counting({2})}, {counting({1, 2, 1})}, 1);
  add_kernel_case("Tile-1 repeats along one axis", node("Tile", {"a", "n", "axis"}, {"y"}),
                  {matrix({1, 2}, {1, 2}), Tensor::scalar(2.0f), Tensor::scalar(1.0f)},
                  {matrix({1, 4}, {1, 2, 1, 2})}, 1);
  add_kernel_case("Pad-1 calls them paddings",
                  node("Pad", {"a"}, {"y"}, {{"paddings", list({1, 1})}, {"value", 7.0f}}), {reals({1})},
                  {reals({7, 1, 7})}, 1);
  add_kernel_case("Pad-2 calls them pads",
                  node("Pad", {"a"}, {"y"}, {{"pads", list({0, 2})}, {"mode", std::string("edge")}}),
                  {reals({1, 2})}, {reals({1, 2, 2, 2})}, 2);
  add_kernel_case("TopK-1 has k as attribute", node("TopK", {"a"}, {"v", "i"}, {{"k", std::int64_t{2}}}),
                  {reals({1, 3, 2})}, {reals({3, 2}), ints({1, 2})}, 1);
  add_kernel_case("Scatter-9", node("Scatter", {"a", "i", "u"}, {"y"}),
                  {reals({0, 0, 0}), ints({2, 0}), reals({1, 2})}, {reals({2, 0, 1})}, 9);
  const Node one_hot = node("OneHot", {"i", "d", "v"}, {"y"});
  const std::vector<Datum> negative_index = {ints({-1}), ints({2}), reals({0, 1})};
  add_kernel_case("OneHot-9 knows no negative indices", one_hot, negative_index, {matrix({1, 2}, {0, 0})}, 9);
  add_kernel_case("OneHot-11 counts them from the end", one_hot, negative_index, {matrix({1, 2}, {0, 1})}, 11);
  add_kernel_case("Upsample-7 has scales as attribute",
                  node("Upsample", {"a"}, {"y"}, {{"scales", std::vector<float>{1, 1, 1, 2}}}),
                  {matrix({1, 1, 1, 2}, {1, 2})}, {matrix({1, 1, 1, 4}, {1, 1, 2, 2})}, 7);
  add_kernel_case("Upsample-1 has scales of its own",
                  node("Upsample", {"a"}, {"y"}, {{"width_scale", 2.0f}, {"height_scale", 1.0f}}),
                  {matrix({1, 1, 1, 2}, {1, 2})}, {matrix({1, 1, 1, 4}, {1, 1, 2, 2})}, 1);
  add_kernel_case("Upsample-9 has scales as input", node("Upsample", {"a", "s"}, {"y"}),
                  {matrix({1, 1, 1, 2}, {1, 2}), reals({1, 1, 1, 2})}, {matrix({1, 1, 1, 4}, {1, 1, 2, 2})},
                  9);
  add_kernel_case("Resize-10 starts from the corner",
                  node("Resize", {"a", "s"}, {"y"}, {{"mode", std::string("linear")}}),
                  {matrix({1, 1, 1, 2}, {1, 3}), reals({1, 1, 1, 2})}, {matrix({1, 1, 1, 4}, {1, 2, 3, 3})},
                  10);
  add_kernel_case("ReduceSum-1 has axes as attribute",
                  node("ReduceSum", {"a"}, {"y"}, {{"axes", list({0})}, {"keepdims", std::int64_t{0}}}),
                  {matrix({2, 2}, {1, 2, 3, 4})}, {reals({4, 6})}, 1);
}

void add_layers() {
  const Tensor a = matrix({2, 2}, {1, 2, 3, 4});
  add_kernel_case("Gemm-1 broadcasts only when told",
                  node("Gemm", {"a", "b", "c"}, {"y"}, {{"broadcast", yes}}), {a, a, reals({1, 2})},
                  {matrix({2, 2}, {8, 12, 16, 24})}, 1);
  add_refusal("Gemm-6 that is not told", node("Gemm", {"a", "b", "c"}, {"y"}), {a, a, reals({1, 2})},
              "is needed", 6);
  const auto normalization = [](Attributes attributes) {
    return node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"}, std::move(attributes));
  };
  const Tensor x = matrix({2, 1, 2}, {1, 2, 3, 4});
  add_kernel_case(
      "BatchNormalization-1 in a test",
      normalization({{"is_test", yes}, {"epsilon", 0.0f}, {"consumed_inputs", list({0, 0, 0, 1, 1})}}),
      {x, reals({2}), reals({1}), reals({2}), reals({4})}, {matrix({2, 1, 2}, {0, 1, 2, 3})}, 1);
  add_kernel_case(
      "BatchNormalization-6 by feature",
      normalization({{"is_test", yes}, {"epsilon", 0.0f}, {"spatial", std::int64_t{0}}}),
      {x, matrix({1, 2}, {2, 1}), matrix({1, 2}, {0, 0}), matrix({1, 2}, {1, 2}), matrix({1, 2}, {1, 1})},
      {matrix({2, 1, 2}, {0, 0, 4, 2})}, 6);
  add_kernel_case("BatchNormalization-7 is told by its outputs", normalization({{"epsilon", 0.0f}}),
                  {x, reals({2}), reals({1}), reals({2}), reals({4})}, {matrix({2, 1, 2}, {0, 1, 2, 3})}, 7);
  const Tensor line = matrix({1, 1, 4}, {1, 2, 3, 4});
  add_kernel_case("AveragePool-1 leaves pads out",
                  node("AveragePool", {"x"}, {"y"},
                       {{"kernel_shape", list({2})}, {"pads", list({1, 0})}, {"strides", list({2})}}),
                  {line}, {matrix({1, 1, 2}, {1, 2.5f})}, 1);
  add_kernel_case("AveragePool-7 can count pads",
                  node("AveragePool", {"x"}, {"y"},
                       {{"kernel_shape", list({2})},
                        {"pads", list({1, 0})},
                        {"strides", list({2})},
                        {"count_include_pad", yes}}),
                  {line}, {matrix({1, 1, 2}, {0.5f, 2.5f})}, 7);
  add_kernel_case("Dropout-1 in a test", node("Dropout", {"x"}, {"y"}, {{"is_test", yes}, {"ratio", 0.9f}}),
                  {line}, {line}, 1);
  add_kernel_case("InstanceNormalization-1",
                  node("InstanceNormalization", {"x", "s", "b"}, {"y"},
                       {{"epsilon", 0.0f}, {"consumed_inputs", list({0})}}),
                  {matrix({1, 1, 2}, {1, 3}), reals({2}), reals({1})}, {matrix({1, 1, 2}, {-1, 3})}, 1);
  add_kernel_case("GlobalLpPool-1", node("GlobalLpPool", {"x"}, {"y"}), {matrix({1, 1, 2}, {3, 4})},
                  {matrix({1, 1, 1}, {5})}, 1);
  add_kernel_case("Flatten-1", node("Flatten", {"x"}, {"y"}, {{"axis", std::int64_t{2}}}),
                  {counting({2, 1, 3})}, {counting({2, 3})}, 1);
}

}  // namespace

void OldVersionsTest::computes_data() {
  kernel_columns();
  add_element_wise();
  add_movement();
  add_layers();
}

QTEST_GUILESS_MAIN(OldVersionsTest)
#include "old_versions_test.moc"
