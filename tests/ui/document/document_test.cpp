#include "ui/document/document.h"

#include <QSignalSpy>
#include <QTest>

#include "tests/ui/fixtures.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// A chain so long that no part of opening it is through before the test can ask for its end.
ModelPointer longChain() {
  lapidary::test::ModelBuilder builder;
  builder.input("x", DataType::Float32, Shape{4});
  std::string value = "x";
  for (int i = 0; i < 20'000; ++i) {
    const std::string next = "v" + std::to_string(i);
    builder.add(lapidary::test::node("Relu", {value}, {next}));
    value = next;
  }
  return builder.output(value).build();
}

}  // namespace

class DocumentTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void keepsWhatIsSelectedInsideAFunctionOverLayouts() {
    ui::test::OpenDocument f(ui::test::nested_model());
    const Element relu = *f.document.nodeNamed("/inner/relu");
    QVERIFY(relu.graph);
    f.document.selection()->select(relu);
    QVERIFY(f.relaidOut([&] { f.document.reveal(relu); }));
    QVERIFY(f.document.layout()->box_of_node(relu.index, relu.graph) >= 0);
    for (const bool shown : {true, false}) QVERIFY(f.relaidOut([&] { f.document.setConstantsShown(shown); }));
    const Element selected = *f.document.selection()->current();
    QCOMPARE(f.document.nameOf(selected), QStringLiteral("/inner/relu"));
    QVERIFY(f.document.layout()->box_of_node(selected.index, selected.graph) >= 0);
  }

  void opensWhatStandsAroundANodeToRevealIt_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("part");
    QTest::newRow("function") << "/inner/flatten"
                              << "node:0";
    QTest::newRow("branch") << "/else/abs"
                            << "node:1";
  }
  void opensWhatStandsAroundANodeToRevealIt() {
    QFETCH(QString, name);
    QFETCH(QString, part);
    ui::test::OpenDocument f(ui::test::nested_model());
    const Element element = *f.document.nodeNamed(name.toStdString());
    QVERIFY(!f.document.isOpen(part.toStdString()));
    QVERIFY(f.relaidOut([&] { f.document.reveal(element); }));
    QVERIFY(f.document.isOpen(part.toStdString()));
    QVERIFY(f.document.layout()->box_of_node(element.index, element.graph) >= 0);
  }

  void knowsNothingOfGraphsThatAreNoLongerThere() {
    ui::test::OpenDocument f(ui::test::nested_model());
    const Graph elsewhere;
    QVERIFY(!f.document.nodeOf(Element::node(0, &elsewhere)));
    QVERIFY(f.document.nodesOf(Element::node(0, &elsewhere)).empty());
  }

  void knowsTimeAndCostOfNodesInside() {
    ui::test::OpenDocument f(ui::test::nested_model());
    RunSettings settings = f.document.runSettings();
    settings.backend = "reference";
    f.document.setRunSettings(settings);
    f.document.run();
    QVERIFY(QTest::qWaitFor([&] { return f.document.result() != nullptr; }, 20'000));
    const Element neg = *f.document.nodeNamed("/then/neg"), abs = *f.document.nodeNamed("/else/abs");
    const OperatorTime* time = f.document.timeOf(neg);
    QVERIFY(time);
    QCOMPARE(time->op, std::string("Neg"));
    QCOMPARE(f.document.elementsOf(*time), std::vector<Element>{neg});
    QCOMPARE(f.document.millisecondsOf(neg), time->total_ms);
    QVERIFY(!f.document.timeOf(abs));  // the other branch ran
    QCOMPARE(f.document.costOf(abs)->bytes_written, std::optional<std::int64_t>(24));
    QCOMPARE(f.document.nodesOf(abs), std::vector<int>{1});
  }

  void endsOpeningWhenCancelled() {
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("long.onnx"));
    save_model(*longChain(), path.toStdString());
    Theme theme;
    JobList jobs;
    Document document(&theme, &jobs);
    document.open(path);
    QVERIFY(document.opening());
    document.cancelOpening();
    QCOMPARE(document.state(), Document::State::Cancelled);
    QVERIFY(!document.opening());
    QVERIFY(QTest::qWaitFor([&] { return !jobs.firstRunning(); }, 20'000));
    QCOMPARE(document.state(), Document::State::Cancelled);
    document.open(path);
    QVERIFY(QTest::qWaitFor([&] { return document.layout() != nullptr; }, 60'000));
    QCOMPARE(document.state(), Document::State::Ready);
  }

  void endsOpeningWhenItsJobIsCancelledInTheList_data() {
    QTest::addColumn<QString>("job");
    QTest::newRow("reading") << "open";
    QTest::newRow("types") << "types";
    QTest::newRow("layout") << "layout";
  }
  void endsOpeningWhenItsJobIsCancelledInTheList() {
    QFETCH(QString, job);
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("model.onnx"));
    save_model(*ui::test::nested_model(), path.toStdString());
    Theme theme;
    JobList jobs;
    Document document(&theme, &jobs);
    // A turn later, as from a button.
    connect(
        &jobs, &JobList::started, &document,
        [&](Job* started) {
          if (jobs.running(&document, job) == started) started->cancel();
        },
        Qt::QueuedConnection);
    document.open(path);
    const auto isEnded = [&] { return document.state() == Document::State::Cancelled || document.layout(); };
    QVERIFY(QTest::qWaitFor(isEnded, 20'000));
    QCOMPARE(document.state(), Document::State::Cancelled);
  }

  void keepsWhatIsShownWhenANewLayoutIsCancelled() {
    ui::test::OpenDocument f(ui::test::blocks_model());
    const auto before = f.document.layout();
    const auto open = f.document.openParts();
    f.document.openAllGroups();
    QVERIFY(f.document.openParts() != open);
    f.document.cancelOpening();
    QCOMPARE(f.document.openParts(), open);
    QVERIFY(QTest::qWaitFor([&] { return !f.jobs.firstRunning(); }, 20'000));
    QCOMPARE(f.document.layout(), before);
    QCOMPARE(f.document.state(), Document::State::Ready);
  }

  void goesOnWhereANewerLayoutTakesThePlaceOfAnOlder() {
    ui::test::OpenDocument f(ui::test::blocks_model());
    QVERIFY(f.relaidOut([&] {
      f.document.openAllGroups();
      f.document.closeAllGroups();
      f.document.openAllGroups();
    }));
    QVERIFY(QTest::qWaitFor([&] { return !f.document.opening(); }, 20'000));
    QCOMPARE(f.document.state(), Document::State::Ready);
    QVERIFY(f.document.layout()->box_of_main_node.front() >= 0);
    QVERIFY(f.document.isOpen("head"));
  }
};

QTEST_MAIN(DocumentTest)
#include "document_test.moc"
