#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

class ResizeTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void infersShapes_data();
  void infersShapes() { check_inference_case(); }
};

namespace {

Tensor image(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::of({1, 1, 1, count}, values);
}
Tensor scale(float by) { return Tensor::of({4}, std::vector<float>{1, 1, 1, by}); }

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;
Node by_scales(Attributes attributes) { return node("Resize", {"x", "", "s"}, {"y"}, std::move(attributes)); }
Node by_sizes(Attributes attributes) {
  return node("Resize", {"x", "", "", "z"}, {"y"}, std::move(attributes));
}

void add_resize_rows() {
  const std::string coordinates = "coordinate_transformation_mode", nearest = "nearest_mode";
  const Tensor x = image({1, 2, 3, 4});
  add_kernel_case("nearest", by_scales({}), {image({1, 2}), Datum(), scale(2)}, {image({1, 1, 2, 2})});
  add_kernel_case(
      "nearest, rounding half up",
      by_scales({{coordinates, std::string("asymmetric")}, {nearest, std::string("round_prefer_ceil")}}),
      {image({1, 2}), Datum(), scale(2)}, {image({1, 2, 2, 2})});
  add_kernel_case("nearest of strings", by_scales({}),
                  {Tensor::of_strings({1, 1, 1, 1}, {"a"}), Datum(), scale(2)},
                  {Tensor::of_strings({1, 1, 1, 2}, {"a", "a"})});
  add_kernel_case("linear", by_scales({{"mode", std::string("linear")}}), {image({1, 2}), Datum(), scale(2)},
                  {image({1, 1.25f, 1.75f, 2})});
  add_kernel_case("linear between corners",
                  by_scales({{"mode", std::string("linear")}, {coordinates, std::string("align_corners")}}),
                  {image({1, 4}), Datum(), scale(2)}, {image({1, 2, 3, 4})});
  add_kernel_case("linear to one pixel",
                  by_sizes({{"mode", std::string("linear")}, {coordinates, std::string("align_corners")}}),
                  {x, Datum(), Datum(), ints({1, 1, 1, 1})}, {image({1})});
  add_kernel_case("linear with a wide kernel",
                  by_scales({{"mode", std::string("linear")}, {"antialias", std::int64_t{1}}}),
                  {x, Datum(), scale(0.5f)}, {image({1.625f, 3.375f})});
  add_kernel_case("linear of bytes is cut off", by_scales({{"mode", std::string("linear")}}),
                  {Tensor::of({1, 1, 1, 2}, std::vector<std::uint8_t>{0, 255}), Datum(), scale(2)},
                  {Tensor::of({1, 1, 1, 4}, std::vector<std::uint8_t>{0, 63, 191, 255})});
  add_kernel_case("cubic reproduces a constant", by_scales({{"mode", std::string("cubic")}}),
                  {image({3, 3, 3}), Datum(), scale(2)}, {image({3, 3, 3, 3, 3, 3})});
  add_kernel_case("crop with extrapolation",
                  node("Resize", {"x", "r", "", "z"}, {"y"},
                       {{"mode", std::string("linear")},
                        {coordinates, std::string("tf_crop_and_resize")},
                        {"extrapolation_value", 9.0f},
                        {"axes", list({3})}}),
                  {x, Tensor::of({2}, std::vector<float>{0.0f, 2.0f}), Datum(), ints({3})},
                  {image({1, 4, 9})});
  add_kernel_case("not larger",
                  by_sizes({{"keep_aspect_ratio_policy", std::string("not_larger")}, {"axes", list({2, 3})}}),
                  {counting({1, 1, 2, 4}), Datum(), Datum(), ints({4, 4})}, {counting({1, 1, 2, 4})});
  add_kernel_case("before 11", node("Resize", {"x", "s"}, {"y"}), {image({1, 2}), scale(2)},
                  {image({1, 1, 2, 2})}, 10);
  add_kernel_case("upsample by attribute",
                  node("Upsample", {"x"}, {"y"}, {{"scales", std::vector<float>{1, 1, 1, 2}}}),
                  {image({1, 2})}, {image({1, 1, 2, 2})}, 7);
  add_kernel_case("upsample by two attributes",
                  node("Upsample", {"x"}, {"y"}, {{"height_scale", 1.0f}, {"width_scale", 2.0f}}),
                  {image({1, 2})}, {image({1, 1, 2, 2})}, 1);
  add_kernel_case("nothing", by_sizes({}), {counting({0, 1}), Datum(), Datum(), ints({0, 2})},
                  {counting({0, 2})});
  add_refusal("something from nothing", by_sizes({}), {counting({0}), Datum(), Datum(), ints({2})},
              "without elements");
  add_refusal("a scale without end", by_scales({}),
              {counting({1}), Datum(), Tensor::of({1}, std::vector<float>{HUGE_VALF})}, "too large");
  add_refusal("a scale of zero", by_scales({}),
              {counting({1}), Datum(), Tensor::of({1}, std::vector<float>{0})}, "not positive");
  add_refusal("neither scales nor sizes", by_sizes({}), {counting({1}), Datum(), Datum(), Datum()},
              "are given");
  add_refusal("an unknown mode", by_scales({{"mode", std::string("magic")}}), {image({1}), Datum(), scale(2)},
              "no mode");
}

void add_grid_rows() {
  const auto grid = [](float x) { return Tensor::of({1, 1, 1, 2}, std::vector<float>{x, 0}); };
  const auto sample = [](Attributes attributes) {
    return node("GridSample", {"x", "g"}, {"y"}, std::move(attributes));
  };
  const Tensor x = image({1, 3});
  add_kernel_case("grid in the middle", sample({}), {x, grid(0)}, {image({2})});
  add_kernel_case("grid at the edge fades to zero", sample({}), {x, grid(1)}, {image({1.5f})});
  add_kernel_case("grid at the corner's centre", sample({{"align_corners", std::int64_t{1}}}), {x, grid(1)},
                  {image({3})});
  add_kernel_case("grid beyond the border", sample({{"padding_mode", std::string("border")}}), {x, grid(5)},
                  {image({3})});
  add_kernel_case("grid reflected",
                  sample({{"padding_mode", std::string("reflection")}, {"align_corners", std::int64_t{1}}}),
                  {x, grid(2)}, {image({2})});
  add_kernel_case("grid nowhere", sample({}), {x, grid(NAN)}, {image({0})});
  add_refusal("grid of another rank", sample({}), {x, counting({1, 1, 2})}, "does not fit");
  add_kernel_case("affine identity",
                  node("AffineGrid", {"t", "s"}, {"y"}, {{"align_corners", std::int64_t{1}}}),
                  {Tensor::of({1, 2, 3}, std::vector<float>{1, 0, 0, 0, 1, 0}), ints({1, 1, 1, 3})},
                  {Tensor::of({1, 1, 3, 2}, std::vector<float>{-1, 0, 0, 0, 1, 0})});
}

void add_region_rows() {
  const Node align = node("RoiAlign", {"x", "r", "b"}, {"y"});
  const Tensor x = counting({1, 1, 4, 4}), region = Tensor::of({1, 4}, std::vector<float>{0, 0, 4, 4});
  add_kernel_case("align averages samples", align, {x, region, ints({0})},
                  {Tensor::of({1, 1, 1, 1}, std::vector<float>{7.5f})});
  add_refusal("align of an image that is not there", align, {x, region, ints({1})}, "names image");
  add_refusal("align of endless regions", align,
              {x, Tensor::of({1, 4}, std::vector<float>{0, 0, HUGE_VALF, 1}), ints({0})}, "no usable bounds");
  add_kernel_case("largest of each bin",
                  node("MaxRoiPool", {"x", "r"}, {"y"}, {{"pooled_shape", list({2, 2})}}),
                  {x, Tensor::of({1, 5}, std::vector<float>{0, 0, 0, 3, 3})},
                  {Tensor::of({1, 1, 2, 2}, std::vector<float>{5, 7, 13, 15})});
}

}  // namespace

