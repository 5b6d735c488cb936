#include "ui/canvas/canvas_scene.h"

#include <QTest>
#include <algorithm>

using namespace lapidary;
using lapidary::ui::CanvasScene;

namespace {

/// `count` boxes under each other, all inside one open group, each connected with the next and with the tenth
/// next.
std::shared_ptr<const Layout> column(int count) {
  auto layout = std::make_shared<Layout>();
  Box group;
  group.kind = Box::Kind::Group;
  group.id = "group:all";
  group.open = true;
  group.rectangle = {0, 0, 200, 100.0 * count + 40};
  layout->boxes.push_back(group);
  for (int i = 0; i < count; ++i) {
    Box box;
    box.id = "node:" + std::to_string(i);
    box.node = i;
    box.parent = 0;
    box.operator_kind = i % 3 ? OperatorKind::MatrixAndConvolution : OperatorKind::Activation;
    box.title = i % 3 ? "Conv" : "Relu";
    box.rectangle = {30, 40 + 100.0 * i, 120, 44};
    layout->boxes.push_back(box);
  }
  const auto connect = [&](int from, int to) {
    Curve curve;
    curve.from = from + 1, curve.to = to + 1;
    const double top = 84 + 100.0 * from, bottom = 40 + 100.0 * to;
    curve.points = {{90, top}, {90, top + 10}, {90, bottom - 10}, {90, bottom}};
    layout->curves.push_back(curve);
  };
  for (int i = 0; i + 1 < count; ++i) connect(i, i + 1);
  for (int i = 0; i + 10 < count; ++i) connect(i, i + 10);
  layout->width = 200;
  layout->height = group.rectangle.height;
  return layout;
}

/// What findVisible promises, found by looking at everything.
std::vector<int> boxesMeeting(const Layout& layout, const QRectF& view) {
  std::vector<int> found;
  for (std::size_t b = 1; b < layout.boxes.size(); ++b) {
    const Rectangle& r = layout.boxes[b].rectangle;
    if (QRectF(r.x, r.y, r.width, r.height).intersects(view)) found.push_back(static_cast<int>(b));
  }
  return found;
}

}  // namespace

class CanvasSceneTest : public QObject {
  Q_OBJECT
 private slots:
  void findsExactlyWhatIsVisible_data() {
    QTest::addColumn<QRectF>("view");
    QTest::newRow("top") << QRectF(0, 0, 200, 300);
    QTest::newRow("middle") << QRectF(50, 7250, 20, 731);
    QTest::newRow("end") << QRectF(0, 49900, 500, 500);
    QTest::newRow("beside") << QRectF(160, 0, 30, 60000);
    QTest::newRow("everything") << QRectF(-10, -10, 300, 60000);
    QTest::newRow("outside") << QRectF(900, 900, 10, 10);
  }
  void findsExactlyWhatIsVisible() {
    QFETCH(QRectF, view);
    const auto layout = column(500);
    const CanvasScene scene(layout);
    CanvasScene::Visible visible;
    scene.findVisible(view, 0, visible);
    std::sort(visible.closed.begin(), visible.closed.end());
    QCOMPARE(visible.closed, boxesMeeting(*layout, view));
    std::vector<int> curves;
    for (std::size_t c = 0; c < layout->curves.size(); ++c) {
      const auto& points = layout->curves[c].points;
      if (points.front().y <= view.bottom() && points.back().y >= view.top() && view.left() <= 90 &&
          view.right() >= 90)
        curves.push_back(static_cast<int>(c));
    }
    std::sort(visible.curves.begin(), visible.curves.end());
    QCOMPARE(visible.curves, curves);
  }

  void looksNotIntoSmallGroups() {
    const CanvasScene scene(column(500));
    CanvasScene::Visible visible;
    scene.findVisible(scene.bounds(), 1e6, visible);
    QCOMPARE(visible.closed, std::vector<int>{0});
    QVERIFY(visible.open.empty());
    QVERIFY(scene.mainKind(0) == OperatorKind::MatrixAndConvolution);
  }

  void pointsAtTheInnermostBoxAndTheNearestCurve() {
    const CanvasScene scene(column(500));
    QCOMPARE(scene.boxAt({90, 40 + 100 * 321 + 5}), 322);
    QCOMPARE(scene.boxAt({5, 5}), 0);
    QCOMPARE(scene.boxAt({-5, 5}), -1);
    QVERIFY(scene.curveAt({92, 100}, 4) >= 0);
    QCOMPARE(scene.curveAt({100, 100}, 4), -1);
  }

  void findsAllPathsBetweenTwoBoxes() {
    const CanvasScene scene(column(30));
    QCOMPARE(scene.pathBetween(1, 3).size(), std::size_t{2});
    QCOMPARE(scene.pathBetween(1, 11).size(), std::size_t{11});
    QVERIFY(scene.pathBetween(3, 1).empty());
  }

  void sharesEqualTexts() {
    const CanvasScene scene(column(30));
    QCOMPARE(scene.titleText(2), scene.titleText(3));
    QCOMPARE(scene.text(scene.titleText(2)), QStringLiteral("Conv"));
    QCOMPARE(scene.subtitleText(2), 0);
  }

  void standsEmpty() {
    const CanvasScene scene;
    CanvasScene::Visible visible;
    scene.findVisible(QRectF(0, 0, 10, 10), 0, visible);
    QVERIFY(scene.isEmpty() && visible.closed.empty());
    QCOMPARE(scene.boxAt({1, 1}), -1);
    QCOMPARE(scene.curveAt({1, 1}, 5), -1);
  }
};

QTEST_MAIN(CanvasSceneTest)
#include "canvas_scene_test.moc"
