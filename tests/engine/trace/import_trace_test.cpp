#include "engine/trace/import_trace.h"

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "engine/io/compression.h"
#include "engine/model/error.h"
#include "engine/trace/json_cursor.h"

using namespace lapidary;

namespace {

ImportedTrace read(std::string text) { return import_trace(own_bytes(std::move(text))); }

const std::string& name_of(const Trace& trace, const Span& span) {
  return trace.steps[static_cast<std::size_t>(span.step)].name;
}

/// "NAME@LANE BEGIN-END", in the trace's order.
QStringList lines_of(const Trace& trace) {
  QStringList lines;
  for (const Span& span : trace.spans)
    lines << QString::fromStdString(name_of(trace, span) + "@" +
                                    trace.lanes[static_cast<std::size_t>(span.lane)].name + " " +
                                    std::to_string(span.begin_ns) + "-" + std::to_string(span.end_ns));
  return lines;
}

std::string kernel(const std::string& name, int begin, int duration, const std::string& arguments = "") {
  return R"({"cat" : "Node","pid" :1,"tid" :1,"dur" :)" + std::to_string(duration) + R"(,"ts" :)" +
         std::to_string(begin) + R"(,"ph" : "X","name" :")" + name + R"(","args" : {)" + arguments + "}}";
}

std::string session(const std::string& name, int begin, int duration) {
  return R"({"cat" : "Session","pid" :1,"tid" :1,"dur" :)" + std::to_string(duration) + R"(,"ts" :)" +
         std::to_string(begin) + R"(,"ph" : "X","name" :")" + name + R"(","args" : {}})";
}

}  // namespace

