#include "engine/ops/matmul.h"

#include "engine/model/saturating_cast.h"
#include "engine/ops/broadcast.h"
#include "engine/ops/compute_buffer.h"
#include "engine/ops/families.h"
#include "engine/ops/gemm.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/wrapping.h"

namespace lapidary {
namespace {

/// Types that MatMul and Gemm take since opset 9.
using ProductTypes = decltype(FloatTypes{} +
                              TypeList<std::int32_t, std::int64_t, std::uint32_t, std::uint64_t>{});

/// The type that gemm() multiplies elements of T in: unsigned for integers, so that overflow wraps around.
template <class T>
struct ProductType {
  using Value = ComputeType<T>;
};
template <class T>
requires std::is_integral_v<T>
struct ProductType<T> {
  using Value = std::make_unsigned_t<T>;
};

template <class T>
const typename ProductType<T>::Value* factors(const ComputeInput<T>& input) {
  return reinterpret_cast<const typename ProductType<T>::Value*>(input.data());
}
template <class T>
typename ProductType<T>::Value* products(ComputeOutput<T>& output) {
  return reinterpret_cast<typename ProductType<T>::Value*>(output.data());
}

/// Every batch of A stands before the same B: one product with all rows of A.
bool merges_to_one_product(const MatMulGeometry& g) {
  for (std::size_t i = 0; i < g.a_offsets.size(); ++i)
    if (g.b_offsets[i] != 0 || g.a_offsets[i] != static_cast<std::int64_t>(i) * g.m * g.k) return false;
  return true;
}

void matmul_kernel(KernelContext& context) {
  const Tensor& a = context.input(0);
  const Tensor& b = context.input(1);
  const MatMulGeometry geometry = matmul_geometry(a.dims(), b.dims());
  Tensor& y = context.output(0, a.type(), geometry.output);
  dispatch(ProductTypes{}, a.type(), [&]<class T>() {
    const ComputeInput<T> left(a), right(b);
    ComputeOutput<T> result(y);
    matmul(geometry, factors(left), factors(right), products(result), context.cancel);
    result.store();
  });
}

void infer_matmul(InferenceContext& context) {
  context.set_output(0, context.input_element(0),
                     matmul_shape(context, context.input_shape(0), context.input_shape(1)));
}

std::optional<Cost> matmul_cost(const CostContext& context) {
  const auto a = context.input_dims(0);
  const auto elements = context.output_elements();
  if (!a || a->empty() || !elements) return std::nullopt;
  const double macs = *elements * static_cast<double>(a->back());
  return Cost{macs, 2 * macs};
}

// --- Gemm ---

struct GemmSizes {
  std::int64_t m, n, k;
};

GemmSizes gemm_sizes(const Dims& a, const Dims& b, bool transpose_a, bool transpose_b) {
  if (a.size() != 2 || b.size() != 2)
    throw Error("Gemm multiplies matrices, not " + to_string(a) + " with " + to_string(b));
  const GemmSizes sizes{a[transpose_a ? 1 : 0], b[transpose_b ? 0 : 1], a[transpose_a ? 0 : 1]};
  if (b[transpose_b ? 1 : 0] != sizes.k)
    throw Error("cannot multiply " + to_string(a) + (transpose_a ? " transposed" : "") + " with " +
                to_string(b) + (transpose_b ? " transposed" : ""));
  return sizes;
}

/// Before version 7, C was stretched to [M, N] only where attribute `broadcast` said so.
void check_broadcast_before_7(const KernelContext& context, const Dims& c, const Dims& output) {
  if (context.version() < 7 && context.integer("broadcast", 0) == 0 && c != output)
    throw Error("C is " + to_string(c) + " where " + to_string(output) + " is needed")
        .advice("Attribute broadcast allows a smaller one");
}

/// y = alpha·y + beta·c, with c broadcast. Integer sums wrap around; scaled integers saturate.
template <class T>
void scale_and_add(Tensor& y, typename ComputeOutput<T>::Value* result, float alpha, float beta,
                   const Tensor* c) {
  using Value = ComputeType<T>;
  const auto scaled = [](float factor, Value value) {
    if (factor == 1.0f) return value;
    if constexpr (std::is_integral_v<Value>)
      return saturating_cast<Value>(static_cast<double>(factor) * static_cast<double>(value));
    else
      return static_cast<Value>(factor) * value;
  };
  if (alpha != 1.0f)
    for (std::int64_t i = 0; i < y.size(); ++i) result[i] = scaled(alpha, result[i]);
  if (!c) return;
  const ComputeInput<T> offsets(*c);
  const StridedWalk<1> walk(y.dims(), {broadcast_strides(c->dims(), y.dims())});
  Value* to = result;
  walk.for_each_run([&](const auto& from, const auto& steps, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = wrapping_add(to[i], scaled(beta, offsets[from[0] + i * steps[0]]));
    to += count;
  });
}

void gemm_kernel(KernelContext& context) {
  const Tensor& a = context.input(0);
  const Tensor& b = context.input(1);
  const bool transpose_a = context.integer("transA", 0) != 0, transpose_b = context.integer("transB", 0) != 0;
  const auto [m, n, k] = gemm_sizes(a.dims(), b.dims(), transpose_a, transpose_b);
  const Tensor* c = context.has_input(2) ? &context.input(2) : nullptr;
  Tensor& y = context.output(0, a.type(), {m, n});
  if (c) check_broadcast_before_7(context, c->dims(), y.dims());
  dispatch(ProductTypes{}, a.type(), [&, m = m, n = n, k = k]<class T>() {
    using Value = typename ProductType<T>::Value;
    const ComputeInput<T> left(a), right(b);
    ComputeOutput<T> result(y);
    gemm<Value>(m, n, k, {factors(left), a.dims()[1], transpose_a},
                {factors(right), b.dims()[1], transpose_b}, products(result), n);
    scale_and_add<T>(y, result.data(), context.real("alpha", 1), context.real("beta", 1), c);
    result.store();
  });
}

void infer_gemm(InferenceContext& context) {
  const auto& a = context.input_shape(0);
  const auto& b = context.input_shape(1);
  const bool transpose_a = context.integer("transA", 0) != 0, transpose_b = context.integer("transB", 0) != 0;
  Shape output(2);
  if (a && a->size() == 2) output[0] = (*a)[transpose_a ? 1 : 0];
  if (b && b->size() == 2) output[1] = (*b)[transpose_b ? 0 : 1];
  context.set_output(0, context.input_element(0), output);
  if (a && b) {
    const auto a_dims = constant_dims(*a), b_dims = constant_dims(*b);
    if (a->size() != 2 || b->size() != 2) throw Error("Gemm multiplies matrices");
    if (a_dims && b_dims) gemm_sizes(*a_dims, *b_dims, transpose_a, transpose_b);
  }
}

std::optional<Cost> gemm_cost(const CostContext& context) {
  const auto a = context.input_dims(0);
  const auto elements = context.output_elements();
  if (!a || a->size() != 2 || !elements) return std::nullopt;
  const std::int64_t k = (*a)[context.node.attribute_or("transA", std::int64_t{0}) ? 0 : 1];
  const double macs = *elements * static_cast<double>(k);
  const bool adds = context.inputs.size() > 2 && context.inputs[2].is_known();
  const bool scales = context.node.attribute_or("alpha", 1.0f) != 1.0f;
  return Cost{macs, 2 * macs + *elements * (adds + scales)};
}

// --- records ---

types::List gemm_types() { return types::high_precision_numbers(); }
types::List gemm_types_and_bfloat16() {
  using types::operator+;
  return gemm_types() + types::tensors({"bfloat16"});
}

Operator matmul_record() {
  return Operator("MatMul", 1, OperatorKind::MatrixAndConvolution)
      .summary("Matrix product over the last two axes, as numpy.matmul: axes before are broadcast.")
      .input("A", "T", "Left factor […, M, K].")
      .input("B", "T", "Right factor […, K, N].")
      .output("Y", "T", "Product […, M, N].")
      .constraint("T", types::floats())
      .infer(infer_matmul)
      .kernel(matmul_kernel)
      .example("A = float[2, 2]{1..4}; B = float[2, 2]{0, 1, 1, 0}")
      .cost(matmul_cost);
}

/// As of version 7; C could not be left out before 11.
Operator gemm_record() {
  return Operator("Gemm", 7, OperatorKind::MatrixAndConvolution)
      .summary("alpha·A·B + beta·C for matrices, each factor transposed first if asked for.")
      .attribute("alpha", 1.0f, "Factor of the product.")
      .attribute("beta", 1.0f, "Factor of C.")
      .attribute("transA", std::int64_t{0}, "Whether A is transposed first.")
      .attribute("transB", std::int64_t{0}, "Whether B is transposed first.")
      .input("A", "T", "Left factor [M, K], or [K, M] if transposed.")
      .input("B", "T", "Right factor [K, N], or [N, K] if transposed.")
      .input("C", "T", "Added to the product; broadcast to [M, N].")
      .output("Y", "T", "Result [M, N].")
      .constraint("T", types::floats())
      .infer(reporting_errors(infer_gemm))
      .kernel(gemm_kernel)
      .example("A = float[2, 2]{1..4}; B = float[2, 2]{0, 1, 1, 0}; C = float[2, 2]{1}; alpha = 0.5")
      .cost(gemm_cost);
}

void register_gemm(OperatorTable& table) {
  const Operator gemm7 = gemm_record();
  for (const int version : {1, 6})
    table.add(gemm7.at(version).attribute("broadcast", std::int64_t{0}, "Whether C is broadcast to [M, N]."));
  table.note_change("Gemm", 6,
                    "says the shapes of A and B for both ways of transposing; nothing else changed");
  table.add(gemm7);
  table.add(gemm7.at(9).constraint("T", gemm_types()));
  Operator gemm11 = gemm7.at(11).constraint("T", gemm_types());
  gemm11.inputs.back().arity = Arity::Optional;
  table.add(gemm11);
  table.add(gemm11.at(13).constraint("T", gemm_types_and_bfloat16()));
}

}  // namespace

MatMulGeometry matmul_geometry(const Dims& a, const Dims& b) {
  if (a.empty() || b.empty()) throw Error("a matrix product needs operands of rank 1 or more");
  Dims left = a, right = b;
  if (a.size() == 1) left.insert(left.begin(), 1);
  if (b.size() == 1) right.push_back(1);
  MatMulGeometry g{left[left.size() - 2], right.back(), left.back(), {}, {}, {}};
  if (right[right.size() - 2] != g.k)
    throw Error("cannot multiply " + to_string(a) + " with " + to_string(b));
  const Dims left_batch(left.begin(), left.end() - 2), right_batch(right.begin(), right.end() - 2);
  g.output = broadcast_dims(left_batch, right_batch);
  const StridedWalk<2> walk(
      g.output, {broadcast_strides(left_batch, g.output), broadcast_strides(right_batch, g.output)});
  walk.for_each_run([&](const auto& offsets, const auto& steps, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      g.a_offsets.push_back((offsets[0] + i * steps[0]) * g.m * g.k);
      g.b_offsets.push_back((offsets[1] + i * steps[1]) * g.k * g.n);
    }
  });
  if (a.size() > 1) g.output.push_back(g.m);
  if (b.size() > 1) g.output.push_back(g.n);
  return g;
}

