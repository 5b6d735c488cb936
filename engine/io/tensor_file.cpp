#include "engine/io/tensor_file.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include "engine/io/atomic_file.h"
#include "engine/io/datum_proto.h"
#include "engine/io/file_names.h"
#include "engine/io/json_tensor.h"
#include "engine/io/map_arrays.h"
#include "engine/io/npy.h"
#include "engine/io/polygraphy.h"
#include "engine/io/safetensors.h"
#include "engine/io/zip_archive.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

namespace filesystem = std::filesystem;

/// Runs `read` so that its errors name the file.
template <class F>
auto naming(const std::string& path, F&& read) {
  try {
    return read();
  } catch (Error& error) {
    throw error.file(path);
  }
}

const Type* type_of(const std::vector<WantedData>& wanted, const std::string& name) {
  const auto found =
      std::find_if(wanted.begin(), wanted.end(), [&](const WantedData& w) { return w.name == name; });
  return found == wanted.end() ? nullptr : &found->type;
}

DataType element_of(const Type* type) {
  if (type && type->kind == Type::Kind::Optional) type = type->inner.get();
  return type && type->is_tensor() ? type->element : DataType::Undefined;
}

NamedData read_npz(const std::string& path, const std::vector<WantedData>& wanted) {
  NamedData data;
  for (const ZipEntry& entry : read_zip(map_file(path))) {
    const std::string name = without_ending(entry.name, ".npy");
    try {
      data.emplace_back(name, read_npy(entry.content, element_of(type_of(wanted, name))));
    } catch (Error& error) {
      throw error.tensor(name);
    }
  }
  return tensors_as_maps(std::move(data), wanted);
}

std::pair<std::string, Datum> read_proto(const std::string& path, const Type& type) {
  const FileBytes file = map_file(path);
  ExternalData external(folder_of(path), false);
  return read_datum_proto(file.bytes, {file.owner, &external}, type);
}

/// input_0.pb, input_1.pb, …; the numbers are positions in `wanted`, and a missing one is an optional that
/// was not given.
NamedData read_conformance_folder(const std::string& folder, const std::vector<WantedData>& wanted,
                                  const std::string& prefix) {
  std::map<std::size_t, std::string> files;
  for (const auto& entry : filesystem::directory_iterator(folder))
    if (const auto position = position_in_name(entry.path().filename().string(), prefix))
      files[*position] = entry.path().string();
  NamedData data;
  if (files.empty()) return data;
  const std::size_t count = std::max(wanted.size(), files.rbegin()->first + 1);
  if (count > 100000) throw Error("a file there has the number " + std::to_string(count - 1)).file(folder);
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = i < wanted.size() ? wanted[i].name : "";
    Datum datum;
    if (const auto found = files.find(i); found != files.end()) {
      auto [own_name, value] = naming(found->second, [&] {
        return read_proto(found->second, i < wanted.size() ? wanted[i].type : Type());
      });
      datum = std::move(value);
      if (name.empty()) name = own_name;
    }
    data.emplace_back(name.empty() ? prefix + "_" + std::to_string(i) : name, std::move(datum));
  }
  return data;
}

NamedData read_named_files(const std::string& folder, const std::vector<WantedData>& wanted) {
  std::vector<std::string> paths;
  for (const auto& entry : filesystem::directory_iterator(folder))
    if (entry.is_regular_file() && is_tensor_file(entry.path().string()))
      paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  NamedData data;
  for (const std::string& path : paths) {
    const std::string name = value_name_of(filesystem::path(path).stem().string());
    const Type* type = type_of(wanted, name);
    data.emplace_back(name, read_datum(path, type ? *type : Type()));
  }
  if (data.empty()) throw Error("holds no tensors (.npy, .pb or .json)", Error::Kind::Usage).file(folder);
  return data;
}

}  // namespace

Datum read_datum(const std::string& path, const Type& type) {
  return naming(path, [&]() -> Datum {
    const std::string ending = ending_of(path);
    if (ending == ".npy") return read_npy(map_file(path), element_of(&type));
    if (ending == ".pb") return read_proto(path, type).second;
    if (ending == ".json") return read_json_datum(map_file(path).text(), type);
    throw Error("the name does not say what it holds", Error::Kind::Usage)
        .advice("Tensors are read from .npy, .pb and .json");
  });
}

NamedData read_data(const std::string& path, const std::vector<WantedData>& wanted,
                    const std::string& prefix) {
  if (filesystem::is_directory(path)) {
    NamedData data = read_conformance_folder(path, wanted, prefix);
    return data.empty() ? read_named_files(path, wanted) : data;
  }
  return naming(path, [&]() -> NamedData {
    if (!filesystem::exists(path)) throw Error("there is no such file or folder", Error::Kind::Usage);
    const std::string ending = ending_of(path);
    if (ending == ".npz") return read_npz(path, wanted);
    if (ending == ".safetensors") return read_safetensors(map_file(path), wanted);
    if (ending == ".json") {
      const FileBytes file = map_file(path);
      return is_polygraphy(file.text()) ? read_polygraphy(file.text()) : read_json_data(file.text(), wanted);
    }
    if (wanted.size() == 1) return {{wanted.front().name, read_datum(path, wanted.front().type)}};
    throw Error("holds one tensor at most, and " + std::to_string(wanted.size()) + " are wanted",
                Error::Kind::Usage)
        .advice("Several come from .npz, .safetensors, .json or a folder");
  });
}

