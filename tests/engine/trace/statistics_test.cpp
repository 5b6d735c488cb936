#include "engine/trace/statistics.h"

#include <QTest>

using namespace lapidary;

namespace {

Step step(const std::string& name, const std::string& op, double flops, std::int64_t bytes,
          std::vector<int> nodes) {
  Step result;
  result.name = name;
  result.op_type = op;
  result.flops = flops;
  result.bytes = bytes;
  result.nodes = std::move(nodes);
  return result;
}

/// Three runs of 1, 2 and 4 ms; each: a convolution for half of it, and a loop for 30 % with an addition
/// inside for 10 %.
Trace three_runs() {
  Trace trace;
  trace.lanes = {{"Thread 1"}};
  trace.steps = {step("conv", "Conv + Relu", 1e9, 1000, {0, 1}), step("loop", "Loop", 0, 0, {2}),
                 step("add", "Add", 1000, 8'000'000, {})};
  std::int64_t begin = 0;
  for (int run = 0; run < 3; ++run) {
    const std::int64_t length = 1'000'000LL << run;
    trace.runs.push_back({begin, begin + length});
    trace.spans.push_back({0, 0, run, begin, begin + length / 2});
    trace.spans.push_back({1, 0, run, begin + length / 2, begin + length * 8 / 10});
    trace.spans.push_back({2, 0, run, begin + length * 6 / 10, begin + length * 7 / 10});
    begin += length;
  }
  return trace;
}

bool near(double a, double b) { return std::abs(a - b) < 1e-9 * std::max(1.0, std::abs(b)); }

}  // namespace

class StatisticsTest : public QObject {
  Q_OBJECT
 private slots:
  void mediansAreTakenOverRuns() {
    const TraceSummary summary = summarize(three_runs());
    QVERIFY(near(summary.total_ms, 2.0));
    QVERIFY(near(summary.deviation_ms, 1.4826));
    QCOMPARE(summary.operators[0].node, std::string("conv"));
    QVERIFY(near(summary.operators[0].total_ms, 1.0));
    QVERIFY(near(summary.operators[0].minimum_ms, 0.5));
    QVERIFY(near(summary.operators[0].maximum_ms, 2.0));
    QVERIFY(near(summary.operators[0].share, 0.5));
    QVERIFY(near(summary.operators[0].gflops, 1000));
  }

  void nestedSpansCountOnce() {
    const TraceSummary summary = summarize(three_runs());
    QVERIFY(near(summary.coverage, 0.8));
    QCOMPARE(summary.operators[1].op, std::string("Loop"));
    QVERIFY(near(summary.operators[1].total_ms, 0.4));  // 0.6 less the addition inside
    double sum = 0;
    for (const auto& type : summary.by_type) sum += type.share;
    QVERIFY(near(sum, 0.8));
    // One step of its type: its own spread.
    QCOMPARE(summary.by_type[0].op, summary.operators[0].op);
    QVERIFY(summary.by_type[0].deviation_ms > 0);
    QVERIFY(near(summary.by_type[0].deviation_ms, summary.operators[0].deviation_ms));
  }

  void typesAddUpWhatTheirOperatorsDo() {
    Trace trace = three_runs();
    trace.steps[0].macs = 5e8;
    trace.steps.push_back(step("again", "Add", 500, 1000, {3}));
    trace.steps.back().macs = 0;
    for (int run = 0; run < 3; ++run)
      trace.spans.push_back({3, 0, run, trace.runs[run].end_ns - 10'000, trace.runs[run].end_ns});
    const TraceSummary summary = summarize(trace);
    std::map<std::string, TypeTime> types;
    for (const auto& type : summary.by_type) types[type.op] = type;
    QCOMPARE(types["Conv + Relu"].macs, 5e8);
    QCOMPARE(types["Conv + Relu"].flops, 1e9);
    QCOMPARE(types["Conv + Relu"].bound, std::string("compute"));
    QCOMPARE(types["Add"].calls, 2);
    QCOMPARE(types["Add"].flops, 1500.0);
    QCOMPARE(types["Add"].bytes, 8'001'000.0);
    QCOMPARE(types["Add"].bound, std::string("memory"));  // that of the larger part of its time
  }

  void aStepOfAnotherShapeIsAnotherRow() {
    TraceRecorder recorder;
    Step same = step("add", "Add", 10, 100, {0});
    recorder.run_begin(0);
    recorder.step(same, 0, 10, 0);
    same.flops = 20;  // the program was compiled anew, and the step lies where the first lay
    recorder.step(same, 10, 20, 0);
    recorder.step(same, 20, 30, 0);
    recorder.run_end(30);
    const Trace trace = recorder.finish();
    QCOMPARE(trace.steps.size(), std::size_t{2});
    QCOMPARE(trace.spans[2].step, 1);
  }

  void timeOfFusedNodesIsSplitByFlops() {
    const Trace trace = three_runs();
    const auto evenly = summarize(trace).node_ms;
    QVERIFY(near(evenly[0], 0.5) && near(evenly[1], 0.5) && near(evenly[2], 0.6));
    const auto by_flops = summarize(trace, {9e8, 1e8, 0}).node_ms;
    QVERIFY(near(by_flops[0], 0.9) && near(by_flops[1], 0.1));
  }

  void boundsAreJudgedAgainstTheTracesOwnRoofs() {
    Trace trace = three_runs();
    trace.steps.push_back(step("tiny", "Neg", 1e6, 1e6, {3}));
    for (int run = 0; run < 3; ++run)
      trace.spans.push_back({3, 0, run, trace.runs[run].end_ns - 4000, trace.runs[run].end_ns});
    std::map<std::string, std::string> bounds;
    for (const auto& row : summarize(trace).operators) bounds[row.node] = row.bound;
    const std::map<std::string, std::string> expected = {
        {"add", "memory"}, {"conv", "compute"}, {"loop", "overhead"}, {"tiny", "overhead"}};
    QVERIFY(bounds == expected);
  }

  void lanesThatRunAtTheSameTimeCoverItOnce() {
    Trace trace;
    trace.lanes = {{"Thread 1"}, {"Thread 2"}};
    trace.steps = {step("a", "Neg", 0, 0, {0})};
    trace.runs = {{0, 100}};
    trace.spans = {{0, 0, 0, 0, 60}, {0, 1, 0, 30, 80}};
    QVERIFY(near(summarize(trace).coverage, 0.8));
  }

  void anEmptyTraceHasAnEmptySummary() {
    const TraceSummary summary = summarize(Trace());
    QVERIFY(summary.operators.empty() && summary.node_ms.empty());
    QCOMPARE(summary.total_ms, 0.0);
  }
};

QTEST_GUILESS_MAIN(StatisticsTest)
#include "statistics_test.moc"
