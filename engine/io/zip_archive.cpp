#include "engine/io/zip_archive.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "engine/io/unpacking_limit.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

std::string text_of(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

Archive open_archive(const FileBytes& file) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(file.bytes.data(), file.bytes.size(), 0, &error);
  zip_t* archive = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
  if (!archive) {
    if (source) zip_source_free(source);
    throw Error("the zip archive is damaged or cut: " + text_of(error));
  }
  return Archive(archive);
}

std::string unpack(zip_t* archive, zip_uint64_t index, const std::string& name, std::uint64_t& budget) {
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive, index, 0));
  if (!file) throw Error("the zip archive's entry '" + name + "' cannot be opened: " + zip_strerror(archive));
  std::string content;
  std::array<char, 1 << 16> block;
  while (true) {
    const zip_int64_t count = zip_fread(file.get(), block.data(), block.size());
    if (count == 0) return content;
    if (count < 0)
      throw Error("the zip archive's entry '" + name + "' is damaged: " + zip_file_strerror(file.get()));
    if (static_cast<std::uint64_t>(count) > budget)
      throw Error("the zip archive unpacks to far more than its size: it is not read further")
          .advice(unpacking_advice);
    budget -= static_cast<std::uint64_t>(count);
    content.append(block.data(), static_cast<std::size_t>(count));
  }
}

template <class F>
void for_each_entry(zip_t* archive, F&& visit) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    if (!name) throw Error("the zip archive is damaged: an entry has no name");
    const std::string text(name);
    if (!text.ends_with('/')) visit(static_cast<zip_uint64_t>(i), text);
  }
}

}  // namespace

std::vector<std::string> names_in_zip(const FileBytes& file) {
  std::vector<std::string> names;
  const Archive archive = open_archive(file);
  for_each_entry(archive.get(), [&](zip_uint64_t, const std::string& name) { names.push_back(name); });
  return names;
}

FileBytes read_zip_entry(const FileBytes& file, const std::string& wanted) {
  FileBytes content;
  std::uint64_t budget = unpacking_limit(file.bytes.size());
  const Archive archive = open_archive(file);
  for_each_entry(archive.get(), [&](zip_uint64_t index, const std::string& name) {
    if (name == wanted) content = own_bytes(unpack(archive.get(), index, name, budget));
  });
  return content;
}

std::vector<ZipEntry> read_zip(const FileBytes& file) {
  std::vector<ZipEntry> entries;
  std::uint64_t budget = unpacking_limit(file.bytes.size());
  const Archive archive = open_archive(file);
  for_each_entry(archive.get(), [&](zip_uint64_t index, const std::string& name) {
    entries.push_back({name, own_bytes(unpack(archive.get(), index, name, budget))});
  });
  return entries;
}

namespace {

/// Feeds libzip with the pieces of an entry, so that they need not be joined in memory.
struct PieceSource {
  Pieces pieces;
  std::size_t piece = 0, offset = 0;

  zip_int64_t read(char* to, std::uint64_t wanted) {
    std::uint64_t done = 0;
    while (done < wanted && piece < pieces.size()) {
      const auto rest = pieces[piece].subspan(offset);
      const std::size_t count = std::min<std::size_t>(rest.size(), wanted - done);
      if (count > 0) std::memcpy(to + done, rest.data(), count);
      done += count;
      offset += count;
      if (offset == pieces[piece].size()) {
        ++piece;
        offset = 0;
      }
    }
    return static_cast<zip_int64_t>(done);
  }
};

zip_int64_t feed(void* state, void* data, zip_uint64_t length, zip_source_cmd_t command) {
  auto* source = static_cast<PieceSource*>(state);
  switch (command) {
    case ZIP_SOURCE_OPEN:
      source->piece = source->offset = 0;
      return 0;
    case ZIP_SOURCE_READ:
      return source->read(static_cast<char*>(data), length);
    case ZIP_SOURCE_CLOSE:
      return 0;
    case ZIP_SOURCE_STAT: {
      auto* status = static_cast<zip_stat_t*>(data);
      zip_stat_init(status);
      status->valid = ZIP_STAT_SIZE;
      for (const auto& p : source->pieces) status->size += p.size();
      return sizeof(zip_stat_t);
    }
    case ZIP_SOURCE_ERROR:
      std::memset(data, 0, 2 * sizeof(int));
      return 2 * sizeof(int);
    case ZIP_SOURCE_FREE:
      delete source;
      return 0;
    case ZIP_SOURCE_SUPPORTS:
      return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                            ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
    default:
      return -1;
  }
}

}  // namespace

void write_zip(const std::string& path, const std::vector<std::pair<std::string, Pieces>>& entries,
               ZipMethod method) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_CREATE | ZIP_EXCL, &code));
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    throw Error("cannot be written: " + text_of(error), Error::Kind::Machine);
  }
  for (const auto& [name, pieces] : entries) {
    zip_source_t* source = zip_source_function(archive.get(), feed,
                                               std::make_unique<PieceSource>(PieceSource{pieces}).release());
    const zip_int64_t index = zip_file_add(archive.get(), name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      throw Error("cannot be written: entry '" + name + "': " + zip_strerror(archive.get()),
                  Error::Kind::Machine);
    }
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index),
                             method == ZipMethod::Store ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0);
  }
  if (zip_close(archive.get()) != 0)
    throw Error(std::string("cannot be written: ") + zip_strerror(archive.get()), Error::Kind::Machine);
  archive.release();  // closed, and with that gone
}

}  // namespace lapidary
