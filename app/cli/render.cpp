#include <charconv>
#include <iostream>

#include "app/cli/model_options.h"
#include "engine/layout/drawing.h"

namespace lapidary::cli {
namespace {

struct RenderOptions {
  ModelOptions model;
  std::string out, expand, theme = "light";
};

/// Without --expand, what the studio shows first.
LayoutOptions layout_options(const std::string& expand, const Hierarchy& hierarchy) {
  LayoutOptions options;
  options.open_all = expand == "all";
  if (expand.empty()) options.open = initially_open(hierarchy);
  if (expand.empty() || expand == "all" || expand == "none") return options;
  const auto [end, error] = std::from_chars(expand.data(), expand.data() + expand.size(), options.open_depth);
  if (error != std::errc() || end != expand.data() + expand.size() || options.open_depth < 0)
    throw Error("--expand takes all, none or a depth, not '" + expand + "'", Error::Kind::Usage);
  return options;
}

int render(const RenderOptions& options, const Output& output) {
  const LoadedModel loaded = options.model.load(output);
  const std::int64_t begin_ns = now_ns();
  const Hierarchy hierarchy = find_hierarchy(*loaded.model->graph);
  const InferredTypes types = infer_types(*loaded.model);
  const Layout layout =
      layout_model(*loaded.model, hierarchy, types, layout_options(options.expand, hierarchy));
  const std::int64_t laid_out_ns = now_ns();
  draw(layout, options.out, options.theme == "dark" ? Theme::Dark : Theme::Light);
  const std::int64_t drawn_ns = now_ns();
  int nodes = 0, groups = 0;
  for (const auto& box : layout.boxes) {
    nodes += box.kind == Box::Kind::Node;
    groups += box.kind == Box::Kind::Group;
  }
  const Json json = {{"nodes", nodes},
                     {"edges", layout.curves.size()},
                     {"groups", groups},
                     {"layout_ms", static_cast<double>(laid_out_ns - begin_ns) * 1e-6},
                     {"draw_ms", static_cast<double>(drawn_ns - laid_out_ns) * 1e-6},
                     {"width", layout.width},
                     {"height", layout.height}};
  if (output.json)
    print_json(json);
  else if (!output.quiet)
    std::cout << options.out << ": " << nodes << " nodes, " << layout.curves.size() << " edges, " << groups
              << " groups, layout " << number(json["layout_ms"].get<double>()) << " ms, drawing "
              << number(json["draw_ms"].get<double>()) << " ms\n";
  return 0;
}

}  // namespace

Action declare_render(CLI::App& app) {
  auto options = std::make_shared<RenderOptions>();
  options->model.declare(app);
  app.add_option("-o,--output", options->out, "OUT.svg, .png, .pdf, .dot or .json")->required();
  app.add_option("--expand", options->expand, "Groups that are open: all, none, or a depth");
  app.add_option("--theme", options->theme, "light or dark")
      ->check(CLI::IsMember({"light", "dark"}))
      ->capture_default_str();
  return [options](const Output& output) { return render(*options, output); };
}

}  // namespace lapidary::cli
