#include "engine/passes/graph_rewriter.h"

#include <algorithm>

#include "engine/model/graph_index.h"
#include "engine/model/names.h"
#include "engine/ops/operator_table.h"

namespace lapidary {

GraphRewriter::GraphRewriter(GraphPointer graph, Surroundings around)
    : graph_(std::move(graph)),
      around_(around),
      nodes_(graph_->nodes.to_vector()),
      initializers_(graph_->initializers.to_vector()),
      original_size_(nodes_.size()) {}

// --- questions ---

std::int64_t GraphRewriter::opset(std::string_view domain) const {
  if (around_.function)
    for (const auto& import : around_.function->opset_imports)
      if (normalized_domain(import.domain) == normalized_domain(domain)) return import.version;
  return model().opset(domain);
}

const Operator* GraphRewriter::record(const Node& node) const {
  if (!model().functions.empty() && model().find_function(node)) return nullptr;
  return operator_table().find(node.domain, node.op_type, opset(node.domain));
}

GraphRewriter::Entries& GraphRewriter::entries() const {
  if (entries_) return *entries_;
  entries_ = std::make_unique<Entries>();
  entries_->reserve(nodes_.size() * 2 + initializers_.size());
  for (const auto& input : graph_->inputs) (*entries_)[input.name].input = true;
  for (const auto& output : graph_->outputs) {
    Entry& entry = (*entries_)[output.name];
    entry.output = true;
    ++entry.uses;
  }
  for (const auto& tensor : initializers_) (*entries_)[tensor->name].initializer = tensor.get();
  // Parameters of a quantization annotation are read by whoever reads the annotation.
  for (const auto& annotation : graph_->quantization_annotations)
    for (const auto& [key, name] : annotation.parameters) ++stable_entry(name).uses;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (const auto& name : nodes_[i]->outputs)
      if (!name.empty()) (*entries_)[name].producer = static_cast<int>(i);
    count_reads(i, 1);
  }
  return *entries_;
}

GraphRewriter::Entry& GraphRewriter::stable_entry(std::string_view value) const {
  const auto found = entries_->find(value);
  return found != entries_->end() ? found->second : (*entries_)[body_names_.emplace_back(value)];
}

void GraphRewriter::count_reads(std::size_t position, int difference) const {
  const auto count = [&](Entry& entry) {
    entry.uses += difference;
    if (difference > 0 && (entry.readers.empty() || entry.readers.back() != position))
      entry.readers.push_back(position);
  };
  const Node& node = *nodes_[position];
  for (const auto& name : node.inputs)
    if (!name.empty()) count((*entries_)[name]);
  for (const auto& [attribute, body] : subgraphs_of(node))
    for (const auto& name : outer_names(*body)) count(stable_entry(name));
}

const GraphRewriter::Entry* GraphRewriter::find(std::string_view value) const {
  const Entries& all = entries();
  const auto found = all.find(value);
  return found == all.end() ? nullptr : &found->second;
}

int GraphRewriter::producer(std::string_view value) const {
  const Entry* entry = find(value);
  return entry ? entry->producer : -1;
}

const Node* GraphRewriter::producer_of_type(std::string_view value, std::string_view op_type) const {
  const int position = producer(value);
  if (position < 0) return nullptr;
  const Node* found = node(static_cast<std::size_t>(position));
  return is_standard(*found, op_type) ? found : nullptr;
}

int GraphRewriter::use_count(std::string_view value) const {
  const Entry* entry = find(value);
  return entry ? entry->uses : 0;
}

std::vector<std::size_t> GraphRewriter::readers(std::string_view value) const {
  const Entry* entry = find(value);
  if (!entry) return {};
  std::vector<std::size_t> found = entry->readers;
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::erase_if(found, [&](std::size_t position) {
    if (!nodes_[position]) return true;
    const Node& node = *nodes_[position];
    if (std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end()) return false;
    for (const auto& [attribute, body] : subgraphs_of(node)) {
      const auto names = outer_names(*body);
      if (std::find(names.begin(), names.end(), value) != names.end()) return false;
    }
    return true;
  });
  return found;
}

bool GraphRewriter::is_private(std::string_view value) const {
  const Entry* entry = find(value);
  if (!entry || entry->uses != 1 || entry->output) return false;
  const auto positions = readers(value);
  if (positions.size() != 1) return false;
  const auto& inputs = nodes_[positions[0]]->inputs;
  return std::find(inputs.begin(), inputs.end(), value) != inputs.end();
}

bool GraphRewriter::is_output(std::string_view value) const {
  const Entry* entry = find(value);
  return entry && entry->output;
}

bool GraphRewriter::is_input(std::string_view value) const {
  const Entry* entry = find(value);
  return entry && entry->input;
}

