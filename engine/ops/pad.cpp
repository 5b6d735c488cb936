// Margins: Pad, CenterCropPad.

#include <algorithm>

#include "engine/ops/arguments.h"
#include "engine/ops/broadcast.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// Which input index stands at `index` of the padded axis counted from the input's first; -1 is the constant.
std::int64_t source_index(const std::string& mode, std::int64_t index, std::int64_t size) {
  if (index >= 0 && index < size) return index;
  if (mode == "edge") return index < 0 ? 0 : size - 1;
  if (mode == "wrap") return (index % size + size) % size;
  if (mode == "reflect") {
    if (size == 1) return 0;
    const std::int64_t period = 2 * (size - 1), place = (index % period + period) % period;
    return place < size ? place : period - place;
  }
  return -1;
}

/// A stretch of an axis whose input indices follow each other.
struct Stretch {
  std::int64_t to, from, count;
};

std::vector<Stretch> stretches(const std::string& mode, std::int64_t size, std::int64_t begin,
                               std::int64_t padded) {
  std::vector<Stretch> list;
  for (std::int64_t i = 0; i < padded; ++i) {
    const std::int64_t from = source_index(mode, i - begin, size);
    if (from < 0) continue;
    if (!list.empty() && list.back().to + list.back().count == i &&
        list.back().from + list.back().count == from)
      ++list.back().count;
    else
      list.push_back({i, from, 1});
  }
  return list;
}

/// Copies what `axis` and the axes inside it take from the input; the stretches of every axis are given.
template <class T>
void copy_padded(const T* from, T* to, const std::vector<std::vector<Stretch>>& axes,
                 const Dims& from_strides, const Dims& to_strides, std::size_t axis) {
  const std::int64_t source = from_strides[axis], target = to_strides[axis];
  for (const Stretch& s : axes[axis]) {
    if (axis + 1 == axes.size()) {
      std::copy_n(from + s.from * source, s.count * source, to + s.to * target);
      continue;
    }
    for (std::int64_t i = 0; i < s.count; ++i)
      copy_padded(from + (s.from + i) * source, to + (s.to + i) * target, axes, from_strides, to_strides,
                  axis + 1);
  }
}

/// `data` with `begins[i]` elements before and `ends[i]` after each axis (fewer where negative). `value` is
/// one element, or absent for zeros.
Tensor padded(const Tensor& data, const Dims& begins, const Dims& ends, const std::string& mode,
              const Tensor& value) {
  Dims dims;
  std::size_t depth = 0;  // axes up to the last padded one; what lies inside moves as a whole
  for (std::size_t i = 0; i < begins.size(); ++i) {
    if (std::min(begins[i], ends[i]) < INT64_MIN / 4) throw Error("a padding is too far below zero");
    dims.push_back(checked_sum(data.dims()[i], checked_sum(begins[i], ends[i])));
    if (dims[i] < 0)
      throw Error("padding takes more than all of axis " + std::to_string(i) + " of " +
                  to_string(data.dims()));
    if (begins[i] != 0 || ends[i] != 0) depth = i + 1;
    if (mode != "constant" && data.dims()[i] == 0 && dims[i] != 0)
      throw Error("an axis without elements can only be padded with a constant");
  }
  if (depth == 0) return data;
  Tensor result = value.is_present() ? Tensor(data.type(), dims) : zeros_like(data, dims);
  if (result.size() == 0) return result;
  dispatch_by_size(data.type(), [&]<class T>() {
    T* to = mutable_elements<T>(result);
    if (value.is_present()) std::fill_n(to, result.size(), *elements<T>(value));
    if (data.size() == 0) return;
    std::vector<std::vector<Stretch>> axes;
    for (std::size_t i = 0; i < depth; ++i)
      axes.push_back(stretches(mode, data.dims()[i], begins[i], dims[i]));
    copy_padded(elements<T>(data), to, axes, row_major_strides(data.dims()), row_major_strides(dims), 0);
  });
  return result;
}

// --- Pad ---

/// The constant of Pad: attribute `value` before 11, input 2 from then on; absent for zeros.
Tensor pad_value(const KernelContext& context) {
  const DataType type = context.input(0).type();
  if (context.version() < 11) {
    const double value = static_cast<double>(context.real("value", 0.0f));
    return tensor_from(type, {}, std::span(&value, 1));
  }
  if (!context.has_input(2)) return {};
  const Tensor& value = context.input(2);
  if (value.size() != 1 || value.type() != type)
    throw Error("the padding value must be one element of the data's type");
  return value;
}

void pad(KernelContext& context) {
  const Tensor& data = context.input(0);
  const std::string mode = context.text("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      !(mode == "wrap" && context.version() >= 19))
    throw Error("Pad has no mode '" + mode + "'");
  const auto pads = attribute_or_input(context, context.version() == 1 ? "paddings" : "pads", 1);
  if (!pads) throw Error("Pad has no pads");
  const auto axes =
      normalized_axes(context.optional_integers(3).value_or(all_axes(data.dims().size())), data.rank());
  if (pads->size() != 2 * axes.size())
    throw Error(std::to_string(pads->size()) + " pads are given for " + std::to_string(axes.size()) +
                " axes");
  Dims begins(data.dims().size(), 0), ends = begins;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    begins[static_cast<std::size_t>(axes[i])] = (*pads)[i];
    ends[static_cast<std::size_t>(axes[i])] = (*pads)[axes.size() + i];
  }
  const Tensor value = pad_value(context);
  context.set_output(0, with_whole_elements(data, [&](const Tensor& whole) {
                       return padded(whole, begins, ends, mode, value.is_present() ? unpacked(value) : value);
                     }));
}

