#include <QDropEvent>
#include <QLabel>
#include <QListView>
#include <QMimeData>
#include <QPushButton>
#include <QTabBar>
#include <QToolButton>

#include "engine/io/tensor_file.h"
#include "tests/ui/window_fixture.h"
#include "ui/shell/header.h"
#include "ui/shell/panel_dock.h"
#include "ui/shell/recent_files.h"
#include "ui/shell/start_page.h"

using namespace lapidary;
using namespace lapidary::ui;

/// How files come into the window: the start page, recent files, tabs, drag and drop.
class FilesTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { fixture_ = std::make_unique<WindowFixture>(); }
  void cleanup() { fixture_.reset(); }

  void leadsFromNothingToTheSampleAndToOpening() {
    auto* start = window().findChild<StartPage*>();
    QVERIFY(start->isVisible());
    QVERIFY(!recent()->isVisible());
    QStringList buttons;
    for (const QPushButton* button : start->findChildren<QPushButton*>()) {
      buttons += button->text();
      QVERIFY(button->focusPolicy() & Qt::TabFocus);
    }
    QCOMPARE(buttons, (QStringList{"Open model…", "Open the sample"}));
  }

  void listsWhatWasOpenWithItsPicture() {
    const QString first = fixture_->save(oneRelu(), QStringLiteral("first.onnx"));
    const QString second = fixture_->save(oneRelu(), QStringLiteral("second.onnx"));
    for (const QString& path : {first, second}) {
      fixture_->open(path);
      QTRY_VERIFY(!RecentFiles::thumbnail(path).isNull());
    }
    window().closeTab(0);
    fixture_->restart();
    QVERIFY(recent()->isVisible());
    const QAbstractItemModel* files = recent()->model();
    QCOMPARE(files->rowCount(), 2);
    QCOMPARE(files->index(0, 0).data().toString(), QStringLiteral("second.onnx"));
    for (const QString& path : {first, second}) {
      const QImage picture = RecentFiles::thumbnail(path);
      QVERIFY2(!picture.isNull(), qPrintable(path));
      bool isDrawn = false;
      for (int y = 0; y < picture.height() && !isDrawn; ++y)
        for (int x = 0; x < picture.width() && !isDrawn; ++x)
          isDrawn = picture.pixel(x, y) != picture.pixel(0, 0);
      QVERIFY(isDrawn);
    }
  }

  void opensARecentFileByKeyAndByMouse() {
    const QString path = fixture_->save(oneRelu());
    for (const bool byKey : {true, false}) {
      fixture_->open(path);
      fixture_->restart();
      QTRY_VERIFY(recent()->isVisible());
      if (byKey) {
        recent()->setFocus();
        recent()->setCurrentIndex(recent()->model()->index(0, 0));
        QTest::keyClick(recent(), Qt::Key_Return);
      } else {
        QTest::mouseClick(recent()->viewport(), Qt::LeftButton, {},
                          recent()->visualRect(recent()->model()->index(0, 0)).center());
      }
      QVERIFY(window().document());
      QCOMPARE(window().document()->path(), path);
    }
  }

  void forgetsARecentFileWhenAsked() {
    fixture_->open(fixture_->save(oneRelu()));
    fixture_->restart();
    recent()->setFocus();
    recent()->setCurrentIndex(recent()->model()->index(0, 0));
    QTest::keyClick(recent(), Qt::Key_Delete);
    QVERIFY(RecentFiles::paths().isEmpty());
    QVERIFY(!recent()->isVisible());
  }

  void leavesOutFilesThatAreGone() {
    const QString path = fixture_->save(oneRelu());
    fixture_->open(path);
    fixture_->window->closeTab(0);
    QVERIFY(QFile::remove(path));
    fixture_->restart();
    QVERIFY(!recent()->isVisible());
  }

  void keepsABoundedNumberOfRecentFiles() {
    for (int i = 0; i < 30; ++i) RecentFiles::add(fixture_->path(QStringLiteral("%1.onnx").arg(i)));
    QCOMPARE(RecentFiles::paths().size(), 12);
    QVERIFY(RecentFiles::paths().front().endsWith(QStringLiteral("29.onnx")));
  }

  void walksTabsByKeyAndMovesThem() {
    QStringList paths;
    for (const char* name : {"a.onnx", "b.onnx", "c.onnx"}) {
      paths += fixture_->save(oneRelu(), QString::fromLatin1(name));
      fixture_->open(paths.back());
    }
    fixture_->press(Qt::Key_Tab, Qt::ControlModifier);
    QCOMPARE(window().document()->path(), paths[0]);
    fixture_->command(QStringLiteral("Previous Tab"))->trigger();
    QCOMPARE(window().document()->path(), paths[2]);
    window().header()->tabs()->moveTab(2, 0);
    QCOMPARE(window().document()->path(), paths[2]);
    window().header()->tabs()->setCurrentIndex(1);
    QCOMPARE(window().document()->path(), paths[0]);
    fixture_->press(Qt::Key_W, Qt::ControlModifier);
    QCOMPARE(window().header()->tabs()->count(), 2);
    QVERIFY(window().document()->path() != paths[0]);
  }

  void keepsTheSelectionOfEachTab() {
    Document* a = fixture_->open(fixture_->save(oneRelu(), QStringLiteral("a.onnx")));
    a->selection()->select(Element::node(0));
    fixture_->open(fixture_->save(oneRelu(), QStringLiteral("b.onnx")));
    QVERIFY(window().document()->selection()->isEmpty());
    window().header()->tabs()->setCurrentIndex(0);
    QCOMPARE(*window().document()->selection()->current(), Element::node(0));
  }

  void opensModelsThatAreDropped() {
    const QString a = fixture_->save(oneRelu(), QStringLiteral("a.onnx"));
    const QString b = fixture_->save(oneRelu(), QStringLiteral("b.onnx"));
    drop({a, b});
    QCOMPARE(window().header()->tabs()->count(), 2);
    QTRY_COMPARE(window().document()->state(), Document::State::Ready);
  }

  void givesDroppedTensorsToTheModelThatIsOpen() {
    Document* document = fixture_->open(fixture_->save(oneRelu()));
    const QString data = fixture_->path(QStringLiteral("x.npy"));
    write_datum(data.toStdString(), "x", Tensor::of<float>({1, 4}, {-1, 2, -3, 4}));
    drop({data});
    QCOMPARE(window().header()->tabs()->count(), 1);
    QCOMPARE(window().right()->currentPage(), int(MainWindow::RunPage));
    fixture_->press(Qt::Key_R, Qt::ControlModifier);
    QTRY_VERIFY(document->result());
    QVERIFY(identical(document->result()->outputs.front().second.tensor(),
                      Tensor::of<float>({1, 4}, {0, 2, 0, 4})));
  }

  void takesNothingElseThatIsDropped() {
    QMimeData text;
    text.setText(QStringLiteral("hello"));
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &text, Qt::LeftButton, Qt::NoModifier);
    enter.ignore();
    QApplication::sendEvent(&window(), &enter);
    QVERIFY(!enter.isAccepted());
  }

 private:
  MainWindow& window() const { return *fixture_->window; }
  QListView* recent() const { return window().findChild<StartPage*>()->findChild<QListView*>(); }
  void drop(const QStringList& paths) {
    QMimeData data;
    QList<QUrl> urls;
    for (const QString& path : paths) urls += QUrl::fromLocalFile(path);
    data.setUrls(urls);
    QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent event(QPointF(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window(), &event);
  }

  std::unique_ptr<WindowFixture> fixture_;
};

QTEST_MAIN(FilesTest)
#include "files_test.moc"
