// coverage_bench MODEL... [--json FILE]: which share of a run's wall time the operators of its profile make
// up, on the fast backend with two threads.
#include <cstdio>
#include <filesystem>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "engine/runtime/inputs.h"
#include "engine/trace/statistics.h"
#include "tests/support/bench.h"

using namespace lapidary;
using Json = nlohmann::ordered_json;

namespace {

constexpr int warm_up = 3, runs = 20;

TraceSummary profile(const std::string& path) {
  LoadOptions links;
  links.follow_links = true;
  const ModelPointer model = load_model(path, links).model;
  CompileOptions options;
  options.threads = 2;
  std::vector<Datum> inputs;
  for (const Value& input : required_inputs(*model)) {
    inputs.emplace_back(make_input(input, "random", {}, 7));
    options.input_dims[input.name] = inputs.back().tensor().dims();
  }
  const auto program = find_backend("cpu").compile(model, options);
  for (int i = 0; i < warm_up; ++i) program->run(inputs);
  TraceRecorder recorder;
  RunOptions observed;
  observed.observer = &recorder;
  for (int i = 0; i < runs; ++i) program->run(inputs, observed);
  return summarize(recorder.finish());
}

Json measure(const std::string& path) {
  const TraceSummary summary = profile(path);
  const std::string name = std::filesystem::path(path).stem();
  std::printf("%-32s run %9.3f ms, operators cover %5.1f %%\n", name.c_str(), summary.total_ms,
              100 * summary.coverage);
  return {{"model", name},
          {"run_ms", summary.total_ms},
          {"coverage", summary.coverage},
          {"steps", summary.operators.size()}};
}

}  // namespace

int main(int argc, char** argv) {
  Json document = {{"machine", test::machine_json()}, {"rows", Json::array()}};
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--json"; ++i)
    document["rows"].push_back(measure(argv[i]));
  if (document["rows"].empty()) {
    std::fprintf(stderr, "usage: coverage_bench MODEL... [--json FILE]\n");
    return 2;
  }
  test::report(document, argc, argv);
}
