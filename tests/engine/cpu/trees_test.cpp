#include <QTest>
#include <cmath>
#include <random>

#include "engine/backends.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::test;

/// The fast walk through trees gives what the plain one gives, for all shapes of forests and inputs.
class CpuTreesTest : public QObject {
  Q_OBJECT

 private slots:
  void givesWhatTheReferenceGives_data();
  void givesWhatTheReferenceGives();
  void refusesWhatTheReferenceRefuses();
};

namespace {

struct Forest {
  std::vector<std::string> modes = {"BRANCH_LEQ"};  ///< each node has one of these
  std::int64_t targets = 1;
  bool tracks_missing = false, classifies = false;
  DataType input = DataType::Float32;
  std::int64_t rows = 50;
  std::string aggregate = "SUM";
  int depth = 9;
};

constexpr std::int64_t features = 5;

/// Trees that end early here and there; thresholds are few, so that inputs lie on them.
std::vector<std::pair<std::string, AttributeValue>> random_trees(const Forest& forest) {
  std::mt19937 random(3);
  std::vector<std::int64_t> trees, nodes, compared, when_true, when_false, tracks, vote_trees, vote_nodes,
      ids;
  std::vector<std::string> modes;
  std::vector<float> thresholds, weights;
  for (std::int64_t tree = 0; tree < 12; ++tree) {
    std::vector<std::int64_t> depths = {0};
    for (std::size_t i = 0; i < depths.size(); ++i) {
      const bool is_leaf = depths[i] == forest.depth || (depths[i] > 1 && random() % 4 == 0);
      trees.push_back(tree);
      nodes.push_back(static_cast<std::int64_t>(i));
      compared.push_back(is_leaf ? 0 : static_cast<std::int64_t>(random() % features));
      thresholds.push_back(static_cast<float>(random() % 7) / 2 - 1);
      modes.push_back(is_leaf ? "LEAF" : forest.modes[random() % forest.modes.size()]);
      tracks.push_back(forest.tracks_missing && random() % 2 != 0);
      when_true.push_back(is_leaf ? 0 : static_cast<std::int64_t>(depths.size()));
      when_false.push_back(is_leaf ? 0 : static_cast<std::int64_t>(depths.size()) + 1);
      if (!is_leaf) depths.insert(depths.end(), 2, depths[i] + 1);
      const std::int64_t votes = !is_leaf              ? 0
                                 : forest.targets == 1 ? 1
                                                       : static_cast<std::int64_t>(random() % 3);
      for (std::int64_t vote = 0; vote < votes; ++vote) {
        vote_trees.push_back(tree);
        vote_nodes.push_back(static_cast<std::int64_t>(i));
        ids.push_back(static_cast<std::int64_t>(random()) % forest.targets);
        weights.push_back(static_cast<float>(random() % 100) / 10 - 5);
      }
    }
  }
  const std::string prefix = forest.classifies ? "class" : "target";
  return {{"nodes_treeids", trees},
          {"nodes_nodeids", nodes},
          {"nodes_featureids", compared},
          {"nodes_values", thresholds},
          {"nodes_modes", modes},
          {"nodes_truenodeids", when_true},
          {"nodes_falsenodeids", when_false},
          {"nodes_missing_value_tracks_true", tracks},
          {prefix + "_treeids", vote_trees},
          {prefix + "_nodeids", vote_nodes},
          {forest.classifies ? "class_ids" : "target_ids", ids},
          {prefix + "_weights", weights}};
}

ModelPointer model_of(const Forest& forest) {
  auto attributes = random_trees(forest);
  ModelBuilder model(17);
  model.opset("ai.onnx.ml", 3).input("x", forest.input, {Dimension::symbol("N"), Dimension(features)});
  if (forest.classifies) {
    std::vector<std::string> labels;
    for (std::int64_t i = 0; i < forest.targets; ++i) labels.push_back("class " + std::to_string(i));
    attributes.emplace_back("classlabels_strings", labels);
    attributes.emplace_back("post_transform", std::string("SOFTMAX"));
    model.output("label").output("y");
    model.add(node("TreeEnsembleClassifier", {"x"}, {"label", "y"}, std::move(attributes), "ai.onnx.ml"));
  } else {
    attributes.emplace_back("n_targets", forest.targets);
    attributes.emplace_back("aggregate_function", forest.aggregate);
    model.output("y").add(node("TreeEnsembleRegressor", {"x"}, {"y"}, std::move(attributes), "ai.onnx.ml"));
  }
  return model.build();
}

Tensor rows_for(const Forest& forest) {
  std::mt19937 random(5);
  std::vector<double> values;
  for (std::int64_t i = 0; i < forest.rows * features; ++i) {
    const bool is_missing = is_floating(forest.input) && random() % 6 == 0;
    values.push_back(is_missing ? std::numeric_limits<double>::quiet_NaN()
                                : static_cast<double>(random() % 9) / 2 - 2);
    if (random() % 20 == 0)
      values.back() = std::copysign(std::numeric_limits<double>::infinity(), values.back());
    if (!is_floating(forest.input)) values.back() = static_cast<double>(random() % 9) - 4;
  }
  return tensor_from(forest.input, {forest.rows, features}, values);
}

}  // namespace

