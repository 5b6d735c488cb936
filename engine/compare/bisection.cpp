#include "engine/compare/bisection.h"

#include <algorithm>
#include <tuple>

#include "engine/compare/permutation.h"

namespace lapidary {
namespace {

class Bisector {
 public:
  Bisector(const ComparedRun& a, const ComparedRun& b, const Values& inputs, const ComparisonOptions& options)
      : a_(a),
        b_(b),
        options_(options),
        graph_a_(a.model, names_of(inputs)),
        graph_b_(b.model, names_of(inputs)) {
    const Alignment alignment = align_by_name(graph_a_, graph_b_);
    std::tie(inputs_a_, inputs_b_) = alignment.given(inputs);
    for (const auto& pair : alignment.tensors) {
      const int maker = graph_a_.index().producer(pair.a).node;
      if (places_.empty() || places_.back() != maker) places_.push_back(maker);
      made_at_.emplace(pair.a, places_.size() - 1);
      names_.push_back(pair.a);
    }
  }

  std::optional<Bisection> bisect() {
    if (places_.empty()) return std::nullopt;
    std::size_t equal = 0, differs = places_.size();  // of the first nodes, how many
    if (!parts_after(differs)) return std::nullopt;
    Bisection found = found_;
    while (differs - equal > 1) {
      const std::size_t middle = equal + (differs - equal) / 2;
      if (parts_after(middle)) {
        differs = middle;
        found = found_;
      } else {
        equal = middle;
      }
    }
    const Node& node = graph_a_.node(places_[differs - 1]);
    found.node = node.label();
    found.op_type = node.op_type;
    found.runs = runs_;
    return found;
  }

 private:
  /// Values that the first `count` places make, and that later ones or nobody reads.
  std::vector<std::string> flowing_after(std::size_t count) const {
    std::unordered_set<int> before(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(count));
    std::vector<std::string> flowing;
    for (const auto& name : names_) {
      if (made_at_.at(name) >= count) continue;
      const auto& readers = graph_a_.readers(name);
      if (readers.empty() || graph_a_.index().is_output(name) ||
          std::any_of(readers.begin(), readers.end(), [&](int reader) { return !before.contains(reader); }))
        flowing.push_back(name);
    }
    return flowing;
  }

  bool parts_after(std::size_t count) {
    const std::vector<std::string> outputs = flowing_after(count);
    const auto nothing_known = [](const std::string&) { return false; };
    constexpr double rounding = 1e-6;  // of one backend that runs the same operators in other company
    const Values of_a = a_.runner.run(graph_a_, graph_a_.section(outputs, nothing_known), inputs_a_);
    const Values of_b = b_.runner.run(graph_b_, graph_b_.section(outputs, nothing_known), inputs_b_);
    ++runs_;
    for (const auto& name : outputs) {
      const Datum &want = of_a.at(name), &got = of_b.at(name);
      if (!want.is_tensor() || !got.is_tensor() || !has_metrics(want.tensor()) || !has_metrics(got.tensor()))
        continue;
      if (want.tensor().dims() != got.tensor().dims()) return note(name, 0);
      const TensorMetrics metrics = metrics_of(got.tensor(), want.tensor());
      if (metrics.relative_to_scale() >
          (a_.runner.runs_alike(b_.runner) ? rounding : options_.tolerances.relative))
        return note(name, metrics.max_absolute);
    }
    return false;
  }
  bool note(const std::string& tensor, double max_absolute) {
    found_.tensor = tensor;
    found_.max_absolute = max_absolute;
    return true;
  }

  const ComparedRun &a_, &b_;
  const ComparisonOptions& options_;
  SectionedGraph graph_a_, graph_b_;
  Values inputs_a_, inputs_b_;
  std::vector<int> places_;  ///< nodes of the first model that make aligned tensors, in order
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::size_t> made_at_;
  Bisection found_;
  int runs_ = 0;
};

}  // namespace

std::optional<Bisection> bisect(const ComparedRun& a, const ComparedRun& b, const Values& inputs,
                                const ComparisonOptions& options) {
  if (a.is_recorded() || b.is_recorded())
    throw Error("what a file recorded cannot be run again to bisect it", Error::Kind::Usage);
  return Bisector(a, b, inputs, options).bisect();
}

}  // namespace lapidary
