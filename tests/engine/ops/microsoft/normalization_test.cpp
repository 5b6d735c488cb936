#include "tests/support/contributed.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

std::vector<ContributedCase> skips() {
  const Tensor x = noise({2, 3, 8}), skip = noise({2, 3, 8}, 2), gamma = noise({8}, 3), beta = noise({8}, 4);
  const Tensor bias = noise({8}, 5);
  return {
      {"", contributed("SkipLayerNormalization"), {x, skip, gamma, beta}},
      {"epsilon, sum",
       contributed("SkipLayerNormalization", {{"epsilon", 0.1f}}, "y--y"),
       {x, skip, gamma, beta, bias}},
      {"without beta", contributed("SkipLayerNormalization"), {x, skip, gamma}},
      {"bias without beta", contributed("SkipLayerNormalization"), {x, skip, gamma, {}, bias}},
      {"skip of one row", contributed("SkipLayerNormalization"), {x, noise({1, 3, 8}, 2), gamma, beta}},
      {"skip without batch", contributed("SkipLayerNormalization"), {x, noise({3, 8}, 2), gamma, beta}},
      {"statistics", contributed("SkipLayerNormalization", {}, "yyyy"), {x, skip, gamma, beta}, {}, false},
      {"", contributed("SkipSimplifiedLayerNormalization"), {x, skip, gamma}},
      {"bias, sum",
       contributed("SkipSimplifiedLayerNormalization", {{"epsilon", 0.1f}}, "y--y"),
       {x, skip, gamma, bias}},
      {"matrix", contributed("SkipSimplifiedLayerNormalization"), {noise({3, 8}), noise({3, 8}, 2), gamma}},
      {"", contributed("SimplifiedLayerNormalization", {}, "y", ""), {x, gamma}},
      {"axis",
       contributed("SimplifiedLayerNormalization", {{"axis", std::int64_t{1}}, {"epsilon", 0.01f}}, "y", ""),
       {x, noise({3, 8}, 3)}},
      {"float16",
       contributed("SkipLayerNormalization", {}, "y--y"),
       {half(x), half(skip), half(gamma), half(beta), half(bias)},
       {},
       true,
       1e-2,
       1e-2},
      {"float16",
       contributed("SkipSimplifiedLayerNormalization", {}, "y--y"),
       {half(x), half(skip), half(gamma)},
       {},
       true,
       1e-2,
       1e-2},
      {"float16",
       contributed("SimplifiedLayerNormalization", {}, "y", ""),
       {half(x), half(gamma)},
       {},
       true,
       1e-2,
       1e-2},
      {"statistics", contributed("SimplifiedLayerNormalization", {}, "yy", ""), {x, gamma}},
  };
}

std::vector<ContributedCase> embeddings() {
  const Tensor ids = int32s({2, 3}, {0, 3, 1, 4, 4, 2}), segments = int32s({2, 3}, {0, 0, 1, 1, 1, 0});
  const Tensor words = noise({5, 8}), positions = noise({4, 8}, 2), kinds = noise({2, 8}, 3);
  const Tensor gamma = noise({8}, 4), beta = noise({8}, 5), mask = int32s({2, 3}, {1, 1, 0, 1, 0, 0});
  return {
      {"",
       contributed("EmbedLayerNormalization", {}, "yy"),
       {ids, segments, words, positions, kinds, gamma, beta}},
      {"mask",
       contributed("EmbedLayerNormalization", {{"epsilon", 0.01f}}, "yy"),
       {ids, segments, words, positions, kinds, gamma, beta, mask}},
      {"sum",
       contributed("EmbedLayerNormalization", {}, "yyy"),
       {ids, segments, words, positions, kinds, gamma, beta, mask}},
      {"without segments",
       contributed("EmbedLayerNormalization", {}, "yy"),
       {ids, {}, words, positions, {}, gamma, beta}},
      {"positions",
       contributed("EmbedLayerNormalization", {}, "yy"),
       {ids, {}, words, positions, {}, gamma, beta, {}, int32s({2, 3}, {3, 2, 1, 0, 1, 2})}},
      {"one row of positions",
       contributed("EmbedLayerNormalization", {}, "yy"),
       {ids, {}, words, positions, {}, gamma, beta, {}, int32s({1, 3}, {3, 2, 1})}},
  };
}

