#include "engine/compare/reasons.h"

#include <set>

#include "engine/compare/difference.h"
#include "engine/model/nodes.h"

namespace lapidary {
namespace {

/// Types that Cast nodes of a section make.
std::set<DataType> casts_in(const SectionedGraph& graph, const Section& section) {
  std::set<DataType> types;
  for (const int position : section.nodes)
    if (is_standard(graph.node(position), "Cast"))
      types.insert(static_cast<DataType>(graph.node(position).attribute_or<std::int64_t>("to", 0)));
  return types;
}

void explain_precision(const SectionedGraph& a, const SectionedGraph& b, const TensorGroup& group,
                       std::vector<std::string>& reasons) {
  const auto here = casts_in(a, group.a), there = casts_in(b, group.b);
  for (const DataType type : there)
    if (is_floating(type) && !here.contains(type) && epsilon_of(type) > epsilon_of(DataType::Float32))
      reasons.push_back("it is computed in " + std::string(name_of(type)) + " there");
}

void explain_not_finite(const LocalDifference& local, const TensorMetrics& metrics,
                        std::vector<std::string>& reasons) {
  if (metrics.not_finite_on_one_side == 0) return;
  for (const auto& [name, value] : local.inputs) {
    if (!value.is_tensor()) continue;
    const Summary summary = summarize(value.tensor());
    if (summary.infinite > 0)
      reasons.push_back("input '" + name + "' holds " + std::to_string(summary.infinite) +
                        " infinities, and 0 · ∞ and ∞ − ∞ are NaN");
    if (summary.nan > 0)
      reasons.push_back("input '" + name + "' holds " + std::to_string(summary.nan) +
                        " NaN, which one side hands on and the other does not");
  }
}

/// All of the worst elements at one end of an 8-bit range on one side alone.
void explain_saturation(const TensorMetrics& metrics, std::vector<std::string>& reasons) {
  for (const double end : {-128.0, 127.0, 255.0}) {
    std::size_t got = 0, want = 0;
    for (const ElementPair& one : metrics.worst)
      got += one.got == end ? 1 : 0, want += one.want == end ? 1 : 0;
    if (metrics.worst.empty() || (got < metrics.worst.size()) == (want < metrics.worst.size())) continue;
    reasons.push_back("the worst elements are all " + std::to_string(static_cast<int>(end)) +
                      " on one side: it saturates");
  }
}

}  // namespace

std::vector<std::string> likely_reasons(const SectionedGraph& a, const SectionedGraph& b,
                                        const TensorGroup& group, const LocalDifference& local,
                                        const TensorMetrics& metrics) {
  std::vector<std::string> reasons;
  explain_precision(a, b, group, reasons);
  if (reasons.empty())
    for (const FormNote& note : local.form.notes) reasons.push_back(note.text);
  explain_not_finite(local, metrics, reasons);
  explain_saturation(metrics, reasons);
  return reasons;
}

}  // namespace lapidary
