// agreement_bench ZOO [--json FILE]: whether the real models of folder ZOO give the numbers that ONNX Runtime
// gives, on both backends (rtol 1e-3, atol 1e-4). LAPIDARY_PEER names the folder into which tests/peers was
// installed. Models that are not there are named, and count as a failure.
#include <cstdio>
#include <filesystem>

#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/io/model_file.h"
#include "tests/support/bench.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;
using Json = nlohmann::ordered_json;

namespace {

constexpr Tolerance tolerance{1e-3, 1e-4};

std::vector<Datum> run_here(const char* backend, const ModelPointer& model, const NamedData& inputs) {
  std::vector<Datum> data;
  CompileOptions options;
  options.threads = 2;
  for (const auto& [name, datum] : inputs) {
    options.input_dims[name] = datum.tensor().dims();
    data.push_back(datum);
  }
  return find_backend(backend).compile(model, options)->run(data);
}

/// The largest absolute difference of the outputs, and how many elements are outside the tolerance.
Json compare(const std::vector<Datum>& got, const NamedData& wanted, const Graph& graph) {
  double largest = 0;
  std::int64_t mismatches = 0;
  for (const auto& [name, datum] : wanted) {
    const auto at = std::find_if(graph.outputs.begin(), graph.outputs.end(),
                                 [&name = name](const Value& output) { return output.name == name; });
    const Difference found =
        difference(got.at(static_cast<std::size_t>(at - graph.outputs.begin())), datum, tolerance);
    largest = std::max(largest, found.max_absolute);
    mismatches += found.mismatches;
  }
  return {{"max_absolute", largest}, {"mismatches", mismatches}, {"agrees", mismatches == 0}};
}

Json measure(const std::string& path, const ZooModel& zoo) {
  LoadOptions links;
  links.follow_links = true;
  const ModelPointer model = load_model(path, links).model;
  const NamedData inputs = zooInputs(*model, zoo);
  const PeerResult peer = runInPeer(QString::fromStdString(path), inputs);
  Json row = {{"model", zoo.name}};
  std::printf("%-32s", zoo.name);
  for (const char* backend : {"cpu", "reference"}) {
    row[backend] = compare(run_here(backend, model, inputs), peer.outputs, *model->graph);
    std::printf("  %s %s, largest difference %.1e", backend,
                row[backend]["agrees"].get<bool>() ? "agrees" : "DIFFERS",
                row[backend]["max_absolute"].get<double>());
  }
  std::printf("\n");
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || folderFromEnvironment("LAPIDARY_PEER").isEmpty()) {
    std::fprintf(stderr, "usage: LAPIDARY_PEER=FOLDER agreement_bench ZOO [--json FILE]\n");
    return 2;
  }
  Json document = {{"machine", machine_json()}, {"models", Json::array()}};
  bool all_agree = true;
  document["skipped"] = Json::array();
  for (const ZooModel& zoo : zooModels()) {
    const std::string path = std::string(argv[1]) + "/" + zoo.name + ".onnx";
    if (!std::filesystem::exists(path)) {
      std::printf("%-32s  skipped: there is no %s\n", zoo.name, path.c_str());
      document["skipped"].push_back(zoo.name);
      continue;
    }
    document["models"].push_back(measure(path, zoo));
    for (const char* backend : {"cpu", "reference"})
      all_agree = all_agree && document["models"].back()[backend]["agrees"].get<bool>();
  }
  all_agree = all_agree && document["skipped"].empty();
  document["all_agree"] = all_agree;
  std::printf("%zu models of %zu\n", document["models"].size(), zooModels().size());
  report(document, argc, argv);
  return all_agree ? 0 : 1;
}
