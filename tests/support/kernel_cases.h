#pragma once

#include <QtTest>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/kernel_runner.h"
#include "tests/support/model_builder.h"
#include "tests/support/tensors.h"

/// Rows of data-driven tests of operators: one node, its inputs, and what must come of it. Each Qt test
/// function that runs rows is one line: check_kernel_case() or check_inference_case().
namespace lapidary::test {

struct KernelCase {
  Node node;
  std::vector<Datum> inputs, wanted;
  std::string refusal;  ///< part of the message, where the kernel must throw Error
  std::int64_t opset = 27;
};

struct InferenceCase {
  Node node;
  std::vector<Type> inputs;
  std::vector<Tensor> constants;
  std::vector<std::string> wanted;  ///< to_string() of each output's type
  std::string values;               ///< contents of output 0 as "2, N, ?", empty if none
  std::string problem;              ///< part of the first contradiction reported, empty if none
  std::int64_t opset = 27;
};

/// Call first in the _data function.
void kernel_columns();
void inference_columns();
void add_kernel_case(const char* name, Node node, std::vector<Datum> inputs, std::vector<Datum> wanted,
                     std::int64_t opset = 27);
void add_refusal(const char* name, Node node, std::vector<Datum> inputs, std::string message,
                 std::int64_t opset = 27);
void add_inference_case(const char* name, InferenceCase row);
/// Runs the row: outputs equal (rtol 1e-5, atol 1e-6; sequences element by element), or the refusal thrown.
void check_kernel_case();
void check_inference_case();

/// float32 of sizes written as Dimension::parse reads them: floats({"N", "3"}).
Type floats(const std::vector<std::string>& sizes);
Type int64s(const std::vector<std::string>& sizes);
/// float32 elements 0, 1, 2, …
Tensor counting(Dims dims, DataType type = DataType::Float32);
Tensor ints(std::vector<std::int64_t> values);
/// Vectors of float32, uint8 and bool.
Tensor reals(const std::vector<float>& values);
Tensor bytes(const std::vector<std::uint8_t>& values);
Tensor flags(const std::vector<bool>& values);
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
inline constexpr float infinite = std::numeric_limits<float>::infinity();
inline std::vector<std::int64_t> list(std::vector<std::int64_t> values) { return values; }

}  // namespace lapidary::test

Q_DECLARE_METATYPE(lapidary::test::KernelCase)
Q_DECLARE_METATYPE(lapidary::test::InferenceCase)
