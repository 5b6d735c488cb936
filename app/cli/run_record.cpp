#include "app/cli/run_record.h"

#include <filesystem>
#include <fstream>

#include "engine/io/atomic_file.h"
#include "engine/io/checksum.h"
#include "engine/io/mapped_file.h"

namespace lapidary::cli {
namespace {

std::string record_path(std::string tensors) {
  while (tensors.size() > 1 && tensors.back() == '/') tensors.pop_back();
  return tensors + ".run.json";
}

/// Of the model's file; empty for standard input, which is gone.
std::string model_hash(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) ? sha1(map_file(path).bytes) : std::string();
}

Json input_hashes(const PreparedRun& run) {
  Json hashes = Json::object();
  const auto wanted = required_inputs(*run.loaded.model);
  for (std::size_t i = 0; i < wanted.size() && i < run.inputs.size(); ++i)
    if (run.inputs[i].is_tensor() && !run.inputs[i].tensor().is_string())
      hashes[wanted[i].name] = sha1(run.inputs[i].tensor().bytes());
  return hashes;
}

}  // namespace

void write_run_record(const std::string& tensors, const RunCommandOptions& options, const PreparedRun& run) {
  const Backend& backend = available_backend(options.backend);
  const Json record = {{"lapidary", LAPIDARY_VERSION},
                       {"model", {{"path", options.model.path}, {"sha1", model_hash(options.model.path)}}},
                       {"inputs", input_hashes(run)},
                       {"seed", options.seed},
                       {"backend", backend.name},
                       {"backend_version", backend.version},
                       {"threads", options.threads},
                       {"float64", options.float64}};
  AtomicFile file(record_path(tensors));
  file.write(record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  file.commit();
}

std::vector<std::string> differences_from_record(const std::string& tensors, const RunCommandOptions& options,
                                                 const PreparedRun& run) {
  std::ifstream file(record_path(tensors));
  if (!file) return {};
  const Json record = Json::parse(file, nullptr, false);
  if (!record.is_object()) return {"what is recorded beside it cannot be read"};
  std::vector<std::string> differences;
  const auto recorded = [&](const char* group, const std::string& key) {
    const Json& values = record.contains(group) ? record[group] : Json();
    return values.is_object() && values.contains(key) && values[key].is_string()
               ? values[key].get<std::string>()
               : std::string();
  };
  const std::string model = recorded("model", "sha1");
  if (!model.empty() && model != model_hash(options.model.path))
    differences.push_back("it was recorded with another model, " + recorded("model", "path"));
  const Json hashes = input_hashes(run);
  for (const auto& [name, hash] : hashes.items())
    if (const std::string was = recorded("inputs", name); !was.empty() && was != hash.get<std::string>())
      differences.push_back("it was recorded with other data for input '" + name + "'");
  return differences;
}

}  // namespace lapidary::cli
