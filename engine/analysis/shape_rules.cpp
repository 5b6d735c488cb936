#include "engine/analysis/shape_rules.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

namespace lapidary {
namespace {

class ShapeRules {
 public:
  ShapeRules(const Operator& record, const Node& node, const std::vector<Type>& inputs)
      : record_(record), node_(node), inputs_(inputs) {}

  std::vector<std::string> take() { return std::move(messages_); }

  void check() {
    check_axis();
    if (record_.domain.empty()) check_standard();
    if (record_.domain == "com.microsoft") check_contributed();
  }

 private:
  static constexpr std::size_t none = 99;  ///< no such input

  void check_standard() {
    if (is_one_of({"Scatter", "ScatterElements", "GatherElements"})) same_rank(0, 1);
    if (is_one_of({"Scatter", "ScatterElements"})) same_shape(1, 2);
    if (is_one_of({"MaxUnpool"})) same_shape(0, 1);
    if (is_one_of({"ScatterND"})) check_slices();
    if (is_one_of({"Clip"}))
      for (const std::size_t bound : {1, 2}) single_element(bound);
    if (is_one_of({"BatchNormalization"}) && record_.since_version >= 9) per_channel({1, 2, 3, 4});
    if (is_one_of({"InstanceNormalization"})) per_channel({1, 2});
    if (is_one_of({"Conv", "ConvInteger", "DeformConv"}))
      check_convolution(1, is_one_of({"Conv"}) ? 2 : none);
    if (is_one_of({"QLinearConv"})) check_convolution(3, 8);
    if (is_one_of({"ConvTranspose"})) check_transposed_convolution();
    if (is_one_of({"RNN", "GRU", "LSTM"})) check_recurrent();
    if (is_one_of({"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"})) check_classes();
  }

  /// Forms of standard operators that ONNX Runtime's optimizer writes, with channels where the standard has
  /// them; QLinearConv may have them last.
  void check_contributed() {
    if (is_one_of({"FusedConv"})) check_convolution(1, 2);
    if (is_one_of({"QLinearConv"}) && integer("channels_last", 0) == 0) check_convolution(3, 8);
    if (is_one_of({"BiasGelu", "FastGelu", "BiasAdd", "BiasSplitGelu"})) per_last(1);
    if (is_one_of({"SkipLayerNormalization"}))
      for (const std::size_t vector : {2, 3, 4}) per_last(vector);
    if (is_one_of({"SkipSimplifiedLayerNormalization"}))
      for (const std::size_t vector : {2, 3}) per_last(vector);
  }

  bool is_one_of(std::initializer_list<std::string_view> names) const {
    return std::find(names.begin(), names.end(), node_.op_type) != names.end();
  }

  const Shape* shape(std::size_t input) const {
    return input < inputs_.size() && inputs_[input].shape ? &*inputs_[input].shape : nullptr;
  }

  std::string name(std::size_t input) const { return "'" + record_.inputs[input].name + "'"; }

  void contradict(std::size_t a, const std::string& relation, std::size_t b) {
    messages_.push_back("input " + name(a) + " is " + to_string(inputs_[a]) + ", " + relation + " " +
                        name(b) + ", which is " + to_string(inputs_[b]));
  }

  static bool may_be_equal(const Dimension& a, const Dimension& b) {
    return !a.is_constant() || !b.is_constant() || a.value() == b.value();
  }

  static bool may_be_equal(const Shape& a, const Shape& b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(),
                      [](const Dimension& x, const Dimension& y) { return may_be_equal(x, y); });
  }

  void same_rank(std::size_t a, std::size_t b) {
    if (shape(a) && shape(b) && shape(a)->size() != shape(b)->size())
      contradict(b, "but must have the rank of", a);
  }

  void same_shape(std::size_t a, std::size_t b) {
    if (shape(a) && shape(b) && !may_be_equal(*shape(a), *shape(b)))
      contradict(b, "but must have the sizes of", a);
  }

