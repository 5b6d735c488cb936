#include "tests/support/contributed.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

const std::int64_t one = 1, zero = 0;
const DataType u8 = DataType::UInt8;

using Named = std::pair<std::string, AttributeValue>;
Named number(const char* name, std::int64_t value) { return {name, value}; }

std::vector<ContributedCase> products() {
  const Tensor a = noise({2, 3, 40}), b4 = noise({5, 3, 8}, 2, u8),
               scales = scaled(noise({5, 3}, 3), 0.1, 0.15);
  const Named n = number("N", 5), k = number("K", 40), by_16 = number("block_size", 16);
  const char* op = "MatMulNBits";
  const Tensor bytes8 = noise({5, 2, 32}, 2, u8), scales2 = scaled(noise({5, 2}, 3), 0.1, 0.15);
  return {
      {"4 bits", contributed(op, {n, k, by_16, number("bits", 4)}), {a, b4, scales}, {1, 2}},
      {"4 bits, zero points",
       contributed(op, {n, k, by_16, number("bits", 4)}),
       {a, b4, scales, noise({5, 2}, 4, u8)},
       {1, 2, 3}},
      {"4 bits, zero points as numbers",
       contributed(op, {n, k, by_16, number("bits", 4)}),
       {a, b4, scales, scaled(noise({5, 3}, 4), 4, 8)},
       {1, 2, 3}},
      {"bias",
       contributed(op, {n, k, by_16, number("bits", 4)}),
       {a, b4, scales, {}, {}, noise({5}, 6)},
       {1, 2, 5}},
      {"8 bits",
       contributed(op, {n, k, number("block_size", 32), number("bits", 8)}),
       {a, bytes8, scales2},
       {1, 2},
       true,
       2e-2,
       0.2},
      {"8 bits, zero points",
       contributed(op, {n, k, number("block_size", 32), number("bits", 8)}),
       {a, bytes8, scales2, noise({5, 2}, 4, u8)},
       {1, 2, 3},
       true,
       2e-2,
       0.2},
      {"float16",
       contributed(op, {n, k, by_16, number("bits", 4)}),
       {half(a), b4, half(scales)},
       {1, 2},
       true,
       1e-2,
       5e-2},
      {"2 bits",
       contributed(op, {n, k, by_16, number("bits", 2)}),
       {a, noise({5, 3, 4}, 2, u8), scales},
       {1, 2},
       true},
      {"NF4",
       contributed("MatMulBnb4", {n, k, by_16, number("quant_type", 1)}),
       {a, noise({100}, 2, u8), scaled(noise({13}, 3), 0.4, 0.5)},
       {1, 2}},
      {"FP4",
       contributed("MatMulBnb4", {n, k, by_16, number("quant_type", 0)}),
       {a, noise({100}, 2, u8), scaled(noise({13}, 3), 0.4, 0.5)},
       {1, 2}},
      // The peer multiplies with the transpose whatever transB says.
      {"not transposed",
       contributed("MatMulBnb4", {n, k, by_16, number("quant_type", 1), number("transB", 0)}),
       {noise({2, 5}), noise({100}, 2, u8), scaled(noise({13}, 3), 0.4, 0.5)},
       {1, 2},
       false},
  };
}

Tensor nibbles(Dims dims, int seed, DataType type) {
  auto values = values_as<double>(noise(dims, seed, u8));
  for (double& value : values)
    value = static_cast<double>(static_cast<int>(value) % 16 - (type == DataType::Int4 ? 8 : 0));
  return tensor_from(type, dims, values);
}

std::vector<ContributedCase> tables() {
  const char* op = "GatherBlockQuantized";
  const Tensor indices = Tensor::of<std::int64_t>({2, 2}, {3, 0, 2, 3}),
               scales = scaled(noise({4, 2}, 2), 0.1, 0.15);
  const Named by_16 = number("block_size", 16);
  return {
      {"int4", contributed(op, {by_16}), {nibbles({4, 32}, 1, DataType::Int4), indices, scales}, {0, 2}},
      {"uint4, zero points",
       contributed(op, {by_16}),
       {nibbles({4, 32}, 1, DataType::UInt4), indices, scales, nibbles({4, 2}, 3, DataType::UInt4)},
       {0, 2, 3}},
      {"int32 indices, last axis cut",
       contributed(op, {by_16}),
       {nibbles({4, 24}, 1, DataType::Int4), int32s({3}, {1, 1, 0}), scales},
       {0, 2}},
      {"gather along blocks",
       contributed(op, {by_16, number("gather_axis", 1), number("quantize_axis", 1)}),
       {nibbles({4, 32}, 1, DataType::Int4), Tensor::of<std::int64_t>({2}, {17, 3}), scales},
       {0, 2}},
      {"blocks along the first axis",
       contributed(op, {by_16, number("gather_axis", 1), number("quantize_axis", 0)}),
       {nibbles({32, 4}, 1, DataType::Int4), indices, scaled(noise({2, 4}, 2), 0.1, 0.15)},
       {0, 2}},
      {"three axes",
       contributed(op, {by_16, number("gather_axis", 0), number("quantize_axis", 2)}),
       {nibbles({4, 3, 32}, 1, DataType::Int4), indices, scaled(noise({4, 3, 2}, 2), 0.1, 0.15)},
       {0, 2}},
      {"float16",
       contributed(op, {by_16}),
       {nibbles({4, 32}, 1, DataType::Int4), indices, half(scales)},
       {0, 2},
       true,
       1e-2,
       1e-2},
      {"bytes of two",
       contributed(op, {by_16, number("bits", 4)}),
       {noise({4, 16}, 1, u8), indices, scales},
       {0, 2}},
      {"bytes of two, zero points",
       contributed(op, {by_16, number("bits", 4)}),
       {noise({4, 16}, 1, u8), indices, scales, noise({4, 1}, 3, u8)},
       {0, 2, 3}},
      {"bytes",
       contributed(op, {by_16, number("bits", 8)}),
       {noise({4, 32}, 1, u8), indices, scales},
       {0, 2}},
  };
}

