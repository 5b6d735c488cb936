#include <algorithm>

#include "tests/differential/call.h"

namespace lapidary::differential {
namespace {

/// The sizes' factors dealt out anew.
std::vector<std::int64_t> other_shape(Random& random, const Dims& dims) {
  std::int64_t left = element_count(dims);
  std::vector<std::int64_t> shape;
  for (std::int64_t rank = random.between(0, 3); rank > 0 && left > 0; --rank) {
    std::vector<std::int64_t> divisors;
    for (std::int64_t d = 1; d <= left && d <= 64; ++d)
      if (left % d == 0) divisors.push_back(d);
    shape.push_back(random.pick(divisors));
    left /= shape.back();
  }
  if (left != 1 || shape.empty()) shape.push_back(left);
  random.shuffle(shape);
  return shape;
}

void reshape(Call& call) {
  const Tensor x = call.any();
  std::vector<std::int64_t> shape = other_shape(call.random, x.dims());
  if (x.size() > 0) {
    for (std::size_t i = 0; i < shape.size() && i < x.dims().size(); ++i)
      if (shape[i] == x.dims()[i] && call.random.chance(0.5)) shape[i] = 0;
    if (call.random.chance(0.4))
      shape[static_cast<std::size_t>(call.random.below(static_cast<std::int64_t>(shape.size())))] = -1;
  } else {
    shape = x.dims();
    if (call.record.find_attribute("allowzero")) call.set("allowzero", std::int64_t{1});
  }
  if (call.version() < 5) return call.set("shape", shape);
  call.integers(shape);
}

void flatten(Call& call) {
  const Tensor x = call.any(call.version() < 9 ? 1 : 0, 4);
  const std::int64_t first = call.version() >= 11 ? -x.rank() : 0;
  if (call.random.chance(0.7)) call.set("axis", call.random.between(first, x.rank()));
}

void give_axes(Call& call, const std::vector<std::int64_t>& axes) {
  if (call.record.find_attribute("axes"))
    call.set("axes", axes);
  else
    call.integers(axes);
}

void squeeze(Call& call) {
  const Tensor x = call.any(1, 4);
  std::vector<std::int64_t> ones;
  for (int i = 0; i < x.rank(); ++i)
    if (x.dims()[static_cast<std::size_t>(i)] == 1 && call.random.chance(0.7))
      ones.push_back(call.version() >= 11 && call.random.chance(0.3) ? i - x.rank() : i);
  if (!ones.empty()) give_axes(call, ones);
}

void unsqueeze(Call& call) {
  const Tensor x = call.any(0, 3);
  const std::int64_t more = call.random.between(1, 2);
  std::vector<std::int64_t> axes = call.axes(x.rank() + more, false);
  axes.resize(std::min<std::size_t>(axes.size(), static_cast<std::size_t>(more)));
  if (static_cast<std::int64_t>(axes.size()) < more) axes = {x.rank()};
  const std::int64_t rank = x.rank() + static_cast<std::int64_t>(axes.size());
  if (call.version() < 13) std::sort(axes.begin(), axes.end());
  for (auto& axis : axes)
    if (call.version() >= 11 && call.random.chance(0.3)) axis -= rank;
  give_axes(call, axes);
}

void transpose(Call& call) {
  const Tensor x = call.any();
  std::vector<std::int64_t> order;
  for (int i = 0; i < x.rank(); ++i) order.push_back(i);
  call.random.shuffle(order);
  if (call.random.chance(0.8) && x.rank() > 0) call.set("perm", order);
}

void shape(Call& call) {
  const Tensor x = call.any();
  if (!call.record.find_attribute("start") || call.random.chance(0.5)) return;
  call.set("start", call.random.between(-x.rank() - 1, x.rank() + 1));
  if (call.random.chance(0.5)) call.set("end", call.random.between(-x.rank() - 1, x.rank() + 1));
}

void expand(Call& call) {
  const Tensor x = call.any(0, 3);
  Dims target = x.dims();
  for (auto& size : target) {
    if (size == 1 && call.random.chance(0.6))
      size = call.random.between(1, 4);
    else if (call.random.chance(0.2))
      size = 1;
  }
  if (call.random.chance(0.3)) target.insert(target.begin(), call.random.between(1, 3));
  call.integers(target);
}

void tile(Call& call) {
  if (call.version() < 6) return from_example(call);
  const Tensor x = call.any(1, 4);
  std::vector<std::int64_t> repeats;
  for (int i = 0; i < x.rank(); ++i)
    repeats.push_back(call.random.chance(0.03) ? 0 : call.random.between(1, 3));
  call.integers(repeats);
}

void concat(Call& call) {
  const Tensor first = call.any(1, 4);
  const std::int64_t axis = call.version() < 4 ? 1 : call.axis(first.rank(), call.version() >= 11);
  if (axis >= first.rank()) throw Unsuitable();
  call.set("axis", axis);
  for (std::int64_t more = call.random.below(3); more > 0; --more) {
    Dims dims = first.dims();
    if (call.random.chance(0.5))
      dims[static_cast<std::size_t>(axis < 0 ? axis + first.rank() : axis)] = call.random.between(0, 4);
    call.sized(dims);
  }
}

void split(Call& call) {
  const Tensor x = call.any(1, 4);
  const std::int64_t axis = call.axis(x.rank(), call.version() >= 11);
  const std::int64_t size = x.dims()[static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)];
  const std::int64_t parts =
      call.random.between(1, std::max<std::int64_t>(1, std::min<std::int64_t>(4, size)));
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(parts), 0);
  for (std::int64_t i = 0; i < size; ++i) ++sizes[static_cast<std::size_t>(call.random.below(parts))];
  call.set("axis", axis);
  const bool equal =
      call.version() >= 18 ? call.random.chance(0.5) : size % parts == 0 && call.random.chance(0.5);
  if (equal && call.version() >= 18 && (parts - 1) * ((size + parts - 1) / parts) > size) throw Unsuitable();
  if (equal && call.record.find_attribute("num_outputs")) call.set("num_outputs", parts);
  if (!equal && call.record.find_attribute("split"))
    call.set("split", sizes);
  else if (!equal && call.has_parameter(1))
    call.integers(sizes);
  for (std::int64_t i = 0; i < parts; ++i) call.node.outputs.push_back(call.draft.fresh_name());
}

