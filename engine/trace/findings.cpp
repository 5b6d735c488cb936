#include "engine/trace/findings.h"

#include <algorithm>
#include <map>

#include "engine/model/short_number.h"

namespace lapidary {
namespace {

constexpr double least_share = 0.005;

class Rules {
 public:
  Rules(const TraceSummary& summary, const Trace& trace, const Roofs& roofs)
      : summary_(summary), trace_(trace), roofs_(roofs) {
    for (const OperatorTime& row : summary.operators) {
      row_of_step_[row.step] = &row;
      for (const auto& name : step_of(row).writes) maker_[name] = row.step;
      for (const auto& name : step_of(row).reads)
        if (!name.empty()) readers_[name].push_back(row.step);
    }
  }

  std::vector<Finding> all() {
    for (const OperatorTime& row : summary_.operators) {
      slow_path(row);
      wide_type(row);
      round_trip(row);
      chain_from(row);
    }
    integers();
    small_steps();
    std::erase_if(findings_, [&](const Finding& finding) {
      return finding.milliseconds < least_share * summary_.total_ms;
    });
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.milliseconds > b.milliseconds; });
    return std::move(findings_);
  }

 private:
  const Step& step_of(const OperatorTime& row) const {
    return trace_.steps[static_cast<std::size_t>(row.step)];
  }

  void slow_path(const OperatorTime& row) {
    if (!row.note.empty())
      findings_.push_back({"slow path",
                           row.op + " runs as " + row.implementation + ": " + row.note,
                           {row.step},
                           row.total_ms,
                           0});
  }

  void wide_type(const OperatorTime& row) {
    const auto& outputs = step_of(row).outputs;
    for (const DataType wide : {DataType::Float64, DataType::Int64}) {
      const bool all = !outputs.empty() && std::all_of(outputs.begin(), outputs.end(), [&](const Type& type) {
        return type.is_tensor() && type.element == wide;
      });
      if (all)
        findings_.push_back({"wide type",
                             row.op + " computes in " + std::string(name_of(wide)) +
                                 ", which moves twice the bytes of 32 bits",
                             {row.step},
                             row.total_ms,
                             0});
    }
  }

  /// A step that two changes of layout stand around.
  void round_trip(const OperatorTime& row) {
    if (step_of(row).nodes.empty()) return;
    Finding finding{
        "layout round trip", row.op + " runs in another layout than what stands around it", {row.step}, 0, 0};
    const auto add_changes = [&](int step) {
      const auto found = row_of_step_.find(step);
      if (found == row_of_step_.end() || !trace_.steps[static_cast<std::size_t>(step)].nodes.empty()) return;
      finding.steps.push_back(step);
      finding.gain_ms += found->second->total_ms;
    };
    for (const auto& name : step_of(row).reads)
      if (const auto maker = maker_.find(name); maker != maker_.end()) add_changes(maker->second);
    const std::size_t before = finding.steps.size();
    for (const auto& name : step_of(row).writes)
      if (const auto readers = readers_.find(name); readers != readers_.end())
        for (const int reader : readers->second) add_changes(reader);
    if (before == 1 || finding.steps.size() == before) return;
    finding.milliseconds = finding.gain_ms;
    findings_.push_back(std::move(finding));
  }

  double rate_of(DataType type) const {
    const auto found = roofs_.flops_per_second.find(type);
    return found == roofs_.flops_per_second.end() ? 0 : found->second;
  }

  /// By the machine's roofs where they are known, else by the run's own.
  bool held_by_memory(const OperatorTime& row) const {
    const double rate = rate_of(DataType::Float32);
    if (rate <= 0 || roofs_.bytes_per_second <= 0) return row.bound == "memory";
    return row.bytes / roofs_.bytes_per_second > row.flops / rate;
  }

  /// One tensor goes in and out of the same sizes, with little arithmetic for its bytes.
  bool is_elementwise(const OperatorTime& row) const {
    const Step& step = step_of(row);
    constexpr double most_flops_a_byte = 4;
    return step.outputs.size() == 1 && !step.inputs.empty() && step.outputs[0].is_tensor() &&
           step.outputs[0].shape && step.inputs[0].shape == step.outputs[0].shape &&
           step.flops <= most_flops_a_byte * static_cast<double>(step.bytes) && held_by_memory(row);
  }

