#include <algorithm>
#include <numeric>

#include "engine/ops/convolution.h"
#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/microsoft.h"

namespace lapidary::microsoft {
namespace {

/// The domain com.microsoft.nchwc: what ONNX Runtime's optimizer makes of convolutions and poolings. Tensors
/// have sizes [N, C, H, W], C a multiple of the block, but memory in the order [N, C/block, H, W, block].
/// Files that hold such nodes were saved for one kind of processor: the block is 16 with AVX-512, else 8, and
/// stands nowhere in the file.

constexpr const char* nchwc = "com.microsoft.nchwc";

/// The block of this machine, as ONNX Runtime would choose it.
std::int64_t machine_block() {
#if defined(__x86_64__)
  static const std::int64_t block = __builtin_cpu_supports("avx512f") ? 16 : 8;
  return block;
#else
  return 16;
#endif
}

/// That block, which must divide the channels of every tensor in blocks.
std::int64_t block_of(std::int64_t channels) {
  const std::int64_t block = machine_block();
  if (channels % block != 0)
    throw Error(std::to_string(channels) + " channels do not stand in blocks of " + std::to_string(block))
        .advice(
            "The file was saved for another kind of processor: save it again without layout optimization");
  return block;
}

Tensor plain(const Tensor& blocked) {
  const Dims& d = blocked.dims();
  if (d.size() != 4) throw Error("a tensor in blocks needs rank 4, not " + to_string(d));
  const std::int64_t block = block_of(d[1]);
  return transposed(blocked.reshaped({d[0], d[1] / block, d[2], d[3], block}), {0, 1, 4, 2, 3}).reshaped(d);
}

/// Channels are filled up with zeros to a multiple of the block.
Tensor blocked(const Tensor& tensor) {
  Tensor x = tensor;
  Dims d = tensor.dims();
  if (d.size() != 4) throw Error("a tensor in blocks needs rank 4, not " + to_string(d));
  const std::int64_t block = machine_block();
  const std::int64_t missing = (block - d[1] % block) % block;
  if (missing > 0) x = concatenated({x, zeros_like(x, {d[0], missing, d[2], d[3]})}, 1);
  d[1] += missing;
  return transposed(x.reshaped({d[0], d[1] / block, block, d[2], d[3]}), {0, 1, 3, 4, 2}).reshaped(d);
}

// --- Conv ---

/// How a convolution's weights [M, I, kH, kW] lie in memory.
enum class WeightOrder {
  OutputBlocks,  ///< [M/block, I, kH, kW, block]: few input channels, or one for each output channel
  BothBlocks     ///< [M/block, I/block, kH, kW, block of I, block of M]
};

Tensor plain_weights(const Tensor& w, WeightOrder order) {
  const Dims& d = w.dims();
  const std::int64_t block = block_of(d[0]);
  if (order == WeightOrder::OutputBlocks)
    return transposed(w.reshaped({d[0] / block, d[1], d[2], d[3], block}), {0, 4, 1, 2, 3}).reshaped(d);
  if (d[1] % block != 0) throw Error("weights of " + to_string(d) + " do not stand in blocks");
  return transposed(w.reshaped({d[0] / block, d[1] / block, d[2], d[3], block, block}), {0, 5, 1, 4, 2, 3})
      .reshaped(d);
}

void convolution(KernelContext& context) {
  const Tensor &x = context.input(0), &w = context.input(1);
  if (w.rank() != 4 || x.rank() != 4) throw Error("a convolution in blocks has two spatial axes");
  const std::int64_t group = context.integer("group", 1);
  // An image has so few channels that it is read as it is.
  const bool is_image = group == 1 && w.dims()[1] < block_of(w.dims()[0]);
  const bool by_output = is_image || (group > 1 && w.dims()[1] == 1);
  const Tensor weights = plain_weights(w, by_output ? WeightOrder::OutputBlocks : WeightOrder::BothBlocks);
  Tensor y = compute(
      context, "Conv", {is_image ? x : plain(x), weights, input_or_absent(context, 2)},
      attributes_of(context.node(), {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}));
  if (context.has_input(3)) y = compute(context, "Add", {y, plain(context.input(3))});
  context.set_output(0, blocked(activated(context, y, read_activation(context.node()))));
}

// --- the others: computed on plain tensors ---

template <const char* op_type>
void pool(KernelContext& context) {
  const Tensor y =
      compute(context, op_type, {plain(context.input(0))},
              attributes_of(context.node(), {"auto_pad", "ceil_mode", "count_include_pad", "dilations",
                                             "kernel_shape", "pads", "storage_order", "strides"}));
  context.set_output(0, blocked(y));
}

template <const char* op_type>
void global_pool(KernelContext& context) {
  context.set_output(0, blocked(compute(context, op_type, {plain(context.input(0))})));
}

void reorder_input(KernelContext& context) {
  const Tensor& x = context.input(0);
  context.set_output(0, blocked(context.integer("channels_last", 0) != 0 ? channels_first(x) : x));
}

void reorder_output(KernelContext& context) {
  const Tensor y = section(plain(context.input(0)), 1, 0, context.integer("channels", 0));
  context.set_output(0, context.integer("channels_last", 0) != 0 ? channels_last(y) : y);
}

void upsample(KernelContext& context) {
  auto factors = context.integers("scales");
  if (factors.empty()) factors.assign(4, 1);
  if (factors.size() != 4) throw Error("scales needs one factor for each of four axes");
  const std::vector<float> scales(factors.begin(), factors.end());
  Attributes attributes = attributes_of(context.node(), {"coordinate_transformation_mode", "mode"});
  attributes.emplace_back("nearest_mode", std::string("floor"));
  if (!context.has_attribute("coordinate_transformation_mode"))
    attributes.emplace_back("coordinate_transformation_mode", std::string("asymmetric"));
  const Tensor y =
      compute(context, "Resize", {plain(context.input(0)), {}, Tensor::of({4}, scales)}, attributes);
  context.set_output(0, blocked(y));
}

// --- inference ---

void infer_reorder_input(InferenceContext& context) {
  Type x = context.input_type(0);
  if (context.integer("channels_last", 0) != 0) x = channels_first(x);
  if (x.shape && x.shape->size() == 4)
    (*x.shape)[1] = ceil_div((*x.shape)[1], machine_block()) * machine_block();
  context.set_output(0, x);
}

void infer_reorder_output(InferenceContext& context) {
  Type y = context.input_type(0);
  if (y.shape && y.shape->size() == 4) (*y.shape)[1] = context.integer("channels", 0);
  context.set_output(0, context.integer("channels_last", 0) != 0 ? channels_last(y) : y);
}

void infer_upsample(InferenceContext& context) {
  Type y = context.input_type(0);
  const auto factors = context.integers("scales");
  if (y.shape && factors.size() == y.shape->size())
    for (std::size_t i = 0; i < factors.size(); ++i) (*y.shape)[i] = (*y.shape)[i] * factors[i];
  context.set_output(0, y);
}

// --- records ---

constexpr char max_pool[] = "MaxPool", average_pool[] = "AveragePool", global_max_pool[] = "GlobalMaxPool",
               global_average_pool[] = "GlobalAveragePool";

Operator in_blocks(const char* name, OperatorKind kind, const char* summary, KernelFunction kernel) {
  return Operator(name, 1, kind, nchwc).summary(summary).constraint("T", {"tensor(float)"}).kernel(kernel);
}

void register_convolution(OperatorTable& table) {
  Operator base =
      in_blocks("Conv", OperatorKind::MatrixAndConvolution,
                "Convolution of a tensor in blocks of channels, with weights in blocks too; then a residual "
                "is added and an activation applied. The block is 16 on machines with AVX-512, else 8.",
                convolution);
  with_window_attributes(with_activation(base));
  table.add(
      base.input("X", "T", "Values in blocks; an image of few channels as it is.")
          .input("W", "T", "Weights [M, C/group, kH, kW] in blocks.")
          .optional_input("B", "T", "Bias [M].")
          .optional_input("Sum", "T", "Added before the activation, in blocks.")
          .output("Y", "T", "Result in blocks.")
          .infer(reporting_errors([](InferenceContext& context) {
            context.set_output(0, context.input_element(0), convolution_shape(context, 1));
          }))
          .cost([](const CostContext& context) {
            return convolution_cost(context, 1, context.output_dims(0), 2);
          })
          .example("X = float[1, 1, 1, 2]{1, 2}; W = float[16, 1, 1, 1]{1..16}; activation = \"Relu\""));
}

void register_pools(OperatorTable& table) {
  const auto window = [](const char* name, const char* summary, KernelFunction kernel) {
    return in_blocks(name, OperatorKind::PoolingAndReduction, summary, kernel)
        .attribute("auto_pad", std::string("NOTSET"),
                   "How padding is found: NOTSET, SAME_UPPER, SAME_LOWER or VALID.")
        .attribute("ceil_mode", std::int64_t{0}, "1 if a last window that is not full counts too.")
        .optional_attribute("dilations", AttributeType::Ints, "Distance between neighbouring positions; 1.")
        .required_attribute("kernel_shape", AttributeType::Ints, "Sizes of the window.")
        .optional_attribute("pads", AttributeType::Ints,
                            "Positions added: beginnings of all axes, then ends; 0.")
        .optional_attribute("strides", AttributeType::Ints, "Step of the window; 1.")
        .input("X", "T", "Values in blocks.")
        .output("Y", "T", "Result in blocks.")
        .infer(infer_as(name))
        .cost(cost_as(name))
        .example("X = float[1, 16, 1, 2]{1..32}; kernel_shape = [1, 2]");
  };
  table.add(
      window("MaxPool", "Greatest value of each window, of a tensor in blocks of channels.", pool<max_pool>)
          .attribute("storage_order", std::int64_t{0}, "Without effect here."));
  table.add(
      window("AveragePool", "Mean of each window, of a tensor in blocks of channels.", pool<average_pool>)
          .attribute("count_include_pad", std::int64_t{0}, "1 if padding counts as zeros."));
  const auto global = [](const char* name, const char* summary, KernelFunction kernel) {
    return in_blocks(name, OperatorKind::PoolingAndReduction, summary, kernel)
        .input("X", "T", "Values in blocks.")
        .output("Y", "T", "Result [N, C, 1, 1] in blocks.")
        .infer(infer_as(name))
        .cost(per_input_element(1))
        .example("X = float[1, 16, 1, 2]{1..32}");
  };
  table.add(global("GlobalMaxPool", "Greatest value of each channel, of a tensor in blocks of channels.",
                   global_pool<global_max_pool>));
  table.add(global("GlobalAveragePool", "Mean of each channel, of a tensor in blocks of channels.",
                   global_pool<global_average_pool>));
}

void register_moves(OperatorTable& table) {
  table.add(in_blocks("ReorderInput", OperatorKind::ShapeAndLayout,
                      "Brings a tensor into blocks of channels: 16 on machines with AVX-512, else 8.",
                      reorder_input)
                .attribute("channels_last", std::int64_t{0}, "1 if channels are the last axis of X.")
                .input("X", "T", "Values [N, C, H, W] or [N, H, W, C].")
                .output("Y", "T", "The same in blocks; zeros fill up the channels.")
                .infer(infer_reorder_input)
                .cost(no_arithmetic())
                .example("X = float[1, 16, 1, 2]{1..32}"));
  table.add(in_blocks("ReorderOutput", OperatorKind::ShapeAndLayout,
                      "Brings a tensor in blocks of channels back.", reorder_output)
                .required_attribute("channels", AttributeType::Int,
                                    "Channels of the result, less what was filled up.")
                .attribute("channels_last", std::int64_t{0}, "1 if channels are to be the last axis.")
                .input("X", "T", "Values in blocks.")
                .output("Y", "T", "The same as [N, C, H, W] or [N, H, W, C].")
                .infer(infer_reorder_output)
                .cost(no_arithmetic())
                .example("X = float[1, 16, 1, 2]{1..32}; channels = 3"));
  table.add(
      in_blocks("Upsample", OperatorKind::PoolingAndReduction,
                "Enlarges a tensor in blocks of channels by whole factors.", upsample)
          .attribute("coordinate_transformation_mode", std::string("asymmetric"),
                     "How positions of the result are found in X: asymmetric, align_corners or half_pixel.")
          .attribute("mode", std::string("nearest"), "nearest or linear.")
          .optional_attribute("scales", AttributeType::Ints, "Factors of the four axes; 1.")
          .input("X", "T", "Values in blocks.")
          .output("Y", "T", "Result in blocks.")
          .infer(infer_upsample)
          .cost(per_element(4))
          .example("X = float[1, 16, 1, 2]{1..32}; scales = [1, 1, 1, 2]"));
}

}  // namespace

void register_nchwc(OperatorTable& table) {
  register_convolution(table);
  register_pools(table);
  register_moves(table);
}

}  // namespace lapidary::microsoft
