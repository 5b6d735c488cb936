#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/model/tensor.h"

namespace lapidary {

/// Data by the name of the value that it is for, in file order.
using NamedData = std::vector<std::pair<std::string, Datum>>;

/// A value that data is wanted for: name, and declared type (which decides types that npy cannot say, such as
/// bfloat16).
struct WantedData {
  std::string name;
  Type type;
};

/// Reads one tensor: .npy, TensorProto .pb (also Sequence- and OptionalProto, by `type`), .json. Throws
/// Error.
Datum read_datum(const std::string& path, const Type& type = {});
/// Reads several: .npz, .safetensors, .json object, or a folder: a conformance data set (input_0.pb … or
/// output_0.pb … by position in `wanted`; `prefix` is "input" or "output") or files named after the values.
NamedData read_data(const std::string& path, const std::vector<WantedData>& wanted,
                    const std::string& prefix = "input");

/// Reads the data of one value from a file of either kind: of several it is the one of that name, or the only
/// one. Throws Error.
Datum read_value(const std::string& path, const WantedData& wanted);

/// Writes one tensor by the name's ending: .npy, .pb, .json.
void write_datum(const std::string& path, const std::string& name, const Datum& datum);
/// Writes several: .npz, .safetensors, .json, or (no ending, or an existing folder) a folder of .npy files;
/// of output_0.pb … by position if the folder is a conformance data set: called test_data_set_N, or with an
/// input_0.pb. Absent data only takes its position. One alone may go to .npy and .pb too.
void write_data(const std::string& path, const NamedData& data);

}  // namespace lapidary