const NamedTensor* GraphRewriter::constant(std::string_view value) const {
  if (value.empty()) return nullptr;
  const Entry* entry = find(value);
  // Before IR version 4 every initializer had to be listed as an input, and none could be overridden.
  if (entry && entry->initializer)
    return entry->input && model().ir_version >= 4 ? nullptr : entry->initializer;
  if (entry && entry->producer >= 0) {
    const Node& node = *nodes_[static_cast<std::size_t>(entry->producer)];
    if (!is_standard(node, "Constant")) return nullptr;
    return node.attribute_or("value", std::shared_ptr<const NamedTensor>()).get();
  }
  return (entry && entry->input) || !around_.outer ? nullptr : around_.outer->constant(value);
}

const ValueFacts* GraphRewriter::facts(std::string_view value) const {
  return value.empty() ? nullptr : context().types->find(around_.model, graph_.get(), value);
}

const Type& GraphRewriter::type_of(std::string_view value) const {
  static const Type unknown;
  const ValueFacts* known = facts(value);
  return known ? known->type : unknown;
}

std::optional<Shape> GraphRewriter::shape_of_value(std::string_view value) const {
  if (const NamedTensor* known = constant(value)) return shape_of(known->tensor.dims());
  return type_of(value).shape;
}

// --- changes ---

bool GraphRewriter::admit(const std::string& label) {
  if (!context().admits(label)) return false;
  around_.result.changed.push_back(label);
  return true;
}

void GraphRewriter::take_out(std::size_t position) {
  entries();
  const Node& node = *nodes_[position];
  for (const auto& name : node.outputs)
    if (const auto entry = entries_->find(name); entry != entries_->end()) entry->second.producer = -1;
  count_reads(position, -1);
  released_.insert(released_.end(), node.inputs.begin(), node.inputs.end());
  for (const auto& [attribute, body] : subgraphs_of(node))
    for (auto& name : outer_names(*body)) released_.push_back(std::move(name));
  kept_.push_back(std::move(nodes_[position]));
  nodes_[position] = nullptr;
  changed_ = true;
}

void GraphRewriter::put(std::size_t position, Node node) {
  entries();
  nodes_[position] = std::make_shared<const Node>(std::move(node));
  for (const auto& name : nodes_[position]->outputs)
    if (!name.empty()) (*entries_)[name].producer = static_cast<int>(position);
  count_reads(position, 1);
  changed_ = moved_ = true;
}

void GraphRewriter::replace(std::size_t position, Node node) {
  take_out(position);
  put(position, std::move(node));
}

std::size_t GraphRewriter::insert_before(std::size_t position, Node node) {
  entries();
  nodes_.push_back(nullptr);
  inserted_[position].push_back(nodes_.size() - 1);
  put(nodes_.size() - 1, std::move(node));
  return nodes_.size() - 1;
}

void GraphRewriter::erase(std::size_t position) { take_out(position); }

bool GraphRewriter::can_rename_reads(std::string_view from, std::string_view to) const {
  for (const std::size_t position : readers(from))
    for (const auto& [attribute, body] : subgraphs_of(*nodes_[position]))
      if (defines_name(*body, to)) return false;
  return true;
}

void GraphRewriter::rename_reads(const std::string& from, const std::string& to) {
  const Renames renames = {{from, to}};
  for (const std::size_t position : readers(from)) {
    const auto changed = reading_renamed(*nodes_[position], renames);
    if (!changed) continue;
    const auto before = subgraphs_of(*nodes_[position]);
    replace(position, *changed);
    const auto after = subgraphs_of(*nodes_[position]);
    for (std::size_t i = 0; i < before.size(); ++i)
      context().types->follow(before[i].second.get(), after[i].second);
  }
}

bool GraphRewriter::redirect(const std::string& from, const std::string& to) {
  if (is_output(from) || !can_rename_reads(from, to)) return false;
  rename_reads(std::string(from), std::string(to));
  return true;
}

bool GraphRewriter::can_bypass(const std::string& output, const std::string& source) const {
  if (!is_output(output)) return can_rename_reads(output, source);
  return producer(source) >= 0 && !is_output(source) && !is_input(source) &&
         can_rename_reads(source, output) && can_rename_reads(output, output);
}

bool GraphRewriter::bypass(std::size_t position, const std::string& output, const std::string& source) {
  if (!can_bypass(output, source)) return false;
  const std::string kept = output, gone = source;  // the names may lie in nodes that are replaced
  if (!is_output(kept)) {
    erase(position);
    rename_reads(kept, gone);
    return true;
  }
  erase(position);
  rename_output(gone, kept);
  rename_reads(gone, kept);
  return true;
}