  void single_element(std::size_t input) {
    const Shape* sizes = shape(input);
    if (!sizes) return;
    const bool fits = std::all_of(sizes->begin(), sizes->end(),
                                  [](const Dimension& size) { return may_be_equal(size, Dimension(1)); });
    if (!fits)
      messages_.push_back("input " + name(input) + " must be a single number, but is " +
                          to_string(inputs_[input]));
  }

  /// One element for each channel, axis 1 of input 0.
  void per_channel(std::initializer_list<std::size_t> vectors) {
    const Shape* values = shape(0);
    if (!values || values->size() < 2) return;
    for (const std::size_t vector : vectors)
      if (shape(vector) && !may_be_equal(*shape(vector), {(*values)[1]}))
        contradict(vector, "but must have one element for each channel of", 0);
  }

  /// One element for each entry of the last axis of input 0.
  void per_last(std::size_t vector) {
    const Shape* values = shape(0);
    if (values && !values->empty() && shape(vector) && !may_be_equal(*shape(vector), {values->back()}))
      contradict(vector, "but must have one element for each entry of the last axis of", 0);
  }

  /// ScatterND: updates are the indices' tuples by the slices that a tuple leaves of the data.
  void check_slices() {
    const Shape *data = shape(0), *indices = shape(1), *updates = shape(2);
    if (!data || !indices || !updates || indices->empty() || !indices->back().is_constant()) return;
    const std::int64_t tuple = indices->back().value();
    if (tuple > static_cast<std::int64_t>(data->size()))
      return contradict(1, "with longer tuples than the rank of", 0);
    Shape wanted(indices->begin(), indices->end() - 1);
    wanted.insert(wanted.end(), data->begin() + static_cast<std::ptrdiff_t>(tuple), data->end());
    if (!may_be_equal(*updates, wanted)) contradict(2, "which does not fit the slices of", 0);
  }

  std::int64_t integer(std::string_view attribute, std::int64_t otherwise) const {
    return node_.attribute_or(attribute, otherwise);
  }

  /// The vector `bias` has `channels` elements.
  void check_bias(std::size_t bias, std::size_t weights, std::optional<std::int64_t> channels) {
    if (channels && shape(bias) && !may_be_equal(*shape(bias), {Dimension(*channels)}))
      contradict(bias, "but must have one element for each channel that is made by", weights);
  }

  /// Values [N, C, …] and weights [M, C/group, …] of one rank above 2; kernel_shape says the weights' sizes.
  bool check_window(std::size_t weights) {
    const Shape *values = shape(0), *kernel = shape(weights);
    if (!values || !kernel) return false;
    if (values->size() != kernel->size() || values->size() < 3) {
      contradict(weights, "which does not fit the rank of", 0);
      return false;
    }
    const auto sizes = node_.attribute_or("kernel_shape", std::vector<std::int64_t>{});
    const Shape window(kernel->begin() + 2, kernel->end());
    Shape said;
    for (const std::int64_t size : sizes) said.push_back(size);
    if (!sizes.empty() && !may_be_equal(said, window))
      messages_.push_back("attribute 'kernel_shape' is not of the sizes of input " + name(weights) +
                          ", which is " + to_string(inputs_[weights]));
    return true;
  }

  void check_convolution(std::size_t weights, std::size_t bias) {
    if (!check_window(weights)) return;
    const Shape &values = *shape(0), &kernel = *shape(weights);
    const std::int64_t groups = integer("group", 1);
    if (kernel[1].is_constant() && !may_be_equal(values[1], Dimension(kernel[1].value() * groups)))
      contradict(weights, "whose groups do not fit the channels of", 0);
    if (kernel[0].is_constant() && groups > 0 && kernel[0].value() % groups != 0)
      messages_.push_back(std::to_string(groups) + " groups do not divide the channels that are made, " +
                          std::to_string(kernel[0].value()));
    check_bias(bias, weights, kernel[0].is_constant() ? std::optional(kernel[0].value()) : std::nullopt);
  }

