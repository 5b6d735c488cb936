#include "engine/layout/layout.h"

#include <QTest>
#include <cmath>
#include <map>

#include "engine/layout/layered.h"
#include "engine/ops/kernel.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;

namespace {

Node named(std::string name, Node node) {
  node.name = std::move(name);
  return node;
}

/// `blocks` residual blocks of four nodes, in the scopes of a PyTorch export.
ModelPointer residual_model(int blocks) {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, Shape{1, 8});
  std::string value = "x";
  for (int i = 0; i < blocks; ++i) {
    const std::string scope = std::string("/layers/layers.") + std::to_string(i) + "/";
    const auto add = [&](const char* op, std::vector<std::string> inputs, const char* part) {
      builder.add(named(scope + part + "/" + op, test::node(op, std::move(inputs), {scope + part})));
      return scope + part;
    };
    const std::string a = add("Relu", {value}, "a"), b = add("Exp", {a}, "b"), c = add("Neg", {b}, "c");
    value = add("Add", {c, value}, "sum");
  }
  return builder.output(value, Type::tensor(DataType::Float32, Shape{1, 8})).build();
}

ModelPointer branching_model() {
  const GraphPointer body = ModelBuilder().add(test::node("Abs", {"x"}, {"inside"})).output("inside").graph();
  const GraphPointer other =
      ModelBuilder().add(test::node("Neg", {"x"}, {"outside"})).output("outside").graph();
  return ModelBuilder()
      .input("c", DataType::Bool, Shape{})
      .input("x", DataType::Float32, Shape{2})
      .add(test::node("If", {"c"}, {"y"}, {{"then_branch", body}, {"else_branch", other}}))
      .output("y")
      .build();
}

Layout lay_out(const ModelPointer& model, LayoutOptions options = {}) {
  return layout_model(*model, find_hierarchy(*model->graph), infer_types(*model), options);
}

LayoutOptions everything() {
  LayoutOptions options;
  options.open_all = true;
  return options;
}

std::vector<std::string> ids(const Layout& layout) {
  std::vector<std::string> result;
  for (const Box& box : layout.boxes) result.push_back(box.id);
  return result;
}

bool has(const Layout& layout, const std::string& id) {
  const auto all = ids(layout);
  return std::find(all.begin(), all.end(), id) != all.end();
}

bool on_border(const Rectangle& r, Point p) {
  constexpr double slack = 0.6;
  const bool x_inside = p.x >= r.x - slack && p.x <= r.x + r.width + slack;
  return x_inside && (std::abs(p.y - r.y) < slack || std::abs(p.y - r.y - r.height) < slack);
}

/// What every layout keeps to; one message a breach.
QString breaches(const Layout& layout) {
  QString text;
  for (std::size_t i = 0; i < layout.boxes.size(); ++i) {
    const Box& a = layout.boxes[i];
    const Rectangle& r = a.rectangle;
    if (a.parent >= 0) {
      const Rectangle& p = layout.boxes[static_cast<std::size_t>(a.parent)].rectangle;
      if (a.parent >= static_cast<int>(i)) text += "child before its parent\n";
      if (r.x < p.x || r.y < p.y || r.x + r.width > p.x + p.width || r.y + r.height > p.y + p.height)
        text += QString::fromStdString(a.id) + " leaves its parent\n";
    } else if (r.x < 0 || r.y < 0 || r.x + r.width > layout.width || r.y + r.height > layout.height) {
      text += QString::fromStdString(a.id) + " leaves the picture\n";
    }
    for (std::size_t j = i + 1; j < layout.boxes.size(); ++j) {
      if (a.parent == layout.boxes[j].parent && r.intersects(layout.boxes[j].rectangle))
        text += QString::fromStdString(a.id + " overlaps " + layout.boxes[j].id) + "\n";
    }
  }
  for (const Curve& curve : layout.curves) {
    if (curve.points.size() < 4 || curve.points.size() % 3 != 1)
      text += "a curve is no chain of cubics\n";
    else if (!on_border(layout.boxes[static_cast<std::size_t>(curve.from)].rectangle, curve.points.front()) ||
             !on_border(layout.boxes[static_cast<std::size_t>(curve.to)].rectangle, curve.points.back()))
      text += QString::fromStdString("the curve of " + curve.value + " ends beside its box\n");
  }
  return text;
}

}  // namespace

