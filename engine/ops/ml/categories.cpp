// Categories as text, numbers and unit vectors: LabelEncoder, CategoryMapper, OneHotEncoder.

#include <cmath>
#include <unordered_map>
#include <variant>

#include "engine/ops/cast.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/ml/scores.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

/// An element in a form in which equal keys are equal, whatever their width. All NaN are one key.
using Key = std::variant<std::int64_t, double, std::string>;

std::vector<Key> keys_of(const Tensor& tensor) {
  std::vector<Key> keys;
  keys.reserve(static_cast<std::size_t>(tensor.size()));
  if (tensor.is_string()) {
    keys.assign(tensor.strings().begin(), tensor.strings().end());
  } else if (is_integer(tensor.type())) {
    for (const std::int64_t value : values_as<std::int64_t>(tensor)) keys.emplace_back(value);
  } else {
    // NaN is unequal to itself, and -0 has another hash than 0: both take a form that serves as a key.
    for (const double value : values_as<double>(tensor))
      keys.emplace_back(std::isnan(value) ? Key(std::string("NaN")) : Key(value == 0 ? 0.0 : value));
  }
  return keys;
}

/// Where each key stands; of equal ones, the last.
std::unordered_map<Key, std::size_t> positions_of(const Tensor& tensor) {
  std::unordered_map<Key, std::size_t> positions;
  std::size_t position = 0;
  for (auto& key : keys_of(tensor)) positions.insert_or_assign(std::move(key), position++);
  return positions;
}

/// For each element of `input` the value that stands where `keys` has it, or `otherwise` [1].
Tensor mapped(const Tensor& input, const Tensor& keys, const Tensor& values, const Tensor& otherwise) {
  const auto positions = positions_of(keys);
  Tensor output(values.type(), input.dims());
  dispatch_by_size(values.type(), [&]<class T>() {
    T* to = mutable_elements<T>(output);
    for (const auto& key : keys_of(input)) {
      const auto found = positions.find(key);
      *to++ = found == positions.end() ? *elements<T>(otherwise) : elements<T>(values)[found->second];
    }
  });
  return output;
}

/// As the widened backend wants it.
void write_mapped(KernelContext& context, const Tensor& keys, const Tensor& values, const Tensor& otherwise) {
  const Tensor& input = context.input(0);
  const bool same_kind = keys.is_string() == input.is_string() &&
                         (keys.is_string() || is_floating(keys.type()) == is_floating(input.type()));
  if (!same_kind)
    throw Error("the keys are " + std::string(name_of(keys.type())) + ", and the input is " +
                std::string(name_of(input.type())));
  const Tensor output = mapped(input, keys, values, otherwise);
  const DataType made = context.made_type(output.type());
  context.set_output(0, made == output.type() ? output : converted(output, made));
}

Tensor vector_of(const std::vector<std::string>& texts) {
  return Tensor::of_strings({static_cast<std::int64_t>(texts.size())}, texts);
}
template <class T>
Tensor vector_of(const std::vector<T>& numbers) {
  return Tensor::of({static_cast<std::int64_t>(numbers.size())}, numbers);
}

// --- LabelEncoder ---

/// The one of PREFIX_tensor, PREFIX_strings, PREFIX_int64s and PREFIX_floats that the node has.
Tensor listed(const KernelContext& context, const std::string& prefix) {
  Tensor found;
  const auto take = [&](const std::string& kind, auto read) {
    if (!context.has_attribute(prefix + kind)) return;
    if (found.is_present()) throw Error("more than one of the attributes " + prefix + "_… is given");
    found = read(prefix + kind);
  };
  take("_tensor", [&](const std::string& name) {
    const auto tensor = context.attribute(name, std::shared_ptr<const NamedTensor>());
    if (!tensor || !tensor->tensor.is_present()) throw Error("attribute '" + name + "' is no tensor");
    return tensor->tensor.aligned();
  });
  take("_strings", [&](const std::string& name) {
    return vector_of(context.attribute(name, std::vector<std::string>{}));
  });
  take("_int64s", [&](const std::string& name) { return vector_of(context.integers(name)); });
  take("_floats",
       [&](const std::string& name) { return vector_of(context.attribute(name, std::vector<float>{})); });
  if (!found.is_present()) throw Error("one of the attributes " + prefix + "_… is needed");
  return found;
}

/// What stands for keys that are not there, [1] of the values' type.
Tensor default_value(const KernelContext& context, const Tensor& values) {
  if (context.has_attribute("default_tensor")) {
    const auto given = context.attribute("default_tensor", std::shared_ptr<const NamedTensor>());
    if (!given || given->tensor.size() != 1 || given->tensor.type() != values.type())
      throw Error("'default_tensor' must hold one element of the values' type");
    return given->tensor.aligned();
  }
  if (values.is_string()) return vector_of<std::string>({context.text("default_string", "_Unused")});
  if (values.type() == DataType::Int64)
    return vector_of<std::int64_t>({context.integer("default_int64", -1)});
  if (is_integer(values.type()))
    return tensor_from(values.type(), {1},
                       std::vector<double>{static_cast<double>(context.integer("default_int64", -1))});
  return tensor_from(values.type(), {1}, std::vector<double>{context.real("default_float", -0.0f)});
}

