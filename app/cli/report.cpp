#include <algorithm>
#include <iostream>
#include <map>

#include "app/cli/facts.h"
#include "app/cli/report_page.h"
#include "engine/analysis/model_cost.h"
#include "engine/io/atomic_file.h"
#include "engine/layout/drawing.h"
#include "engine/passes/pass.h"
#include "engine/runtime/suggested_inputs.h"

namespace lapidary::cli {
namespace {

struct ReportOptions {
  ProfileOptions profile;
  std::string out;
  bool no_run = false;
};

Json cost_json(const Model& model) {
  struct Row {
    int count = 0;
    double flops = 0, bytes = 0;
  };
  std::map<std::string, Row> rows;
  InferenceOptions inference;
  for (const std::string& name : free_dimensions(model)) inference.dimensions[name] = 1;
  const ModelCost cost = cost_of(model, infer_types(model, inference));
  for (std::size_t i = 0; i < cost.nodes.size(); ++i) {
    Row& row = rows[model.graph->nodes[i]->op_type];
    const NodeCost& node = cost.nodes[i];
    ++row.count;
    if (node.arithmetic) row.flops += node.arithmetic->flops;
    row.bytes += static_cast<double>(node.bytes_read.value_or(0) + node.bytes_written.value_or(0));
  }
  std::vector<std::pair<std::string, Row>> sorted(rows.begin(), rows.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.flops > b.second.flops; });
  Json json = Json::array();
  for (const auto& [op, row] : sorted)
    json.push_back({{"op", op}, {"count", row.count}, {"flops", row.flops}, {"bytes", row.bytes}});
  return json;
}

Json optimization_json(const ModelPointer& model) {
  Json json = Json::array();
  for (const PassLevel level : {PassLevel::Basic, PassLevel::Extended, PassLevel::All}) {
    const Optimized optimized = optimize(model, passes_up_to(level));
    const ModelCost cost = cost_of(*optimized.model, infer_types(*optimized.model));
    Json passes = Json::array();
    for (const auto& pass : optimized.passes)
      passes.push_back({{"name", pass.name}, {"changes", pass.changes}, {"ms", pass.ms}});
    json.push_back({{"level", name_of(level)},
                    {"nodes", optimized.model->graph->nodes.size()},
                    {"flops", cost.flops},
                    {"parameter_bytes", cost.parameter_bytes},
                    {"passes", std::move(passes)}});
  }
  return json;
}

ReportPictures pictures_of(const Model& model) {
  const Hierarchy hierarchy = find_hierarchy(*model.graph);
  LayoutOptions options;
  options.open = initially_open(hierarchy);
  const Layout layout = layout_model(model, hierarchy, infer_types(model), options);
  return {to_svg(layout, Theme::Light), to_svg(layout, Theme::Dark)};
}

int report(const ReportOptions& options, const Output& output) {
  const LoadedModel loaded = options.profile.run.model.load(output);
  const std::string& path = options.profile.run.model.path;
  Json facts = {{"title", path.substr(path.rfind('/') + 1)},
                {"version", LAPIDARY_VERSION},
                {"info", info_json(loaded)},
                {"check", check_json(loaded)},
                {"cost", cost_json(*loaded.model)}};
  if (!options.no_run) {
    try {
      const Trace trace = record_trace(options.profile, output).trace;
      facts["profile"] = profile_json(summarize(trace), trace);
    } catch (const Error& error) {
      facts["run_error"] = error.what();  // the rest of the page is still worth having
    }
  }
  facts["optimization"] = optimization_json(loaded.model);
  if (!options.out.empty()) {
    AtomicFile file(options.out);
    file.write(report_page(facts, pictures_of(*loaded.model)));
    file.commit();
  }
  if (output.json)
    print_json(facts);
  else if (!output.quiet)
    std::cout << options.out << ": written\n";
  return facts["check"]["ok"].get<bool>() ? 0 : 1;
}

}  // namespace

Action declare_report(CLI::App& app) {
  auto options = std::make_shared<ReportOptions>();
  options->profile.runs = 5;
  options->profile.run.declare(app);
  auto* out = app.add_option("-o,--output", options->out, "The page, OUT.html; may be left out with --json");
  app.add_option("--runs", options->profile.runs, "Traced runs")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--no-run", options->no_run, "Do not run the model");
  return [options, out](const Output& output) {
    if (!output.json && out->count() == 0) throw Error("report needs -o OUT.html", Error::Kind::Usage);
    return report(*options, output);
  };
}

}  // namespace lapidary::cli
