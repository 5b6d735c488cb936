#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

Tensor values(Dims dims, const std::vector<float>& numbers) { return Tensor::of(std::move(dims), numbers); }
AttributeValue text(const char* value) { return std::string(value); }

Node pool(const char* op, Attributes attributes) { return node(op, {"x"}, {"y"}, std::move(attributes)); }

}  // namespace

class PoolingTest : public QObject {
  Q_OBJECT
 private slots:
  void pools_data() {
    kernel_columns();
    const Tensor x = counting({1, 1, 3, 3}), line = counting({1, 1, 5});
    const AttributeValue two = list({2, 2}), three = list({3, 3}), ones = list({1, 1, 1, 1});
    add_kernel_case("maximum", pool("MaxPool", {{"kernel_shape", two}}), {x},
                    {values({1, 1, 2, 2}, {4, 5, 7, 8})});
    add_kernel_case("padding is never the maximum", pool("MaxPool", {{"kernel_shape", two}, {"pads", ones}}),
                    {values({1, 1, 1, 1}, {-5})}, {values({1, 1, 2, 2}, {-5, -5, -5, -5})});
    add_kernel_case("floor drops a last window that is not full",
                    pool("MaxPool", {{"kernel_shape", list({2})}, {"strides", list({2})}}), {line},
                    {values({1, 1, 2}, {1, 3})});
    add_kernel_case(
        "ceil_mode keeps it",
        pool("MaxPool",
             {{"kernel_shape", list({2})}, {"strides", list({2})}, {"ceil_mode", std::int64_t{1}}}),
        {line}, {values({1, 1, 3}, {1, 3, 4})});
    add_kernel_case("ceil_mode drops one that starts in the padding",
                    pool("MaxPool", {{"kernel_shape", list({1})},
                                     {"strides", list({3})},
                                     {"pads", list({0, 1})},
                                     {"ceil_mode", std::int64_t{1}}}),
                    {counting({1, 1, 3})}, {values({1, 1, 1}, {0})});
    add_kernel_case("dilation", pool("MaxPool", {{"kernel_shape", two}, {"dilations", two}}), {x},
                    {values({1, 1, 1, 1}, {8})});
    add_kernel_case("8-bit integers", pool("MaxPool", {{"kernel_shape", two}}),
                    {counting({1, 1, 2, 2}, DataType::Int8)},
                    {tensor_from(DataType::Int8, {1, 1, 1, 1}, std::vector<double>{3})});
    add_kernel_case("places of the maxima", node("MaxPool", {"x"}, {"y", "i"}, {{"kernel_shape", two}}),
                    {counting({1, 2, 2, 3})},
                    {values({1, 2, 1, 2}, {4, 5, 10, 11}), ints({4, 5, 10, 11}).reshaped({1, 2, 1, 2})});
    add_kernel_case(
        "places, columns first",
        node("MaxPool", {"x"}, {"y", "i"}, {{"kernel_shape", two}, {"storage_order", std::int64_t{1}}}),
        {counting({1, 1, 2, 3})}, {values({1, 1, 1, 2}, {4, 5}), ints({3, 5}).reshaped({1, 1, 1, 2})});
    add_kernel_case("mean without padding", pool("AveragePool", {{"kernel_shape", two}, {"pads", ones}}),
                    {values({1, 1, 1, 1}, {8})}, {values({1, 1, 2, 2}, {8, 8, 8, 8})});
    add_kernel_case(
        "mean with padding",
        pool("AveragePool", {{"kernel_shape", two}, {"pads", ones}, {"count_include_pad", std::int64_t{1}}}),
        {values({1, 1, 1, 1}, {8})}, {values({1, 1, 2, 2}, {2, 2, 2, 2})});
    add_kernel_case("what ceil_mode adds beyond the padding counts never",
                    pool("AveragePool", {{"kernel_shape", list({2})},
                                         {"strides", list({2})},
                                         {"ceil_mode", std::int64_t{1}},
                                         {"count_include_pad", std::int64_t{1}}}),
                    {counting({1, 1, 3})}, {values({1, 1, 2}, {0.5f, 2})});
    add_kernel_case("SAME_UPPER",
                    pool("AveragePool", {{"kernel_shape", list({2})}, {"auto_pad", text("SAME_UPPER")}}),
                    {counting({1, 1, 3})}, {values({1, 1, 3}, {0.5f, 1.5f, 2})});
    add_kernel_case("SAME_LOWER",
                    pool("AveragePool", {{"kernel_shape", list({2})}, {"auto_pad", text("SAME_LOWER")}}),
                    {counting({1, 1, 3})}, {values({1, 1, 3}, {0, 0.5f, 1.5f})});
    add_kernel_case("2-norm", pool("LpPool", {{"kernel_shape", list({2})}}), {values({1, 1, 2}, {3, -4})},
                    {values({1, 1, 1}, {5})});
    add_kernel_case("p was a float once", pool("LpPool", {{"kernel_shape", list({2})}, {"p", 1.0f}}),
                    {values({1, 1, 2}, {3, -4})}, {values({1, 1, 1}, {7})}, 1);
    add_kernel_case("3-norm", pool("LpPool", {{"kernel_shape", list({2})}, {"p", std::int64_t{3}}}),
                    {values({1, 1, 2}, {1, -2})}, {values({1, 1, 1}, {std::cbrt(9.0f)})});
    add_kernel_case("largest of a channel", pool("GlobalMaxPool", {}), {counting({1, 2, 2, 2})},
                    {values({1, 2, 1, 1}, {3, 7})});
    add_kernel_case("mean of a channel", pool("GlobalAveragePool", {}), {counting({1, 2, 2, 2})},
                    {values({1, 2, 1, 1}, {1.5f, 5.5f})});
    add_kernel_case("norm of a channel", pool("GlobalLpPool", {}), {values({1, 1, 2}, {3, 4})},
                    {values({1, 1, 1}, {5})});
    add_kernel_case("no samples", pool("MaxPool", {{"kernel_shape", two}}), {values({0, 1, 3, 3}, {})},
                    {values({0, 1, 2, 2}, {})});
  }
  void pools() { check_kernel_case(); }

