#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "engine/cpu/kernels.h"
#include "engine/cpu/parallel.h"
#include "engine/cpu/products.h"
#include "engine/cpu/session.h"
#include "engine/cpu/vector_kernels.h"

// Products of 8-bit integers through oneDNN. Only on machines whose instructions add pairs of 8-bit products
// to 32 bits (VNNI): older ones saturate the pairs at 16 bits, which gives other numbers.
namespace lapidary::cpu {
namespace {

using dnnl::memory;

bool is_8_bit(DataType type) { return type == DataType::UInt8 || type == DataType::Int8; }

bool is_plain_loop(const dnnl::primitive_desc_base& description) {
  return std::string_view(description.impl_info_str()).starts_with("ref");
}

/// Made of a float32 product and its conversions: no reference kernel stands behind it.
bool is_recognized(const LoweredNode& node) { return node.node->op_type != node.op; }

/// Constant numbers as float; nothing if the input is there and not constant. A missing one is 0.
std::optional<std::vector<float>> numbers_of(const LoweredGraph& graph, const LoweredNode& node,
                                             std::size_t slot) {
  if (!graph.has_input(node, slot)) return std::vector<float>{0.0f};
  const Tensor* constant = graph.constant(node, slot);
  return constant ? std::optional(values_as<float>(*constant)) : std::nullopt;
}

/// Weights as int8 with their zero points: those of uint8 are moved by 128, which changes nothing else.
struct Weights {
  Tensor bytes;
  std::vector<float> zero_points;
  bool is_symmetric() const {
    return std::all_of(zero_points.begin(), zero_points.end(), [](float zero) { return zero == 0; });
  }
};

std::optional<Weights> weights_of(const LoweredGraph& graph, const LoweredNode& node, std::size_t slot,
                                  std::size_t zero_slot) {
  const Tensor* constant = graph.constant(node, slot);
  auto zeros = numbers_of(graph, node, zero_slot);
  if (!constant || !is_8_bit(constant->type()) || !zeros) return std::nullopt;
  Weights made{*constant, std::move(*zeros)};
  if (constant->type() == DataType::Int8) return made;
  made.bytes = Tensor(DataType::Int8, constant->dims());
  std::transform(constant->bytes().begin(), constant->bytes().end(), made.bytes.mutable_bytes(),
                 [](std::byte b) { return b ^ std::byte{0x80}; });
  for (float& zero : made.zero_points) zero -= 128;
  return made;
}

// --- convolution ---

/// Another 8-bit value that is added to the result of a convolution, once that is rounded to 8 bits itself.
struct Summand {
  std::size_t slot = 0;
  float scale = 1, zero = 0, result_scale = 1, result_zero = 0;  ///< of the value, and of the sum
};

struct Requantization {
  std::vector<float> scales;  ///< one, or one for each output channel
  float source_zero = 0, result_zero = 0, result_scale = 1;
  DataType result = DataType::UInt8;  ///< of the convolution itself
  std::optional<Summand> summand;
  BufferId source_zero_at = -1;  ///< where the zero point is known only while it runs
};

/// Relu or Clip, on numbers in units of `scale`.
void append_activation(dnnl::post_ops& operations, const ElementStep& step, float scale) {
  if (step.code == ElementCode::Relu)
    operations.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  else  // both clips of a sum would take the bounds of one if they were of one kind (oneDNN 2.6)
    operations.append_eltwise(1, dnnl::algorithm::eltwise_clip_v2, step.alpha / scale, step.beta / scale);
}

/// The convolution's numbers, in units of its result, become rounded ones; then the summand joins, in units
/// of the sum.
void append_summand(dnnl::post_ops& operations, const Requantization& r) {
  const Summand& summand = *r.summand;
  const float least = (r.result == DataType::UInt8 ? 0.0f : -128.0f) - r.result_zero;
  operations.append_eltwise(1, dnnl::algorithm::eltwise_round, 0, 0);
  operations.append_eltwise(1, dnnl::algorithm::eltwise_clip, least, least + 255);
  operations.append_eltwise(1, dnnl::algorithm::eltwise_linear, r.result_scale / summand.result_scale, 0);
  operations.append_sum(summand.scale / summand.result_scale, static_cast<std::int32_t>(summand.zero));
}

dnnl::primitive_attr attributes_of(const LoweredNode& node, const Requantization& r) {
  dnnl::primitive_attr attributes = plain_attributes();
  attributes.set_output_scales(r.scales.size() == 1 ? 0 : 2, r.scales);
  dnnl::post_ops operations;
  float unit = r.result_scale;
  for (const PostOp& op : node.post_ops) {
    if (op.input < 0) {
      append_activation(operations, op.step, unit);
      continue;
    }
    append_summand(operations, r);
    unit = r.summand->result_scale;
  }
  attributes.set_post_ops(operations);
  const float result_zero = r.summand ? r.summand->result_zero : r.result_zero;
  if (r.source_zero_at >= 0)
    attributes.set_zero_points(DNNL_ARG_SRC, 0, {DNNL_RUNTIME_S32_VAL});
  else if (r.source_zero != 0)
    attributes.set_zero_points(DNNL_ARG_SRC, 0, {static_cast<std::int32_t>(r.source_zero)});
  if (result_zero != 0) attributes.set_zero_points(DNNL_ARG_DST, 0, {static_cast<std::int32_t>(result_zero)});
  return attributes;
}

Layout any_layout(const Dims& dims, memory::data_type type) { return {dims, type, memory::format_tag::any}; }

memory::data_type type_of(DataType element) {
  return element == DataType::UInt8     ? memory::data_type::u8
         : element == DataType::Int8    ? memory::data_type::s8
         : element == DataType::Float32 ? memory::data_type::f32
                                        : memory::data_type::s32;
}

/// Where the result goes: over the summand, or over a copy of it where others still read it.
BufferId result_buffer(Planner& planner, const LoweredNode& node, const Requantization& r,
                       const Layout& layout) {
  if (!r.summand) return planner.define(node.outputs[0], layout);
  const ValueId summand = node.inputs[r.summand->slot];
  const bool may_overwrite = planner.may_overwrite(summand) && !planner.share_bytes(summand, node.inputs[0]);
  BufferId buffer = planner.in_layout(summand, layout);
  if (!may_overwrite) {
    const BufferId from = buffer;
    buffer = planner.make(size_bytes(layout));
    LoweredNode copy = node;
    copy.record = nullptr;
    const auto bytes = static_cast<std::size_t>(size_bytes(layout));
    planner.add_step(copy, "memcpy", {from}, {buffer}, [from, to = buffer, bytes](Session& session) {
      std::memcpy(session.write<std::byte>(to), session.read<std::byte>(from), bytes);
    });
  }
  planner.define_view(node.outputs[0], buffer, layout);
  return buffer;
}

std::int32_t read_zero(const Session& session, BufferId at, DataType type) {
  const std::byte byte = *session.read<std::byte>(at);
  return type == DataType::UInt8 ? static_cast<std::uint8_t>(byte) : static_cast<std::int8_t>(byte);
}

/// A zero point as oneDNN reads one while it runs.
BufferId as_int32(Planner& planner, const LoweredNode& node, BufferId zero_at) {
  const BufferId wide = planner.make(4);
  LoweredNode step = node;
  step.record = nullptr;
  const DataType type = planner.graph.input(node, 0).element;
  planner.add_step(step, "conversion", {zero_at}, {wide}, [=](Session& session) {
    *session.write<std::int32_t>(wide) = read_zero(session, zero_at, type);
  });
  return wide;
}

/// [O, I/G, k…] as [G, O/G, I/G, k…] where there are groups.
Dims grouped(Dims dims, std::int64_t groups) {
  if (groups == 1) return dims;
  dims[0] /= groups;
  dims.insert(dims.begin(), groups);
  return dims;
}

/// A convolution of 8-bit numbers; `bias_slot` holds a bias in steps of the sums: int32, or float32 where it
/// was not quantized.
std::string convolve(Planner& planner, const LoweredNode& node, std::size_t weights_slot,
                     const Weights& weights, const Requantization& r, std::size_t bias_slot) {
  const LoweredGraph& graph = planner.graph;
  const LoweredValue &source = graph.input(node, 0), &result = graph.output(node);
  const Dims& taps = graph.input(node, weights_slot).dims;
  if (source.dims.size() < 3 || source.dims.size() > 5) return "only 1 to 3 spatial axes";
  const std::int64_t groups = node.node->attribute_or("group", std::int64_t{1});
  Window window = window_of(node, source.dims, result.dims, Dims(taps.begin() + 2, taps.end()));
  for (std::size_t i = 0; i < window.kernel.size(); ++i)
    if (window.pads_begin[i] < 0 || window.pads_begin[i] > (window.kernel[i] - 1) * window.dilations[i])
      return "unusual padding";
  const auto is_padding = [](std::int64_t pad) { return pad != 0; };
  const bool is_padded = std::any_of(window.pads_begin.begin(), window.pads_begin.end(), is_padding) ||
                         std::any_of(window.pads_end.begin(), window.pads_end.end(), is_padding);
  // oneDNN then counts padding as 0 at some borders, not as the zero point.
  if (source.dims.size() == 5 && is_padded && r.source_zero != 0 && !is_recognized(node))
    return "a padded volume with a zero point";
  for (auto& dilation : window.dilations) --dilation;
  const Dims shown = grouped(taps, groups);
  const bool has_bias = graph.has_input(node, bias_slot);
  const Layout bias = has_bias ? plain_layout({taps[0]}, graph.input(node, bias_slot).element) : Layout();
  const auto describe = [&](auto... bias_layout) {
    return dnnl::convolution_forward::desc(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        any_layout(source.dims, type_of(source.element)), any_layout(shown, memory::data_type::s8),
        bias_layout..., any_layout(result.dims, type_of(result.element)), window.strides, window.dilations,
        window.pads_begin, window.pads_end);
  };
  const dnnl::convolution_forward::primitive_desc description(has_bias ? describe(bias) : describe(),
                                                              attributes_of(node, r), engine());
  if (is_plain_loop(description) && !is_recognized(node)) return "oneDNN has only plain loops for it";
  std::vector<Planner::Argument> arguments = {
      {DNNL_ARG_SRC, planner.in_layout(node.inputs[0], description.src_desc()), description.src_desc()},
      {DNNL_ARG_WEIGHTS,
       planner.packed(weights.bytes, plain_layout(shown, DataType::Int8), description.weights_desc()),
       description.weights_desc()}};
  if (r.source_zero_at >= 0)
    arguments.push_back({DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC, as_int32(planner, node, r.source_zero_at),
                         plain_layout({1}, DataType::Int32)});
  if (has_bias) arguments.push_back({DNNL_ARG_BIAS, planner.plain(node.inputs[bias_slot]), bias});
  arguments.push_back(
      {DNNL_ARG_DST, result_buffer(planner, node, r, description.dst_desc()), description.dst_desc(), true});
  planner.add_primitive(node, description, dnnl::convolution_forward(description), std::move(arguments));
  return "";
}

// --- matrix product ---

/// What is done with the sums of products of one row: zero points taken out, then scaled.
struct Epilogue {
  std::int64_t depth = 0, columns = 0;
  std::vector<std::int32_t> column_sums;   ///< of the weights
  std::vector<std::int32_t> weight_zeros;  ///< by column; empty if all are 0
  std::vector<float> scales;               ///< by column; empty where the sums are the result
  std::vector<float> bias;                 ///< by column; empty if there is none
  float result_zero = 0;
  DataType source = DataType::UInt8, result = DataType::Int32;
  std::int32_t source_zero = 0;
  BufferId source_zero_at = -1;  ///< where the zero point is known only while it runs
};

std::int32_t row_sum(const std::byte* row, std::int64_t count, DataType type) {
  std::int32_t sum = 0;
  if (type == DataType::UInt8)
    for (std::int64_t i = 0; i < count; ++i) sum += static_cast<std::uint8_t>(row[i]);
  else
    for (std::int64_t i = 0; i < count; ++i) sum += static_cast<std::int8_t>(row[i]);
  return sum;
}

void finish_row(const Epilogue& e, const std::byte* source, std::int32_t source_zero, std::int32_t* sums,
                std::byte* result, std::vector<float>& scratch) {
  const std::int64_t n = e.columns;
  if (source_zero != 0)
    for (std::int64_t c = 0; c < n; ++c) sums[c] -= source_zero * e.column_sums[c];
  if (!e.weight_zeros.empty()) {
    const std::int32_t rest =
        row_sum(source, e.depth, e.source) - static_cast<std::int32_t>(e.depth) * source_zero;
    for (std::int64_t c = 0; c < n; ++c) sums[c] -= e.weight_zeros[c] * rest;
  }
  if (e.scales.empty()) return;
  float* const out = e.result == DataType::Float32 ? reinterpret_cast<float*>(result) : scratch.data();
  for (std::int64_t c = 0; c < n; ++c) out[c] = static_cast<float>(sums[c]) * e.scales[c];
  if (!e.bias.empty())
    for (std::int64_t c = 0; c < n; ++c) out[c] += e.bias[c];
  if (e.result == DataType::Float32) return;
  apply({ElementCode::Round}, out, nullptr, out, n);
  apply({ElementCode::Affine, 0, -1, 1, e.result_zero}, out, nullptr, out, n);
  convert_elements(DataType::Float32, out, e.result, result, n);
}

std::vector<std::int32_t> sums_of_columns(const Tensor& weights, std::int64_t depth, std::int64_t columns,
                                          bool transposed) {
  std::vector<std::int32_t> sums(static_cast<std::size_t>(columns), 0);
  const auto* w = reinterpret_cast<const std::int8_t*>(weights.bytes().data());
  for (std::int64_t k = 0; k < depth; ++k)
    for (std::int64_t c = 0; c < columns; ++c)
      sums[static_cast<std::size_t>(c)] += transposed ? w[c * depth + k] : w[k * columns + c];
  return sums;
}

template <class To>
std::vector<To> for_each_column(const std::vector<float>& numbers, std::int64_t columns) {
  std::vector<To> all(static_cast<std::size_t>(columns));
  for (std::size_t c = 0; c < all.size(); ++c) all[c] = static_cast<To>(numbers[numbers.size() == 1 ? 0 : c]);
  return all;
}

/// [rows, K] of 8-bit numbers by constant weights [K, N], and what `epilogue` does with the sums.
std::string multiply(Planner& planner, const LoweredNode& node, std::size_t weights_slot,
                     const Weights& weights, bool transposed, Epilogue e) {
  const LoweredGraph& graph = planner.graph;
  const LoweredValue& source = graph.input(node, 0);
  const Dims& w = graph.input(node, weights_slot).dims;
  e.depth = w[transposed ? 1 : 0];
  e.columns = w[transposed ? 0 : 1];
  e.source = source.element;
  e.result = graph.output(node).element;
  const std::int64_t rows = source.size() / e.depth, columns = e.columns;
  e.column_sums = sums_of_columns(weights.bytes, e.depth, columns, transposed);
  if (!weights.is_symmetric()) e.weight_zeros = for_each_column<std::int32_t>(weights.zero_points, columns);
  const Layout a = plain_layout({rows, e.depth}, source.element),
               sums = plain_layout({rows, columns}, DataType::Int32);
  const dnnl::matmul::primitive_desc description(
      dnnl::matmul::desc(a, any_layout({e.depth, columns}, memory::data_type::s8), sums), plain_attributes(),
      engine());
  if (is_plain_loop(description) && !is_recognized(node)) return "oneDNN has only plain loops for it";
  const Layout given({e.depth, columns}, memory::data_type::s8,
                     transposed ? Dims{1, e.depth} : Dims{columns, 1});
  const BufferId from = planner.plain(node.inputs[0]);
  const BufferId packed = planner.packed(weights.bytes, given, description.weights_desc());
  const bool keeps_sums = e.scales.empty();
  const BufferId made = keeps_sums ? planner.define(node.outputs[0]) : planner.make(rows * columns * 4);
  planner.add_primitive(node, description, dnnl::matmul(description),
                        {{DNNL_ARG_SRC, from, a},
                         {DNNL_ARG_WEIGHTS, packed, description.weights_desc()},
                         {DNNL_ARG_DST, made, sums, true}});
  if (keeps_sums && e.weight_zeros.empty() && e.source_zero == 0 && e.source_zero_at < 0) return "";
  const BufferId to = keeps_sums ? made : planner.define(node.outputs[0]);
  const int threads = planner.services.threads;
  std::vector<BufferId> reads = {from, made};
  if (e.source_zero_at >= 0) reads.push_back(e.source_zero_at);
  LoweredNode rest = node;
  rest.record = nullptr;  // the product's cost stands with the product
  const std::int64_t row_bytes = columns * bits_of(e.result) / 8;
  planner.add_step(rest, "Highway", std::move(reads), {to}, [=](Session& session) {
    const std::int32_t zero =
        e.source_zero_at < 0 ? e.source_zero : read_zero(session, e.source_zero_at, e.source);
    parallel_for(rows, static_cast<double>(rows * columns), threads,
                 [&](std::int64_t begin, std::int64_t end) {
                   thread_local std::vector<float> scratch;
                   scratch.resize(std::max(scratch.size(), static_cast<std::size_t>(columns)));
                   for (std::int64_t row = begin; row < end; ++row)
                     finish_row(e, session.read<std::byte>(from) + row * e.depth, zero,
                                session.write<std::int32_t>(made) + row * columns,
                                session.write<std::byte>(to) + row * row_bytes, scratch);
                 });
  });
  return "";
}

std::string refusal(const LoweredGraph& graph, const LoweredNode& node, std::size_t weights_slot) {
  if (!has_integer_products()) return "the machine has no exact products of 8-bit integers";
  const DataType made = graph.output(node).element;
  if (!is_8_bit(graph.input(node, 0).element) || !is_8_bit(graph.input(node, weights_slot).element) ||
      !(is_8_bit(made) || made == DataType::Int32 || made == DataType::Float32))
    return "not 8-bit integers";
  if (graph.input(node, 0).size() == 0 || graph.input(node, weights_slot).size() == 0)
    return "a tensor without elements";
  return graph.constant(node, weights_slot) ? "" : "weights are not constant";
}

bool is_matrix(const LoweredGraph& graph, const LoweredNode& node, std::size_t slot) {
  return graph.input(node, slot).dims.size() == 2 && graph.input(node, 0).dims.size() >= 2;
}

}  // namespace

bool has_integer_products() {
  const auto isa = dnnl::get_effective_cpu_isa();
  return isa >= dnnl::cpu_isa::avx512_core_vnni || isa == dnnl::cpu_isa::avx2_vnni;
}

namespace {

/// What take_sum() put behind the inputs of a QLinearConv.
std::optional<Summand> summand_of(const LoweredGraph& graph, const LoweredNode& node) {
  if (!graph.has_input(node, 9)) return std::nullopt;
  const auto number = [&](std::size_t slot) { return values_as<float>(*graph.constant(node, slot))[0]; };
  return Summand{9, number(10), number(11), number(12), number(13)};
}

}  // namespace

std::string plan_qlinear_convolution(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node, 3); !reason.empty()) return reason;
  const auto weights = weights_of(graph, node, 3, 5);
  const auto x_scale = numbers_of(graph, node, 1), x_zero = numbers_of(graph, node, 2),
             w_scale = numbers_of(graph, node, 4), y_scale = numbers_of(graph, node, 6),
             y_zero = numbers_of(graph, node, 7);
  if (!weights || !x_scale || !x_zero || !w_scale || !y_scale || !y_zero || x_scale->size() != 1 ||
      x_zero->size() != 1 || y_scale->size() != 1 || y_zero->size() != 1)
    return "scales or zero points are not constant";
  if (!weights->is_symmetric()) return "weights with a zero point";
  if (graph.has_input(node, 8) && !graph.constant(node, 8)) return "bias is not constant";
  Requantization r{
      {}, (*x_zero)[0], (*y_zero)[0], (*y_scale)[0], graph.output(node).element, summand_of(graph, node)};
  if (const Tensor* zero = graph.constant(node, 7)) r.result = zero->type();
  for (const float scale : *w_scale) r.scales.push_back((*x_scale)[0] * scale / r.result_scale);
  return convolve(planner, node, 3, *weights, r, 8);
}

