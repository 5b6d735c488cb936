#include <QTest>

#include "tests/support/backends.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

Q_DECLARE_METATYPE(lapidary::ModelPointer)

namespace {

using Ints = std::vector<std::int64_t>;

/// Numbers over the whole range of an 8-bit type, so that pairs of products do not fit 16 bits.
Tensor extremes(DataType type, Dims dims) {
  std::vector<double> values(static_cast<std::size_t>(element_count(dims)));
  const double low = type == DataType::Int8 ? -128 : 0;
  std::uint32_t state = 99;
  for (double& value : values) {
    state = state * 1664525u + 1013904223u;
    value = low + ((state >> 28) < 10 ? 255 : static_cast<double>(state >> 24));
  }
  return tensor_from(type, std::move(dims), values);
}

Tensor zero_point(DataType type, double value) { return tensor_from(type, {}, std::vector<double>{value}); }

std::vector<float> rising(std::int64_t count) {
  std::vector<float> scales;
  for (std::int64_t i = 0; i < count; ++i) scales.push_back(0.001f * static_cast<float>(i + 1));
  return scales;
}

/// Random 8-bit activations of the whole range under the name "q".
ModelBuilder quantized_input(DataType type, Dims dims) {
  ModelBuilder model;
  model.input("x", DataType::Float32, shape_of(dims))
      .output("y")
      .initializer("xs", Tensor::scalar(0.01f))
      .initializer("xz", zero_point(type, type == DataType::UInt8 ? 117 : -9))
      .add(node("QuantizeLinear", {"x", "xs", "xz"}, {"q"}));
  return model;
}

ModelPointer linear_convolution(DataType type, DataType weights, Dims x, Dims w, std::int64_t group = 1) {
  auto model = quantized_input(type, std::move(x));
  const std::int64_t channels = w[0];
  std::vector<std::int32_t> bias(static_cast<std::size_t>(channels), -1000);
  model.initializer("w", extremes(weights, std::move(w)))
      .initializer("ws", Tensor::of(Dims{channels}, rising(channels)))
      .initializer("wz", zero_point(weights, weights == DataType::UInt8 ? 128 : 0))
      .initializer("ys", Tensor::scalar(0.02f))
      .initializer("yz", zero_point(type, type == DataType::UInt8 ? 100 : 3))
      .initializer("b", Tensor::of(Dims{channels}, bias));
  return model
      .add(node("QLinearConv", {"q", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"}, {"y"},
                {{"pads", Ints{1, 1, 1, 1}}, {"group", group}}))
      .build();
}

ModelPointer integer_matmul(DataType type, DataType weights, double weights_zero, bool dynamic) {
  ModelBuilder model = dynamic ? ModelBuilder() : quantized_input(type, {2, 7, 65});
  if (dynamic)
    model.input("x", DataType::Float32, shape_of(Dims{2, 7, 65}))
        .output("y")
        .add(node("DynamicQuantizeLinear", {"x"}, {"q", "s", "xz"}));
  return model.initializer("w", extremes(weights, {65, 33}))
      .initializer("wz", zero_point(weights, weights_zero))
      .add(node("MatMulInteger", {"q", "w", "xz", "wz"}, {"y"}))
      .build();
}

ModelPointer integer_convolution(DataType weights, std::int64_t group) {
  ModelBuilder model;
  model.input("x", DataType::Float32, shape_of(Dims{2, 16, 9, 9}))
      .output("y")
      .initializer("w", extremes(weights, {16, 16 / group, 3, 3}))
      .initializer("wz", zero_point(weights, weights == DataType::UInt8 ? 128 : 0));
  return model.add(node("DynamicQuantizeLinear", {"x"}, {"q", "s", "xz"}))
      .add(node("ConvInteger", {"q", "w", "xz", "wz"}, {"y"}, {{"pads", Ints{1, 1, 1, 1}}, {"group", group}}))
      .build();
}

ModelPointer linear_matmul() {
  auto model = quantized_input(DataType::UInt8, {7, 65});
  model.initializer("w", extremes(DataType::Int8, {65, 33}))
      .initializer("ws", Tensor::scalar(0.002f))
      .initializer("wz", zero_point(DataType::Int8, 0))
      .initializer("ys", Tensor::scalar(0.05f))
      .initializer("yz", zero_point(DataType::UInt8, 128));
  return model.add(node("QLinearMatMul", {"q", "xs", "xz", "w", "ws", "wz", "ys", "yz"}, {"y"})).build();
}

/// DequantizeLinear → Conv → Relu → QuantizeLinear.
ModelPointer spelled_out_convolution(const char* activation, std::size_t spatial_axes = 2) {
  Dims x = {1, 16}, w = {32, 16};
  x.resize(2 + spatial_axes, 8), w.resize(2 + spatial_axes, 3);
  auto model = quantized_input(DataType::UInt8, std::move(x));
  model.initializer("w", extremes(DataType::Int8, std::move(w)))
      .initializer("ws", Tensor::of(Dims{32}, rising(32)))
      .initializer("wz", Tensor::of(Dims{32}, std::vector<std::int8_t>(32, 0)))
      .initializer("b", Tensor::of(Dims{32}, rising(32)))
      .initializer("ys", Tensor::scalar(0.1f))
      .initializer("yz", zero_point(DataType::UInt8, 20));
  model.add(node("DequantizeLinear", {"q", "xs", "xz"}, {"xd"}))
      .add(node("DequantizeLinear", {"w", "ws", "wz"}, {"wd"}, {{"axis", std::int64_t{0}}}))
      .add(node("Conv", {"xd", "wd", "b"}, {"c"}, {{"pads", Ints(2 * spatial_axes, 1)}}));
  if (activation) model.add(node(activation, {"c"}, {"r"}));
  return model.add(node("QuantizeLinear", {activation ? "r" : "c", "ys", "yz"}, {"y"})).build();
}

/// Two convolutions of the same numbers, their sum, an activation, all between conversions.
ModelPointer spelled_out_sum(DataType type, const char* activation, std::int64_t group) {
  auto model = quantized_input(type, {2, 32, 9, 7});
  const double zero = type == DataType::UInt8 ? 100 : 0;
  model.initializer("w", extremes(DataType::Int8, {32, 32 / group, 3, 3}))
      .initializer("v", extremes(DataType::Int8, {32, 32, 1, 1}))
      .initializer("ws", Tensor::of(Dims{32}, rising(32)))
      .initializer("b", Tensor::of(Dims{32}, rising(32)))
      .initializer("cs", Tensor::scalar(0.8f))
      .initializer("ds", Tensor::scalar(0.3f))
      .initializer("ys", Tensor::scalar(0.9f))
      .initializer("z", zero_point(type, zero))
      .initializer("low", Tensor::scalar(-20.0f))
      .initializer("high", Tensor::scalar(25.0f));
  const std::int64_t first = 0;
  model.add(node("DequantizeLinear", {"q", "xs", "xz"}, {"xd"}))
      .add(node("DequantizeLinear", {"w", "ws"}, {"wd"}, {{"axis", first}}))
      .add(node("DequantizeLinear", {"v", "ws"}, {"vd"}, {{"axis", first}}))
      .add(node("Conv", {"xd", "vd"}, {"d"}))
      .add(node("Conv", {"xd", "wd", "b"}, {"c"}, {{"pads", Ints(4, 1)}, {"group", group}}))
      .add(node("QuantizeLinear", {"c", "cs", "z"}, {"cq"}))
      .add(node("QuantizeLinear", {"d", "ds", "z"}, {"dq"}))
      .add(node("DequantizeLinear", {"cq", "cs", "z"}, {"cd"}))
      .add(node("DequantizeLinear", {"dq", "ds", "z"}, {"dd"}))
      .add(node("Add", {"cd", "dd"}, {"s"}));
  if (activation && std::string(activation) == "Clip")
    model.add(node("Clip", {"s", "low", "high"}, {"r"}));
  else if (activation)
    model.add(node(activation, {"s"}, {"r"}));
  return model.add(node("QuantizeLinear", {activation ? "r" : "s", "ys", "z"}, {"y"})).build();
}

/// DequantizeLinear → Conv → Relu, whose result others read in float32.
ModelPointer convolution_to_float() {
  auto model = quantized_input(DataType::UInt8, {1, 8, 6, 6});
  model.initializer("w", extremes(DataType::Int8, {16, 8, 3, 3}))
      .initializer("ws", Tensor::of(Dims{16}, rising(16)));
  return model.add(node("DequantizeLinear", {"q", "xs", "xz"}, {"xd"}))
      .add(node("DequantizeLinear", {"w", "ws"}, {"wd"}, {{"axis", std::int64_t{0}}}))
      .add(node("Conv", {"xd", "wd"}, {"c"}))
      .add(node("Relu", {"c"}, {"r"}))
      .add(node("Sigmoid", {"r"}, {"y"}))
      .build();
}

/// Operators that move numbers, between conversions of one scale.
ModelPointer moved(DataType type) {
  auto model = quantized_input(type, {2, 8, 6, 6});
  const auto between = [&](Node mover, const std::string& made) {
    mover.outputs = {made + "f"};
    model.add(std::move(mover));
    model.add(node("QuantizeLinear", {made + "f", "xs", "xz"}, {made + "q"}));
    model.add(node("DequantizeLinear", {made + "q", "xs", "xz"}, {made}));
  };
  model.initializer("shape", Tensor::of(Dims{2}, Ints{2, -1}))
      .add(node("DequantizeLinear", {"q", "xs", "xz"}, {"a"}));
  between(node("MaxPool", {"a"}, {}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}), "b");
  between(node("Concat", {"b", "b"}, {}, {{"axis", std::int64_t{1}}}), "c");
  between(node("Transpose", {"c"}, {}, {{"perm", Ints{0, 2, 3, 1}}}), "d");
  between(node("Reshape", {"d", "shape"}, {}), "e");
  return model.add(node("Identity", {"e"}, {"y"})).build();
}

ModelPointer spelled_out_matmul() {
  auto model = quantized_input(DataType::Int8, {3, 5, 64});
  model.initializer("w", extremes(DataType::Int8, {64, 40}))
      .initializer("ws", Tensor::of(Dims{40}, rising(40)))
      .initializer("b", Tensor::of(Dims{40}, rising(40)));
  return model.add(node("DequantizeLinear", {"q", "xs", "xz"}, {"xd"}))
      .add(node("DequantizeLinear", {"w", "ws"}, {"wd"}, {{"axis", std::int64_t{1}}}))
      .add(node("MatMul", {"xd", "wd"}, {"m"}))
      .add(node("Add", {"m", "b"}, {"y"}))
      .build();
}

/// Both factors are weights: a quantized product that is known before the run, and a sum that is not.
ModelPointer product_of_constants() {
  return ModelBuilder()
      .input("x", DataType::Float32, shape_of(Dims{3, 40}))
      .initializer("l", extremes(DataType::UInt8, {3, 64}))
      .initializer("ls", Tensor::scalar(0.01f))
      .initializer("lz", zero_point(DataType::UInt8, 117))
      .initializer("w", extremes(DataType::Int8, {64, 40}))
      .initializer("ws", Tensor::of(Dims{40}, rising(40)))
      .add(node("DequantizeLinear", {"l", "ls", "lz"}, {"ld"}))
      .add(node("QuantizeLinear", {"ld", "ls", "lz"}, {"q"}))
      .add(node("DequantizeLinear", {"q", "ls", "lz"}, {"qd"}))
      .add(node("DequantizeLinear", {"w", "ws"}, {"wd"}, {{"axis", std::int64_t{1}}}))
      .add(node("MatMul", {"qd", "wd"}, {"m"}))
      .add(node("Add", {"m", "x"}, {"y"}))
      .output("y")
      .build();
}

/// A node of com.microsoft that makes y of the quantized input "q" and of what lies beside it: weights [64,
/// 40] "w" or [8, 3, 3, 3] "taps", a second tensor "p" like q, and scales, zero points and biases.
ModelPointer microsoft(const char* op, std::vector<std::string> inputs,
                       std::vector<std::pair<std::string, AttributeValue>> attributes = {},
                       Dims x = {2, 6, 64}) {
  auto model = quantized_input(DataType::UInt8, x);
  model.opset("com.microsoft", 1)
      .initializer("w", extremes(DataType::Int8, {64, 40}))
      .initializer("wt", extremes(DataType::Int8, {40, 64}))
      .initializer("ws", Tensor::of(Dims{40}, rising(40)))
      .initializer("wz", extremes(DataType::Int8, {40}))
      .initializer("b", Tensor::of(Dims{40}, rising(40)))
      .initializer("c", Tensor::of(Dims{40}, std::vector<std::int32_t>(40, -700)))
      .initializer("taps", extremes(DataType::Int8, {8, 3, 3, 3}))
      .initializer("ts", Tensor::of(Dims{8}, rising(8)))
      .initializer("tz", Tensor::of(Dims{8}, std::vector<std::int8_t>(8, 0)))
      .initializer("tb", Tensor::of(Dims{8}, std::vector<std::int32_t>(8, 500)))
      .initializer("heads", extremes(DataType::Int8, {64, 96}))
      .initializer("hb", Tensor::of(Dims{96}, rising(96)))
      .initializer("hs", Tensor::scalar(0.0005f))
      .initializer("hz", zero_point(DataType::Int8, 3))
      .initializer("p", extremes(DataType::UInt8, x))
      .initializer("ps", Tensor::scalar(0.03f))
      .initializer("pz", zero_point(DataType::UInt8, 99))
      .initializer("ys", Tensor::scalar(0.05f))
      .initializer("yz", zero_point(DataType::UInt8, 128));
  return model.add(node(op, std::move(inputs), {"y"}, std::move(attributes), "com.microsoft")).build();
}

}  // namespace

