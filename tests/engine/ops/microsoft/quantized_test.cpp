#include <QTemporaryDir>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "tests/support/contributed.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

const std::int64_t one = 1, zero = 0;
const DataType u8 = DataType::UInt8, s8 = DataType::Int8;

std::vector<ContributedCase> elementwise() {
  const Tensor a = noise({2, 3, 4}, 1, u8), b = noise({2, 3, 4}, 2, u8), row = noise({4}, 3, u8);
  const Tensor sa = noise({2, 3, 4}, 1, s8), sb = noise({2, 3, 4}, 2, s8);
  std::vector<ContributedCase> rows;
  for (const char* op_type : {"QLinearAdd", "QLinearMul"}) {
    rows.push_back({"uint8",
                    contributed(op_type),
                    {a, scalar(0.021f), byte(120), b, scalar(0.013f), byte(130), scalar(0.033f), byte(100)}});
    rows.push_back(
        {"int8",
         contributed(op_type),
         {sa, scalar(0.021f), byte(-12, s8), sb, scalar(0.013f), byte(7, s8), scalar(0.041f), byte(3, s8)}});
    rows.push_back(
        {"row",
         contributed(op_type),
         {a, scalar(0.021f), byte(120), row, scalar(0.013f), byte(130), scalar(0.033f), byte(100)}});
    rows.push_back({"without zero points",
                    contributed(op_type),
                    {a, scalar(0.021f), {}, b, scalar(0.013f), {}, scalar(0.053f), byte(0)},
                    {},
                    false});
  }
  for (const char* op_type : {"QLinearSigmoid", "QLinearLeakyRelu"}) {
    rows.push_back({"uint8",
                    contributed(op_type),
                    {a, scalar(0.037f), byte(120), scalar(0.0051f), byte(30)},
                    {1, 2, 3, 4}});
    rows.push_back(
        {"int8", contributed(op_type), {sa, scalar(0.037f), byte(-5, s8), scalar(0.041f), byte(-20, s8)}});
  }
  rows.push_back({"alpha",
                  contributed("QLinearLeakyRelu", {{"alpha", 0.2f}}),
                  {a, scalar(0.037f), byte(120), scalar(0.039f), byte(110)}});
  rows.push_back({"last axis",
                  contributed("QLinearSoftmax", {{"axis", -one}, {"opset", std::int64_t{13}}}),
                  {a, scalar(0.037f), byte(120), scalar(1.0f / 256), byte(0)}});
  rows.push_back({"before 13",
                  contributed("QLinearSoftmax", {{"axis", one}, {"opset", std::int64_t{12}}}),
                  {a, scalar(0.017f), byte(120), scalar(1.0f / 512), byte(0)}});
  rows.push_back({"int8",
                  contributed("QLinearSoftmax", {{"axis", one}, {"opset", std::int64_t{13}}}),
                  {sa, scalar(0.037f), byte(3, s8), scalar(1.0f / 256), byte(-128, s8)}});
  rows.push_back({"",
                  contributed("QLinearReduceMean", {{"axes", list({1})}, {"keepdims", one}}),
                  {a, scalar(0.037f), byte(120), scalar(0.033f), byte(110)},
                  {},
                  false});
  rows.push_back({"dropped axes",
                  contributed("QLinearReduceMean", {{"axes", list({0, -1})}, {"keepdims", zero}}),
                  {sa, scalar(0.037f), byte(12, s8), scalar(0.033f), byte(11, s8)},
                  {},
                  false});
  rows.push_back(
      {"",
       contributed("QLinearWhere"),
       {Tensor::of({2, 1, 4}, std::vector<bool>{true, false, true, true, false, false, true, false}), a,
        scalar(0.037f), byte(120), b, scalar(0.021f), byte(100), scalar(0.031f), byte(90)},
       {2, 3, 5, 6, 7, 8}});
  rows.push_back({"",
                  contributed("QLinearConcat", {{"axis", one}}),
                  {scalar(0.033f), byte(100), a, scalar(0.037f), byte(120), noise({2, 1, 4}, 5, u8),
                   scalar(0.021f), byte(90)},
                  {0, 1, 3, 4, 6, 7}});
  rows.push_back({"same scale",
                  contributed("QLinearConcat", {{"axis", -one}}),
                  {scalar(0.033f), byte(100), a, scalar(0.033f), byte(100), b, scalar(0.021f), byte(90)},
                  {0, 1, 3, 4, 6, 7}});
  rows.push_back({"", contributed("MulInteger"), {a, byte(3), row}, {}, false});
  return rows;
}

