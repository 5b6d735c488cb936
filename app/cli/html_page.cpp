#include "app/cli/html_page.h"

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

}  // namespace

std::string html_page(const std::string& title, const std::string& content) {
  const std::string heading = xml_escaped(title);
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + heading +
         "</title><meta name=\"viewport\" content=\"width=device-width\"><style>" + style +
         "</style></head><body><main><h1>" + heading + "</h1>" + content + "</main></body></html>\n";
}

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

std::string paragraph(const std::string& text, const std::string& kind) {
  return "<p" + (kind.empty() ? "" : " class=\"" + kind + "\"") + ">" + xml_escaped(text) + "</p>";
}

std::string card(const std::string& value, const std::string& what) {
  return "<div class=\"card\"><b>" + xml_escaped(value) + "</b><span class=\"weak\">" + xml_escaped(what) +
         "</span></div>";
}

}  // namespace lapidary::cli
