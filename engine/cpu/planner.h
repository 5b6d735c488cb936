#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "engine/cpu/lowered_graph.h"
#include "engine/cpu/memory.h"
#include "engine/runtime/backend.h"

namespace lapidary::cpu {

using Layout = dnnl::memory::desc;
using BufferId = int;

/// Bytes that steps read and write, before they have an address.
struct Buffer {
  enum class Kind { Arena, Constant, Input, Output, View };
  Kind kind = Kind::Arena;
  std::int64_t bytes = 0;
  std::int64_t offset = 0;             ///< in the arena; of a view, in its parent
  BufferId parent = -1;                ///< of a view
  int position = -1;                   ///< of an input or output
  const std::byte* address = nullptr;  ///< of a constant
  int first_step = -1, last_step = -1;
};

struct Session;
/// A step's work; buffers' addresses come from the session.
using StepFunction = std::function<void(Session&)>;

struct PlannedStep {
  Step info;
  StepFunction run;
  std::vector<BufferId> reads, writes;
  std::int64_t live_bytes = 0;  ///< of the arena that later steps still read
};

/// What a model output is made of.
struct OutputSource {
  enum class Kind { Buffer, Constant, Input, Dynamic };
  Kind kind = Kind::Dynamic;
  DataType element = DataType::Undefined;
  Dims dims;
  bool has_dims = false;  ///< the sizes are known before the run
  Tensor constant;
  int position = -1;  ///< of the input that is handed on
  ValueId value = -1;
  std::string name, maker;  ///< of the value and the node, for messages
};

/// A oneDNN memory object that each session makes once: a buffer seen in a layout.
struct MemoryView {
  BufferId buffer;
  Layout layout;
};

/// Packed weights of all shapes that a program is compiled for: each is packed once, and lives as long as an
/// executable uses it.
class WeightStore {
 public:
  /// The bytes of `source` in `wanted`, whose present layout is `given`. The elements are float32, or 16-bit
  /// floats that keep their size: `wanted` then is the layout that they have once they are widened.
  Tensor packed(const Tensor& source, const Layout& given, const Layout& wanted);

 private:
  /// Mapped weights are known by their address, others by their content.
  struct Source {
    const std::byte* mapped = nullptr;
    std::array<std::uint64_t, 2> digest{};
    std::size_t bytes = 0;
    bool operator==(const Source&) const = default;
  };
  struct Entry {
    Source source;
    Layout given, wanted;
    Tensor shown;  ///< without its owner
    std::weak_ptr<const void> owner;
  };
  static Source source_of(const Tensor& tensor);

  std::mutex mutex_;
  BlockAllocator memory_;
  std::vector<Entry> entries_;
};

/// A graph made ready for one set of input types. Does not change once it is planned; sessions run it.
struct Executable {
  std::vector<Buffer> buffers;
  std::vector<PlannedStep> steps;
  std::vector<MemoryView> memories;
  std::vector<Tensor> kept;             ///< what constants' addresses point into
  std::vector<BufferId> input_buffers;  ///< by input; -1 if nobody reads its bytes
  std::vector<ValueId> dynamic_inputs;  ///< by input: where its datum goes if a step wants it, else -1
  std::vector<OutputSource> outputs;
  std::vector<BufferId> output_buffers;  ///< by output; -1 if it is no buffer
  std::size_t value_count = 0;
  std::int64_t arena_bytes = 0;
  int threads = 1;
};

/// What planning needs from around it.
struct PlannerServices {
  ModelPointer model;
  WeightStore* weights = nullptr;
  int threads = 1;
  int depth = 0;  ///< of nested subgraphs
  CancelToken cancel;
};

/// Chooses a kernel for every node and writes down the steps. Kernels call it.
class Planner {
 public:
  Planner(LoweredGraph& graph, const PlannerServices& services);
  std::shared_ptr<Executable> plan();

  LoweredGraph& graph;
  const PlannerServices& services;

  // --- where values lie ---
  /// The layout in which the value was made; row-major for inputs and constants.
  const Layout& layout_of(ValueId value);
  bool is_plain(ValueId value);
  /// The value's bytes in row-major order; a Reorder step is added if they are not.
  BufferId plain(ValueId value);
  /// The value's bytes in `layout`; constants are packed now, others by a Reorder step.
  BufferId in_layout(ValueId value, const Layout& layout);
  /// A constant's bytes, seen as `given`, packed into `wanted`. 16-bit weights stay so and are widened to
  /// float32 by a step before the node.
  BufferId packed(const Tensor& constant, const Layout& given, const Layout& wanted);
  /// Fresh bytes that live from now on as long as somebody reads them.
  BufferId make(std::int64_t bytes);
  /// A fresh buffer that is the value, row-major or in `layout`.
  BufferId define(ValueId value);
  BufferId define(ValueId value, const Layout& layout);
  /// The value is the same bytes as `buffer`, row-major or in `layout`.
  void define_view(ValueId value, BufferId buffer);
  void define_view(ValueId value, BufferId buffer, const Layout& layout);
  BufferId keep(Tensor tensor);
  BufferId view(BufferId buffer, std::int64_t offset, std::int64_t bytes);
  /// True if nobody reads the value after the node that is planned now and its bytes may be overwritten.
  bool may_overwrite(ValueId value);
  /// True if the two lie in the same buffer, one perhaps a view of the other.
  bool share_bytes(ValueId a, ValueId b) const;
  bool is_dynamic(ValueId value) const { return value >= 0 && !graph.values[value].is_static; }

