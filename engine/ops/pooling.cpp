#include <cmath>
#include <limits>

#include "engine/ops/compute_buffer.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/window.h"

namespace lapidary {
namespace {

using MaxPoolTypes = decltype(FloatTypes{} + TypeList<std::int8_t, std::uint8_t>{});

/// A pooling of [N, C, sizes…]: the window with resolved padding, and sizes before and after.
struct Pooling {
  std::int64_t planes;
  Window window;
  Dims input, output;

  Dims output_dims(const Dims& x) const {
    Dims dims{x[0], x[1]};
    dims.insert(dims.end(), output.begin(), output.end());
    return dims;
  }
};

void require_planes(const Tensor& x) {
  if (x.rank() < 3)
    throw Error("the input of a pooling has rank " + std::to_string(x.rank())).advice("It is [N, C, sizes…]");
}

Pooling read_pooling(const KernelContext& context) {
  const Tensor& x = context.input(0);
  require_planes(x);
  const Dims kernel = context.integers("kernel_shape");
  if (kernel.empty()) throw Error("attribute 'kernel_shape' is missing");
  const Window window = read_window(context.node(), kernel);
  const Dims input = spatial_dims(x.dims());
  return {x.dims()[0] * x.dims()[1], with_resolved_padding(window, input), input,
          window_output_dims(window, input)};
}

/// The taps of one window that lie within the input: along each axis `counts` of them from position `first`.
struct TapRange {
  Dims first, counts;
  std::int64_t padded = 1;  ///< taps within the input and its padding, not beyond
};

std::int64_t taps_until(std::int64_t start, std::int64_t dilation, std::int64_t taps, std::int64_t limit) {
  return start >= limit ? 0 : std::min(taps, (limit - start + dilation - 1) / dilation);
}

/// False if every tap lies in the padding.
bool taps_within(const Pooling& p, const Dims& position, TapRange& range) {
  range.padded = 1;
  bool any = true;
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    const std::int64_t dilation = p.window.dilations[axis], taps = p.window.kernel[axis];
    const std::int64_t start = position[axis] * p.window.strides[axis] - p.window.pads_begin[axis];
    const std::int64_t skipped = start >= 0 ? 0 : std::min(taps, (-start + dilation - 1) / dilation);
    const std::int64_t end = taps_until(start, dilation, taps, p.input[axis]);
    range.first[axis] = start + skipped * dilation;
    range.counts[axis] = std::max<std::int64_t>(0, end - skipped);
    range.padded *= taps_until(start, dilation, taps, p.input[axis] + p.window.pads_end[axis]);
    any = any && range.counts[axis] > 0;
  }
  return any;
}

/// visit(offset) for each tap of the range, in row-major order; the offset is that within the plane.
template <class Visit>
void for_each_tap(const Pooling& p, const TapRange& range, Dims& tap, Visit visit) {
  const std::size_t last = p.input.size() - 1;
  std::fill(tap.begin(), tap.end(), 0);
  for (;;) {
    std::int64_t row = 0;
    for (std::size_t axis = 0; axis < last; ++axis)
      row = (row + range.first[axis] + tap[axis] * p.window.dilations[axis]) * p.input[axis + 1];
    for (std::int64_t i = 0; i < range.counts[last]; ++i)
      visit(row + range.first[last] + i * p.window.dilations[last]);
    std::size_t axis = last;
    while (axis > 0 && ++tap[axis - 1] == range.counts[axis - 1]) tap[--axis] = 0;
    if (axis == 0) return;
  }
}

/// pool(range, for_each, plane, output index) for every window of every plane, where for_each(visit) walks
/// its taps.
template <class Pool>
void for_each_window(const Pooling& p, const CancelToken& cancel, Pool pool) {
  if (element_count(p.output) == 0) return;
  TapRange range{Dims(p.input.size()), Dims(p.input.size())};
  Dims tap(p.input.size());
  std::int64_t index = 0;
  for (std::int64_t plane = 0; plane < p.planes; ++plane) {
    cancel.check();
    Dims position(p.output.size(), 0);
    bool more = true;
    while (more) {
      const bool any = taps_within(p, position, range);
      pool(
          range,
          [&](auto visit) {
            if (any) for_each_tap(p, range, tap, visit);
          },
          plane, index++);
      std::size_t axis = position.size();
      while (axis > 0 && ++position[axis - 1] == p.output[axis - 1]) position[--axis] = 0;
      more = axis > 0;
    }
  }
}

// --- MaxPool ---

/// The index of an element of a plane when its first axis runs fastest (storage_order 1).
std::int64_t column_major(std::int64_t offset, const Dims& sizes) {
  std::int64_t index = 0;
  std::int64_t stride = element_count(sizes);
  for (std::size_t axis = sizes.size(); axis-- > 0;) {
    stride /= sizes[axis];
    index += offset % sizes[axis] * stride;
    offset /= sizes[axis];
  }
  return index;
}

void max_pool(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Pooling p = read_pooling(context);
  const bool by_columns = context.integer("storage_order", 0) != 0;
  Tensor& y = context.output(0, x.type(), p.output_dims(x.dims()));
  std::int64_t* indices = nullptr;
  if (context.wants_output(1))
    indices = context.output(1, DataType::Int64, y.dims()).mutable_data<std::int64_t>();
  const std::int64_t plane_size = element_count(p.input);
  dispatch(MaxPoolTypes{}, x.type(), [&]<class T>() {
    using Value = ComputeType<T>;
    const ComputeInput<T> values(x);
    ComputeOutput<T> result(y);
    for_each_window(p, context.cancel,
                    [&](const TapRange&, auto for_each, std::int64_t plane, std::int64_t index) {
                      const Value* from = values.data() + plane * plane_size;
                      Value best = std::numeric_limits<Value>::lowest();
                      std::int64_t place = -1;
                      for_each([&](std::int64_t offset) {
                        if (place < 0 || from[offset] > best) best = from[offset], place = offset;
                      });
                      result[index] = best;
                      if (!indices) return;
                      if (place >= 0 && by_columns) place = column_major(place, p.input);
                      indices[index] = place < 0 ? place : plane * plane_size + place;
                    });
    result.store();
  });
}

// --- AveragePool, LpPool ---

void average_pool(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Pooling p = read_pooling(context);
  const bool include_padding = context.integer("count_include_pad", 0) != 0;
  Tensor& y = context.output(0, x.type(), p.output_dims(x.dims()));
  const std::int64_t plane_size = element_count(p.input);
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    using Value = ComputeType<T>;
    const ComputeInput<T> values(x);
    ComputeOutput<T> result(y);
    for_each_window(p, context.cancel,
                    [&](const TapRange& range, auto for_each, std::int64_t plane, std::int64_t index) {
                      const Value* from = values.data() + plane * plane_size;
                      Value sum{};
                      for_each([&](std::int64_t offset) { sum += from[offset]; });
                      const std::int64_t count = include_padding ? range.padded : element_count(range.counts);
                      result[index] = count > 0 ? sum / static_cast<Value>(count) : Value{};
                    });
    result.store();
  });
}