  void check_transposed_convolution() {
    if (!check_window(1)) return;
    const Shape& kernel = *shape(1);
    if (!may_be_equal((*shape(0))[1], kernel[0])) contradict(1, "whose first size is not the channels of", 0);
    check_bias(
        2, 1,
        kernel[1].is_constant() ? std::optional(kernel[1].value() * integer("group", 1)) : std::nullopt);
  }

  /// Values [a, b, features], weights [directions, gates · hidden, features], recurrent ones
  /// [directions, gates · hidden, hidden].
  void check_recurrent() {
    const std::int64_t gates = node_.op_type == "LSTM" ? 4 : node_.op_type == "GRU" ? 3 : 1;
    const std::int64_t directions =
        node_.attribute_or("direction", std::string("forward")) == "bidirectional" ? 2 : 1;
    const Dimension hidden =
        integer("hidden_size", 0) > 0 ? Dimension(integer("hidden_size", 0)) : Dimension::unknown();
    const Dimension rows = hidden.is_constant() ? Dimension(gates * hidden.value()) : Dimension::unknown();
    if (shape(0) && shape(0)->size() != 3) {
      messages_.push_back("input " + name(0) + " must be of rank 3, but is " + to_string(inputs_[0]));
      return;
    }
    const Dimension features = shape(0) ? shape(0)->back() : Dimension::unknown();
    if (shape(1) && !may_be_equal(*shape(1), {Dimension(directions), rows, features}))
      contradict(1, "which does not fit hidden_size, direction and the features of", 0);
    if (shape(2) && !may_be_equal(*shape(2), {Dimension(directions), rows, hidden}))
      messages_.push_back("input " + name(2) + " does not fit hidden_size and direction: it is " +
                          to_string(inputs_[2]));
  }

  /// Losses: a target for each position of input 0 [N, C, d1, …], a weight for each class.
  void check_classes() {
    const Shape* scores = shape(0);
    if (!scores) return;
    if (scores->size() < 2) {
      messages_.push_back("input " + name(0) + " has no axis of classes");
      return;
    }
    Shape positions = *scores;
    positions.erase(positions.begin() + 1);
    if (shape(1) && !may_be_equal(*shape(1), positions))
      contradict(1, "but must have the sizes without the classes of", 0);
    if (shape(2) && !may_be_equal(*shape(2), {(*scores)[1]}))
      contradict(2, "but must have one element for each class of", 0);
  }

  /// `axis` within the rank of input 0; where it stands for a place between axes or for an axis of the
  /// result, one more is allowed.
  void check_axis() {
    const auto* attribute = node_.find_attribute("axis");
    const auto* axis = attribute ? std::get_if<std::int64_t>(&attribute->value) : nullptr;
    const Shape* sizes = shape(0);
    const bool belongs_to_more =
        is_one_of({"QuantizeLinear", "DequantizeLinear", "Gradient", "ConcatFromSequence", "QLinearConcat"});
    if (!axis || !sizes || belongs_to_more) return;
    const auto rank = static_cast<std::int64_t>(sizes->size());
    const bool is_place = is_one_of({"Flatten", "OneHot", "Softmax", "LogSoftmax", "Hardmax", "Add", "Sub",
                                     "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Less", "Greater"});
    const std::int64_t more = is_place || rank == 0 ? 1 : 0;
    if (*axis >= rank + more || *axis < -rank - more)
      messages_.push_back("axis " + std::to_string(*axis) + " is outside a tensor of rank " +
                          std::to_string(rank));
  }

  const Operator& record_;
  const Node& node_;
  const std::vector<Type>& inputs_;
  std::vector<std::string> messages_;
};

}  // namespace

std::vector<std::string> shape_problems(const Operator& record, const Node& node,
                                        const std::vector<Type>& inputs) {
  ShapeRules rules(record, node, inputs);
  rules.check();
  return rules.take();
}

}  // namespace lapidary
