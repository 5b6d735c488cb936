#include <unistd.h>

#include <QtTest>
#include <cstdlib>
#include <map>
#include <vector>

#include "app/cli/isolated_jobs.h"

using namespace lapidary::cli;
using Kind = JobEnd::Kind;

/// Each job ends alone, however it ends, and the others go on.
class IsolatedJobsTest : public QObject {
  Q_OBJECT

 private slots:
  void badJobsEndAlone_data();
  void badJobsEndAlone();
};

namespace {

using Job = std::string (*)();

std::string crash() { std::abort(); }

std::string hang() {
  for (;;) pause();
}

std::string leave() { _exit(7); }

std::string eat_memory() {
  std::vector<std::vector<char>> kept;
  for (;;) kept.emplace_back(std::size_t{64} << 20, 'x');
}

std::string overflow_stack(int depth) {
  volatile char block[1 << 16] = {};
  return depth < 0 ? std::string() : std::string(1, block[0]) + overflow_stack(depth + 1);
}

std::string fill_stack() { return overflow_stack(0); }

}  // namespace

void IsolatedJobsTest::badJobsEndAlone_data() {
  QTest::addColumn<Job>("job");
  QTest::addColumn<Kind>("kind");
  QTest::addColumn<QString>("message");
  QTest::newRow("crash") << &crash << Kind::Crashed << "Aborted";
  QTest::newRow("hang") << &hang << Kind::TimedOut << "longer than 1 s";
  QTest::newRow("exit") << &leave << Kind::Crashed << "exit code 7";
#ifndef LAPIDARY_SANITIZED
  QTest::newRow("memory") << &eat_memory << Kind::OutOfMemory << "more memory";
  QTest::newRow("stack") << &fill_stack << Kind::Crashed << "Segmentation fault";
#endif
}

void IsolatedJobsTest::badJobsEndAlone() {
  QFETCH(Job, job);
  QFETCH(Kind, kind);
  QFETCH(QString, message);
  constexpr std::size_t count = 7;
  std::map<std::size_t, JobEnd> ends;
  IsolationLimits limits;
  limits.timeout_s = kind == Kind::TimedOut ? 1 : 60;
  limits.memory_bytes = std::int64_t{512} << 20;
  run_isolated(
      count, [&](std::size_t index) { return index % 3 == 1 ? job() : "done " + std::to_string(index); },
      [&](std::size_t index, const JobEnd& end) { QVERIFY(ends.emplace(index, end).second); }, limits);
  QCOMPARE(ends.size(), count);
  for (const auto& [index, end] : ends) {
    if (index % 3 == 1) {
      QCOMPARE(end.kind, kind);
      QVERIFY2(QString::fromStdString(end.result).contains(message), end.result.c_str());
    } else {
      QCOMPARE(end.kind, Kind::Done);
      QCOMPARE(end.result, "done " + std::to_string(index));
    }
  }
}

QTEST_GUILESS_MAIN(IsolatedJobsTest)
#include "isolated_jobs_test.moc"
