// optimize_bench PROGRAMS ZOO [CONFORMANCE] [--json FILE]: what `lapidary optimize` makes of the real models
// of folder ZOO at each level (nodes without Constants, time, peak memory, proof), beside ONNX Runtime's own
// optimizer where LAPIDARY_PEER names its folder, which also runs each result against the original (rtol
// 1e-3). CONFORMANCE holds ONNX's backend tests: their models of operator set 9 and later are optimized at
// each level, proven and run there likewise.
#include <QString>
#include <QTemporaryDir>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "engine/backends.h"
#include "engine/compare/proof.h"
#include "engine/io/model_file.h"

#include "engine/runtime/random_inputs.h"
#include "engine/runtime/suggested_inputs.h"
#include "tests/support/bench.h"
#include "tests/support/peer.h"

using namespace lapidary;
using namespace lapidary::test;
using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

constexpr Tolerance tolerance{1e-3, 1e-4};
const char* const levels[] = {"basic", "extended", "all"};

bool has_peer() { return !folderFromEnvironment("LAPIDARY_PEER").isEmpty(); }

std::size_t count_nodes(const Model& model) {
  std::size_t count = 0;
  for (const auto& node : model.graph->nodes) count += node->op_type != "Constant";
  return count;
}

ModelPointer load(const std::string& path) {
  LoadOptions links;
  links.follow_links = true;
  return load_model(path, links).model;
}

/// What tells the outputs apart; empty if nothing does.
std::string parting(const NamedData& got, const NamedData& wanted) {
  for (const auto& [name, datum] : wanted) {
    const auto found =
        std::find_if(got.begin(), got.end(), [&](const auto& each) { return each.first == name; });
    if (found == got.end()) return name + " is missing";
    if (const Difference parts = difference(found->second, datum, tolerance); !parts.equal)
      return name + ": " + parts.message;
  }
  return {};
}

// --- real models ---

/// How the peer runs the result beside the original: "agrees", or what it says.
std::string judged_by_peer(const std::string& original, const std::string& result, const NamedData& inputs) {
  try {
    const PeerResult wanted = runInPeer(QString::fromStdString(original), inputs),
                     got = runInPeer(QString::fromStdString(result), inputs);
    const std::string parts = parting(got.outputs, wanted.outputs);
    return parts.empty() ? "agrees" : parts;
  } catch (const std::exception& error) {
    return error.what();
  }
}

Json optimized_file(const std::string& programs, const std::string& path, const ZooModel& zoo,
                    const char* level) {
  const QTemporaryDir folder;
  const std::string result = folder.filePath(QStringLiteral("result.onnx")).toStdString();
  const ProcessResult plain = run_process({programs + "/lapidary", "optimize", path, "-o", result, "--level",
                                           level, "--follow-links", "--quiet"});
  Json row = {{"level", level}, {"ms", plain.wall_ms}, {"peak_rss_bytes", plain.peak_rss_bytes}};
  if (plain.exit_code != 0) return row.update({{"failed", true}}), row;
  const ProcessResult proof = run_process({programs + "/lapidary", "optimize", path, "-o", result, "--level",
                                           level, "--follow-links", "--verify", "--json"});
  row["verified"] = proof.exit_code == 0;
  row["opset"] = load(result)->opset();
  row["nodes"] = count_nodes(*load(result));
  if (has_peer()) row["peer"] = judged_by_peer(path, result, zooInputs(*load(path), zoo));
  return row;
}

/// Nodes after the peer's own optimizer.
Json optimized_by_peer(const std::string& path) {
  Json counts;
  const QTemporaryDir folder;
  for (const char* level : {"basic", "extended"}) {
    const QString result = folder.filePath(QString::fromLatin1(level) + QStringLiteral(".onnx"));
    optimizeInPeer(QString::fromStdString(path), result, QString::fromLatin1(level));
    counts[level] = count_nodes(*load(result.toStdString()));
  }
  return counts;
}

bool measure_zoo(const std::string& programs, const std::string& folder, Json& document) {
  bool all_agree = true;
  for (const ZooModel& zoo : zooModels()) {
    const std::string path = folder + "/" + zoo.name + ".onnx";
    if (!fs::exists(path)) {
      std::printf("%-32s  skipped: there is no %s\n", zoo.name, path.c_str());
      continue;
    }
    Json row = {{"model", zoo.name}, {"nodes", count_nodes(*load(path))}, {"levels", Json::array()}};
    if (has_peer()) row["peer"] = optimized_by_peer(path);
    std::printf("%-32s %5zu nodes%s\n", zoo.name, row["nodes"].get<std::size_t>(),
                has_peer() ? (", ONNX Runtime basic " + row["peer"]["basic"].dump() + ", extended " +
                              row["peer"]["extended"].dump())
                                 .c_str()
                           : "");
    for (const char* level : levels) {
      const Json found = optimized_file(programs, path, zoo, level);
      std::printf("    %-10s %5s nodes, opset %s, %6.0f ms, %5.0f MB, %s, ONNX Runtime: %s\n", level,
                  found.value("nodes", Json()).dump().c_str(), found.value("opset", Json()).dump().c_str(),
                  found["ms"].get<double>(), found["peak_rss_bytes"].get<double>() / 1e6,
                  found.value("verified", false) ? "proven" : "NOT PROVEN",
                  found.value("peer", std::string("not asked")).c_str());
      std::fflush(stdout);
      all_agree = all_agree && found.value("verified", false) && found.value("peer", "agrees") == "agrees";
      row["levels"].push_back(found);
    }
    document["models"].push_back(row);
  }
  return all_agree;
}