void ResizeTest::computes_data() {
  kernel_columns();
  add_resize_rows();
  add_grid_rows();
  add_region_rows();
}

void ResizeTest::infersShapes_data() {
  inference_columns();
  const Tensor scales = Tensor::of({4}, std::vector<float>{1, 1, 2, 0.5f});
  add_inference_case("whole and half scales", {by_scales({}),
                                               {floats({"N", "3", "H", "W"}), {}, floats({"4"})},
                                               {{}, {}, scales},
                                               {"float32 N × 3 × 2*H × floor(W/2)"},
                                               "",
                                               ""});
  add_inference_case("sizes of some axes", {by_sizes({{"axes", list({2, 3})}}),
                                            {floats({"N", "3", "H", "W"}), {}, {}, int64s({"2"})},
                                            {{}, {}, {}, ints({7, 8})},
                                            {"float32 N × 3 × 7 × 8"},
                                            "",
                                            ""});
  add_inference_case(
      "not larger",
      {by_sizes({{"keep_aspect_ratio_policy", std::string("not_larger")}, {"axes", list({1, 2})}}),
       {floats({"N", "10", "20"}), {}, {}, int64s({"2"})},
       {{}, {}, {}, ints({10, 10})},
       {"float32 N × 5 × 10"},
       "",
       ""});
  add_inference_case("a scale that float32 rounds down",
                     {by_scales({}),
                      {floats({"1", "5"}), {}, floats({"2"})},
                      {{}, {}, Tensor::of({2}, std::vector<float>{1, 1.8f})},
                      {"float32 1 × 9"},
                      "",
                      ""});
  add_inference_case("scales not known",
                     {by_scales({}), {floats({"N", "3"}), {}, floats({"2"})}, {}, {"float32 ? × ?"}, "", ""});
  add_inference_case("upsample", {node("Upsample", {"x"}, {"y"}, {{"scales", std::vector<float>{1, 3}}}),
                                  {floats({"N", "W"})},
                                  {},
                                  {"float32 N × 3*W"},
                                  "",
                                  "",
                                  7});
  add_inference_case("grid", {node("GridSample", {"x", "g"}, {"y"}),
                              {floats({"N", "C", "H", "W"}), floats({"N", "5", "6", "2"})},
                              {},
                              {"float32 N × C × 5 × 6"},
                              "",
                              ""});
  add_inference_case("regions",
                     {node("RoiAlign", {"x", "r", "b"}, {"y"}, {{"output_height", std::int64_t{7}}}),
                      {floats({"1", "C", "H", "W"}), floats({"R", "4"}), int64s({"R"})},
                      {},
                      {"float32 R × C × 7 × 1"},
                      "",
                      ""});
}

QTEST_GUILESS_MAIN(ResizeTest)
#include "resize_test.moc"