std::vector<ContributedCase> windows() {
  const Tensor x = noise({1, 4, 6, 5}, 1, u8), last = noise({1, 6, 5, 4}, 1, u8);
  const Tensor w = noise({6, 4, 3, 3}, 2, s8), b = int32s({6}, {100, -200, 300, -400, 500, -600});
  const std::pair<std::string, AttributeValue> pads{"pads", list({1, 1, 1, 1})},
      channels_last{"channels_last", one};
  const std::pair<std::string, AttributeValue> kernel{"kernel_shape", list({3, 2})};
  const Tensor per_channel = scaled(noise({6}, 3), 0.002, 0.004);
  return {
      {"channels last",
       contributed("QLinearConv", {pads, channels_last}),
       {last, scalar(0.02f), byte(128), w, scalar(0.0041f), byte(0, s8), scalar(0.0513f), byte(120), b},
       {3}},
      {"channels last, per channel",
       contributed("QLinearConv", {channels_last, {"strides", list({2, 2})}}),
       {last, scalar(0.02f), byte(128), w, per_channel, Tensor::of<std::int8_t>({6}, {0, 0, 0, 0, 0, 0}),
        scalar(0.0513f), byte(120)},
       {3, 4, 5}},
      {"groups",
       contributed("QLinearConv", {channels_last, {"group", std::int64_t{2}}}),
       {last, scalar(0.02f), byte(128), noise({6, 2, 3, 3}, 2, s8), scalar(0.0041f), byte(0, s8),
        scalar(0.0413f), byte(120), b},
       {3}},
      {"channels first",
       contributed("QLinearConv", {pads}),
       {x, scalar(0.02f), byte(128), w, scalar(0.0041f), byte(0, s8), scalar(0.0513f), byte(120), b},
       {3}},
      {"",
       contributed("QLinearAveragePool", {kernel}),
       {x, scalar(0.037f), byte(120), scalar(0.033f), byte(110)}},
      {"padded",
       contributed("QLinearAveragePool", {kernel, pads, {"count_include_pad", one}}),
       {x, scalar(0.037f), byte(120), scalar(0.033f), byte(110)}},
      {"channels last",
       contributed("QLinearAveragePool", {kernel, channels_last, {"strides", list({2, 1})}}),
       {last, scalar(0.037f), byte(120), scalar(0.033f), byte(110)}},
      {"int8, ceil",
       contributed("QLinearAveragePool", {kernel, {"strides", list({2, 2})}, {"ceil_mode", one}}),
       {noise({1, 4, 6, 5}, 1, s8), scalar(0.037f), byte(-3, s8), scalar(0.033f), byte(5, s8)}},
      {"",
       contributed("QLinearGlobalAveragePool"),
       {x, scalar(0.037f), byte(120), scalar(0.0131f), byte(110)}},
      {"channels last",
       contributed("QLinearGlobalAveragePool", {channels_last}),
       {last, scalar(0.037f), byte(120), scalar(0.0131f), byte(110)}},
      {"", contributed("NhwcMaxPool", {kernel, {"strides", list({2, 1})}}), {last}},
      {"int8, padded", contributed("NhwcMaxPool", {kernel, pads}), {noise({1, 6, 5, 4}, 1, s8)}},
  };
}

