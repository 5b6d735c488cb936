#include "engine/io/fields.h"

namespace lapidary {

void read_entry(const WireField& field, Metadata& metadata) {
  std::pair<std::string, std::string> entry;
  WireReader reader(field.bytes);
  for (WireField f; reader.next(f);) {
    if (f.is(1, WireType::Bytes)) entry.first = f.text();
    if (f.is(2, WireType::Bytes)) entry.second = f.text();
  }
  metadata.push_back(std::move(entry));
}

void write_entries(WireWriter& message, std::uint32_t number, const Metadata& metadata) {
  for (const auto& [key, value] : metadata) {
    WireWriter entry;
    entry.text(1, key);
    entry.text(2, value);
    message.message(number, entry);
  }
}

}  // namespace lapidary
