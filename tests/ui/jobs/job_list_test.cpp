#include "ui/jobs/job_list.h"

#include <QAbstractItemModelTester>
#include <QSemaphore>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

using namespace lapidary;
using namespace lapidary::ui;

class JobListTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void deliversTheResultOnTheThreadOfTheList() {
    JobList jobs;
    QAbstractItemModelTester tester(&jobs);
    int got = 0;
    QThread* where = nullptr;
    const QThread* worked = nullptr;
    Job* job = jobs.start(
        this, QStringLiteral("a"), QStringLiteral("Answer"),
        [&worked](const JobControl&) {
          worked = QThread::currentThread();
          return 42;
        },
        [&](int result) { got = result, where = QThread::currentThread(); });
    QSignalSpy finished(job, &Job::finished);
    QVERIFY(finished.wait(5000));
    QCOMPARE(got, 42);
    QCOMPARE(where, QThread::currentThread());
    QVERIFY(worked != where);
    QCOMPARE(job->state(), Job::State::Done);
    QVERIFY(!jobs.running(this, QStringLiteral("a")));
  }

  void dropsTheResultOfAnOlderJobOfTheSameChannel() {
    JobList jobs;
    QSemaphore hold;
    QList<int> results;
    Job* older = jobs.start(
        this, QStringLiteral("a"), QStringLiteral("Older"),
        [&hold](const JobControl&) {
          hold.acquire();
          return 1;
        },
        [&](int result) { results += result; });
    Job* newer = jobs.start(
        this, QStringLiteral("a"), QStringLiteral("Newer"), [](const JobControl&) { return 2; },
        [&](int result) { results += result; });
    QTRY_COMPARE(newer->state(), Job::State::Done);
    hold.release();
    QTRY_COMPARE(older->state(), Job::State::Cancelled);
    QCOMPARE(results, QList<int>{2});
  }

  void dropsResultsForWhoIsGone() {
    JobList jobs;
    QSemaphore hold;
    bool delivered = false;
    auto context = std::make_unique<QObject>();
    Job* job = jobs.start(
        context.get(), QStringLiteral("a"), QStringLiteral("Late"),
        [&hold](const JobControl&) {
          hold.acquire();
          return 1;
        },
        [&](int) { delivered = true; });
    context.reset();
    hold.release();
    QTRY_VERIFY(!job->isRunning());
    QVERIFY(!delivered);
  }

  void keepsTheErrorAndTellsWhereItWasStarted() {
    JobList jobs;
    std::string told;
    Job* job = jobs.start(
        this, QStringLiteral("a"), QStringLiteral("Fails"),
        [](const JobControl&) -> int { throw Error("no such file").file("a.onnx"); }, [](int) {},
        [&](const Error& error) { told = error.file(); });
    QTRY_COMPARE(job->state(), Job::State::Failed);
    QCOMPARE(told, std::string("a.onnx"));
    QVERIFY(jobs.data(jobs.index(0), JobList::ErrorRole).toString().contains(QStringLiteral("no such file")));
  }

  void cancelsBetweenSteps() {
    JobList jobs;
    bool delivered = false;
    Job* job = jobs.start(
        this, QStringLiteral("a"), QStringLiteral("Endless"),
        [](const JobControl& control) -> int {
          for (;;) {
            control.check();
            control.setProgress(0.5);
            QThread::msleep(1);
          }
        },
        [&](int) { delivered = true; });
    QTRY_COMPARE(job->progress(), 0.5);
    job->cancel();
    QTRY_COMPARE(job->state(), Job::State::Cancelled);
    QVERIFY(!delivered);
  }

  void forgetsEndedJobsWhenAsked() {
    JobList jobs;
    Job* job = jobs.start(
        this, QStringLiteral("a"), QStringLiteral("Quick"), [](const JobControl&) { return 0; }, [](int) {});
    QTRY_VERIFY(!job->isRunning());
    QCOMPARE(jobs.rowCount(), 1);
    jobs.clearEnded();
    QCOMPARE(jobs.rowCount(), 0);
  }
};

QTEST_GUILESS_MAIN(JobListTest)
#include "job_list_test.moc"
