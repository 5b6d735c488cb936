// faults_bench ZOO [--json FILE]: faults of every kind put into real models of folder ZOO; whether comparing
// the model with the faulty one on backend 'cpu' names exactly the node with the fault, and how many nodes
// remain once the divergence is shrunk. A model quantized here stands among them.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>

#include "engine/backends.h"
#include "engine/compare/shrink.h"
#include "engine/io/model_file.h"
#include "engine/precision/quantize_static.h"
#include "tests/support/bench.h"
#include "tests/support/comparisons.h"
#include "tests/support/faults.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t most_nodes = 3;

ComparedRun on_cpu(const std::string& name, const ModelPointer& model) {
  ComparedRun run = run_on("cpu", model);
  run.name = name;
  run.runner.threads = 2;
  return run;
}

/// What the node makes, and all behind it, by name.
std::map<std::string, Datum> all_values(const ModelPointer& model, const NamedData& inputs) {
  CompileOptions options;
  options.keep_intermediates = true;
  const auto program = find_backend("cpu").compile(model, options);
  std::vector<Datum> data;
  for (const auto& [name, datum] : inputs) data.push_back(datum);
  const auto made = program->run(data);
  std::map<std::string, Datum> values;
  for (std::size_t i = 0; i < made.size(); ++i) values[program->outputs()[i].name] = made[i];
  return values;
}

/// A fault that changes a number somewhere: an epsilon beside a large variance does not.
std::optional<FaultyModel> with_felt_fault(const ModelPointer& model, const NamedData& inputs,
                                           const std::string& kind, std::uint64_t seed) {
  constexpr std::uint64_t attempts = 8;
  for (std::uint64_t attempt = 0; attempt < attempts; ++attempt) {
    auto faulty = with_fault(model, kind, seed + attempt * 100);
    if (!faulty) return std::nullopt;
    const auto sound = all_values(model, inputs);
    for (const auto& [name, value] : all_values(faulty->model, inputs))
      if (const auto other = sound.find(name);
          other != sound.end() && value.is_tensor() && !identical(value.tensor(), other->second.tensor()))
        return faulty;
  }
  return std::nullopt;
}

Json try_fault(const ModelPointer& model, const NamedData& data, const std::string& kind,
               std::uint64_t seed) {
  const auto faulty = with_felt_fault(model, data, kind, seed);
  if (!faulty) return nullptr;
  const Values inputs(data.begin(), data.end());
  const ComparisonOptions options = exact_comparison();
  const ComparedRun a = on_cpu("sound", model), b = on_cpu("faulty", faulty->model);
  const auto begin = std::chrono::steady_clock::now();
  const RunComparison found = compare_runs(a, b, inputs, options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto part = shrink(a, b, inputs, found, options);
  const std::string named = found.first_divergence ? found.first_divergence->node : "";
  return {{"kind", kind},
          {"node", faulty->node},
          {"named", named},
          {"exact", named == faulty->node},
          {"nodes_after_shrinking", part ? part->node_count : 0},
          {"seconds", seconds}};
}

Json try_faults(const std::string& name, const ModelPointer& model, const NamedData& data) {
  Json faults = Json::array();
  for (std::uint64_t seed = 1; seed <= 2 * fault_kinds().size(); ++seed) {
    const std::string& kind = fault_kinds()[seed % fault_kinds().size()];
    Json fault = try_fault(model, data, kind, seed + name.size());
    if (fault.is_null()) continue;
    if (!fault["exact"].get<bool>() || fault["nodes_after_shrinking"] == 0)
      std::printf("  %s, %s: wanted %s, got '%s'\n", name.c_str(), kind.c_str(),
                  fault["node"].get<std::string>().c_str(), fault["named"].get<std::string>().c_str());
    fault["model"] = name;
    faults.push_back(std::move(fault));
  }
  return faults;
}

/// The model in int8, as `convert --quantize int8` makes it.
ModelPointer quantized(const ModelPointer& model) {
  const ModelPointer prepared = prepared_for_quantization(model);
  const auto ranges = find_ranges(prepared, find_backend("cpu"), made_up_input_sets(*model, 1), {});
  return quantize_static(prepared, ranges, {}).model;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: faults_bench ZOO [--json FILE]\n");
    return 2;
  }
  Json document = {{"machine", machine_json()}, {"faults", Json::array()}};
  const auto add = [&](const std::string& name, const ModelPointer& model, const NamedData& data) {
    const Json faults = try_faults(name, model, data);
    std::size_t exact = 0, small = 0;
    for (const auto& fault : faults) {
      exact += fault["exact"].get<bool>() ? 1 : 0;
      const auto nodes = fault["nodes_after_shrinking"].get<std::size_t>();
      small += nodes > 0 && nodes <= most_nodes ? 1 : 0;
      document["faults"].push_back(fault);
    }
    std::printf("%-32s  %zu faults, %zu named exactly, %zu shrunk to at most %zu nodes\n", name.c_str(),
                faults.size(), exact, small, most_nodes);
    std::fflush(stdout);
  };
  for (const ZooModel& zoo : zooModels()) {
    const std::string path = std::string(argv[1]) + "/" + zoo.name + ".onnx", name = zoo.name;
    const bool is_slow = name == "bert_base" || name == "vit_b_16";
    if (is_slow || name.starts_with("silero") || !std::filesystem::exists(path)) continue;
    LoadOptions links;
    links.follow_links = true;
    const ModelPointer model = load_model(path, links).model;
    const NamedData data = zooInputs(*model, zoo);
    add(name, model, data);
    if (name == "mobilenet_v2") add(name + " in int8", quantized(model), data);
  }
  std::size_t exact = 0, small = 0;
  for (const auto& fault : document["faults"]) {
    exact += fault["exact"].get<bool>() ? 1 : 0;
    const auto nodes = fault["nodes_after_shrinking"].get<std::size_t>();
    small += nodes > 0 && nodes <= most_nodes ? 1 : 0;
  }
  std::printf("%zu faults, %zu named exactly, %zu shrunk to at most %zu nodes\n", document["faults"].size(),
              exact, small, most_nodes);
  report(document, argc, argv);
  return exact == document["faults"].size() && small == exact ? 0 : 1;
}
