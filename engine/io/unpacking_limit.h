#pragma once

#include <cstdint>

namespace lapidary {

/// Bytes that a packed file of `packed_bytes` may unpack to. Structure as text packs to a twentieth at best;
/// what packs much better is made to fill memories. Small files may unpack to 64 MB in any case.
constexpr std::uint64_t unpacking_limit(std::uint64_t packed_bytes) { return 64'000'000 + 32 * packed_bytes; }

constexpr const char* unpacking_advice = "Unpack it yourself if you trust it, and open what comes out";

}  // namespace lapidary
