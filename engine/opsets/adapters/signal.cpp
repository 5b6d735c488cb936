#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

void raise_dft_20(NodeRewrite& rewrite) {
  rewrite.set_input(2, rewrite.add(Tensor::scalar(rewrite.integer("axis", 1)), "axis"));
  rewrite.remove("axis");
}

void lower_dft_20(NodeRewrite& rewrite) {
  std::int64_t axis = rewrite.has_input(2) ? rewrite.needed_integers(2, "axis").at(0) : -2;
  if (axis < 0) axis = non_negative(axis, rewrite.rank(rewrite.input(0)));
  rewrite.set("axis", axis);
  rewrite.set_input(2, {});
}

/// Other names for the modes, of images only.
void raise_grid_sample_20(NodeRewrite& rewrite) {
  const std::string mode = rewrite.text("mode", "bilinear");
  rewrite.set("mode", mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode);
}

void lower_grid_sample_20(NodeRewrite& rewrite) {
  if (rewrite.rank(rewrite.input(0)) != 4)
    rewrite.refuse("GridSample of other than images came with operator set 20");
  const std::string mode = rewrite.text("mode", "linear");
  rewrite.set("mode", mode == "linear" ? "bilinear" : mode == "cubic" ? "bicubic" : mode);
}

/// Before 16 coordinates were not shifted by half a pixel.
void raise_roi_align_16(NodeRewrite& rewrite) {
  rewrite.set("coordinate_transformation_mode", std::string("output_half_pixel"));
}

void lower_roi_align_16(NodeRewrite& rewrite) {
  if (rewrite.text("coordinate_transformation_mode", "half_pixel") != "output_half_pixel")
    rewrite.refuse("RoiAlign with coordinates at half a pixel came with operator set 16");
  rewrite.remove("coordinate_transformation_mode");
}

}  // namespace

std::vector<Adapter> signal_adapters() {
  return {
      {"DFT", 20, raise_dft_20, lower_dft_20},
      {"GridSample", 20, raise_grid_sample_20, lower_grid_sample_20},
      {"RoiAlign", 16, raise_roi_align_16, lower_roi_align_16},
  };
}

}  // namespace lapidary
