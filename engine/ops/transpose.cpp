// Elements in another order: Transpose, DepthToSpace, SpaceToDepth, ReverseSequence.

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

// --- Transpose ---

/// The attribute `perm`, or all axes in reverse; nothing if it is no permutation of `rank` axes.
std::optional<std::vector<std::int64_t>> permutation(std::vector<std::int64_t> perm, bool given,
                                                     std::size_t rank) {
  auto order = all_axes(rank);
  if (!given) return std::vector<std::int64_t>(order.rbegin(), order.rend());
  if (!std::is_permutation(perm.begin(), perm.end(), order.begin(), order.end())) return std::nullopt;
  return perm;
}

void transpose(KernelContext& context) {
  const Tensor& data = context.input(0);
  const auto given = context.integers("perm");
  const auto perm = permutation(given, context.has_attribute("perm"), data.dims().size());
  if (!perm)
    throw Error("perm " + to_string(given) + " is no order of " + std::to_string(data.rank()) + " axes");
  context.set_output(0, transposed(data, *perm));
}

void infer_transpose(InferenceContext& context) {
  const auto& from = context.input_shape(0);
  std::optional<Shape> result;
  if (from) {
    const auto perm = permutation(context.integers("perm"), context.has_attribute("perm"), from->size());
    if (!perm) context.report("perm is no order of " + std::to_string(from->size()) + " axes");
    if (perm) result.emplace();
    for (std::size_t i = 0; perm && i < perm->size(); ++i)
      result->push_back((*from)[static_cast<std::size_t>((*perm)[i])]);
    if (from->size() == 1) pass_values(context);
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

// --- DepthToSpace, SpaceToDepth: [N, C, H, W] ---

std::int64_t block_size(const KernelContext& context) {
  const auto block = context.integer("blocksize", 0);
  if (context.input(0).rank() != 4) throw Error("a tensor of [N, C, H, W] is needed");
  if (block <= 0 || block > INT32_MAX) throw Error("blocksize must be positive");
  return block;
}

void depth_to_space(KernelContext& context) {
  const Tensor& data = context.input(0);
  const std::int64_t b = block_size(context);
  const std::int64_t n = data.dims()[0], c = data.dims()[1], h = data.dims()[2], w = data.dims()[3];
  if (c % (b * b) != 0)
    throw Error(std::to_string(c) + " channels cannot be spread over blocks of " + std::to_string(b) + " × " +
                std::to_string(b));
  const std::int64_t plane = h * w, depth = c / (b * b);
  // Channel of the input for output channel d and place (i, j) in the block: (i·b + j)·depth + d in DCR
  // order, d·b² + i·b + j in CRD order.
  const std::string mode = context.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") throw Error("mode '" + mode + "' is neither DCR nor CRD");
  const bool depth_first = mode == "DCR";
  const std::int64_t row = (depth_first ? b * depth : b) * plane, column = (depth_first ? depth : 1) * plane;
  const std::int64_t channel = (depth_first ? 1 : b * b) * plane;
  context.set_output(0, strided_copy(data, {n, depth, h, b, w, b}, 0, {c * plane, channel, w, row, 1, column})
                            .reshaped({n, depth, h * b, w * b}));
}

void space_to_depth(KernelContext& context) {
  const Tensor& data = context.input(0);
  const std::int64_t b = block_size(context);
  const std::int64_t n = data.dims()[0], c = data.dims()[1], h = data.dims()[2], w = data.dims()[3];
  if (h % b != 0 || w % b != 0)
    throw Error(to_string(data.dims()) + " cannot be cut into blocks of " + std::to_string(b) + " × " +
                std::to_string(b));
  context.set_output(0, strided_copy(data, {n, b, b, c, h / b, w / b}, 0, {c * h * w, w, 1, h * w, b * w, b})
                            .reshaped({n, c * b * b, h / b, w / b}));
}

void infer_blocks(InferenceContext& context, bool to_space) {
  const auto& from = context.input_shape(0);
  const auto block = context.integer("blocksize", 0);
  Shape result = unknown_shape(4);
  if (from && from->size() != 4)
    context.report("a tensor of [N, C, H, W] is needed, not " + to_string(*from));
  if (from && from->size() == 4 && block > 0 && block <= INT32_MAX) {
    const Dimension side(block), area(block * block);
    const auto bigger = [](const Dimension& size, const Dimension& by) { return size * by; };
    const auto& s = *from;
    result = to_space ? Shape{s[0], floor_div(s[1], area), bigger(s[2], side), bigger(s[3], side)}
                      : Shape{s[0], bigger(s[1], area), floor_div(s[2], side), floor_div(s[3], side)};
  }
  context.set_output(0, context.input_element(0), std::move(result));
}

void infer_depth_to_space(InferenceContext& context) { infer_blocks(context, true); }
void infer_space_to_depth(InferenceContext& context) { infer_blocks(context, false); }

// --- ReverseSequence ---

void reverse_sequence(KernelContext& context) {
  const Tensor& data = context.input(0);
  const auto time_axis = context.integer("time_axis", 0), batch_axis = context.integer("batch_axis", 1);
  const bool in_order = (time_axis == 0 && batch_axis == 1) || (time_axis == 1 && batch_axis == 0);
  if (data.rank() < 2 || !in_order) throw Error("time and batch must be the first two axes");
  const Dims& dims = data.dims();
  const std::int64_t times = dims[static_cast<std::size_t>(time_axis)];
  const std::int64_t batches = dims[static_cast<std::size_t>(batch_axis)];
  const auto lengths = context.integers(1);
  if (static_cast<std::int64_t>(lengths.size()) != batches)
    throw Error("sequence_lens must have one length for each of " + std::to_string(batches) + " batches");
  for (const auto length : lengths)
    if (length < 0 || length > times)
      throw Error("a length of " + std::to_string(length) + " is outside [0, " + std::to_string(times) + "]");
  const std::int64_t inner = count_between(dims, 2, dims.size());
  Tensor& output = context.output(0, data.type(), dims);
  if (output.size() == 0) return;
  const std::int64_t time_step = time_axis == 0 ? batches * inner : inner;
  const std::int64_t batch_step = time_axis == 0 ? inner : times * inner;
  dispatch_by_size(data.type(), [&]<class T>() {
    for (std::int64_t b = 0; b < batches; ++b)
      for (std::int64_t t = 0; t < times; ++t) {
        const std::int64_t length = lengths[static_cast<std::size_t>(b)];
        const std::int64_t source = t < length ? length - 1 - t : t;
        std::copy_n(elements<T>(data) + b * batch_step + source * time_step, inner,
                    mutable_elements<T>(output) + b * batch_step + t * time_step);
      }
  });
}

// --- records ---

void register_blocks(OperatorTable& table) {
  const Operator depth_to_space_1 =
      Operator("DepthToSpace", 1, OperatorKind::ShapeAndLayout)
          .summary("Spreads channels over square blocks of pixels: [N, C, H, W] becomes [N, C/b², H·b, W·b].")
          .input("input", "T", "Values [N, C, H, W].")
          .output("output", "T", "The values in their new places.")
          .required_attribute("blocksize", AttributeType::Int, "Side b of a block.")
          .infer(infer_depth_to_space)
          .kernel(depth_to_space)
          .example("input = float[1, 4, 1, 2]{1..8}; blocksize = 2")
          .cost(no_arithmetic());
  table.add(depth_to_space_1.at(1).constraint("T", types::all()));
  table.add_widened(
      Operator(depth_to_space_1)
          .attribute("mode", std::string("DCR"),
                     "Order inside the channels: DCR has the place in the block first, CRD last."),
      "T", {11, 13});
  table.add_widened(
      Operator("SpaceToDepth", 1, OperatorKind::ShapeAndLayout)
          .summary("Gathers square blocks of pixels into channels: [N, C, H, W] becomes [N, C·b², H/b, W/b].")
          .input("input", "T", "Values [N, C, H, W].")
          .output("output", "T", "The values in their new places.")
          .required_attribute("blocksize", AttributeType::Int, "Side b of a block.")
          .infer(infer_space_to_depth)
          .kernel(space_to_depth)
          .example("input = float[1, 1, 2, 4]{1..8}; blocksize = 2")
          .cost(no_arithmetic()),
      "T", {1, 13});
}

}  // namespace

void register_transpose(OperatorTable& table) {
  table.add_widened(
      Operator("Transpose", 1, OperatorKind::ShapeAndLayout)
          .summary("Axes in another order.")
          .input("data", "T", "The tensor to transpose.")
          .output("transposed", "T", "The tensor with its axes in the new order.")
          .optional_attribute("perm", AttributeType::Ints,
                              "Which input axis each output axis is; all in reverse if left out.")
          .infer(infer_transpose)
          .kernel(transpose)
          .example("data = float[2, 3]{1..6}; perm = [1, 0]")
          .cost(no_arithmetic()),
      "T", {1, 13, 21, 23, 24, 25});
  register_blocks(table);
  table.add(Operator("ReverseSequence", 10, OperatorKind::ShapeAndLayout)
                .summary("Reverses the first elements of each sequence of a batch, each by its own length.")
                .input("input", "T", "The batch of sequences.")
                .input("sequence_lens", "tensor(int64)", "Length of each sequence, [batch].")
                .output("Y", "T", "The batch with each sequence reversed.")
                .attribute("time_axis", std::int64_t{0}, "Axis along which to reverse, 0 or 1.")
                .attribute("batch_axis", std::int64_t{1}, "Axis of the batch, the other one.")
                .constraint("T", types::all())
                .infer(same_as_input)
                .kernel(reverse_sequence)
                .example("input = float[3, 2]{1..6}; sequence_lens = int64[2]{3, 2}")
                .cost(no_arithmetic()));
}

}  // namespace lapidary