void label_encoder(KernelContext& context) {
  const Tensor keys = listed(context, "keys"), values = listed(context, "values");
  check_length("values_…", static_cast<std::size_t>(values.size()), static_cast<std::size_t>(keys.size()));
  write_mapped(context, keys, values, default_value(context, values));
}

DataType listed_type(const InferenceContext& context, const std::string& prefix) {
  if (context.has_attribute(prefix + "_strings")) return DataType::String;
  if (context.has_attribute(prefix + "_int64s")) return DataType::Int64;
  if (context.has_attribute(prefix + "_floats")) return DataType::Float32;
  const auto tensor = context.node().attribute_or(prefix + "_tensor", std::shared_ptr<const NamedTensor>());
  return tensor ? tensor->tensor.type() : DataType::Undefined;
}

void infer_label_encoder(InferenceContext& context) {
  const DataType keys = listed_type(context, "keys"), values = listed_type(context, "values");
  if (keys == DataType::Undefined || values == DataType::Undefined)
    return context.report("one of keys_… and one of values_… are needed");
  const DataType input = context.input_element(0);
  if (input != DataType::Undefined && input != keys)
    context.report("the keys are " + std::string(name_of(keys)) + ", and the input is " +
                   std::string(name_of(input)));
  context.set_output(0, values, context.input_shape(0));
}

// --- text to numbers and back: LabelEncoder-1 and CategoryMapper ---

void translate(KernelContext& context, const Tensor& texts, const Tensor& numbers) {
  if (context.input(0).is_string())
    write_mapped(context, texts, numbers, vector_of<std::int64_t>({context.integer("default_int64", -1)}));
  else
    write_mapped(context, numbers, texts,
                 vector_of<std::string>({context.text("default_string", "_Unused")}));
}

void label_encoder_by_position(KernelContext& context) {
  const auto texts = context.attribute("classes_strings", std::vector<std::string>{});
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < texts.size(); ++i) numbers.push_back(static_cast<std::int64_t>(i));
  translate(context, vector_of(texts), vector_of(numbers));
}

void category_mapper(KernelContext& context) {
  const auto texts = context.attribute("cats_strings", std::vector<std::string>{});
  const auto numbers = context.integers("cats_int64s");
  check_length("cats_int64s", numbers.size(), texts.size());
  translate(context, vector_of(texts), vector_of(numbers));
}

void infer_translation(InferenceContext& context) {
  const DataType input = context.input_element(0);
  const DataType output = input == DataType::String  ? DataType::Int64
                          : input == DataType::Int64 ? DataType::String
                                                     : DataType::Undefined;
  if (output != DataType::Undefined) context.set_output(0, output, context.input_shape(0));
}

// --- OneHotEncoder ---

/// The elements as whole numbers, fractions cut off; what fits no integer is no category.
Tensor whole_numbers(const Tensor& tensor) {
  if (tensor.is_string() || is_integer(tensor.type())) return tensor;
  auto values = values_as<double>(tensor);
  for (double& value : values) value = std::trunc(value);
  return tensor_from(DataType::Float64, tensor.dims(), values);
}

void one_hot_encoder(KernelContext& context) {
  const Tensor& input = context.input(0);
  const auto texts = context.attribute("cats_strings", std::vector<std::string>{});
  const auto numbers = context.integers("cats_int64s");
  if (texts.empty() == numbers.empty()) throw Error("needs either cats_strings or cats_int64s");
  if (input.is_string() == texts.empty())
    throw Error("the categories are " + std::string(texts.empty() ? "numbers" : "text") +
                ", and the input is " + std::string(name_of(input.type())));
  const Tensor categories = texts.empty() ? vector_of(numbers) : vector_of(texts);
  const bool is_real = !input.is_string() && !is_integer(input.type());
  const auto positions = positions_of(is_real ? converted(categories, DataType::Float64) : categories);
  const auto width = static_cast<std::size_t>(categories.size());
  Dims dims = input.dims();
  dims.push_back(categories.size());
  Tensor ones = zeros_like(Tensor(context.made_type(DataType::Float32), {0}), dims);
  const bool allows_others = context.integer("zeros", 1) != 0;
  std::size_t element = 0;
  dispatch(WideFloatTypes{}, ones.type(), [&]<class T>() {
    T* to = ones.mutable_data<T>();
    for (const auto& key : keys_of(whole_numbers(input))) {
      const auto found = positions.find(key);
      if (found != positions.end())
        to[element * width + found->second] = 1;
      else if (!allows_others)
        throw Error("element " + std::to_string(element) + " is no known category")
            .advice("zeros=1 allows it");
      ++element;
    }
  });
  context.set_output(0, std::move(ones));
}

void infer_one_hot_encoder(InferenceContext& context) {
  const std::size_t texts = context.node().attribute_or("cats_strings", std::vector<std::string>{}).size();
  const std::size_t numbers = context.integers("cats_int64s").size();
  if ((texts == 0) == (numbers == 0)) context.report("either cats_strings or cats_int64s is needed");
  std::optional<Shape> shape = context.input_shape(0);
  if (shape) shape->emplace_back(static_cast<std::int64_t>(std::max(texts, numbers)));
  context.set_output(0, DataType::Float32, std::move(shape));
}

