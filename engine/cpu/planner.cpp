#include "engine/cpu/planner.h"

#include <algorithm>
#include <cstring>

#include "engine/analysis/memory_plan.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/session.h"

namespace lapidary::cpu {

Planner::Planner(LoweredGraph& lowered, const PlannerServices& wanted)
    : graph(lowered),
      services(wanted),
      places_(lowered.values.size()),
      made_(std::make_shared<Executable>()) {}

std::shared_ptr<Executable> Planner::plan() {
  made_->threads = services.threads;
  made_->value_count = graph.values.size();
  place_inputs();
  for (current_ = 0; current_ < static_cast<int>(graph.nodes.size()); ++current_) {
    services.cancel.check();
    if (!graph.nodes[current_].dead) plan_node(graph.nodes[current_]);
  }
  collect_outputs();
  assign_arena();
  return made_;
}

void Planner::place_inputs() {
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const ValueId id = graph.inputs[i];
    made_->input_buffers.push_back(-1);
    made_->dynamic_inputs.push_back(-1);
    if (id < 0 || graph.values[id].is_constant()) continue;
    const LoweredValue& value = graph.values[id];
    if (!value.is_static) {
      made_->dynamic_inputs.back() = id;
      continue;
    }
    Buffer buffer;
    buffer.kind = Buffer::Kind::Input;
    buffer.bytes = bytes_for(value.element, value.size());
    buffer.position = static_cast<int>(i);
    made_->buffers.push_back(buffer);
    made_->input_buffers.back() = static_cast<BufferId>(made_->buffers.size()) - 1;
    define_view(id, made_->input_buffers.back());
  }
}

void Planner::plan_node(const LoweredNode& node) {
  note_.clear();
  const auto touches = [&](auto&& condition) {
    return std::any_of(node.inputs.begin(), node.inputs.end(), condition) ||
           std::any_of(node.outputs.begin(), node.outputs.end(), condition);
  };
  // Text has no place in the arena, also where it is constant, but a kernel may make some.
  const auto is_text = [&](ValueId id) { return id >= 0 && graph.values[id].element == DataType::String; };
  const auto has_no_place = [&](ValueId id) { return is_dynamic(id) && !is_text(id); };
  if (touches(has_no_place) || std::any_of(node.inputs.begin(), node.inputs.end(), is_text)) {
    note_ = "sizes are known only while it runs";
  } else if (node.op != "Elementwise" && touches([&](ValueId id) {
               return id >= 0 && graph.values[id].size() == 0 && !graph.values[id].is_constant();
             })) {
    note_ = "a tensor without elements";
  } else {
    for (const Candidate candidate : candidates_for(node.op)) {
      std::string reason;
      try {
        reason = candidate(*this, node);
      } catch (const dnnl::error& error) {
        reason = std::string("oneDNN refuses: ") + error.what();
      }
      if (reason.empty()) return;
      note_ += (note_.empty() ? "" : "; ") + reason;
    }
    if (note_.empty()) note_ = "no fast kernel for " + node.op;
  }
  const bool is_fused = !node.post_ops.empty() || (node.op == "MatMul" && graph.has_input(node, 2));
  const std::string reason = is_fused ? plan_unfused(node) : plan_reference(*this, node);
  if (!reason.empty()) throw Error(reason).node(node.labels.empty() ? node.op : node.labels.front());
}

/// A product that only the reference kernel takes: what was fused into it is done behind it.
std::string Planner::plan_unfused(const LoweredNode& node) {
  const ValueId between = graph.add_value(graph.output(node).name);
  graph.values[between].element = DataType::Float32;
  graph.values[between].dims = graph.output(node).dims;
  graph.values[between].is_static = true;
  places_.emplace_back();
  LoweredNode product = node, rest = node;
  product.post_ops.clear();
  product.outputs = {between};
  product.inputs.resize(std::min<std::size_t>(node.inputs.size(), node.op == "MatMul" ? 2 : 3));
  rest.op = "Elementwise";
  rest.record = nullptr;
  rest.inputs = {between};
  const bool has_bias = node.op == "MatMul" && graph.has_input(node, 2);
  rest.program.inputs = 1 + (has_bias ? 1 : 0) +
                        static_cast<int>(std::count_if(node.post_ops.begin(), node.post_ops.end(),
                                                       [](const PostOp& op) { return op.input >= 0; }));
  const auto add = [&](ElementStep step, ValueId other) {
    const int done = static_cast<int>(rest.program.steps.size());
    step.a = done == 0 ? 0 : rest.program.inputs + done - 1;
    step.b = other < 0 ? -1 : static_cast<int>(rest.inputs.size());
    if (other >= 0) rest.inputs.push_back(other);
    rest.program.steps.push_back(step);
  };
  if (has_bias) add({ElementCode::Add}, node.inputs[2]);
  for (const PostOp& op : node.post_ops) add(op.step, op.input < 0 ? -1 : node.inputs[op.input]);
  const std::string reason = plan_reference(*this, product);
  if (!reason.empty() || rest.program.steps.empty()) return reason.empty() ? "nothing was fused" : reason;
  note_.clear();
  return plan_elementwise(*this, rest);
}

