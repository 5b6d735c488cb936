// Features made ready for a model: Scaler, Normalizer, Imputer, Binarizer, FeatureVectorizer,
// ArrayFeatureExtractor.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/model/element_types.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/ml/scores.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

using MlNumberTypes = TypeList<float, double, std::int64_t, std::int32_t>;

types::List numbers() { return types::tensors({"float", "double", "int64", "int32"}); }

/// How long a row is: the last axis.
std::int64_t row_length(const KernelContext& context) {
  const Dims& dims = context.input(0).dims();
  if (dims.empty()) throw Error(context.node().op_type + " takes rows of features, not a scalar");
  return dims.back();
}

void infer_float_like_input(InferenceContext& context) {
  context.set_output(0, DataType::Float32, context.input_shape(0));
}

// --- Scaler: (x - offset) · scale ---

/// The attribute's values for a row: one for each feature, or one that stands for all.
std::vector<double> for_each_feature(const KernelContext& context, std::string_view name, double otherwise,
                                     std::int64_t features) {
  auto values = context.attribute(name, std::vector<float>{});
  const auto count = static_cast<std::size_t>(features);
  if (values.empty()) return std::vector<double>(count, otherwise);
  if (values.size() == 1) return std::vector<double>(count, values[0]);
  check_length(name, values.size(), count);
  return {values.begin(), values.end()};
}

void scaler(KernelContext& context) {
  const std::int64_t length = row_length(context);
  const auto offset = for_each_feature(context, "offset", 0, length);
  const auto scale = for_each_feature(context, "scale", 1, length);
  auto values = values_as<double>(context.input(0));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t feature = i % offset.size();
    values[i] = (values[i] - offset[feature]) * scale[feature];
  }
  write_scores(context, 0, context.input(0).dims(), values);
}

// --- Normalizer ---

/// What a row is divided by.
double divisor(const std::string& norm, std::span<const double> row) {
  if (row.empty()) return 0;
  if (norm == "MAX") return *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (const double x : row) sum += norm == "L1" ? std::abs(x) : x * x;
  return norm == "L1" ? sum : std::sqrt(sum);
}

void normalizer(KernelContext& context) {
  const std::string norm = context.text("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2") throw Error("there is no norm '" + norm + "'");
  FeatureMatrix features = feature_matrix(context, 0);
  for (std::int64_t i = 0; i < features.rows; ++i) {
    const double by = divisor(norm, features.row(i));
    if (by == 0) continue;
    for (std::int64_t k = 0; k < features.columns; ++k) features.values[i * features.columns + k] /= by;
  }
  write_scores(context, 0, context.input(0).dims(), features.values);
}

// --- Imputer ---

/// Values that stand for what is missing, one for each feature or one for all; those of T's kind.
template <class T>
std::vector<T> imputed_values(const KernelContext& context, std::int64_t features) {
  constexpr bool is_real = std::is_floating_point_v<T>;
  std::vector<T> values;
  if constexpr (is_real) {
    const auto reals = context.attribute("imputed_value_floats", std::vector<float>{});
    values.assign(reals.begin(), reals.end());
  } else {
    for (const std::int64_t value : context.integers("imputed_value_int64s")) {
      values.push_back(static_cast<T>(value));
      if (values.back() != value) throw Error(std::to_string(value) + " does not fit the input's type");
    }
  }
  const char* name = is_real ? "imputed_value_floats" : "imputed_value_int64s";
  if (values.empty()) throw Error("attribute '" + std::string(name) + "' is needed for this input's type");
  if (values.size() == 1)
    values.resize(static_cast<std::size_t>(std::max<std::int64_t>(features, 1)), values[0]);
  check_length(name, values.size(), static_cast<std::size_t>(std::max<std::int64_t>(features, 1)));
  return values;
}

template <class T>
bool is_missing(const KernelContext& context, T x) {
  if constexpr (std::is_floating_point_v<T>) {
    const float missing = context.real("replaced_value_float", 0);
    return std::isnan(missing) ? std::isnan(x) : x == static_cast<T>(missing);
  } else {
    return x == context.integer("replaced_value_int64", 0);
  }
}

void imputer(KernelContext& context) {
  const Tensor& input = context.input(0);
  const std::int64_t length = row_length(context);
  dispatch(MlNumberTypes{}, input.type(), [&]<class T>() {
    const auto values = imputed_values<T>(context, length);
    Tensor& output = context.output(0, input.type(), input.dims());
    const T* from = input.data<T>();
    T* to = output.mutable_data<T>();
    for (std::int64_t i = 0; i < input.size(); ++i)
      to[i] = is_missing(context, from[i]) ? values[static_cast<std::size_t>(i % length)] : from[i];
  });
}

