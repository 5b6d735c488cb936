#include <QTest>
#include <cmath>
#include <numbers>

#include "tests/support/model_builder.h"
#include "tests/support/passes.h"

using namespace lapidary;
using test::add_rewrite;
using test::after_pass;
using test::ModelBuilder;
using test::node;
using test::operators;

namespace {

using Integers = std::vector<std::int64_t>;
const Type any = Type::tensor(DataType::Float32);

Tensor ramp(Dims dims, float first = 0.3f) {
  Tensor tensor(DataType::Float32, std::move(dims));
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.mutable_data<float>()[i] = first + 0.17f * static_cast<float>(i % 11);
  return tensor;
}

/// x [N, 3, 4] → y, with a name for each number in `numbers`.
ModelBuilder rows(std::int64_t opset, const std::vector<std::pair<const char*, double>>& numbers = {}) {
  ModelBuilder builder(opset);
  builder.input("x", DataType::Float32, {Dimension::symbol("N"), 3, 4}).output("y", any);
  for (const auto& [name, number] : numbers)
    builder.initializer(name, Tensor::scalar(static_cast<float>(number)));
  return builder;
}

/// The steps up to d / √(mean(d²) + epsilon), the quotient called `result`.
ModelBuilder spelled_out_rows(const char* result, const Integers& axes = {-1},
                              const Tensor& epsilon = Tensor::scalar(0.01f), double power = 2) {
  return rows(17, {{"two", power}})
      .initializer("epsilon", epsilon)
      .initializer("scale", ramp({4}))
      .initializer("bias", ramp({4}, -0.4f))
      .add(node("ReduceMean", {"x"}, {"mean"}, {{"axes", axes}}))
      .add(node("Sub", {"x", "mean"}, {"d"}))
      .add(node("Pow", {"d", "two"}, {"squares"}))
      .add(node("ReduceMean", {"squares"}, {"variance"}, {{"axes", axes}}))
      .add(node("Add", {"variance", "epsilon"}, {"sum"}))
      .add(node("Sqrt", {"sum"}, {"deviation"}))
      .add(node("Div", {"d", "deviation"}, {result}));
}

const std::vector<std::pair<const char*, double>> gelu_numbers = {
    {"root", std::numbers::sqrt2}, {"one", 1}, {"half", 0.5}, {"two", 2}};

ModelBuilder error_function(std::int64_t opset = 20) {
  return rows(opset, gelu_numbers)
      .add(node("Div", {"x", "root"}, {"scaled"}))
      .add(node("Erf", {"scaled"}, {"erf"}))
      .add(node("Add", {"erf", "one"}, {"above"}));
}

}  // namespace

