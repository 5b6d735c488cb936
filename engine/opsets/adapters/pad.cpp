#include <algorithm>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

void raise_2(NodeRewrite& rewrite) {
  for (auto& attribute : rewrite.node.attributes)
    if (attribute.name == "paddings") attribute.name = "pads";
}

void raise_11(NodeRewrite& rewrite) {
  rewrite.attribute_to_input("pads", 1);
  const auto value = static_cast<double>(rewrite.real("value", 0));
  if (value != 0) rewrite.set_input(2, rewrite.number(value, rewrite.element(rewrite.input(0)), "value"));
  rewrite.remove("value");
}

void lower_11(NodeRewrite& rewrite) {
  rewrite.input_to_attribute(1, "pads");
  if (!rewrite.has_input(2)) return;
  const Tensor* value = rewrite.constant(rewrite.input(2));
  if (!value || value->size() != 1)
    rewrite.refuse("its value is computed, where operator set " + std::to_string(rewrite.opset()) +
                   " needs a constant");
  const double exact = values_as<double>(*value)[0];
  if (static_cast<double>(static_cast<float>(exact)) != exact && exact == exact)
    rewrite.refuse("its value has more digits than the attribute of operator set 10 holds");
  rewrite.set("value", static_cast<float>(exact));
  rewrite.set_input(2, {});
}

/// Before 18 pads are given for all axes.
void lower_18(NodeRewrite& rewrite) {
  if (!rewrite.has_input(3)) return;
  const Integers axes = rewrite.needed_integers(3, "axes"), pads = rewrite.needed_integers(1, "pads");
  const std::int64_t rank = rewrite.rank(rewrite.input(0));
  Integers all(static_cast<std::size_t>(2 * rank), 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(non_negative(axes[i], rank));
    all.at(axis) = pads.at(i);
    all.at(axis + static_cast<std::size_t>(rank)) = pads.at(i + axes.size());
  }
  rewrite.set_input(1, rewrite.integers_value(all, "pads"));
  rewrite.set_input(3, {});
}

void lower_19(NodeRewrite& rewrite) {
  if (rewrite.text("mode", "constant") == "wrap")
    rewrite.refuse("the mode wrap of Pad came with operator set 19");
}

/// The sizes before and behind follow from half the difference, rounded towards zero.
void lower_center_crop_pad_18(NodeRewrite& rewrite) {
  const Dims dims = rewrite.dims(rewrite.input(0));
  const auto rank = static_cast<std::int64_t>(dims.size());
  const Integers sizes = rewrite.needed_integers(1, "sizes");
  Integers axes = rewrite.integers("axes").value_or(Integers());
  if (!rewrite.has("axes"))
    for (std::int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  Integers pads(static_cast<std::size_t>(2 * rank), 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(non_negative(axes[i], rank));
    const std::int64_t more = sizes.at(i) - dims.at(axis);
    pads[axis] = more / 2;
    pads[axis + static_cast<std::size_t>(rank)] = more - more / 2;
  }
  rewrite.become("Pad", {rewrite.input(0), rewrite.integers_value(pads, "pads")});
}

}  // namespace

std::vector<Adapter> pad_adapters() {
  return {
      {"Pad", 2, raise_2},
      {"Pad", 11, raise_11, lower_11},
      {"Pad", 18, nullptr, lower_18},
      {"Pad", 19, nullptr, lower_19},
      {"CenterCropPad", 18, nullptr, lower_center_crop_pad_18},
  };
}

}  // namespace lapidary
