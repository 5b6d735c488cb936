#include <QTest>

#include "tests/support/backends.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;

Q_DECLARE_METATYPE(lapidary::ModelPointer)

namespace {

using Ints = std::vector<std::int64_t>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

std::int64_t whole(int number) { return number; }

Tensor list(const Ints& values) { return Tensor::of(Dims{static_cast<std::int64_t>(values.size())}, values); }

/// Numbers that repeat after a while, and differ from axis to axis.
Tensor numbers(DataType type, Dims dims, double scale = 1) {
  std::vector<double> values(static_cast<std::size_t>(element_count(dims)));
  std::uint32_t state = 5;
  for (double& value : values) {
    state = state * 1664525u + 1013904223u;
    value = scale * static_cast<double>(state >> 24);
  }
  return tensor_from(type, std::move(dims), values);
}

ModelPointer einsum(const std::string& equation, Dims a, Dims b) {
  ModelBuilder model;
  model.input("a", DataType::Float32, shape_of(a)).input("b", DataType::Float32, shape_of(b)).output("y");
  return model.add(node("Einsum", {"a", "b"}, {"y"}, {{"equation", equation}})).build();
}

ModelPointer one(const char* op, DataType type, Dims x, const std::vector<Tensor>& more,
                 Attributes attributes, std::vector<std::string> outputs = {"y"}) {
  ModelBuilder model;
  model.input("x", type, shape_of(x));
  std::vector<std::string> inputs = {"x"};
  for (const auto& tensor : more) {
    inputs.push_back("i" + std::to_string(inputs.size()));
    model.initializer(inputs.back(), tensor);
  }
  for (const auto& name : outputs)
    if (!name.empty()) model.output(name);
  return model.add(node(op, inputs, outputs, std::move(attributes))).build();
}

ModelPointer sampled(Dims x, Dims grid, const char* mode, const char* padding, int corners) {
  ModelBuilder model;
  model.input("x", DataType::Float32, shape_of(x)).input("g", DataType::Float32, shape_of(grid)).output("y");
  return model
      .add(node("GridSample", {"x", "g"}, {"y"},
                {{"mode", std::string(mode)},
                 {"padding_mode", std::string(padding)},
                 {"align_corners", whole(corners)}}))
      .build();
}

Node contributed(const char* op, std::vector<std::string> inputs, std::vector<std::string> outputs,
                 Attributes attributes) {
  return node(op, std::move(inputs), std::move(outputs), std::move(attributes), "com.microsoft");
}

ModelPointer few_bits(int bits, std::int64_t block, std::int64_t depth, std::int64_t columns, bool zeros) {
  const std::int64_t blocks = (depth + block - 1) / block;
  ModelBuilder model;
  model.opset("com.microsoft", 1)
      .input("a", DataType::Float32, shape_of(Dims{2, 3, depth}))
      .output("y")
      .initializer("b", numbers(DataType::UInt8, {columns, blocks, block * bits / 8}))
      .initializer("s", numbers(DataType::Float32, {columns, blocks}, 1e-3))
      .initializer("z", numbers(DataType::UInt8, {columns, (blocks * bits + 7) / 8}))
      .initializer("bias", numbers(DataType::Float32, {columns}));
  return model
      .add(contributed("MatMulNBits", {"a", "b", "s", zeros ? "z" : "", "", "bias"}, {"y"},
                       {{"N", columns}, {"K", depth}, {"bits", whole(bits)}, {"block_size", block}}))
      .build();
}

/// Two sequences; with `past` rows of cache, one token comes to each.
ModelPointer grouped(std::int64_t past, bool packed, bool rotary, Attributes more = {}) {
  constexpr std::int64_t heads = 4, key_heads = 2, size = 8;
  const std::int64_t length = past > 0 ? 1 : 5, total = past > 0 ? past : length;
  ModelBuilder model;
  model.opset("com.microsoft", 1)
      .input("q", DataType::Float32, shape_of(Dims{2, length, (heads + (packed ? 2 * key_heads : 0)) * size}))
      .output("y")
      .output("pk")
      .output("pv")
      .initializer("last", Tensor::of<std::int32_t>(
                               {2}, {static_cast<std::int32_t>(total - 1),
                                     static_cast<std::int32_t>(past > 0 ? total - 2 : total - 1)}))
      .initializer("total", Tensor::of<std::int32_t>({1}, {static_cast<std::int32_t>(total)}))
      .initializer("cos", numbers(DataType::Float32, {16, size / 2}, 0.005))
      .initializer("sin", numbers(DataType::Float32, {16, size / 2}, 0.003));
  const Dims now{2, length, key_heads * size}, before{2, key_heads, past, size};
  if (!packed)
    model.input("k", DataType::Float32, shape_of(now)).input("v", DataType::Float32, shape_of(now));
  if (past > 0)
    model.input("ok", DataType::Float32, shape_of(before)).input("ov", DataType::Float32, shape_of(before));
  more.insert(more.end(), {{"num_heads", heads}, {"kv_num_heads", key_heads}, {"do_rotary", whole(rotary)}});
  return model
      .add(contributed("GroupQueryAttention",
                       {"q", packed ? "" : "k", packed ? "" : "v", past > 0 ? "ok" : "", past > 0 ? "ov" : "",
                        "last", "total", rotary ? "cos" : "", rotary ? "sin" : ""},
                       {"y", "pk", "pv"}, std::move(more)))
      .build();
}

ModelPointer many_heads(bool bias, bool mask, bool past) {
  ModelBuilder model;
  model.opset("com.microsoft", 1).output("y").output("pk").output("pv");
  for (const char* name : {"q", "k", "v"}) model.input(name, DataType::Float32, shape_of(Dims{2, 5, 12}));
  if (past)
    for (const char* name : {"ok", "ov"}) model.input(name, DataType::Float32, shape_of(Dims{2, 3, 2, 4}));
  model.initializer("bias", numbers(DataType::Float32, {36}, 0.01));
  model.initializer("mask", Tensor::of<std::int32_t>({2, 5}, {1, 1, 1, 1, 0, 1, 0, 1, 1, 1}));
  return model
      .add(contributed(
          "MultiHeadAttention",
          {"q", "k", "v", bias ? "bias" : "", mask ? "mask" : "", "", past ? "ok" : "", past ? "ov" : ""},
          {"y", "pk", "pv"}, {{"num_heads", whole(3)}, {"unidirectional", whole(past)}}))
      .build();
}

ModelPointer projected(bool mask) {
  ModelBuilder model;
  model.opset("com.microsoft", 1)
      .input("x", DataType::Float32, shape_of(Dims{2, 5, 12}))
      .output("y")
      .initializer("w", numbers(DataType::Float32, {12, 36}, 1e-3))
      .initializer("b", numbers(DataType::Float32, {36}, 1e-3))
      .initializer("mask", Tensor::of<std::int32_t>({2, 5}, {1, 1, 1, 1, 0, 1, 0, 1, 1, 1}));
  return model
      .add(contributed("Attention", {"x", "w", "b", mask ? "mask" : ""}, {"y"}, {{"num_heads", whole(3)}}))
      .build();
}

void add_einsums() {
  const auto row = [](const char* equation, Dims a, Dims b) {
    QTest::newRow(equation) << einsum(equation, std::move(a), std::move(b));
  };
  row("ij,jk->ik", {3, 4}, {4, 5});
  row("bhqd,bhkd->bhqk", {2, 3, 5, 4}, {2, 3, 7, 4});
  row("bhqk,bhkd->bqhd", {2, 3, 5, 4}, {2, 3, 4, 6});
  row("abc,cde->abde", {2, 3, 4}, {4, 5, 6});
  row("i,j->ji", {3}, {4});
  row("ab,ab->", {3, 4}, {3, 4});
  row("bi, bi -> b", {3, 4}, {3, 4});
}

void add_selections() {
  for (const DataType type : {DataType::Float32, DataType::Float64, DataType::Int64, DataType::UInt8})
    for (const int largest : {0, 1}) {
      const Attributes attributes = {{"largest", whole(largest)}, {"axis", whole(-2)}};
      QTest::addRow("top %d of %s", largest, std::string(name_of(type)).c_str())
          << one("TopK", type, {2, 30, 3}, {list({7})}, attributes, {"y", "i"});
    }
  QTest::newRow("all in order") << one("TopK", DataType::Float32, {40}, {list({40})}, {}, {"y", "i"});
  QTest::newRow("indices alone") << one("TopK", DataType::Float32, {4, 40}, {list({1})}, {}, {"", "i"});
}

void add_pads() {
  for (const DataType type : {DataType::Float32, DataType::UInt8, DataType::Int64, DataType::Float16})
    QTest::addRow("pad %s", std::string(name_of(type)).c_str())
        << one("Pad", type, {2, 3, 4}, {list({1, 0, 2, 0, 3, 1}), numbers(type, {})}, {});
  QTest::newRow("pad and cut") << one("Pad", DataType::Float32, {4, 5}, {list({-1, 2, 3, -2})}, {});
  QTest::newRow("pad in front") << one("Pad", DataType::Float32, {5}, {list({2, 0})}, {});
}

void add_samples() {
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const char* padding : {"zeros", "border", "reflection"})
      QTest::addRow("sample %s, %s", mode, padding)
          << sampled({2, 3, 5, 7}, {2, 9, 11, 2}, mode, padding, padding[0] == 'b');
  QTest::newRow("sample a volume") << sampled({1, 2, 3, 4, 5}, {1, 2, 3, 4, 3}, "linear", "zeros", 0);
}

}  // namespace

