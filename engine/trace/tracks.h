#pragma once

#include <vector>

#include "engine/trace/trace.h"

namespace lapidary {

/// Which track of its lane each span is drawn on: spans of one track nest properly or lie apart.
struct Tracks {
  std::vector<int> of_span;  ///< by position in the spans; index in lane_of
  std::vector<int> lane_of;  ///< the lane of each track: first one for each lane, in their order, then more
};

/// Positions of the spans by begin, those around others first.
std::vector<std::size_t> order_of_spans(const std::vector<Span>& spans);

/// `order`: as order_of_spans gives it.
Tracks assign_tracks(const std::vector<Span>& spans, std::size_t lanes,
                     const std::vector<std::size_t>& order);

}  // namespace lapidary
