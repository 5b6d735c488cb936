#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "tests/support/peer.h"

using namespace lapidary;

/// Real models that ONNX Runtime's optimizer has rewritten with its own operators give what the original
/// gives there.
class OptimizedFilesTest : public QObject {
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
    QTest::addColumn<QString>("level");
    for (const char* name : {"resnet50", "mobilenet_v2", "ch_PP-OCRv4_det_infer", "vit_b_16"})
      for (const char* level : {"extended", "all"})
        QTest::addRow("%s, %s", name, level) << QString::fromUtf8(name) << QString::fromUtf8(level);
    QTest::newRow("densenet121, all") << "densenet121"
                                      << "all";
    QTest::newRow("bert_base, extended") << "bert_base"
                                         << "extended";
  }

  void giveTheSame() {
    QFETCH(QString, name);
    QFETCH(QString, level);
    const QString path = test::folderFromEnvironment("LAPIDARY_ZOO") + "/" + name + ".onnx";
    if (!QFileInfo::exists(path)) QSKIP("this model is not in LAPIDARY_ZOO (python3-torchvision exports it)");
    const auto& zoo = test::zooModels();
    const auto found =
        std::find_if(zoo.begin(), zoo.end(), [&](const auto& each) { return name == each.name; });
    QVERIFY(found != zoo.end());
    try {
      compare(path, *found, level);
    } catch (const std::exception& error) {
      QFAIL(error.what());
    }
  }

 private:
  static void compare(const QString& path, const test::ZooModel& zoo, const QString& level) {
    const QTemporaryDir folder;
    const QString optimized = folder.filePath("optimized.onnx");
    test::optimizeInPeer(path, optimized, level);
    const LoadedModel loaded = load_model(optimized.toStdString());
    const NamedData inputs = test::zooInputs(*loaded.model, zoo);
    const test::PeerResult peer = test::runInPeer(path, inputs);
    std::vector<Datum> data;
    for (const auto& [name, datum] : inputs) data.push_back(datum);
    for (const auto& backend : backends()) {
      if (backend.name != "cpu") continue;
      const auto program = backend.compile(loaded.model, {});
      const auto outputs = program->run(data);
      QCOMPARE(outputs.size(), peer.outputs.size());
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto want = std::find_if(peer.outputs.begin(), peer.outputs.end(), [&](const auto& output) {
          return output.first == program->outputs()[i].name;
        });
        QVERIFY(want != peer.outputs.end());
        const Difference found = difference(outputs[i], want->second, {1e-3, 1e-3});
        QVERIFY2(found.equal, found.message.c_str());
      }
    }
  }
};

QTEST_GUILESS_MAIN(OptimizedFilesTest)
#include "optimized_files_test.moc"