/// What other programs write becomes the form that runs of our own have.
class ImportTraceTest : public QObject {
  Q_OBJECT
 private slots:
  void timesAreExactToTheNanosecond() {
    long long time = 0;
    const auto is = [&](const char* text, long long expected) {
      return nanoseconds_from(text, time) && time == expected;
    };
    QVERIFY(is("1700000000000000.123", 1'700'000'000'000'000'123));
    QVERIFY(is("12", 12'000));
    QVERIFY(is("-0.5", -500));
    QVERIFY(is("0.0019", 1));
    QVERIFY(is("1.5e3", 1'500'000));
    for (const char* text : {"", "-", "x", "1x", "99999999999999999999", "1e300", "nan"})
      QVERIFY2(!nanoseconds_from(text, time), text);
  }

  void unsortedEventsOfOnnxRuntimeGoToTheirRuns() {
    const auto imported =
        read("[\n" + kernel("b_kernel_time", 30, 5) + ",\n" + kernel("a_kernel_time", 12, 8) + ",\n" +
             kernel("a_fence_before", 11, 0) + ",\n" + session("model_run", 10, 20) + ",\n" +
             session("model_run", 30, 10) + ",\n" + session("session_initialization", 0, 9) + "\n]\n");
    const Trace& trace = imported.trace;
    QCOMPARE(imported.producer, std::string("ONNX Runtime"));
    QCOMPARE(trace.runs.size(), std::size_t{2});
    QVERIFY(!imported.counts.broken_off);
    for (const Span& span : trace.spans) {
      if (name_of(trace, span) == "a") QVERIFY(span.run == 0 && trace.is_operator(span.step));
      if (name_of(trace, span) == "b") QVERIFY(span.run == 1 && trace.is_operator(span.step));
      if (name_of(trace, span) == "a_fence_before") QVERIFY(!trace.is_operator(span.step));
      if (name_of(trace, span) == "session_initialization") QCOMPARE(span.run, -1);
    }
  }

  void aFileThatIsBrokenOffIsReadAsFarAsItGoes() {
    const std::string whole = "[\n" + session("model_run", 0, 10) + ",\n" + kernel("a_kernel_time", 1, 8) +
                              ",\n" + kernel("a_kernel_time", 20, 9) + ",\n" + kernel("b_kernel_time", 30, 7);
    for (std::size_t cut = whole.size() - 60; cut < whole.size(); ++cut) {
      const auto imported = read(whole.substr(0, cut));
      QVERIFY(imported.counts.broken_off);
      QCOMPARE(imported.counts.events, std::size_t{3});
      QCOMPARE(imported.trace.runs.size(), std::size_t{2});  // the second never ended
    }
  }

  void namesThatNobodyEscapedAreRecovered() {
    const auto imported =
        read("[\n" + kernel("say \"a\"_kernel_time", 0, 1, R"("op_name" : "Add")") + ",\n" +
             kernel("C:\\dir\\_kernel_time", 2, 1) + ",\n" + kernel("ends\\", 4, 1) + ",\n" +
             "{\"name\" : \"hopeless, \"ts\" : },\n" + kernel("fine_kernel_time", 6, 1) + "\n]");
    QCOMPARE(imported.counts.repaired, std::size_t{2});
    QCOMPARE(imported.counts.damaged, std::size_t{1});
    QCOMPARE(imported.counts.events, std::size_t{4});
    QStringList names;
    for (const Step& step : imported.trace.steps) names << QString::fromStdString(step.name);
    QCOMPARE(names, (QStringList{"say \"a\"", "C:\\dir\\", "ends\\", "fine"}));
    QCOMPARE(imported.trace.steps[0].op_type, std::string("Add"));
  }

  void sizesComeFromTheShapesAndOlderFieldsMayLack() {
    const auto imported =
        read("[" +
             kernel("a_kernel_time", 0, 0,
                    R"("op_name" : "Add","provider" : "CPUExecutionProvider","input_type_shape" : )"
                    R"([{"float":[2,3]},{"float":[]}],"output_type_shape" : [{"int64":[2,3]}])") +
             "," + kernel("b_kernel_time", 1, 1, R"("op_name" : "Mul")") + "]");
    const Step &a = imported.trace.steps[0], &b = imported.trace.steps[1];
    QCOMPARE(a.bytes, std::int64_t{24 + 4 + 48});
    QCOMPARE(a.implementation, std::string("CPUExecutionProvider"));
    QCOMPARE(b.op_type, std::string("Mul"));
    QVERIFY(b.inputs.empty());
  }

  void allPhasesOfChromeTracesAreRead() {
    const auto imported = read(R"({"displayTimeUnit":"ms","traceEvents":[
      {"ph":"M","name":"process_name","pid":"gpu","args":{"name":"Device \u0041"}},
      {"ph":"M","name":"thread_name","pid":"gpu","tid":"q","args":{"name":"Queue"}},
      {"ph":"E","pid":"gpu","tid":"q","ts":30},
      {"ph":"B","name":"outer","pid":"gpu","tid":"q","ts":10.5},
      {"ph":"B","name":"inner","pid":"gpu","tid":"q","ts":12},
      {"ph":"E","pid":"gpu","tid":"q","ts":20},
      {"ph":"X","name":"whole","pid":1,"tid":2,"ts":10,"dur":0.001},
      {"ph":"b","name":"copy","cat":"io","id":"0x10","pid":1,"ts":11},
      {"ph":"e","name":"copy","cat":"io","id":16,"pid":1,"ts":15},
      {"ph":"i","name":"mark","pid":1,"tid":2,"s":"g","ts":13},
      {"ph":"C","name":"memory","pid":1,"ts":13,"args":{"arena":5,"weights":7.5,"unit":"bytes"}},
      {"ph":"E","pid":1,"tid":2,"ts":99},
      {"ph":"v","name":"dump","pid":1,"ts":5}],"other":{"x":[1,2]}})");
    const Trace& trace = imported.trace;
    QCOMPARE(lines_of(trace), (QStringList{"whole@Thread 2 0-1", "outer@Queue 500-20000", "copy@io 1000-5000",
                                           "inner@Queue 2000-10000"}));
    QCOMPARE(trace.lanes[0].process, std::string("Device A"));
    QCOMPARE(trace.instants.size(), std::size_t{1});
    QCOMPARE(trace.instants[0].lane, -1);
    QCOMPARE(trace.instants[0].time_ns, std::int64_t{3000});
    QCOMPARE(trace.counters.size(), std::size_t{2});
    QCOMPARE(trace.counters[1].name, std::string("memory: weights"));
    QCOMPARE(trace.counters[1].samples[0].value, 7.5);
    QCOMPARE(imported.unused.at("ends what never began"), std::size_t{1});
    QCOMPARE(imported.unused.at("has the phase v"), std::size_t{1});
  }