std::string plan_integer_convolution(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node, 1); !reason.empty()) return reason;
  const auto weights = weights_of(graph, node, 1, 3);
  if (!weights || !weights->is_symmetric()) return "weights with a zero point";
  if (graph.has_input(node, 2) && graph.input(node, 2).size() != 1) return "several zero points";
  Requantization r{{1.0f}, 0, 0, 1, DataType::Int32, std::nullopt};
  if (const auto zero = numbers_of(graph, node, 2))
    r.source_zero = (*zero)[0];
  else if (graph.input(node, 0).dims.size() == 5)
    return "a volume with a zero point that is not constant";
  else
    r.source_zero_at = planner.plain(node.inputs[2]);
  return convolve(planner, node, 1, *weights, r, node.inputs.size());
}

std::string plan_integer_matmul(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node, 1); !reason.empty()) return reason;
  if (!is_matrix(graph, node, 1)) return "weights are no matrix";
  const auto weights = weights_of(graph, node, 1, 3);
  if (!weights) return "the zero point of the weights is not constant";
  Epilogue e;
  if (graph.has_input(node, 2)) {
    if (graph.input(node, 2).size() != 1) return "a zero point for each row";
    if (const auto zero = numbers_of(graph, node, 2))
      e.source_zero = static_cast<std::int32_t>((*zero)[0]);
    else
      e.source_zero_at = planner.plain(node.inputs[2]);
  }
  return multiply(planner, node, 1, *weights, false, std::move(e));
}

