#pragma once

#include "engine/ops/microsoft/microsoft.h"

/// Weights of 2, 4 or 8 bits whose elements share scales in blocks, as the generation tools write them.
namespace lapidary::microsoft {

/// Whole numbers of `bits` each, packed into bytes along the last axis, low bits first: uint8 with `size`
/// elements along that axis. 8 bits are taken as they are. Throws Error where there are fewer.
Tensor unpacked_bits(const Tensor& packed, std::int64_t bits, std::int64_t size);

/// (element − zero) · scale for [rows, length], where `block_size` elements of a row share a scale [rows,
/// blocks] and a zero point of the same sizes (`default_zero` where it is absent). In the scale's type.
Tensor dequantized_blocks(const Tensor& elements, const Tensor& scales, const Tensor& zeros,
                          double default_zero, std::int64_t block_size);

}  // namespace lapidary::microsoft
