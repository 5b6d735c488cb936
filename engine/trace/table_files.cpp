#include "engine/trace/table_files.h"

#include <nlohmann/json.hpp>

#include "engine/io/atomic_file.h"

namespace lapidary {
namespace {

using Json = nlohmann::ordered_json;

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + '"';
}

void write_file(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string text_of(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

void write_profile_csv(const TraceSummary& summary, const Trace& trace, const std::string& path) {
  std::string text =
      "node,op,nodes,calls,total_ms,low_ms,high_ms,minimum_ms,maximum_ms,deviation_ms,share,flops,macs,bytes,"
      "gflops,"
      "bound,implementation,note\r\n";
  for (const OperatorTime& row : summary.operators) {
    std::string nodes;
    for (const auto& name : trace.steps[static_cast<std::size_t>(row.step)].node_names)
      nodes += (nodes.empty() ? "" : " ") + name;
    text += csv_field(row.node) + ',' + csv_field(row.op) + ',' + csv_field(nodes) + ',' +
            std::to_string(row.calls);
    for (const double value : {row.total_ms, row.low_ms, row.high_ms, row.minimum_ms, row.maximum_ms,
                               row.deviation_ms, row.share, row.flops, row.macs, row.bytes, row.gflops})
      text += ',' + Json(value).dump();
    text +=
        ',' + csv_field(row.bound) + ',' + csv_field(row.implementation) + ',' + csv_field(row.note) + "\r\n";
  }
  write_file(path, text);
}

void write_netron_attachment(const TraceSummary& summary, const Model& model, const std::string& path) {
  Json metrics = Json::array();
  for (std::size_t position = 0; position < summary.node_ms.size(); ++position) {
    const Node& node = *model.graph->nodes[position];
    Json entry = {{"kind", "node"}};
    node.name.empty() ? entry["identifier"] = position : entry["target"] = node.name;
    entry.update({{"name", "time_ms"}, {"value", summary.node_ms[position]}, {"type", "float32"}});
    metrics.push_back(std::move(entry));
  }
  Json total = {{"kind", "model"}, {"name", "total_ms"}, {"value", summary.total_ms}, {"type", "float32"}};
  metrics.push_back(std::move(total));
  write_file(
      path, text_of({{"signature", "netron:attachment"}, {"metadata", Json::array()}, {"metrics", metrics}}));
}

void write_model_explorer_data(const TraceSummary& summary, const Model& model, const std::string& path) {
  Json results = Json::object();
  for (std::size_t position = 0; position < summary.node_ms.size(); ++position)
    for (const std::string& output : model.graph->nodes[position]->outputs)
      if (!output.empty()) {
        results[output] = {{"value", summary.node_ms[position]}};
        break;
      }
  const Json gradient = {{{"stop", 0}, {"bgColor", "#ffffff"}}, {{"stop", 1}, {"bgColor", "#e4572e"}}};
  const std::string graph = model.graph->name.empty() ? "main_graph" : model.graph->name;
  write_file(path,
             text_of({{graph, {{"name", "milliseconds"}, {"results", results}, {"gradient", gradient}}}}));
}

}  // namespace lapidary