/// Kernels of their own give what the reference kernels give.
class FastKernelsTest : public QObject {
  Q_OBJECT

 private slots:
  void givesWhatTheReferenceGives_data() {
    QTest::addColumn<ModelPointer>("model");
    add_einsums();
    add_selections();
    add_pads();
    add_samples();
    for (const int bits : {2, 4, 8})
      QTest::addRow("weights of %d bits", bits) << few_bits(bits, 16, 48, 70, true);
    QTest::newRow("weights without zero points") << few_bits(4, 32, 64, 33, false);
    QTest::newRow("half a block of weights") << few_bits(4, 32, 40, 5, true);
    QTest::newRow("grouped prompt") << grouped(0, false, false);
    QTest::newRow("grouped prompt, packed and turned") << grouped(0, true, true);
    QTest::newRow("grouped token") << grouped(6, false, true);
    QTest::newRow("grouped token, neighbours turned")
        << grouped(6, true, true, {{"rotary_interleaved", whole(1)}, {"local_window_size", whole(3)}});
    QTest::newRow("grouped, all see all")
        << grouped(0, false, false, {{"causal", whole(0)}, {"softcap", 2.0f}});
    QTest::newRow("many heads") << many_heads(false, false, false);
    QTest::newRow("many heads, biased and masked") << many_heads(true, true, false);
    QTest::newRow("many heads behind a past") << many_heads(true, false, true);
    QTest::newRow("projected") << projected(false);
    QTest::newRow("projected and masked") << projected(true);
  }

