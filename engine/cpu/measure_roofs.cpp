#include "engine/cpu/measure_roofs.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "engine/cpu/memory.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/planner.h"
#include "engine/runtime/backend.h"

namespace lapidary {
namespace {

using dnnl::memory;

/// The shortest of several runs, in seconds; the first ones warm up.
double fastest_seconds(const std::function<void()>& run, double budget_seconds) {
  double fastest = 1e9;
  const std::int64_t end_ns = now_ns() + static_cast<std::int64_t>(budget_seconds * 1e9);
  do {
    const std::int64_t begin_ns = now_ns();
    run();
    fastest = std::min(fastest, static_cast<double>(now_ns() - begin_ns) * 1e-9);
  } while (now_ns() < end_ns);
  return fastest;
}

/// FLOP/s of a product of two [size, size] matrices; 0 where oneDNN has none for the types.
double product_rate(memory::data_type a, memory::data_type b, memory::data_type c, std::int64_t size) {
  const memory::dims dims = {size, size};
  const auto any = memory::format_tag::any;
  try {
    const dnnl::matmul::primitive_desc description(
        dnnl::matmul::desc({dims, a, any}, {dims, b, any}, {dims, c, any}), cpu::engine());
    std::vector<std::shared_ptr<std::byte>> owners;
    const auto filled = [&](const memory::desc& layout) {
      owners.push_back(cpu::allocate(layout.get_size()));
      std::memset(owners.back().get(), 0, layout.get_size());
      return memory(layout, cpu::engine(), owners.back().get());
    };
    const std::unordered_map<int, memory> arguments = {{DNNL_ARG_SRC, filled(description.src_desc())},
                                                       {DNNL_ARG_WEIGHTS, filled(description.weights_desc())},
                                                       {DNNL_ARG_DST, filled(description.dst_desc())}};
    const dnnl::matmul product(description);
    dnnl::stream stream(cpu::engine());
    const auto run = [&] {
      product.execute(stream, arguments);
      stream.wait();
    };
    const auto edge = static_cast<double>(size);
    return 2 * edge * edge * edge / fastest_seconds(run, 0.12);
  } catch (const dnnl::error&) {
    return 0;
  }
}

double best_product_rate(memory::data_type a, memory::data_type b, memory::data_type c) {
  double best = 0;
  for (const std::int64_t size : {512, 1024, 1536}) best = std::max(best, product_rate(a, b, c, size));
  return best;
}

/// Bytes read and written a second while memory that no cache holds is copied.
double copy_rate(int threads) {
  constexpr std::int64_t bytes = 256 << 20;
  const auto from = cpu::allocate(bytes), to = cpu::allocate(bytes);
  const auto copy = [&] {
    cpu::parallel_for(bytes, static_cast<double>(bytes), threads, [&](std::int64_t begin, std::int64_t end) {
      std::memcpy(to.get() + begin, from.get() + begin, static_cast<std::size_t>(end - begin));
    });
  };
  std::memset(from.get(), 1, bytes);
  copy();  // touches every page
  return 2.0 * static_cast<double>(bytes) / fastest_seconds(copy, 0.4);
}

}  // namespace

Roofs measure_roofs(int threads) {
  const cpu::ThreadCount scope(threads);
  using Type = memory::data_type;
  Roofs roofs{threads, copy_rate(threads), {}};
  roofs.flops_per_second[DataType::Float32] = best_product_rate(Type::f32, Type::f32, Type::f32);
  roofs.flops_per_second[DataType::BFloat16] = best_product_rate(Type::bf16, Type::bf16, Type::f32);
  roofs.flops_per_second[DataType::Int8] = best_product_rate(Type::u8, Type::s8, Type::s32);
  return roofs;
}

}  // namespace lapidary
