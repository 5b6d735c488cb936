#include "engine/io/map_arrays.h"

#include <algorithm>
#include <cstring>

#include "engine/model/error.h"

namespace lapidary {
namespace {

using MapPointer = std::shared_ptr<const MapDatum>;

/// The maps of a map, or of a sequence of maps; nothing for other data.
std::vector<MapPointer> maps_of(const Datum& datum) {
  if (const auto* map = std::get_if<MapPointer>(&datum.value)) return {*map};
  std::vector<MapPointer> maps;
  if (!datum.is_sequence()) return maps;
  for (const Datum& element : datum.sequence()) {
    const auto* map = std::get_if<MapPointer>(&element.value);
    if (!map) return {};
    maps.push_back(*map);
  }
  return maps;
}

Tensor joined_values(const std::vector<MapPointer>& maps, Dims dims) {
  const Tensor& first = maps.front()->values.front().tensor();
  Tensor joined(first.type(), std::move(dims));
  std::size_t place = 0;
  for (const MapPointer& map : maps)
    for (const Datum& value : map->values) {
      const Tensor& tensor = value.tensor();
      if (tensor.type() != first.type() || tensor.size() != 1 || is_sub_byte(tensor.type()))
        throw Error("the values of a map are not one element each, all of one type");
      if (tensor.is_string())
        joined.mutable_strings()[place++] = tensor.strings()[0];
      else
        std::memcpy(joined.mutable_bytes() + tensor.size_bytes() * place++, tensor.bytes().data(),
                    tensor.size_bytes());
    }
  return joined;
}

/// One element as a scalar.
Tensor element_of(const Tensor& tensor, std::size_t index) {
  if (tensor.is_string()) return Tensor::of_strings({}, {tensor.strings()[index]});
  Tensor scalar(tensor.type(), {});
  std::memcpy(scalar.mutable_bytes(), tensor.bytes().data() + index * scalar.size_bytes(),
              scalar.size_bytes());
  return scalar;
}

Datum map_from(const Tensor& keys, const Tensor& values, std::size_t begin) {
  auto map = std::make_shared<MapDatum>();
  map->keys = keys;
  for (std::size_t i = 0; i < static_cast<std::size_t>(keys.size()); ++i)
    map->values.emplace_back(element_of(values, begin + i));
  Datum datum;
  datum.value = MapPointer(std::move(map));
  return datum;
}

Datum maps_from(const Tensor& keys, const Tensor& values, bool is_sequence) {
  const std::int64_t width = keys.size();
  if (keys.rank() != 1 || values.rank() != (is_sequence ? 2 : 1) || values.dims().back() != width)
    throw Error("its keys (" + to_string(keys.dims()) + ") and values (" + to_string(values.dims()) +
                ") do not belong together");
  if (!is_sequence) return map_from(keys, values, 0);
  Sequence rows;
  for (std::int64_t row = 0; row < values.dims()[0]; ++row)
    rows.push_back(map_from(keys, values, static_cast<std::size_t>(row * width)));
  return Datum::sequence(std::move(rows));
}

bool holds_maps(const Type& type) {
  if (type.kind == Type::Kind::Map) return true;
  return type.kind == Type::Kind::Sequence && type.inner && type.inner->kind == Type::Kind::Map;
}

}  // namespace

NamedData maps_as_tensors(const NamedData& data) {
  NamedData tensors;
  for (const auto& [name, datum] : data) {
    if (datum.is_tensor()) {
      tensors.emplace_back(name, datum);
      continue;
    }
    const auto maps = maps_of(datum);
    const bool same_keys = std::all_of(maps.begin(), maps.end(), [&](const MapPointer& map) {
      return identical(map->keys, maps.front()->keys) && !map->values.empty();
    });
    if (maps.empty() || !same_keys)
      throw Error("is no tensor and no maps with the same keys, and this kind of file holds only these")
          .tensor(name)
          .advice("Write to a folder or to .json");
    Dims dims = {maps.front()->keys.size()};
    if (datum.is_sequence()) dims.insert(dims.begin(), static_cast<std::int64_t>(maps.size()));
    tensors.emplace_back(name + ".keys", maps.front()->keys);
    tensors.emplace_back(name + ".values", joined_values(maps, std::move(dims)));
  }
  return tensors;
}

NamedData tensors_as_maps(NamedData data, const std::vector<WantedData>& wanted) {
  for (const auto& [name, type] : wanted) {
    if (!holds_maps(type)) continue;
    const auto find = [&, n = name](const char* ending) {
      return std::find_if(data.begin(), data.end(),
                          [&](const auto& entry) { return entry.first == n + ending; });
    };
    const auto keys = find(".keys"), values = find(".values");
    if (keys == data.end() || values == data.end()) continue;
    Datum maps = maps_from(keys->second.tensor(), values->second.tensor(), type.kind == Type::Kind::Sequence);
    *keys = {name, std::move(maps)};
    data.erase(values);
  }
  return data;
}

}  // namespace lapidary
