#include "app/cli/report_page.h"

#include <algorithm>
#include <cmath>

#include "engine/edit/data_json.h"
#include "engine/layout/drawing.h"

namespace lapidary::cli {
namespace {

constexpr const char* style = R"(
:root { color-scheme: light dark; --ground: #f7f8fa; --surface: #ffffff; --line: #e3e6eb; --text: #1d2430;
  --weak: #5b6675; --accent: #2f6fed; --track: #eef1f5; --bad: #b3261e; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ground: #14161a; --surface: #1c1f25; --line: #2b3039;
  --text: #e6e9ee; --weak: #a0a8b4; --accent: #6f9dff; --track: #2a2f38; --bad: #ff8a80; --warn: #e0b060; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 14px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 24px; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; font-weight: 600; margin: 40px 0 12px; }
p { margin: 4px 0; }
.weak { color: var(--weak); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-top: 24px; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
.card b { display: block; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
.picture { max-height: 640px; }
.picture img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 16px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--weak); }
tr:last-child td { border-bottom: none; }
td.number, th.number { text-align: right; }
td.name { white-space: normal; overflow-wrap: anywhere; }
.bar { width: 120px; height: 6px; border-radius: 3px; background: var(--track); }
.bar i { display: block; height: 6px; border-radius: 3px; background: var(--accent); }
.error { color: var(--bad); } .warning { color: var(--warn); } .note { color: var(--weak); }
@media print { body { background: none; } .picture { max-height: none; } }
)";

std::string data_address(const std::string& svg) { return "data:image/svg+xml;base64," + base64(svg); }

/// A column's title, and whether its cells are numbers.
struct Column {
  std::string title;
  enum class Kind { Text, Number, Bar } kind = Kind::Text;  ///< of bars a cell holds the share, 0 to 1
};

std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<div class=\"scroll\"><table><tr>";
  for (const Column& column : columns)
    html += std::string("<th") + (column.kind == Column::Kind::Number ? " class=\"number\"" : "") + ">" +
            xml_escaped(column.title) + "</th>";
  html += "</tr>";
  for (const auto& row : rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto kind = columns[i].kind;
      if (kind == Column::Kind::Bar)
        html += "<td><div class=\"bar\"><i style=\"width:" + row[i] + "%\"></i></div></td>";
      else
        html += std::string(kind == Column::Kind::Number ? "<td class=\"number\">" : "<td class=\"name\">") +
                xml_escaped(row[i]) + "</td>";
    }
    html += "</tr>";
  }
  return html + "</table></div>";
}

std::string section(const std::string& title, const std::string& content) {
  return "<h2>" + xml_escaped(title) + "</h2>" + content;
}

std::string paragraph(const std::string& text, const std::string& kind = "") {
  return "<p" + (kind.empty() ? "" : " class=\"" + kind + "\"") + ">" + xml_escaped(text) + "</p>";
}

std::string percent_of(double part, double whole) {
  return whole > 0 ? std::to_string(std::lround(100 * part / whole)) : "0";
}

std::string card(const std::string& value, const std::string& what) {
  return "<div class=\"card\"><b>" + xml_escaped(value) + "</b><span class=\"weak\">" + xml_escaped(what) +
         "</span></div>";
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
  const std::string title = xml_escaped(facts["title"].get<std::string>());
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
                     "</title><meta name=\"viewport\" content=\"width=device-width\"><style>" + style +
                     "</style></head><body><main><h1>" + title + "</h1>";
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
  return html + "</main></body></html>\n";
}

}  // namespace lapidary::cli
