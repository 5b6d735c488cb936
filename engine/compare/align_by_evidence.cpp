#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/analysis/node_matching.h"
#include "engine/compare/alignment.h"
#include "engine/compare/permutation.h"
#include "engine/compare/tensor_metrics.h"

namespace lapidary {
namespace {

/// Orders of axes in which frameworks keep the same data: as they are; channels last; matrices transposed.
const std::vector<std::vector<int>>& layouts() {
  static const std::vector<std::vector<int>> all = {
      {}, {0, 2, 3, 1}, {0, 3, 1, 2}, {1, 0}, {0, 2, 1}, {0, 1, 3, 2}, {0, 2, 3, 4, 1}, {0, 4, 1, 2, 3}};
  return all;
}

const Tensor* tensor_in(const Values& values, const std::string& name) {
  const auto found = values.find(name);
  if (found == values.end() || !found->second.is_tensor()) return nullptr;
  const Tensor& tensor = found->second.tensor();
  return has_metrics(tensor) && tensor.size() > 0 ? &tensor : nullptr;
}

bool fits(const Dims& a, const Dims& b, const std::vector<int>& permutation) {
  if (permutation.empty()) return a == b;
  if (a.size() != permutation.size() || b.size() != permutation.size()) return false;
  for (std::size_t i = 0; i < b.size(); ++i)
    if (b[i] != a[static_cast<std::size_t>(permutation[i])]) return false;
  return true;
}

/// What two tensors have in common in whatever order their elements stand.
struct Fingerprint {
  double sum = 0, absolute = 0, squares = 0;
  std::int64_t elements = 0;

  explicit Fingerprint(const Tensor& tensor) : elements(tensor.size()) {
    for (const double x : values_as<double>(tensor.aligned())) {
      sum += x;
      absolute += std::abs(x);
      squares += x * x;
    }
  }
  bool is_telling() const {
    // Zeros, and one number alone, are alike everywhere.
    return std::isfinite(squares) && elements > 1 &&
           squares * static_cast<double>(elements) > absolute * absolute * (1 + 1e-9);
  }
  bool is_near(const Fingerprint& other) const {
    constexpr double close = 1e-3;
    return elements == other.elements && std::abs(absolute - other.absolute) <= close * absolute &&
           std::abs(squares - other.squares) <= 2 * close * squares &&
           std::abs(sum - other.sum) <= close * absolute;
  }
};

/// How alike two tensors are in the layout that fits best.
struct Likeness {
  double cosine = 0;
  std::vector<int> permutation;
  bool is_scaled = false;  ///< one is a multiple of the other: a factor was moved, as optimizers do
  static constexpr double enough = 0.999;
};

Likeness likeness_of(const Tensor& a, const Tensor& b) {
  Likeness best;
  for (const auto& layout : layouts()) {
    if (!fits(a.dims(), b.dims(), layout) || (!layout.empty() && bits_of(b.type()) < 8)) continue;
    const TensorMetrics found = metrics_of(unpermuted(b, layout), a);
    constexpr double near = 0.05;
    const double cosine = found.relative_to_scale() <= near ? found.cosine : std::min(found.cosine, 0.9);
    best.is_scaled = best.is_scaled || (cosine < found.cosine && found.cosine >= Likeness::enough);
    if (cosine > best.cosine) best = {cosine, layout, best.is_scaled};
    if (best.cosine >= Likeness::enough) break;
  }
  return best;
}

/// Tensors without a counterpart yet.
struct OpenTensor {
  std::string name;
  Dims dims;
  Fingerprint print;
};
using Open = std::vector<OpenTensor>;

class EvidenceAlignment {
 public:
  EvidenceAlignment(Alignment& alignment, const SectionedGraph& a, const SectionedGraph& b,
                    const Values& values_a, const Values& values_b)
      : alignment_(alignment), a_(a), b_(b), values_a_(values_a), values_b_(values_b) {
    for (const auto* list : {&alignment.inputs, &alignment.tensors})
      for (const auto& pair : *list) pairs_[pair.a] = pair.b, taken_.insert(pair.b);
  }

  void align() {
    align_by_structure();
    align_by_value();
    sort();
  }

 private:
  bool is_open(const std::string& a, const std::string& b) const {
    return !a.empty() && !b.empty() && !pairs_.contains(a) && !taken_.contains(b) && !a_.is_weight(a) &&
           !b_.is_weight(b);
  }
  void pair(const std::string& a, const std::string& b, std::string reason, double score,
            std::vector<int> permutation) {
    if (!permutation.empty()) reason += ", axes in another order";
    alignment_.tensors.push_back({a, b, std::move(reason), score, std::move(permutation)});
    pairs_[a] = b;
    taken_.insert(b);
  }

  void align_by_structure() {
    const NodeMatching matching = match_nodes(*a_.model().graph, *b_.model().graph);
    for (const int position : a_.index().topological_order()) {
      const int other = matching.after_of[static_cast<std::size_t>(position)];
      if (other < 0) continue;
      const Node &one = a_.node(position), &two = b_.node(other);
      if (one.op_type != two.op_type || normalized_domain(one.domain) != normalized_domain(two.domain))
        continue;
      for (std::size_t i = 0; i < std::min(one.outputs.size(), two.outputs.size()); ++i)
        if (is_open(one.outputs[i], two.outputs[i]))
          pair_if_believable(one.outputs[i], two.outputs[i],
                             matching.reasons[static_cast<std::size_t>(position)]);
    }
  }

