// differential [--graphs N] [--seed S] [--first I] [--peer] [--found FOLDER] [--replay FOLDER] [--operators]
// [--passes]
//
// Builds random valid graphs of 1 to 30 nodes from the operator records, runs each on `cpu` and on
// `reference` (and with
// --peer in ONNX Runtime, if LAPIDARY_PEER names its folder), compares, and shrinks each disagreement to a
// small model in FOLDER. --passes instead optimizes each with all passes in a random order and compares.
// --replay runs the models of a folder again instead. Exit code 1 if engines disagree.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "engine/ops/operator_table.h"
#include "tests/differential/call.h"
#include "tests/differential/judge.h"
#include "tests/differential/pass_orders.h"
#include "tests/differential/peer_part.h"
#include "tests/differential/shrink.h"
#include "tests/support/source_folder.h"

using namespace lapidary;
using namespace lapidary::differential;

namespace {

struct Options {
  std::int64_t graphs = 5000, first = 0;
  std::uint64_t seed = 1;
  bool operators = false, passes = false;
  std::string peer, found, replay;
};

/// What two engines, or inference and a run, say differently; empty where they agree.
using Check = std::function<std::string(const Case&)>;
struct NamedCheck {
  std::string name;
  Check check;
};

std::string backends_differ(const Case& one, int threads) {
  return disagreement(one, run_on("cpu", one, threads), run_on("reference", one, 1));
}

/// A peer may be less exact, and does not have everything.
std::string peer_differs(Peer& peer, const Case& one) {
  const auto found = run_what_it_takes(peer, one);
  const std::string message =
      found ? disagreement(found->part, found->outcome, run_on("reference", found->part, 1), 8) : "";
  // What shrinking makes must run as a whole.
  return message.empty() || run_on("reference", one, 1).ran() ? message : "";
}

std::vector<NamedCheck> checks_for(const Options& options, std::uint64_t seed, int threads, Peer* peer) {
  if (options.passes) return {{"passes", [seed](const Case& one) { return passes_differ(one, seed); }}};
  std::vector<NamedCheck> checks = {
      {"backends", [threads](const Case& one) { return backends_differ(one, threads); }},
      {"inference", [](const Case& one) { return wrong_inference(one, run_on("reference", one, 1)); }}};
  if (peer) checks.push_back({"peer", [peer](const Case& one) { return peer_differs(*peer, one); }});
  return checks;
}

/// Where ONNX Runtime is known to differ: operator, trait of the case, and the reason, a line each.
struct Deviation {
  std::string op_type, trait, reason;
};

std::vector<Deviation> known_deviations() {
  std::vector<Deviation> list;
  std::ifstream file(sourcePath(QStringLiteral("tests/differential/peer_deviations.txt")).toStdString());
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    Deviation deviation;
    words >> deviation.op_type >> deviation.trait >> std::ws;
    std::getline(words, deviation.reason);
    list.push_back(std::move(deviation));
  }
  return list;
}

/// The nodes and those of the graphs inside them.
void add_nodes(const std::vector<std::shared_ptr<const Node>>& nodes,
               std::vector<std::shared_ptr<const Node>>& all) {
  for (const auto& node : nodes) {
    all.push_back(node);
    for (const auto& [name, body] : subgraphs_of(*node)) add_nodes(body->nodes.to_vector(), all);
  }
}

std::vector<std::shared_ptr<const Node>> nodes_of(const Case& one) {
  std::vector<std::shared_ptr<const Node>> nodes;
  add_nodes(one.model->graph->nodes.to_vector(), nodes);
  for (const auto& function : one.model->functions) add_nodes(function->nodes, nodes);
  return nodes;
}

/// Inputs, initializers, and constants of the graphs inside nodes and of functions.
std::vector<Tensor> tensors_of(const Case& one) {
  std::vector<Tensor> tensors;
  for (const auto& datum : one.inputs)
    if (datum.is_tensor()) tensors.push_back(datum.tensor());
  const auto add_initializers = [&](const Graph& graph) {
    for (const auto& initializer : graph.initializers) tensors.push_back(initializer->tensor);
  };
  add_initializers(*one.model->graph);
  for (const auto& node : nodes_of(one)) {
    for (const auto& [name, body] : subgraphs_of(*node)) add_initializers(*body);
    for (const auto& attribute : node->attributes)
      if (const auto* value = std::get_if<std::shared_ptr<const NamedTensor>>(&attribute.value))
        tensors.push_back((*value)->tensor);
  }
  return tensors;
}