std::vector<ContributedCase> groups() {
  const std::int64_t one = 1, zero = 0;
  const Tensor x = noise({2, 3, 4, 8}), gamma = noise({8}, 2), beta = noise({8}, 3);
  const std::pair<std::string, AttributeValue> by_two{"groups", std::int64_t{2}}, plain{"activation", zero};
  return {
      {"", contributed("GroupNorm", {by_two, plain}), {x, gamma, beta}, {}, false},
      {"SiLU", contributed("GroupNorm", {by_two, {"activation", one}}), {x, gamma, beta}, {}, false},
      {"channels first",
       contributed("GroupNorm", {by_two, plain, {"channels_last", zero}}),
       {noise({2, 8, 3, 4}), gamma, beta},
       {},
       false},
      {"",
       contributed("SkipGroupNorm", {by_two, plain}, "yy"),
       {x, gamma, beta, noise({2, 3, 4, 8}, 4)},
       {},
       false},
      {"skip of a sample, bias",
       contributed("SkipGroupNorm", {by_two, {"activation", one}}, "yy"),
       {x, gamma, beta, noise({2, 8}, 4), noise({8}, 5)},
       {},
       false},
  };
}

std::vector<ContributedCase> all() {
  auto rows = skips();
  for (auto&& more : {embeddings(), groups()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

Node microsoft(const char* op_type, std::vector<std::string> inputs, std::vector<std::string> outputs,
               std::vector<std::pair<std::string, AttributeValue>> attributes = {}) {
  return node(op_type, std::move(inputs), std::move(outputs), std::move(attributes), "com.microsoft");
}

}  // namespace

/// Normalizations joined with the sums before them.
class MicrosoftNormalizationTest : public QObject {
  Q_OBJECT
 private slots:
  void agreeWithOnnxRuntime_data() { add_peer_rows(all()); }
  void agreeWithOnnxRuntime() { check_peer_row(); }
  void inferWhatTheyCompute_data() { add_rows(all()); }
  void inferWhatTheyCompute() { check_inferred_row(); }
  void areTheSameOnBothBackends_data() { add_rows(all()); }
  void areTheSameOnBothBackends() { check_backends_row(); }

  void normalizesTheSum() {
    const auto outputs =
        run_kernel(microsoft("SkipLayerNormalization", {"x", "s", "g", "b"}, {"y", "", "", "sum"}),
                   {Tensor::of<float>({1, 1, 2}, {1, 2}), Tensor::of<float>({1, 1, 2}, {0, 3}), reals({1, 2}),
                    reals({0, 0.5f})});
    COMPARE_TENSORS(outputs[0].tensor(), Tensor::of<float>({1, 1, 2}, {-1, 2.5f}));
    COMPARE_TENSORS(outputs[3].tensor(), Tensor::of<float>({1, 1, 2}, {1, 5}));
  }
  void dividesByTheRootMeanSquare() {
    const auto outputs =
        run_kernel(node("SimplifiedLayerNormalization", {"x", "s"}, {"y", "i"}, {{"epsilon", 0.0f}}),
                   {Tensor::of<float>({1, 2}, {1, 7}), reals({1, 2})}, 1);
    COMPARE_TENSORS(outputs[0].tensor(), Tensor::of<float>({1, 2}, {0.2f, 2.8f}));
    COMPARE_TENSORS(outputs[1].tensor(), Tensor::of<float>({1, 1}, {0.2f}));
  }
  void countsWhatTheMaskLetsThrough() {
    const auto outputs = run_kernel(
        microsoft("EmbedLayerNormalization", {"i", "", "w", "p", "", "g", "b", "m"}, {"y", "n", "sum"}),
        {int32s({1, 2}, {1, 0}),
         {},
         Tensor::of<float>({2, 2}, {1, 2, 3, 5}),
         Tensor::of<float>({2, 2}, {0, 0, 0, 1}),
         {},
         reals({1, 1}),
         reals({0, 0}),
         int32s({1, 2}, {1, 0})});
    COMPARE_TENSORS(outputs[0].tensor(), Tensor::of<float>({1, 2, 2}, {-1, 1, -1, 1}));
    COMPARE_TENSORS(outputs[1].tensor(), int32s({1}, {1}));
    COMPARE_TENSORS(outputs[2].tensor(), Tensor::of<float>({1, 2, 2}, {3, 5, 1, 3}));
  }
  void normalizesGroupsOfChannels() {
    const Tensor y =
        run_kernel_once(microsoft("GroupNorm", {"x", "g", "b"}, {"y"},
                                  {{"groups", std::int64_t{1}}, {"activation", std::int64_t{0}}}),
                        {Tensor::of<float>({1, 1, 1, 2}, {1, 3}), reals({1, 2}), reals({0, 1})});
    COMPARE_TENSORS(y, Tensor::of<float>({1, 1, 1, 2}, {-1, 3}), 1e-4);
  }
};

QTEST_GUILESS_MAIN(MicrosoftNormalizationTest)
#include "normalization_test.moc"
