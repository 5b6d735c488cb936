#include "engine/io/compression.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "engine/io/unpacking_limit.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

constexpr int gzip_window = 15 + 16;  // zlib's way to ask for the gzip form
constexpr std::size_t block_bytes = 1 << 16;
constexpr std::size_t largest_step = 1 << 30;  // zlib counts in 32 bits

/// Ends inflation however its scope is left.
struct Inflation {
  z_stream stream{};
  Inflation() {
    if (::inflateInit2(&stream, gzip_window) != Z_OK)
      throw Error("no memory to unpack", Error::Kind::Machine);
  }
  ~Inflation() { ::inflateEnd(&stream); }
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;
};

}  // namespace

FileBytes gunzip(const FileBytes& file, const std::function<void(std::string_view)>& look) {
  const std::uint64_t limit = unpacking_limit(file.bytes.size());
  Inflation inflation;
  z_stream& stream = inflation.stream;
  auto rest = file.bytes;
  std::string result;
  std::array<char, block_bytes> block;
  int status = Z_OK;
  while (!rest.empty() || status != Z_STREAM_END) {
    if (status == Z_STREAM_END) ::inflateReset(&stream);  // another member follows
    const std::size_t given = std::min(rest.size(), largest_step);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(rest.data()));
    stream.avail_in = static_cast<uInt>(given);
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    status = ::inflate(&stream, Z_NO_FLUSH);
    if (status == Z_BUF_ERROR) throw Error("the gzip data is cut");
    if (status != Z_OK && status != Z_STREAM_END)
      throw Error(std::string("the gzip data is damaged") +
                  (stream.msg ? std::string(": ") + stream.msg : ""));
    rest = rest.subspan(given - stream.avail_in);
    const bool first = result.empty();
    result.append(block.data(), block.size() - stream.avail_out);
    if (first && !result.empty()) look(result);
    if (result.size() > limit)
      throw Error("the gzip data unpacks to far more than its size: it is not read further")
          .advice(unpacking_advice);
  }
  return own_bytes(std::move(result));
}

struct GzipWriter::State {
  z_stream stream{};
  std::array<char, block_bytes> block;
};

GzipWriter::GzipWriter(AtomicFile& file) : file_(file), state_(std::make_unique<State>()) {
  constexpr int memory_level = 8;
  if (::deflateInit2(&state_->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error("no memory to pack", Error::Kind::Machine);
}

GzipWriter::~GzipWriter() { ::deflateEnd(&state_->stream); }

void GzipWriter::pump(int flush) {
  z_stream& stream = state_->stream;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(state_->block.data());
    stream.avail_out = static_cast<uInt>(state_->block.size());
    ::deflate(&stream, flush);
    file_.write(std::as_bytes(std::span(state_->block)).first(state_->block.size() - stream.avail_out));
  } while (stream.avail_out == 0);
}

void GzipWriter::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto step = bytes.first(std::min(bytes.size(), largest_step));
    state_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(step.data()));
    state_->stream.avail_in = static_cast<uInt>(step.size());
    pump(Z_NO_FLUSH);
    bytes = bytes.subspan(step.size());
  }
}

void GzipWriter::finish() { pump(Z_FINISH); }

}  // namespace lapidary
