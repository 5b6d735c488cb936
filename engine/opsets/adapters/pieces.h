#pragma once

#include <string>
#include <vector>

#include "engine/opsets/node_rewrite.h"

namespace lapidary {

// What adapters write again and again, each in the form of the operator set to go to. All return the result's
// name.

std::string reduced(NodeRewrite& rewrite, const std::string& op_type, const std::string& value,
                    const std::vector<std::int64_t>& axes, bool keeps_axes = true);
std::string unsqueezed(NodeRewrite& rewrite, const std::string& value, const std::vector<std::int64_t>& axes);
std::string squeezed(NodeRewrite& rewrite, const std::string& value, const std::vector<std::int64_t>& axes);
std::string sliced(NodeRewrite& rewrite, const std::string& value, std::int64_t axis, std::int64_t start,
                   std::int64_t end);
/// A constant is reshaped at once.
std::string reshaped(NodeRewrite& rewrite, const std::string& value, const std::vector<std::int64_t>& dims);
std::string transposed(NodeRewrite& rewrite, const std::string& value,
                       const std::vector<std::int64_t>& permutation);
/// `value` with known sizes, repeated to `dims` as broadcasting does.
std::string tiled(NodeRewrite& rewrite, const std::string& value, const Dims& dims);
/// The size of one axis, int64 [1]; a constant where it is known.
std::string size_of_axis(NodeRewrite& rewrite, const std::string& value, std::int64_t axis);
/// Sizes joined to an int64 [N].
std::string joined(NodeRewrite& rewrite, std::vector<std::string> sizes);

/// axis in [-rank, rank) made non-negative.
std::int64_t non_negative(std::int64_t axis, std::int64_t rank);
/// Makes the attribute `axis` non-negative, by the rank of input 0.
void make_axis_non_negative(NodeRewrite& rewrite);
/// The same for the attribute `axes`.
void make_axes_non_negative(NodeRewrite& rewrite);

}  // namespace lapidary