std::vector<ContributedCase> experts() {
  const Tensor x = noise({5, 16}), scores = scaled(noise({5, 3}, 2), 2);
  const Tensor w1 = noise({3, 32, 16}, 3), b1 = noise({3, 32}, 4), w2 = scaled(noise({3, 16, 32}, 5), 0.3),
               b2 = noise({3, 16}, 6);
  const Named k = number("k", 2), normalized = number("normalize_routing_weights", 1);
  const auto type = [](const char* name) { return Named{"activation_type", std::string(name)}; };
  std::vector<ContributedCase> rows;
  for (const char* name : {"relu", "gelu", "silu", "identity"})
    rows.push_back({name, contributed("MoE", {k, normalized, type(name)}), {x, scores, w1, b1, w2, b2}});
  rows.push_back({"one expert", contributed("MoE", {number("k", 1)}), {x, scores, w1, {}, w2}});
  rows.push_back({"not normalized", contributed("MoE", {k}), {x, scores, w1, b1, w2, b2}});
  rows.push_back({"swiglu",
                  contributed("MoE", {k,
                                      normalized,
                                      type("swiglu"),
                                      number("swiglu_fusion", 1),
                                      {"activation_alpha", 1.702f},
                                      {"activation_beta", 1.0f},
                                      {"swiglu_limit", 7.0f}}),
                  {noise({1, 5, 16}), scores, noise({3, 64, 16}, 3), noise({3, 64}, 4), w2, b2}});
  rows.push_back({"swiglu in halves",
                  contributed("MoE", {k, normalized, type("swiglu"), number("swiglu_fusion", 2)}),
                  {x, scores, noise({3, 64, 16}, 3), {}, w2},
                  {},
                  false});
  rows.push_back({"third layer",
                  contributed("MoE", {k, normalized, type("silu")}),
                  {x, scores, w1, {}, w2, {}, noise({3, 32, 16}, 7)},
                  {},
                  false});
  const Named bits8 = number("expert_weight_bits", 8), bits4 = number("expert_weight_bits", 4);
  const Tensor q1 = noise({3, 32, 16}, 3, u8), s1 = scaled(noise({3, 32}, 4), 0.002, 0.004);
  const Tensor q2 = noise({3, 16, 32}, 5, u8), s2 = scaled(noise({3, 16}, 6), 0.002, 0.004);
  rows.push_back({"8 bits",
                  contributed("QMoE", {k, normalized, bits8, type("silu")}),
                  {x, scores, q1, s1, {}, q2, s2},
                  {2, 3, 5, 6}});
  rows.push_back({"4 bits, bias",
                  contributed("QMoE", {k, normalized, bits4, type("relu")}),
                  {x, scores, noise({3, 32, 8}, 3, u8), scaled(s1, 16), b1, noise({3, 16, 16}, 5, u8),
                   scaled(s2, 16), b2},
                  {2, 3, 5, 6}});
  rows.push_back({"4 bits in blocks",
                  contributed("QMoE", {k, normalized, bits4, type("relu"), number("block_size", 32)}),
                  {noise({5, 64}),
                   scores,
                   noise({3, 32, 32}, 3, u8),
                   scaled(noise({3, 32, 2}, 4), 0.02, 0.04),
                   {},
                   noise({3, 64, 16}, 5, u8),
                   scaled(noise({3, 64, 1}, 6), 0.02, 0.04)},
                  {2, 3, 5, 6}});
  rows.push_back({"4 bits in blocks of both layers",
                  contributed("QMoE", {k, normalized, bits4, type("relu"), number("block_size", 16)}),
                  {x,
                   scores,
                   noise({3, 32, 8}, 3, u8),
                   scaled(noise({3, 32, 1}, 4), 0.02, 0.04),
                   {},
                   noise({3, 16, 16}, 5, u8),
                   scaled(noise({3, 16, 2}, 6), 0.02, 0.04)},
                  {2, 3, 5, 6},
                  false});
  rows.push_back(
      {"8 bits, zero points",
       contributed("QMoE", {k, normalized, bits8, type("silu")}),
       {x, scores, q1, s1, {}, q2, s2, {}, {}, {}, {}, noise({3, 32}, 8, u8), noise({3, 16}, 9, u8)},
       {2, 3, 5, 6, 11, 12}});
  return rows;
}

