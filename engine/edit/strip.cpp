#include "engine/edit/strip.h"

namespace lapidary {
namespace {

class Stripper {
 public:
  explicit Stripper(Stripped& stripped) : stripped_(stripped) {}

  /// For all that has documentation and metadata.
  template <class T>
  void strip_notes(T& described) {
    strip_documentation(described);
    stripped_.metadata += described.metadata.size();
    described.metadata.clear();
  }
  template <class T>
  void strip_documentation(T& described) {
    stripped_.documentation += described.doc_string.empty() ? 0 : 1;
    described.doc_string.clear();
  }

  std::shared_ptr<const NamedTensor> tensor(const std::shared_ptr<const NamedTensor>& given) {
    NamedTensor changed = *given;
    strip_notes(changed);
    return std::make_shared<const NamedTensor>(std::move(changed));
  }

  std::shared_ptr<const Node> node(const std::shared_ptr<const Node>& given) {
    Node changed = *given;
    stripped_.node_names += changed.name.empty() ? 0 : 1;
    changed.name.clear();
    strip_notes(changed);
    for (auto& attribute : changed.attributes) strip_attribute(attribute);
    return std::make_shared<const Node>(std::move(changed));
  }

  void strip_attribute(Attribute& attribute) {
    strip_documentation(attribute);
    if (auto* body = std::get_if<GraphPointer>(&attribute.value)) *body = graph(**body);
    if (auto* bodies = std::get_if<std::vector<GraphPointer>>(&attribute.value))
      for (auto& one : *bodies) one = graph(*one);
    if (auto* held = std::get_if<std::shared_ptr<const NamedTensor>>(&attribute.value)) *held = tensor(*held);
  }

  GraphPointer graph(const Graph& given) {
    Graph changed = given;
    strip_notes(changed);
    for (auto* values : {&changed.inputs, &changed.outputs})
      for (auto& value : *values) strip_notes(value);
    auto infos = changed.value_infos.to_vector();
    for (auto& info : infos) strip_notes(info);
    changed.value_infos = PersistentVector(std::move(infos));
    auto nodes = changed.nodes.to_vector();
    for (auto& one : nodes) one = node(one);
    changed.nodes = PersistentVector(std::move(nodes));
    auto initializers = changed.initializers.to_vector();
    for (auto& one : initializers) one = tensor(one);
    changed.initializers = PersistentVector(std::move(initializers));
    return std::make_shared<const Graph>(std::move(changed));
  }

  std::shared_ptr<const Function> function(const Function& given) {
    Function changed = given;
    strip_notes(changed);
    for (auto& one : changed.nodes) one = node(one);
    for (auto& info : changed.value_infos) strip_notes(info);
    for (auto& attribute : changed.default_attributes) strip_attribute(attribute);
    return std::make_shared<const Function>(std::move(changed));
  }

 private:
  Stripped& stripped_;
};

}  // namespace

ModelPointer strip(const Model& model, Stripped& stripped) {
  Stripper stripper(stripped);
  Model result = model;
  stripper.strip_notes(result);
  stripped.producer = !result.producer_name.empty() || !result.producer_version.empty();
  result.producer_name.clear();
  result.producer_version.clear();
  result.graph = stripper.graph(*model.graph);
  for (auto& function : result.functions) function = stripper.function(*function);
  return std::make_shared<const Model>(std::move(result));
}

}  // namespace lapidary