  void givesWhatTheReferenceGives() {
    QFETCH(ModelPointer, model);
    COMPARE_BACKENDS(model, 1e-4, 2e-5);
    const QString kernels = test::implementations(model);
    QVERIFY2(!kernels.contains(QStringLiteral("reference")), qPrintable(kernels));
  }

  void whatTheyDoNotKnowTakesTheReference_data() {
    QTest::addColumn<ModelPointer>("model");
    QTest::newRow("labels that repeat") << einsum("ii,ij->ij", {3, 3}, {3, 4});
    QTest::newRow("labels summed alone") << einsum("ij,jk->j", {3, 4}, {4, 5});
    QTest::newRow("an ellipsis") << einsum("...ij,...jk->...ik", {2, 3, 4}, {4, 5});
    QTest::newRow("nothing to multiply") << einsum("ij,jk->ik", {3, 0}, {0, 5});
    QTest::newRow("edges repeated") << one("Pad", DataType::Float32, {4, 5}, {list({1, 2, 3, 2})},
                                           {{"mode", std::string("edge")}});
    QTest::newRow("the top none") << one("TopK", DataType::Float32, {4, 5}, {list({0})}, {}, {"y", "i"});
    QTest::newRow("pad nothing") << one("Pad", DataType::Float32, {0, 5}, {list({1, 2, 3, 2})}, {});
  }

  void whatTheyDoNotKnowTakesTheReference() {
    QFETCH(ModelPointer, model);
    COMPARE_BACKENDS(model);
  }
};

QTEST_GUILESS_MAIN(FastKernelsTest)
#include "fast_kernels_test.moc"
