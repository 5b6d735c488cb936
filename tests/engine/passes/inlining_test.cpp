#include <QTest>

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

Tensor boolean(bool value) { return Tensor::of({}, std::vector<bool>{value}); }
Tensor integers(const Integers& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

ModelBuilder base() {
  return ModelBuilder(17)
      .input("x", DataType::Float32, {2, 3})
      .output("y", any)
      .initializer("yes", boolean(true))
      .initializer("no", boolean(false));
}

Node choice(const char* condition) {
  const GraphPointer then = ModelBuilder(17)
                                .initializer("c", Tensor::scalar(2.0f))
                                .add(node("Exp", {"x"}, {"e"}))
                                .add(node("Mul", {"e", "c"}, {"t"}))
                                .output("t", any)
                                .graph();
  const GraphPointer otherwise = ModelBuilder(17).add(node("Neg", {"x"}, {"e"})).output("e", any).graph();
  return node("If", {condition}, {"y"}, {{"then_branch", then}, {"else_branch", otherwise}});
}

/// v ← v + x, and gives out v · turn of each turn.
ModelPointer loop(std::int64_t turns, const char* condition, bool may_end) {
  ModelBuilder body = ModelBuilder(17)
                          .input("turn", DataType::Int64, {})
                          .input("c", DataType::Bool, {})
                          .input("v", DataType::Float32, {2, 3})
                          .add(node("Add", {"v", "x"}, {"w"}))
                          .add(node("Cast", {"turn"}, {"f"}, {{"to", std::int64_t{1}}}))
                          .add(node("Mul", {"w", "f"}, {"s"}));
  if (may_end) {
    body.add(node("ReduceMax", {"w"}, {"m"}, {{"keepdims", std::int64_t{0}}}))
        .initializer("limit", Tensor::scalar(100.0f))
        .add(node("Less", {"m", "limit"}, {"d"}));
  } else {
    body.add(node("Identity", {"c"}, {"d"}));
  }
  body.output("d", Type::tensor(DataType::Bool)).output("w", any).output("s", any);
  return base()
      .initializer("n", Tensor::scalar(turns))
      .add(node("Loop", {"n", condition, "x"}, {"y", "z"}, {{"body", body.graph()}}))
      .output("z", any)
      .build();
}

/// F(a, alpha) = Elu(a; alpha) + Neg(a), called twice.
ModelPointer calls(std::int64_t opset_inside, bool recursive) {
  Function function;
  function.name = "F";
  function.domain = "local";
  function.inputs = {"a"};
  function.outputs = {"b"};
  function.attributes = {"slope"};
  function.opset_imports = {{"", opset_inside, 0}, {"local", 1, 0}};
  Node elu = node("Elu", {"a"}, {"e"}, {{"alpha", 1.0f}});
  elu.attributes[0].value = {};
  elu.attributes[0].reference = "slope";
  elu.attributes[0].declared_type = AttributeType::Float;
  function.nodes = {
      std::make_shared<const Node>(elu),
      std::make_shared<const Node>(node(recursive ? "F" : "Neg", {"a"}, {"n"}, {}, recursive ? "local" : "")),
      std::make_shared<const Node>(node("Add", {"e", "n"}, {"b"}))};
  Model model = *base()
                     .opset("local", 1)
                     .add(node("F", {"x"}, {"a"}, {{"slope", 2.0f}}, "local"))
                     .add(node("F", {"a"}, {"y"}, {{"slope", 3.0f}}, "local"))
                     .build();
  model.ir_version = 8;
  model.functions = {std::make_shared<const Function>(function)};
  return std::make_shared<const Model>(model);
}

}  // namespace

class InliningTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    test::add_rewrite_columns();
    add_rewrite("a condition that holds", "inline_if", base().add(choice("yes")).build(), "Exp Mul");
    add_rewrite("one that does not", "inline_if", base().add(choice("no")).build(), "Neg");
    add_rewrite("an open condition stays", "inline_if",
                base().input("open", DataType::Bool, {}).add(choice("open")).build(), "If");

    add_rewrite(
        "three turns", "unroll_loops", loop(3, "yes", false),
        "Add Cast Mul Identity Unsqueeze Add Cast Mul Identity Unsqueeze Add Cast Mul Identity Unsqueeze "
        "Concat");
    add_rewrite("without condition", "unroll_loops", loop(1, "", false),
                "Add Cast Mul Identity Unsqueeze Concat");
    add_rewrite("a loop that may end stays", "unroll_loops", loop(3, "yes", true), "Loop");
    add_rewrite("many turns stay", "unroll_loops", loop(9, "yes", false), "Loop");

    add_rewrite("a function called twice", "inline_functions", calls(17, false), "Elu Neg Add Elu Neg Add");
    add_rewrite("other versions that mean the same", "inline_functions", calls(15, false),
                "Elu Neg Add Elu Neg Add");
    add_rewrite("other versions that do not stay", "inline_functions", calls(9, false), "F F");

    const auto quantized = [](float second) {
      return base()
          .initializer("s", Tensor::scalar(0.1f))
          .initializer("r", Tensor::scalar(second))
          .initializer("p", Tensor::scalar(std::uint8_t{3}))
          .add(node("QuantizeLinear", {"x", "s", "p"}, {"q"}))
          .add(node("DequantizeLinear", {"q", "s", "p"}, {"d"}))
          .add(node("QuantizeLinear", {"d", "r", "p"}, {"t"}))
          .add(node("DequantizeLinear", {"t", "r", "p"}, {"y"}))
          .build();
    };
    add_rewrite("quantized twice the same way", "simplify_quantization", quantized(0.1f),
                "QuantizeLinear DequantizeLinear");
    add_rewrite("quantized twice otherwise stays", "simplify_quantization", quantized(0.2f),
                "QuantizeLinear DequantizeLinear QuantizeLinear DequantizeLinear");

    const auto slices = [](const Integers& second) {
      return base()
          .initializer("b", integers({0}))
          .initializer("e", integers({1}))
          .initializer("a", integers({second[2]}))
          .initializer("f", integers({second[0]}))
          .initializer("g", integers({second[1]}))
          .initializer("first", integers({1}))
          .add(node("Slice", {"x", "b", "e", "first"}, {"p"}))
          .add(node("Slice", {second[3] ? "p" : "x", "f", "g", "a"}, {"q"}))
          .add(second[3] ? node("Neg", {"q"}, {"y"})
                         : node("Concat", {"q", "p"}, {"y"}, {{"axis", std::int64_t{1}}}))
          .build();
    };
    add_rewrite("slices along two axes", "merge_slices", slices({1, 2, 0, 1}), "Slice Neg");
    add_rewrite("slices along one axis", "merge_slices", slices({0, 1, 1, 1}), "Slice Neg");
    add_rewrite("slices that take everything", "merge_slices", slices({1, INT64_MAX, -1, 0}), "Split Concat");
    add_rewrite("slices with a gap stay", "merge_slices", slices({2, 3, 1, 0}), "Slice Slice Concat");
    add_rewrite("gather of gather", "merge_slices",
                base()
                    .initializer("i", integers({1, 0, -1}))
                    .initializer("j", integers({-1, 1}))
                    .add(node("Gather", {"x", "i"}, {"g"}, {{"axis", std::int64_t{1}}}))
                    .add(node("Gather", {"g", "j"}, {"y"}, {{"axis", std::int64_t{1}}}))
                    .build(),
                "Gather");
    const auto split = [](const char* first, const char* second) {
      return base()
          .initializer("parts", integers({1, 2}))
          .add(node("Split", {"x", "parts"}, {"p", "q"}, {{"axis", std::int64_t{1}}}))
          .add(node("Concat", {first, second}, {"c"}, {{"axis", std::int64_t{-1}}}))
          .add(node("Neg", {"c"}, {"y"}))
          .build();
    };
    add_rewrite("split and joined again", "merge_slices", split("p", "q"), "Neg");
    add_rewrite("joined in another order stays", "merge_slices", split("q", "p"), "Split Concat Neg");

    const auto product = [](const Tensor& bias) {
      return base()
          .initializer("w", Tensor::of({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}))
          .initializer("bias", bias)
          .add(node("MatMul", {"x", "w"}, {"m"}))
          .add(node("Add", {"bias", "m"}, {"y"}))
          .build();
    };
    add_rewrite("product and bias", "fuse_gemm", product(Tensor::of({2}, std::vector<float>{1, -1})), "Gemm");
    add_rewrite("bias for rows stays", "fuse_gemm", product(Tensor::of({2, 1}, std::vector<float>{1, -1})),
                "MatMul Add");

    const auto scaled = [](bool shared) {
      ModelBuilder builder =
          base()
              .initializer("w", Tensor::of({3, 3}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9}))
              .initializer("b", Tensor::of({3}, std::vector<float>{1, -1, 2}))
              .initializer("root", Tensor::scalar(8.0f))
              .add(node("MatMul", {"x", "w"}, {"m"}))
              .add(node("Add", {"m", "b"}, {"q"}))
              .add(node("Transpose", {"x"}, {"k"}))
              .add(node("MatMul", {"q", "k"}, {"s"}))
              .add(node("Div", {"s", "root"}, {"y"}));
      if (shared) builder.add(node("Neg", {"q"}, {"z"})).output("z", any);
      return builder.build();
    };
    add_rewrite("scores over a root", "fold_scale_through", scaled(false), "MatMul Add Transpose MatMul");
    add_rewrite("a query that is read elsewhere stays", "fold_scale_through", scaled(true),
                "MatMul Add Transpose MatMul Div Neg");
  }

  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(); }

  void functionsThatCallThemselvesStay() {
    QCOMPARE(operators(*after_pass(calls(17, true), "inline_functions")), QStringLiteral("F F"));
  }

  void functionsThatNobodyCallsGo() {
    QCOMPARE(after_pass(calls(17, false), "inline_functions")->functions.size(), std::size_t{0});
  }
};

QTEST_GUILESS_MAIN(InliningTest)
#include "inlining_test.moc"
