#include "ui/inspector/tensor_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr std::int64_t pieceElements = 1 << 16;  ///< a multiple of 8, so that packed types are cut at bytes

bool isNumeric(const Tensor& tensor) {
  return !tensor.is_string() && tensor.type() != DataType::Complex64 && tensor.type() != DataType::Complex128;
}

/// `count` elements from `begin` (a multiple of 8) as a tensor of rank 1 that shares the bytes.
Tensor piece(const Tensor& tensor, std::int64_t begin, std::int64_t count) {
  const auto offset = static_cast<std::size_t>(bytes_for(tensor.type(), begin));
  const auto length = static_cast<std::size_t>(bytes_for(tensor.type(), count));
  return Tensor(tensor.type(), {count}, tensor.bytes().subspan(offset, length), tensor.owner());
}

template <class Visit>
void forEachPiece(const Tensor& tensor, const JobControl& control, double progressBegin, Visit visit) {
  for (std::int64_t begin = 0; begin < tensor.size(); begin += pieceElements) {
    control.check();
    for (const double value :
         values_as<double>(piece(tensor, begin, std::min(pieceElements, tensor.size() - begin))))
      visit(value);
    control.setProgress(progressBegin +
                        0.5 * static_cast<double>(begin) / static_cast<double>(tensor.size()));
  }
}

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

double element_at(const Tensor& tensor, std::int64_t index) {
  if (!isNumeric(tensor)) return std::numeric_limits<double>::quiet_NaN();
  const std::int64_t begin = is_sub_byte(tensor.type()) ? index / 8 * 8 : index;
  const std::int64_t count =
      is_sub_byte(tensor.type()) ? std::min<std::int64_t>(8, tensor.size() - begin) : 1;
  return values_as<double>(piece(tensor, begin, count))[static_cast<std::size_t>(index - begin)];
}

QString element_text(const Tensor& tensor, std::int64_t index) {
  if (tensor.is_string()) return text(tensor.strings()[static_cast<std::size_t>(index)]);
  if (!isNumeric(tensor)) {
    const auto part = [&](std::int64_t at) {
      return tensor.type() == DataType::Complex64
                 ? double(reinterpret_cast<const float*>(tensor.bytes().data())[at])
                 : reinterpret_cast<const double*>(tensor.bytes().data())[at];
    };
    return QStringLiteral("%1 %2 i").arg(part(2 * index), 0, 'g', 6).arg(part(2 * index + 1), 0, 'g', 6);
  }
  if (tensor.type() == DataType::Bool)
    return element_at(tensor, index) != 0 ? QStringLiteral("true") : QStringLiteral("false");
  if (tensor.type() == DataType::Int64) return QString::number(tensor.data<std::int64_t>()[index]);
  if (tensor.type() == DataType::UInt64) return QString::number(tensor.data<std::uint64_t>()[index]);
  const double value = element_at(tensor, index);
  return is_integer(tensor.type()) ? QString::number(value, 'f', 0) : QString::number(value, 'g', 6);
}

TensorStatistics statistics_of(const Tensor& tensor, const JobControl& control) {
  TensorStatistics statistics;
  statistics.elements = tensor.size();
  if (!isNumeric(tensor) || tensor.size() == 0) return statistics;
  double minimum = std::numeric_limits<double>::infinity(), maximum = -minimum, sum = 0;
  std::int64_t finite = 0;
  forEachPiece(tensor, control, 0, [&](double value) {
    if (std::isnan(value)) return void(++statistics.nan);
    if (std::isinf(value)) return void(++statistics.infinite);
    statistics.zeros += value == 0;
    minimum = std::min(minimum, value);
    maximum = std::max(maximum, value);
    sum += value;
    ++finite;
  });
  if (finite == 0) return statistics;
  statistics.minimum = minimum;
  statistics.maximum = maximum;
  statistics.mean = sum / static_cast<double>(finite);
  const double scale = maximum > minimum ? static_cast<double>(histogramBins) / (maximum - minimum) : 0;
  double squares = 0;
  forEachPiece(tensor, control, 0.5, [&](double value) {
    if (!std::isfinite(value)) return;
    squares += (value - statistics.mean) * (value - statistics.mean);
    const auto bin = static_cast<std::size_t>((value - minimum) * scale);
    ++statistics.histogram[std::min(bin, histogramBins - 1)];
  });
  statistics.deviation = std::sqrt(squares / static_cast<double>(finite));
  return statistics;
}

QImage slice_picture(const Tensor& tensor, const Slice& slice, int side, const TensorStatistics& statistics,
                     bool dark) {
  const Dims& dims = tensor.dims();
  const std::int64_t rows = dims.size() > 1 ? dims[dims.size() - 2] : 1;
  const std::int64_t columns = dims.empty() ? 1 : dims.back();
  const int height = static_cast<int>(std::min<std::int64_t>(rows, side));
  const int width = static_cast<int>(std::min<std::int64_t>(columns, side));
  if (height == 0 || width == 0) return {};
  const std::int64_t begin = sliceBegin(dims, slice, 2);
  const double largest = std::max(std::abs(statistics.minimum), std::abs(statistics.maximum));
  QImage picture(width, height, QImage::Format_RGB32);
  for (int y = 0; y < height; ++y) {
    auto* line = reinterpret_cast<QRgb*>(picture.scanLine(y));
    for (int x = 0; x < width; ++x)
      line[x] = heatColor(element_at(tensor, begin + y * rows / height * columns + x * columns / width),
                          largest, dark);
  }
  return picture;
}

bool is_picture(const Dims& dims) {
  if (dims.size() < 3) return false;
  const bool channelsFirst = dims[dims.size() - 3] == 3 && dims[dims.size() - 2] > 3 && dims.back() > 3;
  const bool channelsLast = dims.back() == 3 && dims[dims.size() - 2] > 3 && dims[dims.size() - 3] > 3;
  return channelsFirst || channelsLast;
}

QImage color_picture(const Tensor& tensor, const Slice& slice, int side, const TensorStatistics& statistics) {
  const Dims& dims = tensor.dims();
  const std::size_t rank = dims.size();
  const bool first = dims[rank - 3] == 3;
  const std::int64_t rows = first ? dims[rank - 2] : dims[rank - 3],
                     columns = first ? dims[rank - 1] : dims[rank - 2];
  const int height = static_cast<int>(std::min<std::int64_t>(rows, side));
  const int width = static_cast<int>(std::min<std::int64_t>(columns, side));
  const std::int64_t begin = sliceBegin(dims, slice, 3);
  const double range = std::max(statistics.maximum - statistics.minimum, 1e-30);
  QImage picture(width, height, QImage::Format_RGB32);
  for (int y = 0; y < height; ++y) {
    auto* line = reinterpret_cast<QRgb*>(picture.scanLine(y));
    for (int x = 0; x < width; ++x) {
      const std::int64_t row = y * rows / height, column = x * columns / width;
      std::array<int, 3> levels{};
      for (std::int64_t c = 0; c < 3; ++c) {
        const std::int64_t at =
            first ? (c * rows + row) * columns + column : (row * columns + column) * 3 + c;
        const double share = (element_at(tensor, begin + at) - statistics.minimum) / range;
        levels[static_cast<std::size_t>(c)] = std::isfinite(share) ? static_cast<int>(share * 255) : 0;
      }
      line[x] = qRgb(levels[0], levels[1], levels[2]);
    }
  }
  return picture;
}

}  // namespace lapidary::ui
