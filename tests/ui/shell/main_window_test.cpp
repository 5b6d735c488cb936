#include "ui/shell/main_window.h"

#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSpinBox>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>

#include "engine/io/model_file.h"
#include "tests/support/model_builder.h"
#include "tests/support/source_folder.h"
#include "ui/inspector/description_view.h"
#include "ui/inspector/inspector.h"
#include "ui/inspector/outputs_panel.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/commands.h"
#include "ui/shell/document_page.h"
#include "ui/shell/find_box.h"
#include "ui/shell/header.h"
#include "ui/shell/outline_panel.h"
#include "ui/shell/panel_dock.h"
#include "ui/shell/recent_files.h"
#include "ui/timeline/timeline.h"

using namespace lapidary;
using namespace lapidary::ui;

namespace {

ModelPointer small() {
  test::ModelBuilder builder;
  builder.input("x", DataType::Float32, {Dimension::symbol("N"), 4});
  std::string input = "x";
  const std::pair<const char*, const char*> nodes[] = {
      {"/first/Relu", "Relu"}, {"/first/Abs", "Abs"}, {"/second/Neg", "Neg"}, {"/second/Sigmoid", "Sigmoid"}};
  for (const auto& [name, type] : nodes) {
    Node node = test::node(type, {input}, {std::string(type) + "_out"});
    node.name = name;
    input = node.outputs.front();
    builder.add(node);
  }
  return builder.output(input).build();
}

}  // namespace

class MainWindowTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    qputenv("XDG_CONFIG_HOME", folder_.filePath(QStringLiteral("config")).toUtf8());
    qputenv("XDG_CACHE_HOME", folder_.filePath(QStringLiteral("cache")).toUtf8());
    QCoreApplication::setOrganizationName(QStringLiteral("lapidary-test"));
    path_ = folder_.filePath(QStringLiteral("small.onnx"));
    save_model(*small(), path_.toStdString());
  }

  void init() {
    window_ = std::make_unique<MainWindow>(&theme_);
    window_->show();
    QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
  }
  void cleanup() { window_.reset(); }

  void opensAModelAndShowsItInEveryPanel() {
    Document* document = window_->openFiles({path_});
    QCOMPARE(document->state(), Document::State::Loading);
    QTRY_COMPARE(document->state(), Document::State::Ready);
    QTRY_VERIFY(document->layout());
    QTRY_VERIFY(document->cost());
    auto* outline = window_->left()->findChild<OutlinePanel*>();
    QVERIFY(outline);
    QCOMPARE(outline->model()->rowCount(outline->model()->index(0, 0)), 2);
    auto* inspector = window_->right()->findChild<DescriptionView*>();
    QCOMPARE(inspector->description().title, QStringLiteral("small.onnx"));
    QVERIFY(RecentFiles::paths().contains(path_));
  }

  void opensAFileOnceAndAnotherInATabOfItsOwn() {
    const QString copy = folder_.filePath(QStringLiteral("copy.onnx"));
    QFile::copy(path_, copy);
    Document* first = window_->openFiles({path_});
    window_->openFiles({copy});
    QCOMPARE(window_->header()->tabs()->count(), 2);
    QCOMPARE(window_->openFiles({path_}), first);
    QCOMPARE(window_->header()->tabs()->count(), 2);
    window_->closeTab(0);
    QCOMPARE(window_->document()->path(), copy);
    window_->closeTab(0);
    QVERIFY(!window_->document());
  }

  void saysWhyAFileCannotBeOpened() {
    const QString bad = folder_.filePath(QStringLiteral("bad.onnx"));
    QFile file(bad);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("this is no model");
    file.close();
    Document* document = window_->openFiles({bad});
    QTRY_COMPARE(document->state(), Document::State::Failed);
    bool said = false;
    for (const QLabel* label : window_->page()->findChildren<QLabel*>())
      said = said || (label->isVisible() && label->text().contains(QStringLiteral("bad.onnx")));
    QVERIFY(said);
    QVERIFY(!window_->page()->findChildren<QPushButton*>().isEmpty());
  }

  void keepsOneSelectionForAllPanels() {
    Document* document = ready();
    auto* outline = window_->left()->findChild<OutlinePanel*>();
    auto* inspector = window_->right()->findChild<DescriptionView*>();
    document->selection()->select(Element::node(2));
    QCOMPARE(outline->currentIndex().data().toString(), QStringLiteral("Neg"));
    QCOMPARE(inspector->description().badge, QStringLiteral("Neg"));
    document->selection()->select(Element::named("x"));
    QCOMPARE(inspector->description().title, QStringLiteral("x"));
    document->selection()->goBack();
    QCOMPARE(inspector->description().badge, QStringLiteral("Neg"));
    QTest::keyClick(outline, Qt::Key_Down);
    QCOMPARE(*document->selection()->current(), Element::node(3));
  }

  void shadesTimeInEveryTabOrInNone() {
    Document* first = ready();
    QAction* heat = nullptr;
    for (QAction* action : window_->commands()->all())
      if (action->text() == QStringLiteral("Time as Heat")) heat = action;
    QVERIFY(heat && heat->isChecked());
    first->heat()->setValues({1, 2}, QStringLiteral("ms"));
    heat->trigger();
    QVERIFY(!first->heat()->isShown());
    const QString other = folder_.filePath(QStringLiteral("other.onnx"));
    save_model(*lapidary::test::ModelBuilder()
                    .input("x", DataType::Float32, {1})
                    .add(lapidary::test::node("Relu", {"x"}, {"y"}))
                    .output("y")
                    .build(),
               other.toStdString());
    Document* second = window_->openFiles({other});
    second->heat()->setValues({1}, QStringLiteral("ms"));
    QVERIFY(!second->heat()->isShown());
    heat->trigger();
    QVERIFY(first->heat()->isShown());
    QVERIFY(second->heat()->isShown());
  }

  void findsNodesWithTheKeyboardAlone() {
    Document* document = ready();
    QTest::keySequence(window_.get(), QKeySequence::Find);
    FindBox* find = window_->header()->find();
    QTRY_VERIFY(find->hasFocus());
    QTest::keyClicks(find, QStringLiteral("op:*e*"));
    QTest::keyClick(find, Qt::Key_Return);
    QTRY_COMPARE(find->results().size(), std::size_t{2});
    QTRY_COMPARE(*document->selection()->current(), Element::node(0));
    QTest::keyClick(window_.get(), Qt::Key_F3);
    QCOMPARE(*document->selection()->current(), Element::node(2));
    QTest::keyClick(window_.get(), Qt::Key_F3);
    QCOMPARE(*document->selection()->current(), Element::node(0));
    QTest::keyClick(window_.get(), Qt::Key_F3, Qt::ShiftModifier);
    QCOMPARE(*document->selection()->current(), Element::node(2));
  }

  void runsFromThePalette() {
    Document* document = ready();
    QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
    auto* palette = window_->findChild<CommandPalette*>();
    QVERIFY(palette->isVisible());
    auto* field = palette->findChild<QLineEdit*>();
    QTest::keyClicks(field, QStringLiteral("run mod"));
    QTest::keyClick(field, Qt::Key_Return);
    QVERIFY(!palette->isVisible());
    QVERIFY(document->isAsking());
    QTest::keyClick(window_.get(), Qt::Key_R, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(document->result(), 20000);
    QVERIFY(document->heat()->hasValues());
    QVERIFY(window_->bottom()->isVisible());
    auto* timeline = window_->bottom()->findChild<Timeline*>();
    QVERIFY(timeline);
    QVERIFY(!timeline->scene().rows.empty());
  }

  void keepsTheLastResultAndSaysWhyARunFailed() {
    Document* document = ready();
    document->run();
    QTRY_VERIFY_WITH_TIMEOUT(document->result(), 20000);
    RunSettings settings = document->runSettings();
    settings.inputs["x"] = {InputSource::Kind::File, "no-such-file.npy", {}};
    document->setRunSettings(settings);
    document->run();
    QTRY_VERIFY(document->runError());
    QVERIFY(document->result());
  }

  void keepsASmallPictureOfWhatWasOpened() {
    ready();
    QTRY_VERIFY(!RecentFiles::thumbnail(path_).isNull());
    QMenu* recent = nullptr;
    for (QMenu* menu : window_->findChildren<QMenu*>())
      if (menu->title() == QStringLiteral("Open Recent")) recent = menu;
    QVERIFY(recent && recent->toolTipsVisible());
    Q_EMIT recent->aboutToShow();
    QVERIFY(!recent->actions().front()->icon().isNull());
  }

  /// The ten digits of the sample, each with its class first.
  void classifiesTheSample() {
    window_->openFiles({sourcePath(QStringLiteral("resources/samples/digits/digits.onnx"))});
    Document* document = window_->document();
    QTRY_VERIFY(document->cost() && document->layout());
    document->run();
    QTRY_VERIFY_WITH_TIMEOUT(document->result(), 20000);
    window_->bottom()->showPage(MainWindow::OutputsPage);
    auto* panel = window_->bottom()->findChild<OutputsPanel*>();
    auto* row = panel->findChild<QSpinBox*>();
    QCOMPARE(row->maximum(), 9);
    QFile known(sourcePath(QStringLiteral("resources/samples/digits/digits.expected.txt")));
    QVERIFY(known.open(QIODevice::ReadOnly));
    const QStringList labels = QString::fromUtf8(known.readAll()).trimmed().split(QLatin1Char('\n'));
    for (int image = 0; image < 10; ++image) {
      row->setValue(image);
      const QString classes = panel->findChild<ClassesView*>()->accessibleDescription();
      QVERIFY2(classes.startsWith(labels[image]), qPrintable(classes));
      bool isSaid = false;
      for (const QLabel* label : panel->findChildren<QLabel*>())
        isSaid =
            isSaid || (label->isVisible() && label->text() == QStringLiteral("✓ expected: ") + labels[image]);
      QVERIFY2(isSaid, qPrintable(labels[image]));
    }
  }

  void copiesNameAndShapeOfTheSelection() {
    Document* document = ready();
    QTRY_VERIFY(document->types());
    document->selection()->select(Element::named("x"));
    trigger(QStringLiteral("Copy Name"));
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("x"));
    trigger(QStringLiteral("Copy Shape"));
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("(N, 4)"));
  }

  void hasNoShortcutTwice() {
    QStringList keys;
    for (const QAction* action : window_->commands()->all())
      if (!action->shortcut().isEmpty()) keys += action->shortcut().toString();
    const auto all = keys.size();
    QCOMPARE(keys.removeDuplicates(), 0);
    QVERIFY(all > 10);
  }

  void followsTheTheme() {
    theme_.setMode(Theme::Mode::Dark);
    QVERIFY(theme_.colors().surface.lightness() < 80);
    theme_.setMode(Theme::Mode::Light);
    QVERIFY(theme_.colors().surface.lightness() > 200);
  }

 private:
  Document* ready() {
    Document* document = window_->openFiles({path_});
    if (!QTest::qWaitFor([document] { return document->layout() && document->cost(); }, 10000))
      qWarning("the model did not open");
    return document;
  }

  void trigger(const QString& text) const {
    for (QAction* action : window_->commands()->all())
      if (action->text() == text) return action->trigger();
    QFAIL(qPrintable(text));
  }

  QTemporaryDir folder_;
  QString path_;
  Theme theme_;
  std::unique_ptr<MainWindow> window_;
};

QTEST_MAIN(MainWindowTest)
#include "main_window_test.moc"
