#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/io/atomic_file.h"
#include "engine/io/model_file.h"
#include "engine/io/original_file.h"
#include "engine/io/tensor_proto.h"

namespace lapidary {

/// Gives the weights of a model that is saved their places: inside, or in files beside it, each where it can
/// be mapped. No file that is there is written to; those that the model was loaded with are read on where
/// they stand, or copied to where the model goes.
class ExternalLayout {
 public:
  /// `path` is where the model goes. `original` holds the files that it was loaded with, and may be nullptr.
  ExternalLayout(const Model& model, const std::string& path, const SaveOptions& options,
                 const OriginalFile* original);

  /// Where the tensor goes.
  Placement place(const NamedTensor& tensor);
  /// What was to stay inside goes into one file, too. To be called before place().
  void place_all_outside() { all_outside_ = true; }

  /// One file: bytes, and the places where they go, with zeros between.
  struct File {
    struct Piece {
      std::uint64_t offset;
      std::span<const std::byte> bytes;
    };
    std::vector<Piece> pieces;
    std::uint64_t size = 0;
    void write(AtomicFile& file) const;
  };
  /// The files that must be written before the model, by location.
  const std::map<std::string, File>& files() const { return files_; }
  /// The locations that the model refers to.
  const std::set<std::string>& locations() const { return locations_; }

 private:
  void find_changed_files(const Model& model);
  bool is_unchanged(const NamedTensor& tensor) const;
  Placement keep(const NamedTensor& tensor);
  Placement refer(const NamedTensor& tensor, const std::string& location);
  Placement append(const NamedTensor& tensor, const std::string& location);
  const std::string& new_location(const std::string& wanted);
  bool is_taken(const std::string& location) const;

  std::string folder_, model_name_;
  SaveOptions options_;
  const OriginalFile* original_;
  bool stays_ = false;  ///< the model goes where it was loaded from
  bool all_outside_ = false;
  std::set<std::string> changed_;                     ///< locations of which a tensor is not as it was
  std::map<std::string, std::string> new_locations_;  ///< by the name that was wanted
  std::map<std::string, File> files_;
  std::set<std::string> locations_;
};

/// "model.onnx.data": where weights go that were inside the model of that name.
std::string data_name(const std::string& model_name);
/// True for names of files that this program gives to the weights of `model_name`.
bool is_data_name(std::string_view location, std::string_view model_name);

}  // namespace lapidary