Q_DECLARE_METATYPE(Forest)

void CpuTreesTest::givesWhatTheReferenceGives_data() {
  QTest::addColumn<Forest>("forest");
  const auto add = [](const std::string& name, auto change) {
    Forest forest;
    change(forest);
    QTest::newRow(name.c_str()) << forest;
  };
  for (const char* mode : {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"})
    for (const bool tracks : {false, true})
      add(std::string(mode) + (tracks ? ", missing tracked" : ""), [&](Forest& forest) {
        forest.modes = {mode};
        forest.tracks_missing = tracks;
      });
  const std::vector<std::string> all = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                        "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};
  add("all modes", [&](Forest& f) { f.modes = all, f.tracks_missing = true; });
  add("several targets", [](Forest& f) { f.targets = 4; });
  for (const char* aggregate : {"AVERAGE", "MIN", "MAX"})
    add(aggregate, [&](Forest& f) { f.aggregate = aggregate, f.targets = 3; });
  for (const DataType type : {DataType::Float64, DataType::Int64, DataType::Int32})
    add(std::string(name_of(type)), [&](Forest& f) { f.input = type, f.tracks_missing = true; });
  for (const std::int64_t rows : {0, 1, 7, 9, 513, 4000})
    add(std::to_string(rows) + " rows", [&](Forest& f) { f.rows = rows; });
  add("deep trees", [](Forest& f) { f.depth = 16; });
  add("single nodes", [](Forest& f) { f.depth = 0; });
  for (const std::int64_t classes : {2, 5})
    add(std::to_string(classes) + " classes", [&](Forest& f) { f.classifies = true, f.targets = classes; });
}

void CpuTreesTest::givesWhatTheReferenceGives() {
  QFETCH(Forest, forest);
  const ModelPointer model = model_of(forest);
  const std::vector<Datum> inputs = {rows_for(forest)};
  CompileOptions options;
  options.threads = 2;
  const auto got = find_backend("cpu").compile(model, options)->run(inputs);
  const auto want = find_backend("reference").compile(model, options)->run(inputs);
  QCOMPARE(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) COMPARE_TENSORS(got[i].tensor(), want[i].tensor(), 0, 0);
}

void CpuTreesTest::refusesWhatTheReferenceRefuses() {
  Forest forest;
  const ModelPointer model = model_of(forest);
  forest.rows = 3;
  const Tensor narrow(DataType::Float32, {3, features - 1});
  for (const char* backend : {"cpu", "reference"})
    QVERIFY_EXCEPTION_THROWN(find_backend(backend).compile(model, {})->run({narrow}), Error);
}

QTEST_GUILESS_MAIN(CpuTreesTest)
#include "trees_test.moc"
