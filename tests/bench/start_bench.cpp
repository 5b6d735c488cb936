// start_bench PROGRAMS ZOO [--json FILE]: what starting costs, as whole processes. PROGRAMS is the build's
// bin folder, ZOO the folder with bert_base.onnx, resnet50.onnx and swin_t.onnx. `lapidary info` and the
// studio up to its first full paint.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/bench.h"

using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

constexpr int repeats = 5;

Json row(const std::string& what, const std::vector<double>& times_ms, std::int64_t peak_rss_bytes) {
  const Spread spread = spread_of(times_ms);
  std::printf("%-42s %8.1f ms (%.1f to %.1f)  %7.1f MB\n", what.c_str(), spread.median, spread.minimum,
              spread.maximum, static_cast<double>(peak_rss_bytes) * 1e-6);
  return {{"what", what},
          {"median_ms", spread.median},
          {"min_ms", spread.minimum},
          {"max_ms", spread.maximum},
          {"peak_rss_bytes", peak_rss_bytes}};
}

Json measure_info(const std::string& programs, const std::string& model) {
  std::vector<double> times_ms;
  std::int64_t peak = 0;
  for (int i = 0; i < repeats; ++i) {
    const ProcessResult result = run_process({programs + "/lapidary", "info", model, "--json"});
    times_ms.push_back(result.wall_ms);
    peak = std::max(peak, result.peak_rss_bytes);
  }
  return row("info " + std::filesystem::path(model).stem().string(), times_ms, peak);
}

Json measure_studio(const std::string& programs, const std::string& model) {
  const std::string file = std::filesystem::temp_directory_path() / "lapidary_startup.json";
  std::vector<double> times_ms;
  std::int64_t peak = 0;
  for (int i = 0; i < repeats; ++i) {
    run_process({programs + "/lapidary-studio", model, "--startup-report", file, "--quit-when-painted"});
    std::ifstream stream(file);
    const Json report = Json::parse(stream, nullptr, false);
    if (!report.is_object()) continue;
    times_ms.push_back(report.value("first_full_paint", 0.0));
    peak = std::max(peak, report.value("peak_rss_bytes", std::int64_t{0}));
  }
  std::filesystem::remove(file);
  return row("studio opens " + std::filesystem::path(model).stem().string(), times_ms, peak);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: start_bench PROGRAMS ZOO [--json FILE]\n");
    return 2;
  }
  setenv("QT_QPA_PLATFORM", "offscreen", 0);
  const std::string programs = argv[1], zoo = argv[2];
  Json document = {{"machine", machine_json()}, {"rows", Json::array()}};
  document["rows"].push_back(measure_info(programs, zoo + "/bert_base.onnx"));
  for (const char* model : {"resnet50", "bert_base", "swin_t"})
    document["rows"].push_back(measure_studio(programs, zoo + "/" + model + ".onnx"));
  report(document, argc, argv);
}
