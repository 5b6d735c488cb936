#include "tests/support/contributed.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

const std::int64_t one = 1, zero = 0;

std::vector<ContributedCase> activations() {
  const Tensor x = scaled(noise({2, 3, 8}), 4), bias = noise({8}, 2);
  return {
      {"", contributed("Gelu"), {x}},
      {"vector", contributed("Gelu"), {scaled(noise({7}), 5)}},
      {"double", contributed("Gelu"), {scaled(noise({7}, 1, DataType::Float64), 5)}, {}, false},
      {"", contributed("BiasGelu"), {x, bias}},
      {"", contributed("FastGelu"), {x}},
      {"with bias", contributed("FastGelu"), {x, bias}},
      {"", contributed("QuickGelu"), {x}},
      {"alpha", contributed("QuickGelu", {{"alpha", 1.0f}}), {x}},
      {"", contributed("BiasSplitGelu"), {x, bias}, {}, false},
      {"", contributed("BiasAdd"), {x, bias, noise({2, 3, 8}, 3)}, {}, false},
      {"",
       contributed("BiasSoftmax", {{"axis", std::int64_t{2}}, {"is_inner_broadcast", one}}),
       {x, noise({2, 1, 8}, 4)},
       {},
       false},
  };
}

std::vector<ContributedCase> convolutions() {
  using Floats = std::vector<float>;
  const Tensor x = noise({1, 4, 6, 5}), w = noise({6, 4, 3, 3}, 2), b = noise({6}, 3);
  const std::pair<std::string, AttributeValue> pads{"pads", list({1, 1, 1, 1})};
  const auto fused = [](std::string name,
                        Floats parameters = {}) -> std::vector<std::pair<std::string, AttributeValue>> {
    std::vector<std::pair<std::string, AttributeValue>> attributes{{"activation", std::move(name)}};
    if (!parameters.empty()) attributes.emplace_back("activation_params", std::move(parameters));
    return attributes;
  };
  return {
      {"plain", contributed("FusedConv", {pads}), {x, w, b}},
      {"Relu", contributed("FusedConv", fused("Relu")), {x, w, b}},
      {"Tanh", contributed("FusedConv", fused("Tanh")), {x, w}},
      {"Sigmoid", contributed("FusedConv", fused("Sigmoid")), {x, w, b}},
      {"LeakyRelu", contributed("FusedConv", fused("LeakyRelu", {0.2f})), {x, w, b}},
      {"Clip", contributed("FusedConv", fused("Clip", {-0.5f, 0.75f})), {x, w, b}},
      {"HardSigmoid", contributed("FusedConv", fused("HardSigmoid", {0.3f, 0.4f})), {x, w, b}},
      {"residual", contributed("FusedConv", fused("Relu")), {x, w, b, noise({1, 6, 4, 3}, 4)}},
      {"residual without bias",
       contributed("FusedConv", fused("Relu")),
       {x, w, {}, noise({1, 6, 4, 3}, 4)},
       {},
       true},
      {"groups and strides",
       contributed(
           "FusedConv",
           {{"group", std::int64_t{2}}, {"strides", list({2, 1})}, {"activation", std::string("Relu")}}),
       {x, noise({6, 2, 3, 3}, 5), b}},
      {"channels last", contributed("NhwcConv", {pads}), {noise({1, 6, 5, 4}), w, b}, {}, false},
      {"channels last, residual",
       contributed("NhwcFusedConv", fused("Relu")),
       {noise({1, 6, 5, 4}), w, b, noise({1, 4, 3, 6}, 6)},
       {},
       false},
  };
}

