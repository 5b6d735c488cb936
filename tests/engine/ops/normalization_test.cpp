#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

Tensor values(Dims dims, const std::vector<float>& numbers) { return Tensor::of(std::move(dims), numbers); }
Tensor row(const std::vector<float>& numbers) {
  return values({static_cast<std::int64_t>(numbers.size())}, numbers);
}

/// One in a normalized pair {−1, 1}·one, with the epsilon of the operators.
float one(float deviation, float epsilon = 1e-5f) {
  return deviation / std::sqrt(deviation * deviation + epsilon);
}

const std::vector<std::string> five{"x", "s", "b", "m", "v"};

}  // namespace

class NormalizationTest : public QObject {
  Q_OBJECT
 private slots:
  void normalizesBatches_data() {
    kernel_columns();
    const Tensor x = values({2, 1, 2}, {0, 2, 4, 6}), s = row({2}), b = row({1}), m = row({2}), v = row({3});
    const float g = 2 / std::sqrt(3 + 1e-5f), t = 2 / std::sqrt(5 + 1e-5f);
    const Tensor given = values({2, 1, 2}, {1 - 2 * g, 1, 1 + 2 * g, 1 + 4 * g});
    const Tensor trained = values({2, 1, 2}, {1 - 3 * t, 1 - t, 1 + t, 1 + 3 * t});
    add_kernel_case("given statistics", node("BatchNormalization", five, {"y"}), {x, s, b, m, v}, {given});
    add_kernel_case("given statistics in version 7", node("BatchNormalization", five, {"y"}), {x, s, b, m, v},
                    {given}, 7);
    add_kernel_case("is_test in version 6",
                    node("BatchNormalization", five, {"y"}, {{"is_test", std::int64_t{1}}}), {x, s, b, m, v},
                    {given}, 6);
    add_kernel_case("training_mode",
                    node("BatchNormalization", five, {"y", "rm", "rv"}, {{"training_mode", std::int64_t{1}}}),
                    {x, s, b, m, v}, {trained, row({2 * 0.9f + 3 * 0.1f}), row({3 * 0.9f + 5 * 0.1f})});
    add_kernel_case("outputs ask for training in version 9",
                    node("BatchNormalization", five, {"y", "m2", "v2", "sm", "sv"}), {x, s, b, m, v},
                    {trained, row({2.1f}), row({3.2f}), row({3}), row({5})}, 9);
    add_kernel_case("each feature apart where spatial is 0",
                    node("BatchNormalization", five, {"y"}, {{"spatial", std::int64_t{0}}}),
                    {values({1, 1, 2}, {3, 4}), row({1, 1}), row({0, 0}), row({1, 2}), row({4, 16})},
                    {values({1, 1, 2}, {2 / std::sqrt(4 + 1e-5f), 2 / std::sqrt(16 + 1e-5f)})}, 7);
    add_kernel_case("rank 1 has one channel", node("BatchNormalization", five, {"y"}),
                    {row({2, 5}), row({1}), row({0}), row({2}), row({9})},
                    {row({0, 3 / std::sqrt(9 + 1e-5f)})});
    add_refusal("wrong number of scales", node("BatchNormalization", five, {"y"}), {x, row({1, 2}), b, m, v},
                "input 1 has 2 values");
  }
  void normalizesBatches() { check_kernel_case(); }