void depth_to_space(Call& call) {
  const std::int64_t block = call.random.between(1, 3);
  const bool to_space = call.record.name == "DepthToSpace";
  Dims dims = {call.random.between(1, 2), call.random.between(1, 3), call.random.between(1, 4),
               call.random.between(1, 4)};
  if (to_space)
    dims[1] *= block * block;
  else
    dims[2] *= block, dims[3] *= block;
  call.sized(dims);
  call.set("blocksize", block);
  call.word("mode", {"DCR", "CRD"});
}

void pad(Call& call) {
  const Tensor x = call.any(1, 4);
  std::vector<std::string> modes = {"constant", "constant", "reflect", "edge"};
  if (call.version() >= 19) modes.emplace_back("wrap");
  const std::string mode = call.random.pick(modes);
  std::vector<std::int64_t> pads;
  for (int side = 0; side < 2; ++side)
    for (const auto size : x.dims()) {
      const std::int64_t most = mode == "constant"  ? 3
                                : mode == "reflect" ? std::min<std::int64_t>(2, size - 1)
                                                    : std::min<std::int64_t>(2, size);
      const std::int64_t least = mode == "constant" && size > 2 && call.random.chance(0.1) ? -1 : 0;
      pads.push_back(call.random.between(least, std::max<std::int64_t>(0, most)));
    }
  if (mode != "constant" && x.size() == 0) throw Unsuitable();
  call.set("mode", mode);
  if (call.version() < 2) return call.set("paddings", pads);
  if (call.version() < 11) {
    call.number("value", -2, 2);
    return call.set("pads", pads);
  }
  call.integers(pads);
  if (call.random.chance(0.5)) call.sized({}, Fill::Ordinary);
}

void center_crop_pad(Call& call) {
  const Tensor x = call.any(1, 4);
  std::vector<std::int64_t> axes;
  for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  if (call.random.chance(0.5)) call.set("axes", axes = call.axes(x.rank()));
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < axes.size(); ++i) sizes.push_back(call.random.between(1, 7));
  call.integers(sizes);
}

void constant_of_shape(Call& call) {
  call.integers(random_dims(call.random, 0, 3));
  if (call.random.chance(0.3)) return;
  auto value = std::make_shared<NamedTensor>();
  value->tensor = random_tensor(call.random, call.type(call.record.outputs.at(0).type), {1}, Fill::Ordinary);
  call.set("value", std::shared_ptr<const NamedTensor>(std::move(value)));
}

void range(Call& call) {
  const DataType type = call.input_type(0);
  const bool up = !is_signed(type) || call.random.chance(0.7);
  const double start = static_cast<double>(call.random.between(0, 5)),
               step = static_cast<double>(call.random.between(1, 3));
  for (const double value : {start, up ? start + 7 : start - 7, up ? step : -step})
    call.given(tensor_from(type, {}, std::vector<double>{value}), 0.8);
}

void eye_like(Call& call) {
  call.any(2, 2);
  if (call.random.chance(0.5)) call.set("k", call.random.between(-2, 2));
  if (call.random.chance(0.5)) call.set("dtype", static_cast<std::int64_t>(DataType::Float32));
}

void trilu(Call& call) {
  call.any(2, 4);
  if (call.random.chance(0.6)) call.integers({call.random.between(-3, 3)}, Dims{});
  call.flag("upper");
}

void any_tensor(Call& call) { call.any(); }

}  // namespace

RecipeList shape_recipes() {
  return {{"Reshape", reshape},
          {"Flatten", flatten},
          {"Squeeze", squeeze},
          {"Unsqueeze", unsqueeze},
          {"Transpose", transpose},
          {"Shape", shape},
          {"Size", any_tensor},
          {"Expand", expand},
          {"Tile", tile},
          {"Concat", concat},
          {"Split", split},
          {"DepthToSpace", depth_to_space},
          {"SpaceToDepth", depth_to_space},
          {"Pad", pad},
          {"CenterCropPad", center_crop_pad},
          {"ConstantOfShape", constant_of_shape},
          {"Range", range},
          {"EyeLike", eye_like},
          {"Trilu", trilu}};
}

}  // namespace lapidary::differential
