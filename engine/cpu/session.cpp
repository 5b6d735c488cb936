#include "engine/cpu/session.h"

#include <algorithm>

#include "engine/cpu/memory.h"

namespace lapidary::cpu {

Session::Session(std::shared_ptr<const Executable> plan)
    : executable(std::move(plan)),
      arena(allocate(static_cast<std::size_t>(executable->arena_bytes))),
      address(executable->buffers.size(), nullptr),
      data(executable->value_count),
      stream(engine()),
      memories_of_(executable->buffers.size()),
      views_(executable->buffers.size()) {
  const auto& buffers = executable->buffers;
  for (BufferId id = 0; id < static_cast<BufferId>(buffers.size()); ++id) {
    const Buffer& buffer = buffers[id];
    if (buffer.kind == Buffer::Kind::Arena) address[id] = arena.get() + buffer.offset;
    if (buffer.kind == Buffer::Kind::Constant) address[id] = const_cast<std::byte*>(buffer.address);
  }
  for (BufferId id = 0; id < static_cast<BufferId>(buffers.size()); ++id) {
    if (buffers[id].kind != Buffer::Kind::View) continue;
    BufferId root = id;
    std::int64_t offset = 0;
    for (; buffers[root].kind == Buffer::Kind::View; root = buffers[root].parent)
      offset += buffers[root].offset;
    if (address[root]) address[id] = address[root] + offset;
    views_[root].emplace_back(id, offset);
  }
  for (const MemoryView& planned : executable->memories) {
    void* bytes = address[planned.buffer] ? address[planned.buffer] : DNNL_MEMORY_NONE;
    memories_of_[planned.buffer].push_back(static_cast<int>(memories.size()));
    memories.emplace_back(planned.layout, engine(), bytes);
  }
}

void Session::bind(BufferId buffer, const std::byte* bytes) {
  auto* const start = const_cast<std::byte*>(bytes);
  address[buffer] = start;
  for (const int memory : memories_of_[buffer]) memories[memory].set_data_handle(start);
  for (const auto& [view, offset] : views_[buffer]) {
    address[view] = start + offset;
    for (const int memory : memories_of_[view]) memories[memory].set_data_handle(start + offset);
  }
}

namespace {

Tensor output_tensor(const OutputSource& source) {
  try {
    return Tensor(source.element, source.dims);
  } catch (Error& error) {
    error.node(source.maker).tensor(source.name);
    throw;
  }
}

}  // namespace

std::vector<Datum> Session::run(const std::vector<Datum>& inputs, const RunOptions& run_options) {
  options = &run_options;
  const Executable& plan = *executable;
  std::vector<Tensor> aligned;  // keeps copies of inputs that lay badly
  for (std::size_t i = 0; i < plan.input_buffers.size(); ++i) {
    if (plan.dynamic_inputs[i] >= 0) data[plan.dynamic_inputs[i]] = inputs[i];
    if (plan.input_buffers[i] < 0) continue;
    const Tensor& tensor = inputs[i].tensor();
    const Tensor* usable = &tensor;
    if (reinterpret_cast<std::uintptr_t>(tensor.bytes().data()) % 8 != 0)
      usable = &aligned.emplace_back(tensor.aligned());
    bind(plan.input_buffers[i], usable->bytes().data());
  }
  std::vector<Tensor> made(plan.outputs.size());
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    if (plan.output_buffers[i] < 0 || plan.buffers[plan.output_buffers[i]].position != static_cast<int>(i))
      continue;
    made[i] = output_tensor(plan.outputs[i]);
    bind(plan.output_buffers[i], made[i].mutable_bytes());
  }
  run_steps();
  std::vector<Datum> outputs(plan.outputs.size());
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const OutputSource& source = plan.outputs[i];
    if (source.kind == OutputSource::Kind::Buffer)
      outputs[i] = made[plan.buffers[plan.output_buffers[i]].position].reshaped(source.dims);
    else if (source.kind == OutputSource::Kind::Constant)
      outputs[i] = source.constant;
    else if (source.kind == OutputSource::Kind::Input)
      outputs[i] = inputs[source.position].is_tensor() && source.has_dims
                       ? Datum(inputs[source.position].tensor().reshaped(source.dims))
                       : inputs[source.position];
    else
      outputs[i] = data[source.value];
  }
  std::fill(data.begin(), data.end(), Datum());
  return outputs;
}

void Session::run_steps() {
  const auto& steps = executable->steps;
  RunObserver* const observer = options->observer;
  std::int64_t time_ns = observer ? now_ns() : 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (options->cancel.is_cancelled()) {
      std::fill(data.begin(), data.end(), Datum());
      throw Cancelled();
    }
    steps[i].run(*this);
    if (observer) {
      const std::int64_t end_ns = now_ns();
      observer->step(steps[i].info, time_ns, end_ns, 0);
      observer->memory(steps[i].live_bytes, end_ns);
      time_ns = now_ns();
    }
    if (options->progress) options->progress(i + 1, steps.size());
  }
}

}  // namespace lapidary::cpu
