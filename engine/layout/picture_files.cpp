#include <cairo-pdf.h>
#include <cairo.h>
#include <librsvg/rsvg.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>
#include <span>

#include "engine/io/atomic_file.h"
#include "engine/layout/drawing.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

struct Release {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Handle = std::unique_ptr<RsvgHandle, Release>;
using Surface = std::unique_ptr<cairo_surface_t, Release>;
using Context = std::unique_ptr<cairo_t, Release>;

Error cannot_write(const std::string& path, const std::string& reason) {
  return Error("cannot write the picture: " + reason, Error::Kind::Machine).file(path);
}

void write_text(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void check(cairo_status_t status, const std::string& path) {
  if (status != CAIRO_STATUS_SUCCESS)
    throw cannot_write(path, cairo_status_to_string(status)).advice("Choose another place, or write .svg");
}

/// A file that cairo writes to. Errors wait until cairo, which is C, has returned.
class PictureFile {
 public:
  explicit PictureFile(const std::string& path) : file_(path) {}

  static cairo_status_t write(void* self, const unsigned char* data, unsigned length) {
    auto& picture = *static_cast<PictureFile*>(self);
    try {
      picture.file_.write(std::as_bytes(std::span(data, length)));
      return CAIRO_STATUS_SUCCESS;
    } catch (...) {
      picture.failure_ = std::current_exception();
      return CAIRO_STATUS_WRITE_ERROR;
    }
  }
  void commit() { file_.commit(); }
  /// The error that came while writing, else what cairo says.
  void check_written(cairo_status_t status, const std::string& path) const {
    if (failure_) std::rethrow_exception(failure_);
    check(status, path);
  }

 private:
  AtomicFile file_;
  std::exception_ptr failure_;
};

/// Draws the layout's SVG at `scale` onto the surface.
void render(const Layout& layout, const std::string& svg, cairo_surface_t* surface, double scale,
            const std::string& path) {
  GInputStream* stream =
      g_memory_input_stream_new_from_data(svg.data(), static_cast<gssize>(svg.size()), nullptr);
  GError* failure = nullptr;
  const Handle handle(
      rsvg_handle_new_from_stream_sync(stream, nullptr, RSVG_HANDLE_FLAG_UNLIMITED, nullptr, &failure));
  g_object_unref(stream);
  if (handle) {
    const Context context(cairo_create(surface));
    const RsvgRectangle viewport{0, 0, layout.width * scale, layout.height * scale};
    rsvg_handle_render_document(handle.get(), context.get(), &viewport, &failure);
  }
  if (failure) {
    const std::string reason = failure->message;
    g_error_free(failure);
    throw cannot_write(path, reason).advice("Write .svg instead");
  }
}

void write_png(const Layout& layout, const std::string& svg, const std::string& path) {
  constexpr double most_pixels = 64e6, longest_side = 32000;  // cairo's surfaces end at 32767
  const double scale = std::min({2.0, std::sqrt(most_pixels / (layout.width * layout.height)),
                                 longest_side / layout.width, longest_side / layout.height});
  constexpr double unreadable = 0.04;
  if (scale < unreadable)
    throw Error("the picture would be too large for a png that can be read", Error::Kind::Usage)
        .file(path)
        .advice("Open fewer groups, or write .svg");
  const auto pixels = [scale](double length) {
    return std::max(1, static_cast<int>(std::ceil(length * scale)));
  };
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels(layout.width), pixels(layout.height)));
  check(cairo_surface_status(surface.get()), path);
  render(layout, svg, surface.get(), scale, path);
  PictureFile file(path);
  file.check_written(cairo_surface_write_to_png_stream(surface.get(), &PictureFile::write, &file), path);
  file.commit();
}

void write_pdf(const Layout& layout, const std::string& svg, const std::string& path) {
  constexpr double longest_side = 14400;  // PDF's own limit, in points
  const double scale = std::min({0.75, longest_side / layout.width, longest_side / layout.height});
  PictureFile file(path);
  const Surface surface(cairo_pdf_surface_create_for_stream(&PictureFile::write, &file, layout.width * scale,
                                                            layout.height * scale));
  check(cairo_surface_status(surface.get()), path);
  render(layout, svg, surface.get(), scale, path);
  cairo_surface_finish(surface.get());
  file.check_written(cairo_surface_status(surface.get()), path);
  file.commit();
}

}  // namespace

void draw(const Layout& layout, const std::string& path, Theme theme, const std::map<int, double>& heat) {
  const std::size_t dot = path.rfind('.');
  const std::string ending = dot == std::string::npos ? "" : path.substr(dot);
  if (ending == ".svg") return write_text(path, to_svg(layout, theme, heat));
  if (ending == ".dot" || ending == ".gv") return write_text(path, to_dot(layout));
  if (ending == ".json") return write_text(path, to_json(layout));
  if (ending == ".png") return write_png(layout, to_svg(layout, theme, heat), path);
  if (ending == ".pdf") return write_pdf(layout, to_svg(layout, theme, heat), path);
  throw Error("cannot tell the picture's format from '" + path + "'", Error::Kind::Usage)
      .advice("End the name in .svg, .png, .pdf, .dot or .json");
}

}  // namespace lapidary