// --- Binarizer ---

void binarizer(KernelContext& context) {
  const Tensor& input = context.input(0);
  const double threshold = context.real("threshold", 0);
  dispatch(MlNumberTypes{}, input.type(), [&]<class T>() {
    Tensor& output = context.output(0, input.type(), input.dims());
    std::transform(input.data<T>(), input.data<T>() + input.size(), output.mutable_data<T>(),
                   [&](T x) { return static_cast<T>(static_cast<double>(x) > threshold ? 1 : 0); });
  });
}

// --- FeatureVectorizer ---

void feature_vectorizer(KernelContext& context) {
  if (context.input_count() == 0) throw Error("FeatureVectorizer needs an input");
  std::vector<FeatureMatrix> parts;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    parts.push_back(feature_matrix(context, i));
    if (parts.back().rows != parts[0].rows)
      throw Error("input " + std::to_string(i) + " has " + std::to_string(parts.back().rows) +
                  " rows, and the first " + std::to_string(parts[0].rows));
  }
  auto widths = context.integers("inputdimensions");
  if (widths.empty())
    for (const auto& part : parts) widths.push_back(part.columns);
  check_length("inputdimensions", widths.size(), parts.size());
  std::int64_t columns = 0;
  for (const std::int64_t width : widths) {
    if (width < 0 || width > (1 << 24)) throw Error("'inputdimensions' holds " + std::to_string(width));
    columns += width;
  }
  const std::int64_t rows = parts[0].rows;
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(rows * columns));
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto part = parts[i].row(row);
      for (std::size_t k = 0; k < static_cast<std::size_t>(widths[i]); ++k)
        values.push_back(k < part.size() ? part[k] : 0);
    }
  write_scores(context, 0, {rows, columns}, values);
}

void infer_feature_vectorizer(InferenceContext& context) {
  const auto widths = context.integers("inputdimensions");
  Dimension columns(std::accumulate(widths.begin(), widths.end(), std::int64_t{0}));
  for (std::size_t i = 0; widths.empty() && i < context.input_count(); ++i) {
    const auto& shape = context.input_shape(i);
    columns = shape && !shape->empty() ? columns + shape->back() : Dimension::unknown();
  }
  context.set_output(0, DataType::Float32, Shape{row_count(context), columns});
}

// --- ArrayFeatureExtractor: columns by number ---

void array_feature_extractor(KernelContext& context) {
  const Tensor& input = context.input(0);
  const std::int64_t length = row_length(context);
  const auto columns = context.integers(1);
  for (const std::int64_t column : columns)
    if (column < 0 || column >= length)
      throw Error("column " + std::to_string(column) + " is asked for, and there are " +
                  std::to_string(length));
  Dims dims = input.dims();
  dims.back() = static_cast<std::int64_t>(columns.size());
  if (dims.size() == 1) dims.insert(dims.begin(), 1);
  Tensor& output = context.output(0, input.type(), dims);
  dispatch_by_size(input.type(), [&]<class T>() {
    const T* row = elements<T>(input);
    T* to = mutable_elements<T>(output);
    for (std::int64_t rows = length == 0 ? 0 : input.size() / length; rows > 0; --rows, row += length)
      for (const std::int64_t column : columns) *to++ = row[column];
  });
}

void infer_array_feature_extractor(InferenceContext& context) {
  std::optional<Shape> shape = context.input_shape(0);
  if (shape && shape->empty()) context.report("rows of features are needed, not a scalar");
  if (shape && !shape->empty()) {
    const auto& indices = context.input_shape(1);
    shape->back() = indices ? element_count(*indices) : Dimension::unknown();
    if (shape->size() == 1) shape->insert(shape->begin(), Dimension(1));
  }
  context.set_output(0, context.input_element(0), std::move(shape));
}

Operator ml(const std::string& name, OperatorKind kind = OperatorKind::Other) {
  return Operator(name, 1, kind, "ai.onnx.ml");
}

