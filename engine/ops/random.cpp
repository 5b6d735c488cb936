#include <cmath>
#include <numeric>

#include "engine/ops/cast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// The type that attribute `dtype` asks for, else `otherwise`.
DataType asked_type(std::int64_t dtype, DataType otherwise) {
  const DataType type = data_type_from_number(dtype);
  return type == DataType::Undefined ? otherwise : type;
}

/// Output 0: `dims` numbers of the distribution.
template <class Distribution>
void fill_with(KernelContext& context, DataType type, const Dims& dims, Distribution distribution) {
  Tensor wide(DataType::Float64, dims);
  double* values = wide.mutable_data<double>();
  for (std::int64_t i = 0; i < wide.size(); ++i) values[i] = distribution(context.random());
  context.set_output(0, converted(wide, context.made_type(type)));
}

std::normal_distribution<double> normal_of(const KernelContext& context) {
  const double scale = context.real("scale", 1);
  if (scale <= 0) throw Error("attribute 'scale' must be above 0");
  return std::normal_distribution<double>(context.real("mean", 0), scale);
}

std::uniform_real_distribution<double> uniform_of(const KernelContext& context) {
  const double low = context.real("low", 0), high = context.real("high", 1);
  if (!(low < high)) throw Error("attribute 'low' must be below 'high'");
  return std::uniform_real_distribution<double>(low, high);
}

template <auto distribution_of>
void random_of_shape(KernelContext& context) {
  const DataType type = asked_type(context.integer("dtype", 1), DataType::Float32);
  fill_with(context, type, context.integers("shape"), distribution_of(context));
}

template <auto distribution_of>
void random_like(KernelContext& context) {
  const Tensor& like = context.input(0);
  const DataType type = asked_type(context.integer("dtype", 0), like.type());
  if (!is_floating(type))
    throw Error("random numbers need a floating type").advice("Give the attribute 'dtype'.");
  fill_with(context, type, like.dims(), distribution_of(context));
}

/// Draws classes of each row of unnormalized log probabilities [batch, classes].
void multinomial(KernelContext& context) {
  const Tensor& x = context.input(0);
  if (x.rank() != 2 || x.dims()[1] == 0)
    throw Error("Multinomial needs [batch, classes], and was given " + to_string(x.dims()));
  const auto logits = values_as<double>(x);
  const auto classes = static_cast<std::size_t>(x.dims()[1]);
  const std::int64_t samples = context.integer("sample_size", 1);
  if (samples < 0) throw Error("sample_size must not be negative");
  const DataType type = asked_type(context.integer("dtype", 6), DataType::Int32);
  const Tensor sized(type, {x.dims()[0], samples});  // refuses what cannot be had before it is drawn
  std::vector<double> drawn;
  for (auto row = logits.begin(); row != logits.end(); row += static_cast<std::ptrdiff_t>(classes)) {
    std::vector<double> weights(row, row + static_cast<std::ptrdiff_t>(classes));
    const double greatest = *std::max_element(weights.begin(), weights.end());
    for (double& weight : weights) weight = std::exp(weight - greatest);
    std::discrete_distribution<int> distribution(weights.begin(), weights.end());
    for (std::int64_t i = 0; i < samples; ++i) drawn.push_back(distribution(context.random()));
  }
  context.set_output(0, tensor_from(type, sized.dims(), drawn));
}

void bernoulli(KernelContext& context) {
  const Tensor& x = context.input(0);
  auto values = values_as<double>(x);
  std::uniform_real_distribution<double> uniform;
  for (double& value : values) value = uniform(context.random()) < value ? 1 : 0;
  const DataType type = asked_type(context.integer("dtype", 0), x.type());
  context.set_output(0, tensor_from(context.made_type(type), x.dims(), values));
}

// --- inference ---

void infer_shape_attribute(InferenceContext& context) {
  context.set_output(0, asked_type(context.integer("dtype", 1), DataType::Float32),
                     shape_of(context.integers("shape")));
}

void infer_like(InferenceContext& context) {
  context.set_output(0, asked_type(context.integer("dtype", 0), context.input_element(0)),
                     context.input_shape(0));
}

void infer_multinomial(InferenceContext& context) {
  const auto& shape = context.input_shape(0);
  context.set_output(0, asked_type(context.integer("dtype", 6), DataType::Int32),
                     Shape{shape && !shape->empty() ? shape->front() : Dimension::unknown(),
                           context.integer("sample_size", 1)});
}