/// Each fusion: what becomes its operator, and what must not.
class FusionTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    test::add_rewrite_columns();
    layer_normalization_rows();
    gelu_rows();
  }

  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(); }

 private:
  static void layer_normalization_rows() {
    const char* pass = "fuse_layer_normalization";
    const char* spelled = "ReduceMean Sub Pow ReduceMean Add Sqrt Div";
    add_rewrite("rows", pass, spelled_out_rows("y").build(), "LayerNormalization");
    add_rewrite("scaled and shifted rows", pass,
                spelled_out_rows("n")
                    .add(node("Mul", {"scale", "n"}, {"m"}))
                    .add(node("Add", {"m", "bias"}, {"y"}))
                    .build(),
                "LayerNormalization");
    add_rewrite("shifted rows of two axes", pass,
                spelled_out_rows("n", {2, 1})
                    .initializer("shift", ramp({1, 3, 4}))
                    .add(node("Add", {"n", "shift"}, {"y"}))
                    .build(),
                "LayerNormalization");
    add_rewrite("what is added has other sizes", pass,
                spelled_out_rows("n")
                    .initializer("shift", ramp({3, 1}))
                    .add(node("Mul", {"n", "scale"}, {"m"}))
                    .add(node("Add", {"m", "shift"}, {"y"}))
                    .build(),
                "LayerNormalization Add");
    add_rewrite("by the inverse, with a product as square", pass,
                rows(18, {{"epsilon", 0.01}, {"one", 1}})
                    .initializer("axes", Tensor::of({1}, Integers{2}))
                    .initializer("scale", ramp({4}))
                    .add(node("ReduceMean", {"x", "axes"}, {"mean"}))
                    .add(node("Sub", {"x", "mean"}, {"d"}))
                    .add(node("Mul", {"d", "d"}, {"squares"}))
                    .add(node("ReduceMean", {"squares", "axes"}, {"variance"}))
                    .add(node("Add", {"epsilon", "variance"}, {"sum"}))
                    .add(node("Sqrt", {"sum"}, {"deviation"}))
                    .add(node("Div", {"one", "deviation"}, {"inverse"}))
                    .add(node("Mul", {"inverse", "scale"}, {"factor"}))
                    .add(node("Mul", {"d", "factor"}, {"y"}))
                    .build(),
                "LayerNormalization");
    add_rewrite("columns stay", pass, spelled_out_rows("y", {1}).build(), spelled);
    add_rewrite("a deviation that is read elsewhere stays", pass,
                spelled_out_rows("y").output("deviation", any).build(), spelled);
    add_rewrite("another power stays", pass, spelled_out_rows("y", {-1}, Tensor::scalar(0.01f), 4).build(),
                spelled);
    add_rewrite("epsilon for each stays", pass, spelled_out_rows("y", {-1}, ramp({4})).build(), spelled);
  }

  static void gelu_rows() {
    const char* pass = "fuse_gelu";
    const auto mul = [](const char* a, const char* b, const char* to) { return node("Mul", {a, b}, {to}); };
    add_rewrite("half at the end", pass,
                error_function().add(mul("x", "above", "p")).add(mul("p", "half", "y")).build(), "Gelu");
    add_rewrite("half at the beginning", pass,
                error_function().add(mul("half", "x", "p")).add(mul("above", "p", "y")).build(), "Gelu");
    add_rewrite("half in the middle", pass,
                error_function().add(node("Div", {"above", "two"}, {"p"})).add(mul("p", "x", "y")).build(),
                "Gelu");
    add_rewrite("whole stays", pass, error_function().add(mul("x", "above", "y")).build(), "Div Erf Add Mul");
    add_rewrite("another factor stays", pass,
                error_function().add(mul("x", "above", "p")).add(mul("p", "two", "y")).build(),
                "Div Erf Add Mul Mul");
    add_rewrite("an older operator set stays", pass,
                error_function(17).add(mul("x", "above", "p")).add(mul("p", "half", "y")).build(),
                "Div Erf Add Mul Mul");
    add_rewrite(
        "erf that is an output stays", pass,
        error_function().add(mul("x", "above", "p")).add(mul("p", "half", "y")).output("erf", any).build(),
        "Div Erf Add Mul Mul");
    add_rewrite("another value times erf stays", pass,
                error_function()
                    .input("z", DataType::Float32, {4})
                    .add(mul("z", "above", "p"))
                    .add(mul("p", "half", "y"))
                    .build(),
                "Div Erf Add Mul Mul");
    const std::vector<std::pair<const char*, double>> numbers = {
        {"half", 0.5}, {"one", 1}, {"three", 3}, {"bend", 0.044715}, {"slope", 0.7978845608}};
    add_rewrite("by tanh of a power", pass,
                rows(20, numbers)
                    .add(node("Pow", {"x", "three"}, {"cube"}))
                    .add(mul("cube", "bend", "bent"))
                    .add(node("Add", {"x", "bent"}, {"sum"}))
                    .add(mul("sum", "slope", "inner"))
                    .add(node("Tanh", {"inner"}, {"tanh"}))
                    .add(node("Add", {"tanh", "one"}, {"above"}))
                    .add(mul("x", "half", "p"))
                    .add(mul("p", "above", "y"))
                    .build(),
                "Gelu");
    add_rewrite("by tanh of products", pass,
                rows(20, numbers)
                    .add(mul("x", "bend", "a"))
                    .add(mul("a", "x", "b"))
                    .add(node("Add", {"b", "one"}, {"sum"}))
                    .add(mul("x", "slope", "c"))
                    .add(mul("c", "sum", "inner"))
                    .add(node("Tanh", {"inner"}, {"tanh"}))
                    .add(node("Add", {"tanh", "one"}, {"above"}))
                    .add(mul("above", "half", "p"))
                    .add(mul("x", "p", "y"))
                    .build(),
                "Gelu");
  }
};

QTEST_GUILESS_MAIN(FusionTest)
#include "fusion_test.moc"