// --- where values lie ---

BufferId Planner::make(std::int64_t bytes) {
  Buffer buffer;
  buffer.bytes = bytes;
  made_->buffers.push_back(buffer);
  return static_cast<BufferId>(made_->buffers.size()) - 1;
}

BufferId Planner::view(BufferId parent, std::int64_t offset, std::int64_t bytes) {
  Buffer buffer;
  buffer.kind = Buffer::Kind::View;
  buffer.parent = parent;
  buffer.offset = offset;
  buffer.bytes = bytes;
  made_->buffers.push_back(buffer);
  return static_cast<BufferId>(made_->buffers.size()) - 1;
}

BufferId Planner::keep(Tensor tensor) {
  Buffer buffer;
  buffer.kind = Buffer::Kind::Constant;
  buffer.bytes = static_cast<std::int64_t>(tensor.size_bytes());
  buffer.address = tensor.bytes().data();
  made_->kept.push_back(std::move(tensor));
  made_->buffers.push_back(buffer);
  return static_cast<BufferId>(made_->buffers.size()) - 1;
}

BufferId Planner::root(BufferId buffer) const {
  while (made_->buffers[buffer].kind == Buffer::Kind::View) buffer = made_->buffers[buffer].parent;
  return buffer;
}

BufferId Planner::define(ValueId value) {
  const LoweredValue& made = graph.values[value];
  const BufferId buffer = make(bytes_for(made.element, made.size()));
  define_view(value, buffer);
  return buffer;
}

BufferId Planner::define(ValueId value, const Layout& layout) {
  const BufferId buffer = make(size_bytes(layout));
  define_view(value, buffer, layout);
  return buffer;
}

void Planner::define_view(ValueId value, BufferId buffer) {
  define_view(value, buffer, plain_layout(graph.values[value].dims, graph.values[value].element));
}

void Planner::define_view(ValueId value, BufferId buffer, const Layout& layout) {
  places_[value].push_back({buffer, layout, cpu::is_plain(layout)});
  sharing_[root(buffer)].push_back(value);
}

const Layout& Planner::layout_of(ValueId value) {
  if (places_[value].empty()) plain(value);
  return places_[value].front().layout;
}

bool Planner::is_plain(ValueId value) {
  return graph.values[value].is_constant() || places_[value].front().plain;
}

BufferId Planner::plain(ValueId value) {
  for (const Place& place : places_[value])
    if (place.plain) return place.buffer;
  const LoweredValue& made = graph.values[value];
  if (made.is_constant()) {
    const BufferId buffer = keep(made.constant.aligned());
    places_[value].insert(places_[value].begin(), Place{buffer, plain_layout(made.dims, made.element), true});
    return buffer;
  }
  return in_layout(value, plain_layout(made.dims, made.element));
}

BufferId Planner::in_layout(ValueId value, const Layout& layout) {
  for (const Place& place : places_[value])
    if (place.layout == layout) return place.buffer;
  const LoweredValue& made = graph.values[value];
  if (made.is_constant()) {
    const BufferId buffer = packed(made.constant, plain_layout(made.dims, made.element), layout);
    places_[value].push_back({buffer, layout, cpu::is_plain(layout)});
    return buffer;
  }
  const Place from = places_[value].front();
  const Place to{make(size_bytes(layout)), layout, cpu::is_plain(layout)};
  add_reorder(value, from, to);
  places_[value].push_back(to);
  return to.buffer;
}

BufferId Planner::packed(const Tensor& constant, const Layout& given, const Layout& wanted) {
  Tensor bytes = services.weights->packed(constant, given, wanted);
  if (!is_floating(constant.type()) || bits_of(constant.type()) != 16) return keep(std::move(bytes));
  return widened(bytes, constant.type(), size_bytes(wanted) / 4);
}

BufferId Planner::widened(const Tensor& narrow, DataType element, std::int64_t count) {
  LoweredNode widen;
  widen.op = widen.shown = "Widen";
  const std::string note = std::exchange(note_, "");
  const BufferId from = keep(narrow), to = make(count * 4);
  const int threads = services.threads;
  add_step(widen, "Highway", {from}, {to}, [=](Session& session) {
    parallel_for(count, 0.3 * static_cast<double>(count), threads, [&](std::int64_t begin, std::int64_t end) {
      convert_elements(element, session.read<std::byte>(from) + begin * 2, DataType::Float32,
                       session.write<float>(to) + begin, end - begin);
    });
  });
  made_->steps.back().info.bytes = count * 6;
  note_ = note;
  return to;
}