std::vector<ContributedCase> products() {
  const Tensor a = noise({3, 4}, 1, u8), b = noise({4, 5}, 2, s8),
               per_column = scaled(noise({5}, 3), 0.002, 0.004);
  const Tensor zeros = Tensor::of<std::int8_t>({5}, {0, 1, -2, 3, 4});
  return {
      {"float", contributed("QGemm"), {a, scalar(0.02f), byte(120), b, scalar(0.03f), byte(3, s8)}},
      {"C",
       contributed("QGemm", {{"alpha", 0.5f}}),
       {a, scalar(0.02f), byte(120), b, scalar(0.03f), byte(0, s8),
        int32s({5}, {100, 200, 300, -400, -500})}},
      {"quantized",
       contributed("QGemm", {{"transA", one}, {"transB", one}}),
       {noise({4, 3}, 1, u8), scalar(0.02f), byte(120), noise({5, 4}, 2, s8), scalar(0.03f), byte(0, s8),
        int32s({5}, {100, 200, 300, -400, -500}), scalar(0.117f), byte(110)}},
      {"per column",
       contributed("QGemm"),
       {a,
        scalar(0.02f),
        byte(120),
        b,
        per_column,
        Tensor::of<std::int8_t>({5}, {0, 0, 0, 0, 0}),
        {},
        scalar(0.0217f),
        byte(110)}},
      {"", contributed("MatMulIntegerToFloat"), {a, b, scalar(0.02f), scalar(0.03f)}},
      {"zero points, bias",
       contributed("MatMulIntegerToFloat"),
       {a, b, scalar(0.02f), per_column, byte(120), zeros, noise({5}, 4)}},
      {"batch",
       contributed("MatMulIntegerToFloat"),
       {noise({2, 3, 4}, 1, u8), noise({2, 4, 5}, 2, u8), scalar(0.02f), scalar(0.03f), byte(120),
        byte(110)}},
      {"", contributed("DynamicQuantizeMatMul"), {noise({3, 4}), b, scalar(0.03f), byte(5, s8)}},
      {"bias", contributed("DynamicQuantizeMatMul"), {noise({2, 3, 4}), b, per_column, zeros, noise({5}, 4)}},
      {"uint8",
       contributed("DynamicQuantizeMatMul"),
       {noise({3, 4}), noise({4, 5}, 2, u8), scalar(0.03f), byte(128)}},
      {"int16",
       contributed("MatMulInteger16"),
       {noise({2, 3, 4}, 1, DataType::Int16), noise({4, 5}, 2, DataType::Int16)}},
      {"uint16",
       contributed("MatMulInteger16"),
       {noise({3, 4}, 1, DataType::UInt16), noise({4, 5}, 2, DataType::UInt16)},
       {},
       false},
  };
}

std::vector<ContributedCase> linear() {
  const Tensor x = scaled(noise({2, 3, 4}), 3);
  return {
      {"uint8", contributed("QuantizeLinear"), {x, scalar(0.017f), byte(120)}},
      {"int16", contributed("QuantizeLinear"), {x, scalar(0.0017f), byte(-1200, DataType::Int16)}},
      {"uint16", contributed("QuantizeLinear"), {x, scalar(0.0017f), byte(12000, DataType::UInt16)}},
      {"axis",
       contributed("QuantizeLinear", {{"axis", one}}),
       {x, reals({0.01f, 0.02f, 0.03f}), Tensor::of<std::int8_t>({3}, {1, 2, 3})}},
      {"int4", contributed("QuantizeLinear"), {x, scalar(0.47f), byte(1, DataType::Int4)}, {2}, false},
      {"uint8", contributed("DequantizeLinear"), {noise({2, 3, 4}, 1, u8), scalar(0.017f), byte(120)}},
      {"int16",
       contributed("DequantizeLinear"),
       {noise({2, 3, 4}, 1, DataType::Int16), scalar(0.017f), byte(120, DataType::Int16)}},
      {"int32", contributed("DequantizeLinear"), {noise({2, 3, 4}, 1, DataType::Int32), scalar(0.017f)}},
      {"axis",
       contributed("DequantizeLinear", {{"axis", one}}),
       {noise({2, 3, 4}, 1, s8), reals({0.01f, 0.02f, 0.03f}), Tensor::of<std::int8_t>({3}, {1, 2, 3})}},
      {"int4",
       contributed("DequantizeLinear"),
       {tensor_from(DataType::Int4, {3}, std::vector<double>{-8, 3, 7}), scalar(0.5f),
        byte(1, DataType::Int4)},
       {0, 2}},
      {"uint4",
       contributed("DequantizeLinear"),
       {tensor_from(DataType::UInt4, {3}, std::vector<double>{0, 3, 15}), scalar(0.5f)},
       {0}},
      {"float16",
       contributed("DequantizeLinear"),
       {noise({2, 3, 4}, 1, u8), half(scalar(0.017f)), byte(120)}},
      {"blocks",
       contributed("DequantizeLinear", {{"axis", zero}, {"block_size", std::int64_t{2}}}),
       {noise({4, 2}, 1, s8), Tensor::of<float>({2, 2}, {1, 2, 3, 4})},
       {},
       false},
  };
}