std::vector<ContributedCase> all() {
  auto rows = products();
  for (auto&& more : {tables(), experts()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace

/// Weights of few bits in blocks, and mixtures of experts that have them.
class BlockQuantizationTest : public QObject {
  Q_OBJECT
 private slots:
  void agreeWithOnnxRuntime_data() { add_peer_rows(all()); }
  void agreeWithOnnxRuntime() { check_peer_row(); }
  void inferWhatTheyCompute_data() { add_rows(all()); }
  void inferWhatTheyCompute() { check_inferred_row(); }
  void areTheSameOnBothBackends_data() { add_rows(all()); }
  void areTheSameOnBothBackends() { check_backends_row(); }

  void unpacksLowBitsFirst() {
    const Node product =
        node("MatMulNBits", {"a", "b", "s"}, {"y"},
             {number("N", 1), number("K", 16), number("block_size", 16), number("bits", 4)}, "com.microsoft");
    std::vector<float> a(16, 0.0f);
    a[0] = 1, a[1] = 100;
    std::vector<std::uint8_t> b(8, 0x88);
    b[0] = 0xA9;  // 9 and 10, which are 1 and 2 above the middle
    COMPARE_TENSORS(
        run_kernel_once(product, {Tensor::of<float>({1, 16}, a), Tensor::of<std::uint8_t>({1, 1, 8}, b),
                                  Tensor::of<float>({1, 1}, {0.5f})}),
        Tensor::of<float>({1, 1}, {100.5f}));
  }
  void looksUpNormalFloatsHighBitsFirst() {
    const Node product = node(
        "MatMulBnb4", {"a", "b", "s"}, {"y"},
        {number("N", 1), number("K", 2), number("block_size", 16), number("quant_type", 1)}, "com.microsoft");
    COMPARE_TENSORS(run_kernel_once(product, {Tensor::of<float>({1, 2}, {1, 10}), bytes({0xF0}), reals({2})}),
                    Tensor::of<float>({1, 1}, {-18}));
  }
  void gathersRowsOfBytes() {
    const Node gather = node("GatherBlockQuantized", {"d", "i", "s"}, {"y"},
                             {number("bits", 8), number("block_size", 2)}, "com.microsoft");
    COMPARE_TENSORS(run_kernel_once(gather, {Tensor::of<std::uint8_t>({2, 2}, {1, 2, 129, 126}), ints({1}),
                                             Tensor::of<float>({2, 1}, {1, 0.5f})}),
                    Tensor::of<float>({1, 2}, {0.5f, -1}));
  }
  void sendsTokensToTheBestExpert() {
    const Node plain = node("MoE", {"x", "r", "w1", "", "w2"}, {"y"},
                            {number("normalize_routing_weights", 1)}, "com.microsoft");
    COMPARE_TENSORS(run_kernel_once(plain, {Tensor::of<float>({1, 1}, {2}),
                                            Tensor::of<float>({1, 2}, {0, 1}),
                                            Tensor::of<float>({2, 1, 1}, {1, 3}),
                                            {},
                                            Tensor::of<float>({2, 1, 1}, {1, 0.5f})}),
                    Tensor::of<float>({1, 1}, {3}));
    const Node quantized =
        node("QMoE", {"x", "r", "w1", "s1", "", "w2", "s2"}, {"y"},
             {number("normalize_routing_weights", 1), number("expert_weight_bits", 8)}, "com.microsoft");
    COMPARE_TENSORS(run_kernel_once(quantized, {Tensor::of<float>({1, 1}, {2}),
                                                Tensor::of<float>({1, 2}, {0, 1}),
                                                Tensor::of<std::uint8_t>({2, 1, 1}, {129, 131}),
                                                Tensor::of<float>({2, 1}, {1, 1}),
                                                {},
                                                Tensor::of<std::uint8_t>({2, 1, 1}, {129, 130}),
                                                Tensor::of<float>({2, 1}, {1, 0.25f})}),
                    Tensor::of<float>({1, 1}, {3}));
  }
};

QTEST_GUILESS_MAIN(BlockQuantizationTest)
#include "block_quantization_test.moc"