  void normalizesSamples_data() {
    kernel_columns();
    const Tensor x = values({1, 2, 2}, {0, 2, 10, 14});
    const float p = one(1), q = one(2);
    add_kernel_case("instance", node("InstanceNormalization", {"x", "s", "b"}, {"y"}),
                    {x, row({1, 10}), row({0, 5})}, {values({1, 2, 2}, {-p, p, 5 - 10 * q, 5 + 10 * q})});
    add_kernel_case("groups scale by channel",
                    node("GroupNormalization", {"x", "s", "b"}, {"y"}, {{"num_groups", std::int64_t{2}}}),
                    {x, row({1, 10}), row({0, 5})}, {values({1, 2, 2}, {-p, p, 5 - 10 * q, 5 + 10 * q})});
    const float r = one(1);
    add_kernel_case("version 18 scales by group",
                    node("GroupNormalization", {"x", "s", "b"}, {"y"}, {{"num_groups", std::int64_t{1}}}),
                    {values({1, 2, 1}, {1, 3}), row({2}), row({7})},
                    {values({1, 2, 1}, {7 - 2 * r, 7 + 2 * r})}, 18);
    add_refusal("groups do not divide channels",
                node("GroupNormalization", {"x", "s", "b"}, {"y"}, {{"num_groups", std::int64_t{3}}}),
                {x, row({1, 1}), row({0, 0})}, "cannot be divided");
    add_kernel_case("rows", node("LayerNormalization", {"x", "s", "b"}, {"y", "m", "d"}),
                    {values({2, 2}, {0, 2, 10, 14}), row({1, 2}), row({0, 1})},
                    {values({2, 2}, {-p, 1 + 2 * p, -q, 1 + 2 * q}), values({2, 1}, {1, 12}),
                     values({2, 1}, {p, q / 2})});
    add_kernel_case("rows of two axes",
                    node("LayerNormalization", {"x", "s"}, {"y"}, {{"axis", std::int64_t{-2}}}),
                    {values({1, 2, 1}, {0, 2}), values({}, {3})}, {values({1, 2, 1}, {-3 * p, 3 * p})});
    add_refusal("axis outside", node("LayerNormalization", {"x", "s"}, {"y"}, {{"axis", std::int64_t{2}}}),
                {row({1}), row({1})}, "axis 2");
    const float rms = 1 / std::sqrt(12.5f + 1e-5f);
    add_kernel_case("root mean square", node("RMSNormalization", {"x", "s"}, {"y"}),
                    {row({3, 4}), row({1, 10})}, {row({3 * rms, 40 * rms})});
    add_kernel_case("along an axis", node("LpNormalization", {"x"}, {"y"}, {{"axis", std::int64_t{0}}}),
                    {values({2, 2}, {3, 0, 4, 0})}, {values({2, 2}, {0.6f, 0, 0.8f, 0})});
    add_kernel_case("1-norm takes absolute values",
                    node("LpNormalization", {"x"}, {"y"}, {{"p", std::int64_t{1}}}), {row({-1, 3})},
                    {row({-0.25f, 0.75f})});
    add_refusal("3-norm", node("LpNormalization", {"x"}, {"y"}, {{"p", std::int64_t{3}}}), {row({1})},
                "p is 3");
    add_kernel_case("by mean and variance",
                    node("MeanVarianceNormalization", {"x"}, {"y"}, {{"axes", list({1})}}),
                    {values({2, 2}, {0, 2, 10, 14})}, {values({2, 2}, {-1, 1, -1, 1})});
    add_kernel_case("neighbouring channels",
                    node("LRN", {"x"}, {"y"}, {{"size", std::int64_t{3}}, {"alpha", 3.0f}, {"beta", 1.0f}}),
                    {values({1, 3, 1}, {1, 2, 3})}, {values({1, 3, 1}, {1.0f / 6, 2.0f / 15, 3.0f / 14})});
    add_kernel_case("an even size reaches further up",
                    node("LRN", {"x"}, {"y"}, {{"size", std::int64_t{2}}, {"alpha", 2.0f}, {"beta", 1.0f}}),
                    {values({1, 3, 1}, {1, 2, 3})}, {values({1, 3, 1}, {1.0f / 6, 2.0f / 14, 3.0f / 10})});
    add_refusal("no channels", node("InstanceNormalization", {"x", "s", "b"}, {"y"}),
                {row({1}), row({1}), row({0})}, "batch and channels");
  }
  void normalizesSamples() { check_kernel_case(); }

  void infers_data() {
    inference_columns();
    add_inference_case("statistics of rows",
                       {node("LayerNormalization", {"x", "s"}, {"y", "m", "d"}),
                        {floats({"N", "S", "768"}), floats({"768"})},
                        {},
                        {"float32 N × S × 768", "float32 N × S × 1", "float32 N × S × 1"},
                        "",
                        ""});
    add_inference_case("running statistics",
                       {node("BatchNormalization", five, {"y", "m2", "v2"}),
                        {floats({"N", "8", "H"}), floats({"8"}), floats({"8"}), floats({"8"}), floats({"8"})},
                        {},
                        {"float32 N × 8 × H", "float32 8", "float32 8"},
                        "",
                        ""});
  }
  void infers() { check_inference_case(); }
};

QTEST_GUILESS_MAIN(NormalizationTest)
#include "normalization_test.moc"
