#include <Eigen/LU>
#include <cmath>

#include "engine/ops/microsoft/microsoft.h"

namespace lapidary::microsoft {
namespace {

/// The inverse of each matrix of the last two axes, computed in double.
void inverse(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Dims& dims = x.dims();
  if (dims.size() < 2 || dims[dims.size() - 1] != dims[dims.size() - 2])
    throw Error("square matrices are needed, not " + to_string(dims));
  const std::int64_t n = dims.back(), size = n * n;
  auto values = values_as<double>(x);
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  for (std::int64_t first = 0; size > 0 && first < x.size(); first += size) {
    context.cancel.check();
    Eigen::Map<Matrix> matrix(values.data() + first, n, n);
    const Matrix inverted = matrix.inverse();
    matrix = inverted;
  }
  context.set_output(0, tensor_from(x.type(), dims, values));
}

/// A row's size twice for each of its n² results: about 2·n³ operations a matrix.
std::optional<Cost> inverse_cost(const CostContext& context) {
  const auto dims = context.input_dims(0);
  if (!dims || dims->empty()) return std::nullopt;
  const double macs = static_cast<double>(element_count(*dims)) * static_cast<double>(dims->back());
  return Cost{macs, 2 * macs};
}

/// distance[i, j] of row i of A [M, N] and row j of B [K, N].
void distances(KernelContext& context) {
  const Tensor &a = context.input(0), &b = context.input(1);
  if (a.rank() != 2 || b.rank() != 2 || a.dims()[1] != b.dims()[1])
    throw Error("rows of " + to_string(a.dims()) + " and " + to_string(b.dims()) + " cannot be compared");
  const std::string metric = context.text("metric", "sqeuclidean");
  if (metric != "sqeuclidean" && metric != "euclidean")
    throw Error("metric '" + metric + "' cannot be computed").advice("It can be sqeuclidean or euclidean");
  const std::int64_t size = a.dims()[1];
  const auto left = values_as<double>(a), right = values_as<double>(b);
  std::vector<double> result;
  for (std::int64_t i = 0; i < a.dims()[0]; ++i) {
    context.cancel.check();
    for (std::int64_t j = 0; j < b.dims()[0]; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < size; ++k) {
        const double away = left[i * size + k] - right[j * size + k];
        sum += away * away;
      }
      result.push_back(metric == "euclidean" ? std::sqrt(sum) : sum);
    }
  }
  context.set_output(0, tensor_from(a.type(), {a.dims()[0], b.dims()[0]}, result));
}

void infer_distances(InferenceContext& context) {
  const auto &a = context.input_shape(0), &b = context.input_shape(1);
  Shape shape(2);
  if (a && !a->empty()) shape[0] = (*a)[0];
  if (b && !b->empty()) shape[1] = (*b)[0];
  context.set_output(0, context.input_element(0), shape);
}

std::optional<Cost> distances_cost(const CostContext& context) {
  const auto dims = context.input_dims(0);
  const auto elements = context.output_elements();
  if (!dims || dims->empty() || !elements) return std::nullopt;
  const double macs = *elements * static_cast<double>(dims->back());
  return Cost{macs, 3 * macs};
}

}  // namespace

void register_linear_algebra(OperatorTable& table) {
  table.add(record("Inverse", OperatorKind::MatrixAndConvolution)
                .summary("The inverse of each square matrix.")
                .input("X", "T", "Matrices […, N, N].")
                .output("Y", "T", "Their inverses, of the same sizes.")
                .constraint("T", types::floats())
                .infer(same_as_input)
                .kernel(inverse)
                .cost(inverse_cost)
                .example("X = float[2, 2]{2, 0, 1, 4}"));
  table.add(
      record("CDist", OperatorKind::MatrixAndConvolution)
          .summary("Distance of each row of A from each row of B.")
          .attribute("metric", std::string("sqeuclidean"), "sqeuclidean, or euclidean for its square root.")
          .input("A", "T", "Rows [M, N].")
          .input("B", "T", "Rows [K, N].")
          .output("C", "T", "Distances [M, K].")
          .constraint("T", types::tensors({"float", "double"}))
          .infer(infer_distances)
          .kernel(distances)
          .cost(distances_cost)
          .example("A = float[1, 2]{0, 0}; B = float[2, 2]{3, 4, 1, 0}; metric = \"euclidean\""));
}

}  // namespace lapidary::microsoft