// --- conformance models ---

std::vector<std::string> conformance_models(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename() == "model.onnx" || entry.path().filename().string().starts_with("light_"))
      if (entry.path().extension() == ".onnx") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// A model of the tests, its results, and inputs for it.
struct Candidate {
  std::string path;
  ModelPointer model;
  NamedData inputs;
  std::vector<ModelPointer> results;  ///< one a level

  /// The peer gets its inputs as plain numbers.
  bool is_for_peer() const {
    return std::all_of(inputs.begin(), inputs.end(), [](const auto& input) {
      return input.second.is_tensor() && !input.second.tensor().is_string();
    });
  }
};

bool is_random(const Model& model) {
  for (const auto& node : model.graph->nodes)
    for (const char* random : {"Random", "Bernoulli", "Multinomial"})
      if (node->op_type.starts_with(random)) return true;
  return false;
}

/// The model at each level, as far as it is proven; what is not goes into `misses`.
std::optional<Candidate> candidate(const std::string& path, std::vector<std::string>& untested,
                                   std::vector<std::string>& misses) {
  Candidate one{path, load(path), {}, {}};
  if (one.model->opset() < 9 || is_random(*one.model)) return std::nullopt;
  try {
    const EquivalenceTest test(one.model, find_backend("reference"));
    const auto data = RandomInputs(*one.model).make(1, RandomInputs::Sizes::Usual);
    for (std::size_t i = 0; i < data.size(); ++i)
      one.inputs.emplace_back(unfilled_inputs(*one.model)[i].name, data[i]);
    for (const PassLevel level : {PassLevel::Basic, PassLevel::Extended, PassLevel::All}) {
      PassContext context;
      context.newest_opset = newest_opset_at(level);
      const auto proven = optimize_with_proof(one.model, passes_up_to(level), context, test, false);
      one.results.push_back(proven.optimized.model);
      if (!proven.equivalence.equal)
        misses.push_back(path + ", " + std::string(name_of(level)) + ": " + proven.equivalence.message);
    }
  } catch (const Error& error) {
    untested.push_back(path + ": " + error.what());
    return std::nullopt;
  }
  return one;
}

/// How many results that are not as they were the peer ran, and those that it runs otherwise than the
/// originals.
int judge_by_peer(const std::vector<Candidate>& candidates, std::vector<std::string>& misses) {
  std::vector<PeerJob> jobs;
  for (const Candidate& one : candidates) {
    jobs.push_back({one.model, one.inputs});
    for (const auto& result : one.results)
      if (result != one.model) jobs.push_back({result, one.inputs});
  }
  const std::vector<PeerAnswer> answers = runManyInPeer(jobs);
  int ran = 0;
  std::size_t next = 0;
  for (const Candidate& one : candidates) {
    const PeerAnswer& wanted = answers[next++];
    for (std::size_t level = 0; level < one.results.size(); ++level) {
      if (one.results[level] == one.model) continue;
      const PeerAnswer& got = answers[next++];
      if (!wanted.error.isEmpty()) continue;
      ++ran;
      const std::string parts =
          got.error.isEmpty() ? parting(got.outputs, wanted.outputs) : got.error.toStdString().substr(0, 200);
      if (!parts.empty()) misses.push_back(one.path + ", " + levels[level] + ", ONNX Runtime: " + parts);
    }
  }
  return ran;
}

bool measure_conformance(const std::string& folder, Json& document) {
  std::vector<std::string> untested, misses;
  std::vector<Candidate> candidates;
  std::size_t proven = 0;
  int ran = 0;
  const auto ask = [&] {
    if (has_peer()) ran += judge_by_peer(candidates, misses);
    candidates.clear();
  };
  for (const auto& path : conformance_models(folder)) {
    if (auto one = candidate(path, untested, misses)) {
      ++proven;
      if (one->is_for_peer()) candidates.push_back(std::move(*one));
    }
    if (candidates.size() == 100) ask();
  }
  ask();
  std::printf(
      "conformance: %zu models at each level, %d changed ones run by ONNX Runtime, %zu disagree; %zu not "
      "tested\n",
      proven, ran, misses.size(), untested.size());
  for (const auto& miss : misses) std::printf("    %s\n", miss.c_str());
  for (const auto& model : untested) std::printf("    not tested: %s\n", model.c_str());
  document["conformance"] = {
      {"models", proven}, {"run_by_peer", ran}, {"misses", misses}, {"untested", untested}};
  return misses.empty();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: optimize_bench PROGRAMS ZOO [CONFORMANCE] [--json FILE]\n");
    return 2;
  }
  Json document = {{"machine", machine_json()}, {"models", Json::array()}};
  bool all_agree = measure_zoo(argv[1], argv[2], document);
  if (argc > 3 && std::string(argv[3]) != "--json")
    all_agree = measure_conformance(argv[3], document) && all_agree;
  document["all_agree"] = all_agree;
  report(document, argc, argv);
  return all_agree ? 0 : 1;
}
