#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

#include "engine/io/model_file.h"
#include "tests/support/command_line.h"
#include "tests/support/faults.h"
#include "tests/support/source_folder.h"

using namespace lapidary;
using lapidary::test::Outcome;
using lapidary::test::run_lapidary;

class CompareTest : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    const auto model = load_model(sound_.toStdString()).model;
    const auto faulty = test::with_fault(model, "weight", 1);
    QVERIFY(faulty);
    node_ = QString::fromStdString(faulty->node);
    save_model(*faulty->model, file("faulty.onnx").toStdString());
  }

  void exitsWithOneWhereTheNumbersPartAndZeroWhereTheyDoNot() {
    const Outcome same = compare({sound_, sound_});
    QCOMPARE(same.code, 0);
    QVERIFY(same.json()[QStringLiteral("first_divergence")].isNull());
    const Outcome other = compare({sound_, file("faulty.onnx")});
    QCOMPARE(other.code, 1);
    QCOMPARE(other.json()[QStringLiteral("first_divergence")][QStringLiteral("node")].toString(), node_);
    const QJsonObject tensor = other.json()[QStringLiteral("tensors")].toArray()[0].toObject();
    for (const char* field : {"name", "node", "max_abs", "max_rel", "rmse", "cosine", "snr_db", "ulp_p99",
                              "nan", "inf", "ok", "local_max_abs"})
      QVERIFY2(tensor.contains(QLatin1String(field)), field);
  }

  void comparesWithAFileOfTensors() {
    const QString data = file("all.npz");
    const QStringList input = {QStringLiteral("--seed"), QStringLiteral("3")};
    QCOMPARE(run_lapidary(QStringList{QStringLiteral("run"), sound_, QStringLiteral("--keep-all"),
                                      QStringLiteral("--outputs"), data} +
                          input)
                 .code,
             0);
    QCOMPARE(compare(QStringList{sound_, QStringLiteral("--against"), data} + input).code, 0);
    const Outcome other =
        compare(QStringList{file("faulty.onnx"), QStringLiteral("--against"), data} + input);
    QCOMPARE(other.code, 1);
    QCOMPARE(other.json()[QStringLiteral("first_divergence")][QStringLiteral("node")].toString(), node_);
  }

  void noticesADumpOfAnotherModelOrInput() {
    const QString data = file("dump.npz");
    QCOMPARE(run_lapidary({QStringLiteral("run"), sound_, QStringLiteral("--keep-all"),
                           QStringLiteral("--outputs"), data, QStringLiteral("--seed"), QStringLiteral("3")})
                 .code,
             0);
    const auto notices = [&](const QString& model, const QString& seed) {
      return compare({model, QStringLiteral("--against"), data, QStringLiteral("--seed"), seed})
          .json()[QStringLiteral("notices")]
          .toArray()
          .size();
    };
    QCOMPARE(notices(sound_, QStringLiteral("3")), 0);
    QCOMPARE(notices(sound_, QStringLiteral("4")), 1);
    QCOMPARE(notices(file("faulty.onnx"), QStringLiteral("4")), 2);
  }

  void shrinksToAModelWithItsDataAndCommand() {
    const QString folder = file("shrunk");
    const Outcome outcome = compare({sound_, file("faulty.onnx"), QStringLiteral("--shrink"), folder});
    const QJsonObject shrunk = outcome.json()[QStringLiteral("shrunk")].toObject();
    QVERIFY(shrunk[QStringLiteral("nodes")].toInt() <= 3);
    QStringList command = shrunk[QStringLiteral("command")].toString().split(QLatin1Char(' '));
    QCOMPARE(command.takeFirst(), QStringLiteral("lapidary"));
    QCOMPARE(run_lapidary(command, {}, folder).code, 1);
  }

  void bisectsWhereNothingIsKept() {
    const Outcome outcome = compare({sound_, file("faulty.onnx"), QStringLiteral("--bisect")});
    QCOMPARE(outcome.code, 1);
    QCOMPARE(outcome.json()[QStringLiteral("first_divergence")][QStringLiteral("node")].toString(), node_);
    QCOMPARE(compare({sound_, sound_, QStringLiteral("--bisect")}).code, 0);
  }

  void writesJUnitAndAPage() {
    QCOMPARE(compare({sound_, file("faulty.onnx"), QStringLiteral("--junit"), file("out.xml"),
                      QStringLiteral("--html"), file("out.html")})
                 .code,
             1);
    QFile junit(file("out.xml"));
    QVERIFY(junit.open(QIODevice::ReadOnly));
    QXmlStreamReader reader(&junit);
    int cases = 0, failures = 0;
    while (!reader.atEnd()) {
      reader.readNext();
      cases += reader.isStartElement() && reader.name() == QLatin1String("testcase") ? 1 : 0;
      failures += reader.isStartElement() && reader.name() == QLatin1String("failure") ? 1 : 0;
    }
    QVERIFY(!reader.hasError());
    QVERIFY(cases > 3 && failures > 0 && failures < cases);
    QFile page(file("out.html"));
    QVERIFY(page.open(QIODevice::ReadOnly));
    QVERIFY(page.readAll().contains("Where they part"));
  }

  void namesWhatDiffersFromRunToRun() {
    const Outcome outcome = compare({sound_, sound_, QStringLiteral("--repeat"), QStringLiteral("3")});
    QCOMPARE(outcome.code, 0);
    QVERIFY(outcome.json()[QStringLiteral("nondeterministic")].toArray().isEmpty());
  }

  void readsTolerancesAndSuggestsThem() {
    QCOMPARE(compare({sound_, QStringLiteral("--suggest-tolerances"), file("suggested.json")}).code, 0);
    QCOMPARE(compare({sound_, QStringLiteral("--tolerances"), file("suggested.json")}).code, 0);
    write("none.json", R"([{"tensor": ".*", "relative": 0}])");
    QCOMPARE(compare({sound_, QStringLiteral("--tolerances"), file("none.json")}).code, 1);
    write("wrong.json", R"([{"op": "Conv", "relativ": 0}])");
    const Outcome wrong = compare({sound_, QStringLiteral("--tolerances"), file("wrong.json")});
    QCOMPARE(wrong.code, 2);
    QVERIFY(wrong.err.contains("relativ"));
  }

 private:
  QString file(const char* name) const { return folder_.filePath(QLatin1String(name)); }
  void write(const char* name, const char* text) const {
    QFile out(file(name));
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(text);
  }
  static Outcome compare(const QStringList& arguments) {
    return run_lapidary(QStringList{QStringLiteral("compare")} + arguments +
                        QStringList{QStringLiteral("--json")});
  }

  QTemporaryDir folder_;
  const QString sound_ = sourcePath(QStringLiteral("resources/samples/digits/digits.onnx"));
  QString node_;
};

QTEST_APPLESS_MAIN(CompareTest)
#include "compare_test.moc"
