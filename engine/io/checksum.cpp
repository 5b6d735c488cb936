#include "engine/io/checksum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstdint>
#include <map>

#include "engine/io/external_data.h"
#include "engine/io/original_file.h"

namespace lapidary {
namespace {

using State = std::array<std::uint32_t, 5>;
constexpr std::size_t block_bytes = 64;

void add_block(State& state, std::span<const std::byte> block) {
  std::array<std::uint32_t, 80> words{};
  for (std::size_t i = 0; i < block_bytes; ++i)
    words[i / 4] = words[i / 4] << 8 | std::to_integer<std::uint32_t>(block[i]);
  for (std::size_t i = 16; i < words.size(); ++i)
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint32_t choice = i < 20              ? (b & c) | (~b & d)
                                 : i < 40 || i >= 60 ? b ^ c ^ d
                                                     : (b & c) | (b & d) | (c & d);
    static constexpr std::array<std::uint32_t, 4> constants = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc,
                                                               0xca62c1d6};
    const std::uint32_t next = std::rotl(a, 5) + choice + e + constants[i / 20] + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  const State added = {a, b, c, d, e};
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += added[i];
}

/// Location → the checksum that some tensor states for it.
void collect_checksums(const Graph& graph, std::map<std::string, std::string>& checksums) {
  for (const auto& initializer : graph.initializers) {
    const std::string* location = find_entry(initializer->external_data, "location");
    const std::string* checksum = find_entry(initializer->external_data, "checksum");
    if (location && checksum && !checksum->empty()) checksums[*location] = *checksum;
  }
  for (const auto& node : graph.nodes)
    for (const auto& [name, subgraph] : subgraphs_of(*node)) collect_checksums(*subgraph, checksums);
}

}  // namespace

std::string sha1(std::span<const std::byte> bytes) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const std::uint64_t bits = std::uint64_t{8} * bytes.size();
  while (bytes.size() >= block_bytes) {
    add_block(state, bytes.first(block_bytes));
    bytes = bytes.subspan(block_bytes);
  }
  std::array<std::byte, 2 * block_bytes> rest{};  // what is left, a one, zeros, and the length in bits
  std::copy(bytes.begin(), bytes.end(), rest.begin());
  rest[bytes.size()] = std::byte{0x80};
  const std::size_t end = bytes.size() + 9 <= block_bytes ? block_bytes : 2 * block_bytes;
  for (std::size_t i = 0; i < 8; ++i) rest[end - 1 - i] = static_cast<std::byte>(bits >> (8 * i) & 0xff);
  for (std::size_t at = 0; at < end; at += block_bytes)
    add_block(state, std::span(rest).subspan(at, block_bytes));
  std::string text;
  for (const std::uint32_t word : state)
    for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  return text;
}

std::vector<std::string> checksum_problems(const LoadedModel& loaded) {
  std::vector<std::string> problems;
  std::map<std::string, std::string> checksums;
  collect_checksums(*loaded.model->graph, checksums);
  if (!loaded.original) return problems;
  const auto& files = static_cast<const OriginalFile*>(loaded.original.get())->external_files;
  for (auto& [location, checksum] : checksums) {
    const auto file = files.find(location);
    std::transform(checksum.begin(), checksum.end(), checksum.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (file != files.end() && sha1(file->second.bytes) != checksum)
      problems.push_back("External data '" + location +
                         "' is not the file that the model was saved with: its checksum differs");
  }
  return problems;
}

}  // namespace lapidary
