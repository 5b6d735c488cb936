#pragma once

#include <QtTest>
#include <string>
#include <vector>

#include "engine/model/model.h"
#include "tests/support/kernel_cases.h"

/// Rows for operators of com.microsoft: each is one node with its data. They are compared with ONNX Runtime
/// where it is there, and their inference with what they compute.
namespace lapidary::test {

struct ContributedCase {
  std::string name;
  Node node;                   ///< of domain com.microsoft unless it names another; inputs by position
  std::vector<Tensor> inputs;  ///< absent ones are left out
  std::vector<std::size_t> constants = {};  ///< positions that must be initializers
  bool in_peer = true;  ///< false where the peer has no kernel for the CPU, or not for this
  double relative = 1e-3, absolute = 1e-5;
};

/// "com.microsoft" node with inputs x0, x1, … and outputs y0, y1, …; `outputs` has a letter for each: 'y', or
/// '-' where it is left out.
Node contributed(std::string op_type, std::vector<std::pair<std::string, AttributeValue>> attributes = {},
                 const std::string& outputs = "y", std::string domain = "com.microsoft");

/// The outputs of the case on the named backend, through a model that holds just its node.
std::vector<Datum> runContributed(const ContributedCase& row, const std::string& backend);

/// Rows of data-driven tests, in the _data function, and what each row promises, in the test function:
/// it agrees with the peer on both built-in backends (skipped with a line where LAPIDARY_PEER is not set);
/// its inference says what it computes, and its cost is known; both backends compute the same.
void add_peer_rows(const std::vector<ContributedCase>& cases);
void check_peer_row();
void add_rows(const std::vector<ContributedCase>& cases);
void check_inferred_row();
void check_backends_row();

/// Why the peer does not run the model of each row, in its words; empty where it does (LAPIDARY_PEER must be
/// set).
QStringList refusals_of_peer(const std::vector<ContributedCase>& cases);

/// Numbers between -1 and 1, the same each time for a seed; integers over all of the type's 8 bits.
Tensor noise(Dims dims, int seed = 1, DataType type = DataType::Float32);
Tensor scaled(const Tensor& tensor, double factor, double offset = 0);
Tensor half(const Tensor& tensor);  ///< in float16
Tensor scalar(float value);
Tensor byte(int value, DataType type = DataType::UInt8);
Tensor int32s(Dims dims, const std::vector<std::int32_t>& values);

}  // namespace lapidary::test

Q_DECLARE_METATYPE(lapidary::test::ContributedCase)
