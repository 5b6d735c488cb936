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

Tensor ramp(Dims dims, float first = -0.4f) {
  Tensor tensor(DataType::Float32, std::move(dims));
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.mutable_data<float>()[i] = first + 0.17f * static_cast<float>(i % 11);
  return tensor;
}

Tensor integers(const Integers& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

ModelBuilder image() {
  return ModelBuilder(17)
      .input("x", DataType::Float32, {Dimension::symbol("N"), 4, 6, 5})
      .output("y", any)
      .initializer("w", ramp({6, 4, 3, 3}))
      .initializer("grouped", ramp({6, 2, 3, 3}))
      .initializer("one", ramp({6, 4, 1, 1}))
      .initializer("depth", ramp({4, 3, 2, 2}))
      .initializer("b", ramp({6}))
      .initializer("each", ramp({6, 1, 1}, 0.3f))
      .initializer("each4", ramp({4, 1, 1}, 0.3f))
      .initializer("row", ramp({5}, 0.3f))
      .initializer("five", Tensor::scalar(5.0f))
      .initializer("two", Tensor::scalar(2.0f));
}

ModelBuilder matrix() {
  return ModelBuilder(17)
      .input("x", DataType::Float32, {Dimension::symbol("N"), 4})
      .output("y", any)
      .initializer("w", ramp({4, 3}))
      .initializer("t", ramp({3, 4}))
      .initializer("b", ramp({3}))
      .initializer("c", ramp({4}, 0.3f))
      .initializer("two", Tensor::scalar(2.0f));
}

}  // namespace