/// Attribute p, which was a float before version 2.
double norm_order(const KernelContext& context) {
  const double p = context.version() < 2 ? static_cast<double>(context.real("p", 2))
                                         : static_cast<double>(context.integer("p", 2));
  if (!(p > 0)) throw Error("p must be positive");
  return p;
}

/// Sums powers, then takes the root; orders 1 and 2 without calls of pow.
template <class Value>
struct Norm {
  double order;
  Value sum{};
  void add(Value value) {
    if (order == 2)
      sum += value * value;
    else if (order == 1)
      sum += std::abs(value);
    else
      sum += static_cast<Value>(std::pow(std::abs(static_cast<double>(value)), order));
  }
  Value root() const {
    if (order == 2) return std::sqrt(sum);
    if (order == 1) return sum;
    return static_cast<Value>(std::pow(static_cast<double>(sum), 1 / order));
  }
};

void lp_pool(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Pooling p = read_pooling(context);
  const double order = norm_order(context);
  Tensor& y = context.output(0, x.type(), p.output_dims(x.dims()));
  const std::int64_t plane_size = element_count(p.input);
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    const ComputeInput<T> values(x);
    ComputeOutput<T> result(y);
    for_each_window(p, context.cancel,
                    [&](const TapRange&, auto for_each, std::int64_t plane, std::int64_t index) {
                      Norm<ComputeType<T>> norm{order};
                      for_each([&](std::int64_t offset) { norm.add(values[plane * plane_size + offset]); });
                      result[index] = norm.root();
                    });
    result.store();
  });
}

