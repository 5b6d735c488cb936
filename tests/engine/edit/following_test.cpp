// What is derived by following an edit, against what is derived anew.
#include <QTest>
#include <random>

#include "engine/analysis/hierarchy.h"
#include "engine/analysis/inferred_types.h"
#include "engine/analysis/wiring.h"
#include "engine/edit/edit.h"
#include "tests/support/edit_text.h"
#include "tests/support/model_builder.h"
#include "tests/support/random_edits.h"

using namespace lapidary;
using test::branches_text;
using test::model_of_text;
using test::ModelBuilder;
using test::node;
using test::some_step;

namespace {

struct Known {
  ModelPointer model;
  std::shared_ptr<const GraphIndex> index;
  InferredTypes types;
  Hierarchy hierarchy;
};

Known known_of(const ModelPointer& model) {
  return {model, std::make_shared<GraphIndex>(*model->graph), infer_types(*model),
          find_hierarchy(*model->graph)};
}

Known followed(const Known& before, const ModelPointer& model) {
  const GraphChange change = change_between(*before.model->graph, *model->graph);
  Known after;
  after.model = model;
  after.index = std::make_shared<GraphIndex>(*model->graph, *before.index, change.now);
  after.types = *follow_edit(before.types, *before.model, *model, *after.index, change, 1000);
  after.hierarchy = follow_edit(before.hierarchy, *model->graph, *after.index, change);
  return after;
}

/// Types, one value a line; the bodies' too.
void add_types(const Graph& graph, const Graph* tag, const InferredTypes& types, std::string& text) {
  const auto add = [&](const std::string& name) {
    text += name + ": " + to_string(types.type_in(tag, name)) + "\n";
  };
  for (const Value& input : graph.inputs) add(input.name);
  for (const auto& initializer : graph.initializers) add(initializer->name);
  for (const auto& inner : graph.nodes) {
    for (const std::string& output : inner->outputs) add(output);
    for (const auto& [name, body] : subgraphs_of(*inner)) add_types(*body, body.get(), types, text);
  }
}

std::string types_text(const Known& known) {
  std::string text;
  add_types(*known.model->graph, nullptr, known.types, text);
  std::vector<std::string> problems;  // in no order: those of what changed come last
  for (const Problem& problem : known.types.problems())
    problems.push_back(problem.node + " " + problem.message + "\n");
  std::sort(problems.begin(), problems.end());
  for (const std::string& problem : problems) text += problem;
  return text;
}

std::string path_of(const Known& known, const std::string& label) {
  for (int position = 0; const auto& one : known.model->graph->nodes) {
    if (one->label() == label)
      return known.hierarchy
          .groups[static_cast<std::size_t>(known.hierarchy.group_of_node[static_cast<std::size_t>(position)])]
          .path;
    ++position;
  }
  return "not there";
}

int structure_of(const Known& known, const std::string& path) {
  return known.hierarchy.groups[static_cast<std::size_t>(known.hierarchy.find(path))].structure;
}

/// Three modules of three nodes each, equal but for their names.
ModelPointer modules() {
  ModelBuilder builder;
  builder.input("x", DataType::Float32, Shape{2, 3});
  std::string last = "x";
  for (const std::string block : {"0", "1", "2"}) {
    const std::string scope = "/blocks." + block + "/";
    for (const char* op : {"Relu", "Neg", "Sigmoid"}) {
      const std::string name = scope + op;
      Node added = node(op, {last}, {name + "_output_0"});
      added.name = name;
      builder.add(std::move(added));
      last = name + "_output_0";
    }
  }
  builder.output(last, Type::tensor(DataType::Float32));
  return builder.build();
}

}  // namespace

class FollowingTest : public QObject {
  Q_OBJECT
 private slots:
  void typesAndConstantsAreThoseDerivedAnew_data() {
    QTest::addColumn<ModelPointer>("model");
    QTest::newRow("modules") << modules();
    QTest::newRow("branches") << model_of_text(branches_text);
    QTest::newRow("constants") << model_of_text(
        "(float[2,3] x) => (float[n,m] y) <int64[2] s = {3, 2}, float[2] w = {1, 2}> {"
        "  t = Neg(s)\n u = Abs(t)\n r = Reshape(x, u)\n v = Exp(w)\n a = Add(r, v)\n y = Relu(a) }");
  }
  void typesAndConstantsAreThoseDerivedAnew() {
    QFETCH(const ModelPointer, model);
    for (unsigned seed = 1; seed <= 20; ++seed) {
      std::mt19937 random(seed);
      Known known = known_of(model);
      std::vector<ModelPointer> past = {model};
      for (int turn = 0; turn < 40; ++turn) {
        const bool goes_back = random() % 4 == 0;
        const ModelPointer next =
            goes_back ? past[random() % past.size()]
                      : apply_step(known.model, some_step(*known.model, random), known.index.get());
        past.push_back(next);
        known = followed(known, next);
        QCOMPARE(QString::fromStdString(types_text(known)),
                 QString::fromStdString(types_text(known_of(next))));
        QCOMPARE(known.hierarchy.constant, wiring_of(*next->graph).constant);
        everyNodeStandsInOneGroup(known);
      }
    }
  }

