#pragma once

#include <cstddef>
#include <span>

#include "engine/io/wire_writer.h"
#include "engine/model/type.h"

namespace lapidary {

/// TypeProto ⇄ Type. Throws Error if sequences and optionals are nested too deep.
Type read_type(std::span<const std::byte> message);
WireWriter write_type(const Type& type);

/// The element type with number `number` of TensorProto.DataType; Undefined if it is none that this program
/// knows.
DataType data_type_of_number(std::int64_t number);

}  // namespace lapidary
