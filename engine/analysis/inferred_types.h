#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/analysis/graph_change.h"
#include "engine/model/graph_index.h"
#include "engine/model/model.h"

namespace lapidary {

struct InferenceOptions {
  std::map<std::string, std::int64_t> dimensions;  ///< numbers for symbols: {"N", 1}
  std::map<std::string, Type> inputs;              ///< types that replace those of graph inputs
  bool fold_constants = true;        ///< run small constant sub-expressions to know shapes from them
  bool check_types = false;          ///< report what the operators' type constraints do not allow, too
  std::function<void()> checkpoint;  ///< called now and then; what it throws ends the work (Cancelled)
};

/// Something that does not fit, found while inferring or checking. Never stops a load.
struct Problem {
  enum class Severity { Error, Warning, Note };
  Severity severity = Severity::Error;
  std::string node;    ///< label of the node, or empty
  std::string tensor;  ///< name of the value, or empty
  std::string message;
};

/// What is known of one value before the model runs.
struct ValueFacts {
  Type type;
  Tensor constant;  ///< present if the value is a constant that is small, an initializer, or a Constant
  std::optional<std::vector<Dimension>> values;  ///< symbolic contents of a small integer tensor
};

/// Types and known contents of every value of a model: its main graph, each subgraph inside, and the bodies
/// of functions, one for each call.
class InferredTypes {
 public:
  /// Of the main graph; Kind::Unknown if not known.
  const Type& type_of(std::string_view value) const { return type_in(nullptr, value); }
  /// Of a subgraph (the pointer found in the node's attribute), of a function_body(), or of the main graph
  /// for nullptr. Names from the graphs around a subgraph are found too.
  const Type& type_in(const Graph* graph, std::string_view value) const;
  /// The value's constant, if it is one (initializer, Constant, or folded from such) and small or an
  /// initializer.
  const Tensor* constant_in(const Graph* graph, std::string_view value) const;
  /// Everything known of the value, or nullptr.
  const ValueFacts* find(const Graph* graph, std::string_view value) const;
  /// The body of the function that `node` of `graph` (nullptr: the main graph) calls, as this call runs it;
  /// nullptr if it calls none, or one that calls itself. Lives as long as these facts and their copies.
  GraphPointer function_body(const Graph* graph, const Node& node) const;
  /// False if no node calls a function.
  bool has_function_bodies() const { return !function_bodies_.empty(); }
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  friend class TypeInference;
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using ValueMap = std::unordered_map<std::string, ValueFacts, NameHash, std::equal_to<>>;
  /// Maps that are shared with other InferredTypes no longer change: what an edit changed stands before them.
  struct GraphFacts {
    std::shared_ptr<ValueMap> values = std::make_shared<ValueMap>();
    std::shared_ptr<const ValueMap> before_edits;
    const Graph* outer = nullptr;

    const ValueFacts* find(std::string_view name) const;
  };
  const Graph* main_ = nullptr;
  std::unordered_map<const Graph*, GraphFacts> graphs_;
  std::map<std::pair<const Graph*, const Node*>, GraphPointer> function_bodies_;  ///< by graph and call
  std::vector<Problem> problems_;
};

/// Derives types and shapes, with symbols, through the whole model; functions are entered. Dimensions of
/// graph inputs that have neither number nor name are called "INPUT.AXIS", so that what follows from them can
/// be written down. Never throws for what the model contains: it reports.
InferredTypes infer_types(const Model& model, const InferenceOptions& options = {});

/// The same after an edit of the main graph, from the facts before: derives what nodes that changed make, and
/// what follows from it, as far as `most_nodes` go. Nothing if operator sets or functions changed too. Names
/// that an edit showed to be one dimension stay as they were: a close picture until the whole is derived
/// anew. `index` is that of the model's main graph.
std::optional<InferredTypes> follow_edit(const InferredTypes& before, const Model& model_before,
                                         const Model& model, const GraphIndex& index,
                                         const GraphChange& change, int most_nodes);

}  // namespace lapidary