bool Planner::may_overwrite(ValueId value) {
  if (graph.values[value].is_constant() || places_[value].empty()) return false;
  const BufferId bytes = root(places_[value].front().buffer);
  if (made_->buffers[bytes].kind != Buffer::Kind::Arena) return false;
  const auto& sharing = sharing_[bytes];
  return std::none_of(sharing.begin(), sharing.end(), [&](ValueId other) {
    const LoweredValue& sharer = graph.values[other];
    return sharer.is_output || std::any_of(sharer.consumers.begin(), sharer.consumers.end(),
                                           [&](int consumer) { return consumer > current_; });
  });
}

bool Planner::share_bytes(ValueId a, ValueId b) const {
  if (places_[a].empty() || places_[b].empty()) return false;
  return root(places_[a].front().buffer) == root(places_[b].front().buffer);
}

// --- steps ---

Step Planner::describe(const LoweredNode& node, std::string implementation) const {
  Step step;
  step.name = node.labels.empty() ? node.op : node.labels.back();
  step.op_type = node.shown.empty() ? node.op : node.shown;
  if (services.depth == 0) step.nodes = node.origins;  // a body's positions are not the main graph's
  step.node_names = node.labels;
  step.implementation = std::move(implementation);
  step.note = note_;
  const auto add_types = [&](const std::vector<ValueId>& ids, std::vector<Type>& types) {
    for (const ValueId id : ids) {
      types.emplace_back();
      if (id < 0 || !graph.values[id].is_static) continue;
      const LoweredValue& value = graph.values[id];
      types.back() = Type::tensor(value.element, shape_of(value.dims));
      step.bytes += bytes_for(value.element, value.size());
    }
  };
  add_types(node.inputs, step.inputs);
  add_types(node.outputs, step.outputs);
  for (const ValueId id : node.inputs) step.reads.push_back(id < 0 ? "" : graph.values[id].name);
  for (const ValueId id : node.outputs) step.writes.push_back(id < 0 ? "" : graph.values[id].name);
  if (node.record && node.record->cost_function) {
    const CostContext context{*node.node, node.record->since_version, step.inputs, step.outputs};
    if (const auto cost = node.record->cost_function(context)) {
      step.macs = cost->macs;
      step.flops = cost->flops;
    }
  } else if (!node.outputs.empty() && node.outputs[0] >= 0) {
    step.flops = static_cast<double>(graph.output(node).size()) *
                 static_cast<double>(std::max<std::size_t>(1, node.program.steps.size()));
  }
  return step;
}

void Planner::add_step(const LoweredNode& node, std::string implementation, std::vector<BufferId> reads,
                       std::vector<BufferId> writes, StepFunction run) {
  made_->steps.push_back(
      {describe(node, std::move(implementation)), std::move(run), std::move(reads), std::move(writes)});
}

int Planner::memory(BufferId buffer, const Layout& layout) {
  made_->memories.push_back({buffer, layout});
  return static_cast<int>(made_->memories.size()) - 1;
}

void Planner::add_primitive(const LoweredNode& node, const dnnl::primitive_desc_base& description,
                            const dnnl::primitive& primitive, std::vector<Argument> arguments) {
  const Layout scratchpad = description.query_md(dnnl::query::exec_arg_md, DNNL_ARG_SCRATCHPAD);
  if (scratchpad.get_size() > 0)
    arguments.push_back({DNNL_ARG_SCRATCHPAD, make(size_bytes(scratchpad)), scratchpad, true});
  std::vector<BufferId> reads, writes;
  std::vector<std::pair<int, int>> bound;  // role, memory
  for (const Argument& argument : arguments) {
    (argument.written ? writes : reads).push_back(argument.buffer);
    bound.emplace_back(argument.role, memory(argument.buffer, argument.layout));
  }
  constexpr std::size_t most = 80;
  if (bound.size() > most) throw Error("too many arguments for one primitive");
  add_step(node, std::string("oneDNN ") + description.impl_info_str(), std::move(reads), std::move(writes),
           [primitive, bound = std::move(bound)](Session& session) {
             dnnl_exec_arg_t list[most];
             for (std::size_t i = 0; i < bound.size(); ++i)
               list[i] = {bound[i].first, session.memories[bound[i].second].get()};
             dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive.get(), session.stream.get(),
                                                            static_cast<int>(bound.size()), list),
                                     "a oneDNN primitive failed");
           });
}

void Planner::add_reorder(ValueId value, const Place& from, const Place& to) {
  LoweredNode reorder;
  reorder.op = reorder.shown = "Reorder";
  reorder.inputs = reorder.outputs = {value};
  reorder.labels = {graph.values[value].name};
  const std::string note = std::exchange(note_, "");
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::reorder::primitive_desc description(engine(), from.layout, engine(), to.layout, attributes);
  add_primitive(reorder, description, dnnl::reorder(description),
                {{DNNL_ARG_FROM, from.buffer, from.layout}, {DNNL_ARG_TO, to.buffer, to.layout, true}});
  note_ = note;
}

