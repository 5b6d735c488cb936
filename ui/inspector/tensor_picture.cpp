#include "ui/inspector/tensor_picture.h"

#include "ui/document/format.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lapidary::ui {

namespace {

/// Smaller ones are kernels of convolutions, whose signs count.
constexpr std::int64_t smallestColorImage = 4, smallestGreyImage = 8;

/// Index of the first element that the slice's leading indices lead to; `inner` dimensions follow.
std::int64_t sliceBegin(const Dims& dims, const Slice& slice, std::size_t inner) {
  std::int64_t index = 0;
  for (std::size_t axis = 0; axis + inner < dims.size(); ++axis)
    index = index * dims[axis] + (axis < slice.size() ? slice[axis] : 0);
  for (std::size_t axis = dims.size() - std::min(inner, dims.size()); axis < dims.size(); ++axis)
    index *= dims[axis];
  return index;
}

/// From blue over white (or black in a dark theme) to orange: sign and size at a glance, without red against
/// green.
QRgb heatColor(double value, double largest, bool dark) {
  if (!std::isfinite(value)) return qRgb(160, 32, 160);
  const double share = largest > 0 ? std::clamp(value / largest, -1.0, 1.0) : 0;
  const double weight = std::sqrt(std::abs(share));
  const std::array<double, 3> from =
      dark ? std::array<double, 3>{28, 31, 38} : std::array<double, 3>{250, 250, 250};
  const std::array<double, 3> to =
      share < 0 ? std::array<double, 3>{47, 111, 237} : std::array<double, 3>{226, 106, 51};
  const auto mix = [&](std::size_t c) { return static_cast<int>(from[c] + (to[c] - from[c]) * weight); };
  return qRgb(mix(0), mix(1), mix(2));
}

}  // namespace

std::optional<ImageShape> image_shape(const Dims& dims) {
  const std::size_t rank = dims.size();
  if (rank < 3) return {};
  for (const std::int64_t channels : {3, 1}) {
    const std::int64_t smallest = channels == 3 ? smallestColorImage : smallestGreyImage;
    const auto fits = [&](std::size_t channelAxis, std::size_t rowAxis) {
      return dims[channelAxis] == channels && dims[rowAxis] >= smallest && dims[rowAxis + 1] >= smallest;
    };
    if (fits(rank - 3, rank - 2)) return ImageShape{dims[rank - 2], dims[rank - 1], channels, true};
    if (fits(rank - 1, rank - 3)) return ImageShape{dims[rank - 3], dims[rank - 2], channels, false};
  }
  return {};
}

TensorPicture::TensorPicture(Tensor tensor, Slice slice, const TensorStatistics& statistics)
    : tensor_(std::move(tensor)), minimum_(statistics.minimum), maximum_(statistics.maximum) {
  const Dims& dims = tensor_.dims();
  const auto image = image_shape(dims);
  // Activations of one batch [1, S, C] are shaped like grey images; their signs tell them apart.
  isImage_ = image && (image->channels == 3 || dims.size() > 3 || minimum_ >= 0);
  if (isImage_)
    shape_ = *image;
  else
    shape_ = {dims.size() > 1 ? dims[dims.size() - 2] : 1, dims.empty() ? 1 : dims.back(), 1, true};
  begin_ = sliceBegin(dims, slice, shownDimensions());
}

std::int64_t TensorPicture::elementOf(std::int64_t row, std::int64_t column, std::int64_t channel) const {
  return begin_ + (shape_.channelsFirst ? (channel * shape_.rows + row) * shape_.columns + column
                                        : (row * shape_.columns + column) * shape_.channels + channel);
}

QRgb TensorPicture::colorAt(std::int64_t row, std::int64_t column, bool dark) const {
  if (!isImage_)
    return heatColor(element_at(tensor_, elementOf(row, column, 0)),
                     std::max(std::abs(minimum_), std::abs(maximum_)), dark);
  const double range = std::max(maximum_ - minimum_, 1e-30);
  std::array<int, 3> levels{};
  for (std::int64_t channel = 0; channel < shape_.channels; ++channel) {
    const double share = (element_at(tensor_, elementOf(row, column, channel)) - minimum_) / range;
    levels[static_cast<std::size_t>(channel)] = std::isfinite(share) ? static_cast<int>(share * 255) : 0;
  }
  return shape_.channels == 1 ? qRgb(levels[0], levels[0], levels[0]) : qRgb(levels[0], levels[1], levels[2]);
}

QImage TensorPicture::draw(int side, bool dark, const JobControl& control) const {
  const int height = static_cast<int>(std::min<std::int64_t>(shape_.rows, side));
  const int width = static_cast<int>(std::min<std::int64_t>(shape_.columns, side));
  if (height == 0 || width == 0) return {};
  QImage picture(width, height, QImage::Format_RGB32);
  for (int y = 0; y < height; ++y) {
    control.check();
    auto* line = reinterpret_cast<QRgb*>(picture.scanLine(y));
    for (int x = 0; x < width; ++x)
      line[x] = colorAt(y * shape_.rows / height, x * shape_.columns / width, dark);
  }
  return picture;
}

QString TensorPicture::textAt(QPoint pixel, QSize drawn) const {
  const std::int64_t row = pixel.y() * shape_.rows / std::max(1, drawn.height()),
                     column = pixel.x() * shape_.columns / std::max(1, drawn.width());
  QStringList lines;
  for (std::int64_t channel = 0; channel < shape_.channels; ++channel) {
    const std::int64_t element = elementOf(row, column, channel);
    if (element < 0 || element >= tensor_.size()) return {};
    lines +=
        QStringLiteral("%1 = %2").arg(elementIndex(tensor_.dims(), element), element_text(tensor_, element));
  }
  return lines.join(QLatin1Char('\n'));
}

}  // namespace lapidary::ui
