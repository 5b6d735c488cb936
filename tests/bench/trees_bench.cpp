// trees_bench [--json FILE]: decision trees on backend 'cpu' against ONNX Runtime, in turns, with two threads
// each: the median run. LAPIDARY_PEER names the folder into which tests/peers was installed; without it only
// this program's times are printed.
#include <QTemporaryDir>
#include <chrono>
#include <cstdio>
#include <random>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "tests/support/bench.h"
#include "tests/support/model_builder.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

constexpr int rounds = 5, runs = 30, warm_up = 5, threads = 2, features = 30, trees = 500, depth = 8;

struct Workload {
  const char* name;
  std::int64_t rows, classes;  ///< 0 classes: one number a row
  bool has_missing;
};
constexpr Workload workloads[] = {
    {"1,000 rows, 500 trees of depth 8", 1000, 0, false},
    {"  with missing values", 1000, 0, true},
    {"  ten classes", 1000, 10, false},
    {"  one row", 1, 0, false},
    {"  10,000 rows", 10000, 0, false},
};

/// Complete trees, numbered breadth first, with random features and thresholds.
ModelPointer forest_model(const Workload& workload) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<std::int64_t> tree_ids, node_ids, feature_ids, when_true, when_false, tracks, leaf_trees,
      leaf_nodes, targets;
  std::vector<std::string> modes;
  std::vector<float> thresholds, weights;
  constexpr std::int64_t inner = (1 << depth) - 1, all = 2 * inner + 1;
  for (std::int64_t tree = 0; tree < trees; ++tree)
    for (std::int64_t i = 0; i < all; ++i) {
      const bool is_leaf = i >= inner;
      tree_ids.push_back(tree);
      node_ids.push_back(i);
      feature_ids.push_back(is_leaf ? 0 : static_cast<std::int64_t>(random() % features));
      thresholds.push_back(is_leaf ? 0 : normal(random));
      modes.emplace_back(is_leaf ? "LEAF" : workload.has_missing ? "BRANCH_LT" : "BRANCH_LEQ");
      when_true.push_back(is_leaf ? 0 : 2 * i + 1);
      when_false.push_back(is_leaf ? 0 : 2 * i + 2);
      tracks.push_back(!is_leaf && workload.has_missing && random() % 2 != 0);
      if (!is_leaf) continue;
      leaf_trees.push_back(tree);
      leaf_nodes.push_back(i);
      targets.push_back(workload.classes == 0 ? 0 : tree % workload.classes);
      weights.push_back(normal(random));
    }
  const bool classifies = workload.classes > 0;
  const std::string prefix = classifies ? "class" : "target";
  std::vector<std::pair<std::string, AttributeValue>> attributes = {
      {"nodes_treeids", tree_ids},
      {"nodes_nodeids", node_ids},
      {"nodes_featureids", feature_ids},
      {"nodes_values", thresholds},
      {"nodes_modes", modes},
      {"nodes_truenodeids", when_true},
      {"nodes_falsenodeids", when_false},
      {prefix + "_treeids", leaf_trees},
      {prefix + "_nodeids", leaf_nodes},
      {classifies ? "class_ids" : "target_ids", targets},
      {prefix + "_weights", weights}};
  if (workload.has_missing) attributes.emplace_back("nodes_missing_value_tracks_true", tracks);
  ModelBuilder model(17);
  model.opset("ai.onnx.ml", 3).input("X", DataType::Float32, {Dimension::symbol("N"), Dimension(features)});
  if (classifies) {
    std::vector<std::int64_t> labels;
    for (std::int64_t i = 0; i < workload.classes; ++i) labels.push_back(i);
    attributes.emplace_back("classlabels_int64s", labels);
    model.output("label", Type::tensor(DataType::Int64, Shape{Dimension::symbol("N")}));
  } else {
    attributes.emplace_back("n_targets", std::int64_t{1});
  }
  model.output("Y", Type::tensor(DataType::Float32,
                                 Shape{Dimension::symbol("N"), std::max<std::int64_t>(1, workload.classes)}));
  model.add(node(classifies ? "TreeEnsembleClassifier" : "TreeEnsembleRegressor", {"X"},
                 classifies ? std::vector<std::string>{"label", "Y"} : std::vector<std::string>{"Y"},
                 std::move(attributes), "ai.onnx.ml"));
  return model.build();
}

Tensor random_rows(const Workload& workload) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  Tensor tensor(DataType::Float32, {workload.rows, features});
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.mutable_data<float>()[i] =
        workload.has_missing && random() % 8 == 0 ? std::numeric_limits<float>::quiet_NaN() : normal(random);
  return tensor;
}

double elapsed_ms(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

Json measure(const Workload& workload, const QTemporaryDir& folder, bool has_peer) {
  const ModelPointer model = forest_model(workload);
  const QString path = folder.filePath(QStringLiteral("trees.onnx"));
  save_model(*model, path.toStdString());
  const Tensor rows = random_rows(workload);
  CompileOptions options;
  options.threads = threads;
  options.input_dims["X"] = rows.dims();
  std::shared_ptr<Program> program;
  const double ready_ms = elapsed_ms([&] { program = find_backend("cpu").compile(model, options); });
  std::vector<double> here, peer;
  for (int round = 0; round < rounds; ++round) {
    if (has_peer) {
      const PeerResult result = runInPeer(path, {{"X", rows}}, runs, threads);
      peer.insert(peer.end(), result.times_ms.begin(), result.times_ms.end());
    }
    for (int i = 0; i < warm_up; ++i) program->run({rows});
    for (int i = 0; i < runs; ++i) here.push_back(elapsed_ms([&] { program->run({rows}); }));
  }
  Json row = {{"name", workload.name}, {"ready_ms", ready_ms}, {"run_ms", spread_of(here).median}};
  std::printf("%-36s ready %7.1f ms  run %9.4f ms", workload.name, ready_ms, row["run_ms"].get<double>());
  if (has_peer) {
    row["peer_run_ms"] = spread_of(peer).median;
    row["ratio"] = spread_of(peer).median / spread_of(here).median;
    std::printf("  ONNX Runtime %9.4f ms  times as fast: %5.2f", row["peer_run_ms"].get<double>(),
                row["ratio"].get<double>());
  }
  std::printf("\n");
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  const bool has_peer = !folderFromEnvironment("LAPIDARY_PEER").isEmpty();
  if (!has_peer) std::printf("ONNX Runtime is not measured: LAPIDARY_PEER is not set\n");
  const QTemporaryDir folder;
  Json document = {{"machine", machine_json()}, {"threads", threads}, {"workloads", Json::array()}};
  for (const Workload& workload : workloads)
    document["workloads"].push_back(measure(workload, folder, has_peer));
  report(document, argc, argv);
}
