#include "engine/compare/staged_run.h"

#include <algorithm>

#include "engine/model/error.h"
#include "engine/model/names.h"

namespace lapidary {

Values Runner::run(const SectionedGraph& graph, const Section& section, const Values& values) const {
  const ModelPointer part = graph.model_of(section, values);
  CompileOptions options;
  options.threads = threads;
  options.float64 = float64;
  std::vector<Datum> inputs;
  for (const auto& name : section.inputs) {
    const Datum& value = values.at(name);
    inputs.push_back(value);
    if (value.is_tensor()) options.input_dims[name] = value.tensor().dims();
  }
  const auto program = backend->compile(part, options);
  RunOptions run_options;
  run_options.cancel = cancel;
  run_options.seed = seed;
  const auto made = program->run(inputs, run_options);
  Values results;
  for (std::size_t i = 0; i < section.outputs.size(); ++i) results[section.outputs[i]] = made[i];
  return results;
}

StagedRun::StagedRun(const SectionedGraph& graph, Runner runner, Values inputs)
    : graph_(graph),
      runner_(std::move(runner)),
      values_(std::move(inputs)),
      done_(graph.model().graph->nodes.size(), false) {}

void StagedRun::make(const std::vector<std::string>& wanted) {
  std::vector<std::string> missing;
  for (const auto& name : wanted)
    if (!values_.contains(name) && graph_.index().producer(name).node >= 0) missing.push_back(name);
  if (missing.empty()) return;
  Section stage = graph_.section(missing, [&](const std::string& value) { return values_.contains(value); });
  // Nodes that run later may read more of what this stage makes than was asked for.
  std::vector<bool> here(done_.size(), false);
  for (const int position : stage.nodes) here[static_cast<std::size_t>(position)] = true;
  std::unordered_set<std::string> kept(missing.begin(), missing.end());
  for (const int position : stage.nodes)
    for (const auto& output : graph_.node(position).outputs) {
      if (output.empty() || graph_.is_weight(output)) continue;
      const auto& readers = graph_.readers(output);
      const bool is_read_later = std::any_of(readers.begin(), readers.end(), [&](int reader) {
        return !here[static_cast<std::size_t>(reader)] && !done_[static_cast<std::size_t>(reader)];
      });
      if (is_read_later && kept.insert(output).second) stage.outputs.push_back(output);
    }
  for (auto& [name, value] : runner_.run(graph_, stage, values_)) values_[name] = std::move(value);
  for (const int position : stage.nodes) done_[static_cast<std::size_t>(position)] = true;
}

void StagedRun::release(const std::function<bool(const std::string&)>& is_needed) {
  const auto is_read = [&](const std::string& value) {
    const auto& readers = graph_.readers(value);
    return std::any_of(readers.begin(), readers.end(),
                       [&](int reader) { return !done_[static_cast<std::size_t>(reader)]; });
  };
  std::erase_if(values_, [&](const auto& entry) { return !is_needed(entry.first) && !is_read(entry.first); });
}

}  // namespace lapidary
