#include "engine/compare/run_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "engine/analysis/inferred_types.h"
#include "engine/compare/difference.h"
#include "engine/compare/permutation.h"
#include "engine/compare/reasons.h"
#include "engine/io/tensor_file.h"
#include "engine/model/error.h"
#include "engine/model/mapped_bytes.h"

namespace lapidary {
namespace {

/// Bytes of a value as far as its type tells; unknown sizes count as one.
std::int64_t bytes_of(const Type& type) {
  if (!type.is_tensor() || !type.shape) return 0;
  double bytes = bits_of(type.element) / 8.0;
  for (const auto& size : *type.shape) bytes *= size.is_constant() ? static_cast<double>(size.value()) : 1;
  return static_cast<std::int64_t>(std::min(bytes, 0x1p60));
}

/// A sequence's tensors in the floating types of another's, so that precisions can be compared.
Datum in_types_of(const Datum& datum, const Datum& other) {
  if (datum.is_tensor() && other.is_tensor() && is_floating(datum.tensor().type()) &&
      is_floating(other.tensor().type()))
    return converted(datum.tensor().aligned(), other.tensor().type());
  if (!datum.is_sequence() || !other.is_sequence()) return datum;
  Sequence elements = datum.sequence();
  for (std::size_t i = 0; i < std::min(elements.size(), other.sequence().size()); ++i)
    elements[i] = in_types_of(elements[i], other.sequence()[i]);
  return Datum::sequence(std::move(elements));
}

/// One side while it runs, or as it was recorded.
class Progressing {
 public:
  Progressing(const SectionedGraph& graph, const ComparedRun& run, const Values& inputs) {
    if (!run.is_recorded()) {
      staged_.emplace(graph, run.runner, inputs);
      return;
    }
    recorded_ = run.recorded;
    for (const auto& [name, value] : inputs) recorded_.emplace(name, value);
  }
  const Values& values() const { return staged_ ? staged_->values() : recorded_; }
  void make(const std::vector<std::string>& names) {
    if (staged_) staged_->make(names);
  }
  /// Makes as many of these, from the first on, as can be had; says why it stopped.
  std::string make_most(std::span<const std::string> names) {
    try {
      make({names.begin(), names.end()});
      return {};
    } catch (const Error& error) {
      if (names.size() <= 1) return error.what();
    }
    const std::size_t half = names.size() / 2;
    const std::string problem = make_most(names.first(half));
    return problem.empty() ? make_most(names.subspan(half)) : problem;
  }
  void release(const std::function<bool(const std::string&)>& is_needed) {
    if (staged_) staged_->release(is_needed);
  }

 private:
  std::optional<StagedRun> staged_;
  Values recorded_;
};

class Comparer {
 public:
  Comparer(const ComparedRun& a, const ComparedRun& b, const Values& inputs, const ComparisonOptions& options)
      : options_(options),
        side_a_(a),
        side_b_(b),
        graph_a_(a.model, names_of(inputs)),
        graph_b_(b.model, names_of(inputs)) {
    found_.alignment = align_by_name(graph_a_, graph_b_);
    std::tie(inputs_a_, inputs_b_) = found_.alignment.given(inputs);
    find_pairs();
    list_unaligned();
    if (!found_.only_a.empty() && !found_.only_b.empty()) align_others();
    make_groups();
    local_.emplace(LocalComparison::Side{&graph_a_, a.runner, !a.is_recorded()},
                   LocalComparison::Side{&graph_b_, b.runner, !b.is_recorded()}, found_.alignment,
                   options.exact);
  }

  RunComparison compare() {
    Progressing a(graph_a_, side_a_, inputs_a_), b(graph_b_, side_b_, inputs_b_);
    std::size_t begin = 0;
    for (const std::size_t end : stage_ends()) {
      std::vector<std::string> names_a, names_b;
      for (std::size_t group = begin; group < end; ++group)
        for (const auto& pair : found_.groups[group].pairs)
          names_a.push_back(pair.a), names_b.push_back(pair.b);
      a.make(names_a);
      if (found_.problems.empty())
        if (const std::string problem = b.make_most(names_b); !problem.empty())
          found_.problems.push_back(side_b_.name + ": " + problem);
      for (std::size_t group = begin; group < end; ++group) {
        compare_group(static_cast<int>(group), a.values(), b.values());
        if (options_.progress) options_.progress(group + 1, found_.groups.size());
      }
      a.release([&](const std::string& name) { return last_use(name) >= end; });
      b.release([&](const std::string& name) {
        const auto pair = a_of_b_.find(name);
        return pair != a_of_b_.end() && last_use(pair->second) >= end;
      });
      for (const SectionedGraph* graph : {&graph_a_, &graph_b_})
        for (const auto& weight : graph->model().graph->initializers) release_pages(weight->tensor);
      begin = end;
    }
    if (!found_.first_divergence) diverge_by_tolerance();
    return std::move(found_);
  }

