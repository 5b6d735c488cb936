#include <limits>

#include "engine/ops/element_move.h"
#include "engine/ops/microsoft/attention.h"

namespace lapidary::microsoft {
namespace {

/// What a mask hides, as sums in double over [B, 1, S, T].
class MaskBuilder {
 public:
  MaskBuilder(const MaskSizes& sizes, double filter)
      : sizes_(sizes),
        filter_(filter),
        values_(static_cast<std::size_t>(sizes.batch * sizes.queries * sizes.keys)) {}

  void add(const Tensor& mask) {
    const auto given = values_as<std::int64_t>(mask);
    const std::int64_t batch = sizes_.batch, queries = sizes_.queries, keys = sizes_.keys;
    const std::int64_t count = mask.size();
    if (mask.rank() == 3 && count == batch * queries * keys)
      hide([&](std::int64_t b, std::int64_t i, std::int64_t j) {
        return given[(b * queries + i) * keys + j] <= 0;
      });
    else if (mask.rank() == 2 && count == batch * keys)
      hide([&](std::int64_t b, std::int64_t, std::int64_t j) { return given[b * keys + j] <= 0; });
    else if (mask.rank() == 1 && (count == batch || count == 3 * batch + 2))
      hide([&](std::int64_t b, std::int64_t, std::int64_t j) { return j >= given[b]; });
    else if (mask.rank() == 1 && count == 2 * batch)
      hide([&](std::int64_t b, std::int64_t, std::int64_t j) {
        return j >= given[b] || j < given[batch + b];
      });
    else
      throw Error("a mask of " + to_string(mask.dims()) + " does not fit " + std::to_string(batch) + " × " +
                  std::to_string(queries) + " × " + std::to_string(keys));
  }

  void add_causal() {
    const double beyond = static_cast<double>(std::numeric_limits<float>::lowest());
    for_each([&](std::int64_t, std::int64_t i, std::int64_t j, double& value) {
      if (j > sizes_.past + i) value += beyond;
    });
  }

  Tensor tensor(DataType type) const {
    return tensor_from(type, {sizes_.batch, 1, sizes_.queries, sizes_.keys}, values_);
  }

 private:
  template <class Hidden>
  void hide(Hidden hidden) {
    for_each([&](std::int64_t b, std::int64_t i, std::int64_t j, double& value) {
      if (hidden(b, i, j)) value = filter_;
    });
  }
  template <class Visit>
  void for_each(Visit visit) {
    double* value = values_.data();
    for (std::int64_t b = 0; b < sizes_.batch; ++b)
      for (std::int64_t i = 0; i < sizes_.queries; ++i)
        for (std::int64_t j = 0; j < sizes_.keys; ++j) visit(b, i, j, *value++);
  }

  MaskSizes sizes_;
  double filter_;
  std::vector<double> values_;
};

}  // namespace

Tensor split_heads(const Tensor& tensor, std::int64_t heads) {
  const Dims& dims = tensor.dims();
  if (dims.size() != 3 || dims[2] % heads != 0)
    throw Error(to_string(dims) + " cannot be divided into " + std::to_string(heads) + " heads");
  return transposed(tensor.reshaped({dims[0], dims[1], heads, dims[2] / heads}), {0, 2, 1, 3});
}

Tensor joined_heads(const Tensor& tensor) {
  const Dims& dims = tensor.dims();
  return transposed(tensor, {0, 2, 1, 3}).reshaped({dims[0], dims[2], dims[1] * dims[3]});
}

AttentionResult attend(const KernelContext& context, const AttentionCall& call) {
  Attributes attributes{{"softcap", call.softcap}, {"qk_matmul_output_mode", call.shown_stage}};
  const float scale = context.real("scale", 0);
  if (scale != 0) attributes.emplace_back("scale", scale);
  auto outputs = compute_all(context, "Attention",
                             {call.query, call.key, call.value, call.mask, call.past_key, call.past_value},
                             std::move(attributes), 4);
  return {outputs[0], outputs[1], outputs[2], outputs[3]};
}

Tensor additive_mask(const KernelContext& context, const Tensor& mask, const MaskSizes& sizes, bool causal,
                     DataType type) {
  if (!mask.is_present() && !causal) return {};
  MaskBuilder builder(sizes, static_cast<double>(context.real("mask_filter_value", -10000)));
  if (mask.is_present()) builder.add(mask);
  if (causal) builder.add_causal();
  return builder.tensor(type);
}

Tensor added_masks(const KernelContext& context, const Tensor& a, const Tensor& b) {
  if (!a.is_present()) return b;
  return b.is_present() ? compute(context, "Add", {a, b}) : a;
}

AttentionCall split_projection(const Tensor& projection, const std::vector<std::int64_t>& sizes,
                               std::int64_t heads) {
  const auto part = [&](std::int64_t start, std::int64_t size) {
    return split_heads(section(projection, 2, start, size), heads);
  };
  AttentionCall call;
  call.query = part(0, sizes[0]);
  call.key = part(sizes[0], sizes[1]);
  call.value = part(sizes[0] + sizes[1], sizes[2]);
  return call;
}

std::vector<std::int64_t> projection_sizes(const KernelContext& context, std::int64_t width) {
  auto sizes = context.integers("qkv_hidden_sizes");
  if (sizes.empty()) sizes.assign(3, width / 3);
  if (sizes.size() != 3 || sizes[0] + sizes[1] + sizes[2] != width)
    throw Error("queries, keys and values do not make up a width of " + std::to_string(width));
  return sizes;
}

std::int64_t positive_attribute(const KernelContext& context, const char* name) {
  const std::int64_t value = context.integer(name, 0);
  if (value < 1 || value > std::numeric_limits<std::int32_t>::max())
    throw Error("attribute '" + std::string(name) + "' is " + std::to_string(value));
  return value;
}

Cost attention_cost(double queries, double keys, double head_size) {
  const double scores = queries * keys, macs = 2 * scores * head_size;
  return {macs, 2 * macs + 5 * scores};
}

}  // namespace lapidary::microsoft
