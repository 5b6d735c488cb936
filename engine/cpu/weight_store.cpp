#include <cstring>

#include "engine/cpu/planner.h"
#include "engine/model/mapped_bytes.h"

namespace lapidary::cpu {
namespace {

/// Two sums over the bytes that differ for all but malicious inputs.
std::array<std::uint64_t, 2> digest_of(std::span<const std::byte> bytes) {
  constexpr std::uint64_t factors[] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f};
  std::array<std::uint64_t, 2> sums = {0x165667b19e3779f9, bytes.size()};
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
    for (std::size_t k = 0; k < 2; ++k) {
      sums[k] = (sums[k] ^ word) * factors[k];
      sums[k] ^= sums[k] >> 29;
    }
  }
  return sums;
}

void reorder(const std::byte* from, const Layout& given, std::byte* to, const Layout& wanted) {
  dnnl::memory source(given, engine(), const_cast<std::byte*>(from));
  dnnl::memory target(wanted, engine(), to);
  dnnl::stream stream(engine());
  dnnl::reorder(source, target).execute(stream, source, target);
  stream.wait();
}

/// Widened, moved, and narrowed again, which is exact.
void reorder_16_bit(const Tensor& source, const Layout& given, std::byte* to, const Layout& wanted) {
  const Tensor wide = converted_elements(source, DataType::Float32);
  const auto moved = allocate(wanted.get_size());
  reorder(wide.bytes().data(), given, moved.get(), wanted);
  convert_elements(DataType::Float32, moved.get(), source.type(), to, size_bytes(wanted) / 4);
}

}  // namespace

WeightStore::Source WeightStore::source_of(const Tensor& tensor) {
  if (is_mapped(tensor)) return {tensor.bytes().data(), {}, tensor.size_bytes()};
  return {nullptr, digest_of(tensor.bytes()), tensor.size_bytes()};
}

Tensor WeightStore::packed(const Tensor& source, const Layout& given, const Layout& wanted) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(entries_, [](const Entry& entry) { return entry.owner.expired(); });
  const Source wanted_source = source_of(source);
  for (const Entry& entry : entries_)
    if (entry.source == wanted_source && entry.given == given && entry.wanted == wanted)
      if (auto owner = entry.owner.lock())
        return Tensor(entry.shown.type(), entry.shown.dims(), entry.shown.bytes(), std::move(owner));
  const bool is_narrow = is_floating(source.type()) && bits_of(source.type()) == 16;
  const std::size_t bytes = is_narrow ? wanted.get_size() / 2 : wanted.get_size();
  const auto memory = memory_.allocate(bytes);
  if (is_narrow)
    reorder_16_bit(source, given, memory.get(), wanted);
  else
    reorder(source.bytes().data(), given, memory.get(), wanted);
  release_pages(source);
  const Dims dims{static_cast<std::int64_t>(bytes)};
  entries_.push_back(
      {wanted_source, given, wanted, Tensor(DataType::UInt8, dims, {memory.get(), bytes}, nullptr), memory});
  return Tensor(DataType::UInt8, dims, {memory.get(), bytes}, memory);
}

}  // namespace lapidary::cpu
