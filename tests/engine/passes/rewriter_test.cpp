#include <QTest>

#include "engine/passes/graph_rewriter.h"
#include "tests/support/model_builder.h"
#include "tests/support/passes.h"

using namespace lapidary;
using test::after_pass;
using test::ModelBuilder;
using test::node;
using test::operators;
using test::parting;

namespace {

const Type floats = Type::tensor(DataType::Float32);

ModelBuilder base() { return ModelBuilder(17).input("x", DataType::Float32, {2, 3}).output("y", floats); }

/// y = condition ? -Identity(r) : Identity(r), with r = Identity(x) read only inside the branches.
ModelPointer branches() {
  const auto branch = [](const char* type, const char* out) {
    return ModelBuilder(17)
        .add(node("Identity", {"r"}, {std::string("i_") + out}))
        .add(node(type, {std::string("i_") + out}, {out}))
        .output(out, floats)
        .graph();
  };
  return base()
      .input("condition", DataType::Bool, {})
      .add(node("Identity", {"x"}, {"r"}))
      .add(node("If", {"condition"}, {"y"},
                {{"then_branch", branch("Neg", "t")}, {"else_branch", branch("Abs", "e")}}))
      .build();
}

/// Puts Exp(Log(·)) before every Relu.
PassResult wrap_relu(const ModelPointer& model, const PassContext& context) {
  return rewrite_graphs(model, context, [](GraphRewriter& graph) {
    for (std::size_t i = 0, count = graph.size(); i < count; ++i) {
      const Node* relu = graph.node(i);
      if (!is_standard(*relu, "Relu") || !graph.admit(*relu)) continue;
      const std::string neg = graph.fresh_name("wrapped"), back = graph.fresh_name("wrapped");
      Node changed = *relu;
      changed.inputs[0] = back;
      const std::string source = relu->inputs[0];
      graph.replace(i, std::move(changed));
      graph.insert_before(i, node("Neg", {neg}, {back}));
      graph.insert_before(i, node("Neg", {source}, {neg}));
    }
  });
}

}  // namespace

class RewriterTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesInsideBranchesAndLetsThemReadOtherNames() {
    const ModelPointer model = branches(), result = after_pass(model, "eliminate_identity");
    QCOMPARE(operators(*result), QStringLiteral("If"));
    for (const auto& [name, body] : subgraphs_of(*result->graph->nodes[0])) {
      QCOMPARE(body->nodes.size(), std::size_t{1});
      QCOMPARE(body->nodes[0]->inputs[0], std::string("x"));
    }
    QCOMPARE(parting(model, result), QString());
  }

  void keepsANameThatABodyHasForSomethingElse() {
    const GraphPointer body = ModelBuilder(17)
                                  .add(node("Neg", {"r"}, {"x2"}))
                                  .add(node("Abs", {"x2"}, {"t"}))
                                  .output("t", floats)
                                  .graph();
    const ModelPointer model =
        ModelBuilder(17)
            .input("x2", DataType::Float32, {2, 3})
            .input("condition", DataType::Bool, {})
            .output("y", floats)
            .add(node("Identity", {"x2"}, {"r"}))
            .add(node("If", {"condition"}, {"y"}, {{"then_branch", body}, {"else_branch", body}}))
            .build();
    QCOMPARE(operators(*after_pass(model, "eliminate_identity")), QStringLiteral("Identity If"));
  }

  void bringsInsertedNodesIntoOrder() {
    const ModelPointer model = base()
                                   .add(node("Abs", {"x"}, {"a"}))
                                   .add(node("Relu", {"a"}, {"r"}))
                                   .add(node("Neg", {"r"}, {"y"}))
                                   .build();
    const ModelPointer result = wrap_relu(model, {}).model;
    QCOMPARE(operators(*result), QStringLiteral("Abs Neg Neg Relu Neg"));
    QCOMPARE(parting(model, result), QString());
  }

  void letsOnlyTheFirstRewritesThrough() {
    ModelBuilder builder = base();
    builder.add(node("Identity", {"x"}, {"a"})).add(node("Abs", {"a"}, {"b"}));
    builder.add(node("Identity", {"b"}, {"c"})).add(node("Neg", {"c"}, {"y"}));
    PassContext context;
    context.gate->limit = 1;
    const ModelPointer result = after_pass(builder.build(), "eliminate_identity", context);
    QCOMPARE(operators(*result), QStringLiteral("Abs Identity Neg"));
    QCOMPARE(context.gate->admitted().size(), std::size_t{1});
    QCOMPARE(context.gate->admitted()[0].node, std::string("Identity → a"));
  }

  void leavesOutWhatItIsToldTo() {
    ModelBuilder builder = base();
    builder.add(node("Identity", {"x"}, {"a"})).add(node("Abs", {"a"}, {"b"}));
    builder.add(node("Identity", {"b"}, {"c"})).add(node("Neg", {"c"}, {"y"}));
    PassContext context;
    context.gate->left_out.insert({"eliminate_identity", "Identity → a"});
    QCOMPARE(operators(*after_pass(builder.build(), "eliminate_identity", context)),
             QStringLiteral("Identity Abs Neg"));
  }

  void endsWherePassesUndoEachOther() {
    const ModelPointer model = base().add(node("Relu", {"x"}, {"y"})).build();
    const Optimized result = optimize(model, {{"wrap_relu", "", PassLevel::Basic, wrap_relu}});
    QVERIFY(result.passes[0].changes > 1);
    QCOMPARE(parting(model, result.model), QString());
  }

  void rewritesBodiesOfFunctions() {
    Function function;
    function.name = "F";
    function.domain = "local";
    function.inputs = {"a"};
    function.outputs = {"b"};
    function.opset_imports = {{"", 17, 0}};
    function.nodes = {std::make_shared<const Node>(node("Identity", {"a"}, {"i"})),
                      std::make_shared<const Node>(node("Neg", {"i"}, {"b"}))};
    Model model = *base().opset("local", 1).add(node("F", {"x"}, {"y"}, {}, "local")).build();
    model.ir_version = 8;
    model.functions = {std::make_shared<const Function>(function)};
    const auto before = std::make_shared<const Model>(model);
    const ModelPointer result = after_pass(before, "eliminate_identity");
    QCOMPARE(result->functions[0]->nodes.size(), std::size_t{1});
    QCOMPARE(parting(before, result), QString());
  }

  void overridableInitializersAreNotConstant() {
    const auto model = [](std::int64_t ir_version) {
      Model made = *ModelBuilder(8)
                        .input("x", DataType::Float32, {2, 3})
                        .output("y", floats)
                        .input("two", DataType::Float32, {})
                        .initializer("two", Tensor::scalar(2.0f))
                        .add(node("Sqrt", {"two"}, {"root"}))
                        .add(node("Mul", {"x", "root"}, {"y"}))
                        .build();
      made.ir_version = ir_version;
      return std::make_shared<const Model>(made);
    };
    QCOMPARE(operators(*after_pass(model(8), "fold_constants")), QStringLiteral("Sqrt Mul"));
    const ModelPointer old = after_pass(model(3), "fold_constants");
    QCOMPARE(operators(*old), QStringLiteral("Mul"));
    QCOMPARE(old->graph->inputs.size(), std::size_t{2});  // every initializer is listed there
    QCOMPARE(parting(model(3), old), QString());
  }

  void saysWhatTheLimitKeepsFromFolding() {
    const ModelPointer model = ModelBuilder(17)
                                   .input("x", DataType::Float32, {1})
                                   .output("y", floats)
                                   .initializer("sizes", Tensor::of({1}, std::vector<std::int64_t>{1000}))
                                   .add(node("ConstantOfShape", {"sizes"}, {"c"}))
                                   .add(node("Add", {"x", "c"}, {"y"}))
                                   .build();
    PassContext context;
    context.fold_limit_bytes = 3999;
    const Optimized kept = optimize(model, test::passes_named({"fold_constants"}), context);
    QCOMPARE(operators(*kept.model), QStringLiteral("ConstantOfShape Add"));
    QCOMPARE(kept.notes.size(), std::size_t{1});
    QVERIFY(kept.notes[0].find("4000 bytes") != std::string::npos);
    context.fold_limit_bytes = 4000;
    QCOMPARE(operators(*after_pass(model, "fold_constants", context)), QStringLiteral("Add"));
  }
};

QTEST_GUILESS_MAIN(RewriterTest)
#include "rewriter_test.moc"