  // --- steps ---
  struct Argument {
    int role;  ///< DNNL_ARG_…
    BufferId buffer;
    Layout layout;
    bool written = false;
  };
  void add_step(const LoweredNode& node, std::string implementation, std::vector<BufferId> reads,
                std::vector<BufferId> writes, StepFunction run);
  /// A step that executes one oneDNN primitive.
  void add_primitive(const LoweredNode& node, const dnnl::primitive_desc_base& description,
                     const dnnl::primitive& primitive, std::vector<Argument> arguments);
  /// Where an element-wise step may write over what it reads for the last time.
  void allow_in_place(BufferId read, BufferId written) { in_place_.emplace_back(read, written); }
  int memory(BufferId buffer, const Layout& layout);

 private:
  struct Place {
    BufferId buffer = -1;
    Layout layout;
    bool plain = false;
  };
  void plan_node(const LoweredNode& node);
  std::string plan_unfused(const LoweredNode& node);
  void place_inputs();
  void collect_outputs();
  BufferId output_bytes(ValueId value, BufferId bytes);
  void assign_arena();
  BufferId root(BufferId buffer) const;
  BufferId widened(const Tensor& narrow, DataType element, std::int64_t count);
  void add_reorder(ValueId value, const Place& from, const Place& to);
  Step describe(const LoweredNode& node, std::string implementation) const;

  std::vector<std::vector<Place>> places_;  ///< by value; the one in which it was made first
  std::vector<std::pair<BufferId, BufferId>> in_place_;
  std::unordered_map<BufferId, std::vector<ValueId>> sharing_;  ///< by buffer that is no view: values inside
  int current_ = 0;                                             ///< node that is planned now
  std::string note_;                                            ///< why faster kernels refused the node
  std::shared_ptr<Executable> made_;
};

/// Makes the steps of a node and returns nothing, or leaves all as it is and returns why it refuses.
using Candidate = std::string (*)(Planner&, const LoweredNode&);
/// Kernels for an operator, best first; the reference kernel comes after them all.
const std::vector<Candidate>& candidates_for(const std::string& op);
/// True if float32 nodes of the operator have a candidate, become element-wise steps, or vanish when
/// compiled.
bool has_own_kernel(const std::string& op);
/// Runs the kernel of engine/ops on views of the buffers; takes every node.
std::string plan_reference(Planner& planner, const LoweredNode& node);

// --- layouts ---
/// Row-major. Elements that oneDNN has no type for (all but float32, int32 and the 8-bit integers) are shown
/// as float32: nobody may move them by a layout.
Layout plain_layout(const Dims& dims, DataType element = DataType::Float32);
/// True for the types that keep their meaning in a layout.
bool has_layout_type(DataType element);
/// The same order of elements of another type.
Layout with_element(Layout layout, DataType element);
/// Row-major, without gaps.
bool is_plain(const Layout& layout);
std::int64_t size_bytes(const Layout& layout);
/// No blocks: an element's place is the sum of index · stride.
bool is_strided(const Layout& layout);
Dims strides_of(const Layout& layout);
/// Of a row-major array.
Dims plain_strides(const Dims& dims);
/// [N, C, spatial…] with channels in blocks of 8 or 16.
Layout blocked_layout(const Dims& dims, std::int64_t block);

/// How a dense array lies in memory: axes from the outermost to the innermost, and the block of channels
/// (axis 1) that stands innermost of all; 0 if there is none.
struct MemoryOrder {
  std::vector<std::size_t> axes;
  std::int64_t block = 0;
  bool operator==(const MemoryOrder&) const = default;
};
/// Nothing if the layout has gaps or other blocks.
std::optional<MemoryOrder> memory_order(const Layout& layout);
/// Sizes in that order, blocked channels rounded up.
Dims memory_dims(const Layout& layout, const MemoryOrder& order);
/// `dims` in the same order as another array.
Layout layout_in_order(const Dims& dims, const MemoryOrder& order);
const dnnl::engine& engine();

}  // namespace lapidary::cpu
