#include "engine/trace/compare_profiles.h"

#include <QTest>

using namespace lapidary;

namespace {

struct Part {
  std::string op, writes;
  std::vector<std::string> nodes;
  int milliseconds;
};

Trace trace_of(const std::vector<Part>& parts) {
  Trace trace;
  trace.lanes = {{"Thread 1"}};
  std::int64_t now = 0;
  for (const Part& part : parts) {
    Step step;
    step.name = step.op_type = part.op;
    step.writes = {part.writes};
    step.node_names = part.nodes;
    if (!part.nodes.empty()) step.nodes = {0};
    trace.spans.push_back(
        {static_cast<int>(trace.steps.size()), 0, 0, now, now + part.milliseconds * 1'000'000});
    now = trace.spans.back().end_ns;
    trace.steps.push_back(std::move(step));
  }
  trace.runs = {{0, now}};
  return trace;
}

QStringList lines_of(const Trace& first, const Trace& second) {
  QStringList lines;
  for (const ProfilePair& pair : compare_profiles(summarize(first), first, summarize(second), second))
    lines << QString("%1:%2 %3 -> %4 (%5)")
                 .arg(pair.first.size())
                 .arg(pair.second.size())
                 .arg(pair.first_ms)
                 .arg(pair.second_ms)
                 .arg(QString::fromStdString(pair.evidence));
  return lines;
}

}  // namespace

class CompareProfilesTest : public QObject {
  Q_OBJECT
 private slots:
  void aFusedStepStandsAgainstItsParts() {
    const Trace fused = trace_of({{"Conv + Relu", "r", {"conv", "relu"}, 3}, {"Tanh", "y", {"tanh"}, 1}});
    const Trace parts =
        trace_of({{"Conv", "c", {"conv"}, 4}, {"Relu", "r", {"relu"}, 2}, {"Tanh", "y", {"tanh"}, 1}});
    QCOMPARE(lines_of(fused, parts), (QStringList{"1:2 3 -> 6 (same nodes)", "1:1 1 -> 1 (both make 'y')"}));
  }

  void whatHasNoCounterpartIsSaid() {
    const Trace first = trace_of({{"Conv", "c", {"conv1"}, 4}, {"Reorder", "c", {}, 2}});
    const Trace second = trace_of({{"Conv", "d", {"conv10"}, 5}});
    QCOMPARE(lines_of(first, second),
             (QStringList{"0:1 0 -> 5 (no counterpart)", "1:0 4 -> 0 (no counterpart)",
                          "1:0 2 -> 0 (no counterpart)"}));
  }
};

QTEST_APPLESS_MAIN(CompareProfilesTest)
#include "compare_profiles_test.moc"
