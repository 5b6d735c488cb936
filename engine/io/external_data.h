#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/io/mapped_file.h"
#include "engine/model/model.h"

namespace lapidary {

/// The files beside a model that hold its weights. Each is mapped once. Nothing outside the model's folder is
/// opened: absolute paths and ".." are refused always, links that lead outside unless `follow_links` allows
/// them.
class ExternalData {
 public:
  ExternalData(std::string folder, bool follow_links);

  /// The bytes that `entries` (location, offset, length) name. Throws Error.
  FileBytes find(const Metadata& entries);
  /// The files that were opened, by location.
  const std::map<std::string, FileBytes>& files() const { return files_; }
  /// Sentences about what is odd but allowed.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  const FileBytes& open(const std::string& location);
  void check_place(const std::string& location, const std::string& path);

  std::string folder_;
  bool follow_links_;
  std::map<std::string, FileBytes> files_;
  std::vector<std::string> warnings_;
};

/// Where a model's external data is looked for: its folder, "." for standard input.
std::string folder_of(const std::string& path);
/// The value of `key`, or nothing.
const std::string* find_entry(const Metadata& entries, const std::string& key);

}  // namespace lapidary
