#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "engine/precision/accuracy.h"
#include "tests/support/command_line.h"
#include "tests/support/kernel_cases.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;

/// What `convert --precision` and `--quantize` write and say, and that ONNX Runtime reads the same out of it.
class ConvertedNumbersTest : public QObject {
  Q_OBJECT

 private slots:
  void saysWhatCameOfIt_data();
  void saysWhatCameOfIt();
  void refusesOptionsThatDoNotFit_data();
  void refusesOptionsThatDoNotFit();
  void calibratesOnFilesOfAFolder();
  void agreesWithThePeer_data();
  void agreesWithThePeer();

 private:
  QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }
  /// Two products with an activation between, written to model.onnx.
  void writeModel();

  QTemporaryDir folder_;
};

void ConvertedNumbersTest::writeModel() {
  const Type real = Type::tensor(DataType::Float32);
  std::vector<float> weights;
  for (int i = 0; i < 64 * 32; ++i) weights.push_back(static_cast<float>(i * 37 % 101 - 50) / 50);
  ModelBuilder builder(21);
  builder.input("x", DataType::Float32, {2, 64}).output("y", real);
  builder.initializer("w", Tensor::of({64, 32}, weights)).initializer("v", Tensor::of({32, 64}, weights));
  builder.add(node("MatMul", {"x", "w"}, {"m"})).add(node("Relu", {"m"}, {"r"}));
  builder.add(node("MatMul", {"r", "v"}, {"y"}));
  save_model(*builder.build(), path("model.onnx").toStdString());
}

void ConvertedNumbersTest::saysWhatCameOfIt_data() {
  QTest::addColumn<QStringList>("options");
  QTest::addColumn<double>("least_snr");
  QTest::addColumn<double>("most_bytes");
  const auto row = [](const QString& options, double snr, double bytes) {
    QTest::newRow(qPrintable(options)) << options.split(QLatin1Char(' ')) << snr << bytes;
  };
  row("--precision fp16", 50, 8500);
  row("--precision bf16", 35, 8500);
  row("--quantize int8", 28, 6500);
  row("--quantize int8 --calibration-method percentile --percentile 99.9 --symmetric --per-tensor", 25, 6500);
  row("--quantize dynamic", 28, 6500);
  row("--quantize uint4 --block-size 16", 15, 6000);
  row("--quantize int4 --domain com.microsoft", 15, 6000);
}

void ConvertedNumbersTest::saysWhatCameOfIt() {
  QFETCH(QStringList, options);
  QFETCH(double, least_snr);
  QFETCH(double, most_bytes);
  writeModel();
  const Outcome outcome =
      run_lapidary(QStringList{"convert", path("model.onnx"), "-o", path("out.onnx"), "--json"} + options);
  QVERIFY2(outcome.code == 0, outcome.err);
  const QJsonObject json = outcome.json(), accuracy = json["accuracy"].toObject();
  QCOMPARE(accuracy["outputs"].toArray().size(), 1);
  const QJsonObject output = accuracy["outputs"].toArray()[0].toObject();
  QCOMPARE(output["name"].toString(), QString("y"));
  QVERIFY2(output["snr_db"].toDouble() > least_snr, qPrintable(QString::number(output["snr_db"].toDouble())));
  QVERIFY(!accuracy["layers"].toArray().isEmpty());
  QCOMPARE(json["kept"].toArray().size(), 0);
  const QJsonObject before = json["before"].toObject(), after = json["after"].toObject();
  QVERIFY(before["median_ms"].toDouble() > 0 && after["median_ms"].toDouble() > 0);
  QCOMPARE(static_cast<qint64>(before["bytes"].toDouble()), QFileInfo(path("model.onnx")).size());
  QCOMPARE(static_cast<qint64>(after["bytes"].toDouble()), QFileInfo(path("out.onnx")).size());
  QVERIFY2(after["bytes"].toDouble() < most_bytes, qPrintable(QString::number(after["bytes"].toDouble())));
  QCOMPARE(run_lapidary({"check", path("out.onnx")}).code, 0);
}

void ConvertedNumbersTest::refusesOptionsThatDoNotFit_data() {
  QTest::addColumn<QStringList>("options");
  for (const char* options :
       {"--precision fp8", "--precision fp16 --quantize int8", "--keep-io", "--exclude MatMul",
        "--target-error 0.1", "--precision fp16 --block-op Conv", "--quantize int8 --exclude nothing",
        "--quantize int8 --calibrate none", "--quantize uint4 --domain com.microsoft --block-size 24"})
    QTest::newRow(options) << QString::fromLatin1(options).split(QLatin1Char(' '));
}

