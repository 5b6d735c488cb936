// canvas_edit_bench MODEL… [--json FILE]: how long an edit takes from the key until the window has painted
// the new graph, offscreen at 1600×1000, as the model opens; and how long the window does not answer
// meanwhile. Besides, what each part of the work takes by itself on the edited model: anew, and following
// the edit.
#include <QApplication>
#include <QElapsedTimer>
#include <QTest>
#include <QTimer>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "engine/analysis/graph_change.h"
#include "engine/edit/edit.h"
#include "tests/support/bench.h"
#include "ui/shell/document_page.h"
#include "ui/shell/main_window.h"

using namespace lapidary;
using namespace lapidary::ui;
using Json = nlohmann::ordered_json;

namespace {

double milliseconds(const std::function<void()>& work) {
  QElapsedTimer timer;
  timer.start();
  work();
  return static_cast<double>(timer.nsecsElapsed()) * 1e-6;
}

struct Edited {
  double total_ms = 0, apply_ms = 0, longest_pause_ms = 0;
};

/// Makes the edit, and waits until the canvas shows the model with it.
Edited edit(Document& document, MainWindow& window, const EditStep& step) {
  Canvas& canvas = *window.page()->canvas();
  Edited edited;
  const ModelPointer before = document.model();
  QElapsedTimer total, pause;
  QTimer heartbeat;
  QObject::connect(&heartbeat, &QTimer::timeout, [&] {
    edited.longest_pause_ms =
        std::max(edited.longest_pause_ms, static_cast<double>(pause.nsecsElapsed()) * 1e-6);
    pause.restart();
  });
  total.start();
  pause.start();
  edited.apply_ms = milliseconds([&] { document.edit(step, QStringLiteral("Edit")); });
  heartbeat.start(0);
  while (document.model() == before || canvas.scene().layout() != document.layout())
    QApplication::processEvents(QEventLoop::WaitForMoreEvents);
  window.repaint();
  canvas.repaint();
  edited.total_ms = static_cast<double>(total.nsecsElapsed()) * 1e-6;
  return edited;
}

/// The parts of following an edit, one after the other.
Json parts(const Model& model, const LayoutOptions& options) {
  std::shared_ptr<Hierarchy> hierarchy;
  std::shared_ptr<InferredTypes> types;
  std::shared_ptr<Layout> layout;
  Json result;
  result["hierarchy_ms"] =
      milliseconds([&] { hierarchy = std::make_shared<Hierarchy>(find_hierarchy(*model.graph)); });
  result["index_ms"] = milliseconds([&] { GraphIndex index(*model.graph); });
  result["types_ms"] = milliseconds([&] { types = std::make_shared<InferredTypes>(infer_types(model)); });
  result["nested_ms"] = milliseconds([&] { NestedGraphs nested(model, *types); });
  result["layout_ms"] = milliseconds(
      [&] { layout = std::make_shared<Layout>(layout_model(model, *hierarchy, *types, options)); });
  result["scene_ms"] = milliseconds([&] { CanvasScene scene(layout); });
  return result;
}

/// The parts of following an edit that duplicates a node, one after the other, with what was known before.
Json following(const Model& model, const std::string& node, LayoutOptions options) {
  const GraphIndex index_before(*model.graph);
  const InferredTypes types_before = infer_types(model);
  const Hierarchy hierarchy_before = find_hierarchy(*model.graph);
  ModelPointer edited;
  std::optional<GraphChange> change;
  std::optional<GraphIndex> index;
  std::optional<InferredTypes> types;
  std::optional<Hierarchy> hierarchy;
  Json result;
  const auto original = std::make_shared<const Model>(model);
  result["apply_ms"] = milliseconds([&] {
    edited = apply_step(original, EditStep{"duplicate_nodes", {{"nodes", {node}}}});
  });
  result["change_ms"] = milliseconds([&] { change = change_between(*original->graph, *edited->graph); });
  result["index_ms"] = milliseconds([&] { index.emplace(*edited->graph, index_before, change->now); });
  result["types_ms"] =
      milliseconds([&] { types = follow_edit(types_before, *original, *edited, *index, *change, 2000); });
  result["hierarchy_ms"] =
      milliseconds([&] { hierarchy = follow_edit(hierarchy_before, *edited->graph, *index, *change); });
  result["nested_ms"] = milliseconds([&] { NestedGraphs nested(*edited, *types, &*index); });
  options.index = &*index;
  result["layout_ms"] =
      milliseconds([&] { Layout layout = layout_model(*edited, *hierarchy, *types, options); });
  return result;
}

Json measure(const std::string& path) {
  Theme theme;
  MainWindow window(&theme);
  window.resize(1600, 1000);
  window.show();
  Document& document = *window.openFiles({QString::fromStdString(path)});
  window.page()->canvas()->setAnimated(false);
  if (!QTest::qWaitFor([&] { return (document.layout() && document.cost()) || document.error(); }, 120000) ||
      document.error())
    return {{"model", path}, {"error", "cannot be opened"}};
  QTest::qWait(100);
  const ModelPointer opened = document.model();
  const Graph& graph = *opened->graph;
  const std::string name = graph.nodes[graph.nodes.size() / 2]->label();
  Json row = {{"model", std::filesystem::path(path).stem().string()}, {"nodes", graph.nodes.size()}};
  double apply = 0, pause = 0;
  const auto median = [&](const std::function<EditStep(int)>& step) {
    std::vector<double> totals;
    for (int turn = 0; turn < 5; ++turn) {
      const Edited edited = edit(document, window, step(turn));
      totals.push_back(edited.total_ms);
      apply = std::max(apply, edited.apply_ms);
      pause = std::max(pause, edited.longest_pause_ms);
      QTest::qWaitFor([&] { return document.cost() != nullptr; }, 120000);
    }
    std::sort(totals.begin(), totals.end());
    return totals[totals.size() / 2];
  };
  row["note_ms"] = median([&](int turn) {
    return EditStep{"set_documentation", {{"node", name}, {"text", "turn " + std::to_string(turn)}}};
  });
  row["duplicate_ms"] = median([&](int) { return EditStep{"duplicate_nodes", {{"nodes", {name}}}}; });
  row["apply_ms"] = apply;
  row["longest_pause_ms"] = pause;
  LayoutOptions options;
  options.open = initially_open(*document.hierarchy());
  row.update(parts(*document.model(), options));
  row["following"] = following(*document.model(), name, options);
  std::printf(
      "%-16s %6zu nodes  to repaint: note %7.1f ms, duplicate %7.1f ms (apply %5.1f, longest pause %5.1f)  "
      "alone: ",
      row["model"].get<std::string>().c_str(), graph.nodes.size(), row["note_ms"].get<double>(),
      row["duplicate_ms"].get<double>(), apply, pause);
  for (const char* part : {"hierarchy_ms", "index_ms", "types_ms", "nested_ms", "layout_ms", "scene_ms"})
    std::printf(" %s %.1f", part, row[part].get<double>());
  std::printf("\n%18s following: ", "");
  for (const auto& [part, ms] : row["following"].items())
    std::printf(" %s %.1f", part.c_str(), ms.get<double>());
  std::printf("\n");
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: canvas_edit_bench MODEL… [--json FILE]\n");
    return 2;
  }
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  Json document = {{"machine", test::machine_json()}, {"size", "1600x1000"}, {"rows", Json::array()}};
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--json")
      ++i;
    else
      document["rows"].push_back(measure(argv[i]));
  }
  test::report(document, argc, argv);
}