  void flowsBindToTheSpansAroundAndBehind() {
    const auto imported = read(R"([
      {"ph":"X","name":"launch","pid":1,"tid":1,"ts":0,"dur":10},
      {"ph":"X","name":"kernel","pid":1,"tid":7,"ts":20,"dur":10},
      {"ph":"X","name":"late","pid":1,"tid":8,"ts":50,"dur":10},
      {"ph":"f","name":"ac2g","cat":"ac2g","id":3,"pid":1,"tid":7,"ts":20,"bp":"e"},
      {"ph":"s","name":"ac2g","cat":"ac2g","id":3,"pid":1,"tid":1,"ts":5},
      {"ph":"s","name":"ac2g","cat":"ac2g","id":4,"pid":1,"tid":1,"ts":6},
      {"ph":"f","name":"ac2g","cat":"ac2g","id":4,"pid":1,"tid":8,"ts":40}])");
    const Trace& trace = imported.trace;
    QCOMPARE(trace.flows.size(), std::size_t{2});
    const auto ends = [&](const Flow& flow) {
      return name_of(trace, trace.spans[static_cast<std::size_t>(flow.from_span)]) + " " +
             name_of(trace, trace.spans[static_cast<std::size_t>(flow.to_span)]);
    };
    QCOMPARE(ends(trace.flows[0]), std::string("launch kernel"));
    QCOMPARE(ends(trace.flows[1]), std::string("launch late"));
  }

  void spansThatPartlyOverlapGetLanesOfTheirOwn() {
    const auto imported = read(R"([{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":10},
                                     {"ph":"X","name":"b","pid":1,"tid":1,"ts":5,"dur":10}])");
    QCOMPARE(lines_of(imported.trace),
             (QStringList{"a@Thread 1 0-10000", "b@Thread 1 (overlapping) 5000-15000"}));
  }

  void gzipIsUnpacked() {
    QTemporaryDir folder;
    const std::string path = folder.filePath("trace.json.gz").toStdString();
    const std::string text = "[" + kernel("a_kernel_time", 0, 3) + "]";
    AtomicFile file(path);
    GzipWriter gzip(file);
    gzip.write(std::as_bytes(std::span(text)));
    gzip.finish();
    file.commit();
    QCOMPARE(import_trace(path).trace.spans.size(), std::size_t{1});
  }

  void whatIsNoTraceIsRefused_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("text") << QByteArray("hello");
    QTest::newRow("numbers") << QByteArray("[1, 2]");
    QTest::newRow("object") << QByteArray(R"({"a": {"b": []}})");
    QTest::newRow("deep") << QByteArray(R"({"a": )") + QByteArray(100'000, '[');
    QTest::newRow("events that are none") << QByteArray(R"({"traceEvents": 3})");
  }
  void whatIsNoTraceIsRefused() {
    QFETCH(QByteArray, text);
    QVERIFY_THROWS_EXCEPTION(Error, read(text.toStdString()));
  }

  void damagedTextNeverCrashes() {
    const std::string whole =
        "[\n" + kernel("a_kernel_time", 0, 3, R"("input_type_shape" : [{"float":[1,2]}],"x" : {"y" : [1]})") +
        "\n]";
    for (std::size_t i = 3; i < whole.size(); ++i)
      for (const char c : std::string_view("\"\\{]9\0", 6)) {
        std::string damaged = whole;
        damaged[i] = c;
        read(damaged);
      }
  }
};

QTEST_APPLESS_MAIN(ImportTraceTest)
#include "import_trace_test.moc"
