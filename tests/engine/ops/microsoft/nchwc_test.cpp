#include <QTemporaryDir>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "engine/ops/operator_table.h"
#include "tests/support/contributed.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

Node in_blocks(const char* op_type, std::vector<std::string> inputs, Attributes attributes = {}) {
  return node(op_type, std::move(inputs), {"y"}, std::move(attributes), "com.microsoft.nchwc");
}

Tensor blocks_of(const Tensor& x) { return run_kernel_once(in_blocks("ReorderInput", {"x"}), {x}); }
Tensor back(const Tensor& x, std::int64_t channels) {
  return run_kernel_once(in_blocks("ReorderOutput", {"x"}, {{"channels", channels}}), {x});
}

/// Convolutions of all kinds, poolings and an enlargement, which the optimizer brings into blocks.
ModelPointer image_model() {
  const auto attributes = [](Dims kernel, Dims pads = {}, Dims strides = {}) {
    Attributes list{{"kernel_shape", kernel}};
    if (!pads.empty()) list.emplace_back("pads", pads);
    if (!strides.empty()) list.emplace_back("strides", strides);
    return list;
  };
  Attributes depthwise = attributes({3, 3}, {1, 1, 1, 1}), groups = attributes({1, 1});
  depthwise.emplace_back("group", std::int64_t{32});
  groups.emplace_back("group", std::int64_t{2});
  ModelBuilder builder(13);
  builder.input("x", DataType::Float32, {1, 3, 24, 20});
  builder.initializer("w1", scaled(noise({32, 3, 3, 3}, 1), 0.3)).initializer("b1", noise({32}, 2));
  builder.initializer("w2", scaled(noise({32, 1, 3, 3}, 3), 0.3))
      .initializer("w3", scaled(noise({64, 32, 1, 1}, 4), 0.3));
  builder.initializer("w4", scaled(noise({64, 32, 1, 1}, 5), 0.3))
      .initializer("w5", scaled(noise({24, 64, 3, 3}, 6), 0.1));
  builder.initializer("scales", reals({1, 1, 2, 2}));
  const auto add = [&](const char* op_type, std::vector<std::string> inputs, const char* output,
                       Attributes list = {}) {
    builder.add(node(op_type, std::move(inputs), {output}, std::move(list)));
  };
  add("Conv", {"x", "w1", "b1"}, "c1", attributes({3, 3}, {1, 1, 1, 1}));
  add("Relu", {"c1"}, "r1");
  add("Conv", {"r1", "w2"}, "c2", depthwise);
  add("Add", {"c2", "r1"}, "s");
  add("Relu", {"s"}, "r2");
  add("MaxPool", {"r2"}, "m", attributes({3, 3}, {1, 1, 1, 1}, {2, 2}));
  add("Conv", {"m", "w3"}, "c3", attributes({1, 1}));
  add("Conv", {"c3", "w4"}, "c4", groups);
  add("AveragePool", {"c4"}, "a", attributes({2, 2}, {}, {2, 2}));
  add("Resize", {"a", "", "scales"}, "u",
      {{"mode", std::string("nearest")},
       {"coordinate_transformation_mode", std::string("asymmetric")},
       {"nearest_mode", std::string("floor")}});
  add("Conv", {"u", "w5"}, "y", attributes({3, 3}));
  add("GlobalAveragePool", {"c4"}, "means");
  add("GlobalMaxPool", {"c4"}, "greatest");
  for (const char* output : {"y", "means", "greatest"})
    builder.output(output, Type::tensor(DataType::Float32));
  auto model = std::make_shared<Model>(*builder.build());
  model->ir_version = 8;
  return model;
}

}  // namespace