 private:
  void find_pairs() {
    for (const auto& pair : found_.alignment.tensors) b_of_a_[pair.a] = pair.b, a_of_b_[pair.b] = pair.a;
  }

  /// What the names leave over is looked at by structure and value: one more run of each, of as much as fits.
  void align_others() {
    const auto values_of = [&](const SectionedGraph& graph, const ComparedRun& run, const Values& inputs,
                               std::vector<std::string> names) {
      if (options_.memory_bytes > 0) {
        const auto size_of = sizes_in(graph, inputs);
        std::int64_t left = options_.memory_bytes / 2;
        std::erase_if(names, [&](const std::string& name) { return (left -= size_of(name)) < 0; });
      }
      Progressing progressing(graph, run, inputs);
      progressing.make_most(names);
      return progressing.values();
    };
    align_by_evidence(found_.alignment, graph_a_, graph_b_,
                      values_of(graph_a_, side_a_, inputs_a_, found_.only_a),
                      values_of(graph_b_, side_b_, inputs_b_, found_.only_b));
    find_pairs();
    list_unaligned();
  }

  void make_groups() {
    const auto known_a = [&](const std::string& name) { return b_of_a_.contains(name); };
    const auto known_b = [&](const std::string& name) { return a_of_b_.contains(name); };
    for (const auto& pair : found_.alignment.tensors) {
      const int maker = graph_a_.index().producer(pair.a).node;
      if (found_.groups.empty() || found_.groups.back().node != maker)
        found_.groups.push_back({maker, {}, {}, {}});
      found_.groups.back().pairs.push_back(pair);
    }
    for (std::size_t at = 0; at < found_.groups.size(); ++at) {
      TensorGroup& group = found_.groups[at];
      std::vector<std::string> outputs_a, outputs_b;
      for (const auto& pair : group.pairs) outputs_a.push_back(pair.a), outputs_b.push_back(pair.b);
      group.a = graph_a_.section(outputs_a, known_a);
      group.b = graph_b_.section(outputs_b, known_b);
      for (const auto& name : outputs_a) last_use_[name] = std::max(last_use_[name], at);
      for (const auto& name : group.a.inputs) last_use_[name] = at;
      for (const auto& name : group.b.inputs)
        if (const auto pair = a_of_b_.find(name); pair != a_of_b_.end()) last_use_[pair->second] = at;
    }
  }
  std::size_t last_use(const std::string& name) const {
    const auto found = last_use_.find(name);
    return found == last_use_.end() ? 0 : found->second;
  }

  void list_unaligned() {
    const auto list = [](const SectionedGraph& graph, const ValuePairs& pairs,
                         std::vector<std::string>& names) {
      names.clear();
      for (const int position : graph.index().topological_order())
        for (const auto& output : graph.node(position).outputs)
          if (!output.empty() && !pairs.contains(output) && !graph.is_weight(output)) names.push_back(output);
    };
    list(graph_a_, b_of_a_, found_.only_a);
    list(graph_b_, a_of_b_, found_.only_b);
  }

  /// About the bytes that a value takes in both runs; 0 where the types do not tell.
  std::function<std::int64_t(const std::string&)> sizes_in(const SectionedGraph& graph,
                                                           const Values& inputs) const {
    InferenceOptions inference;
    for (const auto& [name, value] : inputs)
      if (value.is_tensor()) inference.inputs[name] = value.tensor().full_type();
    const auto types = std::make_shared<const InferredTypes>(infer_types(graph.model(), inference));
    const std::int64_t copies = side_a_.runner.float64 || side_b_.runner.float64 ? 3 : 2;
    return [types, copies](const std::string& name) { return copies * bytes_of(types->type_of(name)); };
  }