class LayoutTest : public QObject {
  Q_OBJECT
 private slots:
  void keepsBoxesApartAndCurvesAttached_data() {
    QTest::addColumn<ModelPointer>("model");
    QTest::addColumn<LayoutOptions>("options");
    LayoutOptions one_block, singles;
    one_block.open = {"layers", "layers/layers.1"};
    singles.open = {"layers", "repeat:layers/layers.0"};
    QTest::newRow("closed") << residual_model(6) << LayoutOptions{};
    QTest::newRow("all open") << residual_model(6) << everything();
    QTest::newRow("one block open") << residual_model(6) << one_block;
    QTest::newRow("row shown one by one") << residual_model(6) << singles;
    QTest::newRow("branches closed") << branching_model() << LayoutOptions{};
    QTest::newRow("branches open") << branching_model() << everything();
    QTest::newRow("no nodes") << ModelBuilder().input("x", DataType::Float32, Shape{1}).build()
                              << everything();
    QTest::newRow("nothing") << ModelBuilder().build() << everything();
  }
  void keepsBoxesApartAndCurvesAttached() {
    QFETCH(ModelPointer, model);
    QFETCH(LayoutOptions, options);
    QCOMPARE(breaches(lay_out(model, options)), QString());
  }

  void drawsEveryConnectionOnce() {
    const Layout layout = lay_out(residual_model(5), everything());
    std::set<std::pair<int, int>> pairs;
    for (const Curve& curve : layout.curves) QVERIFY(pairs.insert({curve.from, curve.to}).second);
    QCOMPARE(layout.curves.size(), std::size_t{5 * 5 + 1});  // five edges a block, and one to the output
  }

  void foldsRowsOfEqualGroups() {
    LayoutOptions options;
    options.open = {"layers"};
    const ModelPointer model = residual_model(6);
    const Layout folded = lay_out(model, options);
    const auto row = std::find_if(folded.boxes.begin(), folded.boxes.end(),
                                  [](const Box& box) { return box.repeats > 1; });
    QVERIFY(row != folded.boxes.end());
    QCOMPARE(row->repeats, 6);
    QCOMPARE(row->count, 24);
    options.open.insert(row->part);
    const Layout shown = lay_out(model, options);
    QVERIFY(has(shown, "group:layers/layers.0"));
    QVERIFY(has(shown, "group:layers/layers.5"));
  }

  void opensWhatIsAskedFor() {
    const ModelPointer model = residual_model(2);
    QVERIFY(!has(lay_out(model), "node:0"));
    QVERIFY(has(lay_out(model, everything()), "node:0"));
    LayoutOptions depth;
    depth.open_depth = 1;
    const Layout layout = lay_out(model, depth);
    QVERIFY(has(layout, "group:layers/layers.0"));
    QVERIFY(!has(layout, "node:0"));
    QCOMPARE(layout.box_of_node(0), layout.box_of_node(3));
  }

  void showsSubgraphsInsideTheirNode() {
    const Layout layout = lay_out(branching_model(), everything());
    QVERIFY(has(layout, "subgraph:0/then_branch"));
    QVERIFY(has(layout, "node:0/else_branch/0"));
    int from_outside = 0;
    for (const Curve& curve : layout.curves) from_outside += curve.value == "x";
    QCOMPARE(from_outside, 2);
  }

  void opensTheBodyOfAFunctionAsItIsCalled() {
    const GraphPointer body = ModelBuilder()
                                  .input("in", Type())
                                  .add(test::node("Flatten", {"in"}, {"flat"}))
                                  .add(test::node("Relu", {"flat"}, {"out"}))
                                  .output("out")
                                  .graph();
    const ModelPointer model = ModelBuilder()
                                   .input("x", DataType::Float32, Shape{2, 3, 4})
                                   .add(test::node("Flat", {"x"}, {"y"}, {}, "local"))
                                   .output("y")
                                   .function("local", "Flat", body)
                                   .build();
    const Hierarchy hierarchy = find_hierarchy(*model->graph);
    const InferredTypes types = infer_types(*model);
    const Layout first = layout_model(*model, hierarchy, types, everything());
    QVERIFY(has(first, "node:0/body/1"));
    // The graph that boxes point to is the same in every layout.
    const Graph* called = types.function_body(nullptr, *model->graph->nodes[0]).get();
    for (const Layout& layout : {first, layout_model(*model, hierarchy, types, everything())})
      QVERIFY(layout.box_of_node(1, called) >= 0);
    QVERIFY(std::any_of(first.curves.begin(), first.curves.end(),
                        [](const Curve& curve) { return curve.value == "flat" && curve.label == "2 × 12"; }));
  }

