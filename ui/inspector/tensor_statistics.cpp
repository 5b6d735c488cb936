#include "ui/inspector/tensor_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
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

}  // namespace

double element_at(const Tensor& tensor, std::int64_t index) {
  if (!isNumeric(tensor)) return std::numeric_limits<double>::quiet_NaN();
  if (tensor.type() == DataType::Float32) {  // most tensors, and pictures and tables ask for many
    float value = 0;
    std::memcpy(&value, tensor.bytes().data() + static_cast<std::size_t>(index) * sizeof value, sizeof value);
    return value;
  }
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

}  // namespace lapidary::ui
