// compare_bench ZOO [--json FILE]: comparing runs of the real models of folder ZOO where nothing is wrong
// (float32 with float64, and with ONNX Runtime if LAPIDARY_PEER names its folder), with optimized models
// whose names are kept and taken away, and with noise of known size in some operators.
#include <cstdio>
#include <filesystem>

#include "engine/compare/run_comparison.h"
#include "engine/io/model_file.h"
#include "engine/model/edit.h"
#include "engine/model/names.h"
#include "engine/passes/pass.h"
#include "tests/support/bench.h"
#include "tests/support/comparisons.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

/// Two threads: as many as these machines have cores.
ComparedRun on(const std::string& backend, const ModelPointer& model, bool float64 = false) {
  ComparedRun run = run_on(backend, model, float64);
  run.runner.threads = 2;
  return run;
}

struct Subject {
  ModelPointer model;
  NamedData data;
  Values inputs;
};

/// The model with all that its nodes make as outputs, with their types, for a program that gives outputs
/// alone.
ModelPointer with_all_outputs(const Subject& subject) {
  InferenceOptions inference;
  for (const auto& [name, value] : subject.data) inference.inputs[name] = value.tensor().full_type();
  const InferredTypes types = infer_types(*subject.model, inference);
  Graph graph = *subject.model->graph;
  std::unordered_set<std::string> named;
  for (const auto& output : graph.outputs) named.insert(output.name);
  for (const auto& node : subject.model->graph->nodes)
    for (const auto& output : node->outputs) {
      const Type& type = types.type_of(output);
      if (output.empty() || !type.is_tensor() || !type.shape || !constant_dims(*type.shape) ||
          !named.insert(output).second)
        continue;
      graph.outputs.emplace_back().name = output;
      graph.outputs.back().type = type;
    }
  return with_graph(*subject.model, std::move(graph));
}

ComparedRun in_peer(const Subject& subject) {
  const std::string path = (std::filesystem::temp_directory_path() / "lapidary_compare_bench.onnx").string();
  save_model(*with_all_outputs(subject), path);
  ComparedRun run;
  run.name = "ONNX Runtime";
  run.model = subject.model;
  for (auto& [name, value] : runInPeer(QString::fromStdString(path), subject.data).outputs)
    run.recorded[name] = std::move(value);
  std::filesystem::remove(path);
  return run;
}

Json alarm_json(const char* what, const RunComparison& found) {
  const auto& first = found.first_divergence;
  std::printf("  %s: %zu tensors, %s%s\n", what, found.tensors.size(), found.ok() ? "no alarm" : "ALARM at ",
              first ? first->node.c_str() : "");
  return {{"tensors", found.tensors.size()}, {"alarm", !found.ok()}};
}

/// The model with every value and node inside called something else; `name_of` gets the names as they were.
ModelPointer anonymous(const Model& model, std::map<std::string, std::string>& name_of) {
  Graph graph = *model.graph;
  Renames renames;
  std::vector<std::shared_ptr<const Node>> nodes;
  std::unordered_set<std::string> outputs;
  for (const auto& output : graph.outputs) outputs.insert(output.name);
  for (const auto& node : graph.nodes) {
    for (const auto& output : node->outputs)
      if (!output.empty() && !outputs.contains(output))
        renames[output] = "value_" + std::to_string(renames.size());
    Node changed = *node;
    changed.name = "";
    nodes.push_back(std::make_shared<const Node>(std::move(changed)));
  }
  for (const auto& weight : graph.initializers)
    renames[weight->name] = "weight_" + std::to_string(renames.size());
  graph.nodes = PersistentVector<std::shared_ptr<const Node>>(std::move(nodes));
  for (const auto& [was, is] : renames) name_of[is] = was;
  for (const auto& output : outputs) name_of[output] = output;
  rename_values(graph, renames);
  return with_graph(model, std::move(graph));
}

Json align_json(const Subject& subject, PassLevel level) {
  const ModelPointer optimized = optimize(subject.model, passes_up_to(level)).model;
  std::map<std::string, std::string> name_of;
  const ModelPointer nameless = anonymous(*optimized, name_of);
  const RunComparison by_name =
      compare_runs(on("cpu", subject.model), on("cpu", optimized), subject.inputs, exact_comparison());
  const RunComparison without =
      compare_runs(on("cpu", subject.model), on("cpu", nameless), subject.inputs, exact_comparison());
  // Shared is what bears the same name in both: passes keep a name only with its contents.
  std::size_t aligned = 0, wrong = 0, shared = 0;
  for (const auto& tensor : by_name.tensors) shared += tensor.pair.a == tensor.pair.b ? 1 : 0;
  for (const auto& tensor : without.tensors) {
    aligned += name_of[tensor.pair.b] == tensor.pair.a ? 1 : 0;
    wrong += !tensor.ok ? 1 : 0;
  }
  std::printf("  optimized, %s: %zu shared tensors, %s; without names %zu aligned, %zu wrongly\n",
              std::string(lapidary::name_of(level)).c_str(), shared, by_name.ok() ? "no alarm" : "ALARM",
              aligned, wrong);
  return {{"level", lapidary::name_of(level)},
          {"shared", shared},
          {"alarm", !by_name.ok()},
          {"aligned_without_names", aligned},
          {"wrong", wrong}};
}