  void saysTypesAndShapesWhereTheyChange() {
    const ModelPointer model = ModelBuilder()
                                   .input("x", DataType::Float32, Shape{2, 8})
                                   .add(test::node("Relu", {"x"}, {"same"}))
                                   .add(test::node("Shape", {"same"}, {"sizes"}))
                                   .add(test::node("Cast", {"same"}, {"half"}, {{"to", std::int64_t{10}}}))
                                   .add(test::node("Abs", {"half"}, {"y"}))
                                   .add(test::node("Neg", {"sizes"}, {"z"}))
                                   .output("y")
                                   .output("z")
                                   .build();
    std::map<std::string, std::string> labels;
    for (const Curve& curve : lay_out(model).curves) labels[curve.value] += curve.label;
    const std::map<std::string, std::string> expected{
        {"x", ""}, {"same", ""}, {"sizes", "int64 2"}, {"half", "float16 2 × 8"}, {"y", ""}, {"z", ""}};
    QCOMPARE(labels, expected);
  }

  void foldsConstantsIntoTheirReaders() {
    const ModelPointer model = ModelBuilder()
                                   .input("x", DataType::Float32, Shape{2})
                                   .initializer("w", Tensor::of(Dims{2}, std::vector<float>{1, 2}))
                                   .add(test::node("Identity", {"w"}, {"v"}))
                                   .add(test::node("Add", {"x", "v"}, {"y"}))
                                   .output("y")
                                   .build();
    QVERIFY(!has(lay_out(model), "node:0"));
    QCOMPARE(lay_out(model).box_of_node(0), -1);
    LayoutOptions options;
    options.show_constants = true;
    QVERIFY(has(lay_out(model, options), "node:0"));
    QVERIFY(has(lay_out(model, options), "initializer:w"));
    QVERIFY(!has(lay_out(model), "initializer:w"));
  }

  void leadsSkipsAtTheSide() {
    const Layout layout = lay_out(residual_model(1), everything());
    int skips = 0;
    for (const Curve& curve : layout.curves) {
      skips += curve.skip;
      if (curve.skip) continue;
      QCOMPARE(curve.points.front().x, curve.points.back().x);  // the main chain runs straight down
    }
    QCOMPARE(skips, 1);
  }

  void isTheSameEveryTime() {
    const ModelPointer model = residual_model(7);
    const Layout a = lay_out(model, everything()), b = lay_out(model, everything());
    QCOMPARE(ids(a), ids(b));
    for (std::size_t i = 0; i < a.boxes.size(); ++i) {
      QCOMPARE(a.boxes[i].rectangle.x, b.boxes[i].rectangle.x);
      QCOMPARE(a.boxes[i].rectangle.y, b.boxes[i].rectangle.y);
    }
  }

  void laysOutEqualGroupsAlike() {
    const Layout layout = lay_out(residual_model(4), everything());
    const auto offset = [&](const char* inner, const char* outer) {
      const Box *a = nullptr, *b = nullptr;
      for (const Box& box : layout.boxes) {
        if (box.id == inner) a = &box;
        if (box.id == outer) b = &box;
      }
      return std::pair{a->rectangle.x - b->rectangle.x, a->rectangle.y - b->rectangle.y};
    };
    QVERIFY(offset("node:5", "group:layers/layers.1") == offset("node:9", "group:layers/layers.2"));
  }

  void breaksCyclesBetweenGroups() {
    ModelBuilder builder;
    builder.input("x", DataType::Float32, Shape{1});
    std::string value = "x";
    for (int i = 0; i < 6; ++i) {
      const std::string out = "v" + std::to_string(i);
      builder.add(named(std::string(i % 2 ? "/b" : "/a") + "/n" + std::to_string(i),
                        test::node("Relu", {value}, {out})));
      value = out;
    }
    const Layout layout = lay_out(builder.output(value).build());
    QCOMPARE(breaches(layout), QString());
    QVERIFY(has(layout, "group:a"));
  }

