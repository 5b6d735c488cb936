#include "tests/support/kernel_cases.h"

#include "engine/ops/operator_table.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

Tensor values(Dims dims, const std::vector<float>& numbers) { return Tensor::of(std::move(dims), numbers); }
Tensor bytes(Dims dims, const std::vector<std::uint8_t>& numbers) {
  return Tensor::of(std::move(dims), numbers);
}
Tensor words(Dims dims, const std::vector<std::int32_t>& numbers) {
  return Tensor::of(std::move(dims), numbers);
}

Node product() { return node("MatMul", {"a", "b"}, {"y"}); }
Node gemm(Attributes attributes) { return node("Gemm", {"a", "b", "c"}, {"y"}, std::move(attributes)); }
Node einsum(const char* equation, std::vector<std::string> inputs) {
  return node("Einsum", std::move(inputs), {"y"}, {{"equation", std::string(equation)}});
}

}  // namespace

class MatMulTest : public QObject {
  Q_OBJECT
 private slots:
  void multiplies_data() {
    kernel_columns();
    const Tensor a = counting({2, 3}), b = counting({3, 2});
    add_kernel_case("matrices", product(), {a, b}, {values({2, 2}, {10, 13, 28, 40})});
    add_kernel_case("vector by vector", product(), {counting({3}), counting({3})}, {values({}, {5})});
    add_kernel_case("vector by matrix", product(), {counting({3}), b}, {values({2}, {10, 13})});
    add_kernel_case("matrix by vector", product(), {a, counting({3})}, {values({2}, {5, 14})});
    add_kernel_case("batches of one B", product(), {counting({2, 1, 2}), counting({2, 1})},
                    {values({2, 1, 1}, {1, 3})});
    add_kernel_case("batches broadcast", product(), {counting({2, 1, 1, 1}), counting({1, 3, 1, 1})},
                    {values({2, 3, 1, 1}, {0, 0, 0, 0, 1, 2})});
    add_kernel_case("nothing to sum", product(), {values({2, 0}, {}), values({0, 2}, {})},
                    {values({2, 2}, {0, 0, 0, 0})});
    add_kernel_case("no rows", product(), {values({0, 3}, {}), b}, {values({0, 2}, {})});
    add_kernel_case("integers wrap around", product(), {words({1, 1}, {65536}), words({1, 1}, {65536})},
                    {words({1, 1}, {0})});
    add_kernel_case("negative integers", product(), {words({1, 2}, {-2, 3}), words({2, 1}, {5, -1})},
                    {words({1, 1}, {-13})});
    add_kernel_case("float16", product(), {converted(a, DataType::Float16), converted(b, DataType::Float16)},
                    {converted(values({2, 2}, {10, 13, 28, 40}), DataType::Float16)});
    add_refusal("inner sizes differ", product(), {a, a}, "cannot multiply 2 × 3 with 2 × 3");
    add_refusal("a scalar", product(), {values({}, {1}), a}, "rank 1 or more");
    add_refusal("batches do not broadcast", product(), {counting({2, 1, 1}), counting({3, 1, 1})},
                "cannot broadcast");
  }
  void multiplies() { check_kernel_case(); }

