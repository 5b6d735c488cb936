#include "tests/support/contributed.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;
const DataType s8 = DataType::Int8, u8 = DataType::UInt8;

/// Sizes: 4 steps, 5 inputs, 6 units.
ContributedCase lstm(std::string name, Attributes attributes, std::int64_t directions, std::int64_t batch,
                     DataType type, std::vector<Tensor> optional = {}) {
  attributes.emplace_back("hidden_size", std::int64_t{6});
  std::vector<double> zeros(static_cast<std::size_t>(directions), type == u8 ? 127 : 0);
  const Tensor zero = tensor_from(type, {directions}, zeros);
  std::vector<Tensor> inputs{noise({4, batch, 5}), noise({directions, 5, 24}, 2, type),
                             noise({directions, 6, 24}, 3, type)};
  optional.resize(5);
  inputs.insert(inputs.end(), optional.begin(), optional.end());
  const Tensor scale = scaled(noise({directions}, 4), 0.001, 0.006);
  inputs.insert(inputs.end(), {scale, zero, scaled(scale, 1.3), zero});
  return {std::move(name),
          contributed("DynamicQuantizeLSTM", std::move(attributes), "yyy"),
          std::move(inputs),
          {1, 2, 8, 9, 10, 11}};
}

std::vector<ContributedCase> all() {
  const Attributes reverse{{"direction", std::string("reverse")}},
      both{{"direction", std::string("bidirectional")}};
  const Tensor bias = noise({1, 48}, 5), h = noise({1, 1, 6}, 6), c = noise({1, 1, 6}, 7);
  return {
      lstm("int8", {}, 1, 1, s8),
      lstm("uint8", {}, 1, 1, u8),
      lstm("bias, initial states", {}, 1, 1, s8, {bias, {}, h, c}),
      lstm("reverse", reverse, 1, 1, s8, {bias}),
      lstm("bidirectional", both, 2, 1, s8, {noise({2, 48}, 5)}),
      lstm("peepholes", {}, 1, 1, s8, {bias, {}, {}, {}, noise({1, 18}, 8)}),
      lstm("batch", {}, 1, 2, s8, {bias}),
      lstm("lengths", {}, 1, 2, s8, {bias, int32s({2}, {4, 4})}),
      lstm("activations", {{"activations", std::vector<std::string>{"Sigmoid", "Relu", "Tanh"}}}, 1, 1, s8,
           {bias}),
  };
}

}  // namespace

/// LSTM with 8-bit weights.
class QuantizedRecurrentTest : public QObject {
  Q_OBJECT
 private slots:
  void agreeWithOnnxRuntime_data() { add_peer_rows(all()); }
  void agreeWithOnnxRuntime() { check_peer_row(); }
  void inferWhatTheyCompute_data() { add_rows(all()); }
  void inferWhatTheyCompute() { check_inferred_row(); }
  void areTheSameOnBothBackends_data() { add_rows(all()); }
  void areTheSameOnBothBackends() { check_backends_row(); }

  /// With weights and data that 8 bits hold exactly it is the LSTM of the standard.
  void isTheStandardsWhereNothingIsRounded() {
    const Tensor x = Tensor::of<float>({1, 1, 1}, {2.55f});
    const Node quantized =
        node("DynamicQuantizeLSTM", {"x", "w", "r", "", "", "", "", "", "ws", "wz", "rs", "rz"},
             {"y", "h", "c"}, {}, "com.microsoft");
    const auto got = run_kernel(quantized, {x,
                                            Tensor::of<std::int8_t>({1, 1, 4}, {10, 20, -30, 40}),
                                            Tensor::of<std::int8_t>({1, 1, 4}, {1, 2, 3, 4}),
                                            {},
                                            {},
                                            {},
                                            {},
                                            {},
                                            reals({0.02f}),
                                            Tensor::of<std::int8_t>({1}, {0}),
                                            reals({0.5f}),
                                            Tensor::of<std::int8_t>({1}, {0})});
    const auto want =
        run_kernel(node("LSTM", {"x", "w", "r"}, {"y", "h", "c"}, {{"hidden_size", std::int64_t{1}}}),
                   {x, Tensor::of<float>({1, 4, 1}, {0.2f, 0.4f, -0.6f, 0.8f}),
                    Tensor::of<float>({1, 4, 1}, {0.5f, 1, 1.5f, 2})},
                   14);
    for (std::size_t i = 0; i < 3; ++i) COMPARE_TENSORS(got[i].tensor(), want[i].tensor());
  }
  /// A sequence that has ended keeps its state, and its further steps are 0.
  void keepsTheStateOfAnEndedSequence() {
    auto row = lstm("", {}, 1, 2, s8, {{}, int32s({2}, {4, 1})});
    const auto outputs = runContributed(row, "reference");
    const auto y = values_as<float>(outputs[0].tensor()), h = values_as<float>(outputs[1].tensor());
    for (std::size_t unit = 0; unit < 6; ++unit) {
      QCOMPARE(h[6 + unit], y[6 + unit]);
      QCOMPARE(y[18 + unit], 0.0f);
    }
  }
};

QTEST_GUILESS_MAIN(QuantizedRecurrentTest)
#include "quantized_recurrent_test.moc"