std::vector<ContributedCase> all() {
  auto rows = elementwise();
  for (auto&& more : {windows(), products(), linear()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

/// A network as quantization tools write it: every value goes through QuantizeLinear and DequantizeLinear.
/// The scales are such that no value lies in the middle of two steps, where the peer's order of operations
/// decides.
class QuantizedNetwork {
 public:
  QuantizedNetwork() : builder_(13) {
    builder_.input("x", DataType::Float32, {1, 4, 8, 6});
    builder_.initializer("zero", byte(128))
        .initializer("w", noise({4, 4, 3, 3}, 2, s8))
        .initializer("w_scale", scalar(0.004f));
    builder_.initializer("w_zero", byte(0, s8)).initializer("shape", ints({1, 4}));
    quantize("x", 0.0107f);
    builder_.add(node("DequantizeLinear", {"w", "w_scale", "w_zero"}, {"weights"}));
    add("Conv", {"x", "weights"}, "c", 0.0511f, {{"pads", list({1, 1, 1, 1})}});
    add("Sigmoid", {"c"}, "s", 0.0083f);
    add("Mul", {"c", "s"}, "m", 0.0417f);
    add("LeakyRelu", {"m"}, "l", 0.0317f, {{"alpha", 0.1f}});
    add("Add", {"l", "x"}, "a", 0.0409f);
    add("AveragePool", {"a"}, "p", 0.0213f, {{"kernel_shape", list({2, 2})}, {"strides", list({2, 2})}});
    add("Concat", {"p", "p"}, "k", 0.0213f, {{"axis", std::int64_t{2}}});
    add("GlobalAveragePool", {"k"}, "g", 0.0111f);
    builder_.add(node("Reshape", {"g_q", "shape"}, {"r_q"}));
    dequantize("r", 0.0111f);
    add("Softmax", {"r"}, "y", 1.0f / 256);
    builder_.output("y_dq", Type::tensor(DataType::Float32));
  }
  std::shared_ptr<Model> model() const {
    auto model = std::make_shared<Model>(*builder_.build());
    model->ir_version = 8;
    return model;
  }

 private:
  void add(const char* op_type, std::vector<std::string> inputs, const std::string& output, float scale,
           std::vector<std::pair<std::string, AttributeValue>> attributes = {}) {
    for (auto& input : inputs)
      if (input != "weights") input += "_dq";
    builder_.add(node(op_type, std::move(inputs), {output}, std::move(attributes)));
    quantize(output, scale);
  }
  void quantize(const std::string& value, float scale) {
    builder_.initializer(value + "_scale", scalar(scale));
    builder_.add(node("QuantizeLinear", {value, value + "_scale", "zero"}, {value + "_q"}));
    builder_.add(node("DequantizeLinear", {value + "_q", value + "_scale", "zero"}, {value + "_dq"}));
  }
  void dequantize(const std::string& value, float scale) {
    builder_.initializer(value + "_scale", scalar(scale));
    builder_.add(node("DequantizeLinear", {value + "_q", value + "_scale", "zero"}, {value + "_dq"}));
  }

  ModelBuilder builder_;
};

Node microsoft(const char* op_type, std::vector<std::string> inputs,
               std::vector<std::pair<std::string, AttributeValue>> attributes = {}) {
  return node(op_type, std::move(inputs), {"y"}, std::move(attributes), "com.microsoft");
}

}  // namespace

/// Operators on 8, 16 and 4-bit integers that stand for numbers.
class QuantizedTest : public QObject {
  Q_OBJECT
 private slots:
  void agreeWithOnnxRuntime_data() { add_peer_rows(all()); }
  void agreeWithOnnxRuntime() { check_peer_row(); }
  void inferWhatTheyCompute_data() { add_rows(all()); }
  void inferWhatTheyCompute() { check_inferred_row(); }
  void areTheSameOnBothBackends_data() { add_rows(all()); }
  void areTheSameOnBothBackends() { check_backends_row(); }

  void computesOnTheNumbersThatIntegersStandFor_data() { kernel_columns_for_quantized(); }
  void computesOnTheNumbersThatIntegersStandFor() { check_kernel_case(); }

  void filesThatTheOptimizerSavedGiveTheSame() {
    if (folderFromEnvironment("LAPIDARY_PEER").isEmpty())
      QSKIP("LAPIDARY_PEER names no folder with onnxruntime-node");
    const QTemporaryDir folder;
    const QString plain = folder.filePath("plain.onnx"), optimized = folder.filePath("optimized.onnx");
    save_model(*QuantizedNetwork().model(), plain.toStdString());
    optimizeInPeer(plain, optimized, "all");
    const auto loaded = load_model(optimized.toStdString());
    QStringList own;
    for (const auto& each : loaded.model->graph->nodes)
      if (each->domain == "com.microsoft") own << QString::fromStdString(each->op_type);
    QVERIFY2(own.contains("QLinearAdd") && own.contains("QLinearSigmoid"), qPrintable(own.join(", ")));
    const Tensor x = noise({1, 4, 8, 6});
    const auto peer = runInPeer(optimized, {{"x", x}});
    for (const auto& backend : backends()) {
      if (backend.name != "cpu" && backend.name != "reference") continue;
      const auto got = backend.compile(loaded.model, {})->run({x});
      const Difference found = difference(got[0], peer.outputs.at(0).second, {1e-3, 1e-5});
      QVERIFY2(found.equal,
               (backend.name + ": " + found.message + " of " + own.join(", ").toStdString()).c_str());
    }
  }

 private:
  static void kernel_columns_for_quantized() {
    kernel_columns();
    const std::vector<std::string> two{"a", "as", "az", "b", "bs", "bz", "cs", "cz"};
    const auto pair = [](float c_scale) {
      return std::vector<Datum>{bytes({10, 20}), scalar(0.5f), byte(0),         bytes({4, 8}),
                                scalar(0.25f),   byte(4),      scalar(c_scale), byte(1)};
    };
    add_kernel_case("sum: 5 + 0, 10 + 1", microsoft("QLinearAdd", two), pair(0.5f), {bytes({11, 23})});
    add_kernel_case("product: 5 · 0, 10 · 1", microsoft("QLinearMul", two), pair(1), {bytes({1, 11})});
    const std::vector<std::string> single{"x", "xs", "xz", "ys", "yz"};
    add_kernel_case("sigmoid(0) = 0.5", microsoft("QLinearSigmoid", single),
                    {bytes({128}), scalar(0.1f), byte(128), scalar(0.01f), byte(0)}, {bytes({50})});
    add_kernel_case("leaky: -2 · 0.5", microsoft("QLinearLeakyRelu", single, {{"alpha", 0.5f}}),
                    {bytes({8, 12}), scalar(1), byte(10), scalar(0.5f), byte(20)}, {bytes({18, 24})});
    add_kernel_case("softmax of two equal ones",
                    microsoft("QLinearSoftmax", single, {{"opset", std::int64_t{13}}}),
                    {bytes({7, 7}), scalar(0.1f), byte(0), scalar(0.01f), byte(0)}, {bytes({50, 50})});
    add_kernel_case("mean of 1 and 3",
                    microsoft("QLinearReduceMean", single, {{"axes", list({0})}, {"keepdims", one}}),
                    {bytes({2, 6}), scalar(0.5f), byte(0), scalar(0.25f), byte(0)}, {bytes({8})});
    add_kernel_case(
        "concat at one scale",
        microsoft("QLinearConcat", {"s", "z", "a", "as", "az", "b", "bs", "bz"}, {{"axis", zero}}),
        {scalar(0.5f), byte(0), bytes({3}), scalar(0.5f), byte(0), bytes({8}), scalar(0.25f), byte(4)},
        {bytes({3, 2})});
    add_kernel_case("where", microsoft("QLinearWhere", {"c", "x", "xs", "xz", "y", "ys", "yz", "zs", "zz"}),
                    {flags({true, false}), bytes({10, 20}), scalar(0.5f), byte(0), bytes({30, 40}),
                     scalar(0.25f), byte(20), scalar(0.5f), byte(0)},
                    {bytes({10, 10})});
    add_kernel_case(
        "global mean of 0.5 and 1.5, channels last",
        microsoft("QLinearGlobalAveragePool", single, {{"channels_last", one}}),
        {Tensor::of<std::uint8_t>({1, 2, 1}, {1, 3}), scalar(0.5f), byte(0), scalar(0.5f), byte(7)},
        {Tensor::of<std::uint8_t>({1, 1, 1}, {9})});
    add_kernel_case(
        "mean of windows", microsoft("QLinearAveragePool", single, {{"kernel_shape", list({2})}}),
        {Tensor::of<std::uint8_t>({1, 1, 3}, {1, 3, 5}), scalar(0.5f), byte(0), scalar(0.5f), byte(0)},
        {Tensor::of<std::uint8_t>({1, 1, 2}, {2, 4})});
    add_kernel_case(
        "convolution, channels last",
        microsoft("QLinearConv", {"x", "xs", "xz", "w", "ws", "wz", "ys", "yz"}, {{"channels_last", one}}),
        {Tensor::of<std::uint8_t>({1, 3, 1}, {2, 4, 6}), scalar(0.5f), byte(2),
         Tensor::of<std::int8_t>({1, 1, 2}, {1, 2}), scalar(1), byte(0, s8), scalar(0.5f), byte(0)},
        {Tensor::of<std::uint8_t>({1, 2, 1}, {4, 10})});
    add_kernel_case("QGemm: (1·3 + 2·(-4) + 8)/8",
                    microsoft("QGemm", {"a", "as", "az", "b", "bs", "bz", "c"}),
                    {Tensor::of<std::uint8_t>({1, 2}, {11, 12}), scalar(0.5f), byte(10),
                     Tensor::of<std::int8_t>({2, 1}, {3, -4}), scalar(0.25f), byte(0, s8), int32s({1}, {8})},
                    {Tensor::of<float>({1, 1}, {0.375f})});
    add_kernel_case("product to float with bias",
                    microsoft("MatMulIntegerToFloat", {"a", "b", "as", "bs", "az", "", "bias"}),
                    {Tensor::of<std::uint8_t>({1, 2}, {11, 12}),
                     Tensor::of<std::int8_t>({2, 1}, {3, -4}),
                     scalar(0.5f),
                     scalar(0.25f),
                     byte(10),
                     {},
                     reals({1})},
                    {Tensor::of<float>({1, 1}, {0.375f})});
    add_kernel_case(
        "dynamic: range 0 to 255", microsoft("DynamicQuantizeMatMul", {"a", "b", "bs"}),
        {Tensor::of<float>({1, 2}, {255, 17}), Tensor::of<std::int8_t>({2, 1}, {1, -2}), scalar(0.5f)},
        {Tensor::of<float>({1, 1}, {110.5f})});
    add_kernel_case("16 bits", microsoft("MatMulInteger16", {"a", "b"}),
                    {Tensor::of<std::int16_t>({1, 2}, {300, -2}), Tensor::of<std::int16_t>({2, 1}, {200, 5})},
                    {int32s({1, 1}, {59990})});
    add_kernel_case("quantized to 16 bits", microsoft("QuantizeLinear", {"x", "s", "z"}),
                    {reals({-1, 0.25f, 2}), scalar(0.5f), byte(10, DataType::Int16)},
                    {Tensor::of<std::int16_t>({3}, {8, 10, 14})});
    add_kernel_case("dequantized", microsoft("DequantizeLinear", {"x", "s"}), {bytes({2, 6}), scalar(0.5f)},
                    {reals({1, 3})});
  }
};

QTEST_GUILESS_MAIN(QuantizedTest)
#include "quantized_test.moc"