  /// Groups whose values fit in the memory that may be used, one stage after the other.
  std::vector<std::size_t> stage_ends() const {
    std::vector<std::size_t> ends;
    if (options_.memory_bytes > 0) {
      const auto size_of = sizes_in(graph_a_, inputs_a_);
      // Half is for what lives on from stage to stage and for what the backends take while they run.
      const std::int64_t most = options_.memory_bytes / 2;
      std::int64_t bytes = 0;
      for (std::size_t group = 0; group < found_.groups.size(); ++group) {
        std::int64_t here = 0;
        for (const auto& pair : found_.groups[group].pairs) here += size_of(pair.a);
        if (bytes > 0 && bytes + here > most) {
          ends.push_back(group);
          bytes = 0;
        }
        bytes += here;
      }
    }
    if (!found_.groups.empty()) ends.push_back(found_.groups.size());
    return ends;
  }

  void compare_group(int at, const Values& a, const Values& b) {
    const TensorGroup& group = found_.groups[static_cast<std::size_t>(at)];
    std::optional<LocalDifference> local;
    if (local_->is_possible()) local = local_->compare(group, local_->fed() == Fed::A ? a : b);
    const Node& node = graph_a_.node(group.node);
    for (const auto& pair : group.pairs) {
      ComparedTensor& tensor = found_.tensors.emplace_back();
      tensor.pair = pair;
      tensor.node = node.label();
      tensor.op_type = node.op_type;
      measure(tensor, a, b);
      if (tensor.metrics) note_amplification(tensor, group);
      if (local) take_local(tensor, *local, at, b);
    }
  }

  void measure(ComparedTensor& tensor, const Values& a, const Values& b) {
    const auto one = a.find(tensor.pair.a), other = b.find(tensor.pair.b);
    if (one == a.end() || other == b.end()) {
      tensor.problem = (one == a.end() ? side_a_ : side_b_).name + " did not make it";
      // A file need not hold everything; a run must.
      tensor.ok = (one == a.end() ? side_a_ : side_b_).is_recorded();
      return;
    }
    const Datum &want = one->second, &got = other->second;
    if (!want.is_tensor() || !got.is_tensor() || !has_metrics(want.tensor()) || !has_metrics(got.tensor())) {
      const Difference found = difference(in_types_of(got, want), want, {options_.tolerances.relative, 0});
      tensor.ok = found.equal;
      tensor.problem = found.message;
      return;
    }
    const Tensor back = unpermuted(got.tensor(), tensor.pair.permutation);
    if (back.dims() != want.tensor().dims()) {
      tensor.problem = "is " + to_string(back.dims()) + " and not " + to_string(want.tensor().dims());
      tensor.ok = false;
      return;
    }
    tensor.metrics = metrics_of(back, want.tensor());
    judge(tensor, want.tensor().type(), back.type());
    relative_[tensor.pair.a] = tensor.metrics->relative_to_scale();
    absolute_[tensor.pair.a] = tensor.metrics->max_absolute;
  }

  void judge(ComparedTensor& tensor, DataType a, DataType b) const {
    constexpr double roundings = 16;
    const double coarser = std::max(epsilon_of(a), epsilon_of(b));
    const ToleranceRule* rule = options_.tolerances.rule_for(tensor.pair.a, tensor.op_type, a);
    tensor.tolerance = rule          ? rule->relative
                       : coarser > 0 ? std::max(options_.tolerances.relative, roundings * coarser)
                                     : 0;
    const double within = tensor.tolerance * tensor.metrics->scale + (rule ? rule->absolute : 0);
    const bool is_one_step = !rule && is_integer(a) && bits_of(a) <= 8 && tensor.metrics->max_absolute <= 1;
    tensor.ok = tensor.metrics->identical || is_one_step || tensor.metrics->max_absolute <= within;
  }

  void note_amplification(ComparedTensor& tensor, const TensorGroup& group) const {
    double largest = 0;
    for (const auto& input : group.a.inputs)
      if (const auto found = relative_.find(input); found != relative_.end())
        largest = std::max(largest, found->second);
    const double here = tensor.metrics->relative_to_scale();
    if (largest > 0 && std::isfinite(largest) && std::isfinite(here)) tensor.amplification = here / largest;
  }

