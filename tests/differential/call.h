#pragma once

#include <map>
#include <optional>

#include "engine/ops/operator.h"
#include "tests/differential/draft.h"

namespace lapidary::differential {

/// Thrown by a recipe that has nothing to offer for what was chosen so far; no node comes of it.
struct Unsuitable {};
/// Throws Unsuitable if the tensor holds NaN or an infinity: where the standard does not say what comes of
/// them.
void require_finite(const Tensor& tensor);

/// One node while a recipe chooses its inputs and attributes. Inputs are chosen in the record's order: from
/// the values that the draft has, or new ones.
class Call {
 public:
  Call(Draft& draft, const Operator& record);

  Draft& draft;
  Random& random;
  const Operator& record;
  Node node;

  /// Of the standard's operator; what other domains call the same is as the newest.
  int version() const { return record.domain.empty() ? record.since_version : 99; }
  /// The type that a constraint (or "tensor(int64)") stands for in this node; chosen when first asked for.
  DataType type(const std::string& constraint);
  DataType input_type(std::size_t parameter);
  bool is_bound(const std::string& constraint) const { return bound_.contains(constraint); }
  void bind(const std::string& constraint, DataType type) { bound_[constraint] = type; }
  /// Whether the record lets the constraint, or the text, be this type.
  bool permits(const std::string& constraint, DataType type) const;
  /// All element types of tensors that it can be.
  std::vector<DataType> permitted(const std::string& constraint) const;

  // Each gives the next input.
  /// Any tensor of the right type with a rank in the range.
  Tensor any(int minimum_rank = 0, int maximum_rank = 4);
  /// A tensor of these sizes.
  Tensor sized(const Dims& dims, std::optional<Fill> fill = {});
  /// These elements, in the parameter's type (int64 or int32), as a constant or as an input of the graph.
  void integers(const std::vector<std::int64_t>& values, std::optional<Dims> dims = {});
  void given(Tensor tensor, double constant_share = 0.5);
  /// A sequence, map or optional as an input of the graph.
  void container(Datum datum);
  void absent() { node.inputs.emplace_back(); }
  /// The value of that name.
  void named(const std::string& name) { node.inputs.push_back(name); }
  /// As sized(), or left out; what was left out last is removed by finish().
  void optional(const Dims& dims, double share = 0.6);

  Tensor input(std::size_t index) const { return draft.find(node.inputs.at(index)).tensor(); }
  bool has_parameter(std::size_t index) const { return index < record.inputs.size(); }

  // Attributes.
  template <class T>
  void set(const std::string& name, T value) {
    node.attributes.push_back({name, AttributeValue(std::move(value)), {}, {}, {}, {}, 0});
  }
  void flag(const std::string& name) {
    if (record.find_attribute(name) && random.chance(0.6)) set(name, random.below(2));
  }
  void number(const std::string& name, double low, double high) {
    if (record.find_attribute(name) && random.chance(0.6))
      set(name, static_cast<float>(random.between_reals(low, high)));
  }
  void word(const std::string& name, const std::vector<std::string>& choices) {
    if (record.find_attribute(name) && random.chance(0.7)) set(name, random.pick(choices));
  }
  /// An axis of a tensor of the rank, also counted from the end where `negative` allows.
  std::int64_t axis(std::int64_t rank, bool negative = true);
  /// Some different axes, in any order.
  std::vector<std::int64_t> axes(std::int64_t rank, bool negative = true);

  /// Gives the node its outputs: those that must be there, and of the optional ones some.
  void finish();

 private:
  const Parameter& parameter() const;
  std::optional<std::string> find_value(const std::vector<DataType>& types, int minimum_rank,
                                        int maximum_rank, const Dims* dims) const;
  Tensor use(const std::string& name);
  Tensor make(Tensor tensor, double constant_share);

  std::map<std::string, DataType> bound_;
};

using Recipe = void (*)(Call&);
/// What chooses inputs and attributes for an operator, or nullptr if nothing does.
Recipe recipe_for(const Operator& record);

// Recipes by what they have in common, each a list of (name, recipe); other domains' names with the domain
// and a dot before.
using RecipeList = std::vector<std::pair<const char*, Recipe>>;
RecipeList element_wise_recipes();
RecipeList shape_recipes();
RecipeList indexing_recipes();
RecipeList reduction_recipes();
RecipeList matrix_recipes();
RecipeList window_recipes();
RecipeList normalization_recipes();
RecipeList recurrent_recipes();
RecipeList quantization_recipes();
RecipeList control_flow_recipes();
RecipeList attention_recipes();
RecipeList region_recipes();
RecipeList other_recipes();
RecipeList microsoft_recipes();
RecipeList quantized_microsoft_recipes();
RecipeList learning_recipes();

/// The record's example with other numbers, element types and attributes: for operators without a recipe.
void from_example(Call& call);

/// Inputs of one type that broadcast together, or of the sizes of the first; attributes by their kind.
void element_wise(Call& call);

/// How many proposals were made and refused, in all and by record.
struct Tally {
  struct Counts {
    std::int64_t proposed = 0, refused = 0;
  };
  Counts all;
  std::map<const Operator*, Counts> by_record;
};
/// Adds a new function of the model's own and one or two calls of it. Throws Error if it refuses them.
void add_function_call(Draft& draft);
/// Adds up to `count` random nodes to the draft.
void add_random_nodes(Draft& draft, int count, Tally& tally);

}  // namespace lapidary::differential