/// Tensors in blocks of channels, and the files that hold them.
class NchwcTest : public QObject {
  Q_OBJECT
 private slots:
  void movesThereAndBack() {
    const Tensor x = noise({2, 20, 3, 4});
    const Tensor blocked = blocks_of(x);
    QCOMPARE(blocked.dims()[1] % 8, 0);
    COMPARE_TENSORS(back(blocked, 20), x);
    const Tensor last = run_kernel_once(
        in_blocks("ReorderInput", {"x"}, {{"channels_last", std::int64_t{1}}}),
        {run_kernel_once(node("Transpose", {"x"}, {"y"}, {{"perm", list({0, 2, 3, 1})}}), {x})});
    COMPARE_TENSORS(last, blocked);
  }

  void poolsAsTheStandardDoes_data() {
    QTest::addColumn<QString>("op_type");
    for (const char* name : {"MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"})
      QTest::newRow(name) << name;
  }
  void poolsAsTheStandardDoes() {
    QFETCH(QString, op_type);
    const std::string name = op_type.toStdString();
    const Attributes window =
        name.starts_with("Global") ? Attributes{} : Attributes{{"kernel_shape", list({2, 3})}};
    const Tensor x = noise({1, 16, 5, 6});
    COMPARE_TENSORS(back(run_kernel_once(in_blocks(name.c_str(), {"x"}, window), {blocks_of(x)}), 16),
                    run_kernel_once(node(name, {"x"}, {"y"}, window), {x}));
  }

  /// Depthwise weights of 1 × 1 lie in blocks as they lie otherwise.
  void convolvesEachChannel() {
    const Tensor x = noise({1, 16, 3, 4}), w = noise({16, 1, 1, 1}, 2);
    const Attributes groups{{"group", std::int64_t{16}}};
    COMPARE_TENSORS(back(run_kernel_once(in_blocks("Conv", {"x", "w"}, groups), {blocks_of(x), w}), 16),
                    run_kernel_once(node("Conv", {"x", "w"}, {"y"}, groups), {x, w}));
  }
  void enlarges() {
    const Tensor x = noise({1, 16, 2, 2});
    const Tensor y = back(
        run_kernel_once(in_blocks("Upsample", {"x"}, {{"scales", list({1, 1, 2, 3})}}), {blocks_of(x)}), 16);
    COMPARE_TENSORS(y, run_kernel_once(node("Resize", {"x", "", "s"}, {"y"},
                                            {{"coordinate_transformation_mode", std::string("asymmetric")},
                                             {"nearest_mode", std::string("floor")}}),
                                       {x, {}, reals({1, 1, 2, 3})}));
  }
  void refusesChannelsThatDoNotStandInBlocks() {
    QVERIFY_EXCEPTION_THROWN(run_kernel_once(in_blocks("GlobalMaxPool", {"x"}), {noise({1, 12, 2, 2})}),
                             Error);
  }

  void filesThatTheOptimizerSavedGiveTheSame() {
    if (folderFromEnvironment("LAPIDARY_PEER").isEmpty())
      QSKIP("LAPIDARY_PEER names no folder with onnxruntime-node");
    const QTemporaryDir folder;
    const QString plain = folder.filePath("plain.onnx"), optimized = folder.filePath("optimized.onnx");
    const ModelPointer model = image_model();
    save_model(*model, plain.toStdString());
    optimizeInPeer(plain, optimized, "all");
    const auto loaded = load_model(optimized.toStdString());
    QVERIFY(std::any_of(loaded.model->graph->nodes.begin(), loaded.model->graph->nodes.end(),
                        [](const auto& each) { return each->domain == "com.microsoft.nchwc"; }));
    const std::vector<Datum> inputs{noise({1, 3, 24, 20})};
    for (const auto& backend : backends()) {
      if (backend.name != "cpu" && backend.name != "reference") continue;
      const auto want = backend.compile(model, {})->run(inputs),
                 got = backend.compile(loaded.model, {})->run(inputs);
      QCOMPARE(got.size(), want.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        const Difference found = difference(got[i], want[i], {1e-3, 1e-4});
        QVERIFY2(found.equal, (backend.name + ": " + found.message).c_str());
      }
    }
  }
};

QTEST_GUILESS_MAIN(NchwcTest)
#include "nchwc_test.moc"
