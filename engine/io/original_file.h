#pragma once

#include <map>
#include <string>

#include "engine/io/mapped_file.h"

namespace lapidary {

/// What LoadedModel::original points to: the bytes that an unchanged model is written from.
struct OriginalFile {
  FileBytes file;                                   ///< as it lies on disk, packed if it was
  std::string folder;                               ///< where external data was found
  std::map<std::string, FileBytes> external_files;  ///< by location
};

}  // namespace lapidary
