#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "tests/support/command_line.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::test;

/// `lapidary convert`: operator sets, versions, sizes, and where weights lie.
class ConvertTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString path(const char* name) const { return folder_.filePath(name); }

  /// x [1, 4] → Erf → Reshape to [1, 2, 2] → MatMul with weights → y
  QString model() const {
    Node erf = node("Erf", {"x"}, {"e"});
    erf.name = "the_erf";
    erf.doc_string = "a note";
    const ModelPointer built = ModelBuilder(13)
                                   .input("x", DataType::Float32, {1, 4})
                                   .initializer("shape", Tensor::of({3}, std::vector<std::int64_t>{1, 2, 2}))
                                   .initializer("w", Tensor::of({2, 300}, std::vector<float>(600, 0.5f)))
                                   .initializer("v", Tensor::of({300}, std::vector<float>(300, 2)))
                                   .add(erf)
                                   .add(node("Reshape", {"e", "shape"}, {"r"}))
                                   .add(node("MatMul", {"r", "w"}, {"m"}))
                                   .add(node("Add", {"m", "v"}, {"y"}))
                                   .output("y", Type::tensor(DataType::Float32, Shape{1, 2, 300}))
                                   .build();
    Model named = *built;
    named.ir_version = 8;
    named.producer_name = "test";
    save_model(named, path("model.onnx").toStdString());
    return path("model.onnx");
  }

  Outcome convert(const QString& from, const QString& to, QStringList options) const {
    return run_lapidary(QStringList{"convert", from, "-o", to, "--json"} + options);
  }

 private slots:
  void listsWhatAnOperatorSetCannotExpressAndWritesNothing() {
    const Outcome outcome = convert(model(), path("old.onnx"), {"--opset", "8"});
    QCOMPARE(outcome.code, 1);
    const QJsonArray blockers = outcome.json()["blockers"].toArray();
    QCOMPARE(blockers.size(), 1);
    QCOMPARE(blockers[0].toObject()["node"].toString(), QString("the_erf"));
    QVERIFY(!blockers[0].toObject()["reason"].toString().isEmpty());
    QVERIFY(!QFile::exists(path("old.onnx")));
    const Outcome text = run_lapidary({"convert", model(), "-o", path("old.onnx"), "--opset", "8"});
    QCOMPARE(text.code, 1);
    QVERIFY(text.err.contains("the_erf"));
    QCOMPARE(convert(model(), path("old.onnx"), {"--opset", "6"}).code, 2);
    QCOMPARE(convert(model(), path("old.onnx"), {"--ir", "99"}).code, 2);
  }

  void writesOtherVersions() {
    const Outcome outcome = convert(model(), path("new.onnx"), {"--opset", "21"});
    QCOMPARE(outcome.code, 0);
    QCOMPARE(outcome.json()["after"].toObject()["opsets"].toObject()[""].toInt(), 21);
    QCOMPARE(outcome.json()["after"].toObject()["ir_version"].toInt(), 10);
    const Outcome lower = convert(path("new.onnx"), path("lower.onnx"), {"--ir", "3", "--opset", "11"});
    QCOMPARE(lower.code, 0);
    const ModelPointer result = load_model(path("lower.onnx").toStdString()).model;
    QCOMPARE(result->ir_version, std::int64_t{3});
    QCOMPARE(result->graph->inputs.size(), std::size_t{4});  // initializers are listed as inputs there
  }

  void leavesOutWhatNoRuntimeNeeds() {
    const Outcome outcome = convert(model(), path("small.onnx"), {"--strip"});
    QCOMPARE(outcome.code, 0);
    const QJsonObject stripped = outcome.json()["stripped"].toObject();
    QCOMPARE(stripped["documentation"].toInt(), 1);
    QCOMPARE(stripped["node_names"].toInt(), 1);
    QVERIFY(stripped["producer"].toBool());
    const QJsonObject json = outcome.json();
    QVERIFY(json["after"].toObject()["bytes"].toInt() < json["before"].toObject()["bytes"].toInt());
  }

  void givesOtherSizes_data() {
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("input");
    QTest::addColumn<QString>("output");
    QTest::newRow("batch of a number") << QStringList{"--batch", "5"} << "float32 5 × 4"
                                       << "float32 5 × 2 × 300";
    QTest::newRow("batch of a name") << QStringList{"--batch", "N"} << "float32 N × 4"
                                     << "float32 N × 2 × 300";
    QTest::newRow("a free size") << QStringList{"--free", "x:0=K"} << "float32 K × 4"
                                 << "float32 K × 2 × 300";
    QTest::newRow("freed and frozen") << QStringList{"--free", "x:0=K", "--freeze", "K=3"} << "float32 3 × 4"
                                      << "float32 3 × 2 × 300";
  }
  void givesOtherSizes() {
    QFETCH(const QStringList, options);
    QFETCH(const QString, input);
    QFETCH(const QString, output);
    QCOMPARE(convert(model(), path("sized.onnx"), options).code, 0);
    const ModelPointer result = load_model(path("sized.onnx").toStdString()).model;
    QCOMPARE(QString::fromStdString(to_string(result->graph->inputs[0].type)), input);
    QCOMPARE(QString::fromStdString(to_string(result->graph->outputs[0].type)), output);
    QStringList run = {"run", path("sized.onnx")};
    for (const auto& symbol : result->graph->inputs[0].type.shape->front().symbols())
      run << "--dim" << QString::fromStdString(symbol) + "=2";
    QCOMPARE(run_lapidary(run).code, 0);
  }

  void putsWeightsWhereTheyAreAskedFor() {
    const QString one = path("one"), each = path("each"), inside = path("inside");
    for (const QString& place : {one, each, inside}) QVERIFY(QDir().mkpath(place));
    QCOMPARE(convert(model(), one + "/m.onnx", {"--external-data"}).code, 0);
    QCOMPARE(QDir(one).entryList(QDir::Files), (QStringList{"m.onnx", "m.onnx.data"}));
    QCOMPARE(convert(model(), each + "/m.onnx", {"--external-data-per-tensor"}).code, 0);
    QCOMPARE(QDir(each).entryList(QDir::Files), (QStringList{"m.onnx", "m.onnx.v.data", "m.onnx.w.data"}));
    QCOMPARE(convert(each + "/m.onnx", inside + "/m.onnx", {"--embed-data"}).code, 0);
    QCOMPARE(QDir(inside).entryList(QDir::Files), QStringList{"m.onnx"});
    const auto weights = [](const QString& file) {
      return load_model(file.toStdString()).model->graph->initializers[1]->tensor;
    };
    QVERIFY(identical(weights(one + "/m.onnx"), weights(inside + "/m.onnx")));
    QCOMPARE(convert(model(), one + "/m.onnx", {"--external-data", "--embed-data"}).code, 2);
    QCOMPARE(convert(model(), one + "/t.onnx", {"--external-data", "--external-threshold", "2000"}).code, 0);
    QVERIFY(load_model((one + "/t.onnx").toStdString()).model->graph->initializers[2]->external_data.empty());
  }
};

QTEST_GUILESS_MAIN(ConvertTest)
#include "convert_test.moc"
