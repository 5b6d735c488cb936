#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/model.h"
#include "engine/ops/inference.h"
#include "engine/ops/kernel.h"

namespace lapidary {

enum class Arity { Single, Optional, Variadic };

/// One formal input or output.
struct Parameter {
  std::string name;
  std::string type;  ///< a type constraint's name such as "T", or a type such as "tensor(int64)"
  Arity arity = Arity::Single;
  std::string description;
  bool homogeneous = true;  ///< variadic: all of one type
  int minimum = 1;          ///< variadic: least number
};

struct AttributeSpec {
  std::string name;
  AttributeType type;
  AttributeValue default_value;  ///< monostate if there is none
  bool required = false;
  std::string description;
};

/// A named set of types, in constraint_text()'s notation: {"T", {"tensor(float)", "tensor(double)"}}.
struct TypeConstraint {
  std::string name;
  std::vector<std::string> types;
};

/// What running a node costs. Multiply-adds are counted apart from FLOPs (one multiply-add is two FLOPs).
struct Cost {
  double macs = 0;   ///< multiply-adds
  double flops = 0;  ///< floating or integer arithmetic operations, multiply-adds counted as two
};

/// What a cost function may ask: the node with the types of its inputs and outputs (Type::Kind::Unknown if
/// not known).
struct CostContext {
  const Node& node;
  int version;
  std::vector<Type> inputs, outputs;

  /// Sizes if all are known numbers.
  std::optional<Dims> input_dims(std::size_t index) const;
  std::optional<Dims> output_dims(std::size_t index) const;
  /// Elements of output 0, or nothing.
  std::optional<double> output_elements() const;
};
/// Nothing if the cost cannot be known from shapes.
using CostFunction = std::function<std::optional<Cost>(const CostContext&)>;

using KernelFunction = void (*)(KernelContext&);
using InferenceFunction = std::function<void(InferenceContext&)>;

/// Kinds colour nodes and spans, and group tables.
enum class OperatorKind {
  MatrixAndConvolution,
  Normalization,
  Activation,
  ElementWise,
  PoolingAndReduction,
  ShapeAndLayout,
  ControlFlow,
  Quantization,
  Other,
};
std::string_view name_of(OperatorKind kind);

/// What one operator is, in one version: the record that everything else is derived from. Written with the
/// fluent setters below, in the file of its family:
///
///   table.add(Operator("Relu", 14, OperatorKind::Activation)
///                 .summary("max(x, 0), element by element.")
///                 .input("X", "T").output("Y", "T").constraint("T", types::signed_numbers())
///                 .infer(same_as_input).kernel(relu).cost(per_element(1))
///                 .example("X = float[2, 2]{1, -2, 3, -4}"));
class Operator {
 public:
  Operator(std::string name, int since_version, OperatorKind kind, std::string domain = "");

  Operator& summary(std::string text);
  Operator& input(std::string name, std::string type, std::string description = "",
                  Arity arity = Arity::Single);
  Operator& optional_input(std::string name, std::string type, std::string description = "");
  Operator& variadic_input(std::string name, std::string type, std::string description = "", int minimum = 1,
                           bool homogeneous = true);
  Operator& output(std::string name, std::string type, std::string description = "",
                   Arity arity = Arity::Single);
  Operator& optional_output(std::string name, std::string type, std::string description = "");
  Operator& variadic_output(std::string name, std::string type, std::string description = "", int minimum = 1,
                            bool homogeneous = true);
  /// An attribute with a default: `.attribute("axis", std::int64_t{1}, "…")`.
  Operator& attribute(std::string name, AttributeValue default_value, std::string description = "");
  Operator& optional_attribute(std::string name, AttributeType type, std::string description = "");
  Operator& required_attribute(std::string name, AttributeType type, std::string description = "");
  Operator& without_attribute(std::string_view name);
  Operator& constraint(std::string name, std::vector<std::string> types);
  Operator& infer(InferenceFunction function);
  Operator& kernel(KernelFunction function);
  Operator& cost(CostFunction function);
  Operator& deprecated();
  /// Not a pure function of its inputs (random numbers): never folded or merged.
  Operator& nondeterministic();
  /// One call that can be run, in the notation that engine/ops/example.h explains; what comes out is computed
  /// where it is shown: `.example("X = float[2, 2]{1, -2, 3, -4}; alpha = 0.1")`. Other versions made with
  /// at() have the same one.
  Operator& example(std::string text);
  /// What this version does otherwise than the one before where the two records do not show it ("negative
  /// axes count from the end"). Differences in inputs, outputs, attributes and types are found by comparison.
  Operator& change(std::string text);
  /// A copy for another version, to be changed where the versions differ; only change() is not copied:
  ///   table.add(Operator(relu).at(13).constraint("T", types::floats_and_bfloat16()));
  Operator at(int since_version) const;
  Operator& clear_inputs();
  Operator& clear_outputs();

  std::string name, domain;
  int since_version;
  OperatorKind kind;
  std::string summary_text, example_text, change_text;
  std::vector<Parameter> inputs, outputs;
  std::vector<AttributeSpec> attributes;
  std::vector<TypeConstraint> constraints;
  InferenceFunction infer_function;
  KernelFunction kernel_function = nullptr;
  CostFunction cost_function;
  bool is_deprecated = false;
  bool is_deterministic = true;

  const AttributeSpec* find_attribute(std::string_view attribute_name) const;
  const TypeConstraint* find_constraint(std::string_view constraint_name) const;
  int minimum_inputs() const;
  int maximum_inputs() const;  ///< INT_MAX if variadic
  int minimum_outputs() const;
  int maximum_outputs() const;
};

}  // namespace lapidary
