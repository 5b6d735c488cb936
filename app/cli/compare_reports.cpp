#include "app/cli/compare_reports.h"

#include <algorithm>

#include "app/cli/html_page.h"
#include "engine/layout/drawing.h"

namespace lapidary::cli {
namespace {

std::string number_of(const Json& value) { return value.is_number() ? number(value.get<double>()) : "-"; }

std::string failure_of(const Json& tensor) {
  if (tensor.contains("problem")) return tensor["problem"].get<std::string>();
  return "max_abs " + number_of(tensor["max_abs"]) + ", max_rel " + number_of(tensor["max_rel"]) +
         ", own error " + number_of(tensor["local_max_abs"]);
}

std::string divergence_section(const Json& first) {
  if (first.is_null()) return section("Where they part", paragraph("They do not part."));
  std::string html =
      paragraph("Node '" + first["node"].get<std::string>() + "' (" + first["op"].get<std::string>() +
                    "), tensor '" + first["tensor"].get<std::string>() +
                    "': " + first["metric"].get<std::string>() + " " + number_of(first["value"]) + ".",
                "error");
  html += paragraph("Its inputs agree within " + number_of(first["inputs_max_abs"]) +
                    (first["local"].get<bool>() ? "; it was run by itself on the same inputs."
                                                : "; no operator by itself is at fault."));
  if (first.contains("worst"))
    html +=
        paragraph("Element " + first["worst"]["index"].dump() + " is " + number_of(first["worst"]["got"]) +
                  " and not " + number_of(first["worst"]["want"]) + ".");
  for (const auto& reason : first["reasons"])
    html += paragraph("Likely because " + reason.get<std::string>());
  return section("Where they part", html);
}

}  // namespace

std::string compare_junit(const Json& comparison, const std::string& suite) {
  const auto& tensors = comparison["tensors"];
  const auto failures =
      std::count_if(tensors.begin(), tensors.end(), [](const Json& t) { return !t["ok"].get<bool>(); });
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites><testsuite name=\"" +
                    xml_escaped(suite) + "\" tests=\"" + std::to_string(tensors.size()) + "\" failures=\"" +
                    std::to_string(failures) + "\" errors=\"" +
                    std::to_string(comparison["problems"].size()) + "\">\n";
  for (const auto& tensor : tensors) {
    xml += "<testcase classname=\"" + xml_escaped(tensor["node"].get<std::string>()) + "\" name=\"" +
           xml_escaped(tensor["name"].get<std::string>()) + "\"";
    xml += tensor["ok"].get<bool>()
               ? "/>\n"
               : "><failure message=\"" + xml_escaped(failure_of(tensor)) + "\"/></testcase>\n";
  }
  for (const auto& problem : comparison["problems"])
    xml += "<system-err>" + xml_escaped(problem.get<std::string>()) + "</system-err>\n";
  return xml + "</testsuite></testsuites>\n";
}

std::string compare_page(const Json& comparison, const std::string& title) {
  std::vector<std::vector<std::string>> rows;
  std::size_t good = 0;
  for (const auto& tensor : comparison["tensors"]) {
    good += tensor["ok"].get<bool>() ? 1 : 0;
    rows.push_back({tensor["name"].get<std::string>(), tensor["node"].get<std::string>(),
                    number_of(tensor["max_abs"]), number_of(tensor["max_rel"]), number_of(tensor["rmse"]),
                    number_of(tensor["snr_db"]), number_of(tensor["ulp_p99"]),
                    number_of(tensor["local_max_abs"]), number_of(tensor["amplification"]),
                    tensor["ok"].get<bool>() ? "" : "off"});
  }
  const auto right = Column::Kind::Number;
  std::string html =
      "<div class=\"cards\">" + card(std::to_string(rows.size()), "tensors compared") +
      card(std::to_string(good), "agree") +
      card(std::to_string(comparison["local_divergences"].size()), "made otherwise by their operators") +
      "</div>" + divergence_section(comparison["first_divergence"]);
  for (const auto& problem : comparison["problems"]) html += paragraph(problem.get<std::string>(), "error");
  html += section("Tensors", table({{"tensor"},
                                    {"node"},
                                    {"max abs", right},
                                    {"max rel", right},
                                    {"RMSE", right},
                                    {"SNR dB", right},
                                    {"ULP p99", right},
                                    {"own error", right},
                                    {"amplified", right},
                                    {""}},
                                   rows));
  return html_page(title, html);
}

}  // namespace lapidary::cli