// --- global poolings ---

/// reduce(values, count) → value over each plane of [N, C, sizes…], which becomes [N, C, 1, …].
template <class Reduce>
void pool_planes(KernelContext& context, Reduce reduce) {
  const Tensor& x = context.input(0);
  if (x.rank() < 2) throw Error("the input of a global pooling has rank " + std::to_string(x.rank()));
  Dims dims(x.dims().size(), 1);
  std::copy_n(x.dims().begin(), 2, dims.begin());
  Tensor& y = context.output(0, x.type(), dims);
  const std::int64_t count = element_count(Dims(x.dims().begin() + 2, x.dims().end()));
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    const ComputeInput<T> values(x);
    ComputeOutput<T> result(y);
    for (std::int64_t plane = 0; plane < y.size(); ++plane)
      result[plane] = reduce(values.data() + plane * count, count);
    result.store();
  });
}

void global_max_pool(KernelContext& context) {
  pool_planes(context, []<class Value>(const Value* values, std::int64_t count) {
    Value best = std::numeric_limits<Value>::lowest();
    for (std::int64_t i = 0; i < count; ++i) best = i == 0 ? values[i] : std::max(best, values[i]);
    return best;
  });
}

void global_average_pool(KernelContext& context) {
  pool_planes(context, []<class Value>(const Value* values, std::int64_t count) {
    Value sum{};
    for (std::int64_t i = 0; i < count; ++i) sum += values[i];
    return sum / static_cast<Value>(count);
  });
}

void global_lp_pool(KernelContext& context) {
  const double order = norm_order(context);
  pool_planes(context, [order]<class Value>(const Value* values, std::int64_t count) {
    Norm<Value> norm{order};
    for (std::int64_t i = 0; i < count; ++i) norm.add(values[i]);
    return norm.root();
  });
}

// --- inference and cost ---

void infer_pooling(InferenceContext& context) {
  context.set_output(0, context.input_element(0), std::nullopt);
  context.set_output(1, DataType::Int64, std::nullopt);
  const auto& x = context.input_shape(0);
  const Dims kernel = context.integers("kernel_shape");
  if (!x || kernel.empty()) return;
  if (kernel.size() + 2 != x->size())
    throw Error("the window has rank " + std::to_string(kernel.size()) + ", the input " + to_string(*x));
  const Window window = read_window(context.node(), kernel);
  Shape output{(*x)[0], (*x)[1]};
  for (std::size_t i = 0; i < kernel.size(); ++i)
    output.push_back(window_output_size(window, i, (*x)[i + 2]));
  context.set_output(0, context.input_element(0), output);
  context.set_output(1, DataType::Int64, output);
}

void infer_global_pooling(InferenceContext& context) {
  std::optional<Shape> output = context.input_shape(0);
  if (output)
    for (std::size_t i = 2; i < output->size(); ++i) (*output)[i] = 1;
  context.set_output(0, context.input_element(0), output);
}

/// One operation for each tap of each window.
std::optional<Cost> pooling_cost(const CostContext& context) {
  const auto elements = context.output_elements();
  if (!elements) return std::nullopt;
  const Dims kernel = context.node.attribute_or("kernel_shape", Dims());
  return Cost{0, *elements * static_cast<double>(element_count(kernel))};
}

// --- records ---

constexpr const char* defaults_stated =
    "says that what is left out of strides and dilations is 1, of pads 0; nothing else changed";

Operator pooling_record(const char* name, const char* summary, KernelFunction kernel) {
  return Operator(name, 1, OperatorKind::PoolingAndReduction)
      .summary(summary)
      .attribute(
          "auto_pad", std::string("NOTSET"),
          "How padding is found: NOTSET takes pads; SAME_UPPER and SAME_LOWER pad so that only the stride "
          "shrinks the size; VALID pads nothing.")
      .required_attribute("kernel_shape", AttributeType::Ints, "Size of the window, an axis each.")
      .optional_attribute("pads", AttributeType::Ints,
                          "Positions added around: the beginnings of all axes, then the ends; 0.")
      .optional_attribute("strides", AttributeType::Ints, "Step of the window, an axis each; 1.")
      .input("X", "T", "Values [N, C, D1, D2, …].")
      .output("Y", "T", "One value a window, [N, C, …].")
      .constraint("T", types::floats())
      .infer(reporting_errors(infer_pooling))
      .kernel(kernel)
      .cost(pooling_cost)
      .example("X = float[1, 1, 2, 4]{1..8}; kernel_shape = [2, 2]; strides = [2, 2]");
}

