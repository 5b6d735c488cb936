#include "engine/ops/broadcast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/window.h"

namespace lapidary {
namespace {

/// The sizes that a pooling with this window shrinks to `input`: (input − 1)·stride + kernel − pads.
Shape unpooled_shape(const Node& node, const Shape& input) {
  const Window window = read_window(node, integers_attribute(node, "kernel_shape"));
  if (window.rank() == 0 || window.rank() + 2 != input.size())
    throw Error("kernel_shape has " + std::to_string(window.rank()) + " sizes for an input " +
                to_string(input));
  Shape output{input[0], input[1]};
  for (std::size_t i = 0; i < window.rank(); ++i)
    output.push_back((input[i + 2] - 1) * window.strides[i] +
                     (window.kernel[i] - window.pads_begin[i] - window.pads_end[i]));
  return output;
}

/// The place in a tensor of sizes `to` of element `index` of one of sizes `from`, at the same coordinates.
std::int64_t placed(std::int64_t index, const Dims& from, const Dims& strides) {
  std::int64_t place = 0;
  for (std::size_t axis = from.size(); axis-- > 0;) {
    place += index % from[axis] * strides[axis];
    index /= from[axis];
  }
  return place;
}

/// Indices count in the tensor that the window implies; a larger output_shape only adds zeros behind each
/// axis.
void max_unpool(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& indices = context.input(1);
  const auto implied = constant_dims(unpooled_shape(context.node(), shape_of(x.dims())));
  const Dims wanted = context.optional_integers(2).value_or(*implied);
  if (indices.type() != DataType::Int64 || indices.size() != x.size())
    throw Error("there must be one int64 index for each value");
  if (wanted.size() != implied->size())
    throw Error("output_shape needs " + std::to_string(implied->size()) + " sizes");
  for (std::size_t axis = 0; axis < wanted.size(); ++axis)
    if ((*implied)[axis] < 0 || wanted[axis] < (*implied)[axis])
      throw Error("output_shape " + to_string(wanted) + " is smaller than " + to_string(*implied));
  const std::int64_t size = element_count(*implied);
  const Dims strides = row_major_strides(wanted);
  Tensor& y = context.output(0, x.type(), wanted);
  dispatch(FloatTypes{}, x.type(), [&]<class T>() {
    T* to = y.mutable_data<T>();
    std::fill(to, to + y.size(), T(0));
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const std::int64_t index = indices.data<std::int64_t>()[i];
      if (index < 0 || index >= size)
        throw Error("index " + std::to_string(index) + " is outside " + to_string(*implied));
      to[placed(index, *implied, strides)] = x.data<T>()[i];
    }
  });
}

void infer_max_unpool(InferenceContext& context) {
  const auto& x = context.input_shape(0);
  context.set_output(0, context.input_element(0), x ? std::optional(Shape(x->size())) : std::nullopt);
  if (context.has_input(2)) {
    const auto wanted = context.input_values(2);
    if (wanted) context.set_output(0, context.input_element(0), Shape(*wanted));
  } else if (x) {
    context.set_output(0, context.input_element(0), unpooled_shape(context.node(), *x));
  }
}

}  // namespace

void register_unpooling(OperatorTable& table) {
  const Operator record =
      Operator("MaxUnpool", 9, OperatorKind::PoolingAndReduction)
          .summary("Puts each value back where MaxPool took it from, with zeros elsewhere.")
          .required_attribute("kernel_shape", AttributeType::Ints,
                              "Size of the pooling's window, an axis each.")
          .optional_attribute("pads", AttributeType::Ints, "The pooling's padding; 0.")
          .optional_attribute("strides", AttributeType::Ints, "The pooling's steps; 1.")
          .input("X", "T1", "Values that a pooling gave.")
          .input("I", "T2", "Their places, as MaxPool's second output.")
          .optional_input("output_shape", "T2", "Sizes wanted where several would fit.")
          .output("output", "T1", "The larger tensor.")
          .constraint("T1", types::floats())
          .constraint("T2", {"tensor(int64)"})
          .infer(reporting_errors(infer_max_unpool))
          .kernel(max_unpool)
          .example("X = float[1, 1, 1, 1]{5}; I = int64[1, 1, 1, 1]{3}; kernel_shape = [2, 2]")
          .cost(no_arithmetic());
  table.add(record);
  table.add(record.at(11).change("says that strides left out are 1; nothing else changed"));
  table.add(record.at(22).constraint("T1", types::floats_and_bfloat16()));
}

}  // namespace lapidary