// --- the whole ---

void Planner::collect_outputs() {
  current_ = static_cast<int>(graph.nodes.size());
  note_.clear();
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const ValueId id = graph.outputs[i];
    const LoweredValue& value = graph.values[id];
    OutputSource source;
    source.value = id;
    source.element = value.element;
    source.dims = value.dims;
    source.name = value.name;
    if (value.producer >= 0 && !graph.nodes[value.producer].labels.empty())
      source.maker = graph.nodes[value.producer].labels.back();
    made_->output_buffers.push_back(-1);
    if (value.is_constant()) {
      source.kind = OutputSource::Kind::Constant;
      source.constant = value.constant;
    } else if (value.is_static) {
      BufferId bytes = root(plain(id));
      const bool is_whole = made_->buffers[bytes].bytes == made_->buffers[plain(id)].bytes;
      if (made_->buffers[bytes].kind == Buffer::Kind::Input && is_whole) {
        source.kind = OutputSource::Kind::Input;
        source.has_dims = true;
        source.position = made_->buffers[bytes].position;
      } else {
        source.kind = OutputSource::Kind::Buffer;
        bytes = output_bytes(id, bytes);
        if (made_->buffers[bytes].kind == Buffer::Kind::Arena) {
          made_->buffers[bytes].kind = Buffer::Kind::Output;
          made_->buffers[bytes].position = static_cast<int>(i);
        }
        made_->output_buffers.back() = bytes;
      }
    } else if (value.is_input) {
      source.kind = OutputSource::Kind::Input;
      source.position =
          static_cast<int>(std::find(graph.inputs.begin(), graph.inputs.end(), id) - graph.inputs.begin());
    }
    made_->outputs.push_back(std::move(source));
  }
}

BufferId Planner::output_bytes(ValueId value, BufferId bytes) {
  const BufferId seen = plain(value);
  const Buffer whole = made_->buffers[bytes];
  const bool is_whole = whole.kind != Buffer::Kind::Constant && whole.kind != Buffer::Kind::Input &&
                        whole.bytes == made_->buffers[seen].bytes;
  if (is_whole) return bytes;
  LoweredNode copy;
  copy.op = copy.shown = "Copy";
  copy.inputs = copy.outputs = {value};
  copy.labels = {graph.values[value].name};
  const std::int64_t count = made_->buffers[seen].bytes;
  const BufferId fresh = make(count);
  add_step(copy, "memcpy", {seen}, {fresh}, [seen, fresh, count](Session& session) {
    std::memcpy(session.write<std::byte>(fresh), session.read<std::byte>(seen),
                static_cast<std::size_t>(count));
  });
  return fresh;
}

void Planner::assign_arena() {
  auto& buffers = made_->buffers;
  const auto touch = [&](BufferId id, int step) {
    Buffer& buffer = buffers[root(id)];
    if (buffer.first_step < 0) buffer.first_step = step;
    buffer.last_step = std::max(buffer.last_step, step);
  };
  for (int step = 0; step < static_cast<int>(made_->steps.size()); ++step) {
    for (const BufferId id : made_->steps[step].reads) touch(id, step);
    for (const BufferId id : made_->steps[step].writes) touch(id, step);
  }
  for (const auto& [read, written] : in_place_) {
    const BufferId from = root(read), to = root(written);
    const Buffer& old = buffers[from];
    Buffer& fresh = buffers[to];
    if (from == to || old.kind != Buffer::Kind::Arena || fresh.kind != Buffer::Kind::Arena ||
        old.last_step != fresh.first_step || old.bytes != fresh.bytes)
      continue;
    fresh.kind = Buffer::Kind::View;
    fresh.parent = from;
    buffers[from].last_step = std::max(buffers[from].last_step, fresh.last_step);
  }
  std::vector<Lifetime> lifetimes;
  std::vector<Buffer*> planned;
  for (Buffer& buffer : buffers) {
    if (buffer.kind != Buffer::Kind::Arena || buffer.first_step < 0) continue;
    lifetimes.push_back({buffer.first_step, buffer.last_step, buffer.bytes});
    planned.push_back(&buffer);
  }
  for (const Lifetime& lifetime : lifetimes)
    for (int step = lifetime.first; step < lifetime.last; ++step)
      made_->steps[step].live_bytes += lifetime.size_bytes;
  const MemoryPlan plan = plan_memory(lifetimes);
  for (std::size_t i = 0; i < planned.size(); ++i) planned[i]->offset = plan.offsets[i];
  made_->arena_bytes = plan.arena_bytes;
}

}  // namespace lapidary::cpu