std::string plan_qlinear_matmul(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (auto reason = refusal(graph, node, 3); !reason.empty()) return reason;
  if (!is_matrix(graph, node, 3)) return "weights are no matrix";
  const auto weights = weights_of(graph, node, 3, 5);
  const bool requantizes = is_8_bit(graph.output(node).element);
  const auto x_scale = numbers_of(graph, node, 1), x_zero = numbers_of(graph, node, 2),
             w_scale = numbers_of(graph, node, 4);
  const auto y_scale = requantizes ? numbers_of(graph, node, 6) : std::vector<float>{1.0f},
             y_zero = requantizes ? numbers_of(graph, node, 7) : std::vector<float>{0.0f};
  if (!weights || !x_scale || !x_zero || !w_scale || !y_scale || !y_zero || x_scale->size() != 1 ||
      x_zero->size() != 1 || y_scale->size() != 1 || y_zero->size() != 1)
    return "scales or zero points are not constant";
  const bool transposed = node.node->attribute_or("transB", std::int64_t{0}) != 0;
  Epilogue e;
  e.source_zero = static_cast<std::int32_t>((*x_zero)[0]);
  e.result_zero = (*y_zero)[0];
  e.scales = for_each_column<float>(*w_scale, graph.output(node).dims.back());
  for (float& scale : e.scales) scale = (*x_scale)[0] * scale / (*y_scale)[0];
  if (!requantizes && graph.has_input(node, 8))
    e.bias = for_each_column<float>(values_as<float>(graph.input(node, 8).constant),
                                    graph.output(node).dims.back());
  return multiply(planner, node, 3, *weights, transposed, std::move(e));
}

