#include <QTest>

#include "engine/layout/layout.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;

namespace {

Node named(std::string name, Node node) {
  node.name = std::move(name);
  return node;
}

/// Groups "a", "b", … each of MatMul → two branches (Relu and Exp) → Add, in a row.
ModelPointer branching_groups(const std::vector<std::string>& names) {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, Shape{8, 8});
  std::string value = "x";
  for (const std::string& name : names) {
    const auto add = [&](const char* op, std::vector<std::string> inputs) {
      const std::string output = name + op;
      builder.add(named("/" + name + "/" + op, test::node(op, std::move(inputs), {output})));
      return output;
    };
    const std::string product = add("MatMul", {value, "x"});
    const std::string left = add("Relu", {product}), right = add("Exp", {product});
    value = add("Add", {left, right});
  }
  return builder.output(value).build();
}

Layout lay_out(const ModelPointer& model, const LayoutOptions& options = {}) {
  return layout_model(*model, find_hierarchy(*model->graph), infer_types(*model), options);
}

const Box& box_with(const Layout& layout, const std::string& id) {
  for (const Box& box : layout.boxes)
    if (box.id == id) return box;
  throw Error("there is no box " + id);
}

}  // namespace

class SilhouetteTest : public QObject {
  Q_OBJECT
 private slots:
  void showsRowsAndBranches() {
    const Layout layout = lay_out(branching_groups({"first", "second"}));
    const Silhouette& content = layout.silhouettes.at(box_with(layout, "group:first").silhouette);
    QCOMPARE(content.rows, 3);
    std::vector<std::pair<int, OperatorKind>> marks;
    for (const Silhouette::Mark& mark : content.marks) marks.emplace_back(mark.row, mark.kind);
    const std::vector<std::pair<int, OperatorKind>> expected = {{0, OperatorKind::MatrixAndConvolution},
                                                                {1, OperatorKind::Activation},
                                                                {1, OperatorKind::ElementWise},
                                                                {2, OperatorKind::ElementWise}};
    QCOMPARE(marks.size(), expected.size());
    for (std::size_t i = 0; i < marks.size(); ++i) {
      QCOMPARE(marks[i].first, expected[i].first);
      QCOMPARE(marks[i].second, expected[i].second);
    }
  }

  void equalGroupsShareOne() {
    const Layout layout = lay_out(branching_groups({"first", "second"}));
    QCOMPARE(layout.silhouettes.size(), std::size_t{1});
    QCOMPARE(box_with(layout, "group:first").silhouette, box_with(layout, "group:second").silhouette);
  }

  void openGroupsHaveNone() {
    LayoutOptions options;
    options.open = {"first"};
    const Layout layout = lay_out(branching_groups({"first", "second"}), options);
    QCOMPARE(box_with(layout, "group:first").silhouette, -1);
    QVERIFY(box_with(layout, "group:second").silhouette >= 0);
  }

  void marksStayInTheirAreaApart() {
    const Layout layout = lay_out(branching_groups({"first", "second"}));
    const Box& box = box_with(layout, "group:first");
    const Silhouette& content = layout.silhouettes.at(box.silhouette);
    const Rectangle area = silhouette_area(box.rectangle);
    std::vector<Rectangle> places;
    for (const Silhouette::Mark& mark : content.marks) {
      const Rectangle place = content.place(mark, area);
      QVERIFY(place.x >= area.x && place.x + place.width <= area.x + area.width);
      QVERIFY(place.y >= area.y && place.y + place.height <= area.y + area.height);
      for (const Rectangle& other : places) QVERIFY(!other.intersects(place));
      places.push_back(place);
    }
  }
};

QTEST_GUILESS_MAIN(SilhouetteTest)
#include "silhouette_test.moc"
