#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "engine/opsets/convert_opset.h"
#include "tests/support/peer.h"

using namespace lapidary;

/// Real models in other operator sets load in ONNX Runtime, and give what the original gives there.
class ConvertedFilesTest : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    if (test::folderFromEnvironment("LAPIDARY_PEER").isEmpty())
      QSKIP("LAPIDARY_PEER names no folder with onnxruntime-node");
    if (test::folderFromEnvironment("LAPIDARY_ZOO").isEmpty())
      QSKIP("LAPIDARY_ZOO names no folder with real models");
  }

  void giveTheSame_data() {
    QTest::addColumn<QString>("name");
    for (const auto& model : test::zooModels()) QTest::newRow(model.name) << QString::fromUtf8(model.name);
  }

  void giveTheSame() {
    QFETCH(QString, name);
    const QString path = test::folderFromEnvironment("LAPIDARY_ZOO") + "/" + name + ".onnx";
    if (!QFileInfo::exists(path)) QSKIP("this model is not in LAPIDARY_ZOO (python3-torchvision exports it)");
    const auto& zoo = test::zooModels();
    const auto found =
        std::find_if(zoo.begin(), zoo.end(), [&](const auto& each) { return name == each.name; });
    try {
      compare(path, *found);
    } catch (const std::exception& error) {
      QFAIL(error.what());
    }
  }

 private:
  static void compare(const QString& path, const test::ZooModel& zoo) {
    const QTemporaryDir folder;
    const LoadedModel loaded = load_model(path.toStdString());
    const NamedData inputs = test::zooInputs(*loaded.model, zoo);
    const test::PeerResult original = test::runInPeer(path, inputs);
    for (const std::int64_t target : {9, 13, 17, 21}) {
      const OpsetConversion conversion = convert_opset(loaded.model, target);
      if (!conversion.model) {
        QVERIFY(target == 9);  // what every model uses was there by 13
        continue;
      }
      const QString converted = folder.filePath("converted.onnx");
      save_model(*conversion.model, converted.toStdString());
      const test::PeerResult result = test::runInPeer(converted, inputs);
      QCOMPARE(result.outputs.size(), original.outputs.size());
      for (std::size_t i = 0; i < result.outputs.size(); ++i) {
        const Difference apart =
            difference(result.outputs[i].second, original.outputs[i].second, {1e-3, 1e-3});
        QVERIFY2(apart.equal, qPrintable(QString("operator set %1: ").arg(target) + apart.message.c_str()));
      }
    }
  }
};

QTEST_GUILESS_MAIN(ConvertedFilesTest)
#include "converted_files_test.moc"
