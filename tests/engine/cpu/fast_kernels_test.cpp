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

ModelPointer einsum(const std::string& equation, const std::vector<Dims>& operands) {
  ModelBuilder model;
  std::vector<std::string> inputs;
  for (const Dims& dims : operands) {
    inputs.push_back("x" + std::to_string(inputs.size()));
    model.input(inputs.back(), DataType::Float32, shape_of(dims));
  }
  return model.add(node("Einsum", inputs, {"y"}, {{"equation", equation}})).output("y").build();
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
ModelPointer grouped(std::int64_t past, bool packed, bool rotary, Attributes more = {},
                     bool angles_are_constant = true) {
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
      .initializer("total", Tensor::of<std::int32_t>({1}, {static_cast<std::int32_t>(total)}));
  for (const char* name : {"cos", "sin"})
    if (angles_are_constant)
      model.initializer(name, numbers(DataType::Float32, {16, size / 2}, name[0] == 'c' ? 0.005 : 0.003));
    else
      model.input(name, DataType::Float32, shape_of(Dims{16, size / 2}));
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
  const auto row = [](const char* equation, auto... operands) {
    QTest::newRow(equation) << einsum(equation, {operands...});
  };
  row("ij,jk->ik", Dims{3, 4}, Dims{4, 5});
  row("ij,jk", Dims{3, 4}, Dims{4, 5});
  row("bhqd,bhkd->bhqk", Dims{2, 3, 5, 4}, Dims{2, 3, 7, 4});
  row("bhqk,bhkd->bqhd", Dims{2, 3, 5, 4}, Dims{2, 3, 4, 6});
  row("abc,cde->abde", Dims{2, 3, 4}, Dims{4, 5, 6});
  row("i,j->ji", Dims{3}, Dims{4});
  row("ab,ab->", Dims{3, 4}, Dims{3, 4});
  row("ab,ab->ba", Dims{3, 4}, Dims{3, 4});
  row("bi, bi -> b", Dims{3, 4}, Dims{3, 4});
  row("ij,jk->j", Dims{3, 4}, Dims{4, 5});
  row("abc->ca", Dims{3, 4, 5});
  row("abc->", Dims{3, 4, 5});
  row("...ij,...jk->...ik", Dims{2, 3, 4}, Dims{4, 5});
  row("...ij,...j->i...", Dims{2, 6, 3, 4}, Dims{6, 4});
  row("ij,jk,kl->il", Dims{3, 4}, Dims{4, 5}, Dims{5, 6});
  row("bij,jk,bl->kbl", Dims{2, 3, 4}, Dims{4, 5}, Dims{2, 6});
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

Tensor indices(DataType type, Dims dims, std::vector<double> values) {
  return tensor_from(type, std::move(dims), values);
}

void add_indexing() {
  const Attributes last = {{"axis", whole(-1)}};
  for (const DataType type : {DataType::Float32, DataType::Int64, DataType::Float16, DataType::Bool}) {
    const Tensor at = indices(DataType::Int64, {2, 3}, {0, -1, 1, 2, 2, -3}), updates = numbers(type, {2, 3});
    const auto named = [&](const char* what) -> QTestData& {
      return QTest::addRow("%s %s", what, std::string(name_of(type)).c_str());
    };
    named("gather elements of") << one("GatherElements", type, {3, 4}, {at}, {});
    named("scatter elements of") << one("ScatterElements", type, {3, 4}, {at, updates}, {});
    named("gather slices of") << one("GatherND", type, {2, 3, 4},
                                     {indices(DataType::Int64, {3, 1}, {1, 0, -1})}, {});
    named("scatter slices of") << one("ScatterND", type, {3, 3}, {at.reshaped({6, 1}), numbers(type, {6, 3})},
                                      {});
  }
  QTest::newRow("gather elements by int32") << one("GatherElements", DataType::Float32, {2, 5},
                                                   {indices(DataType::Int32, {2, 2}, {4, 0, -5, 1})}, last);
  QTest::newRow("gather slices of a batch")
      << one("GatherND", DataType::Float32, {2, 3, 4}, {indices(DataType::Int64, {2, 1}, {1, -2})},
             {{"batch_dims", whole(1)}});
  QTest::newRow("scatter single elements by tuples")
      << one("ScatterND", DataType::Float32, {3, 4},
             {indices(DataType::Int64, {2, 2}, {2, 3, 0, -1}), numbers(DataType::Float32, {2})}, {});
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
    add_indexing();
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
    QTest::newRow("grouped token, turned by what comes in") << grouped(6, false, true, {}, false);
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
    QTest::newRow("labels that repeat") << einsum("ii,ij->ij", {{3, 3}, {3, 4}});
    QTest::newRow("an ellipsis that broadcasts") << einsum("...ij,...jk->...ik", {{2, 3, 4}, {1, 4, 5}});
    QTest::newRow("nothing to multiply") << einsum("ij,jk->ik", {{3, 0}, {0, 5}});
    QTest::newRow("edges repeated") << one("Pad", DataType::Float32, {4, 5}, {list({1, 2, 3, 2})},
                                           {{"mode", std::string("edge")}});
    QTest::newRow("the top none") << one("TopK", DataType::Float32, {4, 5}, {list({0})}, {}, {"y", "i"});
    QTest::newRow("updates that add up")
        << one("ScatterND", DataType::Float32, {3},
               {indices(DataType::Int64, {2, 1}, {1, 1}), numbers(DataType::Float32, {2})},
               {{"reduction", std::string("add")}});
    QTest::newRow("pad nothing") << one("Pad", DataType::Float32, {0, 5}, {list({1, 2, 3, 2})}, {});
  }

  void whatTheyDoNotKnowTakesTheReference() {
    QFETCH(ModelPointer, model);
    COMPARE_BACKENDS(model);
  }
};

QTEST_GUILESS_MAIN(FastKernelsTest)
#include "fast_kernels_test.moc"
