#include <QtTest>
#include <numeric>

#include "tests/support/kernel_runner.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

/// 1, 2, 3, … in the given sizes.
Tensor counting(Dims dims, float first = 1) {
  std::vector<float> values(static_cast<std::size_t>(element_count(dims)));
  std::iota(values.begin(), values.end(), first);
  return Tensor::of(std::move(dims), values);
}

Tensor filled(Dims dims, float value) {
  const auto count = static_cast<std::size_t>(element_count(dims));
  return Tensor::of(std::move(dims), std::vector<float>(count, value));
}

AttributeValue ints(Dims values) { return values; }
AttributeValue text(const char* value) { return std::string(value); }

struct Case {
  const char* name;
  const char* op;
  Attributes attributes;
  std::vector<Tensor> inputs;
  Tensor want;
};

std::vector<Case> cases() {
  const Tensor x3 = counting({1, 1, 3, 3}), ones2 = filled({1, 1, 2, 2}, 1);
  return {
      {"no padding", "Conv", {}, {x3, ones2}, Tensor::of<float>({1, 1, 2, 2}, {12, 16, 24, 28})},
      {"bias is added",
       "Conv",
       {},
       {x3, ones2, Tensor::of<float>({1}, {100})},
       Tensor::of<float>({1, 1, 2, 2}, {112, 116, 124, 128})},
      {"zeros around",
       "Conv",
       {{"pads", ints({1, 1, 0, 0})}},
       {x3, ones2},
       Tensor::of<float>({1, 1, 3, 3}, {1, 3, 5, 5, 12, 16, 11, 24, 28})},
      {"stride two",
       "Conv",
       {{"strides", ints({2, 2})}, {"pads", ints({0, 0, 1, 1})}},
       {x3, ones2},
       Tensor::of<float>({1, 1, 2, 2}, {12, 9, 15, 9})},
      {"dilation two",
       "Conv",
       {{"dilations", ints({2, 2})}},
       {x3, ones2},
       Tensor::of<float>({1, 1, 1, 1}, {20})},
      {"SAME_UPPER pads the end",
       "Conv",
       {{"auto_pad", text("SAME_UPPER")}},
       {x3, ones2},
       Tensor::of<float>({1, 1, 3, 3}, {12, 16, 9, 24, 28, 15, 15, 17, 9})},
      {"SAME_LOWER pads the beginning",
       "Conv",
       {{"auto_pad", text("SAME_LOWER")}},
       {x3, ones2},
       Tensor::of<float>({1, 1, 3, 3}, {1, 3, 5, 5, 12, 16, 11, 24, 28})},
      {"VALID ignores pads",
       "Conv",
       {{"auto_pad", text("VALID")}},
       {x3, ones2},
       Tensor::of<float>({1, 1, 2, 2}, {12, 16, 24, 28})},
      {"groups keep channels apart",
       "Conv",
       {{"group", std::int64_t{2}}},
       {counting({1, 2, 1, 2}), Tensor::of<float>({2, 1, 1, 1}, {1, 10})},
       Tensor::of<float>({1, 2, 1, 2}, {1, 2, 30, 40})},
      {"one spatial axis",
       "Conv",
       {{"pads", ints({1, 1})}},
       {counting({1, 1, 4}), filled({1, 1, 3}, 1)},
       Tensor::of<float>({1, 1, 4}, {3, 6, 9, 7})},
      {"three spatial axes",
       "Conv",
       {},
       {counting({1, 1, 2, 2, 2}), filled({1, 1, 2, 2, 2}, 1)},
       Tensor::of<float>({1, 1, 1, 1, 1}, {36})},
      {"empty batch",
       "Conv",
       {},
       {Tensor::of<float>({0, 1, 3, 3}, {}), ones2},
       Tensor::of<float>({0, 1, 2, 2}, {})},
      {"pointwise over channels",
       "Conv",
       {},
       {counting({1, 2, 1, 2}), Tensor::of<float>({1, 2, 1, 1}, {1, 2})},
       Tensor::of<float>({1, 1, 1, 2}, {7, 10})},
      {"transposed spreads",
       "ConvTranspose",
       {},
       {counting({1, 1, 2, 2}), ones2},
       Tensor::of<float>({1, 1, 3, 3}, {1, 3, 2, 4, 10, 6, 3, 7, 4})},
      {"transposed with stride",
       "ConvTranspose",
       {{"strides", ints({2})}},
       {counting({1, 1, 2}), filled({1, 1, 2}, 1)},
       Tensor::of<float>({1, 1, 4}, {1, 1, 2, 2})},
      {"transposed, output_padding adds at the end",
       "ConvTranspose",
       {{"strides", ints({2})}, {"output_padding", ints({1})}},
       {counting({1, 1, 2}), filled({1, 1, 2}, 1)},
       Tensor::of<float>({1, 1, 5}, {1, 1, 2, 2, 0})},
      {"transposed, output_shape beyond the window",
       "ConvTranspose",
       {{"strides", ints({2})}, {"output_shape", ints({6})}},
       {counting({1, 1, 2}), filled({1, 1, 3}, 1)},
       Tensor::of<float>({1, 1, 6}, {1, 1, 3, 2, 2, 0})},
      {"transposed, SAME_UPPER",
       "ConvTranspose",
       {{"strides", ints({2})}, {"auto_pad", text("SAME_UPPER")}},
       {counting({1, 1, 2}), filled({1, 1, 3}, 1)},
       Tensor::of<float>({1, 1, 4}, {1, 1, 3, 2})},
      {"transposed, SAME_LOWER",
       "ConvTranspose",
       {{"strides", ints({2})}, {"auto_pad", text("SAME_LOWER")}},
       {counting({1, 1, 2}), filled({1, 1, 3}, 1)},
       Tensor::of<float>({1, 1, 4}, {1, 3, 2, 2})},
      {"transposed in groups",
       "ConvTranspose",
       {{"group", std::int64_t{2}}},
       {counting({1, 2, 1}), Tensor::of<float>({2, 1, 2}, {1, 1, 10, 20})},
       Tensor::of<float>({1, 2, 2}, {1, 1, 20, 40})},
      {"causal looks back",
       "CausalConvWithState",
       {},
       {counting({1, 1, 3}), filled({1, 1, 2}, 1)},
       Tensor::of<float>({1, 1, 3}, {1, 3, 5})},
  };
}

}  // namespace

