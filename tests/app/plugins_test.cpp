#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/model_file.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

/// Folders of plug-ins: the example, and those made for tests.
const QByteArray example = qgetenv("LAPIDARY_BIN") + "/../plugins/examples";
const QByteArray made = qgetenv("LAPIDARY_BIN") + "/../plugins/tests";

}  // namespace

/// A model with an operator of a plug-in runs where the plug-in is, and is a model like any other where it is
/// not.
class CommandsWithPluginsTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    model_ = folder_.filePath("snake.onnx");
    const auto model =
        ModelBuilder()
            .opset("org.example", 1)
            .input("x", DataType::Float32, {Dimension(1), Dimension(2), Dimension(3)})
            .initializer("alpha", Tensor::of<float>({2}, {1, 2}))
            .add(node("Snake", {"x", "alpha"}, {"wave"}, {}, "org.example"))
            .add(node("Identity", {"wave"}, {"y"}))
            .output("y", Type::tensor(DataType::Float32, Shape{Dimension(1), Dimension(2), Dimension(3)}))
            .build();
    save_model(*model, model_.toStdString());
  }

  void worksWithAndWithoutThePlugin_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("without");  // the exit code
    const QString saved = folder_.filePath("saved.onnx"), drawn = folder_.filePath("drawn.svg");
    const QStringList input = {"--input", "x=random"};
    QTest::newRow("info") << QStringList{"info", model_} << 0;
    QTest::newRow("check") << QStringList{"check", model_} << 0;
    QTest::newRow("render") << QStringList{"render", model_, "-o", drawn} << 0;
    QTest::newRow("save") << QStringList{"optimize", model_, "-o", saved} << 0;
    QTest::newRow("run on cpu") << QStringList{"run", model_} + input << 1;
    QTest::newRow("run on reference") << QStringList{"run", model_, "--backend", "reference"} + input << 1;
    QTest::newRow("ops") << QStringList{"ops", "Snake"} << 2;
  }

  void worksWithAndWithoutThePlugin() {
    QFETCH(QStringList, arguments);
    QFETCH(int, without);
    QByteArray said;
    QCOMPARE(lapidary(arguments, example, &said), 0);
    QCOMPARE(lapidary(arguments, "", &said), without);
    if (without == 1) QVERIFY2(said.contains("LAPIDARY_PLUGINS"), said.constData());
  }

  void namesThePluginThatMayHaveTheOperator() {
    QByteArray said;
    QCOMPARE(lapidary({"run", model_, "--input", "x=random"}, made, &said), 1);
    QVERIFY2(said.contains("outdated") && said.contains("lapidary backends"), said.constData());
  }

  void listsWhatCameFromWhere_data() {
    QTest::addColumn<QString>("command");
    QTest::newRow("ops") << "ops";
    QTest::newRow("backends") << "backends";
  }

  void listsWhatCameFromWhere() {
    QFETCH(QString, command);
    const QByteArray folders = example + ":" + made;
    QByteArray said;
    QCOMPARE(lapidary({command}, folders, &said), 0);
    QVERIFY(said.contains("org.example.Snake"));
    QVERIFY(said.contains("built for interface 0"));
    QCOMPARE(lapidary({command, "--json"}, folders, &said), 0);
    QMap<QString, QJsonObject> plugins;
    for (const auto& plugin : QJsonDocument::fromJson(said)["plugins"].toArray())
      plugins[plugin.toObject()["name"].toString()] = plugin.toObject();
    QCOMPARE(plugins["example_operator"]["operators"].toArray(), QJsonArray{"org.example.Snake"});
    QCOMPARE(plugins["second_reference"]["backends"].toArray(), QJsonArray{"second_reference"});
    QCOMPARE(plugins["outdated"]["loaded"].toBool(), false);
    QVERIFY(!plugins["outdated"]["reason"].toString().isEmpty());
  }

 private:
  /// The exit code; `said` takes what was printed on both channels.
  static int lapidary(const QStringList& arguments, const QByteArray& plugins, QByteArray* said) {
    QProcess process;
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert("LAPIDARY_PLUGINS", plugins);
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(qEnvironmentVariable("LAPIDARY_BIN") + "/lapidary", arguments);
    if (!process.waitForFinished(60'000)) process.kill();
    *said = process.readAll();
    return process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
  }

  QTemporaryDir folder_;
  QString model_;
};

QTEST_GUILESS_MAIN(CommandsWithPluginsTest)
#include "plugins_test.moc"
