#include <QTest>

#include "tests/support/drawing_quality.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::FlatDrawing;
using test::ModelBuilder;

namespace {

using Wiring = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Nodes named after what they make, from the values that they read; the last one makes the output.
ModelPointer model_of(const Wiring& wiring) {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, Shape{1, 8});
  for (const auto& [value, inputs] : wiring) {
    Node node = test::node("Sum", inputs, {value});
    node.name = value;
    builder.add(node);
  }
  return builder.output(wiring.back().first).build();
}

std::size_t crossings_of(const ModelPointer& model) {
  LayoutOptions options;
  options.open_all = true;
  const Layout layout = layout_model(*model, find_hierarchy(*model->graph), infer_types(*model), options);
  return test::quality_of(test::flattened(layout)).crossings;
}

FlatDrawing drawing_of(std::vector<FlatDrawing::Edge> edges, std::vector<Rectangle> boxes = {}) {
  return {std::move(edges), std::move(boxes), 100, 100};
}

}  // namespace

class CrossingsTest : public QObject {
  Q_OBJECT
 private slots:
  void countsCrossings_data() {
    QTest::addColumn<FlatDrawing>("drawing");
    QTest::addColumn<int>("crossings");
    const std::vector<Point> down = {{0, 0}, {100, 100}}, up = {{0, 100}, {100, 0}};
    QTest::newRow("an X") << drawing_of({{0, 1, down}, {2, 3, up}}) << 1;
    QTest::newRow("side by side") << drawing_of({{0, 1, down}, {2, 3, {{20, 0}, {120, 100}}}}) << 0;
    QTest::newRow("from one box") << drawing_of({{0, 1, down}, {0, 2, {{2, 0}, {0, 10}, {0, 100}}}}) << 0;
    QTest::newRow("from one box, further on") << drawing_of({{0, 1, down}, {0, 2, {{60, 0}, {0, 100}}}}) << 1;
    QTest::newRow("a zigzag") << drawing_of({{0, 1, {{0, 50}, {100, 50}}},
                                             {2, 3, {{10, 0}, {30, 100}, {50, 0}, {70, 100}}}})
                              << 3;
  }
  void countsCrossings() {
    QFETCH(FlatDrawing, drawing);
    QFETCH(int, crossings);
    QCOMPARE(test::quality_of(drawing).crossings, static_cast<std::size_t>(crossings));
  }

  void countsBendsAndCoveredBoxes() {
    const auto quality = test::quality_of(drawing_of({{0, 1, {{0, 0}, {50, 0}, {50, 50}, {100, 50}}}},
                                                     {{}, {}, {40, 20, 20, 20}, {0, 80, 20, 20}}));
    QCOMPARE(quality.bends, std::size_t{2});
    QCOMPARE(quality.covered, std::size_t{1});
    QCOMPARE(quality.length, 150.0);
  }

  /// Each of these can be drawn on paper without any crossing.
  void drawsWithoutCrossings_data() {
    QTest::addColumn<ModelPointer>("model");
    QTest::newRow("diamond") << model_of({{"a", {"x"}}, {"b", {"x"}}, {"y", {"a", "b"}}});
    QTest::newRow("skip beside a branch that ends") << model_of(
        {{"a", {"x"}}, {"b", {"a"}}, {"end", {"b"}}, {"end2", {"end"}}, {"c", {"b"}}, {"y", {"c", "a"}}});
    QTest::newRow("ladder") << model_of({{"a", {"x"}},
                                         {"b", {"x"}},
                                         {"a1", {"a", "b"}},
                                         {"b1", {"b"}},
                                         {"a2", {"a1", "b1"}},
                                         {"b2", {"b1"}},
                                         {"y", {"a2", "b2"}}});
    QTest::newRow("nested skips") << model_of(
        {{"a", {"x"}}, {"b", {"a"}}, {"c", {"b"}}, {"d", {"c"}}, {"e", {"d", "b"}}, {"y", {"e", "x"}}});
    QTest::newRow("U") << model_of({{"a", {"x"}},
                                    {"b", {"a"}},
                                    {"c", {"b"}},
                                    {"d", {"c"}},
                                    {"e", {"d", "c"}},
                                    {"f", {"e", "b"}},
                                    {"y", {"f", "a"}}});
    QTest::newRow("branches of many lengths") << model_of({{"a", {"x"}},
                                                           {"b", {"x"}},
                                                           {"b1", {"b"}},
                                                           {"c", {"x"}},
                                                           {"c1", {"c"}},
                                                           {"c2", {"c1"}},
                                                           {"y", {"c2", "a", "b1"}}});
    // What enters a group must be ordered by where it comes from.
    QTest::newRow("into a group, turned") << model_of({{"a", {"x"}},
                                                       {"b", {"x"}},
                                                       {"a1", {"a"}},
                                                       {"b1", {"b"}},
                                                       {"/g/p", {"b1"}},
                                                       {"/g/q", {"a1"}},
                                                       {"/g/r", {"/g/q", "/g/p"}},
                                                       {"y", {"/g/r"}}});
  }
  void drawsWithoutCrossings() {
    QFETCH(ModelPointer, model);
    QCOMPARE(crossings_of(model), std::size_t{0});
  }
};

QTEST_GUILESS_MAIN(CrossingsTest)
#include "crossings_test.moc"
