#include "engine/trace/roofline.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/io/atomic_file.h"

namespace lapidary {
namespace {

using Json = nlohmann::json;

/// The type that a step multiplies: that of its first input, 8-bit integers as one.
DataType multiplied_type(const Step& step) {
  for (const Type& type : step.inputs) {
    if (!type.is_tensor()) continue;
    if (type.element == DataType::UInt8 || type.element == DataType::Int8) return DataType::Int8;
    if (type.element == DataType::BFloat16) return DataType::BFloat16;
    break;
  }
  return DataType::Float32;
}

std::optional<Roofs> roofs_in(const Json& document, const std::string& key) {
  const auto entry = document.find(key);
  if (entry == document.end() || !entry->is_object()) return std::nullopt;
  Roofs roofs;
  roofs.threads = entry->value("threads", 0);
  roofs.bytes_per_second = entry->value("bytes_per_second", 0.0);
  const Json rates = entry->value("flops_per_second", Json::object());
  for (const auto& [name, rate] : rates.items())
    if (const auto type = data_type_from(name); type && rate.is_number())
      roofs.flops_per_second[*type] = rate.get<double>();
  return roofs.bytes_per_second > 0 && !roofs.flops_per_second.empty() ? std::optional(roofs) : std::nullopt;
}

Json json_of(const Roofs& roofs) {
  Json rates = Json::object();
  for (const auto& [type, rate] : roofs.flops_per_second) rates[std::string(name_of(type))] = rate;
  return {
      {"threads", roofs.threads}, {"bytes_per_second", roofs.bytes_per_second}, {"flops_per_second", rates}};
}

}  // namespace

std::vector<RooflinePoint> roofline_of(const TraceSummary& summary, const Trace& trace, const Roofs& roofs) {
  std::vector<RooflinePoint> points;
  for (const OperatorTime& row : summary.operators) {
    const DataType type = multiplied_type(trace.steps[static_cast<std::size_t>(row.step)]);
    auto roof = roofs.flops_per_second.find(type);
    if (roof == roofs.flops_per_second.end() || roof->second <= 0)
      roof = roofs.flops_per_second.find(DataType::Float32);
    const double peak = roof == roofs.flops_per_second.end() ? 0 : roof->second;
    const double compute_ms = peak > 0 ? row.flops / peak * 1e3 : 0;
    const double memory_ms = roofs.bytes_per_second > 0 ? row.bytes / roofs.bytes_per_second * 1e3 : 0;
    RooflinePoint point;
    point.intensity = row.bytes > 0 ? row.flops / row.bytes : 0;
    point.attainable_ms = std::max(compute_ms, memory_ms);
    point.share_of_roof = row.total_ms > 0 ? point.attainable_ms / row.total_ms : 0;
    point.bound = compute_ms >= memory_ms ? "compute" : "memory";
    points.push_back(std::move(point));
  }
  return points;
}

Roofs remembered_roofs(const std::string& path, const std::string& machine, int threads,
                       const std::function<Roofs(int threads)>& measure) {
  const std::string key = machine + ", " + std::to_string(threads) + " threads";
  Json document = Json::object();
  if (std::ifstream file(path); file) document = Json::parse(file, nullptr, false);
  if (!document.is_object()) document = Json::object();
  try {
    if (const auto roofs = roofs_in(document, key)) return *roofs;
  } catch (const Json::exception&) {  // a member of another type: measured anew
  }
  const Roofs roofs = measure(threads);
  document[key] = json_of(roofs);
  try {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    AtomicFile file(path);
    file.write(document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
    file.commit();
  } catch (const Error&) {  // measured again next time
  }
  return roofs;
}

std::string roofs_path() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string folder = cache && *cache ? cache : std::string(home ? home : "/tmp") + "/.cache";
  return folder + "/lapidary/roofs.json";
}

}  // namespace lapidary