Operator with_ceil_mode(Operator record) {
  return record.attribute("ceil_mode", std::int64_t{0}, "Whether a last window that is not full counts too.");
}

Operator with_dilations(Operator record) {
  return record.optional_attribute("dilations", AttributeType::Ints,
                                   "Distance between neighbouring taps, an axis each; 1.");
}

void register_max_pool(OperatorTable& table) {
  Operator record = pooling_record("MaxPool", "The largest value in each window.", max_pool);
  table.add(record);
  record = record.at(8)
               .attribute("storage_order", std::int64_t{0},
                          "How indices count within a plane: 0 with the last axis fastest, 1 with the first.")
               .optional_output("Indices", "I", "Where each value stood in X, counted over the whole tensor.")
               .constraint("I", {"tensor(int64)"});
  table.add(record);
  record = with_dilations(with_ceil_mode(record));
  table.add(record.at(10));
  table.add(record.at(11).change(defaults_stated));
  using types::operator+;
  const auto bytes = types::tensors({"int8", "uint8"});
  table.add(record.at(12).constraint("T", types::floats() + bytes));
  table.add(record.at(22).constraint("T", types::floats_and_bfloat16() + bytes));
}

void register_average_pool(OperatorTable& table) {
  Operator record = pooling_record("AveragePool", "The mean of the values in each window.", average_pool);
  table.add(record);
  record.attribute("count_include_pad", std::int64_t{0}, "Whether padding counts in the mean, as zeros.");
  table.add(record.at(7));
  record = with_ceil_mode(record);
  table.add(record.at(10));
  table.add(record.at(11).change(defaults_stated));
  record = with_dilations(record);
  table.add(record.at(19));
  table.add(record.at(22).constraint("T", types::floats_and_bfloat16()));
}

void register_lp_pool(OperatorTable& table) {
  Operator record = pooling_record("LpPool", "The p-norm of the values in each window.", lp_pool);
  record.attribute("p", std::int64_t{2}, "Order of the norm.");
  table.add(
      record.at(1)
          .attribute("p", 2.0f, "Order of the norm.")
          .optional_attribute("kernel_shape", AttributeType::Ints, "Size of the window, an axis each."));
  table.add(record.at(2));
  table.add(record.at(11).change(defaults_stated));
  record = with_dilations(with_ceil_mode(record));
  table.add(record.at(18));
  table.add(record.at(22).constraint("T", types::floats_and_bfloat16()));
}

Operator global_pooling_record(const char* name, const char* summary, KernelFunction kernel) {
  return Operator(name, 1, OperatorKind::PoolingAndReduction)
      .summary(summary)
      .input("X", "T", "Values [N, C, D1, D2, …].")
      .output("Y", "T", "One value a channel, [N, C, 1, 1, …].")
      .constraint("T", types::floats())
      .infer(infer_global_pooling)
      .example("X = float[1, 2, 2]{1..4}")
      .kernel(kernel)
      .cost([](const CostContext& context) -> std::optional<Cost> {
        const auto dims = context.input_dims(0);
        if (!dims) return std::nullopt;
        return Cost{0, static_cast<double>(element_count(*dims))};
      });
}

void register_global_pools(OperatorTable& table) {
  const Operator lp =
      global_pooling_record("GlobalLpPool", "The p-norm of each channel's values.", global_lp_pool)
          .attribute("p", 2.0f, "Order of the norm.");
  const Operator lp2 = lp.at(2).attribute("p", std::int64_t{2}, "Order of the norm.");
  table.add(lp);
  table.add(lp2);
  for (const Operator& record :
       {global_pooling_record("GlobalMaxPool", "The largest of each channel's values.", global_max_pool),
        global_pooling_record("GlobalAveragePool", "The mean of each channel's values.", global_average_pool),
        lp2}) {
    if (record.since_version == 1) table.add(record);
    table.add(record.at(22).constraint("T", types::floats_and_bfloat16()));
  }
}

}  // namespace

void register_pooling(OperatorTable& table) {
  register_max_pool(table);
  register_average_pool(table);
  register_lp_pool(table);
  register_global_pools(table);
}

}  // namespace lapidary
