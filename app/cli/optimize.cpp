#include <algorithm>
#include <iostream>

#include "app/cli/model_options.h"
#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/passes/pass.h"
#include "engine/runtime/inputs.h"

namespace lapidary::cli {
namespace {

struct OptimizeOptions {
  std::string path, out, level = "basic";
  bool follow_links = false, verify = false, list = false;
  std::vector<std::string> only, skipped;
};

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

int list_passes(const Output& output) {
  Json json = {{"passes", Json::array()}};
  std::vector<std::vector<std::string>> rows = {{"pass", "level", "what it does"}};
  for (const auto& pass : passes()) {
    const std::string level(name_of(pass.level));
    json["passes"].push_back({{"name", pass.name}, {"level", level}, {"description", pass.description}});
    rows.push_back({pass.name, level, pass.description});
  }
  output.json ? print_json(json) : print_table(rows);
  return 0;
}

void check_names(const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (std::none_of(passes().begin(), passes().end(), [&](const Pass& pass) { return pass.name == name; }))
      throw Error("there is no pass '" + name + "'", Error::Kind::Usage)
          .advice("See lapidary optimize --list");
}

Json size_json(const Model& model) {
  return {{"nodes", model.graph->nodes.size()}, {"operators", operator_counts(model)}};
}

/// Both models on the same random inputs, on the reference backend.
Difference verify(const ModelPointer& before, const ModelPointer& after) {
  const Backend& backend = find_backend("reference");
  const auto first = backend.compile(before, {}), second = backend.compile(after, {});
  Difference worst;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    std::vector<Datum> inputs;
    for (const auto& value : required_inputs(*before))
      inputs.push_back(make_input(value, "random", {}, seed));
    const auto want = first->run(inputs), got = second->run(inputs);
    for (std::size_t i = 0; i < want.size(); ++i) {
      Difference found = difference(got[i], want[i], {1e-3, 1e-4});
      worst.max_absolute = std::max(worst.max_absolute, found.max_absolute);
      worst.max_relative = std::max(worst.max_relative, found.max_relative);
      if (found.equal) continue;
      worst.equal = false;
      worst.message = "output '" + first->outputs()[i].name + "' " + found.message;
    }
  }
  return worst;
}

PassLevel level_of(const std::string& name) {
  return name == "basic" ? PassLevel::Basic : name == "extended" ? PassLevel::Extended : PassLevel::All;
}

std::vector<Pass> chosen_passes(const OptimizeOptions& options) {
  std::vector<Pass> chosen = options.only.empty() ? passes_up_to(level_of(options.level)) : passes();
  std::erase_if(chosen, [&](const Pass& pass) {
    return (!options.only.empty() && !holds(options.only, pass.name)) || holds(options.skipped, pass.name);
  });
  return chosen;
}

int optimize_model(const OptimizeOptions& options, const Output& output) {
  if (options.list) return list_passes(output);
  if (options.path.empty() || options.out.empty())
    throw Error("optimize needs MODEL and -o OUT", Error::Kind::Usage);
  check_names(options.only);
  check_names(options.skipped);
  const LoadedModel loaded = ModelOptions{options.path, options.follow_links}.load(output);
  Optimized optimized = optimize(loaded.model, chosen_passes(options));
  const ModelPointer& result = optimized.model;
  Json json = {
      {"before", size_json(*loaded.model)}, {"after", size_json(*result)}, {"passes", Json::array()}};
  for (const auto& report : optimized.passes)
    json["passes"].push_back({{"name", report.name}, {"changes", report.changes}, {"ms", report.ms}});
  Difference proof;
  if (options.verify) {
    proof = verify(loaded.model, result);
    json["verified"] = proof.equal;
    json["max_abs"] = proof.max_absolute;
    json["max_rel"] = proof.max_relative;
    if (!proof.equal)
      throw Error("the result differs from the original: " + proof.message).file(options.path);
  }
  save_model(*result, options.out, save_options_for(options.out));
  if (output.json) {
    print_json(json);
    return 0;
  }
  for (const auto& report : optimized.passes)
    std::cout << report.name << ": " << report.changes << " changes, " << number(report.ms) << " ms\n";
  std::cout << options.out << ": " << loaded.model->graph->nodes.size() << " nodes before, "
            << result->graph->nodes.size() << " after\n";
  return 0;
}

}  // namespace

Action declare_optimize(CLI::App& app) {
  auto options = std::make_shared<OptimizeOptions>();
  app.add_option("MODEL", options->path, "Model to rewrite");
  app.add_option("-o,--output", options->out, "Where the result goes");
  app.add_option("--level", options->level,
                 "basic keeps outputs bit for bit; extended reorders floating arithmetic")
      ->check(CLI::IsMember({"basic", "extended", "all"}))
      ->capture_default_str();
  app.add_option("--pass", options->only, "Only this pass; can be given several times");
  app.add_option("--skip", options->skipped, "Not this pass; can be given several times");
  app.add_flag("--verify", options->verify, "Run original and result on random inputs and compare");
  app.add_flag("--list", options->list, "Name the passes");
  app.add_flag("--follow-links", options->follow_links, "Allow external data that is a symbolic link");
  return [options](const Output& output) { return optimize_model(*options, output); };
}

}  // namespace lapidary::cli
