#include <QDir>
#include <QImage>
#include <QLabel>
#include <QPushButton>
#include <QScopeGuard>
#include <QSemaphore>
#include <QTabBar>
#include <tuple>

#include "tests/ui/window_fixture.h"
#include "ui/shell/document_page.h"
#include "ui/shell/header.h"
#include "ui/shell/panel_dock.h"
#include "ui/shell/recent_files.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

void write(const QString& path, const QByteArray& bytes) {
  QFile file(path);
  QVERIFY(file.open(QIODevice::WriteOnly));
  file.write(bytes);
}

QByteArray bytesOf(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

ModelPointer withWeight() {
  return test::ModelBuilder()
      .input("x", DataType::Float32, {1, 300})
      .initializer("w", Tensor::of<float>({300, 10}, std::vector<float>(3000, 0.5f)))
      .add(test::node("MatMul", {"x", "w"}, {"y"}))
      .output("y")
      .build();
}

}  // namespace

/// What goes wrong, and that the window says so at its place and goes on.
class FailuresTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { fixture_ = std::make_unique<WindowFixture>(); }
  void cleanup() { fixture_.reset(); }

  void saysWhyAFileCannotBeOpened_data() {
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("said");
    QTest::newRow("not there") << "missing"
                               << "no such file";
    QTest::newRow("empty") << "empty"
                           << "empty";
    QTest::newRow("cut") << "cut"
                         << "cut";
    QTest::newRow("a JPEG") << "jpeg"
                            << "bad.onnx";
    QTest::newRow("text") << "text"
                          << "bad.onnx";
    QTest::newRow("a folder") << "folder"
                              << "bad.onnx";
    QTest::newRow("without its external data") << "external"
                                               << "bad.onnx.data";
  }
  void saysWhyAFileCannotBeOpened() {
    QFETCH(QString, what);
    QFETCH(QString, said);
    const QString path = fixture_->path(QStringLiteral("bad.onnx"));
    make(what, path);
    Document* document = fixture_->open(path);
    QCOMPARE(document->state(), Document::State::Failed);
    QVERIFY2(shownText().contains(said), qPrintable(shownText()));
    QVERIFY(shownText().contains(QStringLiteral("bad.onnx cannot be opened")));
    QVERIFY(!RecentFiles::paths().contains(path));
    QVERIFY(!fixture_->window->left()->isVisible());
    fixture_->press(Qt::Key_R, Qt::ControlModifier);
    QVERIFY(!document->isRunning());
  }

  void showsTheWholeMessage() {
    const QString path = fixture_->path(QStringLiteral("a-rather-long-name-for-a-file-") +
                                        QString(60, QLatin1Char('x')) + QStringLiteral(".onnx"));
    write(path, "this is no model");
    fixture_->open(path);
    for (const QLabel* label : fixture_->window->page()->findChildren<QLabel*>())
      if (label->isVisible() && label->wordWrap())
        QVERIFY2(label->height() >= label->heightForWidth(label->width()), qPrintable(label->text()));
  }

  void opensOnceTheFileIsWhole() {
    const QString path = fixture_->path(QStringLiteral("bad.onnx"));
    make(QStringLiteral("cut"), path);
    Document* document = fixture_->open(path);
    QCOMPARE(document->state(), Document::State::Failed);
    save_model(*withWeight(), path.toStdString());
    button(QStringLiteral("Try again"))->click();
    QTRY_COMPARE(document->state(), Document::State::Ready);
    QTRY_VERIFY(fixture_->window->left()->isVisible());
  }

  void offersToOpenAgainWhatWasCancelled() {
    const QString path = fixture_->save(withWeight());
    Document* document = fixture_->window->openFiles({path});
    document->cancelOpening();
    QVERIFY2(shownText().contains(QStringLiteral("Opening model.onnx was cancelled")),
             qPrintable(shownText()));
    QVERIFY(!fixture_->window->left()->isVisible());
    button(QStringLiteral("Open again"))->click();
    QTRY_COMPARE(document->state(), Document::State::Ready);
    QTRY_VERIFY(document->layout());
    QVERIFY(fixture_->window->left()->isVisible());
  }

  void showsHowFarOpeningIsAndEndsIt() {
    // Nothing tells a job that waits for its thread from one that takes long.
    QSemaphore through;
    const auto atTheEnd = qScopeGuard([this, &through] {
      through.release(4);
      std::ignore = QTest::qWaitFor([this] { return !fixture_->window->jobs()->firstRunning(); }, 20'000);
    });
    for (int i = 0; i < 4; ++i)
      fixture_->window->jobs()->start(
          fixture_->window.get(), QString::number(i), QStringLiteral("busy"),
          [&through](const JobControl&) {
            through.acquire();
            return true;
          },
          [](bool) {});
    Document* document = fixture_->window->openFiles({fixture_->save(withWeight())});
    const auto* progress = fixture_->window->page()->findChild<QWidget*>(QStringLiteral("waitingProgress"));
    QVERIFY(!progress->isVisible());
    QTRY_VERIFY(progress->isVisible());
    QTest::mouseClick(progress->findChild<QPushButton*>(), Qt::LeftButton);
    QCOMPARE(document->state(), Document::State::Cancelled);
    QVERIFY(!progress->isVisible());
  }

  void savesThePictureOfTheWholeGraph_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("begin");
    QTest::newRow("svg") << "graph.svg" << QByteArray("<svg");
    QTest::newRow("png") << "graph.png" << QByteArray("\x89PNG");
    QTest::newRow("pdf") << "graph.pdf" << QByteArray("%PDF");
  }
  void savesThePictureOfTheWholeGraph() {
    QFETCH(QString, name);
    QFETCH(QByteArray, begin);
    fixture_->open(fixture_->save(withWeight()));
    fixture_->window->savePicture(fixture_->path(name));
    QTRY_VERIFY(!fixture_->window->jobs()->firstRunning());
    QVERIFY(bytesOf(fixture_->path(name)).startsWith(begin));
    QVERIFY(!fixture_->window->bottom()->isVisible());
  }

  void saysWhyAPictureCannotBeSaved() {
    fixture_->open(fixture_->save(withWeight()));
    fixture_->window->savePicture(fixture_->path(QStringLiteral("no/such/folder/graph.svg")));
    QTRY_VERIFY(fixture_->window->bottom()->isVisible());
    QCOMPARE(fixture_->window->bottom()->currentPage(), static_cast<int>(MainWindow::JobsPage));
    const JobList* jobs = fixture_->window->jobs();
    bool said = false;
    for (int row = 0; row < jobs->rowCount(); ++row)
      said |= jobs->jobAt(row)->title().contains(QStringLiteral("graph.svg")) && jobs->jobAt(row)->error();
    QVERIFY(said);
  }

  void closesWhatCannotBeOpened() {
    const QString path = fixture_->path(QStringLiteral("bad.onnx"));
    make(QStringLiteral("text"), path);
    fixture_->open(path);
    QTest::mouseClick(button(QStringLiteral("Close tab")), Qt::LeftButton);
    QTRY_VERIFY(!fixture_->window->document());
  }

  void keepsTheOtherModelWhereOneFails() {
    Document* good = fixture_->open(fixture_->save(oneRelu()));
    const QString path = fixture_->path(QStringLiteral("bad.onnx"));
    make(QStringLiteral("jpeg"), path);
    fixture_->open(path);
    fixture_->window->header()->tabs()->setCurrentIndex(0);
    QCOMPARE(fixture_->window->document(), good);
    fixture_->press(Qt::Key_R, Qt::ControlModifier);
    QTRY_VERIFY(good->result());
  }

  void stopsInTheMiddleOfARun() {
    Document* document = fixture_->open(fixture_->save(endless()));
    fixture_->press(Qt::Key_R, Qt::ControlModifier);
    QTRY_VERIFY(document->isRunning());
    QTest::qWait(50);
    fixture_->press(Qt::Key_Period, Qt::ControlModifier);
    QTRY_VERIFY(!document->isRunning());
    QVERIFY(!document->result());
    QVERIFY(!document->runError());
  }

  void runsTwoModelsAtOnce() {
    Document* slow = fixture_->open(fixture_->save(endless(), QStringLiteral("slow.onnx")));
    slow->run();
    Document* quick = fixture_->open(fixture_->save(oneRelu(), QStringLiteral("quick.onnx")));
    quick->run();
    QTRY_VERIFY(quick->result());
    QVERIFY(slow->isRunning());
    slow->cancelRun();
    QTRY_VERIFY(!slow->isRunning());
  }

  void startsOneRunAtATime() {
    Document* document = fixture_->open(fixture_->save(endless()));
    Job* first = document->run();
    Job* second = document->run();
    QTRY_COMPARE(first->state(), Job::State::Cancelled);
    QVERIFY(second->isRunning());
    document->cancelRun();
    QTRY_VERIFY(!second->isRunning());
  }

  void closesATabWhoseModelRuns() {
    fixture_->open(fixture_->save(endless()))->run();
    fixture_->press(Qt::Key_W, Qt::ControlModifier);
    QVERIFY(!fixture_->window->document());
    QTRY_VERIFY(!fixture_->window->jobs()->firstRunning());
  }

  void closesTheWindowWhileAModelRuns() {
    fixture_->open(fixture_->save(endless()))->run();
    QVERIFY(fixture_->window->jobs()->firstRunning());
    fixture_->restart();
    QVERIFY(!fixture_->window->document());
  }

  void closesWhileAModelOpens() {
    fixture_->window->openFiles({fixture_->save(withWeight())});
    fixture_->restart();
    QVERIFY(fixture_->window->isVisible());
  }

 private:
  void make(const QString& what, const QString& path) {
    if (what == QStringLiteral("empty")) write(path, {});
    if (what == QStringLiteral("text")) write(path, "this is no model");
    if (what == QStringLiteral("folder")) QDir().mkpath(path);
    if (what == QStringLiteral("jpeg")) {
      QImage picture(64, 64, QImage::Format_RGB888);
      picture.fill(Qt::gray);
      QVERIFY(picture.save(path, "JPG"));
    }
    if (what == QStringLiteral("cut")) {
      save_model(*withWeight(), path.toStdString());
      write(path, bytesOf(path).left(6000));
    }
    if (what == QStringLiteral("external")) {
      SaveOptions options;
      options.weights = WeightPlacement::OneFile;
      options.external_threshold_bytes = 0;
      save_model(*withWeight(), path.toStdString(), options);
      QVERIFY(QFile::remove(fixture_->path(QStringLiteral("bad.onnx.data"))));
    }
  }
  QString shownText() const {
    QStringList lines;
    for (const QLabel* label : fixture_->window->page()->findChildren<QLabel*>())
      if (label->isVisible()) lines += label->text();
    return lines.join(QLatin1Char('\n'));
  }
  QPushButton* button(const QString& text) const {
    for (QPushButton* one : fixture_->window->page()->findChildren<QPushButton*>())
      if (one->text() == text) return one;
    return nullptr;
  }

  std::unique_ptr<WindowFixture> fixture_;
};

QTEST_MAIN(FailuresTest)
#include "failures_test.moc"
