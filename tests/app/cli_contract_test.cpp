#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"
#include "tests/support/command_line.h"
#include "tests/support/model_builder.h"
#include "tests/support/source_folder.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;
using test::Outcome;

namespace {

const QString digits = sourcePath("resources/samples/digits/digits.onnx");

ModelPointer relu() {
  return ModelBuilder()
      .input("x", DataType::Float32, {2})
      .add(node("Relu", {"x"}, {"y"}))
      .output("y", Type::tensor(DataType::Float32, Shape{2}))
      .build();
}

}  // namespace

/// What the contract says beyond names and exit codes: fields inside of fields, options, faults.
class CliContractTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString path(const QString& name) const { return folder_.filePath(name); }
  QString saved(const char* name, const ModelPointer& model) const {
    save_model(*model, path(name).toStdString());
    return path(name);
  }
  Outcome lapidary(const QStringList& arguments) const {
    return test::run_lapidary(arguments, {}, folder_.path());
  }

  /// A test as ONNX records it: Relu of (-1, 2), which gives (0, `second`).
  void record_test(const QString& name, float second) const {
    const QString folder = path("tests/" + name);
    QDir().mkpath(folder + "/test_data_set_0");
    save_model(*relu(), (folder + "/model.onnx").toStdString());
    write_datum((folder + "/test_data_set_0/input_0.pb").toStdString(), "x",
                Tensor::of({2}, std::vector<float>{-1, 2}));
    write_datum((folder + "/test_data_set_0/output_0.pb").toStdString(), "y",
                Tensor::of({2}, std::vector<float>{0, second}));
  }

 private slots:
  void entriesHoldTheFieldsOfTheContract_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("list");
    QTest::addColumn<QString>("fields");
    const QString odd = saved("odd.onnx", ModelBuilder()
                                              .opset("my.domain", 1)
                                              .input("x", DataType::Float32, {2})
                                              .add(node("Polish", {"x"}, {"y"}, {}, "my.domain"))
                                              .add(node("Relu", {"gone"}, {"y"}))
                                              .output("y")
                                              .build());
    record_test("test_relu", 2);
    const auto row = [](const QStringList& arguments, const char* list, const char* fields) {
      QTest::newRow(qPrintable(arguments[0] + " " + list)) << arguments << list << fields;
    };
    row({"info", digits}, "inputs", "name type shape");
    row({"info", digits}, "outputs", "name type shape");
    row({"info", odd}, "unsupported", "op domain count");
    row({"check", odd}, "problems", "severity node tensor message");
    row({"run", digits}, "outputs", "name type shape min max mean nan inf");
    row({"profile", digits}, "operators",
        "node op calls total_ms share flops macs bytes gflops bound low_ms high_ms nodes");
    row({"profile", digits}, "by_type", "op calls total_ms share flops macs bytes gflops bound");
    row({"conformance", path("tests")}, "tests", "name status message ms");
    row({"backends"}, "backends", "name kind device version available reason");
    row({"ops"}, "operators", "domain op since backends");
    row({"ops", "Resize"}, "operators", "domain op since backends");
  }
  void entriesHoldTheFieldsOfTheContract() {
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, list);
    QFETCH(const QString, fields);
    const Outcome outcome = lapidary(arguments + QStringList{"--json"});
    const QJsonArray entries = outcome.json()[list].toArray();
    QVERIFY2(!entries.isEmpty(), outcome.out + outcome.err);
    for (const auto& entry : entries)
      for (const QString& field : fields.split(' '))
        QVERIFY2(entry.toObject().contains(field), qPrintable("no field " + field));
  }

  void benchAgainstSaysWhetherThereIsADifference() {
    const QStringList command{"bench", digits, "--runs", "8", "--json", "--against"};
    const QJsonObject slower = lapidary(command + QStringList{"reference"}).json();
    QCOMPARE(slower["difference"], QJsonValue(true));
    QVERIFY(slower["ratio"].toDouble() > 1);
    QVERIFY(slower["ratio_low"].toDouble() <= slower["ratio"].toDouble());
    QCOMPARE(slower["against"].toObject()["name"].toString(), QString("reference"));
    QVERIFY(lapidary(command + QStringList{digits}).json().contains("difference"));
    QVERIFY(lapidary(command + QStringList{"bf16"}).json().contains("difference"));
    QCOMPARE(lapidary(command + QStringList{"nothing.onnx"}).code, 2);
  }

  void checkSaysInJsonWhatCannotBeOpened() {
    QFile file(path("letter.onnx"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("Dear reader, this is a letter.");
    file.close();
    const Outcome outcome = lapidary({"check", "letter.onnx", "--json"});
    QCOMPARE(outcome.code, 1);
    QCOMPARE(outcome.json()["ok"], QJsonValue(false));
    const QJsonObject problem = outcome.json()["problems"].toArray()[0].toObject();
    QCOMPARE(problem["severity"].toString(), QString("error"));
    QVERIFY2(problem["message"].toString().contains("text"), outcome.out);
    QCOMPARE(lapidary({"check", "nowhere.onnx", "--json"}).code, 2);
  }

  void conformanceCountsAndChooses() {
    record_test("test_relu", 2);
    record_test("test_wrong", 3);
    const Outcome passed = lapidary({"conformance", "tests", "--filter", "relu$", "--json"});
    QVERIFY2(passed.code == 0, passed.err);
    QCOMPARE(passed.json()["passed"].toInt(), 1);
    QCOMPARE(passed.json()["tests"].toArray()[0].toObject()["status"].toString(), QString("passed"));
    const Outcome both = lapidary({"conformance", "tests", "--backend", "reference", "--json"});
    QCOMPARE(both.code, 1);
    QCOMPARE(both.json()["passed"].toInt(), 1);
    QCOMPARE(both.json()["failed"].toInt(), 1);
    QCOMPARE(both.json()["unsupported"].toInt(-1), 0);
    QCOMPARE(lapidary({"conformance", "tests", "--filter", "("}).code, 2);
    QCOMPARE(lapidary({"conformance", "tests", "--filter", "nothing of that name"}).code, 1);
    QDir(path("tests/test_wrong")).removeRecursively();
  }

  void linksAreFollowedOnlyIfAllowed() {
    QTemporaryDir outside;
    SaveOptions options;
    options.weights = WeightPlacement::OneFile;
    options.external_threshold_bytes = 1;
    const auto model = ModelBuilder()
                           .input("x", DataType::Float32, {2})
                           .initializer("w", Tensor::of({2}, std::vector<float>{1, 2}))
                           .add(node("Add", {"x", "w"}, {"y"}))
                           .output("y")
                           .build();
    save_model(*model, path("linked.onnx").toStdString(), options);
    QVERIFY(QFile::rename(path("linked.onnx.data"), outside.filePath("weights")));
    QVERIFY(QFile::link(outside.filePath("weights"), path("linked.onnx.data")));
    const Outcome refused = lapidary({"info", "linked.onnx"});
    QVERIFY2(refused.code == 1 && refused.err.contains("--follow-links"), refused.err);
    QCOMPARE(lapidary({"info", "linked.onnx", "--follow-links"}).code, 0);
  }

  void quietCommandsSayNothing() {
    const QString model = saved("small.onnx", relu());
    write_datum(path("other.npy").toStdString(), "y", Tensor::of({2}, std::vector<float>{5, 5}));
    const Outcome outcome = lapidary({"run", model, "--input", "x=ones", "--expect", "other.npy", "--quiet"});
    QCOMPARE(outcome.code, 1);
    QCOMPARE(outcome.err, QByteArray());
    QVERIFY(!lapidary({"run", model, "--input", "x=ones", "--expect", "other.npy"}).err.isEmpty());
  }

  void picturesFollowThemeAndDepth() {
    const auto draw = [&](const QStringList& options) {
      const Outcome outcome = lapidary(QStringList{"render", digits, "-o", "graph.svg", "--json"} + options);
      QFile file(path("graph.svg"));
      return std::pair(outcome, file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray());
    };
    const auto [none, closed] = draw({"--expand", "none"});
    const auto [all, open] = draw({"--expand", "all"});
    QVERIFY2(none.code == 0 && all.code == 0, none.err + all.err);
    QVERIFY(none.json()["nodes"].toInt() < all.json()["nodes"].toInt());
    QVERIFY(draw({"--expand", "all", "--theme", "dark"}).second != open);
    QVERIFY(draw({"--expand", "all", "--theme", "light"}).second == open);
    QCOMPARE(draw({"--theme", "purple"}).first.code, 2);
    QCOMPARE(draw({"--expand", "some"}).first.code, 2);
  }

  void threadsAreThoseThatWereUsed() {
    const Outcome outcome =
        lapidary({"bench", digits, "--threads", "1", "--runs", "2", "--warmup", "0", "--json"});
    QVERIFY2(outcome.code == 0, outcome.err);
    QCOMPARE(outcome.json()["threads"].toInt(), 1);
    QCOMPARE(outcome.json()["runs"].toInt(), 2);
    QVERIFY(lapidary({"bench", digits, "--runs", "1", "--json"}).json()["threads"].toInt() >= 1);
    const Outcome profile = lapidary({"profile", digits, "--threads", "1", "--runs", "1", "--json"});
    QCOMPARE(profile.json()["threads"].toInt(), 1);
    QCOMPARE(lapidary({"bench", digits, "--threads", "-1"}).code, 2);
    QCOMPARE(lapidary({"bench", digits, "--warmup", "-1"}).code, 2);
  }

  void oneOperatorIsExplained() {
    const Outcome outcome = lapidary({"ops", "Softsign"});
    QVERIFY2(outcome.code == 0 && outcome.out.contains("Softsign"), outcome.err);
    QCOMPARE(lapidary({"ops", "Softsing"}).code, 2);
  }

  void faultsNameTheFileAndWhoIsAtFault_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("said");
    const auto row = [](const char* name, const QStringList& arguments, int code, const char* said) {
      QTest::newRow(name) << arguments << code << said;
    };
    const auto start = [](std::int64_t opset = 21) {
      ModelBuilder model(opset);
      model.input("x", DataType::Float32, Shape{Dimension::symbol("N")}).output("y");
      return model;
    };
    const QString cycle = saved("cycle.onnx", start().add(node("Add", {"x", "y"}, {"y"})).build());
    const QString twice =
        saved("twice.onnx", start().add(node("Relu", {"x"}, {"y"})).add(node("Neg", {"x"}, {"y"})).build());
    const QString gone = saved("gone.onnx", start().add(node("Relu", {"gone"}, {"y"})).build());
    const QString later = saved("later.onnx", start(99).add(node("Relu", {"x"}, {"y"})).build());
    const QString uneven =
        saved("uneven.onnx", start()
                                 .initializer("sizes", Tensor::of({2}, std::vector<std::int64_t>{2, 2}))
                                 .add(node("Reshape", {"x", "sizes"}, {"y"}))
                                 .build());
    for (const char* backend : {"cpu", "reference"}) {
      const auto run = [&](const QString& model) { return QStringList{"run", model, "--backend", backend}; };
      row(qPrintable(QString("cycle, ") + backend), run(cycle), 1,
          "cycle.onnx: node 'Add → y': tensor 'y': the graph has a cycle");
      row(qPrintable(QString("two producers, ") + backend), run(twice), 1,
          "twice.onnx: node 'Neg → y': tensor 'y': ");
      row(qPrintable(QString("nobody makes it, ") + backend), run(gone), 1,
          "gone.onnx: node 'Relu → y': tensor 'gone': ");
      row(qPrintable(QString("later opset, ") + backend), run(later), 1,
          "later.onnx: the model uses version 99");
    }
    row("later opset opens", {"info", later}, 0, "cannot run");
    row("bench", {"bench", uneven}, 1, "uneven.onnx: node 'Reshape → y'");
    row("profile", {"profile", uneven}, 1, "uneven.onnx: node 'Reshape → y'");
    const QString good = saved("good.onnx", relu());
    row("tensors to a full disk", {"run", good, "--outputs", "full.npy"}, 3, "full.npy: cannot be written");
    row("trace to a full disk", {"profile", good, "--runs", "1", "--trace", "full.json"}, 3,
        "full.json: cannot be written");
    for (const char* ending : {"svg", "dot", "json", "png", "pdf"})
      row(qPrintable(QString("picture to a full disk, ") + ending),
          {"render", good, "-o", QString("full.") + ending}, 3, "cannot be written");
  }
  void faultsNameTheFileAndWhoIsAtFault() {
    QFETCH(const QStringList, arguments);
    QFETCH(const int, code);
    QFETCH(const QString, said);
    for (const char* ending : {"npy", "svg", "dot", "json", "png", "pdf"})
      QFile::link("/dev/full", path(QString("full.") + ending));
    const Outcome outcome = lapidary(arguments);
    QVERIFY2(outcome.code == code, outcome.err + QByteArray::number(outcome.code));
    QVERIFY2((outcome.err + outcome.out).contains(said.toUtf8()), outcome.err);
  }
};

QTEST_GUILESS_MAIN(CliContractTest)
#include "cli_contract_test.moc"
