#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/io/model_file.h"

namespace lapidary {

/// SHA-1 as 40 hexadecimal digits (FIPS 180-4).
std::string sha1(std::span<const std::byte> bytes);

/// A sentence for every file of external data whose content is not what the model's checksums say. Reads the
/// files whole.
std::vector<std::string> checksum_problems(const LoadedModel& loaded);

}  // namespace lapidary
