#include "engine/trace/tracks.h"

#include <algorithm>

namespace lapidary {

std::vector<std::size_t> order_of_spans(const std::vector<Span>& spans) {
  std::vector<std::size_t> order(spans.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Span &x = spans[a], &y = spans[b];
    return x.begin_ns != y.begin_ns ? x.begin_ns < y.begin_ns : x.end_ns > y.end_ns;
  });
  return order;
}

Tracks assign_tracks(const std::vector<Span>& spans, std::size_t lanes,
                     const std::vector<std::size_t>& order) {
  struct Track {
    int index;
    std::vector<std::int64_t> open;  ///< ends of the spans around, outermost first
  };
  Tracks tracks;
  tracks.of_span.resize(spans.size());
  std::vector<std::vector<Track>> tracks_of_lane(lanes);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    tracks_of_lane[lane].push_back({static_cast<int>(lane), {}});
    tracks.lane_of.push_back(static_cast<int>(lane));
  }
  for (const std::size_t index : order) {
    const Span& span = spans[index];
    auto& candidates = tracks_of_lane[static_cast<std::size_t>(span.lane)];
    const auto fits = [&](Track& track) {
      while (!track.open.empty() && track.open.back() <= span.begin_ns) track.open.pop_back();
      return track.open.empty() || span.end_ns <= track.open.back();
    };
    auto place = std::find_if(candidates.begin(), candidates.end(), fits);
    if (place == candidates.end()) {
      const int fresh = static_cast<int>(tracks.lane_of.size());
      tracks.lane_of.push_back(span.lane);
      place = candidates.insert(candidates.end(), {fresh, {}});
    }
    place->open.push_back(span.end_ns);
    tracks.of_span[index] = place->index;
  }
  return tracks;
}

}  // namespace lapidary
