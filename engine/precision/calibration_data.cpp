#include "engine/precision/calibration_data.h"

#include <algorithm>
#include <filesystem>

#include "engine/io/tensor_file.h"
#include "engine/model/error.h"
#include "engine/runtime/backend.h"
#include "engine/runtime/random_inputs.h"
#include "engine/runtime/suggested_inputs.h"

namespace lapidary {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool holds_tensors(const fs::path& file) {
  const std::string ending = file.extension().string();
  return ending == ".npz" || ending == ".npy" || ending == ".pb" || ending == ".json" ||
         ending == ".safetensors";
}

/// Reads sets for the inputs of one model.
class SetReader {
 public:
  explicit SetReader(const Model& model) : model_(model), inputs_(unfilled_inputs(model)) {}

  InputSets read(const std::string& path) const {
    std::error_code error;
    if (!fs::is_directory(path, error)) return {read_set(path)};
    const auto entries = sorted_entries(path);
    InputSets sets;
    if (inputs_.size() == 1 || std::none_of(entries.begin(), entries.end(), is_single_tensor))
      for (const auto& entry : entries) {
        if (fs::is_directory(entry))
          sets.push_back(read_set(entry.string()));
        else if (holds_tensors(entry) && !entry.filename().string().starts_with("output_"))
          sets.push_back(inputs_.size() == 1 ? read_only_input(entry.string()) : read_set(entry.string()));
      }
    else
      sets.push_back(read_set(path));
    if (sets.empty())
      throw Error("the folder holds no inputs: no .npz, .npy, .pb or .json file, and no folder of such")
          .file(path);
    return sets;
  }

 private:
  static bool is_single_tensor(const fs::path& file) {
    return !fs::is_directory(file) && (file.extension() == ".npy" || file.extension() == ".pb");
  }

  std::vector<Datum> read_only_input(const std::string& path) const {
    return checked({read_value(path, {inputs_[0].name, inputs_[0].type})}, path);
  }

  std::vector<Datum> read_set(const std::string& path) const {
    // Files of a conformance set are numbered as the graph lists its inputs.
    std::vector<WantedData> wanted;
    for (const auto& value : model_.graph->inputs) wanted.push_back({value.name, value.type});
    std::vector<Datum> set(inputs_.size());
    for (auto& [name, datum] : read_data(path, wanted))
      for (std::size_t i = 0; i < inputs_.size(); ++i)
        if (inputs_[i].name == name) set[i] = std::move(datum);
    return checked(std::move(set), path);
  }

  std::vector<Datum> checked(std::vector<Datum> set, const std::string& path) const {
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (!set[i].is_present() && inputs_[i].type.kind != Type::Kind::Optional)
        throw Error("holds nothing for input '" + inputs_[i].name + "'").file(path);
      try {
        if (set[i].is_present()) check_input(inputs_[i], set[i]);
      } catch (Error& error) {
        throw error.file(path);
      }
    }
    return set;
  }

  const Model& model_;
  std::vector<Value> inputs_;
};

}  // namespace

InputSets read_input_sets(const Model& model, const std::string& path) { return SetReader(model).read(path); }

InputSets made_up_input_sets(const Model& model, int count, std::uint64_t seed) {
  const RandomInputs random(model);
  InputSets sets;
  for (int i = 0; i < count; ++i)
    sets.push_back(random.make(seed + static_cast<std::uint64_t>(i), RandomInputs::Sizes::Usual));
  return sets;
}

}  // namespace lapidary