void ConvertedNumbersTest::refusesOptionsThatDoNotFit() {
  QFETCH(QStringList, options);
  writeModel();
  QFile::remove(path("out.onnx"));
  const Outcome outcome =
      run_lapidary(QStringList{"convert", path("model.onnx"), "-o", path("out.onnx")} + options);
  QCOMPARE(outcome.code, 2);
  QVERIFY(!outcome.err.isEmpty());
  QVERIFY(!QFile::exists(path("out.onnx")));
}

void ConvertedNumbersTest::calibratesOnFilesOfAFolder() {
  writeModel();
  QVERIFY(QDir(folder_.path()).mkpath("data"));
  for (const auto& [size, kept] : {std::pair(0.5f, 0), {30000.0f, 2}}) {
    write_datum(path("data/x.npy").toStdString(), "x", Tensor::of({2, 64}, std::vector<float>(128, size)));
    const Outcome outcome = run_lapidary({"convert", path("model.onnx"), "-o", path("out.onnx"), "--json",
                                          "--precision", "fp16", "--keep-io", "--calibrate", path("data")});
    QVERIFY2(outcome.code == 0, outcome.err);
    const QJsonArray list = outcome.json()["kept"].toArray();
    QVERIFY2(kept == 0 ? list.isEmpty() : list.size() >= kept, outcome.out);
    if (kept > 0) QVERIFY(list[0].toObject()["reason"].toString().contains("overflows float16"));
  }
}

void ConvertedNumbersTest::agreesWithThePeer_data() {
  QTest::addColumn<QString>("model");
  QTest::addColumn<QStringList>("options");
  QTest::addColumn<double>("least_snr");
  const QStringList int8{"--quantize", "int8"}, half{"--precision", "fp16"};
  QTest::newRow("resnet50, int8") << "resnet50" << int8 << 30.0;
  QTest::newRow("mobilenet_v2, int8") << "mobilenet_v2" << int8 << 28.0;
  QTest::newRow("mobilenet_v2, fp16") << "mobilenet_v2" << half << 45.0;
  QTest::newRow("mobilenet_v2, dynamic") << "mobilenet_v2" << QStringList{"--quantize", "dynamic"} << 25.0;
  QTest::newRow("mobilenet_v2, int4") << "mobilenet_v2" << QStringList{"--quantize", "int4"} << 60.0;
  QTest::newRow("mobilenet_v2, uint4, MatMulNBits")
      << "mobilenet_v2" << QStringList{"--quantize", "uint4", "--domain", "com.microsoft"} << 60.0;
}

void ConvertedNumbersTest::agreesWithThePeer() {
  QFETCH(QString, model);
  QFETCH(QStringList, options);
  QFETCH(double, least_snr);
  const QString zoo = folderFromEnvironment("LAPIDARY_ZOO");
  if (zoo.isEmpty() || folderFromEnvironment("LAPIDARY_PEER").isEmpty())
    QSKIP("LAPIDARY_ZOO or LAPIDARY_PEER names no folder");
  const Outcome outcome =
      run_lapidary(QStringList{"convert", zoo + "/" + model + ".onnx", "-o", path("out.onnx")} + options);
  QVERIFY2(outcome.code == 0, outcome.err);
  const LoadedModel loaded = load_model(path("out.onnx").toStdString());
  const InputSets sets = input_sets_for(*loaded.model, made_up_input_sets(*loaded.model, 1, 77));
  const auto ours = find_backend("cpu").compile(loaded.model, {})->run(sets[0]);
  const PeerResult peer = runInPeer(path("out.onnx"), {{loaded.model->graph->inputs[0].name, sets[0][0]}});
  const auto got = values_as<double>(ours[0].tensor()),
             want = values_as<double>(peer.outputs[0].second.tensor());
  double errors = 0, squares = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    errors += (got[i] - want[i]) * (got[i] - want[i]);
    squares += want[i] * want[i];
  }
  const double snr = 10 * std::log10(squares / errors);
  QVERIFY2(snr > least_snr, qPrintable(QString::number(snr)));
}

QTEST_GUILESS_MAIN(ConvertedNumbersTest)
#include "converted_numbers_test.moc"