// --- records ---

Operator ml(const std::string& name, int version) {
  return Operator(name, version, OperatorKind::Other, "ai.onnx.ml").cost(no_arithmetic());
}

Operator with_defaults(Operator record) {
  return record
      .attribute("default_string", std::string("_Unused"), "Text that stands for what has no counterpart.")
      .attribute("default_int64", std::int64_t{-1}, "Integer that stands for what has no counterpart.");
}

void register_label_encoder(OperatorTable& table) {
  const auto text_or_integer = types::tensors({"string", "int64"});
  table.add(with_defaults(ml("LabelEncoder", 1))
                .summary("Text to its position in a list of classes, or positions back to text.")
                .input("X", "T1", "Text or positions, of any shape.")
                .output("Y", "T2", "Positions or text.")
                .constraint("T1", text_or_integer)
                .constraint("T2", text_or_integer)
                .optional_attribute("classes_strings", AttributeType::Strings, "The classes in order.")
                .infer(infer_translation)
                .kernel(label_encoder_by_position)
                .example("X = string[3]{\"b\", \"a\", \"z\"}; classes_strings = [\"a\", \"b\"]"));
  const auto keys = types::tensors({"string", "int64", "float"});
  const Operator mapping =
      with_defaults(ml("LabelEncoder", 2))
          .summary(
              "Replaces each element that is one of the keys by the value that stands at the same place.")
          .change("Any keys may be mapped to any values.")
          .input("X", "T1", "Elements of the keys' type, of any shape.")
          .output("Y", "T2", "Elements of the values' type.")
          .constraint("T1", keys)
          .constraint("T2", keys)
          .optional_attribute("keys_strings", AttributeType::Strings, "Keys, if they are text.")
          .optional_attribute("keys_int64s", AttributeType::Ints, "Keys, if they are integers.")
          .optional_attribute("keys_floats", AttributeType::Floats,
                              "Keys, if they are float32; NaN is one key.")
          .optional_attribute("values_strings", AttributeType::Strings, "Values, if they are text.")
          .optional_attribute("values_int64s", AttributeType::Ints, "Values, if they are integers.")
          .optional_attribute("values_floats", AttributeType::Floats, "Values, if they are float32.")
          .attribute("default_float", -0.0f, "Number that stands for what has no counterpart.")
          .infer(infer_label_encoder)
          .kernel(label_encoder)
          .example(
              "X = string[3]{\"b\", \"a\", \"z\"}; keys_strings = [\"a\", \"b\"]; values_int64s = [10, 20]");
  table.add(mapping);
  const auto wide = types::tensors({"string", "int64", "float", "int32", "int16", "double"});
  table.add(
      Operator(mapping.at(4))
          .constraint("T1", wide)
          .constraint("T2", wide)
          .change("Of equal keys the last one counts.")
          .optional_attribute("keys_tensor", AttributeType::Tensor, "Keys of any of the types.")
          .optional_attribute("values_tensor", AttributeType::Tensor, "Values of any of the types.")
          .optional_attribute("default_tensor", AttributeType::Tensor,
                              "One element of the values' type that stands for what has no counterpart."));
}

}  // namespace

void register_categories(OperatorTable& table) {
  register_label_encoder(table);
  const auto text_or_integer = types::tensors({"string", "int64"});
  table.add(
      with_defaults(ml("CategoryMapper", 1))
          .summary("Text to the integers that stand beside it in two lists, or integers back to text.")
          .input("X", "T1", "Text or integers, of any shape.")
          .output("Y", "T2", "Integers or text.")
          .constraint("T1", text_or_integer)
          .constraint("T2", text_or_integer)
          .optional_attribute("cats_strings", AttributeType::Strings, "The texts.")
          .optional_attribute("cats_int64s", AttributeType::Ints, "The integers, as many.")
          .infer(infer_translation)
          .kernel(category_mapper)
          .example("X = int64[3]{7, 8, 9}; cats_strings = [\"seven\", \"nine\"]; cats_int64s = [7, 9]"));
  table.add(
      ml("OneHotEncoder", 1)
          .summary("A new last axis with a 1 at the place of the element's category and 0 elsewhere.")
          .input("X", "T", "Categories, of any shape; fractions are cut off.")
          .output("Y", "tensor(float)", "The input's sizes and then the number of categories.")
          .constraint("T", types::tensors({"string", "int64", "int32", "float", "double"}))
          .optional_attribute("cats_int64s", AttributeType::Ints, "The categories, if they are numbers.")
          .optional_attribute("cats_strings", AttributeType::Strings, "The categories, if they are text.")
          .attribute("zeros", std::int64_t{1}, "1 gives all 0 for what is no category, 0 refuses it.")
          .infer(infer_one_hot_encoder)
          .kernel(one_hot_encoder)
          .example("X = int64[3]{7, 9, 1}; cats_int64s = [7, 8, 9]"));
}

}  // namespace lapidary