void GraphRewriter::rename_output(const std::string& from, const std::string& to) {
  const auto position = static_cast<std::size_t>(producer(from));
  Node node = *nodes_[position];
  std::replace(node.outputs.begin(), node.outputs.end(), from, to);
  replace(position, std::move(node));
}

std::string GraphRewriter::add_constant(const std::string& base, Tensor tensor) {
  NamedTensor named;
  named.name = fresh_name(base);
  named.tensor = std::move(tensor);
  std::string name = named.name;
  add_initializer(std::move(named));
  return name;
}

void GraphRewriter::add_initializer(NamedTensor tensor) {
  entries();
  initializers_.push_back(std::make_shared<const NamedTensor>(std::move(tensor)));
  (*entries_)[initializers_.back()->name].initializer = initializers_.back().get();
  released_.push_back(initializers_.back()->name);  // should nobody read it after all
  changed_ = true;
}

void GraphRewriter::remove_initializer(const std::string& name) {
  if (const auto entry = entries().find(name); entry != entries_->end()) entry->second.initializer = nullptr;
  changed_ = true;
}

// --- the end ---

void GraphRewriter::remove_released() {
  const auto is_unused = [&](const std::string& name) { return name.empty() || use_count(name) == 0; };
  while (!released_.empty()) {
    const std::string name = std::move(released_.back());
    released_.pop_back();
    if (name.empty() || use_count(name) > 0) continue;
    const Entry* entry = find(name);
    if (!entry) continue;
    const bool overridable = entry->input && model().ir_version >= 4;
    if (entry->initializer && !overridable) remove_initializer(name);
    if (entry->producer < 0) continue;
    const auto position = static_cast<std::size_t>(entry->producer);
    const auto& outputs = nodes_[position]->outputs;
    if (std::all_of(outputs.begin(), outputs.end(), is_unused)) erase(position);
  }
}

std::vector<std::shared_ptr<const Node>> GraphRewriter::ordered_nodes() const {
  std::vector<std::shared_ptr<const Node>> ordered;
  ordered.reserve(nodes_.size());
  const std::function<void(std::size_t)> emit = [&](std::size_t position) {
    if (const auto before = inserted_.find(position); before != inserted_.end())
      for (const std::size_t earlier : before->second) emit(earlier);
    if (nodes_[position]) ordered.push_back(nodes_[position]);
  };
  for (std::size_t i = 0; i < original_size_; ++i) emit(i);
  return ordered;
}

namespace {

/// The nodes so that each comes after what it reads; as they are where they are already.
PersistentVector<std::shared_ptr<const Node>> sorted(const Graph& graph) {
  const GraphIndex index(graph);
  const auto& order = index.topological_order();
  if (order.size() != graph.nodes.size() || std::is_sorted(order.begin(), order.end())) return graph.nodes;
  const auto nodes = graph.nodes.to_vector();
  std::vector<std::shared_ptr<const Node>> result;
  result.reserve(nodes.size());
  for (const int position : order) result.push_back(nodes[static_cast<std::size_t>(position)]);
  return PersistentVector(std::move(result));
}

}  // namespace

/// Before IR version 4 initializers are listed as inputs, too.
void GraphRewriter::finish_inputs(Graph& graph) const {
  if (model().ir_version >= 4 || is_inner()) return;
  std::unordered_set<std::string_view> before;
  for (const auto& tensor : graph_->initializers) before.insert(tensor->name);
  std::erase_if(graph.inputs, [&](const Value& input) {
    return before.contains(input.name) && !find(input.name)->initializer;
  });
  for (const auto& tensor : initializers_) {
    if (is_input(tensor->name)) continue;
    Value value;
    value.name = tensor->name;
    value.type = tensor->tensor.full_type();
    graph.inputs.push_back(std::move(value));
  }
}

GraphPointer GraphRewriter::finish() {
  if (!changed_) return graph_;
  remove_released();
  Graph graph = *graph_;
  graph.nodes = PersistentVector(ordered_nodes());
  std::erase_if(initializers_,
                [&](const auto& tensor) { return find(tensor->name)->initializer != tensor.get(); });
  graph.initializers = PersistentVector(initializers_);
  finish_inputs(graph);
  if (moved_) graph.nodes = sorted(graph);
  auto infos = graph.value_infos.to_vector();
  const auto is_gone = [&](const std::string& name) {
    const Entry* entry = find(name);
    return !entry || (entry->producer < 0 && !entry->initializer && !entry->input);
  };
  std::erase_if(infos, [&](const Value& value) { return is_gone(value.name); });
  if (infos.size() != graph.value_infos.size()) graph.value_infos = PersistentVector(std::move(infos));
  std::erase_if(graph.quantization_annotations,
                [&](const auto& annotation) { return is_gone(annotation.tensor_name); });
  return std::make_shared<const Graph>(std::move(graph));
}

}  // namespace lapidary