/// Products of 8-bit integers: whole results are exact, requantized ones at most one step from the reference,
/// on machines with VNNI and without (see the second run of this test, limited to AVX2).
class QuantizedTest : public QObject {
  Q_OBJECT

 private slots:
  void givesWhatTheReferenceGives_data() {
    QTest::addColumn<ModelPointer>("model");
    QTest::addColumn<int>("steps");
    constexpr auto u8 = DataType::UInt8, s8 = DataType::Int8;
    QTest::newRow("convolution, uint8 by int8")
        << linear_convolution(u8, s8, {1, 16, 9, 9}, {24, 16, 3, 3}) << 1;
    QTest::newRow("convolution, int8 by int8") << linear_convolution(s8, s8, {2, 5, 9, 9}, {7, 5, 3, 3}) << 1;
    QTest::newRow("convolution, uint8 by uint8")
        << linear_convolution(u8, u8, {1, 16, 9, 9}, {24, 16, 3, 3}) << 1;
    QTest::newRow("convolution by channel")
        << linear_convolution(u8, s8, {1, 16, 9, 9}, {16, 1, 3, 3}, 16) << 1;
    QTest::newRow("whole product") << integer_matmul(u8, s8, 0, false) << 0;
    QTest::newRow("whole product of int8") << integer_matmul(s8, s8, 0, false) << 0;
    QTest::newRow("whole product with a zero point") << integer_matmul(u8, u8, 77, false) << 0;
    QTest::newRow("whole product of what was just quantized") << integer_matmul(u8, s8, 5, true) << 0;
    for (const std::int64_t group : {1, 16}) {
      QTest::addRow("whole convolution of what was just quantized, %d groups", static_cast<int>(group))
          << integer_convolution(u8, group) << 0;
      QTest::addRow("the same with weights of int8, %d groups", static_cast<int>(group))
          << integer_convolution(s8, group) << 0;
    }
    QTest::newRow("requantized product") << linear_matmul() << 1;
    QTest::newRow("convolution between conversions") << spelled_out_convolution(nullptr) << 1;
    QTest::newRow("convolution and activation between conversions") << spelled_out_convolution("Relu") << 1;
    QTest::newRow("convolution of a padded volume between conversions")
        << spelled_out_convolution(nullptr, 3) << 1;
    QTest::newRow("product behind conversions") << spelled_out_matmul() << 0;
    for (const char* activation : {"Relu", "Clip", static_cast<const char*>(nullptr)}) {
      const char* name = activation ? activation : "nothing";
      QTest::addRow("sum of convolutions, then %s", name) << spelled_out_sum(u8, activation, 1) << 1;
      QTest::addRow("sum of convolutions in int8, then %s", name) << spelled_out_sum(s8, activation, 1) << 1;
      QTest::addRow("sum of convolutions by channel, then %s", name)
          << spelled_out_sum(u8, activation, 32) << 1;
    }
    QTest::newRow("convolution to float32") << convolution_to_float() << 0;
    QTest::newRow("product of constants") << product_of_constants() << 0;
    QTest::newRow("moved numbers") << moved(u8) << 0;
    QTest::newRow("moved numbers of int8") << moved(s8) << 0;
  }

