// inference_bench MODEL... [--json FILE]: how long it takes to derive types and to check each model, and how
// much stays unknown.
#include <cstdio>
#include <filesystem>

#include "engine/analysis/check.h"
#include "engine/analysis/model_cost.h"
#include "engine/io/model_file.h"
#include "engine/runtime/backend.h"
#include "tests/support/bench.h"

using namespace lapidary;
using Json = nlohmann::ordered_json;

namespace {

constexpr int repeats = 5;

double median_ms(const auto& work) {
  std::vector<double> times_ms;
  for (int i = 0; i < repeats; ++i) {
    const std::int64_t begin_ns = now_ns();
    work();
    times_ms.push_back(static_cast<double>(now_ns() - begin_ns) * 1e-6);
  }
  return test::spread_of(times_ms).median;
}

/// Values of the main graph, how many have no type, and how many a type without rank.
struct Coverage {
  int values = 0, without_type = 0, without_shape = 0;
};

Coverage coverage_of(const Model& model, const InferredTypes& types) {
  Coverage coverage;
  for (const auto& node : model.graph->nodes)
    for (const auto& output : node->outputs) {
      if (output.empty()) continue;
      const Type& type = types.type_of(output);
      ++coverage.values;
      coverage.without_type += !type.is_known();
      coverage.without_shape += type.is_tensor() && !type.shape;
    }
  return coverage;
}

Json measure(const std::string& path) {
  const LoadedModel loaded = load_model(path);
  const double infer_ms = median_ms([&] { infer_types(*loaded.model); });
  const double check_ms = median_ms([&] { check_model(*loaded.model); });
  const InferredTypes types = infer_types(*loaded.model);
  const double cost_ms = median_ms([&] { cost_of(*loaded.model, types); });
  const Coverage coverage = coverage_of(*loaded.model, types);
  const std::string name = std::filesystem::path(path).stem();
  std::printf(
      "%-32s infer %8.2f ms  check %8.2f ms  cost %8.2f ms  %6d values, %d without type, %d without shape\n",
      name.c_str(), infer_ms, check_ms, cost_ms, coverage.values, coverage.without_type,
      coverage.without_shape);
  return {{"model", name},
          {"infer_ms", infer_ms},
          {"check_ms", check_ms},
          {"cost_ms", cost_ms},
          {"values", coverage.values},
          {"without_type", coverage.without_type},
          {"without_shape", coverage.without_shape}};
}

}  // namespace

int main(int argc, char** argv) {
  Json document = {{"machine", test::machine_json()}, {"rows", Json::array()}};
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--json"; ++i)
    document["rows"].push_back(measure(argv[i]));
  if (document["rows"].empty()) {
    std::fprintf(stderr, "usage: inference_bench MODEL... [--json FILE]\n");
    return 2;
  }
  test::report(document, argc, argv);
}