class ConvolutionTest : public QObject {
  Q_OBJECT
 private slots:
  void computes_data() {
    QTest::addColumn<int>("index");
    const auto all = cases();
    for (std::size_t i = 0; i < all.size(); ++i) QTest::newRow(all[i].name) << static_cast<int>(i);
  }
  void computes() {
    QFETCH(int, index);
    const Case c = cases()[static_cast<std::size_t>(index)];
    std::vector<std::string> names{"x", "w", "b"};
    names.resize(c.inputs.size());
    const Node n = node(c.op, names, {"y"}, c.attributes);
    COMPARE_TENSORS(run_kernel_once(n, {c.inputs.begin(), c.inputs.end()}), c.want);
    // Inference agrees with the kernel, and float64 and bfloat16 with float32.
    std::vector<Type> types;
    for (const auto& input : c.inputs) types.push_back(input.full_type());
    const Inferred inferred = infer(n, types);
    QVERIFY(inferred.problems.empty());
    QCOMPARE(to_string(inferred.types.at(0)), to_string(c.want.full_type()));
    for (const DataType type : {DataType::Float64, DataType::BFloat16}) {
      std::vector<Datum> inputs;
      for (const auto& input : c.inputs) inputs.emplace_back(converted(input, type));
      COMPARE_TENSORS(converted(run_kernel_once(n, inputs), DataType::Float32), c.want, 1e-2);
    }
  }

  void infersExpressions() {
    const Node n = node("Conv", {"x", "w"}, {"y"}, {{"strides", ints({2, 2})}, {"pads", ints({3, 3, 3, 3})}});
    const Type x =
        Type::tensor(DataType::Float32, Shape{Dimension::symbol("N"), 3, Dimension::symbol("H"), 224});
    const auto inferred = infer(n, {x, Type::tensor(DataType::Float32, Shape{64, 3, 7, 7})});
    const Dimension h = floor_div(Dimension::symbol("H") - 1, 2) + 1;
    QCOMPARE(to_string(*inferred.types[0].shape), to_string(Shape{Dimension::symbol("N"), 64, h, 112}));
  }

  void refusesWhatDoesNotFit_data() {
    QTest::addColumn<int>("index");
    for (int i = 0; i < 8; ++i) QTest::addRow("%d", i) << i;
  }
  void refusesWhatDoesNotFit() {
    QFETCH(int, index);
    const Tensor x = counting({1, 2, 3, 3});
    const std::vector<std::pair<Attributes, Tensor>> wrong{
        {{}, counting({1, 3, 2, 2})},                            // channels
        {{}, counting({1, 2, 2})},                               // rank
        {{{"group", std::int64_t{0}}}, counting({1, 2, 2, 2})},  // no group
        {{{"group", std::int64_t{2}}}, counting({3, 1, 2, 2})},  // 3 channels in 2 groups
        {{{"group", INT64_MAX}}, counting({1, 2, 2, 2})},        // more groups than channels
        {{{"strides", ints({0, 1})}}, counting({1, 2, 2, 2})},   // stride
        {{{"pads", ints({1, 1})}}, counting({1, 2, 2, 2})},      // too few pads
        {{}, counting({1, 2, 4, 4})},                            // window larger than input
    };
    const auto& [attributes, w] = wrong[static_cast<std::size_t>(index)];
    QVERIFY_EXCEPTION_THROWN(run_kernel_once(node("Conv", {"x", "w"}, {"y"}, attributes), {x, w}), Error);
  }

  void refusesMoreGroupsThanChannelsWhereNothingIsMultiplied() {
    const Tensor x = Tensor::of<float>({1, 0, 3, 3}, {}), w = Tensor::of<float>({0, 0, 2, 2}, {});
    for (const char* op : {"Conv", "ConvTranspose"})
      QVERIFY_EXCEPTION_THROWN(run_kernel_once(node(op, {"x", "w"}, {"y"}, {{"group", INT64_MAX}}), {x, w}),
                               Error);
  }

  void handsOnTheStateOfACausalConvolution() {
    const Node n =
        node("CausalConvWithState", {"x", "w", "b", "s"}, {"y", "state"}, {{"activation", text("silu")}});
    const auto outputs =
        run_kernel(n, {counting({1, 1, 2}), filled({1, 1, 3}, 1), {}, counting({1, 1, 2}, 10)});
    const auto silu = [](float v) { return v / (1 + std::exp(-v)); };
    COMPARE_TENSORS(outputs[0].tensor(), Tensor::of<float>({1, 1, 2}, {silu(22), silu(14)}));
    COMPARE_TENSORS(outputs[1].tensor(), Tensor::of<float>({1, 1, 2}, {1, 2}));
  }
};

QTEST_GUILESS_MAIN(ConvolutionTest)
#include "convolution_test.moc"