  void addsAndScales_data() {
    kernel_columns();
    const Tensor a = counting({2, 2}), b = counting({2, 2}), y = values({2, 2}, {2, 3, 6, 11});
    const AttributeValue yes = std::int64_t{1};
    add_kernel_case("without C", node("Gemm", {"a", "b"}, {"y"}), {a, b}, {y});
    add_kernel_case("C a row", gemm({}), {a, b, values({2}, {10, 20})}, {values({2, 2}, {12, 23, 16, 31})});
    add_kernel_case("C a column", gemm({}), {a, b, values({2, 1}, {10, 20})},
                    {values({2, 2}, {12, 13, 26, 31})});
    add_kernel_case("factors", gemm({{"alpha", 0.5f}, {"beta", 2.0f}}), {a, b, values({}, {10})},
                    {values({2, 2}, {21, 21.5f, 23, 25.5f})});
    add_kernel_case("A transposed", gemm({{"transA", yes}}),
                    {counting({3, 1}), counting({3, 1}), values({}, {0})}, {values({1, 1}, {5})});
    add_kernel_case("B transposed", gemm({{"transB", yes}}),
                    {counting({1, 3}), counting({1, 3}), values({}, {0})}, {values({1, 1}, {5})});
    add_kernel_case("both transposed", gemm({{"transA", yes}, {"transB", yes}}), {a, b, values({}, {0})},
                    {values({2, 2}, {2, 6, 3, 11})});
    add_kernel_case("integers with a factor", gemm({{"alpha", 2.0f}}),
                    {words({1, 1}, {3}), words({1, 1}, {-4}), words({1}, {1})}, {words({1, 1}, {-23})});
    add_kernel_case("products beyond an integer's range stay at its end", gemm({{"alpha", 1e20f}}),
                    {words({1, 1}, {3}), words({1, 1}, {-4}), words({1}, {0})},
                    {words({1, 1}, {std::numeric_limits<std::int32_t>::min()})});
    add_kernel_case("integer sums wrap around", gemm({}),
                    {words({1, 1}, {1}), words({1, 1}, {INT32_MAX}), words({1}, {1})},
                    {words({1, 1}, {INT32_MIN})});
    add_kernel_case("scaled integers saturate", gemm({{"alpha", 2.0f}, {"beta", 0.0f}}),
                    {words({1, 1}, {1}), words({1, 1}, {INT32_MAX}), words({1}, {1})},
                    {words({1, 1}, {INT32_MAX})});
    add_kernel_case("broadcast where version 6 asks", gemm({{"broadcast", yes}}),
                    {a, b, values({2}, {10, 20})}, {values({2, 2}, {12, 23, 16, 31})}, 6);
    add_refusal("no broadcast in version 6", gemm({}), {a, b, values({2}, {10, 20})}, "C is 2", 6);
    add_refusal("C too large", gemm({}), {a, b, counting({3, 2})}, "cannot broadcast");
    add_refusal("rank 3", gemm({}), {counting({1, 2, 2}), b, values({}, {0})}, "multiplies matrices");
    add_refusal("inner sizes differ", gemm({}), {counting({2, 3}), b, values({}, {0})}, "cannot multiply");
  }
  void addsAndScales() { check_kernel_case(); }

  void multipliesQuantized_data() {
    kernel_columns();
    const Node n = node("MatMulInteger", {"a", "b", "az", "bz"}, {"y"});
    const Tensor a = bytes({2, 2}, {11, 7, 3, 10}), b = bytes({2, 1}, {1, 4});
    add_kernel_case("zero points", n, {a, b, bytes({}, {12}), bytes({}, {0})}, {words({2, 1}, {-21, -17})});
    add_kernel_case("a zero point a row", n, {a, b, bytes({2}, {1, 2}), bytes({1}, {0})},
                    {words({2, 1}, {34, 33})});
    add_kernel_case("no zero points", node("MatMulInteger", {"a", "b"}, {"y"}), {a, b},
                    {words({2, 1}, {39, 43})});
    const Node q = node("QLinearMatMul", {"a", "as", "az", "b", "bs", "bz", "ys", "yz"}, {"y"});
    const auto scale = [](float s) { return Tensor::scalar(s); };
    const auto zero = [](std::uint8_t z) { return Tensor::scalar(z); };
    add_kernel_case("rounds half to even", q,
                    {bytes({1, 2}, {1, 3}), scale(1), zero(0), bytes({2, 2}, {1, 1, 0, 2}), scale(1), zero(0),
                     scale(2), zero(10)},
                    {bytes({1, 2}, {10, 14})});
    add_kernel_case("saturates", q,
                    {bytes({1, 1}, {255}), scale(1), zero(0), bytes({1, 2}, {255, 0}), scale(1), zero(1),
                     scale(1), zero(10)},
                    {bytes({1, 2}, {255, 0})});
  }
  void multipliesQuantized() { check_kernel_case(); }

