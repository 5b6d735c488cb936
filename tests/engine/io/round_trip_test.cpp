#include <QDirIterator>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "engine/io/wire_writer.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

QByteArray content_of(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) qFatal("cannot read a test's file");
  return file.readAll();
}

WireWriter entry(const char* key, const char* value) {
  WireWriter message;
  message.text(1, key);
  message.text(2, value);
  return message;
}

WireWriter value_info(const char* name) {
  WireWriter dimension, batch, shape, tensor, type, value;
  batch.text(2, "N + 1");
  batch.text(3, "DATA_BATCH");  // a denotation, which Dimension has no place for
  dimension.number(1, 3);
  shape.message(1, batch);
  shape.message(1, dimension);
  tensor.number(1, 17);  // FLOAT8E4M3FN
  tensor.message(2, shape);
  type.message(1, tensor);
  value.text(1, name);
  value.message(2, type);
  value.text(3, "");
  value.message(4, entry("pkg", "value metadata"));
  return value;
}

/// A model with a field of every kind that libonnx 1.12 does not know, fields that nobody knows, and defaults
/// that are stated; in the order in which protobuf writes them.
std::string rich_model() {
  WireWriter configuration, attribute, node, tensor, graph, import, function, model, unknown, device;
  unknown.text(200, "from the future");
  configuration.text(1, "two devices");
  attribute.text(1, "value");
  attribute.number(3, 0);
  attribute.number(20, 2);
  node.text(1, "x");
  node.text(2, "y");
  node.text(3, "");
  node.text(4, "Custom");
  node.message(5, attribute);
  node.text(7, "my.domain");
  node.text(8, "overload");
  node.message(9, entry("namespace", "root/block"));
  node.message(10, configuration);
  node.raw(unknown.to_string());
  tensor.number(1, 3);
  tensor.number(2, 22);  // INT4, two a byte
  tensor.text(8, "w");
  tensor.text(9, "\x21\x03");
  tensor.message(16, entry("quantized", "yes"));
  graph.message(1, node);
  graph.text(2, "main");
  graph.message(5, tensor);
  graph.message(11, value_info("x"));
  graph.message(12, value_info("y"));
  graph.message(16, entry("graph", "metadata"));
  graph.raw(unknown.to_string());
  import.text(1, "");
  import.number(2, 24);
  function.text(1, "Custom");
  function.text(4, "a");
  function.text(5, "b");
  function.message(7, node);
  function.message(9, import);
  function.text(10, "my.domain");
  function.message(11, attribute);
  function.message(12, value_info("b"));
  function.text(13, "overload");
  function.message(14, entry("function", "metadata"));
  device.text(1, "two devices");
  device.number(2, 2);
  model.number(1, 13);
  model.number(5, 0);
  model.message(7, graph);
  model.message(8, import);
  model.message(14, entry("key", "value"));
  model.text(20, "");  // a TrainingInfoProto without content
  model.message(25, function);
  model.message(26, device);
  model.raw(unknown.to_string());
  return model.to_string();
}

}  // namespace

class RoundTripTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::string path(const char* name) const { return folder_.filePath(name).toStdString(); }

 private slots:
  void everythingOfIr13IsRead() {
    const auto model = load_model_from_memory(rich_model(), "rich").model;
    const Node& node = *model->graph->nodes[0];
    QCOMPARE(node.overload, std::string("overload"));
    QCOMPARE(node.metadata.at(0).second, std::string("root/block"));
    QCOMPARE(node.device_configurations.size(), std::size_t{1});
    QCOMPARE(model->graph->inputs[0].type.element, DataType::Float8E4M3FN);
    QCOMPARE(to_string(model->graph->inputs[0].type), std::string("float8e4m3fn N + 1 × 3"));
    QCOMPARE(values_as<std::int64_t>(model->graph->initializers[0]->tensor),
             (std::vector<std::int64_t>{1, 2, 3}));
    QCOMPARE(model->functions[0]->overload, std::string("overload"));
    QCOMPARE(model->functions[0]->default_attributes.size(), std::size_t{1});
    QCOMPARE(model->functions[0]->value_infos.size(), std::size_t{1});
    QCOMPARE(model->device_configurations.size(), std::size_t{1});
    QCOMPARE(model->training_infos.size(), std::size_t{1});
    QVERIFY(!model->unknown_fields.empty());
  }

  void savedAgainWithoutTheFileEveryByteIsThere() {
    const std::string bytes = rich_model();
    save_model(*load_model_from_memory(bytes, "rich").model, path("rich.onnx"));
    QCOMPARE(content_of(folder_.filePath("rich.onnx")), QByteArray::fromStdString(bytes));
  }

  /// Sparse weights whose parts stand in typed fields, an annotation, and packed lists: other spellings of
  /// the same.
  void otherSpellingsAreKept() {
    WireWriter values, indices, sparse, annotation, graph, import, model;
    values.number(1, 1);
    values.number(2, 1);
    values.bytes(4, std::as_bytes(std::span("\0\0\x80\x3f", 4)));  // 1.0 in float_data
    values.text(8, "sparse");
    indices.number(1, 1);
    indices.number(2, 7);
    indices.text(7, std::string("\x02"));
    sparse.message(1, values);
    sparse.message(2, indices);
    sparse.number(3, 9);
    annotation.text(1, "x");
    annotation.message(2, entry("SCALE_TENSOR", "scale"));
    graph.message(14, annotation);
    graph.message(15, sparse);
    import.number(2, 11);
    model.number(1, 6);
    model.message(7, graph);
    model.message(8, import);
    const auto read = load_model_from_memory(model.to_string(), "sparse").model;
    const auto& tensor = *read->graph->sparse_initializers.at(0);
    QCOMPARE(tensor.name, std::string("sparse"));
    QCOMPARE(tensor.tensor.dims, Dims{9});
    COMPARE_TENSORS(tensor.tensor.values, Tensor::of({1}, std::vector<float>{1}));
    COMPARE_TENSORS(tensor.tensor.indices, Tensor::of({1}, std::vector<std::int64_t>{2}));
    QCOMPARE(read->graph->quantization_annotations.at(0).parameters.at(0).second, std::string("scale"));
    save_model(*read, path("sparse.onnx"));
    QCOMPARE(content_of(folder_.filePath("sparse.onnx")), QByteArray::fromStdString(model.to_string()));
  }

  void formsHoldTheSameModel_data() {
    QTest::addColumn<QString>("name");
    for (const char* name :
         {"m.onnx", "m.textproto", "m.json", "m.onnx.gz", "m.onnx.zip", "m.json.gz", "m.textproto.zip"})
      QTest::newRow(name) << name;
  }
  void formsHoldTheSameModel() {
    QFETCH(const QString, name);
    const auto original = load_model_from_memory(rich_model(), "rich").model;
    Model known = *original;  // text forms cannot hold what nobody knows
    Graph graph = *known.graph;
    Node node = *graph.nodes[0];
    Function function = *known.functions[0];
    Node inner = *function.nodes[0];
    known.unknown_fields = graph.unknown_fields = node.unknown_fields = inner.unknown_fields = "";
    graph.nodes = graph.nodes.with(0, std::make_shared<const Node>(node));
    function.nodes[0] = std::make_shared<const Node>(inner);
    known.functions[0] = std::make_shared<const Function>(function);
    known.graph = std::make_shared<const Graph>(graph);

    const std::string there = folder_.filePath(name).toStdString();
    save_model(known, there, save_options_for(there));
    const LoadedModel again = load_model(there);
    QCOMPARE(static_cast<int>(again.format), static_cast<int>(save_options_for(there).format));
    QCOMPARE(static_cast<int>(again.compression), static_cast<int>(save_options_for(there).compression));
    save_model(known, path("expected.onnx"));
    save_model(*again.model, path("got.onnx"));
    QCOMPARE(content_of(folder_.filePath("got.onnx")), content_of(folder_.filePath("expected.onnx")));
  }

  void onnxTextHoldsASmallModel() {
    const auto model = ModelBuilder(17)
                           .input("x", DataType::Float32, {Dimension::symbol("N"), 2})
                           .initializer("w", Tensor::of({2}, std::vector<float>{0.5f, -2}))
                           .initializer("s", Tensor::scalar(std::int64_t{7}))
                           .add(node("Add", {"x", "w"}, {"a"}))
                           .add(node("Softmax", {"a"}, {"y"}, {{"axis", std::int64_t{-1}}}))
                           .output("y", Type::tensor(DataType::Float32, Shape{Dimension::symbol("N"), 2}))
                           .build();
    const std::string there = path("m.onnxtxt");
    save_model(*model, there, save_options_for(there));
    const LoadedModel again = load_model(there);
    QCOMPARE(static_cast<int>(again.format), static_cast<int>(ModelFormat::OnnxText));
    QCOMPARE(again.model->graph->nodes.size(), std::size_t{2});
    QCOMPARE(again.model->graph->nodes[1]->attribute_or<std::int64_t>("axis", 0), std::int64_t{-1});
    COMPARE_TENSORS(again.model->graph->initializers[0]->tensor, model->graph->initializers[0]->tensor);
    COMPARE_TENSORS(again.model->graph->initializers[1]->tensor, model->graph->initializers[1]->tensor);
    QCOMPARE(to_string(again.model->graph->inputs[0].type), std::string("float32 N × 2"));
  }

  /// Conformance models and real ones, where the environment says that they are there.
  void realModelsComeBackByteForByte_data() {
    QTest::addColumn<QString>("file");
    for (const char* variable : {"LAPIDARY_ZOO", "LAPIDARY_CONFORMANCE"}) {
      const QString folder = qEnvironmentVariable(variable);
      if (folder.isEmpty()) continue;
      QDirIterator files(folder, {"*.onnx"}, QDir::Files, QDirIterator::Subdirectories);
      while (files.hasNext()) {
        const QString file = files.next();
        QTest::newRow(qPrintable(QDir(folder).relativeFilePath(file))) << file;
      }
    }
    if (qEnvironmentVariable("LAPIDARY_ZOO").isEmpty() &&
        qEnvironmentVariable("LAPIDARY_CONFORMANCE").isEmpty())
      QTest::newRow("none") << QString();
  }
  void realModelsComeBackByteForByte() {
    QFETCH(const QString, file);
    if (file.isEmpty()) QSKIP("neither LAPIDARY_ZOO nor LAPIDARY_CONFORMANCE names a folder with models");
    save_model(*load_model(file.toStdString()).model, path("again.onnx"));
    QVERIFY(content_of(folder_.filePath("again.onnx")) == content_of(file));
  }
};

QTEST_GUILESS_MAIN(RoundTripTest)
#include "round_trip_test.moc"
