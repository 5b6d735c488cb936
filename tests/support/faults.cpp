#include "tests/support/faults.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "engine/model/edit.h"
#include "engine/model/graph_index.h"
#include "engine/model/nodes.h"

namespace lapidary::test {
namespace {

/// A model while a fault is put into it.
class Patient {
 public:
  explicit Patient(const ModelPointer& model)
      : model_(model), graph_(*model->graph), nodes_(graph_.nodes.to_vector()), index_(*model->graph) {}

  const Node& node(std::size_t position) const { return *nodes_[position]; }
  std::size_t size() const { return nodes_.size(); }
  /// The floating weight that this node alone reads as that input.
  const NamedTensor* own_weight(std::size_t position, std::size_t input) const {
    const std::string& name = input_or_empty(node(position), input);
    const NamedTensor* weight = name.empty() ? nullptr : index_.initializer(name);
    const bool is_own = weight && index_.consumers(name).size() == 1 && weight->tensor.size() > 0;
    return is_own && weight->tensor.type() == DataType::Float32 ? weight : nullptr;
  }
  void replace(std::size_t position, Node node) {
    nodes_[position] = std::make_shared<const Node>(std::move(node));
  }
  void replace_weight(const std::string& name, Tensor tensor) {
    for (std::size_t i = 0; i < graph_.initializers.size(); ++i) {
      if (graph_.initializers[i]->name != name) continue;
      NamedTensor changed;
      changed.name = name;
      changed.tensor = std::move(tensor);
      graph_.initializers =
          graph_.initializers.with(i, std::make_shared<const NamedTensor>(std::move(changed)));
    }
  }
  /// Casts around the node: floats go through float16.
  void cut_precision(std::size_t position) {
    const auto cast = [](const std::string& from, const std::string& to, DataType type) {
      Node made;
      made.op_type = "Cast";
      made.inputs = {from};
      made.outputs = {to};
      set_attribute(made, "to", static_cast<std::int64_t>(type));
      return std::make_shared<const Node>(std::move(made));
    };
    Node inner = node(position);
    std::vector<std::shared_ptr<const Node>> around;
    for (std::string& input : inner.inputs) {
      if (input.empty()) continue;
      around.push_back(cast(input, input + "_half_" + std::to_string(position), DataType::Float16));
      input = around.back()->outputs[0];
    }
    const std::string output = inner.outputs[0];
    inner.outputs[0] = output + "_half";
    around.push_back(std::make_shared<const Node>(inner));
    around.push_back(cast(inner.outputs[0], output, DataType::Float32));
    const auto place = nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(position));
    nodes_.insert(place, around.begin(), around.end());
  }
  ModelPointer finish() {
    graph_.nodes = PersistentVector<std::shared_ptr<const Node>>(std::move(nodes_));
    return with_graph(*model_, std::move(graph_));
  }

