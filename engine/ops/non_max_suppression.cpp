// The best of overlapping boxes: NonMaxSuppression.

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "engine/ops/arguments.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

struct Box {
  double left, top, right, bottom;
  double area() const { return (right - left) * (bottom - top); }
};

/// From [y1, x1, y2, x2], two opposite corners in any order, or from [x, y, width, height] around the centre.
Box box_from(const double* corners, bool center) {
  if (center) {
    const double half_width = corners[2] / 2, half_height = corners[3] / 2;
    return {corners[0] - half_width, corners[1] - half_height, corners[0] + half_width,
            corners[1] + half_height};
  }
  const auto [top, bottom] = std::minmax(corners[0], corners[2]);
  const auto [left, right] = std::minmax(corners[1], corners[3]);
  return {left, top, right, bottom};
}

/// Area that both share over the area that either covers; 0 for boxes without area.
double intersection_over_union(const Box& a, const Box& b) {
  const Box shared{std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right),
                   std::min(a.bottom, b.bottom)};
  if (!(shared.right > shared.left) || !(shared.bottom > shared.top)) return 0;
  if (!(a.area() > 0) || !(b.area() > 0)) return 0;
  return shared.area() / (a.area() + b.area() - shared.area());
}

struct Thresholds {
  std::int64_t most;  ///< boxes for each class
  double overlap, score;
};

double number_or(const KernelContext& context, std::size_t input, double otherwise) {
  if (!context.has_input(input) || context.input(input).size() == 0) return otherwise;
  return values_as<double>(context.input(input))[0];
}

/// Indices of the kept boxes of one class, best first: each next best that overlaps no kept one too much.
std::vector<std::int64_t> kept_boxes(const std::vector<Box>& boxes, const double* scores,
                                     const Thresholds& limits) {
  std::vector<std::int64_t> order, kept;
  for (std::size_t i = 0; i < boxes.size(); ++i)
    if (scores[i] > limits.score) order.push_back(static_cast<std::int64_t>(i));
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
  for (const auto candidate : order) {
    if (static_cast<std::int64_t>(kept.size()) >= limits.most) break;
    const Box& box = boxes[static_cast<std::size_t>(candidate)];
    const bool is_free = std::none_of(kept.begin(), kept.end(), [&](auto k) {
      return intersection_over_union(box, boxes[static_cast<std::size_t>(k)]) > limits.overlap;
    });
    if (is_free) kept.push_back(candidate);
  }
  return kept;
}

void non_max_suppression(KernelContext& context) {
  const Tensor &boxes = context.input(0),
               &scores = context.input(1);  // [batch, boxes, 4], [batch, classes, boxes]
  if (boxes.rank() != 3 || scores.rank() != 3 || boxes.dims()[2] != 4 ||
      boxes.dims()[0] != scores.dims()[0] || boxes.dims()[1] != scores.dims()[2])
    throw Error("boxes of " + to_string(boxes.dims()) + " and scores of " + to_string(scores.dims()) +
                " do not fit together");
  const Thresholds limits{std::max<std::int64_t>(context.has_input(2) ? single_integer(context, 2) : 0, 0),
                          number_or(context, 3, 0),
                          number_or(context, 4, -std::numeric_limits<double>::infinity())};
  const bool center = context.integer("center_point_box", 0) != 0;
  const auto corners = values_as<double>(boxes), numbers = values_as<double>(scores);
  const std::int64_t count = boxes.dims()[1], classes = scores.dims()[1];
  std::vector<std::int64_t> selected;
  for (std::int64_t batch = 0; batch < boxes.dims()[0]; ++batch) {
    std::vector<Box> list;
    for (std::int64_t i = 0; i < count; ++i)
      list.push_back(box_from(corners.data() + (batch * count + i) * 4, center));
    for (std::int64_t c = 0; c < classes; ++c) {
      context.cancel.check();
      for (const auto box : kept_boxes(list, numbers.data() + (batch * classes + c) * count, limits))
        selected.insert(selected.end(), {batch, c, box});
    }
  }
  context.set_output(0, Tensor::of({static_cast<std::int64_t>(selected.size()) / 3, 3}, selected));
}

void infer_non_max_suppression(InferenceContext& context) {
  context.set_output(0, DataType::Int64, Shape{Dimension::unknown(), 3});
}

}  // namespace

void register_non_max_suppression(OperatorTable& table) {
  const Operator record =
      Operator("NonMaxSuppression", 10, OperatorKind::PoolingAndReduction)
          .summary("For each class the boxes of highest score that do not overlap a better one too much.")
          .input("boxes", "tensor(float)", "[batch, boxes, 4].")
          .input("scores", "tensor(float)", "[batch, classes, boxes].")
          .optional_input("max_output_boxes_per_class", "tensor(int64)",
                          "Most boxes to keep for each class; none if left out.")
          .optional_input("iou_threshold", "tensor(float)",
                          "Intersection over union above which a box is dropped; 0 if left out.")
          .optional_input("score_threshold", "tensor(float)", "Boxes must score higher than this.")
          .output("selected_indices", "tensor(int64)", "[kept, 3]: batch, class, box.")
          .attribute("center_point_box", std::int64_t{0},
                     "0: boxes are two corners [y1, x1, y2, x2]; 1: [x, y, width, height] around the centre.")
          .infer(infer_non_max_suppression)
          .kernel(non_max_suppression)
          .example(
              "boxes = float[1, 3, 4]{0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 5, 1, 6}; scores = float[1, 1, 3]{0.9, "
              "0.8, 0.7}; max_output_boxes_per_class = int64[1]{3}; iou_threshold = float[1]{0.5}")
          .cost(unknown_cost());
  table.add(record);
  table.add(record.at(11).change(
      "says that a box is dropped only strictly above iou_threshold; nothing else changed"));
}

}  // namespace lapidary