/// Traits: any; not_finite (NaN or infinity goes in); empty (a size is 0); before_N (an operator set below
/// N); beside_OP (OP is in the graph too); ATTRIBUTE=WORD; the name of an element type that goes in, or of an
/// attribute that the node has.
bool has_trait(const Case& one, const Node& node, const std::string& trait) {
  if (trait == "any" || node.find_attribute(trait)) return true;
  if (const auto sign = trait.find('='); sign != std::string::npos)
    return node.attribute_or(trait.substr(0, sign), std::string()) == trait.substr(sign + 1);
  if (trait.starts_with("beside_")) {
    const auto nodes = nodes_of(one);
    return std::any_of(nodes.begin(), nodes.end(),
                       [&](const auto& other) { return other->op_type == trait.substr(7); });
  }
  if (trait.starts_with("before_")) return one.model->opset() < std::atoll(trait.c_str() + 7);
  const std::vector<Tensor> tensors = tensors_of(one);
  return std::any_of(tensors.begin(), tensors.end(), [&](const Tensor& tensor) {
    if (trait == "empty") return tensor.size() == 0;
    if (trait != "not_finite" || !is_floating(tensor.type())) return trait == name_of(tensor.type());
    const auto values = values_as<double>(tensor);
    return std::any_of(values.begin(), values.end(), [](double value) { return !(value - value == 0); });
  });
}

bool is_known(const Case& one) {
  static const std::vector<Deviation> known = known_deviations();
  const auto nodes = nodes_of(one);
  return std::any_of(known.begin(), known.end(), [&](const Deviation& deviation) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) {
      return (deviation.op_type == "*" || node->op_type == deviation.op_type) &&
             has_trait(one, *node, deviation.trait);
    });
  });
}

std::string operators_of(const Case& one) {
  std::string text;
  for (const auto& node : one.model->graph->nodes) text += (text.empty() ? "" : "_") + node->op_type;
  return text.empty() ? "nothing" : text.substr(0, 80);
}

/// What was found, by the operators that are left after shrinking.
struct Findings {
  std::map<std::string, int> counts;
  int known = 0;
};

void report(const Case& one, const NamedCheck& check, const std::string& name, const Options& options,
            Findings& findings) {
  // A fault in numbers must not become another one on the way, where a cut makes a model that only one engine
  // refuses.
  const bool refused = check.check(one).starts_with(only_one_runs);
  const Case smaller = shrunk(one, [&](const Case& candidate) {
    const std::string message = check.check(candidate);
    return !message.empty() && message.starts_with(only_one_runs) == refused;
  });
  if (check.name == "peer" && is_known(smaller)) {
    ++findings.known;
    return;
  }
  const std::string kind = check.name + "_" + operators_of(smaller);
  if (findings.counts[kind]++ > 0) return;
  std::printf("%s (%s, opset %ld): %s\n", kind.c_str(), name.c_str(),
              static_cast<long>(smaller.model->opset()), check.check(smaller).c_str());
  std::fflush(stdout);
  if (options.found.empty()) return;
  std::filesystem::create_directories(options.found);
  save_case(smaller, options.found + "/" + kind + ".onnx");
}

void examine(const Case& one, const std::string& name, std::uint64_t seed, int threads, Peer* peer,
             const Options& options, Findings& findings) {
  for (const auto& check : checks_for(options, seed, threads, peer))
    if (!check.check(one).empty()) report(one, check, name, options, findings);
}

Case random_case(const Options& options, std::int64_t index, Tally& tally) {
  Random random(options.seed * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(index));
  const std::int64_t opset = random.chance(0.1) ? random.between(1, 6) : random.between(7, 27);
  Draft draft(random, opset, "v");
  if (random.chance(0.2)) draft.fill = Fill::Edges;
  const std::int64_t most = random.chance(0.3) ? 30 : 10;
  add_random_nodes(draft, static_cast<int>(random.between(1, most)), tally);
  return case_of(draft);
}

std::string peer_folder() {
  const char* const folder = std::getenv("LAPIDARY_PEER");
  if (!folder) std::printf("LAPIDARY_PEER is not set: ONNX Runtime does not take part\n");
  return folder ? folder : "";
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (word == "--graphs")
      options.graphs = std::atoll(value().c_str());
    else if (word == "--seed")
      options.seed = static_cast<std::uint64_t>(std::atoll(value().c_str()));
    else if (word == "--first")
      options.first = std::atoll(value().c_str());
    else if (word == "--found")
      options.found = value();
    else if (word == "--replay")
      options.replay = value();
    else if (word == "--operators")
      options.operators = true;
    else if (word == "--passes")
      options.passes = true;
    else if (word == "--peer")
      options.peer = peer_folder();
    else {
      std::fprintf(stderr, "differential: %s is not understood\n", word.c_str());
      std::exit(2);
    }
  }
  return options;
}