  void unpools_data() {
    kernel_columns();
    const Attributes window{{"kernel_shape", list({2})}, {"strides", list({2})}};
    const Tensor x = values({1, 1, 2}, {5, 6}), places = ints({1, 2}).reshaped({1, 1, 2});
    add_kernel_case("to where the values came from", node("MaxUnpool", {"x", "i"}, {"y"}, window),
                    {x, places}, {values({1, 1, 4}, {0, 5, 6, 0})});
    add_kernel_case("into a larger tensor", node("MaxUnpool", {"x", "i", "s"}, {"y"}, window),
                    {x, places, ints({1, 1, 5})}, {values({1, 1, 5}, {0, 5, 6, 0, 0})});
    add_refusal("index outside", node("MaxUnpool", {"x", "i"}, {"y"}, window),
                {x, ints({1, 4}).reshaped({1, 1, 2})}, "index 4 is outside");
    add_refusal("output_shape too small", node("MaxUnpool", {"x", "i", "s"}, {"y"}, window),
                {x, places, ints({1, 1, 3})}, "is smaller than");
  }
  void unpools() { check_kernel_case(); }

  void refuses_data() {
    kernel_columns();
    add_refusal("no spatial axis", pool("MaxPool", {{"kernel_shape", list({2})}}), {counting({2, 2})},
                "has rank 2");
    add_refusal("no kernel", pool("MaxPool", {}), {counting({1, 1, 2})}, "'kernel_shape' is missing");
    add_refusal("kernel of another rank", pool("MaxPool", {{"kernel_shape", list({2})}}),
                {counting({1, 1, 2, 2})}, "spatial axes");
    add_refusal("window larger than the input", pool("MaxPool", {{"kernel_shape", list({3})}}),
                {counting({1, 1, 2})}, "does not fit");
    add_refusal("stride 0", pool("MaxPool", {{"kernel_shape", list({1})}, {"strides", list({0})}}),
                {counting({1, 1, 2})}, "must be positive");
  }
  void refuses() { check_kernel_case(); }

  void infers_data() {
    inference_columns();
    add_inference_case("floor", {pool("MaxPool", {{"kernel_shape", list({3, 3})}, {"strides", list({2, 2})}}),
                                 {floats({"N", "64", "H", "112"})},
                                 {},
                                 {"float32 N × 64 × floor((H - 3)/2) + 1 × 55"},
                                 "",
                                 ""});
    add_inference_case(
        "SAME",
        {pool("AveragePool",
              {{"kernel_shape", list({3})}, {"strides", list({2})}, {"auto_pad", text("SAME_UPPER")}}),
         {floats({"N", "3", "L"})},
         {},
         {"float32 N × 3 × ceil(L/2)"},
         "",
         ""});
    add_inference_case("global", {pool("GlobalAveragePool", {}),
                                  {floats({"N", "C", "H", "W"})},
                                  {},
                                  {"float32 N × C × 1 × 1"},
                                  "",
                                  ""});
    add_inference_case("indices", {node("MaxPool", {"x"}, {"y", "i"}, {{"kernel_shape", list({2})}}),
                                   {floats({"N", "3", "4"})},
                                   {},
                                   {"float32 N × 3 × 3", "int64 N × 3 × 3"},
                                   "",
                                   ""});
    add_inference_case("contradiction", {pool("MaxPool", {{"kernel_shape", list({2})}}),
                                         {floats({"N", "3", "4", "4"})},
                                         {},
                                         {"float32"},
                                         "",
                                         "rank"});
  }
  void infers() { check_inference_case(); }
};

QTEST_GUILESS_MAIN(PoolingTest)
#include "pooling_test.moc"
