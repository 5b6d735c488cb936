#pragma once

#include <QImage>
#include <optional>

#include "ui/inspector/tensor_statistics.h"

namespace lapidary::ui {

/// Where rows, columns and channels of an image stand in the last three dimensions.
struct ImageShape {
  std::int64_t rows = 0, columns = 0, channels = 0;
  bool channelsFirst = true;  ///< [.., C, H, W], else [.., H, W, C]
};
/// The shape of an image of three channels or one; nothing where the dimensions do not look like one.
std::optional<ImageShape> image_shape(const Dims& dims);

/// The last dimensions of a tensor as a picture: an image where they look like one, from black at the minimum
/// to white at the maximum; else a matrix in colours of sign and size.
class TensorPicture {
 public:
  /// Indices in `slice` lead to the matrix or image; those of dimensions that the picture shows are not used.
  TensorPicture(Tensor tensor, Slice slice, const TensorStatistics& statistics);

  /// How many of the last dimensions are shown at once: 2 of a matrix, 3 of an image.
  std::size_t shownDimensions() const { return isImage_ ? 3 : 2; }
  /// At most `side` pixels wide and high. Throws Cancelled.
  QImage draw(int side, bool dark, const JobControl& control) const;
  /// What stands under a pixel of a drawing of that size: a line "[0, 3, 5] = 0.25" for each channel.
  QString textAt(QPoint pixel, QSize drawn) const;

 private:
  /// Position among the tensor's elements.
  std::int64_t elementOf(std::int64_t row, std::int64_t column, std::int64_t channel) const;
  QRgb colorAt(std::int64_t row, std::int64_t column, bool dark) const;

  Tensor tensor_;
  bool isImage_ = false;
  ImageShape shape_;
  std::int64_t begin_ = 0;  ///< the first element of the matrix or image
  double minimum_ = 0, maximum_ = 0;
};

}  // namespace lapidary::ui
