#include "ui/inspector/tensor_csv.h"

#include <QSaveFile>
#include <charconv>

#include "ui/inspector/tensor_statistics.h"

namespace lapidary::ui {

namespace {

constexpr std::int64_t elementsBetweenChecks = 1 << 14;

/// As few digits as read back to the same number; strings in quotes where a comma or a quote asks for them.
QByteArray field(const Tensor& tensor, std::int64_t index) {
  if (is_floating(tensor.type())) {
    const double value = element_at(tensor, index);
    char digits[32];
    const auto written = tensor.type() == DataType::Float64
                             ? std::to_chars(std::begin(digits), std::end(digits), value)
                             : std::to_chars(std::begin(digits), std::end(digits), static_cast<float>(value));
    return QByteArray(digits, written.ptr - digits);
  }
  const QByteArray plain = element_text(tensor, index).toUtf8();
  if (plain.indexOf(',') < 0 && plain.indexOf('"') < 0 && plain.indexOf('\n') < 0) return plain;
  return '"' + QByteArray(plain).replace("\"", "\"\"") + '"';
}

}  // namespace

void write_csv(const QString& path, const Tensor& tensor, const JobControl& control) {
  QSaveFile file(path);
  const auto fail = [&] {
    throw Error(file.errorString().toStdString(), Error::Kind::Machine).file(path.toStdString());
  };
  if (!file.open(QIODevice::WriteOnly)) fail();
  const std::int64_t columns = tensor.dims().empty() ? 1 : tensor.dims().back();
  QByteArray lines;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    lines += field(tensor, i) + ((i + 1) % columns == 0 ? '\n' : ',');
    if ((i + 1) % elementsBetweenChecks != 0 && i + 1 != tensor.size()) continue;
    control.check();
    control.setProgress(static_cast<double>(i + 1) / static_cast<double>(tensor.size()));
    if (file.write(lines) != lines.size()) fail();
    lines.clear();
  }
  if (!file.commit()) fail();
}

}  // namespace lapidary::ui