std::vector<ContributedCase> products() {
  return {
      {"", contributed("FusedMatMul", {{"alpha", 0.5f}}), {noise({2, 3, 4}), noise({2, 4, 5}, 2)}},
      {"transposed",
       contributed("FusedMatMul", {{"transA", one}, {"transB", one}}),
       {noise({2, 4, 3}), noise({2, 5, 4}, 2)}},
      {"broadcast", contributed("FusedMatMul", {{"transB", one}}), {noise({2, 3, 3, 4}), noise({5, 4}, 2)}},
      {"vectors", contributed("FusedMatMul", {{"transA", one}}), {noise({4}), noise({4, 2}, 2)}},
      {"batch of A",
       contributed("FusedMatMul", {{"transBatchA", one}}),
       {noise({3, 2, 4}), noise({2, 4, 5}, 2)}},
      {"batch of both",
       contributed("FusedMatMul", {{"transBatchA", one}, {"transBatchB", one}, {"transB", one}}),
       {noise({3, 2, 6, 4}), noise({5, 2, 6, 4}, 2)}},
      {"",
       contributed("TransposeMatMul", {{"transA", one}, {"alpha", 2.0f}}),
       {noise({4, 3}), noise({4, 5}, 2)}},
      {"Relu",
       contributed("FusedMatMulActivation", {{"activation", std::string("Relu")}}),
       {noise({3, 4}), noise({4, 5}, 2)},
       {},
       false},
      {"Softmax",
       contributed("FusedMatMulActivation",
                   {{"activation", std::string("Softmax")}, {"activation_axis", -one}}),
       {noise({3, 4}), noise({4, 5}, 2)},
       {},
       false},
      {"",
       contributed("FusedGemm", {{"activation", std::string("Relu")}}),
       {noise({3, 4}), noise({4, 5}, 2), noise({5}, 3)}},
      {"LeakyRelu",
       contributed("FusedGemm", {{"activation", std::string("LeakyRelu")},
                                 {"activation_alpha", 0.3f},
                                 {"alpha", 0.5f},
                                 {"beta", 2.0f},
                                 {"transB", one}}),
       {noise({3, 4}), noise({5, 4}, 2), noise({3, 1}, 3)}},
      {"without C",
       contributed("FusedGemm", {{"activation", std::string("Tanh")}, {"transA", one}}),
       {noise({4, 3}), noise({4, 5}, 2)}},
      {"", contributed("GemmFastGelu"), {noise({2, 3, 4}), noise({4, 5}, 2), noise({5}, 3)}, {}, false},
  };
}

std::vector<ContributedCase> all() {
  auto rows = activations();
  for (auto&& more : {convolutions(), products()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace

/// Operators that join a convolution, a product or a bias with what follows it.
class FusedTest : public QObject {
  Q_OBJECT
 private slots:
  void agreeWithOnnxRuntime_data() { add_peer_rows(all()); }
  void agreeWithOnnxRuntime() { check_peer_row(); }
  void inferWhatTheyCompute_data() { add_rows(all()); }
  void inferWhatTheyCompute() { check_inferred_row(); }
  void areTheSameOnBothBackends_data() { add_rows(all()); }
  void areTheSameOnBothBackends() { check_backends_row(); }

  void isConvolutionWithResidualAndActivation() {
    const Node fused = node("FusedConv", {"x", "w", "b", "z"}, {"y"}, {{"activation", std::string("Relu")}},
                            "com.microsoft");
    const Tensor x = Tensor::of<float>({1, 1, 3}, {1, 2, 3}), w = Tensor::of<float>({1, 1, 2}, {1, -2});
    COMPARE_TENSORS(run_kernel_once(fused, {x, w, reals({1}), Tensor::of<float>({1, 1, 2}, {1, 3.5f})}),
                    Tensor::of<float>({1, 1, 2}, {0, 0.5f}));
  }
  void multipliesTransposedFactors() {
    const Node product =
        node("FusedMatMul", {"a", "b"}, {"y"}, {{"transA", one}, {"alpha", 0.5f}}, "com.microsoft");
    COMPARE_TENSORS(run_kernel_once(product, {Tensor::of<float>({2, 1}, {1, 2}),
                                              Tensor::of<float>({2, 2}, {1, 2, 3, 4})}),
                    Tensor::of<float>({1, 2}, {3.5f, 5}));
  }
  void halvesByGelu() {
    const Node split = node("BiasSplitGelu", {"x", "b"}, {"y"}, {}, "com.microsoft");
    COMPARE_TENSORS(run_kernel_once(split, {Tensor::of<float>({1, 1, 2}, {2, 1}), reals({1, 0})}),
                    Tensor::of<float>({1, 1, 1}, {3 * 0.8413447f}));
  }
  void refusesAnUnknownActivation() {
    const Node fused =
        node("FusedConv", {"x", "w"}, {"y"}, {{"activation", std::string("Sin")}}, "com.microsoft");
    QVERIFY_EXCEPTION_THROWN(run_kernel_once(fused, {noise({1, 1, 3}), noise({1, 1, 2})}), Error);
  }
};

QTEST_GUILESS_MAIN(FusedTest)
#include "fused_test.moc"