  void stopsWhenCancelled() {
    LayoutOptions options;
    options.cancelled = [] { return true; };
    QVERIFY_EXCEPTION_THROWN(lay_out(residual_model(2), options), Cancelled);
  }

  /// Counts points, not time: a long skip must not become a chain as long as what it passes.
  void growsLinearly() {
    const auto points = [](int items) {
      LayeredProblem problem;
      for (int i = 0; i < items; ++i) problem.items.push_back({LayeredProblem::Role::Box, 50, 50, 40});
      for (int i = 0; i + 1 < items; ++i) problem.edges.push_back({i, i + 1});
      for (int i = 0; i + 200 < items; ++i) problem.edges.push_back({i, i + 200});
      std::size_t sum = 0;
      for (const auto& route : layered_layout(problem, {}).routes) sum += route.points.size();
      return static_cast<double>(sum) / items;
    };
    QVERIFY(points(4000) < 1.2 * points(2000) + 1);
    QVERIFY(points(4000) < 30);
  }

  void keyAttributesSayWhatMatters_data() {
    QTest::addColumn<QString>("op");
    QTest::addColumn<QString>("expected");
    QTest::newRow("convolution") << "Conv"
                                 << "3×3 s2 · 64→128";
    QTest::newRow("depthwise") << "depthwise"
                               << "3×3 · 64→64 depthwise";
    QTest::newRow("matrix product") << "MatMul"
                                    << "64→32";
    QTest::newRow("transposition") << "Transpose"
                                   << "perm 0 2 1 3";
    QTest::newRow("softmax") << "Softmax"
                             << "axis 1";
    QTest::newRow("conversion") << "Cast"
                                << "to float16";
    QTest::newRow("operand") << "Mul"
                             << "0.125";
    QTest::newRow("nothing to say") << "Relu"
                                    << "";
  }
  void keyAttributesSayWhatMatters() {
    QFETCH(QString, op);
    QFETCH(QString, expected);
    using Integers = std::vector<std::int64_t>;
    const std::map<QString, Node> nodes = {
        {"Conv", test::node("Conv", {"x", "w"}, {"y"},
                            {{"kernel_shape", Integers{3, 3}}, {"strides", Integers{2, 2}}})},
        {"depthwise", test::node("Conv", {"x", "d"}, {"y"}, {{"group", std::int64_t{64}}})},
        {"MatMul", test::node("MatMul", {"x", "m"}, {"y"})},
        {"Transpose", test::node("Transpose", {"x"}, {"y"}, {{"perm", Integers{0, 2, 1, 3}}})},
        {"Softmax", test::node("Softmax", {"x"}, {"y"}, {{"axis", std::int64_t{1}}})},
        {"Cast", test::node("Cast", {"x"}, {"y"}, {{"to", std::int64_t{10}}})},
        {"Mul", test::node("Mul", {"x", "s"}, {"y"})},
        {"Relu", test::node("Relu", {"x"}, {"y"})}};
    const ModelPointer model = ModelBuilder()
                                   .input("x", DataType::Float32, Shape{1, 64, 8, 8})
                                   .initializer("w", Tensor(DataType::Float32, Dims{128, 64, 3, 3}))
                                   .initializer("d", Tensor(DataType::Float32, Dims{64, 1, 3, 3}))
                                   .initializer("m", Tensor(DataType::Float32, Dims{64, 32}))
                                   .initializer("s", Tensor::scalar(0.125f))
                                   .add(nodes.at(op))
                                   .build();
    const auto text = key_attributes(*model->graph->nodes[0], *model->graph, infer_types(*model));
    QCOMPARE(QString::fromStdString(text), expected);
  }

  void firstViewOpensWhatHoldsNearlyEverything() {
    const auto model = residual_model(4);
    QVERIFY(initially_open(find_hierarchy(*model->graph)) == std::set<std::string>{"layers"});
  }
};

QTEST_GUILESS_MAIN(LayoutTest)
#include "layout_test.moc"
