#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "tests/support/bench.h"
#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// Models in 16 bits run as they are: a run takes less memory than that of the same model in float32, at its
/// peak and by about half of what the model's own tensors take.
class HalfPrecisionTest : public QObject {
  Q_OBJECT

 private slots:
  void takesLessMemoryThanFloat32_data();
  void takesLessMemoryThanFloat32();
};

namespace {

constexpr std::int64_t rows = 16, width = 1024;
// Many small ones: one at a time is widened while it is packed or used. So many that a heap which keeps some
// of that (15 MB, by chance of how it lies) does not count.
constexpr int layers = 64;

/// Layers of a matrix of weights, a bias and an activation: 128 MiB of weights in float16.
ModelPointer network(DataType type) {
  ModelBuilder builder;
  builder.input("v0", type, {rows, width});
  for (int i = 0; i < layers; ++i) {
    const std::string number = std::to_string(i);
    Tensor weights(type, {width, width}), bias(type, {width});
    builder.initializer("w" + number, weights).initializer("b" + number, bias);
    builder.add(node("MatMul", {"v" + number, "w" + number}, {"m" + number}));
    builder.add(node("Add", {"m" + number, "b" + number}, {"a" + number}));
    builder.add(node("Relu", {"a" + number}, {"v" + std::to_string(i + 1)}));
  }
  return builder.output("v" + std::to_string(layers)).build();
}

/// Bytes of the process that runs the model once.
double peak_bytes(const QString& folder, DataType type, const QString& backend) {
  const std::string path = folder.toStdString() + "/" + std::string(name_of(type)) + ".onnx";
  save_model(*network(type), path);
  const auto result =
      run_process({qEnvironmentVariable("LAPIDARY_BIN").toStdString() + "/lapidary", "run", path, "--input",
                   "v0=zeros", "--backend", backend.toStdString(), "--threads", "2"});
  if (result.exit_code != 0) return -1;
  return static_cast<double>(result.peak_rss_bytes);
}

}  // namespace

void HalfPrecisionTest::takesLessMemoryThanFloat32_data() {
  QTest::addColumn<QString>("backend");
  QTest::addColumn<int>("type");
  for (const char* backend : {"cpu", "reference"})
    for (const DataType type : {DataType::Float16, DataType::BFloat16})
      QTest::addRow("%s, %s", backend, std::string(name_of(type)).c_str())
          << QString::fromLatin1(backend) << static_cast<int>(type);
}

void HalfPrecisionTest::takesLessMemoryThanFloat32() {
  QFETCH(QString, backend);
  QFETCH(int, type);
  const QTemporaryDir folder;
  const double half = peak_bytes(folder.path(), static_cast<DataType>(type), backend);
  const double single = peak_bytes(folder.path(), DataType::Float32, backend);
  QVERIFY(half > 0 && single > 0);
  const double saved = layers * static_cast<double>(width * width) * 2;
  QVERIFY2(half < single - 0.5 * saved,
           qPrintable(QString("%1 MB instead of %2 MB").arg(half / 1e6).arg(single / 1e6)));
}

QTEST_GUILESS_MAIN(HalfPrecisionTest)
#include "half_precision_test.moc"