 private:
  ModelPointer model_;
  Graph graph_;
  std::vector<std::shared_ptr<const Node>> nodes_;
  GraphIndex index_;
};

bool is_one_of(const Node& node, std::initializer_list<const char*> operators) {
  return std::any_of(operators.begin(), operators.end(),
                     [&](const char* op) { return is_standard(node, op); });
}

/// Where a fault can be, and how it is made there.
struct Kind {
  std::string name;
  std::function<bool(const Patient&, std::size_t position)> fits;
  std::function<void(Patient&, std::size_t position)> make;
};

bool has_products(const Node& node) { return is_one_of(node, {"Conv", "MatMul", "Gemm", "ConvTranspose"}); }

bool has_own_weight(const Patient& patient, std::size_t at) {
  return has_products(patient.node(at)) && patient.own_weight(at, 1);
}

std::vector<float> elements_of(const Tensor& tensor) { return values_as<float>(tensor.aligned()); }

std::ptrdiff_t largest_of(const std::vector<float>& values) {
  return std::max_element(values.begin(), values.end(),
                          [](float a, float b) { return std::abs(a) < std::abs(b); }) -
         values.begin();
}

void change_largest(Patient& patient, std::size_t at, std::size_t input,
                    const std::function<float(float)>& change) {
  const NamedTensor& weight = *patient.own_weight(at, input);
  std::vector<float> values = elements_of(weight.tensor);
  float& largest = values[static_cast<std::size_t>(largest_of(values))];
  largest = change(largest);
  patient.replace_weight(weight.name, Tensor::of(weight.tensor.dims(), values));
}

/// The last two sizes of the weight, if they are equal and more than 1.
std::int64_t square_size(const Patient& patient, std::size_t at) {
  if (!has_own_weight(patient, at)) return 0;
  const Dims& dims = patient.own_weight(at, 1)->tensor.dims();
  const bool is_square = dims.size() >= 2 && dims[dims.size() - 1] == dims[dims.size() - 2];
  return is_square && dims.back() > 1 ? dims.back() : 0;
}

void transpose_weight(Patient& patient, std::size_t at) {
  const NamedTensor& weight = *patient.own_weight(at, 1);
  const auto side = static_cast<std::size_t>(square_size(patient, at));
  std::vector<float> values = elements_of(weight.tensor);
  for (std::size_t square = 0; square < values.size(); square += side * side)
    for (std::size_t row = 0; row < side; ++row)
      for (std::size_t column = 0; column < row; ++column)
        std::swap(values[square + row * side + column], values[square + column * side + row]);
  patient.replace_weight(weight.name, Tensor::of(weight.tensor.dims(), values));
}

const std::map<std::string, std::string>& other_operators() {
  static const std::map<std::string, std::string> others = {{"Relu", "Sigmoid"},
                                                            {"Sigmoid", "Tanh"},
                                                            {"Tanh", "Sigmoid"},
                                                            {"Add", "Sub"},
                                                            {"Mul", "Add"},
                                                            {"Sub", "Add"},
                                                            {"Erf", "Tanh"},
                                                            {"Clip", "Identity"},
                                                            {"Div", "Mul"},
                                                            {"Sqrt", "Abs"},
                                                            {"HardSigmoid", "Sigmoid"},
                                                            {"GlobalAveragePool", "GlobalMaxPool"},
                                                            {"Softmax", "LogSoftmax"}};
  return others;
}

void swap_operator(Patient& patient, std::size_t at) {
  Node node = patient.node(at);
  node.op_type = other_operators().at(node.op_type);
  if (node.op_type == "Identity") node.inputs.resize(1);
  if (node.op_type != "LogSoftmax") node.attributes.clear();
  patient.replace(at, std::move(node));
}

/// A floating attribute that counts in inference, other than epsilon.
const Attribute* changeable_attribute(const Node& node) {
  for (const Attribute& attribute : node.attributes)
    if (std::holds_alternative<float>(attribute.value) && attribute.name != "epsilon" &&
        attribute.name != "momentum")
      return &attribute;
  return nullptr;
}

void scale_attribute(Patient& patient, std::size_t at, const std::string& name, float factor,
                     float otherwise) {
  Node node = patient.node(at);
  set_attribute(node, name, node.attribute_or<float>(name, otherwise) * factor);
  patient.replace(at, std::move(node));
}

bool has_pads(const Node& node) {
  const auto pads = node.attribute_or<std::vector<std::int64_t>>("pads", {});
  return is_one_of(node, {"Conv", "MaxPool", "AveragePool"}) && pads.size() == 4 && pads[0] > 0;
}

/// As many in all, but on the other side: sizes stay, and only what is read differs.
void shift_pads(Patient& patient, std::size_t at) {
  Node node = patient.node(at);
  auto pads = node.attribute_or<std::vector<std::int64_t>>("pads", {});
  pads[2] += pads[0];
  pads[0] = 0;
  set_attribute(node, "pads", pads);
  patient.replace(at, std::move(node));
}

bool is_soft_max_of_last_axis(const Node& node) {
  return is_one_of(node, {"Softmax", "LogSoftmax"}) && node.attribute_or<std::int64_t>("axis", -1) < 0;
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"weight", has_own_weight,
       [](Patient& p, std::size_t at) { change_largest(p, at, 1, [](float x) { return x * 1.5f; }); }},
      {"transposed weight", [](const Patient& p, std::size_t at) { return square_size(p, at) > 0; },
       transpose_weight},
      {"not a number", has_own_weight,
       [](Patient& p, std::size_t at) {
         change_largest(p, at, 1, [](float) { return std::numeric_limits<float>::quiet_NaN(); });
       }},
      {"operator",
       [](const Patient& p, std::size_t at) {
         return is_standard(p.node(at), p.node(at).op_type) && other_operators().contains(p.node(at).op_type);
       },
       swap_operator},
      {"attribute",
       [](const Patient& p, std::size_t at) { return changeable_attribute(p.node(at)) != nullptr; },
       [](Patient& p, std::size_t at) {
         scale_attribute(p, at, changeable_attribute(p.node(at))->name, 1.1f, 1);
       }},
      {"padding", [](const Patient& p, std::size_t at) { return has_pads(p.node(at)); }, shift_pads},
      {"epsilon",
       [](const Patient& p, std::size_t at) {
         return is_one_of(p.node(at), {"BatchNormalization", "LayerNormalization", "InstanceNormalization"});
       },
       [](Patient& p, std::size_t at) { scale_attribute(p, at, "epsilon", 100, 1e-5f); }},
      {"quantization scale",
       [](const Patient& p, std::size_t at) {
         return is_one_of(p.node(at), {"QuantizeLinear", "DequantizeLinear"}) && p.own_weight(at, 1);
       },
       [](Patient& p, std::size_t at) { change_largest(p, at, 1, [](float x) { return x * 1.1f; }); }},
      // Before operator set 13 the axis was 1 where none was said.
      {"operator set", [](const Patient& p, std::size_t at) { return is_soft_max_of_last_axis(p.node(at)); },
       [](Patient& p, std::size_t at) {
         Node node = p.node(at);
         set_attribute(node, "axis", std::int64_t{1});
         p.replace(at, std::move(node));
       }},
      {"precision", [](const Patient& p, std::size_t at) { return has_products(p.node(at)); },
       [](Patient& p, std::size_t at) { p.cut_precision(at); }},
  };
  return all;
}

}  // namespace

const std::vector<std::string>& fault_kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Kind& kind : kinds()) list.push_back(kind.name);
    return list;
  }();
  return names;
}

std::optional<FaultyModel> with_fault(const ModelPointer& model, const std::string& name,
                                      std::uint64_t seed) {
  const auto kind =
      std::find_if(kinds().begin(), kinds().end(), [&](const Kind& k) { return k.name == name; });
  Patient patient(model);
  std::vector<std::size_t> places;
  for (std::size_t position = 0; position < patient.size(); ++position)
    if (kind->fits(patient, position)) places.push_back(position);
  if (places.empty()) return std::nullopt;
  const std::size_t place = places[(seed * 2654435761U) % places.size()];
  const std::string node = patient.node(place).label();
  kind->make(patient, place);
  return FaultyModel{patient.finish(), node};
}

}  // namespace lapidary::test