  void givesWhatTheReferenceGives() {
    QFETCH(ModelPointer, model);
    QFETCH(int, steps);
    COMPARE_BACKENDS(model, 1e-4, 1e-3, steps);
  }

  void givesOperatorsOfQuantizersKernelsOfTheirParts_data() {
    QTest::addColumn<QString>("op");
    QTest::addColumn<ModelPointer>("model");
    const auto row = [](const char* op, auto&&... rest) {
      QTest::newRow(op) << QString(op) << microsoft(op, rest...);
    };
    using Names = std::vector<std::string>;
    using Given = std::vector<std::pair<std::string, AttributeValue>>;
    const Dims image{2, 3, 8, 8};
    row("DynamicQuantizeMatMul", Names{"x", "w", "ws", "wz", "b"});
    row("MatMulIntegerToFloat", Names{"q", "w", "xs", "ws", "xz", "wz", "b"});
    row("QGemm", Names{"q", "xs", "xz", "wt", "ws", "wz", "c", "ys", "yz"},
        Given{{"transB", std::int64_t{1}}, {"alpha", 0.5f}}, Dims{9, 64});
    row("QAttention", Names{"q", "heads", "hb", "xs", "hs", "", "xz", "hz"},
        Given{{"num_heads", std::int64_t{4}}});
    row("QLinearConv", Names{"q", "xs", "xz", "taps", "ts", "tz", "ys", "yz", "tb"},
        Given{{"channels_last", std::int64_t{1}}, {"pads", Ints{1, 1, 1, 1}}}, Dims{2, 8, 9, 3});
    row("QLinearAveragePool", Names{"q", "xs", "xz", "ys", "yz"}, Given{{"kernel_shape", Ints{2, 2}}}, image);
    row("QLinearGlobalAveragePool", Names{"q", "xs", "xz", "ys", "yz"},
        Given{{"channels_last", std::int64_t{1}}}, image);
    row("QLinearAdd", Names{"q", "xs", "xz", "p", "ps", "pz", "ys", "yz"});
    row("QLinearMul", Names{"q", "xs", "xz", "p", "ps", "pz", "ys", "yz"});
    row("QLinearSigmoid", Names{"q", "xs", "xz", "ps"});
    row("QLinearLeakyRelu", Names{"q", "xs", "xz", "ys", "yz"}, Given{{"alpha", 0.2f}});
    row("QLinearSoftmax", Names{"q", "xs", "xz", "hs", "pz"}, Given{{"opset", std::int64_t{13}}});
    row("QLinearConcat", Names{"ys", "yz", "q", "xs", "xz", "p", "ps", "pz"},
        Given{{"axis", std::int64_t{1}}});
  }

