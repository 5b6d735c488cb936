#include "tests/support/contributed.h"

using namespace lapidary;
using namespace lapidary::test;

namespace {

const std::int64_t one = 1, zero = 0;

std::vector<ContributedCase> all() {
  const Tensor x = noise({2, 3, 4});
  return {
      {"", contributed("Trilu"), {x}},
      {"lower, k", contributed("Trilu", {{"upper", zero}}), {x, Tensor::scalar(one)}},
      {"negative k", contributed("Trilu"), {x, Tensor::scalar(-one)}},
      {"", contributed("Unique", {}, "yyy"), {reals({2, 1, 1, 3, 4, 3})}},
      {"integers", contributed("Unique", {}, "yyy"), {ints({2, 1, 1, 3, 4, 3})}, {}, false},
      {"", contributed("ExpandDims"), {x, int32s({}, {1})}},
      {"constant axis", contributed("ExpandDims"), {x, int32s({}, {-1})}, {1}},
      {"", contributed("GatherND"), {x, Tensor::of<std::int64_t>({2, 2}, {0, 1, 1, 2})}},
      {"int32", contributed("GatherND"), {x, Tensor::of<std::int32_t>({2, 1}, {1, 0})}},
      {"", contributed("Pad"), {noise({2, 3}), ints({1, 0, 0, 2}), reals({9})}},
      {"constant pads", contributed("Pad"), {noise({2, 3}), ints({1, 0, 0, 2}), scalar(9)}, {1}},
      {"row of pads", contributed("Pad"), {noise({2, 3}), Tensor::of<std::int64_t>({1, 4}, {0, 1, 1, 0})}},
      {"reflect",
       contributed("Pad", {{"mode", std::string("reflect")}}),
       {noise({3, 4}), ints({1, 2, 0, 1})}},
      {"edge", contributed("Pad", {{"mode", std::string("edge")}}), {noise({3, 4}), ints({1, 2, 0, 1})}},
      {"", contributed("Range"), {scalar(1), scalar(4)}},
      {"delta", contributed("Range"), {scalar(5), scalar(1), scalar(-1.5f)}},
      {"vectors", contributed("Range"), {ints({2}), ints({11}), ints({3})}},
      {"constants", contributed("Range"), {ints({2}), ints({11})}, {0, 1}},
      {"", contributed("GridSample"), {noise({1, 2, 4, 5}), noise({1, 3, 3, 2}, 2)}},
      {"nearest, border",
       contributed("GridSample", {{"mode", std::string("nearest")}, {"padding_mode", std::string("border")}}),
       {noise({1, 2, 4, 5}), scaled(noise({1, 3, 3, 2}, 2), 1.5)}},
      {"bicubic, reflection, corners",
       contributed("GridSample", {{"mode", std::string("bicubic")},
                                  {"padding_mode", std::string("reflection")},
                                  {"align_corners", one}}),
       {noise({1, 2, 4, 5}), scaled(noise({1, 3, 3, 2}, 2), 1.5)}},
      {"", contributed("Inverse"), {noise({3, 3})}},
      {"batch", contributed("Inverse"), {noise({2, 2, 4, 4}, 5)}},
      {"double", contributed("Inverse"), {noise({4, 4}, 5, DataType::Float64)}},
      {"", contributed("CDist", {{"metric", std::string("euclidean")}}), {noise({3, 4}), noise({5, 4}, 2)}},
      {"squares",
       contributed("CDist", {{"metric", std::string("sqeuclidean")}}),
       {noise({3, 4}), noise({5, 4}, 2)}},
      {"double",
       contributed("CDist", {{"metric", std::string("euclidean")}}),
       {noise({3, 4}, 1, DataType::Float64), noise({5, 4}, 2, DataType::Float64)}},
  };
}

Node microsoft(const char* op_type, std::vector<std::string> inputs,
               std::vector<std::string> outputs = {"y"}) {
  return node(op_type, std::move(inputs), std::move(outputs), {}, "com.microsoft");
}

}  // namespace

/// Operators that the standard took over later, and linear algebra.
class MicrosoftShapeTest : public QObject {
  Q_OBJECT
 private slots:
  void agreeWithOnnxRuntime_data() { add_peer_rows(all()); }
  void agreeWithOnnxRuntime() { check_peer_row(); }
  void inferWhatTheyCompute_data() { add_rows(all()); }
  void inferWhatTheyCompute() { check_inferred_row(); }
  void areTheSameOnBothBackends_data() { add_rows(all()); }
  void areTheSameOnBothBackends() { check_backends_row(); }

  void keepsTheUpperTriangle() {
    COMPARE_TENSORS(run_kernel_once(microsoft("Trilu", {"x"}), {Tensor::of<float>({2, 2}, {1, 2, 3, 4})}),
                    Tensor::of<float>({2, 2}, {1, 2, 0, 4}));
  }
  void listsValuesInOrderOfAppearance() {
    const auto outputs = run_kernel(microsoft("Unique", {"x"}, {"y", "i", "c"}), {ints({2, 1, 1, 3})});
    COMPARE_TENSORS(outputs[0].tensor(), ints({2, 1, 3}));
    COMPARE_TENSORS(outputs[1].tensor(), ints({0, 1, 1, 2}));
    COMPARE_TENSORS(outputs[2].tensor(), ints({1, 2, 1}));
  }
  void insertsAnAxis() {
    COMPARE_TENSORS(run_kernel_once(microsoft("ExpandDims", {"x", "a"}), {reals({1, 2}), int32s({}, {-1})}),
                    Tensor::of<float>({2, 1}, {1, 2}));
  }
  void gathersSlices() {
    COMPARE_TENSORS(
        run_kernel_once(microsoft("GatherND", {"x", "i"}),
                        {Tensor::of<float>({2, 2}, {1, 2, 3, 4}), Tensor::of<std::int64_t>({1, 1}, {1})}),
        Tensor::of<float>({1, 2}, {3, 4}));
  }
  void padsAndCounts() {
    COMPARE_TENSORS(run_kernel_once(microsoft("Pad", {"x", "p", "v"}), {reals({1}), ints({1, 1}), scalar(9)}),
                    reals({9, 1, 9}));
    COMPARE_TENSORS(run_kernel_once(microsoft("Range", {"s", "l"}), {scalar(1), scalar(3.5f)}),
                    reals({1, 2, 3}));
  }
  void samplesTheMiddle() {
    COMPARE_TENSORS(
        run_kernel_once(microsoft("GridSample", {"x", "g"}), {Tensor::of<float>({1, 1, 2, 2}, {1, 2, 3, 4}),
                                                              Tensor::of<float>({1, 1, 1, 2}, {0, 0})}),
        Tensor::of<float>({1, 1, 1, 1}, {2.5f}));
  }
  void invertsAndMeasures() {
    COMPARE_TENSORS(run_kernel_once(microsoft("Inverse", {"x"}), {Tensor::of<float>({2, 2}, {2, 0, 1, 4})}),
                    Tensor::of<float>({2, 2}, {0.5f, 0, -0.125f, 0.25f}));
    COMPARE_TENSORS(run_kernel_once(microsoft("CDist", {"a", "b"}),
                                    {Tensor::of<float>({1, 2}, {0, 0}), Tensor::of<float>({1, 2}, {3, 4})}),
                    Tensor::of<float>({1, 1}, {25}));
  }
};

QTEST_GUILESS_MAIN(MicrosoftShapeTest)
#include "shape_test.moc"