void register_values(OperatorTable& table) {
  table.add(ml("Scaler", OperatorKind::ElementWise)
                .summary("(x - offset) · scale, feature by feature.")
                .input("X", "T", "Rows of features, [N, F] or [F].")
                .output("Y", "tensor(float)", "The scaled features.")
                .constraint("T", numbers())
                .optional_attribute("offset", AttributeType::Floats,
                                    "Subtracted first: one for each feature, or one for all; 0 if left out.")
                .optional_attribute("scale", AttributeType::Floats,
                                    "Multiplied then: one for each feature, or one for all; 1 if left out.")
                .infer(infer_float_like_input)
                .kernel(scaler)
                .cost(per_element(2))
                .example("X = float[2, 2]{1, 10, 3, 30}; offset = [2.0, 20.0]; scale = [1.0, 0.1]"));
  table.add(
      ml("Normalizer", OperatorKind::Normalization)
          .summary(
              "Each row divided by its greatest element, by the sum of its magnitudes, or by its length. "
              "A row whose divisor is 0 stays as it is.")
          .input("X", "T", "Rows, [N, C] or [C].")
          .output("Y", "tensor(float)", "The divided rows.")
          .constraint("T", numbers())
          .attribute("norm", std::string("MAX"), "MAX, L1 (sum of magnitudes) or L2 (length).")
          .infer(infer_float_like_input)
          .kernel(normalizer)
          .cost(per_element(3))
          .example("X = float[2, 2]{3, 4, 0, 0}; norm = \"L2\""));
  table.add(
      ml("Imputer", OperatorKind::ElementWise)
          .summary("Puts other values where a value stands that means \"missing\".")
          .input("X", "T", "Rows of features, [N, F] or [F].")
          .output("Y", "T", "The features without missing values.")
          .constraint("T", numbers())
          .optional_attribute("imputed_value_floats", AttributeType::Floats,
                              "What to put into floating-point input: one for each feature, or one for all.")
          .attribute("replaced_value_float", 0.0f, "What means \"missing\" there; NaN stands for every NaN.")
          .optional_attribute("imputed_value_int64s", AttributeType::Ints,
                              "What to put into integer input: one for each feature, or one for all.")
          .attribute("replaced_value_int64", std::int64_t{0}, "What means \"missing\" there.")
          .infer(same_as_input)
          .kernel(imputer)
          .cost(per_element(1))
          .example("X = float[2, 2]{1, nan, nan, 4}; imputed_value_floats = [10.0, 20.0]; "
                   "replaced_value_float = nan"));
  table.add(ml("Binarizer", OperatorKind::ElementWise)
                .summary("1 where an element is above the threshold, else 0.")
                .input("X", "T", "Numbers of any shape.")
                .output("Y", "T", "1 and 0 in the input's type.")
                .constraint("T", numbers())
                .attribute("threshold", 0.0f, "What an element must exceed.")
                .infer(same_as_input)
                .kernel(binarizer)
                .cost(per_element(1))
                .example("X = float[3]{0.5, 1, 1.5}; threshold = 1.0"));
}

void register_columns(OperatorTable& table) {
  table.add(
      ml("FeatureVectorizer", OperatorKind::ShapeAndLayout)
          .summary("The columns of several inputs side by side as float32; a vector [C] counts as [1, C].")
          .variadic_input("X", "T1", "Features with as many rows each.")
          .output("Y", "tensor(float)", "All columns, [N, sum of widths].")
          .constraint("T1", types::tensors({"int32", "int64", "float", "double"}))
          .optional_attribute("inputdimensions", AttributeType::Ints,
                              "How many columns of each input to take: more than it has are filled with "
                              "0. All if left out.")
          .infer(infer_feature_vectorizer)
          .kernel(feature_vectorizer)
          .cost(no_arithmetic())
          .example("a = float[2, 1]{1, 2}; b = float[2, 2]{3, 4, 5, 6}; inputdimensions = [1, 2]"));
  table.add(ml("ArrayFeatureExtractor", OperatorKind::ShapeAndLayout)
                .summary("Some columns of the last axis, chosen by number.")
                .input("X", "T", "What to choose from; a vector counts as one row.")
                .input("Y", "tensor(int64)", "Numbers of the columns, counted from 0.")
                .output("Z", "T", "The chosen columns in the order asked for.")
                .constraint("T", types::tensors({"float", "double", "int64", "int32", "string"}))
                .infer(infer_array_feature_extractor)
                .kernel(array_feature_extractor)
                .cost(no_arithmetic())
                .example("X = float[2, 3]{1, 2, 3, 4, 5, 6}; Y = int64[2]{2, 0}"));
}

}  // namespace

void register_features(OperatorTable& table) {
  register_values(table);
  register_columns(table);
}

}  // namespace lapidary
