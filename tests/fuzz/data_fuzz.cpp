#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/io/datum_proto.h"
#include "engine/io/json_tensor.h"
#include "engine/io/npy.h"
#include "engine/io/safetensors.h"
#include "engine/io/zip_archive.h"
#include "engine/model/error.h"

using namespace lapidary;

namespace {

void read(unsigned reader, const FileBytes& file, DataType element) {
  const Type tensor = Type::tensor(element);
  const std::array types = {tensor, Type::sequence(tensor), Type::optional(tensor),
                            Type::map(DataType::String, tensor), Type()};
  switch (reader % 9) {
    case 0:
      read_npy(file, element);
      return;
    case 1:
      read_safetensors(file, {{"a", tensor}});
      return;
    case 2:
      read_zip(file);
      return;
    case 3:
      write_json_data(read_json_data(file.text(), {{"a", tensor}}));
      return;
    default:
      read_datum_proto(file.bytes, {file.owner, nullptr}, types.at(reader % 9 - 4));
  }
}

}  // namespace

/// Reads any bytes as data for a model: the first says with which reader, the second which element type is
/// wanted. Whatever they are, the outcome is data or an Error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const FileBytes file = own_bytes(std::string(reinterpret_cast<const char*>(data) + 2, size - 2));
  try {
    read(data[0], file, static_cast<DataType>(data[1] % data_type_count));
  } catch (const Error&) {
  }
  return 0;
}