Datum read_value(const std::string& path, const WantedData& wanted) {
  const std::string ending = ending_of(path);
  if (ending != ".npz" && ending != ".safetensors") return read_datum(path, wanted.type);
  NamedData data = read_data(path, {wanted});
  std::string names;
  for (auto& [name, datum] : data) {
    if (name == wanted.name || data.size() == 1) return std::move(datum);
    names += (names.empty() ? "" : ", ") + name;
  }
  throw Error("it holds no data named '" + wanted.name + "'", Error::Kind::Usage)
      .file(path)
      .advice(names.empty() ? "It holds nothing" : "It holds: " + names);
}

namespace {

bool is_data_set(const filesystem::path& folder) {
  return filesystem::exists(folder / "input_0.pb") || (folder.has_filename() ? folder : folder.parent_path())
                                                          .filename()
                                                          .string()
                                                          .starts_with("test_data_set_");
}

void write_folder(const std::string& path, const NamedData& data) {
  filesystem::create_directories(path);
  const filesystem::path folder(path);
  const bool data_set = is_data_set(folder);
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto& [name, datum] = data[i];
    if (!datum.is_present()) continue;
    const std::string file = data_set ? "output_" + std::to_string(i) + ".pb"
                                      : file_name_of(name) + (datum.is_tensor() ? ".npy" : ".pb");
    write_datum((folder / file).string(), name, datum);
  }
}

NamedData present(const NamedData& data) {
  NamedData result;
  std::copy_if(data.begin(), data.end(), std::back_inserter(result),
               [](const auto& entry) { return entry.second.is_present(); });
  return result;
}

void write_npy_file(const std::string& path, const Tensor& tensor) {
  const NpyParts parts = write_npy(tensor);
  AtomicFile file(path);
  file.write(parts.header);
  file.write(parts.elements.bytes());
  file.commit();
}

void write_proto_file(const std::string& path, const std::string& name, const Datum& datum) {
  const WireWriter message = write_datum_proto(name, datum);
  AtomicFile file(path);
  message.for_each_piece([&](std::span<const std::byte> piece) { file.write(piece); });
  file.commit();
}

void write_text_file(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void write_safetensors_file(const std::string& path, const NamedData& data) {
  const SafetensorsParts parts = write_safetensors(data);
  AtomicFile file(path);
  file.write(parts.header);
  for (const Tensor& tensor : parts.tensors) file.write(tensor.bytes());
  file.commit();
}

void write_npz(const std::string& path, const NamedData& data) {
  if (data.empty()) throw Error("there is nothing to write", Error::Kind::Usage);
  const NamedData tensors = maps_as_tensors(data);
  std::vector<NpyParts> arrays;
  for (const auto& [name, datum] : tensors) arrays.push_back(write_npy(datum.tensor()));
  std::vector<std::pair<std::string, Pieces>> entries;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    entries.emplace_back(tensors[i].first + ".npy",
                         Pieces{std::as_bytes(std::span(arrays[i].header)), arrays[i].elements.bytes()});
  TemporaryName file(path);
  write_zip(file.name(), entries, ZipMethod::Store);
  file.commit();
}

}  // namespace

void write_datum(const std::string& path, const std::string& name, const Datum& datum) {
  naming(path, [&] {
    const std::string ending = ending_of(path);
    if (ending == ".npy")
      write_npy_file(path, datum.tensor());
    else if (ending == ".pb")
      write_proto_file(path, name, datum);
    else if (ending == ".json")
      write_text_file(path, write_json_datum(datum));
    else
      throw Error("the name does not say how to write", Error::Kind::Usage)
          .advice("Tensors are written to .npy, .pb and .json");
  });
}

void write_data(const std::string& path, const NamedData& data) {
  naming(path, [&] {
    const std::string ending = ending_of(path);
    if (ending.empty() || filesystem::is_directory(path)) return write_folder(path, data);
    const NamedData written = present(data);
    if (ending == ".npz") return write_npz(path, written);
    if (ending == ".safetensors") return write_safetensors_file(path, written);
    if (ending == ".json") return write_text_file(path, write_json_data(written));
    if (written.size() == 1) return write_datum(path, written.front().first, written.front().second);
    throw Error("holds one tensor at most, and there are " + std::to_string(written.size()) + " to write",
                Error::Kind::Usage)
        .advice("Several go to .npz, .safetensors, .json or a folder");
  });
}

}  // namespace lapidary
