#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "engine/model/model.h"

namespace lapidary {

/// Asks a long job to stop. Copies share the request; a default-made token can be cancelled too.
class CancelToken {
 public:
  CancelToken() : requested_(std::make_shared<std::atomic<bool>>(false)) {}
  void cancel() const { requested_->store(true, std::memory_order_relaxed); }
  bool is_cancelled() const { return requested_->load(std::memory_order_relaxed); }
  /// Throws Cancelled if cancel() was called.
  void check() const;

 private:
  std::shared_ptr<std::atomic<bool>> requested_;
};

/// Thrown where a job stops because it was asked to.
class Cancelled : public Error {
 public:
  Cancelled() : Error("cancelled") {}
};

/// What a kernel sees of its node: attributes, inputs, outputs, and the services of the backend that runs it.
class KernelContext {
 public:
  /// Runs a subgraph of this node on `inputs` (in the order of its graph inputs); names from outside are
  /// found by the backend.
  using SubgraphRunner = std::function<std::vector<Datum>(const Graph&, std::vector<Datum> inputs)>;

  KernelContext(const Node& node, int version, std::vector<Datum> inputs)
      : node_(&node), version_(version), inputs_(std::move(inputs)), outputs_(node.outputs.size()) {}

  const Node& node() const { return *node_; }
  /// The since-version of the operator record in force, for semantics that changed between versions.
  int version() const { return version_; }

  // --- attributes ---
  /// The value of an attribute of the node, or `otherwise` where it has none. Throws Error on another type.
  template <class T>
  T attribute(std::string_view name, T otherwise) const {
    const Attribute* found = node_->find_attribute(name);
    if (!found) return otherwise;
    if (const T* value = std::get_if<T>(&found->value)) return *value;
    throw wrong_attribute_type(*found);
  }
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const {
    return attribute(name, otherwise);
  }
  float real(std::string_view name, float otherwise) const { return attribute(name, otherwise); }
  std::string text(std::string_view name, std::string otherwise) const {
    return attribute(name, std::move(otherwise));
  }
  std::vector<std::int64_t> integers(std::string_view name) const {
    return attribute(name, std::vector<std::int64_t>{});
  }
  bool has_attribute(std::string_view name) const { return node_->find_attribute(name) != nullptr; }
  /// The graph of a required graph attribute.
  const Graph& graph(std::string_view name) const;

  // --- inputs ---
  std::size_t input_count() const { return inputs_.size(); }
  bool has_input(std::size_t index) const { return index < inputs_.size() && inputs_[index].is_present(); }
  /// The tensor at `index`; throws Error naming the parameter if it is missing or no tensor.
  const Tensor& input(std::size_t index) const;
  /// Whatever is given at `index`, also nothing; throws Error if the node has fewer inputs.
  const Datum& datum(std::size_t index) const;
  /// Input as integers, whatever integer type it has (axes, shapes, repeats); nothing if it is absent.
  std::optional<std::vector<std::int64_t>> optional_integers(std::size_t index) const;
  std::vector<std::int64_t> integers(std::size_t index) const;
  /// axis in [-rank, rank) made non-negative; throws Error otherwise.
  static std::int64_t normalized_axis(std::int64_t axis, std::int64_t rank);

  // --- outputs ---
  std::size_t output_count() const { return outputs_.size(); }
  bool wants_output(std::size_t index) const {
    return index < outputs_.size() && !node_->outputs[index].empty();
  }
  /// A fresh tensor to be filled, which is then output `index`. The reference stays valid until the kernel
  /// ends.
  Tensor& output(std::size_t index, DataType type, Dims dims);
  void set_output(std::size_t index, Datum datum);
  std::vector<Datum> take_outputs() { return std::move(outputs_); }

  // --- services ---
  /// The floating type to make where an attribute or a default asks for `type`: float64 if the backend runs
  /// all floating arithmetic in float64, else `type`.
  DataType made_type(DataType type) const { return widen_ && is_floating(type) ? DataType::Float64 : type; }
  std::vector<Datum> run_subgraph(const Graph& graph, std::vector<Datum> inputs) {
    return subgraph_runner(graph, std::move(inputs));
  }
  /// Random numbers: seeded by the node's `seed` attribute if it has one, else by the run's seed.
  std::mt19937_64& random();

  SubgraphRunner subgraph_runner;
  CancelToken cancel;
  std::uint64_t run_seed = 0;
  void set_widened(bool widen) { widen_ = widen; }

 private:
  Error wrong_attribute_type(const Attribute& attribute) const;
  Error missing_input(std::size_t index) const;

  const Node* node_;
  int version_;
  std::vector<Datum> inputs_, outputs_;
  bool widen_ = false;
  std::optional<std::mt19937_64> random_;
};

}  // namespace lapidary
