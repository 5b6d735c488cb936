#include "engine/io/polygraphy.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/io/base64.h"
#include "engine/io/npy.h"
#include "engine/io/zip_archive.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

/// The array of one tensor: base64, in older files latin-1, of an .npy file or of an .npz with one.
Tensor tensor_of(const std::string& text) {
  const auto is_array_file = [](std::string_view bytes) {
    return bytes.starts_with("\x93NUMPY") || bytes.starts_with("PK\x03\x04");
  };
  std::string bytes;
  if (text.starts_with("\xc2\x93NUMPY") || text.starts_with("PK\x03\x04")) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto first = static_cast<unsigned char>(text[i]);
      const bool is_pair =
          first >= 0xc0 && i + 1 < text.size();  // latin-1 beyond ASCII takes two bytes of UTF-8
      bytes += static_cast<char>(is_pair ? (first << 6 | (text[i + 1] & 0x3f)) & 0xff : first);
      i += is_pair ? 1 : 0;
    }
  } else {
    bytes = bytes_from_base64(text);
  }
  if (!is_array_file(bytes)) throw Error("an array of it is no file of numpy");
  const FileBytes file = own_bytes(std::move(bytes));
  if (file.text().starts_with("\x93")) return read_npy(file);
  const auto names = names_in_zip(file);
  if (names.size() != 1) throw Error("an array of it holds several");
  return read_npy(read_zip_entry(file, names.front()));
}

/// Follows the document, and keeps only the keys of the objects that it is inside.
class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  NamedData take() { return std::move(data_); }
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return keys_.pop_back(), true; }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return keys_.pop_back(), true; }
  bool key(string_t& name) override { return keys_.back() = name, true; }
  bool string(string_t& text) override {
    const std::string& name = keys_.empty() ? text : keys_.back();
    if (name == "polygraphy_class" && text == "Tensor")
      throw Error("it holds tensors of PyTorch as pickles, which are never loaded")
          .advice("Save numpy arrays instead");
    if (name == "array") add(text);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    problem = error.what();
    return false;
  }

 private:
  bool enter() {
    constexpr std::size_t deepest = 64;
    if (keys_.size() >= deepest) throw Error("it is nested too deeply");
    keys_.emplace_back();
    return true;
  }
  /// A tensor is called as the key two or three levels out, below "outputs" where there is that.
  void add(const std::string& text) {
    const auto outputs = std::find(keys_.begin(), keys_.end(), "outputs");
    auto name = outputs == keys_.end() ? keys_.begin() : outputs + 1;
    name =
        std::find_if(name, keys_.end(), [](const std::string& key) { return !key.empty() && key != "lst"; });
    if (name == keys_.end() || name + 1 == keys_.end()) return;
    const bool is_new =
        std::none_of(data_.begin(), data_.end(), [&](const auto& one) { return one.first == *name; });
    if (is_new) data_.emplace_back(*name, tensor_of(text));
  }

  std::vector<std::string> keys_;  ///< of the containers around: the key that is being read, empty in lists
  NamedData data_;
};

}  // namespace

bool is_polygraphy(std::string_view json) {
  constexpr std::size_t looked_at = 4096;
  const std::string_view start = json.substr(0, looked_at);
  return start.find("\"polygraphy_class\"") != std::string_view::npos ||
         start.find("__polygraphy_encoded_") != std::string_view::npos;
}

NamedData read_polygraphy(std::string_view json) {
  Reader reader;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &reader))
    throw Error("this is no JSON: " + reader.problem);
  NamedData data = reader.take();
  if (data.empty()) throw Error("it holds no arrays");
  return data;
}

}  // namespace lapidary
