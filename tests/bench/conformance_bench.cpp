// conformance_bench PROGRAMS FOLDER... [--json FILE]: how many of ONNX's backend tests pass on each backend,
// and the name of every one that does not. PROGRAMS is the build's bin folder, FOLDER holds the tests.
#include <cstdio>

#include "tests/support/bench.h"

using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

Json measure(const std::string& programs, const std::string& folder, const std::string& backend) {
  const ProcessResult result =
      run_process({programs + "/lapidary", "conformance", folder, "--backend", backend, "--json"});
  const Json found = Json::parse(result.output, nullptr, false);
  if (!found.is_object()) return {{"folder", folder}, {"backend", backend}, {"error", "nothing was printed"}};
  Json row = {{"folder", folder},
              {"backend", backend},
              {"passed", found.value("passed", 0)},
              {"tests", found["tests"].size()},
              {"seconds", result.wall_ms * 1e-3},
              {"missed", Json::array()}};
  for (const auto& test : found["tests"])
    if (test.value("status", "") != "passed") row["missed"].push_back(test.value("name", ""));
  const double share = 100.0 * row["passed"].get<double>() / std::max(1.0, row["tests"].get<double>());
  std::printf("%-10s %5d of %5zu passed (%.1f %%) in %.1f s: %s\n", backend.c_str(), row["passed"].get<int>(),
              found["tests"].size(), share, row["seconds"].get<double>(), folder.c_str());
  for (const auto& name : row["missed"]) std::printf("    %s\n", name.get<std::string>().c_str());
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  Json document = {{"machine", machine_json()}, {"rows", Json::array()}};
  for (int i = 2; i < argc && std::string(argv[i]) != "--json"; ++i)
    for (const char* backend : {"cpu", "reference"})
      document["rows"].push_back(measure(argv[1], argv[i], backend));
  if (document["rows"].empty()) {
    std::fprintf(stderr, "usage: conformance_bench PROGRAMS FOLDER... [--json FILE]\n");
    return 2;
  }
  report(document, argc, argv);
}