  void givesOperatorsOfQuantizersKernelsOfTheirParts() {
    QFETCH(QString, op);
    QFETCH(ModelPointer, model);
    COMPARE_BACKENDS(model, 1e-4, 1e-3, 1);
    const QString steps = test::implementations(model);
    QVERIFY2(!steps.contains(op + QStringLiteral(": reference")), qPrintable(steps));
  }

  void movesNumbersAsBytes() {
    const QString steps = test::implementations(moved(DataType::UInt8));
    QCOMPARE(steps.count(QStringLiteral("QuantizeLinear")), 1);
    QCOMPARE(steps.count(QStringLiteral("DequantizeLinear")), 1);
    QVERIFY2(!steps.contains(QStringLiteral("ref")), qPrintable(steps));
  }

  void sumsJoinTheirConvolution() {
    const QString steps = test::implementations(spelled_out_sum(DataType::UInt8, "Relu", 1));
    if (!steps.contains(QStringLiteral("vnni"))) QSKIP("the machine has no exact products of 8-bit integers");
    const QString all =
        QStringLiteral("Conv + QuantizeLinear + DequantizeLinear + Add + Relu + QuantizeLinear");
    QVERIFY2(steps.contains(all), qPrintable(steps));
  }

  void conversionsBecomeElementwise() {
    ModelBuilder model;
    model.input("x", DataType::Float32, shape_of(Dims{2, 6, 40}))
        .output("y")
        .initializer("s", Tensor::of(Dims{6}, rising(6)))
        .initializer("z", extremes(DataType::UInt8, {6}));
    const auto built = model.add(node("QuantizeLinear", {"x", "s", "z"}, {"q"}, {{"axis", std::int64_t{1}}}))
                           .add(node("DequantizeLinear", {"q", "s", "z"}, {"y"}, {{"axis", std::int64_t{1}}}))
                           .build();
    COMPARE_BACKENDS(built);
    QVERIFY(!test::implementations(built).contains(QStringLiteral("reference")));
  }
};

QTEST_GUILESS_MAIN(QuantizedTest)
#include "quantized_test.moc"
