// Pictures of the painted views beside those stored in this folder. LAPIDARY_REWRITE_GOLDEN=1 stores them
// anew: look at each before it is committed.
#include "tests/ui/golden/golden.h"

#include <QApplication>
#include <QFontInfo>

#include "tests/ui/fixtures.h"
#include "ui/canvas/canvas.h"
#include "ui/timeline/operators_panel.h"
#include "ui/timeline/timeline.h"

using namespace lapidary;
using namespace lapidary::ui;
using ui::test::OpenDocument;

namespace {

/// What is done to the canvas before its picture is taken.
struct CanvasCase {
  const char* name;
  Theme::Mode mode = Theme::Mode::Light;
  double scale = 1;
  QPointF at{};  ///< the scene's point in the upper left corner
  bool openAll = false;
  bool heat = false;
  bool constants = false;
  std::vector<Element> selected{};
  std::set<std::string> open{};  ///< parts, with twelve blocks instead of four
};

std::vector<CanvasCase> canvasCases() {
  const auto light = Theme::Mode::Light, dark = Theme::Mode::Dark;
  return {
      {"canvas_near_light", light, 1},
      {"canvas_near_dark", dark, 1},
      {"canvas_open_light", light, 1, {0, 200}, true},
      {"canvas_heat_light", light, 1, {0, 200}, true, true},
      {"canvas_heat_dark", dark, 1, {0, 200}, true, true},
      {"canvas_selection", light, 1, {0, 200}, true, false, false, {Element::node(3), Element::node(5)}},
      {"canvas_constants", light, 1, {0, 0}, true, false, true},
      {"canvas_folded_heat", dark, 1, {0, 0}, false, true},
      {"canvas_middle", light, 0.5, {0, 100}, true},
      {"canvas_far", light, 0.2, {-600, 0}, true},
      {"canvas_far_folded",
       dark,
       0.4,
       {-200, 0},
       false,
       false,
       false,
       {},
       {"layers", "repeat:layers/layers.0"}},
  };
}

}  // namespace

Q_DECLARE_METATYPE(CanvasCase)

class GoldenTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    theme_.setMode(Theme::Mode::Light);
    theme_.applyToApplication();
    if (QFontInfo(QApplication::font()).family() != QLatin1String("Inter"))
      QSKIP("the pictures are made with the font Inter, which is not installed");
    // What a desktop's settings say about fonts must not matter.
    QFont font = QApplication::font();
    font.setPixelSize(13);
    font.setHintingPreference(QFont::PreferNoHinting);
    font.setStyleStrategy(QFont::StyleStrategy(QFont::PreferAntialias | QFont::NoSubpixelAntialias));
    QApplication::setFont(font);
  }

  void canvas_data() {
    QTest::addColumn<CanvasCase>("row");
    for (const CanvasCase& row : canvasCases()) QTest::newRow(row.name) << row;
  }
  void canvas() {
    QFETCH(CanvasCase, row);
    OpenDocument f(ui::test::blocks_model(row.open.empty() ? 4 : 12));
    f.theme.setMode(row.mode);
    Canvas canvas(&f.document);
    canvas.setAnimated(false);
    canvas.resize(560, 400);
    canvas.show();
    for (const std::string& part : row.open) {
      if (!f.document.isOpen(part)) QVERIFY(f.relaidOut([&] { f.document.setOpen(part, true); }));
    }
    if (row.openAll) QVERIFY(f.relaidOut([&] { f.document.openAllGroups(); }));
    if (row.constants) QVERIFY(f.relaidOut([&] { f.document.setConstantsShown(true); }));
    if (row.heat) f.document.takeResult(ui::test::made_up_result(f.document));
    if (!row.selected.empty()) f.document.selection()->select(row.selected);
    canvas.setCamera({row.scale, -row.at * row.scale});
    const QString wrong = ui::test::compareWithGolden(canvas.grab().toImage(), QString::fromLatin1(row.name));
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
  }

  void timeline_data() {
    QTest::addColumn<Theme::Mode>("mode");
    QTest::addColumn<bool>("selected");
    QTest::newRow("timeline_light") << Theme::Mode::Light << false;
    QTest::newRow("timeline_dark") << Theme::Mode::Dark << false;
    QTest::newRow("timeline_selection") << Theme::Mode::Light << true;
  }
  void timeline() {
    QFETCH(Theme::Mode, mode);
    QFETCH(bool, selected);
    OpenDocument f(ui::test::blocks_model());
    f.theme.setMode(mode);
    f.document.takeResult(ui::test::made_up_result(f.document));
    Timeline timeline(&f.theme);
    timeline.setAnimated(false);
    timeline.resize(720, 220);
    timeline.setDocument(&f.document);
    timeline.show();
    timeline.showMedianRun();
    if (selected) f.document.selection()->select(Element::node(12));
    const QString wrong =
        ui::test::compareWithGolden(timeline.grab().toImage(), QString::fromLatin1(QTest::currentDataTag()));
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
  }

  void operators_data() {
    QTest::addColumn<Theme::Mode>("mode");
    QTest::newRow("operators_light") << Theme::Mode::Light;
    QTest::newRow("operators_dark") << Theme::Mode::Dark;
  }
  void operators() {
    QFETCH(Theme::Mode, mode);
    theme_.setMode(mode);
    OpenDocument f(ui::test::blocks_model());
    f.theme.setMode(mode);
    f.document.takeResult(ui::test::made_up_result(f.document));
    OperatorsPanel panel(&f.theme);
    panel.resize(900, 260);
    panel.setDocument(&f.document);
    panel.show();
    const QString wrong =
        ui::test::compareWithGolden(panel.grab().toImage(), QString::fromLatin1(QTest::currentDataTag()));
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong));
  }

  void tellsPicturesApart() {
    QImage picture(100, 100, QImage::Format_RGB32), other;
    picture.fill(Qt::white);
    other = picture;
    other.setPixelColor(50, 50, Qt::black);
    QCOMPARE(ui::test::difference(picture.pixel(50, 50), other.pixel(50, 50)), 255);
    QCOMPARE(ui::test::difference(picture.pixel(1, 1), other.pixel(1, 1)), 0);
  }

 private:
  Theme theme_;
};

QTEST_MAIN(GoldenTest)
#include "golden_test.moc"
