#include <QTest>

#include "tests/support/model_builder.h"
#include "tests/support/passes.h"

using namespace lapidary;
using test::add_rewrite;
using test::ModelBuilder;
using test::node;

namespace {

using Integers = std::vector<std::int64_t>;
const Type any = Type::tensor(DataType::Float32);

Tensor integers(const Integers& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

ModelBuilder free_base() {
  return ModelBuilder(17)
      .input("x", DataType::Float32, {Dimension::symbol("N"), 3, Dimension::symbol("H"), 4})
      .output("y", any);
}

/// One node between Abs and Neg.
ModelPointer between(const Node& middle, ModelBuilder builder = free_base()) {
  return builder.add(node("Abs", {"x"}, {"a"})).add(middle).add(node("Neg", {"m"}, {"y"})).build();
}

}  // namespace

class EliminationTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    test::add_rewrite_columns();
    const char* no_ops = "eliminate_no_ops";
    add_rewrite("cast to the same type", no_ops,
                between(node("Cast", {"a"}, {"m"}, {{"to", std::int64_t{1}}})), "Abs Neg");
    add_rewrite("transpose that moves nothing", no_ops,
                between(node("Transpose", {"a"}, {"m"}, {{"perm", Integers{0, 1, 2, 3}}})), "Abs Neg");
    add_rewrite("transpose that moves stays", no_ops,
                between(node("Transpose", {"a"}, {"m"}, {{"perm", Integers{0, 1, 3, 2}}})),
                "Abs Transpose Neg");
    add_rewrite(
        "reshape to the same shape", no_ops,
        between(node("Reshape", {"a", "s"}, {"m"}), free_base().initializer("s", integers({0, 3, -1, 4}))),
        "Abs Neg");
    add_rewrite(
        "reshape to another stays", no_ops,
        between(node("Reshape", {"a", "s"}, {"m"}), free_base().initializer("s", integers({0, 4, -1, 3}))),
        "Abs Reshape Neg");
    add_rewrite(
        "pad by nothing", no_ops,
        between(node("Pad", {"a", "p"}, {"m"}), free_base().initializer("p", integers(Integers(8, 0)))),
        "Abs Neg");
    add_rewrite("slice of everything", no_ops,
                between(node("Slice", {"a", "b", "e", "b"}, {"m"}),
                        free_base().initializer("b", integers({0})).initializer("e", integers({INT64_MAX}))),
                "Abs Neg");
    add_rewrite("slice backwards stays", no_ops,
                between(node("Slice", {"a", "b", "e", "i", "b"}, {"m"}),
                        free_base()
                            .initializer("b", integers({-1}))
                            .initializer("i", integers({3}))
                            .initializer("e", integers({INT64_MIN}))),
                "Abs Slice Neg");
    add_rewrite("concat of one", no_ops, between(node("Concat", {"a"}, {"m"}, {{"axis", std::int64_t{1}}})),
                "Abs Neg");
    add_rewrite("times one", no_ops,
                between(node("Mul", {"a", "o"}, {"m"}), free_base().initializer("o", Tensor::scalar(1.0f))),
                "Abs Neg");
    add_rewrite("times one that makes it larger stays", no_ops,
                between(node("Mul", {"a", "o"}, {"m"}),
                        free_base().initializer("o", Tensor::of({1, 1, 1, 1, 1}, std::vector<float>{1}))),
                "Abs Mul Neg");
    add_rewrite("plus zero stays, since it changes -0", no_ops,
                between(node("Add", {"a", "o"}, {"m"}), free_base().initializer("o", Tensor::scalar(0.0f))),
                "Abs Add Neg");
    add_rewrite("one over x stays", no_ops,
                between(node("Div", {"o", "a"}, {"m"}), free_base().initializer("o", Tensor::scalar(1.0f))),
                "Abs Div Neg");

    const char* common = "eliminate_common";
    add_rewrite("the same twice", common,
                free_base()
                    .add(node("Exp", {"x"}, {"a"}))
                    .add(node("Exp", {"x"}, {"b"}))
                    .add(node("Add", {"a", "b"}, {"y"}))
                    .build(),
                "Exp Add");
    add_rewrite("other attributes stay", common,
                free_base()
                    .add(node("Elu", {"x"}, {"a"}))
                    .add(node("Elu", {"x"}, {"b"}, {{"alpha", 2.0f}}))
                    .add(node("Add", {"a", "b"}, {"y"}))
                    .build(),
                "Elu Elu Add");
    add_rewrite("random stays", common,
                free_base()
                    .add(node("RandomNormalLike", {"x"}, {"a"}, {{"seed", 1.0f}}))
                    .add(node("RandomNormalLike", {"x"}, {"b"}, {{"seed", 1.0f}}))
                    .add(node("Add", {"a", "b"}, {"y"}))
                    .build(),
                "RandomNormalLike RandomNormalLike Add");
    add_rewrite(
        "two outputs of the graph stay", common,
        free_base().add(node("Exp", {"x"}, {"y"})).add(node("Exp", {"x"}, {"z"})).output("z", any).build(),
        "Exp Exp");
    add_rewrite("weights that hold the same", common,
                free_base()
                    .initializer("p", Tensor::scalar(3.0f))
                    .initializer("q", Tensor::scalar(3.0f))
                    .add(node("Mul", {"x", "p"}, {"a"}))
                    .add(node("Mul", {"x", "q"}, {"b"}))
                    .add(node("Add", {"a", "b"}, {"y"}))
                    .build(),
                "Mul Add");

    const char* shapes = "fold_shapes";
    const auto reshaped = [](const char* last) {
      return free_base()
          .initializer("zero", integers({0}))
          .initializer("rest", integers({12}))
          .add(node("Shape", {"x"}, {"s"}))
          .add(node("Gather", {"s", "zero"}, {"n"}))
          .initializer("two", integers({2}))
          .add(node("Gather", {"s", "two"}, {"h"}))
          .add(node("Concat", {"n", last, "rest"}, {"t"}, {{"axis", std::int64_t{0}}}))
          .add(node("Reshape", {"x", "t"}, {"y"}))
          .build();
    };
    add_rewrite("shape of free sizes", shapes, reshaped("h"), "Reshape");

    const char* chains = "merge_reshapes";
    add_rewrite("squeeze of reshape", chains,
                free_base()
                    .initializer("s", integers({0, 1, 12, -1}))
                    .initializer("axis", integers({1}))
                    .add(node("Reshape", {"x", "s"}, {"a"}))
                    .add(node("Squeeze", {"a", "axis"}, {"y"}))
                    .build(),
                "Reshape");
    add_rewrite("a result that is read elsewhere stays", chains,
                free_base()
                    .initializer("s", integers({0, 1, 12, -1}))
                    .initializer("axis", integers({1}))
                    .add(node("Reshape", {"x", "s"}, {"a"}))
                    .add(node("Squeeze", {"a", "axis"}, {"y"}))
                    .add(node("Neg", {"a"}, {"z"}))
                    .output("z", any)
                    .build(),
                "Reshape Squeeze Neg");
  }

  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(0); }
};

QTEST_GUILESS_MAIN(EliminationTest)
#include "elimination_test.moc"
