#pragma once

#include <string>
#include <utility>

#include "engine/io/tensor_proto.h"

namespace lapidary {

/// TensorProto, SequenceProto or OptionalProto, by the declared `type` or, where that is unknown, by the
/// message's fields; with the name that the message holds. Throws Error.
std::pair<std::string, Datum> read_datum_proto(std::span<const std::byte> message, const ReadContext& context,
                                               const Type& type);
/// The message for a value. `datum` must live until it is written out.
WireWriter write_datum_proto(const std::string& name, const Datum& datum);

}  // namespace lapidary
