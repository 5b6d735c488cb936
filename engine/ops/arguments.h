#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/ops/inference.h"
#include "engine/ops/kernel.h"
#include "engine/ops/known_values.h"

/// Integers that old operator versions take as an attribute and newer ones as an input: axes, shapes, sizes,
/// pads.
namespace lapidary {

/// Nothing if neither is there.
std::optional<std::vector<std::int64_t>> attribute_or_input(const KernelContext& context,
                                                            std::string_view attribute, std::size_t input);
/// The only element of an input that must hold one.
std::int64_t single_integer(const KernelContext& context, std::size_t input);

/// An argument as inference sees it: it may be absent, or present with contents that only the run knows.
struct Argument {
  bool is_present = false;
  std::optional<std::vector<Dimension>> values;

  /// All values, if every one is a number.
  std::optional<std::vector<std::int64_t>> integers() const;
};
Argument attribute_or_input(InferenceContext& context, std::string_view attribute, std::size_t input);
/// All values of an input, if every one is a known number.
std::optional<std::vector<std::int64_t>> known_integers(InferenceContext& context, std::size_t input);

/// Each axis made non-negative; nothing (and reported) if one is outside.
std::optional<std::vector<std::int64_t>> normalized_axes(InferenceContext& context,
                                                         std::vector<std::int64_t> axes, std::size_t rank);
/// Each axis made non-negative and no axis twice; throws Error otherwise.
std::vector<std::int64_t> normalized_axes(std::vector<std::int64_t> axes, std::int64_t rank);
/// 0, 1, …, rank - 1.
std::vector<std::int64_t> all_axes(std::size_t rank);
/// What is true of values of both types: sizes that differ are unknown, as is the shape where ranks differ.
Type common_type(const Type& a, const Type& b);
/// The size, or unknown (and reported) where it is a negative number.
Dimension checked_size(InferenceContext& context, const Dimension& size);
/// A shape of which only the rank is known.
Shape unknown_shape(std::size_t rank);

}  // namespace lapidary
