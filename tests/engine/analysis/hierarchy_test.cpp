#include "engine/analysis/hierarchy.h"

#include <QTest>

#include "engine/analysis/repeats.h"
#include "engine/analysis/scopes.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::ModelBuilder;

namespace {

/// Adds a chain of unary nodes with the given names; each reads what the one before made.
void add_chain(ModelBuilder& builder, std::string& value,
               const std::vector<std::pair<std::string, std::string>>& nodes) {
  for (const auto& [op_type, name] : nodes) {
    static int number = 0;
    const std::string output = "v" + std::to_string(number++);
    Node node = test::node(op_type, {value}, {output});
    node.name = name;
    builder.add(std::move(node));
    value = output;
  }
}

GraphPointer chain(const std::vector<std::pair<std::string, std::string>>& nodes) {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, Shape{1, 4});
  std::string value = "x";
  add_chain(builder, value, nodes);
  return builder.output(value).graph();
}

/// One line a group, indented by depth: "name (nodes)".
QString tree_text(const Hierarchy& hierarchy) {
  QString text;
  for (std::size_t g = 1; g < hierarchy.groups.size(); ++g) {
    const Group& group = hierarchy.groups[g];
    int depth = 0;
    for (int p = group.parent; p > 0; p = hierarchy.groups[static_cast<std::size_t>(p)].parent) ++depth;
    text += QString(2 * depth, ' ') + QString::fromStdString(group.name) +
            QString(" (%1)\n").arg(group.node_count);
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> repeated(int copies) {
  std::vector<std::pair<std::string, std::string>> nodes = {{"Abs", "first"}};
  for (int i = 0; i < copies; ++i) {
    for (const char* op : {"Relu", "Exp", "Neg", "Sqrt", "Tanh"})
      nodes.emplace_back(op, "n" + std::to_string(nodes.size()));
  }
  return nodes;
}

}  // namespace

class HierarchyTest : public QObject {
  Q_OBJECT
 private slots:
  void readsNameScopes() {
    const auto graph = chain({{"Relu", "/conv1/Relu"},
                              {"Relu", "/layer1/layer1.0/a/Relu"},
                              {"Exp", "/layer1/layer1.0/b/Exp"},
                              {"Relu", "/layer1/layer1.1/a/Relu"},
                              {"Exp", "/layer1/layer1.1/b/Exp"},
                              {"Abs", "/Abs"}});
    const Hierarchy hierarchy = find_hierarchy(*graph);
    QVERIFY(hierarchy.source == Hierarchy::Source::Names);
    QCOMPARE(tree_text(hierarchy), "layer1 (4)\n  layer1.0 (2)\n  layer1.1 (2)\n");
    QCOMPARE(hierarchy.group_of_node[0], 0);
    const int inner = hierarchy.find("layer1/layer1.0");
    QVERIFY(inner > 0);
    QVERIFY(hierarchy.is_inside(inner, hierarchy.find("layer1")));
    QVERIFY(!hierarchy.is_inside(hierarchy.find("layer1"), inner));
    QCOMPARE(hierarchy.groups[inner].structure,
             hierarchy.groups[hierarchy.find("layer1/layer1.1")].structure);
  }

  void readsExporterMetadata_data() {
    QTest::addColumn<QString>("key");
    QTest::addColumn<QStringList>("values");
    QTest::newRow("name_scopes") << "pkg.torch.onnx.name_scopes"
                                 << QStringList{"['', 'network', 'network.0', 'linear']",
                                                "['', 'network', 'network.0', 'relu']",
                                                "['', 'network', \"network.1\", 'linear']",
                                                "['', 'network', 'network.1', 'relu']"};
    QTest::newRow("namespace")
        << "namespace"
        << QStringList{": pkg.Model/network: Sequential/network.0: Linear/linear: aten.linear.default",
                       ": pkg.Model/network: Sequential/network.0: Linear/relu: aten.relu.default",
                       ": pkg.Model/network: Sequential/network.1: Linear/linear: aten.linear.default",
                       ": pkg.Model/network: Sequential/network.1: Linear/relu: aten.relu.default"};
  }
  void readsExporterMetadata() {
    QFETCH(QString, key);
    QFETCH(QStringList, values);
    ModelBuilder builder;
    builder.input("x", DataType::Float32, Shape{1, 4}).output("y3");
    for (int i = 0; i < 4; ++i) {
      const std::string output = "y" + std::to_string(i);
      Node node = test::node(i % 2 ? "Relu" : "Exp", {i ? "y" + std::to_string(i - 1) : "x"}, {output});
      node.name = "node_" + std::to_string(i);
      node.metadata = {{key.toStdString(), values[i].toStdString()}};
      builder.add(std::move(node));
    }
    const Hierarchy hierarchy = find_hierarchy(*builder.graph());
    QVERIFY(hierarchy.source == Hierarchy::Source::ExporterMetadata);
    QCOMPARE(tree_text(hierarchy), "network (4)\n  network.0 (2)\n  network.1 (2)\n");
    if (key == "namespace") QCOMPARE(hierarchy.groups[1].class_name, std::string("Sequential"));
  }

  void readsPythonLists_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("expected");
    QTest::addColumn<bool>("valid");
    QTest::newRow("empty list") << "[]" << QStringList{} << true;
    QTest::newRow("both quotes") << "['a', \"it's\"]" << QStringList{"a", "it's"} << true;
    QTest::newRow("escapes") << R"(['a\'b', 'c\\d', 'e\nf'])" << QStringList{"a'b", "c\\d", "e\nf"} << true;
    QTest::newRow("trailing comma") << "['a',]" << QStringList{"a"} << true;
    for (const char* bad : {"", "[", "['a'", "['a", "['a' 'b']", "[1]", "__import__('os')", "['a\\", "['a',"})
      QTest::newRow(bad) << bad << QStringList{} << false;
  }
  void readsPythonLists() {
    QFETCH(QString, text);
    QFETCH(QStringList, expected);
    QFETCH(bool, valid);
    const auto strings = parse_python_strings(text.toStdString());
    QCOMPARE(strings.has_value(), valid);
    if (!valid) return;
    QStringList found;
    for (const auto& string : *strings) found.append(QString::fromStdString(string));
    QCOMPARE(found, expected);
  }

  void nodesWithoutScopeFollowTheirProducer() {
    const auto graph = chain({{"Relu", "/a/Relu"},
                              {"Exp", "/a/Exp"},
                              {"Cast", "inserted"},
                              {"Relu", "/b/Relu"},
                              {"Abs", "/b/Abs"}});
    const Hierarchy hierarchy = find_hierarchy(*graph);
    QCOMPARE(hierarchy.group_of_node[2], hierarchy.find("a"));
  }

  void constantsStandWhereTheyAreRead() {
    ModelBuilder builder;
    builder.input("x", DataType::Float32, Shape{2})
        .initializer("w", Tensor::of(Dims{2}, std::vector<float>{1, 2}))
        .output("d");
    const std::vector<std::pair<std::string, Node>> nodes = {
        {"Identity_0", test::node("Identity", {"w"}, {"shared"})},
        {"/a/Add", test::node("Add", {"x", "shared"}, {"a"})},
        {"/a/Relu", test::node("Relu", {"a"}, {"b"})},
        {"/b/Add", test::node("Add", {"b", "shared"}, {"c"})},
        {"/b/Constant", test::node("Constant", {}, {"two"})},
        {"/b/Mul", test::node("Mul", {"c", "two"}, {"d"})}};
    for (const auto& [name, node] : nodes) {
      Node named = node;
      named.name = name;
      builder.add(named);
    }
    const Hierarchy hierarchy = find_hierarchy(*builder.graph());
    QCOMPARE(hierarchy.group_of_node[0], 0);
    QCOMPARE(hierarchy.group_of_node[4], hierarchy.find("b"));
    QVERIFY(hierarchy.constant == (std::vector<bool>{true, false, false, false, true, false}));
    QCOMPARE(hierarchy.groups[hierarchy.find("b")].first_node, 3);
  }

  void dropsModulesThatSayNothing() {
    const auto graph = chain({{"Relu", "/model/only/Relu"},
                              {"Exp", "/model/features.1/conv/Exp"},
                              {"Abs", "/model/features.1/conv/Abs"},
                              {"Neg", "/model/layers/layers.0/Neg"},
                              {"Exp", "/model/layers/layers.0/Exp"}});
    QCOMPARE(tree_text(find_hierarchy(*graph)), "model (5)\n  features.1 (2)\n  layers.0 (2)\n");
  }

  void foldsRepeatedStructure() {
    const Hierarchy hierarchy = find_hierarchy(*chain(repeated(8)));
    QVERIFY(hierarchy.source == Hierarchy::Source::Structure);
    QCOMPARE(hierarchy.groups.size(), std::size_t{9});
    for (std::size_t g = 1; g < hierarchy.groups.size(); ++g) {
      QCOMPARE(hierarchy.groups[g].name, "block " + std::to_string(g - 1));
      QCOMPARE(hierarchy.groups[g].node_count, 5);
      QCOMPARE(hierarchy.groups[g].structure, hierarchy.groups[1].structure);
    }
  }

  void namesBlocksAfterTheirWeights() {
    ModelBuilder builder;
    builder.input("x", DataType::Float32, Shape{2});
    std::string value = "x";
    for (int i = 0; i < 10; ++i) {
      const std::string layer = "encoder.layers." + std::to_string(i);
      for (const char* weight : {".query.bias", ".norm.bias"}) {
        builder.initializer(layer + weight, Tensor::of(Dims{2}, std::vector<float>{1, 2}));
        builder.add(test::node("Add", {value, layer + weight}, {layer + weight + "_out"}));
        value = layer + weight + "_out";
      }
      add_chain(builder, value, {{"Exp", ""}, {"Neg", ""}});
    }
    const Hierarchy hierarchy = find_hierarchy(*builder.output(value).graph());
    QCOMPARE(hierarchy.groups.size(), std::size_t{11});
    QCOMPARE(hierarchy.groups[4].name, std::string("encoder.layers.3"));
  }

  void leavesSmallGraphsFlat() {
    const Hierarchy hierarchy =
        find_hierarchy(*chain({{"Relu", "a"}, {"Exp", "b"}, {"Relu", "c"}, {"Exp", "d"}}));
    QVERIFY(hierarchy.source == Hierarchy::Source::Flat);
    QCOMPARE(hierarchy.groups.size(), std::size_t{1});
    QCOMPARE(hierarchy.groups[0].node_count, 4);
  }

  void holdsEveryNodeOnce() {
    const auto graph = chain(repeated(40));
    const Hierarchy hierarchy = find_hierarchy(*graph);
    std::vector<int> seen(graph->nodes.size());
    for (std::size_t g = 0; g < hierarchy.groups.size(); ++g) {
      const Group& group = hierarchy.groups[g];
      int inside = static_cast<int>(group.nodes.size());
      for (const int child : group.children) {
        QCOMPARE(hierarchy.groups[static_cast<std::size_t>(child)].parent, static_cast<int>(g));
        inside += hierarchy.groups[static_cast<std::size_t>(child)].node_count;
      }
      QCOMPARE(inside, group.node_count);
      for (const int node : group.nodes) {
        QCOMPARE(hierarchy.group_of_node[node], static_cast<int>(g));
        ++seen[node];
      }
    }
    for (const int count : seen) QCOMPARE(count, 1);
  }

  void survivesHostileScopes() {
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "/a" + std::to_string(i);
    const auto graph =
        chain({{"Relu", deep + "/Relu"}, {"Exp", deep + "/Exp"}, {"Abs", "////"}, {"Neg", "/"}});
    QCOMPARE(find_hierarchy(*graph).group_of_node.size(), std::size_t{4});
  }

  void findsTheSmallestPeriodThatCoversMost() {
    std::vector<std::uint64_t> symbols = {9, 9};
    for (int copy = 0; copy < 5; ++copy) symbols.insert(symbols.end(), {1, 2, 3, 4, 2, 3, 5});
    symbols.push_back(8);
    const std::vector<int> cuts(symbols.size() + 1, 1);
    const auto repeats = find_repeats(symbols, cuts);
    QCOMPARE(repeats.size(), std::size_t{1});
    QCOMPARE(repeats[0].begin, std::size_t{2});
    QCOMPARE(repeats[0].period, std::size_t{7});
    QCOMPARE(repeats[0].copies, std::size_t{5});
  }

  void beginsBlocksWhereLeastCrosses() {
    std::vector<std::uint64_t> symbols;
    std::vector<int> cuts;
    for (int i = 0; i < 24; ++i) {
      symbols.push_back(static_cast<std::uint64_t>(i % 4));
      cuts.push_back(i % 4 == 2 ? 1 : 3);
    }
    cuts.push_back(3);
    QCOMPARE(find_repeats(symbols, cuts).front().begin, std::size_t{2});
  }
};

QTEST_GUILESS_MAIN(HierarchyTest)
#include "hierarchy_test.moc"
