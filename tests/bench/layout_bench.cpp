// layout_bench [MODEL…] [--json FILE]: how good our drawings of small graphs are, and how long they take,
// beside those of Graphviz's `dot` for the same boxes and edges. Views: the models' modules as they stand at
// first, one and two levels deeper, and all nodes, each where there are at most 400 boxes; besides graphs
// made here. Both draw the same boxes with the same distances; dot has no labels to make room for.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "engine/io/model_file.h"
#include "engine/runtime/backend.h"
#include "tests/support/bench.h"
#include "tests/support/drawing_quality.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using test::DrawingQuality;
using test::FlatDrawing;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t most_boxes = 400;
constexpr double points_an_inch = 72;

// --- Graphviz ---

using Children = std::vector<std::vector<int>>;

int leaf_of(const Children& children, int box) {
  while (!children[box].empty()) box = children[box].front();
  return box;
}

void write_box(const Layout& layout, const Children& children, int index, std::ostream& out) {
  const Box& box = layout.boxes[index];
  if (box.open && !children[index].empty()) {
    out << "subgraph cluster_" << index << " { margin=16; label=\"" << box.title << "\"; fontsize=13;\n";
    for (const int child : children[index]) write_box(layout, children, child, out);
    out << "}\n";
    return;
  }
  out << 'b' << index << " [width=" << box.rectangle.width / points_an_inch
      << ", height=" << box.rectangle.height / points_an_inch << "];\n";
}

/// The layout's visible graph with the sizes of its boxes and our distances.
std::string to_sized_dot(const Layout& layout) {
  Children children(layout.boxes.size());
  for (std::size_t b = 0; b < layout.boxes.size(); ++b) {
    if (layout.boxes[b].parent >= 0) children[layout.boxes[b].parent].push_back(static_cast<int>(b));
  }
  std::ostringstream out;
  out << "digraph g { compound=true; nodesep=" << 28 / points_an_inch << "; ranksep=" << 32 / points_an_inch
      << "; node [shape=box, fixedsize=true, label=\"\"];\n";
  for (std::size_t b = 0; b < layout.boxes.size(); ++b) {
    if (layout.boxes[b].parent < 0) write_box(layout, children, static_cast<int>(b), out);
  }
  for (const Curve& curve : layout.curves)
    out << 'b' << leaf_of(children, curve.from) << " -> b" << leaf_of(children, curve.to) << ";\n";
  out << "}\n";
  return out.str();
}

/// Reads `dot -Tplain`: places of nodes and control points of edges, in inches and from the lower left.
FlatDrawing read_plain(const std::string& text, std::size_t box_count) {
  FlatDrawing drawing;
  drawing.boxes.resize(box_count);
  std::istringstream lines(text);
  std::string word;
  while (lines >> word && word != "stop") {
    std::string rest;
    if (word == "graph") {
      double scale;
      lines >> scale >> drawing.width >> drawing.height;
      drawing.width *= points_an_inch;
      drawing.height *= points_an_inch;
    } else if (word == "node") {
      std::string name;
      double x, y, width, height;
      lines >> name >> x >> y >> width >> height;
      drawing.boxes[static_cast<std::size_t>(std::stoi(name.substr(1)))] = {
          (x - width / 2) * points_an_inch, (y - height / 2) * points_an_inch, width * points_an_inch,
          height * points_an_inch};
    } else if (word == "edge") {
      std::string from, to;
      std::size_t count;
      lines >> from >> to >> count;
      std::vector<Point> bezier(count);
      for (Point& p : bezier) {
        lines >> p.x >> p.y;
        p = {p.x * points_an_inch, p.y * points_an_inch};
      }
      drawing.edges.push_back({std::stoi(from.substr(1)), std::stoi(to.substr(1)), test::flattened(bezier)});
    }
    std::getline(lines, rest);
  }
  return drawing;
}

struct Peer {
  bool found = false;
  double start_ms = 0;  ///< what dot takes for a graph of one node
  std::string path = (std::filesystem::temp_directory_path() / "lapidary_layout_bench.gv").string();

  test::ProcessResult run(const std::string& dot) const {
    std::ofstream(path) << dot;
    return test::run_process({"timeout", "60", "dot", "-Tplain", path});
  }
};

Peer find_peer() {
  Peer peer;
  std::vector<double> times;
  for (int i = 0; i < 3; ++i) {
    const auto result = peer.run("digraph g { a; }");
    peer.found = result.exit_code == 0;
    times.push_back(result.wall_ms);
  }
  peer.start_ms = test::spread_of(times).median;
  return peer;
}

