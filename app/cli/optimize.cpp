#include <iostream>

#include "app/cli/model_options.h"
#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "engine/compare/proof.h"
#include "engine/ops/operator_sets.h"

namespace lapidary::cli {
namespace {

struct OptimizeOptions {
  std::string path, out, level = "basic";
  bool follow_links = false, verify = false, leave_out_broken = false, list = false;
  std::int64_t fold_limit = 1'000'000, opset = 0;
  std::vector<std::string> domains;
  std::vector<std::string> only, skipped;
};

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

Json size_json(const Model& model) {
  return {{"nodes", model.graph->nodes.size()}, {"operators", operator_counts(model)}};
}

PassContext context_of(const OptimizeOptions& options) {
  PassContext context;
  context.fold_limit_bytes = options.fold_limit;
  context.newest_opset = options.opset > 0 ? options.opset : newest_opset_at(pass_level(options.level));
  context.domains.insert(options.domains.begin(), options.domains.end());
  return context;
}

Json rewrites_json(const std::vector<Rewrite>& rewrites) {
  Json json = Json::array();
  for (const auto& rewrite : rewrites) json.push_back({{"pass", rewrite.pass}, {"node", rewrite.node}});
  return json;
}

/// Optimized, and proven if that is asked for. Throws Error where the result differs.
ProvenOptimization result_of(const OptimizeOptions& options, const std::vector<Pass>& chosen,
                             const ModelPointer& model) {
  const PassContext context = context_of(options);
  if (!options.verify) return {optimize(model, chosen, context), {}, {}};
  const EquivalenceTest test(model, find_backend("reference"));
  ProvenOptimization proven = optimize_with_proof(model, chosen, context, test, options.leave_out_broken);
  if (proven.equivalence.equal) return proven;
  Error error("the result differs from the original: " + proven.equivalence.message);
  error.file(options.path);
  if (proven.broken.empty()) throw error;
  const Rewrite& culprit = proven.broken.back();
  throw error.node(culprit.node)
      .advice("Pass " + culprit.pass + " broke it at this node: add --skip " + culprit.pass +
              ", or --leave-out-broken to leave out the one rewrite");
}

void print_result(const OptimizeOptions& options, const ProvenOptimization& result,
                  std::size_t nodes_before) {
  for (const auto& report : result.optimized.passes)
    if (report.changes > 0)
      std::cout << report.name << ": " << report.changes << (report.changes == 1 ? " change, " : " changes, ")
                << number(report.ms) << " ms\n";
  for (const auto& rewrite : result.broken)
    std::cout << "left out: " << rewrite.pass << " at " << rewrite.node << ", which changed the results\n";
  if (options.verify) std::cout << result.equivalence.text() << '\n';
  std::cout << options.out << ": " << nodes_before << " nodes before, "
            << result.optimized.model->graph->nodes.size() << " after\n";
}

int optimize_model(const OptimizeOptions& options, const Output& output) {
  if (options.list) return list_passes(output);
  if (options.path.empty() || options.out.empty())
    throw Error("optimize needs MODEL and -o OUT", Error::Kind::Usage);
  if (options.leave_out_broken && !options.verify)
    throw Error("--leave-out-broken needs --verify", Error::Kind::Usage);
  const std::vector<Pass> chosen = chosen_passes(pass_level(options.level), options.only, options.skipped);
  const LoadedModel loaded = ModelOptions{options.path, options.follow_links}.load(output);
  const ProvenOptimization result = result_of(options, chosen, loaded.model);
  const SaveResult saved =
      save_model(*result.optimized.model, options.out, save_options_for(options.out), &loaded);
  if (!output.quiet)
    for (const auto& note : result.optimized.notes) std::cerr << note << '\n';
  if (!output.quiet)
    for (const auto& message : saved.messages) std::cerr << message << '\n';
  if (!output.json) {
    print_result(options, result, loaded.model->graph->nodes.size());
    return 0;
  }
  Json json = {{"before", size_json(*loaded.model)},
               {"after", size_json(*result.optimized.model)},
               {"passes", Json::array()},
               {"notes", result.optimized.notes}};
  for (const auto& report : result.optimized.passes)
    json["passes"].push_back({{"name", report.name}, {"changes", report.changes}, {"ms", report.ms}});
  if (options.verify) {
    json["verified"] = result.equivalence.equal;
    json["max_abs"] = result.equivalence.max_absolute;
    json["max_rel"] = result.equivalence.max_relative;
    json["worst_tensor"] = result.equivalence.tensor;
    json["tested_inputs"] = result.equivalence.inputs;
    json["left_out"] = rewrites_json(result.broken);
  }
  print_json(json);
  return 0;
}

}  // namespace

Action declare_optimize(CLI::App& app) {
  auto options = std::make_shared<OptimizeOptions>();
  app.add_option("MODEL", options->path, "Model to rewrite");
  app.add_option("-o,--output", options->out, "Where the result goes");
  app.add_option("--level", options->level,
                 "basic keeps outputs bit for bit; extended reorders floating arithmetic; all "
                 "writes fewer, larger operators instead")
      ->check(CLI::IsMember({"basic", "extended", "all"}))
      ->capture_default_str();
  app.add_option("--pass", options->only, "Only this pass; can be given several times");
  app.add_option("--skip", options->skipped, "Not this pass; can be given several times");
  app.add_flag("--verify", options->verify, "Run original and result on random inputs and compare");
  app.add_flag("--leave-out-broken", options->leave_out_broken,
               "With --verify: leave out single rewrites that change the results, instead of failing");
  app.add_option("--fold-limit", options->fold_limit,
                 "Largest tensor in bytes that folding may put into the file")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option(
         "--opset", options->opset,
         "Newest operator set that may be written, where a fusion needs one (without: 23 at level all, "
         "the model's own at others)")
      ->check(CLI::Range(std::int64_t{1}, *newest_opset("")));
  app.add_option("--domain", options->domains,
                 "Another domain whose operators may be written, such as com.microsoft; can be given several "
                 "times");
  app.add_flag("--list", options->list, "Name the passes");
  app.add_flag("--follow-links", options->follow_links, "Allow external data that is a symbolic link");
  return [options](const Output& output) { return optimize_model(*options, output); };
}

}  // namespace lapidary::cli