/// The model with noise added behind `count` of its operators, a thousandth of the largest element.
ModelPointer with_noise(const Subject& subject, std::size_t count, std::vector<std::string>& noisy) {
  const RunComparison sound =
      compare_runs(on("cpu", subject.model), on("cpu", subject.model), subject.inputs, {});
  Graph graph = *subject.model->graph;
  auto nodes = graph.nodes.to_vector();
  auto weights = graph.initializers.to_vector();
  std::vector<const ComparedTensor*> places;
  for (const auto& tensor : sound.tensors)
    if (tensor.op_type == "Conv" || tensor.op_type == "MatMul" || tensor.op_type == "Gemm")
      places.push_back(&tensor);
  for (std::size_t i = 0; i < std::min(count, places.size()); ++i) {
    const ComparedTensor& place = *places[(2 * i + 1) * places.size() / (2 * count)];
    const std::string raw = place.pair.a + "_raw", noise = place.pair.a + "_noise";
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      if (nodes[at]->outputs[0] != place.pair.a) continue;
      Node changed = *nodes[at], added;
      changed.outputs[0] = raw;
      added.op_type = "Add";
      added.inputs = {raw, noise};
      added.outputs = {place.pair.a};
      nodes[at] = std::make_shared<const Node>(changed);
      nodes.insert(nodes.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::make_shared<const Node>(added));
      break;
    }
    NamedTensor weight;
    weight.name = noise;
    weight.tensor = Tensor::of<float>({}, {static_cast<float>(1e-3 * place.metrics->scale)});
    weights.push_back(std::make_shared<const NamedTensor>(weight));
    noisy.push_back(place.pair.a);
  }
  graph.nodes = PersistentVector<std::shared_ptr<const Node>>(std::move(nodes));
  graph.initializers = PersistentVector<std::shared_ptr<const NamedTensor>>(std::move(weights));
  return with_graph(*subject.model, std::move(graph));
}

/// Whether the operators with noise have the largest local errors, 'cpu' with noise against 'reference'
/// without.
Json noise_json(const Subject& subject) {
  Json rows = Json::array();
  std::size_t found_all = 0;
  for (std::size_t count = 1; count <= 5; ++count) {
    std::vector<std::string> noisy;
    const ModelPointer model = with_noise(subject, count, noisy);
    RunComparison found =
        compare_runs(on("reference", subject.model), on("cpu", model), subject.inputs, exact_comparison());
    std::stable_sort(found.tensors.begin(), found.tensors.end(), [](const auto& x, const auto& y) {
      return (x.local ? x.local->relative_to_scale() : 0) > (y.local ? y.local->relative_to_scale() : 0);
    });
    std::size_t first = 0;
    for (std::size_t i = 0; i < noisy.size(); ++i)
      first += std::count(noisy.begin(), noisy.end(), found.tensors[i].pair.a) ? 1 : 0;
    rows.push_back({{"operators", noisy.size()}, {"ranked_first", first}});
    found_all += first == noisy.size() ? 1 : 0;
  }
  std::printf("  noise in 1 to 5 operators: all ranked first in %zu of 5\n", found_all);
  return rows;
}

Json measure(const std::string& path, const ZooModel& zoo) {
  LoadOptions links;
  links.follow_links = true;
  Subject subject{load_model(path, links).model, {}, {}};
  subject.data = zooInputs(*subject.model, zoo);
  subject.inputs = Values(subject.data.begin(), subject.data.end());
  std::printf("%s\n", zoo.name);
  Json row = {{"model", zoo.name}};
  row["float32 with float64"] =
      alarm_json("float32 with float64",
                 compare_runs(on("reference", subject.model), on("reference", subject.model, true),
                              subject.inputs, exact_comparison()));
  row["cpu with float64"] = alarm_json(
      "cpu with float64", compare_runs(on("cpu", subject.model), on("reference", subject.model, true),
                                       subject.inputs, exact_comparison()));
  if (!folderFromEnvironment("LAPIDARY_PEER").isEmpty()) try {
      row["cpu with ONNX Runtime"] = alarm_json(
          "cpu with ONNX Runtime",
          compare_runs(on("cpu", subject.model), in_peer(subject), subject.inputs, exact_comparison()));
    } catch (const std::runtime_error& error) {
      std::printf("  ONNX Runtime did not run it: %s\n", error.what());
      row["cpu with ONNX Runtime"] = {{"error", error.what()}};
    }
  row["optimized"] = Json::array();
  for (const PassLevel level : {PassLevel::Extended, PassLevel::All})
    row["optimized"].push_back(align_json(subject, level));
  row["noise"] = noise_json(subject);
  std::fflush(stdout);
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: compare_bench ZOO [--json FILE]\n");
    return 2;
  }
  Json document = {{"machine", machine_json()}, {"models", Json::array()}};
  for (const ZooModel& zoo : zooModels()) {
    const std::string path = std::string(argv[1]) + "/" + zoo.name + ".onnx";
    if (std::filesystem::exists(path)) document["models"].push_back(measure(path, zoo));
  }
  report(document, argc, argv);
}
