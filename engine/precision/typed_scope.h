#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/passes/graph_rewriter.h"

namespace lapidary {

/// The element type of a tensor, or of the tensors in a sequence or optional; Undefined for all others.
DataType element_of(const Type& type);
/// The type with that element type in the same place.
Type with_element(const Type& type, DataType element);

class TypedScope;

/// A value of a graph whose element types change.
struct TypedValue {
  std::string name;             ///< by which it is read where its type is right
  Type type;                    ///< as it is now; Kind::Unknown if it is not known
  const Node* maker = nullptr;  ///< node of the original graph; nullptr for inputs and initializers
  TypedScope* home = nullptr;   ///< the graph that makes it; set by define()
  std::shared_ptr<const NamedTensor> constant =
      nullptr;           ///< an initializer, or the tensor of a Constant, written when it is read
  bool is_node = false;  ///< the constant is written as a node
  std::map<DataType, std::string> twins = {};  ///< names of the same in other types, or of a constant in each

  /// The element type of what is called `written_name`; Undefined if nothing of it is.
  DataType element_called(const std::string& written_name) const;
};

/// A sequence or optional is needed in another element type than it has, which no Cast gives.
struct FixedElementType {
  std::string value;
  DataType element;              ///< that it has
  const Node* maker;             ///< nullptr: an input of the graph
  const Node* reader = nullptr;  ///< that needs another; set where it is known
};

/// A graph that is written anew, node by node, while its values change their element types. A value is cast
/// at most once to each type, in the graph that makes it; constants are written in the types in which they
/// are read.
class TypedScope {
 public:
  TypedScope(const Graph& original, TypedScope* outer, ModelNames& names);

  const Graph& original() const { return original_; }
  TypedScope* outer() const { return outer_; }

  /// What the original graph, or one around, calls `name`; nullptr if nothing is known of it.
  std::shared_ptr<TypedValue> find(const std::string& name) const;
  void define(const std::string& name, TypedValue value);
  /// Lets `name` be another name of `value`, in whichever type that is.
  void define_alias(const std::string& name, std::shared_ptr<TypedValue> value);
  /// The name by which a value is read with `element`; adds a Cast or a constant where there is none yet. A
  /// value whose type is not known is read as it is. Throws FixedElementType.
  std::string read(const std::string& name, DataType element);
  /// The name by which a value is read in the type that it has.
  std::string read_as_is(const std::string& name);
  /// Writes a constant under its own name in that type, since an input or output of the graph is called so.
  void write_constant(const std::string& name, DataType element);
  void add(Node node);
  /// A Cast from `source` to `target`.
  void add_cast(const std::string& source, const std::string& target, DataType element);
  std::string fresh_name(const std::string& base) { return names_.fresh(base); }

  /// The original with the nodes added; declared types and initializers follow the values. `added_inputs`:
  /// constants are declared as inputs, too, as IR versions before 4 ask for.
  Graph finish(bool added_inputs);

 private:
  std::string written(TypedValue& value, DataType element);
  void write(const TypedValue& value, const std::string& name, DataType element);

  const Graph& original_;
  TypedScope* outer_;
  ModelNames& names_;
  std::unordered_map<std::string, std::shared_ptr<TypedValue>> values_;
  std::vector<std::shared_ptr<const Node>> nodes_;
  std::vector<std::shared_ptr<const NamedTensor>> initializers_;
};

}  // namespace lapidary
