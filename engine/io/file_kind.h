#pragma once

#include <string>
#include <string_view>

#include "engine/io/mapped_file.h"

namespace lapidary {

enum class FileKind { Binary, TextProto, OnnxText, Json, Gzip, Zip };

/// What a file holds, told by its first bytes. Throws Error, saying what it is, for kinds of file that are no
/// model: empty ones, pictures, archives and models of other programs, pages that a failed download left.
FileKind kind_of(std::string_view content);

/// The name of the ONNX message that `message` is instead of a ModelProto ("a TensorProto", …); empty if it
/// is none.
std::string other_message_name(std::span<const std::byte> message);

}  // namespace lapidary
