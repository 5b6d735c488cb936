#include "engine/ops/arguments.h"
#include "engine/ops/microsoft/microsoft.h"

namespace lapidary::microsoft {
namespace {

/// Operators that the standard took over later, and what differs.

Tensor as_scalar(const KernelContext& context, std::size_t index) {
  const Tensor& tensor = context.input(index);
  if (tensor.size() != 1) throw Error("one number is needed, not " + std::to_string(tensor.size()));
  return tensor.reshaped({});
}

void range(KernelContext& context) {
  const Tensor start = as_scalar(context, 0);
  const Tensor step =
      context.has_input(2) ? as_scalar(context, 2) : tensor_from(start.type(), {}, std::vector<double>{1});
  context.set_output(0, compute(context, "Range", {start, as_scalar(context, 1), step}));
}

void infer_range(InferenceContext& context) {
  if (context.has_input(2)) return infer_as("Range")(context);
  Dimension count;
  const auto start = known_integers(context, 0), limit = known_integers(context, 1);
  if (start && limit && start->size() == 1 && limit->size() == 1)
    count = std::max<std::int64_t>(0, limit->front() - start->front());
  context.set_output(0, context.input_element(0), Shape{count});
}

void expand_dims(KernelContext& context) {
  const Tensor axis = Tensor::of<std::int64_t>({1}, {single_integer(context, 1)});
  context.set_output(0, compute(context, "Unsqueeze", {context.input(0), axis}));
}

void infer_expand_dims(InferenceContext& context) {
  auto shape = context.input_shape(0);
  const auto axis = known_integers(context, 1);
  if (shape && axis && axis->size() == 1) {
    if (const auto at = normalized_axis(context, axis->front(), shape->size() + 1))
      shape->insert(shape->begin() + *at, Dimension(1));
  } else if (shape) {
    shape = unknown_shape(shape->size() + 1);
  }
  context.set_output(0, context.input_element(0), shape);
}

/// Pads may be written as one row of a matrix.
void pad(KernelContext& context) {
  const Tensor& pads = context.input(1);
  Tensor value = input_or_absent(context, 2);
  if (value.is_present()) value = as_scalar(context, 2);
  context.set_output(0, compute(context, "Pad", {context.input(0), pads.reshaped({pads.size()}), value},
                                attributes_of(context.node(), {"mode"})));
}

void infer_pad(InferenceContext& context) {
  const auto& pads = context.input_shape(1);
  if (pads && pads->size() == 1) return infer_as("Pad")(context);
  const auto& x = context.input_shape(0);
  context.set_output(0, context.input_element(0), x ? std::optional(unknown_shape(x->size())) : std::nullopt);
}

/// Values in the order in which they first come, where each element is among them, and how often they come.
void unique(KernelContext& context) {
  auto outputs = compute_all(context, "Unique", {context.input(0)}, {{"sorted", std::int64_t{0}}}, 4);
  context.set_output(0, std::move(outputs[0]));
  context.set_output(1, std::move(outputs[2]));
  context.set_output(2, std::move(outputs[3]));
}

void infer_unique(InferenceContext& context) {
  context.set_output(0, context.input_element(0), Shape(1));
  context.set_output(1, DataType::Int64, context.input_shape(0));
  context.set_output(2, DataType::Int64, Shape(1));
}

void register_creators(OperatorTable& table) {
  table.add(record("Range", OperatorKind::ShapeAndLayout)
                .summary("start, start + delta, start + 2·delta, … below the limit.")
                .input("start", "T", "First number: a scalar, or [1].")
                .input("limit", "T", "What is not reached.")
                .optional_input("delta", "T", "Step; 1 if absent.")
                .output("Y", "T", "The numbers, [count].")
                .constraint("T", types::tensors({"float", "double", "int16", "int32", "int64"}))
                .infer(infer_range)
                .kernel(range)
                .cost(per_element(1))
                .example("start = float{1}; limit = float{4}"));
  table.add(record("ExpandDims", OperatorKind::ShapeAndLayout)
                .summary("Inserts an axis of size 1.")
                .input("X", "T", "The tensor to work on.")
                .input("axis", "tensor(int32)",
                       "Where the new axis stands in the result; negative counts from the end.")
                .output("Y", "T", "The same elements.")
                .constraint("T", types::all())
                .infer(infer_expand_dims)
                .kernel(expand_dims)
                .cost(no_arithmetic())
                .example("X = float[2]{1, 2}; axis = int32{-1}"));
  table.add(record("Unique", OperatorKind::ShapeAndLayout)
                .summary("The distinct values of a vector in the order in which they first come.")
                .input("x", "T", "A vector.")
                .output("y", "T", "Each value once.")
                .output("idx", "tensor(int64)", "For each element of x its place in y.")
                .output("counts", "tensor(int64)", "How often each value comes.")
                .constraint("T", types::all())
                .infer(infer_unique)
                .kernel(unique)
                .cost(unknown_cost())
                .example("x = int64[6]{2, 1, 1, 3, 4, 3}"));
}

/// The name and meaning that the standard's operator has had from the beginning.
Operator standard_twin(const char* name, OperatorKind kind, const char* summary, KernelFunction kernel) {
  return record(name, kind).summary(summary).kernel(kernel).infer(infer_as(name)).cost(cost_as(name));
}

void register_standard_twins(OperatorTable& table) {
  using types::operator+;
  table.add(standard_twin("Trilu", OperatorKind::ShapeAndLayout,
                          "The upper or lower triangle of matrices; zero elsewhere.",
                          [](KernelContext& context) { run_as(context, "Trilu"); })
                .attribute("upper", std::int64_t{1}, "1 to keep what is above the diagonal, 0 what is below.")
                .input("X", "T", "Matrices […, N, M].")
                .optional_input("k", "tensor(int64)",
                                "Scalar: the diagonal; 0 is the main one, above it counts up.")
                .output("Y", "T", "Triangles, of the sizes of X.")
                .constraint("T", types::numbers_and_bfloat16() + types::tensors({"bool"}))
                .example("X = float[2, 2]{1, 2, 3, 4}; k = int64{1}"));
  table.add(standard_twin("GatherND", OperatorKind::ShapeAndLayout,
                          "Slices of a tensor, each named by a tuple of indices.",
                          [](KernelContext& context) { run_as(context, "GatherND"); })
                .input("data", "T", "Where slices are taken from.")
                .input("indices", "Tind", "Tuples in the last axis, […, K].")
                .output("output", "T", "Slices […, sizes of data behind the first K].")
                .constraint("T", types::all())
                .constraint("Tind", types::tensors({"int32", "int64"}))
                .example("data = float[2, 2]{1, 2, 3, 4}; indices = int64[2, 1]{1, 0}"));
  table.add(record("Pad", OperatorKind::ShapeAndLayout)
                .summary("Adds elements around a tensor, or cuts them off where a pad is negative.")
                .attribute("mode", std::string("constant"), "constant, reflect or edge.")
                .input("data", "T", "What is padded.")
                .input("pads", "tensor(int64)", "Beginnings of all axes, then ends: [2·rank] or [1, 2·rank].")
                .optional_input("value", "T", "One number: what stands in the padding of mode constant; 0.")
                .output("output", "T", "The padded tensor.")
                .constraint("T", types::floats())
                .infer(infer_pad)
                .kernel(pad)
                .cost(no_arithmetic())
                .example("data = float[1, 2]{1, 2}; pads = int64[4]{0, 1, 1, 0}; value = float{9}"));
  table.add(
      record("GridSample", OperatorKind::PoolingAndReduction)
          .summary("Samples images at the places that a grid names, with interpolation.")
          .attribute("align_corners", std::int64_t{0},
                     "1: -1 and 1 are centres of corner pixels; 0: their edges.")
          .attribute("mode", std::string("bilinear"), "bilinear, nearest or bicubic.")
          .attribute("padding_mode", std::string("zeros"), "Beyond the image: zeros, border or reflection.")
          .input("X", "T1", "Images [N, C, H, W].")
          .input("Grid", "T1", "Places [N, Hout, Wout, 2] as x and y from -1 to 1.")
          .output("Y", "T2", "Samples [N, C, Hout, Wout].")
          .constraint("T1", types::all())
          .constraint("T2", types::floats())
          .infer(infer_as("GridSample", {}, 16))
          .kernel([](KernelContext& context) { run_as(context, "GridSample", 16); })
          .cost(cost_as("GridSample"))
          .example("X = float[1, 1, 2, 2]{1, 2, 3, 4}; Grid = float[1, 1, 2, 2]{0, 0, -1, -1}; align_corners "
                   "= 1"));
}

}  // namespace

void register_shape(OperatorTable& table) {
  register_creators(table);
  register_standard_twins(table);
}

}  // namespace lapidary::microsoft
