#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <random>

#include "engine/trace/import_trace.h"
#include "engine/trace/statistics.h"
#include "tests/support/full_disk.h"

using namespace lapidary;

namespace {

/// The first breach of the format's rules, or nothing: every event has what its phase needs, threads are
/// named, and slices of one thread nest.
QString breach(const QJsonObject& trace) {
  if (trace["displayTimeUnit"].toString() != "ms") return "displayTimeUnit";
  QSet<int> named;
  QHash<int, double> started;  // flows, by id
  std::map<int, std::vector<std::pair<double, double>>> slices;
  for (const auto& value : trace["traceEvents"].toArray()) {
    const QJsonObject event = value.toObject();
    const QString phase = event["ph"].toString();
    if (!event["name"].isString() || !event["pid"].isDouble()) return "name or pid of " + phase;
    if (phase == "M") {
      if (event["name"].toString() == "thread_name") named.insert(event["tid"].toInt());
      continue;
    }
    if (!event["ts"].isDouble() || event["ts"].toDouble() < 0) return "ts of " + phase;
    if ((phase == "s" || phase == "f") && !event["id"].isDouble()) return "flow without id";
    if (phase == "s") started[event["id"].toInt()] = event["ts"].toDouble();
    if (phase == "f" && started.value(event["id"].toInt(), 1e300) > event["ts"].toDouble())
      return "flow that ends before it starts";
    if (phase == "i" && event["s"].toString() != "t" && event["s"].toString() != "g")
      return "scope of instant";
    const QJsonObject arguments = event["args"].toObject();
    if (phase == "C" && (arguments.isEmpty() || !arguments.begin()->isDouble()))
      return "counter without number";
    if (phase != "X") continue;
    if (!event["dur"].isDouble() || event["dur"].toDouble() < 0) return "dur";
    if (!named.contains(event["tid"].toInt())) return "slice in a thread without name";
    const double begin = std::round(event["ts"].toDouble() * 1000);
    slices[event["tid"].toInt()].emplace_back(begin, begin + std::round(event["dur"].toDouble() * 1000));
  }
  for (auto& [thread, list] : slices) {
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second > b.second;
    });
    std::vector<double> open;
    for (const auto& [begin, end] : list) {
      while (!open.empty() && open.back() <= begin) open.pop_back();
      if (!open.empty() && end > open.back()) return QString("slices cross in thread %1").arg(thread);
      open.push_back(end);
    }
  }
  return {};
}