class FoldingTest : public QObject {
  Q_OBJECT
 private slots:
  void rewritesWhatItShouldAndNothingElse_data() {
    test::add_rewrite_columns();
    const char* after = "fold_scale_after";
    add_rewrite(
        "conv times each channel", after,
        image().add(node("Conv", {"x", "w", "b"}, {"c"})).add(node("Mul", {"each", "c"}, {"y"})).build(),
        "Conv");
    add_rewrite("grouped conv, then scale and offset", after,
                image()
                    .add(node("Conv", {"x", "grouped"}, {"c"}, {{"group", std::int64_t{2}}}))
                    .add(node("Mul", {"c", "each"}, {"m"}))
                    .add(node("Add", {"m", "five"}, {"y"}))
                    .build(),
                "Conv");
    add_rewrite("transposed conv in groups", after,
                image()
                    .add(node("ConvTranspose", {"x", "depth"}, {"c"}, {{"group", std::int64_t{2}}}))
                    .add(node("Mul", {"c", "each"}, {"m"}))
                    .add(node("Sub", {"m", "each"}, {"y"}))
                    .build(),
                "ConvTranspose");
    add_rewrite("constant less conv", after,
                image().add(node("Conv", {"x", "w"}, {"c"})).add(node("Sub", {"five", "c"}, {"y"})).build(),
                "Conv");
    add_rewrite("constant over conv stays", after,
                image().add(node("Conv", {"x", "w"}, {"c"})).add(node("Div", {"five", "c"}, {"y"})).build(),
                "Conv Div");
    add_rewrite("constant along another axis stays", after,
                image().add(node("Conv", {"x", "one"}, {"c"})).add(node("Mul", {"c", "row"}, {"y"})).build(),
                "Conv Mul");
    add_rewrite("constant that makes it larger stays", after,
                image()
                    .initializer("thin", ramp({1, 4, 1, 1}))
                    .add(node("Conv", {"x", "thin"}, {"c"}))
                    .add(node("Mul", {"c", "each"}, {"y"}))
                    .build(),
                "Conv Mul");
    add_rewrite("conv that another reads stays", after,
                image()
                    .add(node("Conv", {"x", "w"}, {"c"}))
                    .add(node("Mul", {"c", "five"}, {"y"}))
                    .add(node("Neg", {"c"}, {"z"}))
                    .output("z", any)
                    .build(),
                "Conv Mul Neg");
    add_rewrite("gemm with alpha and beta", after,
                matrix()
                    .add(node("Gemm", {"x", "t", "b"}, {"g"},
                              {{"transB", std::int64_t{1}}, {"alpha", 0.5f}, {"beta", 3.0f}}))
                    .add(node("Mul", {"g", "b"}, {"m"}))
                    .add(node("Add", {"m", "two"}, {"y"}))
                    .build(),
                "Gemm");
    add_rewrite("matmul takes a scale", after,
                matrix().add(node("MatMul", {"x", "w"}, {"m"})).add(node("Div", {"m", "two"}, {"y"})).build(),
                "MatMul");
    add_rewrite("matmul takes no offset", after,
                matrix().add(node("MatMul", {"x", "w"}, {"m"})).add(node("Add", {"m", "b"}, {"y"})).build(),
                "MatMul Add");

    const char* before = "fold_scale_before";
    add_rewrite("scale before a padded conv", before,
                image()
                    .add(node("Mul", {"x", "each4"}, {"m"}))
                    .add(node("Conv", {"m", "grouped"}, {"y"},
                              {{"group", std::int64_t{2}}, {"pads", Integers{1, 1, 1, 1}}}))
                    .build(),
                "Conv");
    add_rewrite("offset before a conv", before,
                image()
                    .add(node("Add", {"x", "each4"}, {"m"}))
                    .add(node("Conv", {"m", "grouped", "b"}, {"y"}, {{"group", std::int64_t{2}}}))
                    .build(),
                "Conv");
    add_rewrite("offset before a padded conv stays", before,
                image()
                    .add(node("Add", {"x", "each4"}, {"m"}))
                    .add(node("Conv", {"m", "w"}, {"y"}, {{"pads", Integers{1, 1, 1, 1}}}))
                    .build(),
                "Add Conv");
    add_rewrite("scale before matmul", before,
                matrix().add(node("Mul", {"x", "c"}, {"m"})).add(node("MatMul", {"m", "w"}, {"y"})).build(),
                "MatMul");
    add_rewrite("scale before gemm", before,
                matrix()
                    .add(node("Mul", {"x", "c"}, {"m"}))
                    .add(node("Gemm", {"m", "t", "b"}, {"y"}, {{"transB", std::int64_t{1}}}))
                    .build(),
                "Gemm");
    add_rewrite("scale before the weights' side stays", before,
                ModelBuilder(17)
                    .input("x", DataType::Float32, {3, 4})
                    .output("y", any)
                    .initializer("w", ramp({2, 3}))
                    .initializer("two", Tensor::scalar(2.0f))
                    .add(node("Mul", {"x", "two"}, {"m"}))
                    .add(node("MatMul", {"w", "m"}, {"y"}))
                    .build(),
                "Mul MatMul");

    const char* scales = "merge_scales";
    add_rewrite("over five times two", scales,
                matrix()
                    .initializer("five", Tensor::scalar(5.0f))
                    .add(node("Div", {"x", "five"}, {"d"}))
                    .add(node("Mul", {"c", "d"}, {"y"}))
                    .build(),
                "Mul");
    add_rewrite("a sum between stays", scales,
                matrix().add(node("Mul", {"x", "two"}, {"d"})).add(node("Add", {"d", "two"}, {"y"})).build(),
                "Mul Add");

    const char* pad = "fold_pad";
    const auto padded = [](const Node& reader, const Integers& pads) {
      return image().initializer("p", integers(pads)).add(node("Pad", {"x", "p"}, {"a"})).add(reader).build();
    };
    const Node conv = node("Conv", {"a", "w"}, {"y"}, {{"pads", Integers{1, 0, 0, 1}}});
    add_rewrite("pad before conv", pad, padded(conv, {0, 0, 1, 2, 0, 0, 3, 0}), "Conv");
    add_rewrite("pad of channels stays", pad, padded(node("Neg", {"a"}, {"y"}), {0, 1, 0, 0, 0, 0, 0, 0}),
                "Pad Neg");
    add_rewrite("pad that cuts stays", pad, padded(conv, {0, 0, -1, 0, 0, 0, 0, 0}), "Pad Conv");
    add_rewrite("pad before averages", pad,
                padded(node("AveragePool", {"a"}, {"y"}, {{"kernel_shape", Integers{3, 3}}}),
                       {0, 0, 1, 1, 0, 0, 1, 1}),
                "AveragePool");
    add_rewrite(
        "pad before maxima stays", pad,
        padded(node("MaxPool", {"a"}, {"y"}, {{"kernel_shape", Integers{3, 3}}}), {0, 0, 1, 1, 0, 0, 1, 1}),
        "Pad MaxPool");

    const char* turns = "merge_transposes";
    const auto perm = [](const char* from, const char* to, const Integers& axes) {
      return node("Transpose", {from}, {to}, {{"perm", axes}});
    };
    const Integers there{0, 2, 3, 1}, back{0, 3, 1, 2};
    add_rewrite("there and back through a tree", turns,
                image()
                    .add(perm("x", "a", there))
                    .add(node("Exp", {"a"}, {"e"}))
                    .add(node("Mul", {"e", "five"}, {"f"}))
                    .initializer("last", ramp({4}))
                    .add(node("Add", {"f", "last"}, {"g"}))
                    .add(node("Concat", {"g", "a"}, {"k"}, {{"axis", std::int64_t{-1}}}))
                    .add(node("Softmax", {"k"}, {"s"}, {{"axis", std::int64_t{3}}}))
                    .add(perm("s", "y", back))
                    .build(),
                "Exp Mul Add Concat Softmax");
    add_rewrite("two in a row", turns, image().add(perm("x", "a", there)).add(perm("a", "y", there)).build(),
                "Transpose");
    add_rewrite("another operand stays", turns,
                image()
                    .input("z", DataType::Float32, {1, 6, 5, 4})
                    .add(perm("x", "a", there))
                    .add(node("Mul", {"a", "z"}, {"m"}))
                    .add(perm("m", "y", back))
                    .build(),
                "Transpose Mul Transpose");
    add_rewrite("a result that is read elsewhere stays", turns,
                image()
                    .add(perm("x", "a", there))
                    .add(node("Exp", {"a"}, {"e"}))
                    .add(perm("e", "y", back))
                    .add(node("Neg", {"e"}, {"z"}))
                    .output("z", any)
                    .build(),
                "Transpose Exp Transpose Neg");
  }

  void rewritesWhatItShouldAndNothingElse() { test::check_rewrite(); }

  void weightsThatOthersReadAreCopiedOnlyIfSmall() {
    const ModelPointer model = image()
                                   .add(node("Conv", {"x", "w"}, {"c"}))
                                   .add(node("Mul", {"c", "five"}, {"y"}))
                                   .add(node("Conv", {"x", "w"}, {"z"}))
                                   .output("z", any)
                                   .build();
    PassContext context;
    context.fold_limit_bytes = 64 * 6 * 4 * 9 * 4;
    QCOMPARE(operators(*after_pass(model, "fold_scale_after", context)), QStringLiteral("Conv Conv"));
    context.fold_limit_bytes -= 1;
    QCOMPARE(operators(*after_pass(model, "fold_scale_after", context)), QStringLiteral("Conv Mul Conv"));
  }
};

QTEST_GUILESS_MAIN(FoldingTest)
#include "folding_test.moc"
