#include "ui/shell/jobs_panel.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QListView>
#include <QSemaphore>
#include <QTest>
#include <QThread>

#include "ui/document/theme.h"
#include "ui/jobs/job_list.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

/// Runs until it is cancelled.
int endless(const JobControl& control) {
  for (;;) {
    control.check();
    control.setProgress(0.25);
    QThread::msleep(1);
  }
}

}  // namespace

class JobsPanelTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    jobs_ = std::make_unique<JobList>();
    panel_ = std::make_unique<JobsPanel>(&theme_, jobs_.get());
    panel_->resize(800, 300);
    panel_->show();
    QVERIFY(QTest::qWaitForWindowExposed(panel_.get()));
  }
  void cleanup() {
    panel_.reset();
    jobs_.reset();
  }

  void saysWhatBelongsHereWhileThereIsNothing() {
    QVERIFY(!list()->isVisible());
    QVERIFY(panel_->findChild<QLabel*>()->isVisible());
    start();
    QVERIFY(list()->isVisible());
    QVERIFY(!panel_->findChild<QLabel*>()->isVisible());
  }

  void showsHowFarAJobIs() {
    Job* job = start();
    QTRY_COMPARE(job->progress(), 0.25);
    const QModelIndex row = jobs_->index(0);
    QCOMPARE(row.data(JobList::TitleRole).toString(), QStringLiteral("Endless"));
    QCOMPARE(row.data(JobList::ProgressRole).toDouble(), 0.25);
    QVERIFY(row.data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("25")));
  }

  void cancelsWithTheCross() {
    Job* job = start();
    const QRect row = list()->visualRect(jobs_->index(0));
    QTest::mouseClick(list()->viewport(), Qt::LeftButton, {}, {row.right() - 28, row.top() + 14});
    QTRY_COMPARE(job->state(), Job::State::Cancelled);
  }

  void cancelsTheChosenOneByKey() {
    Job* kept = start("kept");
    Job* ended = start("ended");
    list()->setFocus();
    list()->setCurrentIndex(jobs_->index(0));
    QTest::keyClick(list(), Qt::Key_Delete);
    QTRY_COMPARE(ended->state(), Job::State::Cancelled);
    QVERIFY(kept->isRunning());
  }

  void doesNothingOnAClickBesideTheCross() {
    Job* job = start();
    const QRect row = list()->visualRect(jobs_->index(0));
    QTest::mouseClick(list()->viewport(), Qt::LeftButton, {}, {row.left() + 40, row.top() + 14});
    QTest::qWait(20);
    QVERIFY(job->isRunning());
  }

  void showsAndCopiesTheErrorOfAJob() {
    Job* job = jobs_->start(
        this, QStringLiteral("a"), QStringLiteral("Fails"),
        [](const JobControl&) -> int { throw Error("no such file").file("a.onnx"); }, [](int) {});
    QTRY_COMPARE(job->state(), Job::State::Failed);
    const QModelIndex row = jobs_->index(0);
    QVERIFY(list()->visualRect(row).height() > 40);
    QVERIFY(row.data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("no such file")));
    list()->setFocus();
    list()->setCurrentIndex(row);
    QTest::keySequence(list(), QKeySequence::Copy);
    QVERIFY(QGuiApplication::clipboard()->text().contains(QStringLiteral("no such file")));
  }

  void forgetsWhatEnded() {
    Job* job = start();
    job->cancel();
    QTRY_VERIFY(!job->isRunning());
    list()->setFocus();
    list()->setCurrentIndex(jobs_->index(0));
    QTest::keyClick(list(), Qt::Key_Delete);
    QCOMPARE(jobs_->rowCount(), 0);
  }

 private:
  Job* start(const char* channel = "a") {
    return jobs_->start(this, QString::fromLatin1(channel), QStringLiteral("Endless"), endless, [](int) {});
  }
  QListView* list() const { return panel_->findChild<QListView*>(); }

  Theme theme_;
  std::unique_ptr<JobList> jobs_;
  std::unique_ptr<JobsPanel> panel_;
};

QTEST_MAIN(JobsPanelTest)
#include "jobs_panel_test.moc"