  void take_local(ComparedTensor& tensor, const LocalDifference& local, int at, const Values& b) {
    const auto output = local.outputs.find(tensor.pair.a);
    if (output == local.outputs.end()) return;
    if (output->second.problem.empty()) tensor.local = output->second.metrics;
    tensor.local_parts = output->second.parts;
    if (!tensor.local_parts) return;
    tensor.ok = false;
    found_.local_divergences.push_back(tensor.pair.a);
    if (found_.first_divergence) return;
    Divergence& first = diverge(tensor, at);
    first.is_local = true;
    first.reasons = likely_reasons(graph_a_, graph_b_, found_.groups[static_cast<std::size_t>(at)], local,
                                   tensor.local.value_or(TensorMetrics()));
    first.inputs = local.inputs;
    if (side_b_.is_recorded())
      for (const auto& pair : found_.groups[static_cast<std::size_t>(at)].pairs)
        if (const auto value = b.find(pair.b); value != b.end()) first.outputs[pair.b] = value->second;
    first.problem = output->second.problem;
    if (output->second.nearer) first.nearer = *output->second.nearer == Fed::A ? side_a_.name : side_b_.name;
    describe(first, tensor.local, "local_max_abs");
  }

  Divergence& diverge(const ComparedTensor& tensor, int at) {
    Divergence& first = found_.first_divergence.emplace();
    first.node = tensor.node;
    first.op_type = tensor.op_type;
    first.tensor = tensor.pair.a;
    first.other_tensor = tensor.pair.b;
    first.group = at;
    for (const auto& input : found_.groups[static_cast<std::size_t>(at)].a.inputs)
      if (const auto found = absolute_.find(input); found != absolute_.end())
        first.inputs_max_absolute = std::max(first.inputs_max_absolute, found->second);
    return first;
  }

  static void describe(Divergence& first, const std::optional<TensorMetrics>& metrics, const char* metric) {
    if (!metrics) {
      first.metric = first.problem.starts_with("is ") ? "shape" : "error";
      return;
    }
    first.metric = metrics->not_finite_on_one_side > 0 ? "not_finite" : metric;
    first.value = metrics->not_finite_on_one_side > 0 ? static_cast<double>(metrics->not_finite_on_one_side)
                                                      : metrics->max_absolute;
    if (!metrics->worst.empty()) first.worst = metrics->worst.front();
  }

  /// No operator by itself is at fault: the first tensor that is off by too much after all.
  void diverge_by_tolerance() {
    for (std::size_t at = 0, i = 0; at < found_.groups.size(); ++at)
      for (std::size_t pair = 0; pair < found_.groups[at].pairs.size(); ++pair, ++i) {
        const ComparedTensor& tensor = found_.tensors[i];
        if (tensor.ok) continue;
        Divergence& first = diverge(tensor, static_cast<int>(at));
        first.problem = tensor.problem;
        describe(first, tensor.metrics, "max_abs");
        return;
      }
  }

  const ComparisonOptions& options_;
  const ComparedRun &side_a_, &side_b_;
  SectionedGraph graph_a_, graph_b_;
  Values inputs_a_, inputs_b_;
  ValuePairs b_of_a_, a_of_b_;
  std::unordered_map<std::string, std::size_t> last_use_;
  std::unordered_map<std::string, double> relative_, absolute_;
  std::optional<LocalComparison> local_;
  RunComparison found_;
};

}  // namespace

ComparedRun recorded_run(const std::string& path, const ModelPointer& model) {
  ComparedRun run;
  run.name = path;
  run.model = model;
  std::vector<WantedData> wanted;
  for (const auto& output : model->graph->outputs) wanted.push_back({output.name, output.type});
  for (auto& [name, datum] : read_data(path, wanted, "output")) run.recorded[name] = std::move(datum);
  return run;
}

bool RunComparison::ok() const { return !first_divergence && problems.empty(); }

RunComparison compare_runs(const ComparedRun& a, const ComparedRun& b, const Values& inputs,
                           const ComparisonOptions& options) {
  return Comparer(a, b, inputs, options).compare();
}

}  // namespace lapidary
