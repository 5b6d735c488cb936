// quantized_bench MODEL… [--json FILE]: a run in float32 against one in int8 (static, QDQ) on backend 'cpu',
// in turns, so that both meet the same state of the machine; and how far the results are apart.
#include <chrono>
#include <cstdio>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "engine/precision/accuracy.h"
#include "engine/precision/quantize_static.h"
#include "tests/support/bench.h"

using namespace lapidary;
using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

constexpr int runs = 60, warm_up = 5, threads = 2, calibration_sets = 4;

double run_ms(Program& program, const std::vector<Datum>& inputs) {
  const auto begin = std::chrono::steady_clock::now();
  program.run(inputs);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

Json measure(const std::string& path) {
  LoadOptions links;
  links.follow_links = true;
  const ModelPointer model = load_model(path, links).model, prepared = prepared_for_quantization(model);
  const Backend& backend = find_backend("cpu");
  const auto ranges = find_ranges(prepared, backend, made_up_input_sets(*model, calibration_sets), {});
  const ModelPointer quantized = quantize_static(prepared, ranges, {}).model;
  // Other inputs than those of the calibration.
  const AccuracyTest test(model, backend, made_up_input_sets(*model, 1, calibration_sets + 1));
  CompileOptions options;
  options.threads = threads;
  const auto real = backend.compile(model, options), whole = backend.compile(quantized, options);
  const auto& inputs = test.sets()[0];
  std::vector<double> real_ms, whole_ms, ratios;
  for (int i = 0; i < warm_up + runs; ++i) {
    const double first = run_ms(*real, inputs), second = run_ms(*whole, inputs);
    if (i < warm_up) continue;
    real_ms.push_back(first);
    whole_ms.push_back(second);
    ratios.push_back(first / second);
  }
  return {{"model", path},
          {"float32_ms", spread_of(real_ms).median},
          {"int8_ms", spread_of(whole_ms).median},
          {"fastest_float32_ms", spread_of(real_ms).minimum},
          {"fastest_int8_ms", spread_of(whole_ms).minimum},
          {"median_of_ratios", spread_of(ratios).median},
          {"relative_error", test.worst_error(quantized)}};
}

}  // namespace

int main(int argc, char** argv) {
  Json document = {
      {"machine", machine_json()}, {"threads", threads}, {"runs", runs}, {"models", Json::array()}};
  for (int i = 1; i < argc && std::string(argv[i]) != "--json"; ++i) {
    const Json row = measure(argv[i]);
    std::printf(
        "%s: float32 %.2f ms, int8 %.2f ms, %.2f times as fast (fastest %.2f and %.2f ms), relative error "
        "%.4f\n",
        argv[i], row["float32_ms"].get<double>(), row["int8_ms"].get<double>(),
        row["median_of_ratios"].get<double>(), row["fastest_float32_ms"].get<double>(),
        row["fastest_int8_ms"].get<double>(), row["relative_error"].get<double>());
    document["models"].push_back(row);
  }
  if (document["models"].empty()) {
    std::fprintf(stderr, "usage: quantized_bench MODEL… [--json FILE]\n");
    return 2;
  }
  report(document, argc, argv);
  return 0;
}