// --- graphs made here ---

ModelPointer model_of(const std::vector<std::pair<std::string, std::vector<std::string>>>& nodes) {
  test::ModelBuilder builder;
  builder.input("x", DataType::Float32, {1, 8});
  for (const auto& [output, inputs] : nodes)
    builder.add(test::node(inputs.size() == 1   ? "Relu"
                           : inputs.size() == 2 ? "Add"
                                                : "Sum",
                           inputs, {output}));
  return builder.output(nodes.back().first).build();
}

/// Each node reads one of the last few, and some a second one from further back.
ModelPointer random_model(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::pair<std::string, std::vector<std::string>>> nodes;
  std::vector<std::string> values = {"x"};
  const auto pick = [&](std::size_t back) {
    const std::size_t reach = std::min(values.size(), back);
    return values[values.size() - 1 - random() % reach];
  };
  for (int i = 0; i < count; ++i) {
    std::vector<std::string> inputs = {pick(4)};
    if (random() % 5 < 2) inputs.push_back(pick(12));
    if (inputs.size() == 2 && inputs[0] == inputs[1]) inputs.pop_back();
    nodes.emplace_back(std::string("v") + std::to_string(i), inputs);
    values.push_back(nodes.back().first);
  }
  return model_of(nodes);
}

ModelPointer u_net(int depth) {
  std::vector<std::pair<std::string, std::vector<std::string>>> nodes;
  std::vector<std::string> skips;
  std::string value = "x";
  const auto add = [&](std::vector<std::string> inputs) {
    value = std::string("v") + std::to_string(nodes.size());
    nodes.emplace_back(value, std::move(inputs));
  };
  for (int i = 0; i < depth; ++i) {
    for (int k = 0; k < 3; ++k) add({value});
    skips.push_back(nodes[nodes.size() - 2].first);
  }
  for (int i = depth; i-- > 0;) {
    add({value, skips[static_cast<std::size_t>(i)]});
    for (int k = 0; k < 2; ++k) add({value});
  }
  return model_of(nodes);
}

ModelPointer dense_block(int layers) {
  std::vector<std::pair<std::string, std::vector<std::string>>> nodes;
  std::vector<std::string> values = {"x"};
  for (int i = 0; i < layers; ++i) {
    const std::string name = std::string("v") + std::to_string(i);
    nodes.emplace_back(name + "c", values);
    nodes.emplace_back(name, std::vector<std::string>{name + "c"});
    values.push_back(name);
  }
  return model_of(nodes);
}

ModelPointer inception(int blocks) {
  std::vector<std::pair<std::string, std::vector<std::string>>> nodes;
  std::string value = "x";
  for (int b = 0; b < blocks; ++b) {
    std::vector<std::string> ends;
    for (int branch = 0; branch < 4; ++branch) {
      std::string at = value;
      for (int k = 0; k <= branch % 3; ++k) {
        const std::string next = std::string("v") + std::to_string(nodes.size());
        nodes.emplace_back(next, std::vector<std::string>{at});
        at = next;
      }
      ends.push_back(at);
    }
    value = std::string("v") + std::to_string(nodes.size());
    nodes.emplace_back(value, ends);
  }
  return model_of(nodes);
}

// --- measuring ---

Json json_of(const DrawingQuality& quality, double ms) {
  return {{"ms", ms},
          {"crossings", quality.crossings},
          {"covered", quality.covered},
          {"bends", quality.bends},
          {"length_px", quality.length},
          {"area_px", quality.area}};
}

void print(const char* who, const DrawingQuality& quality, double ms) {
  std::printf("  %-4s %9.2f ms %5zu crossings %4zu boxes crossed %5zu bends %9.0f px long %7.2f Mpx", who, ms,
              quality.crossings, quality.covered, quality.bends, quality.length, quality.area * 1e-6);
}

class Comparison {
 public:
  Comparison() : peer_(find_peer()) {
    if (!peer_.found) std::printf("dot is not measured: it is not on PATH\n");
  }

