#include "tests/support/tensors.h"

#include <cmath>

namespace lapidary::test {

QString difference(const Tensor& got, const Tensor& want, double rtol, double atol) {
  if (got.type() != want.type() || got.dims() != want.dims())
    return QStringLiteral("got %1, want %2")
        .arg(QString::fromStdString(to_string(got.full_type())),
             QString::fromStdString(to_string(want.full_type())));
  if (!got.is_present()) return {};
  if (got.is_string()) {
    for (std::size_t i = 0; i < got.strings().size(); ++i)
      if (got.strings()[i] != want.strings()[i])
        return QStringLiteral("element %1: got \"%2\", want \"%3\"")
            .arg(i)
            .arg(QString::fromStdString(got.strings()[i]), QString::fromStdString(want.strings()[i]));
    return {};
  }
  if (got.type() == DataType::Complex64 || got.type() == DataType::Complex128)
    return identical(got, want) ? QString() : QStringLiteral("complex elements differ");
  const auto a = values_as<double>(got), b = values_as<double>(want);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])) ||
                      (std::isfinite(a[i]) && std::abs(a[i] - b[i]) <= atol + rtol * std::abs(b[i]));
    if (!same)
      return QStringLiteral("element %1: got %2, want %3").arg(i).arg(a[i], 0, 'g', 9).arg(b[i], 0, 'g', 9);
  }
  return {};
}

}  // namespace lapidary::test
