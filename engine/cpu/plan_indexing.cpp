#include <algorithm>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"
#include "engine/ops/element_move.h"
#include "engine/ops/index.h"

// GatherElements, GatherND, Scatter, ScatterElements and ScatterND: where indices point is found and checked
// as the reference does it; the elements go straight from buffer to buffer.
namespace lapidary::cpu {
namespace {

/// What a node moves: pieces of `piece` elements between a tensor of sizes `dims` and the places in it that
/// `indices` name.
struct Indexing {
  DataType element = DataType::Undefined, index_element = DataType::Int64;
  Dims dims, index_dims;
  std::int64_t parameter = 0;         ///< the axis of single elements, or how many axes are a batch
  std::int64_t count = 0, piece = 1;  ///< pieces, and elements of each
  BufferId from = -1, indices = -1, updates = -1, to = -1;
  int threads = 1;
  std::string label;
};

using Places = std::vector<std::int64_t>;

Tensor indices_of(const Indexing& plan, const Session& session) {
  const auto bytes = static_cast<std::size_t>(bytes_for(plan.index_element, element_count(plan.index_dims)));
  return Tensor(plan.index_element, plan.index_dims, {session.read<std::byte>(plan.indices), bytes},
                session.arena);
}

Places single_places(const Indexing& plan, const Session& session) {
  return element_places(plan.dims, indices_of(plan, session), plan.parameter);
}

Places slice_places_of(const Indexing& plan, const Session& session) {
  return slice_places(plan.dims, indices_of(plan, session), plan.parameter).places;
}

template <auto find_places>
Places checked_places(const Indexing& plan, const Session& session) {
  try {
    return find_places(plan, session);
  } catch (Error& error) {
    error.node(plan.label);
    throw;
  }
}

void gather(const Indexing& plan, const Places& places, Session& session) {
  dispatch_by_size(plan.element, [&]<class T>() {
    const T* const from = session.read<T>(plan.from);
    T* const to = session.write<T>(plan.to);
    const double work = static_cast<double>(plan.count) * (2 + 0.1 * static_cast<double>(plan.piece));
    parallel_for(plan.count, work, plan.threads, [&](std::int64_t begin, std::int64_t end) {
      if (plan.piece == 1)
        for (std::int64_t i = begin; i < end; ++i) to[i] = from[places[static_cast<std::size_t>(i)]];
      else
        for (std::int64_t i = begin; i < end; ++i)
          std::copy_n(from + places[static_cast<std::size_t>(i)], plan.piece, to + i * plan.piece);
    });
  });
}

/// One after the other: of several pieces for one place the last one stays.
void scatter(const Indexing& plan, const Places& places, Session& session) {
  dispatch_by_size(plan.element, [&]<class T>() {
    T* const to = session.write<T>(plan.to);
    std::copy_n(session.read<T>(plan.from), element_count(plan.dims), to);
    const T* update = session.read<T>(plan.updates);
    for (const std::int64_t place : places) {
      std::copy_n(update, plan.piece, to + place);
      update += plan.piece;
    }
  });
}

std::string fill_in(Planner& planner, const LoweredNode& node, const char* attribute, Indexing& plan) {
  const LoweredGraph& graph = planner.graph;
  const LoweredValue &data = graph.input(node, 0), &indices = graph.input(node, 1);
  if (node.node->attribute_or("reduction", std::string("none")) != "none")
    return "updates join what is there";
  if (indices.element != DataType::Int64 && indices.element != DataType::Int32)
    return "indices of another type";
  if (bits_of(data.element) < 8 || graph.output(node).element != data.element)
    return "elements of an unusual type";
  plan.element = data.element, plan.index_element = indices.element;
  plan.dims = data.dims, plan.index_dims = indices.dims;
  plan.parameter = node.node->attribute_or(attribute, std::int64_t{0});
  plan.threads = planner.services.threads;
  plan.label = node.labels.empty() ? node.op : node.labels[0];
  return "";
}

std::string fill_in_elements(Planner& planner, const LoweredNode& node, Indexing& plan) {
  plan.count = planner.graph.input(node, 1).size();
  return fill_in(planner, node, "axis", plan);
}

/// Pieces are what lies behind the axes that tuples [..., K] name.
std::string fill_in_slices(Planner& planner, const LoweredNode& node, Indexing& plan) {
  if (auto reason = fill_in(planner, node, "batch_dims", plan); !reason.empty()) return reason;
  const Dims& tuples = plan.index_dims;
  const auto rank = static_cast<std::int64_t>(plan.dims.size());
  if (tuples.empty() || plan.parameter < 0 || plan.parameter + tuples.back() > rank)
    return "indices that do not fit";
  plan.count = element_count(Dims(tuples.begin(), tuples.end() - 1));
  plan.piece = element_count(Dims(plan.dims.begin() + plan.parameter + tuples.back(), plan.dims.end()));
  return "";
}

template <auto find_places>
std::string add_gather(Planner& planner, const LoweredNode& node, Indexing plan) {
  if (planner.graph.output(node).size() != plan.count * plan.piece) return "a result of other sizes";
  plan.from = planner.plain(node.inputs[0]), plan.indices = planner.plain(node.inputs[1]);
  plan.to = planner.define(node.outputs[0]);
  planner.add_step(node, "by index", {plan.from, plan.indices}, {plan.to}, [plan](Session& session) {
    gather(plan, checked_places<find_places>(plan, session), session);
  });
  return "";
}

template <auto find_places>
std::string add_scatter(Planner& planner, const LoweredNode& node, Indexing plan) {
  const LoweredValue& updates = planner.graph.input(node, 2);
  if (updates.element != plan.element || updates.size() != plan.count * plan.piece)
    return "updates that do not fit";
  plan.from = planner.plain(node.inputs[0]), plan.indices = planner.plain(node.inputs[1]);
  plan.updates = planner.plain(node.inputs[2]);
  plan.to = planner.define(node.outputs[0]);
  planner.add_step(
      node, "by index", {plan.from, plan.indices, plan.updates}, {plan.to},
      [plan](Session& session) { scatter(plan, checked_places<find_places>(plan, session), session); });
  return "";
}

}  // namespace

std::string plan_gather_elements(Planner& planner, const LoweredNode& node) {
  Indexing plan;
  if (auto reason = fill_in_elements(planner, node, plan); !reason.empty()) return reason;
  return add_gather<single_places>(planner, node, std::move(plan));
}

std::string plan_gather_slices(Planner& planner, const LoweredNode& node) {
  Indexing plan;
  if (auto reason = fill_in_slices(planner, node, plan); !reason.empty()) return reason;
  return add_gather<slice_places_of>(planner, node, std::move(plan));
}

std::string plan_scatter_elements(Planner& planner, const LoweredNode& node) {
  Indexing plan;
  if (auto reason = fill_in_elements(planner, node, plan); !reason.empty()) return reason;
  if (planner.graph.input(node, 2).dims != plan.index_dims) return "updates that do not fit";
  return add_scatter<single_places>(planner, node, std::move(plan));
}

std::string plan_scatter_slices(Planner& planner, const LoweredNode& node) {
  Indexing plan;
  if (auto reason = fill_in_slices(planner, node, plan); !reason.empty()) return reason;
  return add_scatter<slice_places_of>(planner, node, std::move(plan));
}

}  // namespace lapidary::cpu