void replay(const Options& options, Peer* peer, Findings& findings) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(options.replay))
    if (entry.path().extension() == ".onnx") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths)
    examine(load_case(path), std::filesystem::path(path).stem(), options.seed, 1, peer, options, findings);
  std::printf("%zu models run again\n", paths.size());
}

/// In how many graphs each record stood.
using Coverage = std::map<const Operator*, std::int64_t>;

void add_records(const std::vector<std::shared_ptr<const Node>>& nodes, const Model& model,
                 std::set<const Operator*>& records) {
  for (const auto& node : nodes) {
    const Operator* record = operator_table().find(node->domain, node->op_type, model.opset(node->domain));
    if (record) records.insert(record);
    for (const auto& [name, body] : subgraphs_of(*node)) add_records(body->nodes.to_vector(), model, records);
  }
}

void count(const Case& one, Coverage& coverage) {
  std::set<const Operator*> records;
  add_records(one.model->graph->nodes.to_vector(), *one.model, records);
  for (const auto& function : one.model->functions) add_records(function->nodes, *one.model, records);
  for (const Operator* record : records) ++coverage[record];
}

/// One line for each operator: graphs by version, and what share of the proposals was refused; last those
/// that never came.
void print_operators(const Coverage& coverage, const Tally& tally) {
  std::map<std::pair<std::string, std::string>, std::vector<const Operator*>> operators;
  for (const Operator* record : operator_table().all())
    operators[{record->domain, record->name}].push_back(record);
  std::string never;
  for (const auto& [name, records] : operators) {
    std::string line;
    Tally::Counts counts;
    for (const Operator* record : records) {
      const auto graphs = coverage.find(record);
      const auto tallied = tally.by_record.find(record);
      const std::string version = std::to_string(record->since_version);
      if (graphs != coverage.end()) line += "  " + version + ": " + std::to_string(graphs->second);
      if (graphs == coverage.end() && !record->is_deprecated)
        never += "  " + name.first + (name.first.empty() ? "" : ".") + name.second + "-" + version;
      if (tallied == tally.by_record.end()) continue;
      counts.proposed += tallied->second.proposed;
      counts.refused += tallied->second.refused;
    }
    std::printf("%-44s%s   refused %ld of %ld\n",
                (name.first + (name.first.empty() ? "" : ".") + name.second).c_str(), line.c_str(),
                static_cast<long>(counts.refused), static_cast<long>(counts.proposed));
  }
  std::printf("never:%s\n", never.c_str());
}

void search(const Options& options, Peer* peer, Findings& findings) {
  Tally tally;
  Coverage coverage;
  std::int64_t nodes = 0;
  for (std::int64_t index = options.first; index < options.first + options.graphs; ++index) {
    const Case one = random_case(options, index, tally);
    if (one.model->graph->outputs.empty()) continue;
    count(one, coverage);
    nodes += static_cast<std::int64_t>(one.model->graph->nodes.size());
    examine(one, "graph " + std::to_string(index), static_cast<std::uint64_t>(index), index % 8 == 0 ? 2 : 1,
            peer, options, findings);
  }
  if (options.operators) print_operators(coverage, tally);
  std::printf("%ld graphs, %ld nodes, %zu operators and versions; %.1f %% of the proposed nodes refused\n",
              static_cast<long>(options.graphs), static_cast<long>(nodes), coverage.size(),
              100.0 * static_cast<double>(tally.all.refused) /
                  static_cast<double>(std::max<std::int64_t>(1, tally.all.proposed)));
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  std::unique_ptr<Peer> peer;
  if (!options.peer.empty()) peer = std::make_unique<Peer>(options.peer);
  Findings findings;
  if (options.replay.empty())
    search(options, peer.get(), findings);
  else
    replay(options, peer.get(), findings);
  for (const auto& [kind, count] : findings.counts) std::printf("%6d × %s\n", count, kind.c_str());
  if (peer)
    std::printf("ONNX Runtime ran %ld of %ld models given to it; %d known deviations\n",
                static_cast<long>(peer->ran), static_cast<long>(peer->given), findings.known);
  if (findings.counts.empty()) std::printf("no disagreement\n");
  return findings.counts.empty() ? 0 : 1;
}
