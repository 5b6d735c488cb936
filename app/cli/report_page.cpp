#include "app/cli/report_page.h"

#include <algorithm>
#include <cmath>

#include "app/cli/html_page.h"
#include "engine/edit/data_json.h"
#include "engine/layout/drawing.h"

namespace lapidary::cli {
namespace {

std::string data_address(const std::string& svg) { return "data:image/svg+xml;base64," + base64(svg); }

std::string percent_of(double part, double whole) {
  return whole > 0 ? std::to_string(std::lround(100 * part / whole)) : "0";
}

std::string shape_text(const Json& value) {
  if (value["shape"].is_null()) return value["type"].get<std::string>();
  std::string shape;
  for (const auto& size : value["shape"])
    shape += (shape.empty() ? "" : " × ") + (size.is_string() ? size.get<std::string>() : size.dump());
  return value["type"].get<std::string>() + " " + (shape.empty() ? "scalar" : shape);
}

std::string summary(const Json& info) {
  std::string opsets;
  for (const auto& [domain, version] : info["opsets"].items())
    opsets += (opsets.empty() ? "" : ", ") + (domain.empty() ? "ai.onnx" : domain) + " " + version.dump();
  std::string html = paragraph(info["format"].get<std::string>() + " · IR " + info["ir_version"].dump() +
                                   " · " + opsets + " · " + info["producer"].get<std::string>(),
                               "weak");
  html += "<div class=\"cards\">" + card(info["nodes"].dump(), "nodes") +
          card(with_prefix(info["parameters"].get<double>()), "parameters") +
          card(bytes_text(info["parameter_bytes"].get<double>()), "weights") +
          card(with_prefix(info["flops"].get<double>()) + "FLOP", "a run, free sizes as 1") +
          card(bytes_text(info["activation_peak_bytes"].get<double>()), "activations at the peak") +
          card(bytes_text(info["file_bytes"].get<double>()), "file") + "</div>";
  std::vector<std::vector<std::string>> rows;
  for (const char* direction : {"inputs", "outputs"})
    for (const auto& value : info[direction])
      rows.push_back({direction == std::string("inputs") ? "input" : "output",
                      value["name"].get<std::string>(), shape_text(value)});
  return html + section("Inputs and outputs", table({{""}, {"name"}, {"type"}}, rows));
}

std::string checks(const Json& check, const Json& info) {
  std::string html;
  for (const auto& missing : info["unsupported"])
    html += paragraph(
        "cannot run here: " + missing["op"].get<std::string>() + " × " + missing["count"].dump(), "error");
  for (const auto& problem : check["problems"]) {
    const std::string severity = problem["severity"].get<std::string>();
    std::string line = severity + ": ";
    if (!problem["node"].empty() && problem["node"] != "") line += problem["node"].get<std::string>() + ": ";
    if (!problem["tensor"].empty() && problem["tensor"] != "")
      line += problem["tensor"].get<std::string>() + ": ";
    html += paragraph(line + problem["message"].get<std::string>(), severity);
  }
  return section("Checks", html.empty() ? paragraph("No problem was found.") : html);
}

std::string costs(const Json& cost) {
  double most = 0;
  for (const auto& row : cost) most = std::max(most, row["flops"].get<double>());
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : cost)
    rows.push_back({row["op"].get<std::string>(), row["count"].dump(),
                    with_prefix(row["flops"].get<double>()), bytes_text(row["bytes"].get<double>()),
                    percent_of(row["flops"].get<double>(), most)});
  const auto number = Column::Kind::Number;
  return section("Cost by operator", table({{"operator"},
                                            {"nodes", number},
                                            {"FLOP", number},
                                            {"bytes moved", number},
                                            {"", Column::Kind::Bar}},
                                           rows));
}

std::string profile(const Json& profile) {
  constexpr std::size_t most_rows = 20;
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : profile["operators"]) {
    if (rows.size() == most_rows) break;
    const double share = row["share"].get<double>();
    rows.push_back({row["node"].get<std::string>(), row["op"].get<std::string>(),
                    number(row["total_ms"].get<double>()), number(100 * share),
                    number(row["gflops"].get<double>()), row["bound"].get<std::string>(),
                    percent_of(share, profile["operators"][0]["share"].get<double>())});
  }
  const auto right = Column::Kind::Number;
  const std::string line = "A run took " + number(profile["total_ms"].get<double>()) + " ms on " +
                           profile["backend"].get<std::string>() + " with " + profile["threads"].dump() +
                           " threads; operators cover " + number(100 * profile["coverage"].get<double>()) +
                           " % of it. The slowest:";
  return section("Where the time goes", paragraph(line, "weak") + table({{"node"},
                                                                         {"operator"},
                                                                         {"ms", right},
                                                                         {"%", right},
                                                                         {"GFLOP/s", right},
                                                                         {"bound by"},
                                                                         {"", Column::Kind::Bar}},
                                                                        rows));
}

std::string optimization(const Json& levels) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& level : levels) {
    std::string passes;
    for (const auto& pass : level["passes"])
      if (pass["changes"].get<int>() > 0)
        passes +=
            (passes.empty() ? "" : ", ") + pass["name"].get<std::string>() + " " + pass["changes"].dump();
    rows.push_back({level["level"].get<std::string>(), level["nodes"].dump(),
                    with_prefix(level["flops"].get<double>()),
                    bytes_text(level["parameter_bytes"].get<double>()), passes});
  }
  const auto number = Column::Kind::Number;
  return section(
      "What the optimizer would leave",
      table({{"level"}, {"nodes", number}, {"FLOP", number}, {"weights", number}, {"changes by pass"}},
            rows));
}

}  // namespace

std::string report_page(const Json& facts, const ReportPictures& pictures) {
  std::string html;
  html += summary(facts["info"]);
  // As pictures, since the styles of two SVG documents in one page would mix.
  html += section(
      "Graph",
      "<div class=\"scroll picture\"><picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"" +
          data_address(pictures.dark) + "\"><img alt=\"the graph\" src=\"" + data_address(pictures.light) +
          "\"></picture></div>");
  html += checks(facts["check"], facts["info"]);
  if (facts.contains("profile")) html += profile(facts["profile"]);
  if (facts.contains("run_error"))
    html += section("Where the time goes", paragraph(facts["run_error"].get<std::string>(), "error"));
  html += costs(facts["cost"]);
  html += optimization(facts["optimization"]);
  html += paragraph("Made by Lapidary " + facts["version"].get<std::string>() + ".", "weak");
  return html_page(facts["title"].get<std::string>(), html);
}

}  // namespace lapidary::cli