  void anIndexChangesNoNameThatAnEditGives() {
    for (const ModelPointer& model : {modules(), model_of_text(branches_text)}) {
      std::mt19937 random(7);
      ModelPointer with = model, without = model;
      for (int turn = 0; turn < 60; ++turn) {
        const EditStep step = some_step(*with, random);
        const GraphIndex index(*with->graph);
        with = apply_step(with, step, &index);
        without = apply_step(without, step);
        QCOMPARE(test::edit_text(*with), test::edit_text(*without));
      }
    }
  }

  void whatIsGivenAndDeclaredIsFollowed_data() {
    QTest::addColumn<QString>("edit");
    QTest::addColumn<EditJson>("arguments");
    const auto row = [](const char* edit, EditJson arguments) {
      QTest::newRow(edit) << QString(edit) << arguments;
    };
    row("set_type", {{"tensor", "x"}, {"type", "float32[5,3]"}});
    row("free_dimension", {{"tensor", "x"}, {"axis", 0}, {"name", "batch"}});
    row("initializer_to_input", {{"tensor", "w"}});
    row("add_output", {{"tensor", "v"}});
    row("delete_nodes", {{"nodes", {"Exp_3"}}});
  }
  void whatIsGivenAndDeclaredIsFollowed() {
    QFETCH(const QString, edit);
    QFETCH(const EditJson, arguments);
    const Known before = known_of(model_of_text(
        "(float[2,3] x) => (float[n,m] y) <float[3] w = {1, 2, 3}> {"
        "  a = Neg(x)\n b = Abs(a)\n c = Shape(b)\n v = Exp(w)\n d = Add(b, v)\n y = Reshape(d, c) }"));
    ModelPointer model;
    try {
      model = apply_step(before.model, {edit.toStdString(), arguments});
    } catch (const Error& error) {
      QFAIL(error.what());
    }
    const Known after = followed(before, model);
    QCOMPARE(QString::fromStdString(types_text(after)), QString::fromStdString(types_text(known_of(model))));
    QCOMPARE(after.hierarchy.constant, wiring_of(*model->graph).constant);
  }

  void newNodesJoinTheModuleOfTheirScope() {
    const Known before = known_of(modules());
    QCOMPARE(path_of(before, "/blocks.1/Neg"), "blocks.1");
    const Known after =
        followed(before, apply_step(before.model, {"duplicate_nodes", {{"nodes", {"/blocks.1/Neg"}}}}));
    const Node& added = *after.model->graph->nodes[5];
    QVERIFY(added.name.starts_with("/blocks.1/"));
    QCOMPARE(path_of(after, added.label()), "blocks.1");
    QCOMPARE(path_of(after, "/blocks.2/Neg"), "blocks.2");
  }

  void aChangedModuleIsNoLongerEqualToOthers() {
    const Known before = known_of(modules());
    QCOMPARE(structure_of(before, "blocks.0"), structure_of(before, "blocks.1"));
    const Known after =
        followed(before, apply_step(before.model, {"delete_nodes", {{"nodes", {"/blocks.1/Neg"}}}}));
    QCOMPARE(structure_of(after, "blocks.0"), structure_of(after, "blocks.2"));
    QVERIFY(structure_of(after, "blocks.0") != structure_of(after, "blocks.1"));
  }

  void otherOperatorSetsAreDerivedAnew() {
    const Known before = known_of(modules());
    Model other = *before.model;
    other.opset_imports[0].version += 1;
    QVERIFY(!follow_edit(before.types, *before.model, other, *before.index, {}, 10));
  }

 private:
  static void everyNodeStandsInOneGroup(const Known& known) {
    std::vector<int> seen(known.model->graph->nodes.size());
    for (std::size_t g = 0; g < known.hierarchy.groups.size(); ++g)
      for (const int member : known.hierarchy.groups[g].nodes) {
        ++seen[static_cast<std::size_t>(member)];
        QCOMPARE(known.hierarchy.group_of_node[static_cast<std::size_t>(member)], static_cast<int>(g));
      }
    QCOMPARE(seen, std::vector<int>(seen.size(), 1));
    QCOMPARE(known.hierarchy.groups[0].node_count, static_cast<int>(seen.size()));
  }
};

QTEST_GUILESS_MAIN(FollowingTest)
#include "following_test.moc"
