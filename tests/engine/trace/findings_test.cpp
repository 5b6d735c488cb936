#include "engine/trace/findings.h"

#include <QTest>

using namespace lapidary;

namespace {

const Type large = Type::tensor(DataType::Float32, Shape{1000, 1000});

Step step(const std::string& op, const std::string& reads, const std::string& writes,
          const Type& type = large) {
  Step result;
  result.name = op + " " + writes;
  result.op_type = op;
  result.nodes = {0};
  result.reads = {reads};
  result.writes = {writes};
  result.inputs = {type};
  result.outputs = {type};
  result.bytes = 8'000'000;
  result.flops = 1'000'000;
  return result;
}

/// One run of these steps one after the other, a millisecond each.
Trace run_of(std::vector<Step> steps) {
  Trace trace;
  trace.threads = 2;
  trace.lanes = {{"Thread 1"}};
  trace.steps = std::move(steps);
  std::int64_t now = 0;
  for (int i = 0; i < static_cast<int>(trace.steps.size()); ++i, now += 1'000'000)
    trace.spans.push_back({i, 0, 0, now, now + 1'000'000});
  trace.runs = {{0, now}};
  return trace;
}

/// "RULE N MS" for each.
QStringList lines_of(const Trace& trace, const Roofs& roofs = {2, 1e10, {{DataType::Float32, 1e12}}}) {
  QStringList lines;
  for (const Finding& finding : find_findings(summarize(trace), trace, roofs))
    lines << QString("%1: %2 steps, %3 ms, gain %4")
                 .arg(QString::fromStdString(finding.rule))
                 .arg(finding.steps.size())
                 .arg(finding.milliseconds)
                 .arg(finding.gain_ms);
  return lines;
}

}  // namespace

class FindingsTest : public QObject {
  Q_OBJECT
 private slots:
  void aChainThatMemoryHoldsBackIsFoundOnce() {
    QCOMPARE(lines_of(run_of({step("Relu", "x", "a"), step("Exp", "a", "b"), step("Neg", "b", "y")})),
             QStringList{"chain that could fuse: 3 steps, 3 ms, gain 2"});
    QCOMPARE(lines_of(run_of({step("Relu", "x", "a"), step("Exp", "x", "b"), step("Neg", "x", "y")})),
             QStringList());
  }

  void aSlowPathSaysWhy() {
    Step slow = step("Conv", "x", "y");
    slow.note = "groups of this size have no kernel";
    QCOMPARE(lines_of(run_of({slow})), QStringList{"slow path: 1 steps, 1 ms, gain 0"});
  }

  void layoutsChangedThereAndBackAreFound() {
    Step there = step("Reorder", "a", "a2"), back = step("Reorder", "b2", "b");
    there.nodes.clear();
    back.nodes.clear();
    there.outputs = back.outputs = {};
    Step middle = step("Resize", "a2", "b2");
    middle.outputs = {Type::tensor(DataType::Float32, Shape{2000, 1000})};
    QCOMPARE(lines_of(run_of({there, middle, back})),
             QStringList{"layout round trip: 3 steps, 2 ms, gain 2"});
    QCOMPARE(lines_of(run_of({there, middle})), QStringList());
  }

  void wideTypesAreNamed() {
    const Type wide = Type::tensor(DataType::Float64, Shape{1000, 1000});
    QCOMPARE(lines_of(run_of({step("Add", "x", "y", wide)})),
             QStringList{"wide type: 1 steps, 1 ms, gain 0"});
  }

  void productsGainWhereInt8IsFaster() {
    Step product = step("MatMul", "x", "y");
    product.macs = 5e8;
    product.flops = 1e9;
    Roofs roofs{2, 1e11, {{DataType::Float32, 1e12}, {DataType::Int8, 4e12}}};
    QCOMPARE(lines_of(run_of({product}), roofs),
             QStringList{"weights that could be int8: 1 steps, 1 ms, gain 0.75"});
    roofs.flops_per_second[DataType::Int8] = 1e12;
    QCOMPARE(lines_of(run_of({product}), roofs), QStringList());
  }

  void manySmallStepsAreNotWorthThreads() {
    Trace trace = run_of({step("Add", "x", "y")});
    for (Span& span : trace.spans) span.end_ns = span.begin_ns + 10'000;
    trace.runs = {{0, 12'000}};
    QCOMPARE(lines_of(trace).size(), 1);
    QVERIFY(lines_of(trace)[0].startsWith("too small to thread"));
    trace.threads = 1;
    QCOMPARE(lines_of(trace), QStringList());
  }
};

QTEST_APPLESS_MAIN(FindingsTest)
#include "findings_test.moc"
