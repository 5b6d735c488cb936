// observing_bench MODEL [--json FILE]: what watching a run costs on backend 'cpu'. Runs with and without an
// observer that records a trace take turns, so that both meet the same state of the machine.
#include <chrono>
#include <cstdio>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "engine/trace/trace.h"
#include "tests/support/bench.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

constexpr int runs = 200, warm_up = 10, threads = 2;

double run_ms(Program& program, const std::vector<Datum>& inputs, const RunOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  program.run(inputs, options);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

Json measure(const std::string& path) {
  LoadOptions links;
  links.follow_links = true;
  const ModelPointer model = load_model(path, links).model;
  const ZooModel any_image{"", {{model->graph->inputs[0].name, {1, 3, 224, 224}}}};
  CompileOptions options;
  options.threads = threads;
  std::vector<Datum> inputs;
  for (const auto& [name, datum] : zooInputs(*model, any_image)) {
    options.input_dims[name] = datum.tensor().dims();
    inputs.push_back(datum);
  }
  const auto program = find_backend("cpu").compile(model, options);
  TraceRecorder recorder;
  const RunOptions alone, observed{&recorder, {}, 0, {}};
  for (int i = 0; i < warm_up; ++i) {
    run_ms(*program, inputs, alone);
    run_ms(*program, inputs, observed);
  }
  std::vector<double> alone_ms, observed_ms, ratios;
  for (int i = 0; i < runs; ++i) {
    alone_ms.push_back(run_ms(*program, inputs, alone));
    observed_ms.push_back(run_ms(*program, inputs, observed));
    ratios.push_back(observed_ms.back() / alone_ms.back());
  }
  return {{"run_ms", spread_of(alone_ms).median},
          {"observed_ms", spread_of(observed_ms).median},
          {"ratio_of_medians", spread_of(observed_ms).median / spread_of(alone_ms).median},
          {"median_of_ratios", spread_of(ratios).median}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: observing_bench MODEL [--json FILE]\n");
    return 2;
  }
  Json document = {{"machine", machine_json()}, {"threads", threads}, {"runs", runs}};
  const Json row = measure(argv[1]);
  std::printf("alone %.3f ms, observed %.3f ms, ratio of medians %.4f, median of ratios %.4f\n",
              row["run_ms"].get<double>(), row["observed_ms"].get<double>(),
              row["ratio_of_medians"].get<double>(), row["median_of_ratios"].get<double>());
  document["observing"] = row;
  report(document, argc, argv);
}
