#include <QFileInfo>
#include <QTest>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "tests/support/peer.h"

using namespace lapidary;

/// Real models give here what they give in ONNX Runtime, on every built-in backend.
class PeerAgreementTest : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    if (test::folderFromEnvironment("LAPIDARY_PEER").isEmpty())
      QSKIP("LAPIDARY_PEER names no folder with onnxruntime-node");
    if (test::folderFromEnvironment("LAPIDARY_ZOO").isEmpty())
      QSKIP("LAPIDARY_ZOO names no folder with real models");
  }

  void agreesWithOnnxRuntime_data() {
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < test::zooModels().size(); ++i)
      QTest::newRow(test::zooModels()[i].name) << static_cast<int>(i);
  }

  void agreesWithOnnxRuntime() {
    QFETCH(int, index);
    const test::ZooModel& zoo = test::zooModels()[static_cast<std::size_t>(index)];
    const QString path = test::folderFromEnvironment("LAPIDARY_ZOO") +
                         QStringLiteral("/%1.onnx").arg(QString::fromUtf8(zoo.name));
    if (!QFileInfo::exists(path)) QSKIP("this model is not in LAPIDARY_ZOO (python3-torchvision exports it)");
    try {
      compareBackends(path, zoo);
    } catch (const std::exception& error) {
      QFAIL(error.what());
    }
  }

 private:
  static void compareBackends(const QString& path, const test::ZooModel& zoo) {
    LoadOptions links;
    links.follow_links = true;
    const LoadedModel loaded = load_model(path.toStdString(), links);
    const NamedData inputs = test::zooInputs(*loaded.model, zoo);
    const test::PeerResult peer = test::runInPeer(path, inputs);
    std::vector<Datum> data;
    for (const auto& [name, datum] : inputs) data.push_back(datum);
    for (const auto& backend : backends()) {
      if (!backend.availability().available) continue;
      const auto program = backend.compile(loaded.model, {});
      const auto outputs = program->run(data);
      QCOMPARE(peer.outputs.size(), loaded.model->graph->outputs.size());
      for (const auto& [name, want] : peer.outputs)
        compareOutput(backend.name, *program, outputs, name, want);
    }
  }

  static void compareOutput(const std::string& backend, const Program& program,
                            const std::vector<Datum>& outputs, const std::string& name, const Datum& want) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (program.outputs()[i].name != name) continue;
      const Difference found = difference(outputs[i], want, {1e-3, 1e-4});
      QVERIFY2(found.equal, (backend + ": output '" + name + "' " + found.message).c_str());
      return;
    }
    QFAIL(("output '" + name + "' is missing").c_str());
  }
};

QTEST_GUILESS_MAIN(PeerAgreementTest)
#include "peer_agreement_test.moc"
