#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lapidary {

/// The newest version of a domain of the standard ("" and "ai.onnx" are one) that this program knows; nothing
/// for other domains.
std::optional<std::int64_t> newest_opset(std::string_view domain);
/// True for versions of a domain of the standard that came after this program: what their operators do is not
/// known.
bool is_too_new(std::string_view domain, std::int64_t opset);
/// The IR version of the ONNX release that brought a version of ai.onnx.
std::int64_t ir_version_of(std::int64_t opset);

}  // namespace lapidary