QByteArray written(const Trace& trace) {
  QTemporaryDir folder;
  const QString path = folder.filePath("trace.json");
  write_chrome_trace(trace, path.toStdString());
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Trace small_trace() {
  Trace trace;
  trace.backend = "cpu";
  trace.lanes = {{"Thread 1"}};
  Step step;
  step.name = "say \"hi\"\\\n\xff";
  step.op_type = "Conv";
  step.flops = 2e6;
  step.bytes = 4096;
  step.inputs = {Type::tensor(DataType::Float32, Shape{1, 3})};
  trace.steps = {step};
  trace.runs = {{0, 2'000'000'001}};
  trace.spans = {{0, 0, 0, 1'000'000'007, 1'000'001'010}};
  trace.memory = {{1'000'001'010, 123456}};
  return trace;
}

}  // namespace

class ChromeTraceTest : public QObject {
  Q_OBJECT
 private slots:
  void eventsFollowTheFormat() {
    const QByteArray text = written(small_trace());
    QJsonParseError error;
    const auto document = QJsonDocument::fromJson(text, &error);
    QCOMPARE(error.error, QJsonParseError::NoError);
    QCOMPARE(breach(document.object()), QString());
    QJsonObject slice;
    for (const auto& event : document["traceEvents"].toArray())
      if (event.toObject()["cat"].toString() == "operator") slice = event.toObject();
    QCOMPARE(slice["name"].toString(), QString("Conv"));
    QVERIFY(slice["args"].toObject()["node"].toString().startsWith("say \"hi\"\\\n"));
    QCOMPARE(slice["args"].toObject()["flops"].toDouble(), 2e6);
    QCOMPARE(slice["args"].toObject()["bytes"].toInt(), 4096);
    QCOMPARE(slice["args"].toObject()["inputs"].toArray()[0].toString(), QString("float32 1 × 3"));
  }

  void timesKeepTheirNanoseconds() {
    const QByteArray text = written(small_trace());
    QVERIFY(text.contains("\"ts\":1000000.007,\"dur\":1.003,"));
  }

  void spansThatCrossGetLanesOfTheirOwn() {
    std::mt19937 random(3);
    Trace trace = small_trace();
    trace.lanes.push_back({"Thread 2"});
    trace.spans.clear();
    for (int i = 0; i < 500; ++i) {
      const auto begin = static_cast<std::int64_t>(random() % 100'000);
      trace.spans.push_back(
          {0, static_cast<int>(random() % 2), 0, begin, begin + static_cast<int>(random() % 2000)});
    }
    const auto document = QJsonDocument::fromJson(written(trace));
    QCOMPARE(breach(document.object()), QString());
    int slices = 0;
    for (const auto& event : document["traceEvents"].toArray())
      slices += event.toObject()["cat"].toString() == "operator";
    QCOMPARE(slices, 500);
  }

  void loadingAndCompilingStandBeforeTheRuns() {
    Trace trace = small_trace();
    trace.load_ns = 5000;
    trace.compile_ns = 2000;
    const QJsonDocument document = QJsonDocument::fromJson(written(trace));
    QCOMPARE(breach(document.object()), QString());
    QStringList phases;
    for (const auto& value : document["traceEvents"].toArray()) {
      const QJsonObject event = value.toObject();
      if (event["cat"].toString() != "phase") continue;
      phases << QString("%1 %2 %3")
                    .arg(event["name"].toString())
                    .arg(event["ts"].toDouble())
                    .arg(event["dur"].toDouble());
    }
    QCOMPARE(phases, (QStringList{"load 0 5", "compile 5 2"}));
  }

  void whatWasReadIsWrittenAgain() {
    const std::string text = R"([{"ph":"M","name":"process_name","pid":7,"args":{"name":"Device"}},
      {"ph":"X","cat":"cpu_op","name":"launch","pid":1,"tid":1,"ts":0,"dur":10},
      {"ph":"X","cat":"kernel","name":"work","pid":7,"tid":2,"ts":20.123,"dur":10},
      {"ph":"s","name":"ac2g","cat":"ac2g","id":3,"pid":1,"tid":1,"ts":5},
      {"ph":"f","name":"ac2g","cat":"ac2g","id":3,"pid":7,"tid":2,"ts":20.123,"bp":"e"},
      {"ph":"i","name":"mark","pid":1,"tid":1,"s":"g","ts":3},
      {"ph":"C","name":"used","pid":7,"ts":4,"args":{"bytes":5}}])";
    const Trace read = import_trace(own_bytes(text)).trace;
    const QByteArray again = written(read);
    QCOMPARE(breach(QJsonDocument::fromJson(again).object()), QString());
    const Trace twice = import_trace(own_bytes(again.toStdString())).trace;
    QCOMPARE(twice.flows.size(), std::size_t{1});
    QCOMPARE(twice.instants.size(), std::size_t{1});
    QCOMPARE(twice.counters.size(), std::size_t{1});
    const auto device = std::find_if(twice.lanes.begin(), twice.lanes.end(),
                                     [](const Lane& lane) { return lane.name == "Thread 2"; });
    QVERIFY(device != twice.lanes.end());
    QCOMPARE(device->process, std::string("Device"));
    const auto& work = *std::find_if(twice.spans.begin(), twice.spans.end(), [&](const Span& span) {
      return twice.steps[static_cast<std::size_t>(span.step)].op_type == "work";
    });
    QCOMPARE(work.begin_ns, std::int64_t{20'123});
  }

  void processesAndThreadsAreSorted() {
    QSet<QString> kinds;
    for (const auto& event : QJsonDocument::fromJson(written(small_trace()))["traceEvents"].toArray())
      if (event.toObject()["ph"].toString() == "M") kinds.insert(event.toObject()["name"].toString());
    QCOMPARE(kinds,
             (QSet<QString>{"process_name", "process_sort_index", "thread_name", "thread_sort_index"}));
  }

  void tensorsThatCrossLanesHaveArrows() {
    Trace trace = small_trace();
    trace.lanes.push_back({"Thread 2"});
    Step maker = trace.steps[0], reader = trace.steps[0];
    maker.writes = {"a"};
    reader.reads = {"a", "", "w"};
    trace.steps = {maker, reader};
    // In the first run the reader is on another lane, in the second on the same.
    trace.runs = {{0, 100'000}, {100'000, 200'000}};
    trace.spans = {{0, 0, 0, 1000, 2000},
                   {1, 1, 0, 5000, 6000},
                   {0, 0, 1, 101'000, 102'000},
                   {1, 0, 1, 105'000, 106'000}};
    const auto document = QJsonDocument::fromJson(written(trace));
    QCOMPARE(breach(document.object()), QString());
    QStringList flows;
    for (const auto& value : document["traceEvents"].toArray()) {
      const QJsonObject event = value.toObject();
      if (event["cat"].toString() == "tensor")
        flows << QString("%1 %2 id %3 thread %4 at %5 %6")
                     .arg(event["ph"].toString(), event["name"].toString())
                     .arg(event["id"].toInt())
                     .arg(event["tid"].toInt())
                     .arg(event["ts"].toDouble())
                     .arg(event["bp"].toString());
    }
    QCOMPARE(flows, (QStringList{"s a id 1 thread 1 at 2 ", "f a id 1 thread 2 at 5 e"}));
  }

  void whatCannotBeWrittenIsTheMachinesFault_data() {
    QTest::addColumn<QString>("path");
    QTest::newRow("no such folder") << "no such folder/trace.json";
    QTest::newRow("full disk") << "/dev/full";
  }
  void whatCannotBeWrittenIsTheMachinesFault() {
    QFETCH(const QString, path);
    try {
      write_chrome_trace(small_trace(), path.toStdString());
      QFAIL("written");
    } catch (const Error& error) {
      QCOMPARE(static_cast<int>(error.kind()), static_cast<int>(Error::Kind::Machine));
      QCOMPARE(QString::fromStdString(error.file()), path);
    }
  }

  void aFullDiskLeavesTheTraceThatWasThere() {
    QTemporaryDir folder;
    const QString path = folder.filePath("trace.json");
    write_chrome_trace(small_trace(), path.toStdString());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray before = file.readAll();
    Trace large = small_trace();
    large.spans.resize(20000, large.spans[0]);
    {
      const test::FullDisk full(100'000);
      QVERIFY_THROWS_EXCEPTION(Error, write_chrome_trace(large, path.toStdString()));
    }
    QFile after(path);
    QVERIFY(after.open(QIODevice::ReadOnly));
    QCOMPARE(after.readAll(), before);
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList{"trace.json"});
  }
};

QTEST_GUILESS_MAIN(ChromeTraceTest)
#include "chrome_trace_test.moc"