void infer_pad(InferenceContext& context) {
  std::optional<Shape> result = context.input_shape(0);
  if (result) {
    const Shape from = *result;
    const auto pads = attribute_or_input(context, context.version() == 1 ? "paddings" : "pads", 1).values;
    const Argument given = context.has_input(3) ? Argument{true, known_values(context, 3)} : Argument{};
    std::optional<std::vector<std::int64_t>> axes = all_axes(from.size());
    if (given.is_present)
      axes = given.integers() ? normalized_axes(context, *given.integers(), from.size()) : std::nullopt;
    if (!pads || !axes) {
      result = unknown_shape(from.size());
    } else if (pads->size() != 2 * axes->size()) {
      context.report(std::to_string(pads->size()) + " pads are given for " + std::to_string(axes->size()) +
                     " axes");
      result = unknown_shape(from.size());
    } else {
      for (std::size_t i = 0; i < axes->size(); ++i) {
        const auto axis = static_cast<std::size_t>((*axes)[i]);
        (*result)[axis] = checked_size(context, from[axis] + (*pads)[i] + (*pads)[axes->size() + i]);
      }
    }
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- CenterCropPad ---

std::vector<std::int64_t> named_axes(const Node& node, std::int64_t rank) {
  const auto all = all_axes(static_cast<std::size_t>(rank));
  return normalized_axes(node.attribute_or("axes", all), rank);
}

void center_crop_pad(KernelContext& context) {
  const Tensor& data = context.input(0);
  const auto sizes = context.integers(1);
  const auto axes = named_axes(context.node(), data.rank());
  if (sizes.size() != axes.size())
    throw Error(std::to_string(sizes.size()) + " sizes are given for " + std::to_string(axes.size()) +
                " axes");
  Dims begins(data.dims().size(), 0), ends = begins;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (sizes[i] < 0) throw Error("a size is negative: " + to_string(sizes));
    const auto axis = static_cast<std::size_t>(axes[i]);
    const std::int64_t more = sizes[i] - data.dims()[axis];
    begins[axis] = more / 2;  // rounds towards zero: an odd element is added or cut at the end
    ends[axis] = more - more / 2;
  }
  context.set_output(0, padded(data, begins, ends, "constant", {}));
}

void infer_center_crop_pad(InferenceContext& context) {
  std::optional<Shape> result = context.input_shape(0);
  const auto sizes = known_values(context, 1);
  if (result) {
    auto axes = normalized_axes(
        context, context.has_attribute("axes") ? context.integers("axes") : all_axes(result->size()),
        result->size());
    if (!axes) axes.emplace();
    for (std::size_t i = 0; i < axes->size(); ++i)
      (*result)[static_cast<std::size_t>((*axes)[i])] =
          sizes && i < sizes->size() ? checked_size(context, (*sizes)[i]) : Dimension::unknown();
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

}  // namespace

/// Pad-1 calls its attribute `paddings`, 2 `pads`; 11 makes pads and value inputs; 18 adds axes, 19 the mode
/// wrap.
void register_pad(OperatorTable& table) {
  const Operator base =
      Operator("Pad", 1, OperatorKind::ShapeAndLayout)
          .summary("Adds margins to a tensor, or cuts them where a pad is negative.")
          .input("data", "T", "The tensor to pad.")
          .output("output", "T", "The tensor with its margins.")
          .attribute("mode", std::string("constant"),
                     "What stands in the margin: constant, reflect, edge, and from 19 on wrap.")
          .constraint("T", types::floats())
          .infer(infer_pad)
          .kernel(pad)
          .cost(no_arithmetic());
  const std::string meaning = "Elements to add before each axis, then after each.";
  const Operator with_value = Operator(base).attribute("value", 0.0f, "The constant.");
  table.add(with_value.at(1)
                .required_attribute("paddings", AttributeType::Ints, meaning)
                .example("data = float[2, 2]{1..4}; paddings = [0, 1, 0, 1]"));
  table.add(with_value.at(2)
                .required_attribute("pads", AttributeType::Ints, meaning)
                .example("data = float[2, 2]{1..4}; pads = [0, 1, 0, 1]"));
  const Operator pad_11 =
      base.at(11)
          .input("pads", "tensor(int64)", meaning)
          .example("data = float[2, 2]{1..4}; pads = int64[4]{0, 1, 0, 1}; constant_value = float{9}")
          .optional_input("constant_value", "T", "The constant; zero, false or empty if left out.")
          .constraint("T", types::numbers());
  table.add(pad_11);
  table.add_widened(pad_11, "T", {13});
  const Operator pad_18 =
      Operator(pad_11)
          .optional_input("axes", "Tind", "Axes that the pads belong to; all if left out.")
          .constraint("Tind", types::tensors({"int32", "int64"}));
  table.add(pad_18.at(18).constraint("T", types::all_and_bfloat16()));
  table.add(pad_18.at(19).constraint("T", types::all_and_bfloat16()));
  table.add_widened(pad_18, "T", {21, 23, 24, 25});
  table.add(
      Operator("CenterCropPad", 18, OperatorKind::ShapeAndLayout)
          .summary("Cuts or pads (with zeros) around the centre until the axes have the wanted sizes.")
          .input("input_data", "T", "The tensor to fit.")
          .input("shape", "Tind", "The wanted sizes.")
          .output("output_data", "T", "The tensor in the wanted sizes.")
          .optional_attribute("axes", AttributeType::Ints, "Axes that the sizes belong to; all if left out.")
          .constraint("T", types::all_and_bfloat16())
          .constraint("Tind", types::tensors({"int32", "int64"}))
          .infer(infer_center_crop_pad)
          .kernel(center_crop_pad)
          .example("input_data = float[4]{1..4}; shape = int64[1]{2}")
          .cost(no_arithmetic()));
  table.note_change("Pad", 19, "`mode` may be wrap");
}

}  // namespace lapidary