// --- records ---

Operator random_operator(const char* name, int version, const char* summary) {
  return Operator(name, version, OperatorKind::Other)
      .summary(summary)
      .optional_attribute("seed", AttributeType::Float,
                          "Seed of the random numbers; the run's own if absent.")
      .cost(per_element(10))
      .nondeterministic();
}

Operator of_shape(const char* name, const char* summary, KernelFunction kernel) {
  return random_operator(name, 1, summary)
      .output("output", "T", "The random numbers.")
      .attribute("dtype", std::int64_t{1}, "Element type, as TensorProto's number.")
      .required_attribute("shape", AttributeType::Ints, "Sizes of the result.")
      .constraint("T", types::floats())
      .infer(infer_shape_attribute)
      .kernel(kernel)
      .example("shape = [2, 2]; seed = 1");
}

Operator like_input(const char* name, const char* summary, KernelFunction kernel) {
  return random_operator(name, 1, summary)
      .input("input", "T1", "The tensor whose sizes are taken.")
      .output("output", "T2", "The random numbers, of the same sizes.")
      .optional_attribute("dtype", AttributeType::Int, "Element type; that of the input if absent.")
      .constraint("T1", types::all())
      .constraint("T2", types::floats())
      .infer(infer_like)
      .kernel(kernel)
      .example("input = float[2, 2]{0}; seed = 1");
}

Operator with_normal(Operator record) {
  return record.attribute("mean", 0.0f, "Mean of the distribution.")
      .attribute("scale", 1.0f, "Standard deviation of the distribution.");
}

Operator with_uniform(Operator record) {
  return record.attribute("low", 0.0f, "Lower end of the interval.")
      .attribute("high", 1.0f, "Upper end of the interval, which is left out.");
}

}  // namespace

void register_random(OperatorTable& table) {
  const Operator shaped[] = {
      with_normal(
          of_shape("RandomNormal", "Normally distributed random numbers.", random_of_shape<normal_of>)),
      with_uniform(
          of_shape("RandomUniform", "Uniformly distributed random numbers.", random_of_shape<uniform_of>)),
  };
  for (const Operator& record : shaped) {
    table.add(record);
    table.add(record.at(22).constraint("T", types::floats_and_bfloat16()));
  }
  const Operator like[] = {
      with_normal(like_input("RandomNormalLike",
                             "Normally distributed random numbers in the sizes of the input.",
                             random_like<normal_of>)),
      with_uniform(like_input("RandomUniformLike",
                              "Uniformly distributed random numbers in the sizes of the input.",
                              random_like<uniform_of>)),
  };
  for (const Operator& record : like) {
    table.add(record);
    table.add(record.at(22)
                  .constraint("T1", types::all_and_bfloat16())
                  .constraint("T2", types::floats_and_bfloat16()));
  }
  const Operator draws =
      random_operator("Multinomial", 7, "Classes drawn by unnormalized log probabilities.")
          .input("input", "T1", "Log probabilities, [batch, classes].")
          .output("output", "T2", "Drawn classes, [batch, sample_size].")
          .attribute("dtype", std::int64_t{6}, "Element type, as TensorProto's number: int32 or int64.")
          .attribute("sample_size", std::int64_t{1}, "How many classes to draw for each row.")
          .constraint("T1", types::floats())
          .constraint("T2", types::tensors({"int32", "int64"}))
          .infer(infer_multinomial)
          .kernel(multinomial)
          .example("input = float[1, 3]{-1, -2, -3}; sample_size = 4; seed = 1");
  table.add(draws);
  table.add(draws.at(22).constraint("T1", types::floats_and_bfloat16()));

  types::List results = types::numbers_and_bfloat16();
  results.push_back("tensor(bool)");
  const Operator coin =
      random_operator("Bernoulli", 15, "1 with the probability that the input gives, else 0.")
          .input("input", "T1", "Probabilities from 0 to 1.")
          .output("output", "T2", "Ones and zeros, of the same sizes.")
          .optional_attribute("dtype", AttributeType::Int, "Element type; that of the input if absent.")
          .constraint("T1", types::floats())
          .constraint("T2", results)
          .infer(infer_like)
          .kernel(bernoulli)
          .example("input = float[4]{0, 0.5, 0.5, 1}; seed = 1");
  table.add(coin);
  table.add(coin.at(22).constraint("T1", types::floats_and_bfloat16()));
}

}  // namespace lapidary
