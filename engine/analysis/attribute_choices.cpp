#include "engine/analysis/attribute_choices.h"

#include <algorithm>
#include <initializer_list>

namespace lapidary {
namespace {

using Words = std::initializer_list<std::string_view>;

/// The texts that an attribute of these operators may be (all operators that have it if none is named), in
/// any version: what a version does not have yet is for its kernel to refuse.
struct Choice {
  std::string_view attribute;
  Words operators, values;
};

const Choice choices[] = {
    {"auto_pad", {}, {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}},
    {"mode", {"Resize"}, {"nearest", "linear", "cubic"}},
    {"mode", {"Upsample"}, {"nearest", "linear", "bilinear"}},
    {"mode", {"Pad"}, {"constant", "reflect", "edge", "wrap"}},
    {"mode", {"GridSample"}, {"bilinear", "nearest", "bicubic", "linear", "cubic"}},
    {"mode", {"RoiAlign"}, {"avg", "max"}},
    {"mode", {"DepthToSpace"}, {"DCR", "CRD"}},
    {"mode", {"TensorScatter"}, {"linear", "circular"}},
    {"mode", {"TfIdfVectorizer"}, {"TF", "IDF", "TFIDF"}},
    {"mode", {"Momentum"}, {"nesterov", "standard"}},
    {"padding_mode", {"GridSample"}, {"zeros", "border", "reflection"}},
    {"coordinate_transformation_mode",
     {"Resize"},
     {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
      "tf_half_pixel_for_nn", "tf_crop_and_resize"}},
    {"coordinate_transformation_mode", {"RoiAlign"}, {"half_pixel", "output_half_pixel"}},
    {"nearest_mode", {"Resize"}, {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple", ""}},
    {"keep_aspect_ratio_policy", {"Resize"}, {"stretch", "not_larger", "not_smaller"}},
    {"reduction", {"ScatterElements", "ScatterND"}, {"none", "add", "mul", "max", "min"}},
    {"reduction", {"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"}, {"none", "mean", "sum"}},
    {"direction", {"RNN", "GRU", "LSTM"}, {"forward", "reverse", "bidirectional"}},
    {"direction", {"BitShift"}, {"LEFT", "RIGHT"}},
    {"approximate", {"Gelu"}, {"none", "tanh"}},
    {"case_change_action", {"StringNormalizer"}, {"LOWER", "UPPER", "NONE"}},
    {"pixel_format", {"ImageDecoder"}, {"BGR", "RGB", "Grayscale"}},
    {"round_mode", {}, {"up", "down", "nearest"}},
    {"post_transform", {}, {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"}},
    {"aggregate_function", {"TreeEnsembleRegressor"}, {"AVERAGE", "SUM", "MIN", "MAX"}},
    {"kernel_type", {}, {"LINEAR", "POLY", "RBF", "SIGMOID"}},
    {"norm", {"Normalizer"}, {"MAX", "L1", "L2"}},
    {"cast_to", {"CastMap"}, {"TO_FLOAT", "TO_STRING", "TO_INT64"}},
    {"map_form", {"CastMap"}, {"DENSE", "SPARSE"}},
};

bool holds(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_type_number_of(const Node& node, std::string_view attribute) {
  return attribute == "output_dtype" || attribute == "dtype" || attribute == "output_datatype" ||
         (attribute == "to" && holds({"Cast", "BitCast"}, node.op_type));
}

bool is_meant(const Choice& choice, const Node& node, std::string_view attribute) {
  return choice.attribute == attribute &&
         (choice.operators.size() == 0 || holds(choice.operators, node.op_type));
}

/// Numbers of an element type; 0 says "as it comes out" where the standard has that default.
std::optional<std::string> wrong_type_number(const Node& node, const Attribute& attribute,
                                             std::int64_t number) {
  const bool may_be_open = attribute.name == "output_dtype";
  if (!is_type_number_of(node, attribute.name) || (number == 0 && may_be_open) ||
      (number > 0 && number < data_type_count))
    return std::nullopt;
  return std::to_string(number) + " is no element type";
}

/// Sizes, steps and counts that must be above 0.
std::optional<std::string> wrong_count(const Attribute& attribute, std::int64_t number) {
  static const Words counts = {"strides",     "dilations",    "kernel_shape", "group",
                               "blocksize",   "hidden_size",  "num_groups",   "num_outputs",
                               "q_num_heads", "kv_num_heads", "size"};
  if (!holds(counts, attribute.name) || number > 0) return std::nullopt;
  return std::to_string(number) + " where a number above 0 is needed";
}

std::optional<std::string> wrong_text(const Node& node, const Attribute& attribute, const std::string& text) {
  for (const auto& choice : choices) {
    if (!is_meant(choice, node, attribute.name) || holds(choice.values, text)) continue;
    std::string list;
    for (const auto value : choice.values)
      if (!value.empty()) list += (list.empty() ? "" : ", ") + std::string(value);
    return "'" + text + "' is none of " + list;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> attribute_choices(const Node& node, std::string_view attribute) {
  std::vector<std::string> names;
  if (is_type_number_of(node, attribute))
    for (int number = 1; number < data_type_count; ++number)
      names.emplace_back(name_of(static_cast<DataType>(number)));
  for (const auto& choice : choices)
    if (is_meant(choice, node, attribute))
      for (const auto value : choice.values)
        if (!value.empty()) names.emplace_back(value);
  return names;
}

bool is_flag(std::string_view attribute) {
  static const Words flags = {"align_corners",
                              "allowzero",
                              "antialias",
                              "ceil_mode",
                              "center_point_box",
                              "count_include_pad",
                              "detect_negative",
                              "detect_positive",
                              "do_rotary",
                              "exclude_outside",
                              "exclusive",
                              "fmod",
                              "input_forget",
                              "interleaved",
                              "is_case_sensitive",
                              "is_causal",
                              "keepdims",
                              "largest",
                              "linear_before_reset",
                              "noop_with_empty_axes",
                              "onesided",
                              "periodic",
                              "reverse",
                              "saturate",
                              "select_last_index",
                              "sorted",
                              "training_mode",
                              "transA",
                              "transB",
                              "upper"};
  return holds(flags, attribute);
}

std::optional<std::string> wrong_choice(const Node& node, const Attribute& attribute) {
  if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
    const auto reason = wrong_type_number(node, attribute, *number);
    return reason ? reason : wrong_count(attribute, *number);
  }
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&attribute.value))
    for (const std::int64_t number : *numbers)
      if (const auto reason = wrong_count(attribute, number)) return reason;
  if (const auto* text = std::get_if<std::string>(&attribute.value))
    return wrong_text(node, attribute, *text);
  return std::nullopt;
}

}  // namespace lapidary
