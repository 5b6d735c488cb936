#include "engine/trace/compare_profiles.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace lapidary {
namespace {

/// Rows of both profiles in one list, joined where they share a name.
class Alignment {
 public:
  Alignment(const TraceSummary& first, const Trace& first_trace, const TraceSummary& second,
            const Trace& second_trace)
      : first_count_(first.operators.size()), evidence_(first.operators.size() + second.operators.size()) {
    group_.resize(evidence_.size());
    std::iota(group_.begin(), group_.end(), std::size_t{0});
    add(first, first_trace, 0);
    add(second, second_trace, first_count_);
  }

  std::vector<ProfilePair> pairs() {
    std::map<std::size_t, ProfilePair> pairs;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const std::size_t group = find(row);
      ProfilePair& pair = pairs[group];
      const bool is_first = row < first_count_;
      (is_first ? pair.first : pair.second).push_back(rows_[row]->step);
      (is_first ? pair.first_ms : pair.second_ms) += rows_[row]->total_ms;
      pair.evidence = evidence_[group];
    }
    std::vector<ProfilePair> list;
    for (auto& [group, pair] : pairs) {
      if (pair.first.empty() || pair.second.empty()) pair.evidence = "no counterpart";
      list.push_back(std::move(pair));
    }
    std::stable_sort(list.begin(), list.end(), [](const ProfilePair& a, const ProfilePair& b) {
      return std::abs(a.second_ms - a.first_ms) > std::abs(b.second_ms - b.first_ms);
    });
    return list;
  }

 private:
  std::size_t find(std::size_t row) {
    while (group_[row] != row) row = group_[row] = group_[group_[row]];
    return row;
  }

  void add(const TraceSummary& summary, const Trace& trace, std::size_t offset) {
    for (std::size_t i = 0; i < summary.operators.size(); ++i) {
      const Step& step = trace.steps[static_cast<std::size_t>(summary.operators[i].step)];
      rows_.push_back(&summary.operators[i]);
      if (step.nodes.empty()) continue;  // a change of layout, which the other side may do elsewhere
      for (const auto& name : step.writes) join("tensor " + name, offset + i, "both make '" + name + "'");
      for (const auto& name : step.node_names) join("node " + name, offset + i, "same nodes");
    }
  }

  void join(const std::string& key, std::size_t row, const std::string& evidence) {
    if (key.ends_with(' ')) return;
    const auto [place, fresh] = owner_.try_emplace(key, row);
    const std::size_t a = find(place->second), b = find(row);
    if (fresh || a == b) return;
    group_[b] = a;
    if (evidence_[a].empty()) evidence_[a] = evidence_[b].empty() ? evidence : evidence_[b];
  }

  std::size_t first_count_;
  std::vector<const OperatorTime*> rows_;
  std::vector<std::size_t> group_;
  std::vector<std::string> evidence_;
  std::map<std::string, std::size_t> owner_;
};

}  // namespace

std::vector<ProfilePair> compare_profiles(const TraceSummary& first, const Trace& first_trace,
                                          const TraceSummary& second, const Trace& second_trace) {
  return Alignment(first, first_trace, second, second_trace).pairs();
}

}  // namespace lapidary