  void sumsProducts_data() {
    kernel_columns();
    const Tensor a = counting({2, 3}), b = counting({3, 2}), square = counting({2, 2});
    add_kernel_case("matrix product", einsum("ij,jk->ik", {"a", "b"}), {a, b},
                    {values({2, 2}, {10, 13, 28, 40})});
    add_kernel_case("implicit output in ASCII order", einsum("ij, jk", {"a", "b"}), {a, b},
                    {values({2, 2}, {10, 13, 28, 40})});
    add_kernel_case("transpose", einsum("ij->ji", {"a"}), {a}, {values({3, 2}, {0, 3, 1, 4, 2, 5})});
    add_kernel_case("sum of an axis", einsum("ij->i", {"a"}), {a}, {values({2}, {3, 12})});
    add_kernel_case("sum of all", einsum("ij->", {"a"}), {a}, {values({}, {15})});
    add_kernel_case("trace", einsum("ii", {"a"}), {square}, {values({}, {3})});
    add_kernel_case("diagonal", einsum("ii->i", {"a"}), {square}, {values({2}, {0, 3})});
    add_kernel_case("outer product", einsum("i,j->ij", {"a", "b"}), {counting({2}), counting({3})},
                    {values({2, 3}, {0, 0, 0, 0, 1, 2})});
    add_kernel_case("an ellipsis for the batch", einsum("...ij,...jk->...ik", {"a", "b"}),
                    {counting({2, 1, 2}), counting({2, 2, 1})}, {values({2, 1, 1}, {1, 13})});
    add_kernel_case("ellipses of different widths", einsum("...i,...i->...", {"a", "b"}),
                    {counting({2, 2}), counting({2})}, {values({2}, {1, 3})});
    add_kernel_case("sizes of 1 broadcast", einsum("ij,ij->ij", {"a", "b"}),
                    {counting({2, 1}), counting({2, 2})}, {values({2, 2}, {0, 0, 2, 3})});
    add_kernel_case("a summed index of size 1 broadcasts", einsum("ij,jk->ik", {"a", "b"}),
                    {a, values({1, 1}, {2})}, {values({2, 1}, {6, 24})});
    add_kernel_case("three operands", einsum("i,ij,j->", {"a", "b", "c"}),
                    {counting({2}), square, counting({2})}, {values({}, {3})});
    add_kernel_case("integers", einsum("i,i", {"a", "b"}), {words({2}, {-1, 2}), words({2}, {3, 4})},
                    {words({}, {5})});
    add_refusal("two sizes for an index", einsum("ij,jk", {"a", "b"}), {a, a}, "has sizes 3 and 2");
    add_refusal("two sizes on a diagonal", einsum("ii", {"a"}), {counting({1, 3})}, "has two sizes");
    add_refusal("rank differs", einsum("ijk->i", {"a"}), {a}, "does not fit");
    add_refusal("unknown output index", einsum("ij->k", {"a"}), {a}, "'k' in the output");
    add_refusal("too few terms", einsum("ij", {"a", "b"}), {a, a}, "1 terms for 2 inputs");
    add_refusal("strange character", einsum("i%->i", {"a"}), {a}, "cannot be read");
  }
  void sumsProducts() { check_kernel_case(); }

  void infers_data() {
    inference_columns();
    add_inference_case("batch symbols", {product(),
                                         {floats({"N", "12", "S", "64"}), floats({"N", "12", "64", "S"})},
                                         {},
                                         {"float32 N × 12 × S × S"},
                                         "",
                                         ""});
    add_inference_case("vector",
                       {product(), {floats({"K"}), floats({"B", "K", "N"})}, {}, {"float32 B × N"}, "", ""});
    add_inference_case(
        "contradiction",
        {product(), {floats({"2", "3"}), floats({"4", "5"})}, {}, {"float32 2 × 5"}, "", "cannot multiply"});
    add_inference_case("gemm", {gemm({{"transB", std::int64_t{1}}}),
                                {floats({"N", "512"}), floats({"10", "512"}), floats({"10"})},
                                {},
                                {"float32 N × 10"},
                                "",
                                ""});
    add_inference_case("einsum", {einsum("bij,bjk->bik", {"a", "b"}),
                                  {floats({"B", "I", "4"}), floats({"B", "4", "K"})},
                                  {},
                                  {"float32 B × I × K"},
                                  "",
                                  ""});
  }
  void infers() { check_inference_case(); }

  void costsItsMultiplyAdds() {
    const Operator* record = operator_table().find("", "MatMul", 13);
    const Node n = product();
    const auto type = [](Dims dims) { return Type::tensor(DataType::Float32, shape_of(dims)); };
    const auto cost = record->cost_function({n, 13, {type({2, 3, 4}), type({4, 5})}, {type({2, 3, 5})}});
    QCOMPARE(cost->macs, 2.0 * 3 * 4 * 5);
    QCOMPARE(cost->flops, 2 * cost->macs);
  }
};

QTEST_GUILESS_MAIN(MatMulTest)
#include "matmul_test.moc"