  const OperatorTime* only_reader(const OperatorTime& row) const {
    const Step& step = step_of(row);
    if (step.writes.size() != 1) return nullptr;
    const auto readers = readers_.find(step.writes[0]);
    if (readers == readers_.end() || readers->second.size() != 1) return nullptr;
    return row_of_step_.at(readers->second.front());
  }

  void chain_from(const OperatorTime& first) {
    if (!is_elementwise(first)) return;
    for (const auto& name : step_of(first).reads)  // only where a chain begins
      if (const auto maker = maker_.find(name); maker != maker_.end()) {
        const OperatorTime& before = *row_of_step_.at(maker->second);
        if (is_elementwise(before) && only_reader(before) == &first) return;
      }
    Finding finding{"chain that could fuse", {}, {}, 0, 0};
    double bytes = 0, between = 0;
    std::string names;
    for (const OperatorTime* row = &first; row && is_elementwise(*row); row = only_reader(*row)) {
      if (!finding.steps.empty()) between += 2 * output_bytes(*row);
      finding.steps.push_back(row->step);
      finding.milliseconds += row->total_ms;
      bytes += row->bytes;
      names += (names.empty() ? "" : ", ") + row->op;
      if (finding.steps.size() > trace_.steps.size()) return;  // a cycle of names
    }
    if (finding.steps.size() < 2) return;
    finding.gain_ms = bytes > 0 ? finding.milliseconds * std::min(1.0, between / bytes) : 0;
    finding.message = names + " one after the other, each held back by memory: as one step " +
                      short_number(between * 1e-6) + " MB would not be written and read again";
    findings_.push_back(std::move(finding));
  }

  double output_bytes(const OperatorTime& row) const {
    const Type& type = step_of(row).outputs[0];
    const auto dims = constant_dims(*type.shape);
    return dims ? static_cast<double>(bytes_for(type.element, element_count(*dims))) : 0;
  }

  /// Products in float32 that arithmetic holds back: by how much int8's roof is higher here.
  void integers() {
    const double whole = rate_of(DataType::Float32), eighth = rate_of(DataType::Int8);
    if (whole <= 0 || eighth <= 1.2 * whole) return;
    Finding finding{"weights that could be int8", {}, {}, 0, 0};
    for (const OperatorTime& row : summary_.operators) {
      const Step& step = step_of(row);
      if (row.macs <= 0 || held_by_memory(row) || step.inputs.empty() ||
          step.inputs[0].element != DataType::Float32)
        continue;
      finding.steps.push_back(row.step);
      finding.milliseconds += row.total_ms;
      const double at_best = std::max(row.flops / eighth, row.bytes / 4 / roofs_.bytes_per_second) * 1e3;
      finding.gain_ms += std::max(0.0, row.total_ms - at_best);
    }
    finding.message = std::to_string(finding.steps.size()) +
                      " products in float32 are held back by arithmetic, and int8 has " +
                      short_number(eighth / whole) + " times its rate here: at best " +
                      short_number(finding.gain_ms) + " ms less (convert --quantize int8)";
    if (!finding.steps.empty()) findings_.push_back(std::move(finding));
  }

  void small_steps() {
    constexpr double small_ms = 0.02, much = 0.3;
    if (trace_.threads < 2) return;
    Finding finding{"too small to thread", {}, {}, 0, 0};
    for (const OperatorTime& row : summary_.operators)
      if (row.total_ms / std::max(1, row.calls) < small_ms) {
        finding.steps.push_back(row.step);
        finding.milliseconds += row.total_ms;
      }
    if (finding.milliseconds < much * summary_.total_ms) return;
    finding.message = std::to_string(finding.steps.size()) + " steps take less than 20 µs a call, " +
                      short_number(100 * finding.milliseconds / summary_.total_ms) +
                      " % of the run: several threads gain nothing there (bench --threads 1 tells)";
    findings_.push_back(std::move(finding));
  }

  const TraceSummary& summary_;
  const Trace& trace_;
  const Roofs& roofs_;
  std::map<int, const OperatorTime*> row_of_step_;
  std::map<std::string, int> maker_;
  std::map<std::string, std::vector<int>> readers_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> find_findings(const TraceSummary& summary, const Trace& trace, const Roofs& roofs) {
  return Rules(summary, trace, roofs).all();
}

}  // namespace lapidary
