#include <algorithm>
#include <cmath>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

Tensor float_list(const std::vector<float>& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

/// An input that has to be there, but holds nothing.
std::string nothing(NodeRewrite& rewrite, const std::string& name) {
  return rewrite.add(float_list({}), name);
}

// --- Upsample ---

void raise_upsample_7(NodeRewrite& rewrite) {
  const float height = rewrite.real("height_scale", 1), width = rewrite.real("width_scale", 1);
  rewrite.set("scales", std::vector<float>{1, 1, height, width});
  rewrite.remove("height_scale");
  rewrite.remove("width_scale");
  if (rewrite.text("mode", "nearest") == "bilinear") rewrite.set("mode", std::string("linear"));
}

void raise_upsample_9(NodeRewrite& rewrite) {
  const Attribute* scales = rewrite.has("scales") ? rewrite.node.find_attribute("scales") : nullptr;
  const auto* values = scales ? std::get_if<std::vector<float>>(&scales->value) : nullptr;
  if (!values) rewrite.refuse("it has no scales");
  rewrite.set_input(1, rewrite.add(float_list(*values), "scales"));
  rewrite.remove("scales");
}

void lower_upsample_9(NodeRewrite& rewrite) {
  const Tensor* scales = rewrite.constant(rewrite.input(1));
  if (!scales) rewrite.refuse("its scales are computed, where operator set 8 needs constants");
  rewrite.set("scales", values_as<float>(*scales));
  rewrite.node.inputs.resize(1);
}

void raise_upsample_10(NodeRewrite& rewrite) { rewrite.node.op_type = "Resize"; }

// --- Resize ---

/// Upsample does the same, but only makes larger.
void lower_resize_10(NodeRewrite& rewrite) {
  const Tensor* scales = rewrite.constant(rewrite.input(1));
  if (!scales) rewrite.refuse("its scales are computed, and whether all are at least 1 is not known");
  const auto values = values_as<double>(*scales);
  if (std::any_of(values.begin(), values.end(), [](double scale) { return scale < 1; }))
    rewrite.refuse("Resize to smaller sizes came with operator set 10");
  rewrite.node.op_type = "Upsample";
}

void raise_resize_11(NodeRewrite& rewrite) {
  rewrite.node.inputs = {rewrite.input(0), nothing(rewrite, "roi"), rewrite.input(1)};
  rewrite.set("coordinate_transformation_mode", std::string("asymmetric"));
  if (rewrite.text("mode", "nearest") == "nearest") rewrite.set("nearest_mode", std::string("floor"));
}

/// Scales as floats, from sizes too where all are known.
std::vector<double> scales_of(const NodeRewrite& rewrite) {
  const Tensor* scales = rewrite.has_input(2) ? rewrite.constant(rewrite.input(2)) : nullptr;
  if (scales && scales->size() > 0) return values_as<double>(*scales);
  if (rewrite.has_input(2) && !scales) rewrite.refuse("its scales are computed, which decide what it takes");
  const Integers sizes = rewrite.needed_integers(3, "sizes");
  const Dims dims = rewrite.dims(rewrite.input(0));
  std::vector<double> result;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    result.push_back(static_cast<double>(sizes[i]) / static_cast<double>(dims.at(i)));
  return result;
}

bool are_whole(const std::vector<double>& scales) {
  return std::all_of(scales.begin(), scales.end(), [](double s) { return s >= 1 && s == std::floor(s); });
}

/// Whether the attributes say what Resize-10 does: coordinates divided by the scales, nearest the one below.
bool is_resize_10(const NodeRewrite& rewrite, const std::vector<double>& scales) {
  const std::string mode = rewrite.text("mode", "nearest"),
                    nearest = rewrite.text("nearest_mode", "round_prefer_floor");
  const std::string coordinates = rewrite.text("coordinate_transformation_mode", "half_pixel");
  const bool nothing_changes = std::all_of(scales.begin(), scales.end(), [](double s) { return s == 1; });
  if (mode == "linear")
    return (coordinates == "asymmetric" || nothing_changes) && rewrite.integer("exclude_outside", 0) == 0;
  if (mode != "nearest") return false;
  if (coordinates == "asymmetric" && nearest == "floor") return true;
  const bool is_centred = coordinates == "half_pixel" || coordinates == "pytorch_half_pixel";
  return are_whole(scales) && is_centred && nearest.starts_with("round_");
}

void lower_resize_11(NodeRewrite& rewrite) {
  const std::vector<double> scales = scales_of(rewrite);
  if (!is_resize_10(rewrite, scales))
    rewrite.refuse("Resize with mode " + rewrite.text("mode", "nearest") + ", coordinates " +
                   rewrite.text("coordinate_transformation_mode", "half_pixel") + " and nearest_mode " +
                   rewrite.text("nearest_mode", "round_prefer_floor") + " came with operator set 11");
  const bool has_scales = rewrite.has_input(2) && rewrite.constant(rewrite.input(2))->size() > 0;
  const std::string factors =
      has_scales ? rewrite.input(2)
                 : rewrite.add(float_list(std::vector<float>(scales.begin(), scales.end())), "scales");
  rewrite.become("Resize", {rewrite.input(0), factors}, {{"mode", rewrite.text("mode", "nearest")}});
}

/// (x + ½) / scale rounded down is half_pixel's coordinate rounded with halves up.
void raise_resize_13(NodeRewrite& rewrite) {
  if (rewrite.text("coordinate_transformation_mode", "half_pixel") != "tf_half_pixel_for_nn") return;
  if (rewrite.text("mode", "nearest") != "nearest" ||
      rewrite.text("nearest_mode", "round_prefer_floor") != "floor")
    rewrite.refuse("coordinate_transformation_mode tf_half_pixel_for_nn ended with operator set 13");
  rewrite.set("coordinate_transformation_mode", std::string("half_pixel"));
  rewrite.set("nearest_mode", std::string("round_prefer_ceil"));
}

void lower_resize_13(NodeRewrite& rewrite) {
  if (!rewrite.has_input(1)) rewrite.set_input(1, nothing(rewrite, "roi"));
  if (!rewrite.has_input(2)) rewrite.set_input(2, nothing(rewrite, "scales"));
}

/// Before 18 scales and sizes are given for all axes.
void lower_resize_18(NodeRewrite& rewrite) {
  const auto given = rewrite.integers("axes");
  if (!given) return;
  const std::string x = rewrite.input(0);
  const std::int64_t rank = rewrite.rank(x);
  std::vector<std::size_t> place(static_cast<std::size_t>(rank), given->size());
  for (std::size_t i = 0; i < given->size(); ++i)
    place.at(static_cast<std::size_t>(non_negative((*given)[i], rank))) = i;
  const std::string scales = rewrite.input(2), sizes = rewrite.input(3);
  if (rewrite.has_input(1)) rewrite.refuse("a region of some of the axes came with operator set 18");
  const bool by_scales =
      !scales.empty() && !(rewrite.constant(scales) && rewrite.constant(scales)->size() == 0);
  const std::string values = by_scales ? scales : sizes;
  std::vector<std::string> parts;
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    const auto index = static_cast<std::int64_t>(place[static_cast<std::size_t>(axis)]);
    if (index < static_cast<std::int64_t>(given->size()))
      parts.push_back(sliced(rewrite, values, 0, index, index + 1));
    else
      parts.push_back(by_scales ? rewrite.add(float_list({1}), "scale") : size_of_axis(rewrite, x, axis));
  }
  rewrite.set_input(by_scales ? 2 : 3, joined(rewrite, parts));
  rewrite.remove("axes");
}

void lower_resize_19(NodeRewrite& rewrite) {
  if (rewrite.text("coordinate_transformation_mode", "half_pixel") == "half_pixel_symmetric")
    rewrite.refuse("coordinate_transformation_mode half_pixel_symmetric came with operator set 19");
}

}  // namespace

std::vector<Adapter> resize_adapters() {
  return {
      {"Upsample", 7, raise_upsample_7},
      {"Upsample", 9, raise_upsample_9, lower_upsample_9},
      {"Upsample", 10, raise_upsample_10},
      {"Resize", 10, nullptr, lower_resize_10},
      {"Resize", 11, raise_resize_11, lower_resize_11},
      {"Resize", 13, raise_resize_13, lower_resize_13},
      {"Resize", 18, nullptr, lower_resize_18},
      {"Resize", 19, nullptr, lower_resize_19},
  };
}

}  // namespace lapidary
