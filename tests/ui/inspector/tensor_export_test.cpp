#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTabBar>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QToolButton>

#include "tests/support/tensors.h"
#include "ui/inspector/tensor_charts.h"
#include "ui/inspector/tensor_view.h"

using namespace lapidary;
using namespace lapidary::ui;

class TensorExportTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    jobs_ = std::make_unique<JobList>();
    view_ = std::make_unique<TensorView>(&theme_, jobs_.get());
    view_->resize(420, 480);
    view_->show();
    QVERIFY(QTest::qWaitForWindowExposed(view_.get()));
    view_->setData({{"scores", numbers_}, {"other", Tensor::of<std::int64_t>({2}, {7, 8})}});
  }
  void cleanup() {
    view_.reset();
    jobs_.reset();
  }

  void writesFilesThatReadBackTheSame_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"t.npy", "t.npz", "t.pb", "t.json"})
      QTest::newRow(name) << QString::fromLatin1(name);
  }
  void writesFilesThatReadBackTheSame() {
    QFETCH(QString, name);
    const QString path = folder_->filePath(name);
    exportTo(path);
    if (name.endsWith(QStringLiteral("npz"))) {
      const NamedData data = read_data(path.toStdString(), {{"scores", {}}});
      QCOMPARE(data.size(), std::size_t{1});
      QCOMPARE(data.front().first, std::string("scores"));
      COMPARE_TENSORS(data.front().second.tensor(), numbers_);
    } else {
      COMPARE_TENSORS(read_datum(path.toStdString()).tensor(), numbers_);
    }
  }

  void writesRowsOfCommas() {
    const QString path = folder_->filePath(QStringLiteral("t.csv"));
    exportTo(path);
    QCOMPARE(contentOf(path), QByteArray("1,-2.5\n3,4\n5,6\n"));
  }

  void writesNumbersInFullAndTextsInQuotes() {
    const QString path = folder_->filePath(QStringLiteral("t.csv"));
    view_->setData({{"scores", Tensor::of<float>({2}, {0.1f, 16777217.0f / 3})}});
    exportTo(path);
    QCOMPARE(contentOf(path), QByteArray("0.1,5592405.5\n"));
    view_->setData({{"words", Tensor::of_strings({3}, {"plain", "a, b", "say \"x\""})}});
    exportTo(path);
    QCOMPARE(contentOf(path), QByteArray("plain,\"a, b\",\"say \"\"x\"\"\"\n"));
  }

  void leavesTheOldFileWhereAnExportIsStopped() {
    const QString path = folder_->filePath(QStringLiteral("t.csv"));
    exportTo(path);
    const QByteArray before = contentOf(path);
    view_->setData({{"large", Tensor::of<float>({1'000'000}, std::vector<float>(1'000'000, 0.5f))}});
    QTRY_VERIFY(!jobs_->firstRunning());
    view_->exportTo(path);
    Job* job = jobs_->firstRunning();
    QTRY_VERIFY(job->progress() > 0);
    job->cancel();
    QTRY_VERIFY(!jobs_->firstRunning());
    QCOMPARE(jobs_->jobAt(0)->state(), Job::State::Cancelled);
    QCOMPARE(contentOf(path), before);
    QCOMPARE(QDir(folder_->path()).entryList(QDir::Files).size(), 1);
  }

  void offersToReadAgainWhereReadingWasStopped() {
    QTRY_VERIFY(!jobs_->firstRunning());
    view_->setData({{"large", Tensor::of<float>({1'000'000}, std::vector<float>(1'000'000, 0.5f))}});
    jobs_->firstRunning()->cancel();
    auto* again = view_->findChild<QPushButton*>();
    QTRY_VERIFY(again->isVisible());
    QVERIFY(isSaid(QStringLiteral("stopped")));
    again->click();
    QVERIFY(!again->isVisible());
    QTRY_VERIFY(view_->findChild<HistogramView*>()->isVisible());
  }

  void saysWhatACopyLeavesOut() {
    view_->setData({{"large", Tensor::of<float>({1001, 1000}, std::vector<float>(1'001'000, 1.0f))}});
    showPage(1);
    button(QStringLiteral("Copy what is shown"))->click();
    QCOMPARE(QGuiApplication::clipboard()->text().count(QLatin1Char('\n')), 1000);
    QVERIFY(isSaid(QStringLiteral("1,000 of 1,001 rows")));
  }

  void showsAllChannelsOfAnImageWhateverTheirBoxSays() {
    view_->setData({{"image", Tensor::of<float>({2, 3, 8, 8}, std::vector<float>(384, 0.5f))}});
    QTRY_VERIFY(!jobs_->firstRunning());
    const QList<QSpinBox*> boxes = view_->findChildren<QSpinBox*>();
    QCOMPARE(boxes.size(), 2);
    QVERIFY(boxes[1]->isEnabled());
    showPage(2);
    QVERIFY(boxes[0]->isEnabled());
    QVERIFY(!boxes[1]->isEnabled());
    showPage(1);
    QVERIFY(boxes[1]->isEnabled());
  }

  void writesTheTensorThatIsChosen() {
    view_->findChild<QComboBox*>()->setCurrentIndex(1);
    const QString path = folder_->filePath(QStringLiteral("t.npy"));
    exportTo(path);
    COMPARE_TENSORS(read_datum(path.toStdString()).tensor(), Tensor::of<std::int64_t>({2}, {7, 8}));
  }

  void asksWhereToWrite() {
    const QString path = folder_->filePath(QStringLiteral("asked.npy"));
    QTimer::singleShot(0, this, [&] {
      auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
      QVERIFY(dialog);
      dialog->findChild<QLineEdit*>()->setText(path);
      QTest::keyClick(dialog->findChild<QLineEdit*>(), Qt::Key_Return);
    });
    button(QStringLiteral("Export as npy, npz or CSV"))->click();
    QTRY_VERIFY(QFileInfo::exists(path));
  }

  void saysWhyItCannotWrite() {
    view_->exportTo(folder_->filePath(QStringLiteral("no/such/folder/t.npy")));
    const auto isSaid = [this] {
      for (const QLabel* label : view_->findChildren<QLabel*>())
        if (label->isVisible() && label->property("role") == QStringLiteral("problem")) return true;
      return false;
    };
    QTRY_VERIFY(isSaid());
  }

  void copiesAllOrWhatIsSelected() {
    showPage(1);
    button(QStringLiteral("Copy what is shown"))->click();
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("1\t-2.5\n3\t4\n5\t6\n"));
    view_->table()->setFocus();
    view_->table()->selectRow(1);
    QTest::keySequence(view_->table(), QKeySequence::Copy);
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("3\t4\n"));
  }

  void copiesThePictureWhereOneIsShown() {
    showPage(2);
    QTRY_VERIFY(!jobs_->firstRunning());
    QGuiApplication::clipboard()->clear();
    button(QStringLiteral("Copy what is shown"))->click();
    QVERIFY(!QGuiApplication::clipboard()->image().isNull());
  }

  void copiesTheHistogramAsPictureAndAsBins() {
    QTRY_VERIFY(!jobs_->firstRunning());
    auto* histogram = view_->findChild<HistogramView*>();
    histogram->setFocus();
    QTest::keySequence(histogram, QKeySequence::Copy);
    QVERIFY(!QGuiApplication::clipboard()->image().isNull());
    QVERIFY(QGuiApplication::clipboard()->text().startsWith(QStringLiteral("from\tto\tcount\n-2.5\t")));
  }

  void fitsANarrowPanel() {
    view_->setData({{"weights", Tensor::of<float>({64, 3, 2, 2}, std::vector<float>(768, 1.0f))}});
    QVERIFY2(view_->minimumSizeHint().width() <= 264,
             qPrintable(QString::number(view_->minimumSizeHint().width())));
  }

  void namesTheTensorThatStandsAlone() {
    view_->setData({{"logits", numbers_}});
    bool isNamed = false;
    for (const QLabel* label : view_->findChildren<QLabel*>())
      isNamed = isNamed || (label->isVisible() && label->text().contains(QStringLiteral("logits")));
    QVERIFY(isNamed);
  }

 private:
  void exportTo(const QString& path) {
    view_->exportTo(path);
    QTRY_VERIFY(!jobs_->firstRunning());
    QVERIFY2(QFileInfo::exists(path), qPrintable(path));
  }
  static QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
  }
  bool isSaid(const QString& words) const {
    for (const QLabel* label : view_->findChildren<QLabel*>())
      if (label->isVisible() && label->text().contains(words)) return true;
    return false;
  }
  QToolButton* button(const QString& name) const {
    for (QToolButton* one : view_->findChildren<QToolButton*>())
      if (one->accessibleName() == name) return one;
    return nullptr;
  }
  void showPage(int page) { view_->findChild<QTabBar*>()->setCurrentIndex(page); }

  const Tensor numbers_ = Tensor::of<float>({3, 2}, {1, -2.5f, 3, 4, 5, 6});
  Theme theme_;
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<JobList> jobs_;
  std::unique_ptr<TensorView> view_;
};

QTEST_MAIN(TensorExportTest)
#include "tensor_export_test.moc"