std::string plan_dynamic_quantization(Planner& planner, const LoweredNode& node) {
  const LoweredGraph& graph = planner.graph;
  if (!graph.is_float(node.inputs[0])) return "not float32";
  for (std::size_t i = 0; i < 3; ++i)
    if (i >= node.outputs.size() || node.outputs[i] < 0) return "an output is left out";
  // Any order of the elements will do, as long as there are no gaps.
  Layout layout = planner.layout_of(node.inputs[0]);
  const auto order = memory_order(layout);
  if (!order || order->block > 0) layout = plain_layout(graph.input(node, 0).dims);
  const BufferId from = planner.in_layout(node.inputs[0], layout),
                 to = planner.define(node.outputs[0], with_element(layout, DataType::UInt8)),
                 scale_at = planner.define(node.outputs[1]), zero_at = planner.define(node.outputs[2]);
  const std::int64_t count = graph.input(node, 0).size();
  const int threads = planner.services.threads;
  planner.add_step(node, "Highway", {from}, {to, scale_at, zero_at}, [=](Session& session) {
    const float* const x = session.read<float>(from);
    const auto [low, high] = range(x, count);
    const float least = std::min(low, 0.0f), greatest = std::max(high, 0.0f);
    const float scale = greatest == least ? 1.0f : (greatest - least) / 255.0f;
    const float zero = std::nearbyint(std::clamp(-least / scale, 0.0f, 255.0f));
    *session.write<float>(scale_at) = scale;
    *session.write<std::uint8_t>(zero_at) = static_cast<std::uint8_t>(zero);
    parallel_for(count, static_cast<double>(count), threads, [&](std::int64_t begin, std::int64_t end) {
      constexpr std::int64_t part = 1024;
      float numbers[part], divisor[part];
      std::fill_n(divisor, part, scale);
      for (std::int64_t i = begin; i < end; i += part) {
        const std::int64_t n = std::min(part, end - i);
        apply({ElementCode::Div, 0, 1}, x + i, divisor, numbers, n);
        apply({ElementCode::Round}, numbers, nullptr, numbers, n);
        apply({ElementCode::Affine, 0, -1, 1, zero}, numbers, nullptr, numbers, n);
        convert_elements(DataType::Float32, numbers, DataType::UInt8, session.write<std::byte>(to) + i, n);
      }
    });
  });
  return "";
}

}  // namespace lapidary::cpu
