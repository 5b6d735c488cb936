// speed_bench ZOO [--json FILE]: backend 'cpu' against ONNX Runtime on the models of folder ZOO, in turns,
// with two threads each: load and compile against session creation, and the median run. LAPIDARY_PEER names
// the folder into which tests/peers was installed; without it only this program's times are printed.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "tests/support/bench.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

constexpr int rounds = 3, runs = 20, warm_up = 5, threads = 2;

/// The folder may hold links to models that lie elsewhere.
LoadOptions links() {
  LoadOptions options;
  options.follow_links = true;
  return options;
}

double elapsed_ms(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

struct Times {
  std::vector<double> ready_ms, run_ms;
};

void measure_here(const std::string& path, const ZooModel& zoo, Times& times) {
  std::shared_ptr<Program> program;
  ModelPointer model;
  const double load_ms = elapsed_ms([&] { model = load_model(path, links()).model; });
  std::vector<Datum> inputs;
  CompileOptions options;
  options.threads = threads;
  for (auto& [name, datum] : zooInputs(*model, zoo)) {
    options.input_dims[name] = datum.tensor().dims();
    inputs.push_back(datum);
  }
  times.ready_ms.push_back(load_ms +
                           elapsed_ms([&] { program = find_backend("cpu").compile(model, options); }));
  for (int i = 0; i < warm_up; ++i) program->run(inputs);
  for (int i = 0; i < runs; ++i) times.run_ms.push_back(elapsed_ms([&] { program->run(inputs); }));
}

void measure_peer(const std::string& path, const ZooModel& zoo, Times& times) {
  const PeerResult result = runInPeer(QString::fromStdString(path),
                                      zooInputs(*load_model(path, links()).model, zoo), runs, threads);
  times.ready_ms.push_back(result.created_ms);
  times.run_ms.insert(times.run_ms.end(), result.times_ms.begin(), result.times_ms.end());
}

Json measure(const std::string& path, const ZooModel& zoo, bool has_peer) {
  Times here, peer;
  for (int round = 0; round < rounds; ++round) {
    if (has_peer) measure_peer(path, zoo, peer);
    measure_here(path, zoo, here);
  }
  Json row = {{"model", zoo.name},
              {"ready_ms", spread_of(here.ready_ms).median},
              {"run_ms", spread_of(here.run_ms).median}};
  std::printf("%-32s ready %8.1f ms  run %9.4f ms", zoo.name, row["ready_ms"].get<double>(),
              row["run_ms"].get<double>());
  if (has_peer) {
    row["peer_ready_ms"] = spread_of(peer.ready_ms).median;
    row["peer_run_ms"] = spread_of(peer.run_ms).median;
    row["run_ratio"] = spread_of(peer.run_ms).median / spread_of(here.run_ms).median;
    row["ready_ratio"] = spread_of(peer.ready_ms).median / spread_of(here.ready_ms).median;
    std::printf("  ONNX Runtime %8.1f, %9.4f ms  times as fast: %5.2f, %5.2f",
                row["peer_ready_ms"].get<double>(), row["peer_run_ms"].get<double>(),
                row["ready_ratio"].get<double>(), row["run_ratio"].get<double>());
  }
  std::printf("\n");
  return row;
}

/// The model that runs slowest against the peer.
const Json& slowest(const Json& rows) {
  return *std::min_element(rows.begin(), rows.end(), [](const Json& a, const Json& b) {
    return a["run_ratio"].get<double>() < b["run_ratio"].get<double>();
  });
}

double geometric_mean(const Json& rows, const char* key) {
  double sum = 0;
  for (const auto& row : rows) sum += std::log(row[key].get<double>());
  return std::exp(sum / static_cast<double>(rows.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: speed_bench ZOO [--json FILE]\n");
    return 2;
  }
  const bool has_peer = !folderFromEnvironment("LAPIDARY_PEER").isEmpty();
  if (!has_peer) std::printf("ONNX Runtime is not measured: LAPIDARY_PEER is not set\n");
  Json document = {{"machine", machine_json()}, {"threads", threads}, {"models", Json::array()}};
  for (const ZooModel& zoo : zooModels()) {
    const std::string path = std::string(argv[1]) + "/" + zoo.name + ".onnx";
    if (std::filesystem::exists(path)) document["models"].push_back(measure(path, zoo, has_peer));
  }
  if (has_peer && !document["models"].empty()) {
    document["run_ratio"] = geometric_mean(document["models"], "run_ratio");
    document["ready_ratio"] = geometric_mean(document["models"], "ready_ratio");
    std::printf("geometric means: %.2f times as fast to run, %.2f to make ready\n",
                document["run_ratio"].get<double>(), document["ready_ratio"].get<double>());
    const Json& worst = slowest(document["models"]);
    document["slowest"] = {{"model", worst["model"]}, {"run_ratio", worst["run_ratio"]}};
    std::printf("slowest: %s, %.2f times as fast to run\n", worst["model"].get<std::string>().c_str(),
                worst["run_ratio"].get<double>());
  }
  report(document, argc, argv);
}