  /// A match of nodes counts if the values agree; or, as where a fault makes them differ, if the same
  /// operators make both from values that are aligned, and the same operators read both.
  void pair_if_believable(const std::string& a, const std::string& b, const std::string& match) {
    const Tensor *one = tensor_in(values_a_, a), *two = tensor_in(values_b_, b);
    if (one && two) {
      const Likeness likeness = likeness_of(*one, *two);
      if (likeness.cosine >= Likeness::enough)
        return pair(a, b, "nodes match (" + match + ") and values agree", likeness.cosine,
                    likeness.permutation);
      if (likeness.is_scaled) return;
    }
    constexpr double structure_alone = 0.5;
    if (reader_operators(a_, a) == reader_operators(b_, b) && is_made_alike(a, b) &&
        (!one || !two || one->dims() == two->dims()))
      pair(a, b, "nodes match (" + match + ")", structure_alone, {});
  }

  static std::multiset<std::string> reader_operators(const SectionedGraph& graph, const std::string& value) {
    std::multiset<std::string> operators;
    for (const int reader : graph.readers(value)) operators.insert(graph.node(reader).op_type);
    if (graph.index().is_output(value)) operators.insert("");
    return operators;
  }
  bool is_made_alike(const std::string& a, const std::string& b) const {
    const Section one = a_.section({a}, [&](const std::string& name) { return pairs_.contains(name); });
    const Section two = b_.section({b}, [&](const std::string& name) { return taken_.contains(name); });
    ValuePairs pairs = pairs_;
    pairs[a] = b;
    return compare_form(a_, one, b_, two, pairs).is_alike;
  }

  /// Tensors that hold the same numbers, and that nothing else open holds.
  void align_by_value() {
    const auto open_a =
        open_in(a_, values_a_, [&](const std::string& name) { return pairs_.contains(name); });
    const auto open_b =
        open_in(b_, values_b_, [&](const std::string& name) { return taken_.contains(name); });
    std::multimap<std::int64_t, std::size_t> by_size;
    for (std::size_t i = 0; i < open_b.size(); ++i) by_size.emplace(open_b[i].print.elements, i);
    std::map<std::size_t, std::vector<std::size_t>> candidates_of_b;
    std::vector<std::vector<std::size_t>> candidates(open_a.size());
    for (std::size_t i = 0; i < open_a.size(); ++i) {
      const auto range = by_size.equal_range(open_a[i].print.elements);
      for (auto at = range.first; at != range.second; ++at)
        if (open_a[i].print.is_near(open_b[at->second].print)) {
          candidates[i].push_back(at->second);
          candidates_of_b[at->second].push_back(i);
        }
    }
    // Of several layouts of the same data, the one as it is.
    const auto keep_same_sizes = [](std::vector<std::size_t>& list, const Open& others, const Dims& dims) {
      if (list.size() > 1) std::erase_if(list, [&](std::size_t i) { return others[i].dims != dims; });
    };
    for (std::size_t i = 0; i < open_a.size(); ++i) keep_same_sizes(candidates[i], open_b, open_a[i].dims);
    for (auto& [j, list] : candidates_of_b) keep_same_sizes(list, open_a, open_b[j].dims);
    for (std::size_t i = 0; i < open_a.size(); ++i) {
      if (candidates[i].size() != 1 || candidates_of_b[candidates[i][0]] != std::vector<std::size_t>{i})
        continue;
      const std::string &a = open_a[i].name, &b = open_b[candidates[i][0]].name;
      const Likeness likeness = likeness_of(*tensor_in(values_a_, a), *tensor_in(values_b_, b));
      if (likeness.cosine >= Likeness::enough)
        pair(a, b, "same values", likeness.cosine, likeness.permutation);
    }
  }

  template <class IsTaken>
  static Open open_in(const SectionedGraph& graph, const Values& values, IsTaken is_taken) {
    Open open;
    for (const int position : graph.index().topological_order())
      for (const auto& output : graph.node(position).outputs) {
        const Tensor* tensor = output.empty() || is_taken(output) ? nullptr : tensor_in(values, output);
        if (!tensor || !is_floating(tensor->type()) || graph.is_weight(output)) continue;
        Fingerprint fingerprint(*tensor);
        if (fingerprint.is_telling()) open.push_back({output, tensor->dims(), fingerprint});
      }
    return open;
  }

  void sort() {
    std::map<int, std::size_t> rank;
    for (std::size_t i = 0; const int position : a_.index().topological_order()) rank[position] = i++;
    const auto place = [&](const TensorPair& pair) {
      const GraphIndex::Use maker = a_.index().producer(pair.a);
      return std::pair(rank[maker.node], maker.slot);
    };
    std::stable_sort(alignment_.tensors.begin(), alignment_.tensors.end(),
                     [&](const TensorPair& x, const TensorPair& y) { return place(x) < place(y); });
  }

  Alignment& alignment_;
  const SectionedGraph &a_, &b_;
  const Values &values_a_, &values_b_;
  ValuePairs pairs_;
  std::unordered_set<std::string> taken_;
};

}  // namespace

void align_by_evidence(Alignment& alignment, const SectionedGraph& a, const SectionedGraph& b,
                       const Values& values_a, const Values& values_b) {
  EvidenceAlignment(alignment, a, b, values_a, values_b).align();
}

}  // namespace lapidary
