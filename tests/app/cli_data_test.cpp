#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"
#include "tests/support/command_line.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using test::ModelBuilder;
using test::node;
using test::Outcome;

namespace {

const Tensor three = Tensor::of({3}, std::vector<float>{1, -2, 3});

}  // namespace

/// Data goes into a run and out of it in every form that the contract names.
class CliDataTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString path(const QString& name) const { return folder_.filePath(name); }
  std::string file(const QString& name) const { return path(name).toStdString(); }
  Outcome run(const QStringList& arguments) const {
    return test::run_lapidary(QStringList{"run", "model.onnx", "--json"} + arguments, {}, folder_.path());
  }
  static QJsonObject first_output(const Outcome& outcome) {
    return outcome.json()["outputs"].toArray()[0].toObject();
  }

 private slots:
  void initTestCase() {
    const Shape any{Dimension::symbol("N")};
    // y = |x + w|, where w may be given and stands first.
    const auto model = ModelBuilder()
                           .input("w", DataType::Float32, {1})
                           .input("x", DataType::Float32, any)
                           .initializer("w", Tensor::of({1}, std::vector<float>{0}))
                           .add(node("Add", {"x", "w"}, {"s"}))
                           .add(node("Abs", {"s"}, {"y"}))
                           .output("y", Type::tensor(DataType::Float32, any))
                           .build();
    save_model(*model, file("model.onnx"));
    write_datum(file("x.npy"), "x", three);
    write_datum(file("x.pb"), "x", three);
    write_datum(file("x.json"), "x", three);
    write_data(file("x.npz"), {{"x", three}});
    write_data(file("two.npz"), {{"other", Tensor::scalar(7.0f)}, {"x", three}});
    write_data(file("x.safetensors"), {{"x", three}});
    write_data(file("all.json"), {{"x", three}});
    write_data(file("folder"), {{"x", three}});
    QDir(folder_.path()).mkdir("numbered");
    write_datum(file("numbered/input_0.pb"), "", Tensor::of({1}, std::vector<float>{10}));
    write_datum(file("numbered/input_1.pb"), "", three);
  }

  void inputsComeFromEveryForm_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<double>("mean");
    for (const char* name : {"x.npy", "x.pb", "x.json", "x.npz", "two.npz", "x.safetensors"})
      QTest::newRow(name) << QStringList{"--input", QString("x=") + name} << 2.0;
    for (const char* name : {"x.npz", "x.safetensors", "all.json", "folder"})
      QTest::newRow(qPrintable(QString("all from ") + name)) << QStringList{"--inputs", name} << 2.0;
    // |11|, |8|, |13|: the first is w, which the graph lists first though it has an initializer
    QTest::newRow("numbered files") << QStringList{"--inputs", "numbered"} << 32.0 / 3;
    QTest::newRow("zeros") << QStringList{"--input", "x=zeros:4"} << 0.0;
    QTest::newRow("ones") << QStringList{"--input", "x=ones", "--dim", "N=5"} << 1.0;
    QTest::newRow("a number") << QStringList{"--input", "x=-3.5"} << 3.5;
    QTest::newRow("one replaced") << QStringList{"--inputs", "folder", "--input", "w=2"} << 8.0 / 3;
  }
  void inputsComeFromEveryForm() {
    QFETCH(const QStringList, arguments);
    QFETCH(const double, mean);
    const Outcome outcome = run(arguments);
    QVERIFY2(outcome.code == 0, outcome.err);
    QVERIFY2(std::abs(first_output(outcome)["mean"].toDouble() - mean) < 1e-5, outcome.out);
  }

  void aFileDoesNotHideAWord() {
    QFile::copy(path("x.npy"), path("ones"));
    const Outcome word = run({"--input", "x=ones"});
    QVERIFY2(word.code == 0, word.err);
    QCOMPARE(first_output(word)["mean"].toDouble(), 1.0);
    const Outcome named = run({"--input", "x=./ones"});
    QCOMPARE(named.code, 2);  // a file, whose name does not say what it holds
    QVERIFY(named.err.contains("ones"));
  }

  void wrongWordsAreWrongUsage_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("said");
    QTest::newRow("unknown dimension") << QStringList{"--dim", "M=3"} << "Their free dimensions are: N";
    QTest::newRow("archive without the name")
        << QStringList{"--input", "w=two.npz"} << "no data named 'w'. It holds: other, x";
    QTest::newRow("output of unknown form")
        << QStringList{"--outputs", "out.txt"} << "does not say how to write";
    QTest::newRow("several into one .npy")
        << QStringList{"--keep-all", "--outputs", "out.npy"} << "there are 2 to write";
  }
  void wrongWordsAreWrongUsage() {
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, said);
    const Outcome outcome = run(arguments);
    QVERIFY2(outcome.code == 2 && outcome.err.contains(said.toUtf8()), outcome.err);
    QVERIFY(!QFile::exists(path(arguments.back())));
  }

  void outputsGoIntoEveryForm_data() {
    QTest::addColumn<QString>("to");
    QTest::addColumn<QString>("file");
    for (const char* name : {"out.npy", "out.pb"}) QTest::newRow(name) << name << name;
    QTest::newRow("folder") << "results"
                            << "results/y.npy";
    QTest::newRow("conformance folder") << "test_data_set_0"
                                        << "test_data_set_0/output_0.pb";
    QTest::newRow("folder with recorded inputs") << "numbered"
                                                 << "numbered/output_0.pb";
  }
  void outputsGoIntoEveryForm() {
    QFETCH(const QString, to);
    QFETCH(const QString, file);
    const Outcome outcome = run({"--input", "x=x.npy", "--outputs", to});
    QVERIFY2(outcome.code == 0, outcome.err);
    COMPARE_TENSORS(read_datum(path(file).toStdString()).tensor(),
                    Tensor::of({3}, std::vector<float>{1, 2, 3}));
    const Outcome compared = run({"--input", "x=x.npy", "--expect", to});
    QVERIFY2(compared.code == 0, compared.err);
  }

  void archivesHoldTheOutputsByName() {
    for (const char* name : {"out.npz", "out.safetensors", "out.json"}) {
      QCOMPARE(run({"--input", "x=x.npy", "--keep-all", "--outputs", name}).code, 0);
      const NamedData data = read_data(file(name), {{"y", {}}, {"s", {}}});
      QCOMPARE(data.size(), std::size_t{2});
    }
  }

  void tolerancesDecideWhatDiffers_data() {
    QTest::addColumn<QStringList>("tolerances");
    QTest::addColumn<int>("code");
    QTest::newRow("as it is") << QStringList{} << 1;
    QTest::newRow("absolute") << QStringList{"--rtol", "0", "--atol", "0.06"} << 0;
    QTest::newRow("too little") << QStringList{"--rtol", "0", "--atol", "0.04"} << 1;
    QTest::newRow("relative") << QStringList{"--rtol", "0.06", "--atol", "0"} << 0;
  }
  void tolerancesDecideWhatDiffers() {
    QFETCH(const QStringList, tolerances);
    QFETCH(const int, code);
    write_datum(file("expected.npy"), "y", Tensor::of({3}, std::vector<float>{1.05f, 2, 3}));
    const Outcome outcome = run(QStringList{"--input", "x=x.npy", "--expect", "expected.npy"} + tolerances);
    QCOMPARE(outcome.code, code);
    QCOMPARE(outcome.json()["mismatches"].toArray().size(), code);
  }
};

QTEST_GUILESS_MAIN(CliDataTest)
#include "cli_data_test.moc"