  /// Measures one view; returns how many boxes it has, 0 if they are too many.
  std::size_t measure(const std::string& name, const Model& model, const LayoutOptions& options) {
    const Hierarchy hierarchy = find_hierarchy(*model.graph);
    const InferredTypes types = infer_types(model);
    const Layout layout = layout_model(model, hierarchy, types, options);
    if (layout.boxes.size() > most_boxes || layout.boxes.size() == last_boxes_) return 0;
    last_boxes_ = layout.boxes.size();
    std::vector<double> times;
    for (int i = 0; i < 5; ++i) {
      const std::int64_t begin = now_ns();
      layout_model(model, hierarchy, types, options);
      times.push_back(static_cast<double>(now_ns() - begin) * 1e-6);
    }
    const DrawingQuality ours = test::quality_of(test::flattened(layout));
    const double ms = test::spread_of(times).median;
    Json row = {{"view", name},
                {"boxes", layout.boxes.size()},
                {"edges", layout.curves.size()},
                {"made_here", made_here_},
                {"ours", json_of(ours, ms)}};
    std::printf("%-36s %4zu boxes %4zu edges\n", name.c_str(), layout.boxes.size(), layout.curves.size());
    print("ours", ours, ms);
    std::printf("\n");
    if (peer_.found) {
      const auto result = peer_.run(to_sized_dot(layout));
      const double dot_ms = std::max(0.0, result.wall_ms - peer_.start_ms);
      if (result.exit_code == 0) {
        const DrawingQuality dots = test::quality_of(read_plain(result.output, layout.boxes.size()));
        row["dot"] = json_of(dots, dot_ms);
        print("dot", dots, dot_ms);
        std::printf("\n");
      } else {
        std::printf("  dot  no drawing within %.0f s\n", result.wall_ms * 1e-3);
      }
    }
    rows_.push_back(row);
    return last_boxes_;
  }

  void measure_views(const std::string& name, const Model& model) {
    last_boxes_ = 0;
    LayoutOptions options;
    options.open = initially_open(find_hierarchy(*model.graph));
    measure(name + ", modules", model, options);
    for (options.open_depth = 1; options.open_depth <= 3; ++options.open_depth)
      measure(name + ", " + std::to_string(options.open_depth) + " deep", model, options);
    options.open_all = true;
    measure(name + ", all", model, options);
  }

  /// Of the views that both drew: sums, and in how many ours crosses no more often. `made_here` chooses
  /// between the models' views and those of the graphs above.
  Json summary(bool made_here) const {
    Json sums;
    std::size_t both = 0, level = 0;
    std::vector<double> more;
    for (const char* key : {"crossings", "covered", "bends", "length_px", "area_px", "ms"})
      sums[key] = {{"ours", 0.0}, {"dot", 0.0}};
    for (const Json& row : rows_) {
      if (!row.contains("dot") || row["made_here"] != made_here) continue;
      ++both;
      const double ours = row["ours"]["crossings"], dots = row["dot"]["crossings"];
      level += ours <= dots;
      more.push_back(ours + dots > 0 ? (ours - dots) / std::max(ours, dots) : 0);
      for (auto& [key, sum] : sums.items()) {
        for (const char* who : {"ours", "dot"})
          sum[who] = sum[who].get<double>() + row[who][key].get<double>();
      }
    }
    std::printf(
        "%s: %zu views drawn by both; ours crosses no more often in %zu; median difference %+.0f %%\n",
        made_here ? "graphs made here" : "models", both, level, 100 * test::spread_of(more).median);
    for (const auto& [key, sum] : sums.items())
      std::printf("  %-10s ours %12.0f  dot %12.0f\n", key.c_str(), sum["ours"].get<double>(),
                  sum["dot"].get<double>());
    return {{"views", both},
            {"no_more_crossings", level},
            {"crossings_difference_median", test::spread_of(more).median},
            {"sums", sums}};
  }

  const Json& rows() const { return rows_; }
  void begin_graphs_made_here() { made_here_ = true; }

 private:
  Peer peer_;
  Json rows_ = Json::array();
  std::size_t last_boxes_ = 0;
  bool made_here_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  Comparison comparison;
  for (int i = 1; i < argc; ++i) {
    const std::string path = argv[i];
    if (path == "--json") {
      ++i;
      continue;
    }
    comparison.measure_views(std::filesystem::path(path).stem().string(),
                             *load_model(path, LoadOptions{true}).model);
  }
  comparison.begin_graphs_made_here();
  for (const int count : {20, 40, 80, 160}) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      comparison.measure_views("random " + std::to_string(count) + " nodes, seed " + std::to_string(seed),
                               *random_model(count, seed));
    }
  }
  comparison.measure_views("U-Net", *u_net(5));
  comparison.measure_views("dense block", *dense_block(8));
  comparison.measure_views("inception", *inception(4));
  const Json summary = {{"models", comparison.summary(false)}, {"made_here", comparison.summary(true)}};
  test::report({{"machine", test::machine_json()}, {"summary", summary}, {"rows", comparison.rows()}}, argc,
               argv);
}
