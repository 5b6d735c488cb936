#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

#include "tests/support/command_line.h"
#include "tests/support/source_folder.h"

using lapidary::test::Outcome;
using lapidary::test::run_lapidary;

namespace {

const QString digits = sourcePath(QStringLiteral("resources/samples/digits/digits.onnx"));
const QString inputs = sourcePath(QStringLiteral("resources/samples/digits/digits.inputs.npz"));

}  // namespace

/// The command line keeps its contract: names, fields, exit codes.
class CliTest : public QObject {
  Q_OBJECT
 private slots:
  void exitCodesTellWhoIsAtFault_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("said");
    QTest::newRow("no command") << QStringList{} << 2 << QStringLiteral("subcommand");
    QTest::newRow("unknown command") << QStringList{QStringLiteral("polish")} << 2 << QString();
    QTest::newRow("help") << QStringList{QStringLiteral("--help")} << 0 << QString();
    QTest::newRow("help of a command")
        << QStringList{QStringLiteral("run"), QStringLiteral("--help")} << 0 << QString();
    QTest::newRow("version") << QStringList{QStringLiteral("--version")} << 0 << QString();
    QTest::newRow("unknown option") << QStringList{QStringLiteral("info"), digits, QStringLiteral("--sharp")}
                                    << 2 << QString();
    QTest::newRow("no model") << QStringList{QStringLiteral("info")} << 2 << QStringLiteral("MODEL");
    QTest::newRow("info") << QStringList{QStringLiteral("info"), digits} << 0 << QString();
    QTest::newRow("check") << QStringList{QStringLiteral("check"), digits} << 0 << QString();
    QTest::newRow("unknown backend") << QStringList{QStringLiteral("run"), digits,
                                                    QStringLiteral("--backend"), QStringLiteral("abacus")}
                                     << 2 << QStringLiteral("cpu");
    QTest::newRow("no amount of memory")
        << QStringList{QStringLiteral("run"), digits, QStringLiteral("--memory-limit"),
                       QStringLiteral("lots")}
        << 2 << QStringLiteral("50%");
    QTest::newRow("more memory than allowed") << QStringList{QStringLiteral("run"),
                                                             digits,
                                                             QStringLiteral("--input"),
                                                             QStringLiteral("image=random:4000000x1x8x8"),
                                                             QStringLiteral("--memory-limit"),
                                                             QStringLiteral("64M")}
                                              << 3 << QStringLiteral("limit of 67.1 MB");
    QTest::newRow("unknown input") << QStringList{QStringLiteral("run"), digits, QStringLiteral("--input"),
                                                  QStringLiteral("picture=random")}
                                   << 2 << QStringLiteral("image");
    QTest::newRow("input of the wrong size")
        << QStringList{QStringLiteral("run"), digits, QStringLiteral("--input"),
                       QStringLiteral("image=random:1x3x8x8")}
        << 1 << QStringLiteral("image");
    QTest::newRow("input that is no shape")
        << QStringList{QStringLiteral("run"), digits, QStringLiteral("--input"),
                       QStringLiteral("image=random:8by8")}
        << 2 << QStringLiteral("8by8");
    QTest::newRow("dimension that is no number")
        << QStringList{QStringLiteral("run"), digits, QStringLiteral("--dim"), QStringLiteral("N=few")} << 2
        << QStringLiteral("N=few");
    QTest::newRow("missing file") << QStringList{QStringLiteral("info"), QStringLiteral("nowhere.onnx")} << 2
                                  << QStringLiteral("nowhere.onnx");
    QTest::newRow("picture to nowhere") << QStringList{QStringLiteral("render"), digits, QStringLiteral("-o"),
                                                       QStringLiteral("/no/such/folder/x.svg")}
                                        << 3 << QString();
    QTest::newRow("picture of unknown kind")
        << QStringList{QStringLiteral("render"), digits, QStringLiteral("-o"), QStringLiteral("x.bmp")} << 2
        << QString();
    QTest::newRow("conformance without folder")
        << QStringList{QStringLiteral("conformance"), QStringLiteral("/no/such/folder")} << 2 << QString();
  }

  void exitCodesTellWhoIsAtFault() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QString, said);
    const Outcome outcome = run_lapidary(arguments);
    QVERIFY2(outcome.code == code, outcome.err + " (exit code " + QByteArray::number(outcome.code) + ")");
    QVERIFY2(outcome.err.contains(said.toUtf8()) || outcome.out.contains(said.toUtf8()), outcome.err);
    if (code != 0) QVERIFY(!outcome.err.isEmpty());
  }

  void jsonHoldsTheFieldsOfTheContract_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("fields");
    const QString png = QDir::temp().filePath(QStringLiteral("lapidary_cli_test.png"));
    QTest::newRow("info") << QStringList{QStringLiteral("info"), digits}
                          << QStringLiteral(
                                 "format ir_version opsets producer inputs outputs nodes operators subgraphs "
                                 "functions parameters "
                                 "parameter_bytes flops macs activation_peak_bytes file_bytes unsupported");
    QTest::newRow("check") << QStringList{QStringLiteral("check"), digits} << QStringLiteral("ok problems");
    QTest::newRow("run") << QStringList{QStringLiteral("run"), digits}
                         << QStringLiteral("backend load_ms compile_ms run_ms outputs mismatches");
    QTest::newRow("bench") << QStringList{QStringLiteral("bench"), digits, QStringLiteral("--runs"),
                                          QStringLiteral("3")}
                           << QStringLiteral(
                                  "backend threads load_ms compile_ms runs min_ms median_ms mean_ms p95_ms "
                                  "peak_rss_bytes gflops");
    QTest::newRow("profile") << QStringList{QStringLiteral("profile"), digits}
                             << QStringLiteral("total_ms coverage operators by_type");
    QTest::newRow("render") << QStringList{QStringLiteral("render"), digits, QStringLiteral("-o"), png}
                            << QStringLiteral("nodes edges groups layout_ms draw_ms width height");
    const QString copy = QDir::temp().filePath(QStringLiteral("lapidary_cli_test.onnx"));
    QTest::newRow("convert") << QStringList{QStringLiteral("convert"), digits, QStringLiteral("-o"), copy}
                             << QStringLiteral("before after");
    QTest::newRow("extract") << QStringList{QStringLiteral("extract"),   digits,
                                            QStringLiteral("--outputs"), QStringLiteral("scores"),
                                            QStringLiteral("-o"),        copy}
                             << QStringLiteral("nodes inputs outputs");
    QTest::newRow("diff") << QStringList{QStringLiteral("diff"), digits, digits}
                          << QStringLiteral("equal properties graphs weights");
    QTest::newRow("compare") << QStringList{QStringLiteral("compare"), digits}
                             << QStringLiteral("tensors first_divergence ok");
    QTest::newRow("report") << QStringList{QStringLiteral("report"), digits}
                            << QStringLiteral("title info check cost profile optimization");
    QTest::newRow("edits") << QStringList{QStringLiteral("edit"), QStringLiteral("--list")}
                           << QStringLiteral("edits");
    QTest::newRow("backends") << QStringList{QStringLiteral("backends")} << QStringLiteral("backends");
    QTest::newRow("ops") << QStringList{QStringLiteral("ops")} << QStringLiteral("operators");
  }

  void jsonHoldsTheFieldsOfTheContract() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, fields);
    const Outcome outcome = run_lapidary(arguments + QStringList{QStringLiteral("--json")});
    QVERIFY2(outcome.code == 0, outcome.err);
    const QJsonObject json = outcome.json();
    for (const QString& field : fields.split(QLatin1Char(' ')))
      QVERIFY2(json.contains(field), qPrintable(QStringLiteral("no field %1").arg(field)));
  }

  void convertWithoutOptionsAndAnEmptyScriptGiveTheSameBytes_data() {
    QTest::addColumn<QString>("file");
    QTest::newRow("sample") << digits;
    const QString folder = qEnvironmentVariable("LAPIDARY_CONFORMANCE");
    if (folder.isEmpty()) return;
    QDirIterator files(folder, {QStringLiteral("*.onnx")}, QDir::Files, QDirIterator::Subdirectories);
    for (int i = 0; files.hasNext(); ++i) {
      const QString file = files.next();
      if (i % 100 == 0) QTest::newRow(qPrintable(file)) << file;  // all of them: engine.io.round_trip
    }
  }
  void convertWithoutOptionsAndAnEmptyScriptGiveTheSameBytes() {
    QFETCH(const QString, file);
    QTemporaryDir folder;
    const QString out = folder.filePath(QStringLiteral("out.onnx"));
    const auto content = [](const QString& path) {
      QFile opened(path);
      return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray();
    };
    const QStringList ways[] = {{QStringLiteral("convert"), file, QStringLiteral("-o"), out},
                                {QStringLiteral("edit"), file, QStringLiteral("-o"), out,
                                 QStringLiteral("--script"), QStringLiteral("-")}};
    for (const QStringList& way : ways) {
      QFile::remove(out);
      const Outcome outcome = run_lapidary(way, "[]");
      QVERIFY2(outcome.code == 0, outcome.err);
      QVERIFY(content(out) == content(file));
    }
  }

  void anEditNamesTheStepThatDoesNotFit() {
    QTemporaryDir folder;
    const Outcome outcome = run_lapidary(
        {QStringLiteral("edit"), digits, QStringLiteral("-o"), folder.filePath(QStringLiteral("o.onnx")),
         QStringLiteral("--script"), QStringLiteral("-")},
        R"([{"edit": "rename_node", "node": "nobody", "to": "x"}])");
    QCOMPARE(outcome.code, 1);
    QVERIFY2(outcome.err.contains("step 1 (rename_node)") && outcome.err.contains("nobody"), outcome.err);
    QVERIFY(!QFile::exists(folder.filePath(QStringLiteral("o.onnx"))));
  }

  void aPartIsRecordedAndRunsAsATest() {
    QTemporaryDir folder;
    const QString part = folder.filePath(QStringLiteral("part.onnx")),
                  test = folder.filePath(QStringLiteral("tests/node/test_part"));
    const Outcome cut = run_lapidary({QStringLiteral("extract"), digits, QStringLiteral("--outputs"),
                                      QStringLiteral("scores"), QStringLiteral("-o"), part,
                                      QStringLiteral("--record"), test});
    QVERIFY2(cut.code == 0, cut.err);
    const Outcome replayed = run_lapidary(
        {QStringLiteral("conformance"), folder.filePath(QStringLiteral("tests")), QStringLiteral("--json")});
    QVERIFY2(replayed.code == 0, replayed.err);
    QCOMPARE(replayed.json()[QStringLiteral("passed")].toInt(), 1);
  }

  void aModelCutInTwoAndPutTogetherIsTheSame() {
    QTemporaryDir folder;
    const auto file = [&](const char* name) { return folder.filePath(QLatin1String(name)); };
    const QString middle = QStringLiteral("/down/down.1/Relu_output_0");
    for (const QStringList& arguments :
         {QStringList{QStringLiteral("extract"), digits, QStringLiteral("--outputs"), middle,
                      QStringLiteral("-o"), file("head.onnx")},
          QStringList{QStringLiteral("extract"), digits, QStringLiteral("--inputs"), middle,
                      QStringLiteral("--outputs"), QStringLiteral("scores"), QStringLiteral("-o"),
                      file("tail.onnx")},
          QStringList{QStringLiteral("compose"), file("head.onnx"), file("tail.onnx"), QStringLiteral("-o"),
                      file("whole.onnx")}}) {
      const Outcome outcome = run_lapidary(arguments);
      QVERIFY2(outcome.code == 0, outcome.err);
    }
    const Outcome same = run_lapidary({QStringLiteral("diff"), digits, file("whole.onnx")});
    QVERIFY2(same.code == 0, same.out);
    const Outcome other = run_lapidary({QStringLiteral("diff"), digits, file("tail.onnx")});
    QCOMPARE(other.code, 1);
    QVERIFY2(other.out.contains("- node"), other.out);
  }

  void aReportIsOnePageThatNeedsNothingElse() {
    QTemporaryDir folder;
    const QString page = folder.filePath(QStringLiteral("report.html"));
    const Outcome outcome = run_lapidary({QStringLiteral("report"), digits, QStringLiteral("-o"), page});
    QVERIFY2(outcome.code == 0, outcome.err);
    QFile file(page);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray html = file.readAll();
    for (const char* part : {"<picture", "Where the time goes", "Checks", "Cost by operator", "optimizer"})
      QVERIFY2(html.contains(part), part);
    for (const char* outside : {"<script", "<link", "src=\"http", "url("})
      QVERIFY2(!html.contains(outside), outside);
  }

  void readsAModelFromStandardInput() {
    QFile file(digits);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const Outcome outcome =
        run_lapidary({QStringLiteral("info"), QStringLiteral("-"), QStringLiteral("--json")}, file.readAll());
    QVERIFY2(outcome.code == 0, outcome.err);
    QVERIFY(outcome.json()[QStringLiteral("nodes")].toInt() > 10);
  }

  void classifiesTheSampleDigits() {
    QFile expected(sourcePath(QStringLiteral("resources/samples/digits/digits.expected.txt")));
    QVERIFY(expected.open(QIODevice::ReadOnly));
    for (const char* backend : {"cpu", "reference"}) {
      const Outcome outcome = run_lapidary({QStringLiteral("run"), digits, QStringLiteral("--inputs"), inputs,
                                            QStringLiteral("--backend"), QString::fromUtf8(backend)});
      QVERIFY2(outcome.code == 0, outcome.err);
      expected.seek(0);
      qsizetype from = outcome.out.indexOf("probability");
      QVERIFY(from >= 0);
      for (int i = 0; i < 10; ++i) {  // the classes are printed in the order of the rows
        const QByteArray label = expected.readLine().trimmed();
        from = outcome.out.indexOf(label, from);
        QVERIFY2(from >= 0, outcome.out);
      }
    }
  }

  void comparesWithExpectedOutputs() {
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("out.npz"));
    QCOMPARE(run_lapidary({QStringLiteral("run"), digits, QStringLiteral("--inputs"), inputs,
                           QStringLiteral("--outputs"), file})
                 .code,
             0);
    QCOMPARE(run_lapidary({QStringLiteral("run"), digits, QStringLiteral("--inputs"), inputs,
                           QStringLiteral("--expect"), file})
                 .code,
             0);
    const Outcome other = run_lapidary({QStringLiteral("run"), digits, QStringLiteral("--dim"),
                                        QStringLiteral("N=10"), QStringLiteral("--seed"), QStringLiteral("3"),
                                        QStringLiteral("--expect"), file, QStringLiteral("--json")});
    QCOMPARE(other.code, 1);
    QCOMPARE(other.json()[QStringLiteral("mismatches")].toArray().size(), 1);
  }

  void keepsEveryIntermediate() {
    const Outcome outcome =
        run_lapidary({QStringLiteral("run"), digits, QStringLiteral("--keep-all"), QStringLiteral("--json")});
    QVERIFY2(outcome.code == 0, outcome.err);
    const int nodes = run_lapidary({QStringLiteral("info"), digits, QStringLiteral("--json")})
                          .json()[QStringLiteral("nodes")]
                          .toInt();
    QVERIFY(outcome.json()[QStringLiteral("outputs")].toArray().size() >= nodes);
  }

  void optimizesWithAProof() {
    const QTemporaryDir folder;
    const QString out = folder.filePath(QStringLiteral("small.onnx"));
    const Outcome outcome =
        run_lapidary({QStringLiteral("optimize"), digits, QStringLiteral("-o"), out,
                      QStringLiteral("--level"), QStringLiteral("all"), QStringLiteral("--verify"),
                      QStringLiteral("--leave-out-broken"), QStringLiteral("--json")});
    QVERIFY2(outcome.code == 0, outcome.err);
    const QJsonObject json = outcome.json();
    for (const char* field : {"before", "after", "passes", "verified", "max_abs", "max_rel", "tested_inputs"})
      QVERIFY2(json.contains(QLatin1String(field)), field);
    QVERIFY(json[QStringLiteral("verified")].toBool());
    QCOMPARE(json[QStringLiteral("left_out")].toArray().size(), 0);
    QCOMPARE(run_lapidary({QStringLiteral("check"), out}).code, 0);
    QCOMPARE(run_lapidary({QStringLiteral("optimize"), digits, QStringLiteral("-o"), out,
                           QStringLiteral("--leave-out-broken")})
                 .code,
             2);  // nothing is broken where nothing is compared
  }

  void writesATraceOfEveryOperator() {
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("trace.json"));
    QCOMPARE(run_lapidary({QStringLiteral("profile"), digits, QStringLiteral("--trace"), file}).code, 0);
    QFile trace(file);
    QVERIFY(trace.open(QIODevice::ReadOnly));
    const QJsonArray events =
        QJsonDocument::fromJson(trace.readAll()).object()[QStringLiteral("traceEvents")].toArray();
    QVERIFY(events.size() > 10);
  }
};

QTEST_GUILESS_MAIN(CliTest)
#include "cli_test.moc"