template <class T>
void matmul(const MatMulGeometry& g, const T* a, const T* b, T* y, const CancelToken& cancel) {
  const auto count = static_cast<std::int64_t>(g.a_offsets.size());
  if (merges_to_one_product(g)) {
    gemm<T>(count * g.m, g.n, g.k, {a, g.k}, {b, g.n}, y, g.n);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    cancel.check();
    gemm<T>(g.m, g.n, g.k, {a + g.a_offsets[i], g.k}, {b + g.b_offsets[i], g.n}, y + i * g.m * g.n, g.n);
  }
}

template void matmul<float>(const MatMulGeometry&, const float*, const float*, float*, const CancelToken&);
template void matmul<double>(const MatMulGeometry&, const double*, const double*, double*,
                             const CancelToken&);

std::optional<Shape> matmul_shape(InferenceContext& context, const std::optional<Shape>& a,
                                  const std::optional<Shape>& b) {
  if (!a || !b) return std::nullopt;
  if (a->empty() || b->empty()) {
    context.report("a matrix product needs operands of rank 1 or more");
    return std::nullopt;
  }
  const Dimension& k = a->back();
  const Dimension& other = b->size() == 1 ? b->front() : (*b)[b->size() - 2];
  if (k.is_constant() && other.is_constant() && k.value() != other.value())
    context.report("cannot multiply " + to_string(*a) + " with " + to_string(*b));
  const auto batch = [](const Shape& s) { return s.size() < 2 ? Shape() : Shape(s.begin(), s.end() - 2); };
  auto output = broadcast(context, {batch(*a), batch(*b)});
  if (a->size() > 1) output->push_back((*a)[a->size() - 2]);
  if (b->size() > 1) output->push_back(b->back());
  return output;
}

void register_matmul(OperatorTable& table) {
  const Operator record = matmul_record();
  table.add(record);
  table.add(record.at(9).constraint("T", gemm_types()));
  table.add(record.at(13).constraint("T", gemm_types_and_bfloat16()));
  register_gemm(table);
  table.note_change("Gemm", 7, "C broadcasts to [M, N] by itself");
}

}  // namespace lapidary
