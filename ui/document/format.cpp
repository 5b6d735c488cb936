#include "ui/document/format.h"

#include <QStringList>
#include <array>
#include <cmath>

namespace lapidary::ui {

namespace {

constexpr char16_t thinSpace = 0x202f;

QString scaled(double value, const std::array<const char*, 5>& units) {
  std::size_t step = 0;
  while (std::abs(value) >= 999.5 && step + 1 < units.size()) value /= 1000, ++step;
  return number(value) + QChar(thinSpace) + QLatin1String(units[step]);
}

struct TimeUnit {
  double perMillisecond;
  const char* name;
};

TimeUnit timeUnit(double value) {
  if (value >= 1000) return {1e-3, "s"};
  if (value >= 0.1 || value == 0) return {1, "ms"};
  return {1e3, "µs"};
}

}  // namespace

QString text(std::string_view utf8) {
  return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

QString number(double value) {
  if (!std::isfinite(value))
    return std::isnan(value) ? QStringLiteral("NaN") : value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
  const double magnitude = std::abs(value);
  if (magnitude != 0 && (magnitude < 1e-3 || magnitude >= 1e7)) return QString::number(value, 'g', 3);
  int decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3;
  if (value == std::floor(value) && magnitude < 1000) decimals = 0;
  return QString::number(value, 'f', decimals);
}

QString count(double value) {
  if (value < 10'000) return QString::number(static_cast<qlonglong>(value));
  return scaled(value, {"", "k", "M", "G", "T"});
}

QString milliseconds(double value) {
  const TimeUnit unit = timeUnit(value);
  return number(value * unit.perMillisecond) + QChar(thinSpace) + QString::fromUtf8(unit.name);
}

QString millisecondsWithSpread(double value, double deviation) {
  const TimeUnit unit = timeUnit(value);
  return QStringLiteral("%1 ± %2").arg(number(value * unit.perMillisecond),
                                       number(deviation * unit.perMillisecond)) +
         QChar(thinSpace) + QString::fromUtf8(unit.name);
}

QString bytes(double value) { return scaled(value, {"B", "kB", "MB", "GB", "TB"}); }
QString flops(double value) { return scaled(value, {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"}); }
QString flopsPerSecond(double gflops) {
  return number(gflops) + QChar(thinSpace) + QStringLiteral("GFLOP/s");
}
QString percent(double share) {
  return QString::number(share * 100, 'f', share >= 0.9995 ? 0 : 1) + QChar(thinSpace) + QLatin1Char('%');
}

QString transition(const QString& before, const QString& after) {
  if (before == after) return after;
  const qsizetype unit = before.lastIndexOf(QChar(thinSpace));
  const bool isShared = unit >= 0 && after.endsWith(before.mid(unit));
  return QStringLiteral("%1 → %2").arg(isShared ? before.left(unit) : before, after);
}

QString pythonTuple(const Shape& shape) {
  QStringList parts;
  for (const Dimension& dimension : shape) parts += text(dimension.to_string());
  const QString tail = shape.size() == 1 ? QStringLiteral(",)") : QStringLiteral(")");
  return QLatin1Char('(') + parts.join(QStringLiteral(", ")) + tail;
}

QString elementIndex(const Dims& dims, std::int64_t element) {
  QStringList parts;
  for (std::size_t axis = dims.size(); axis-- > 0; element /= dims[axis])
    parts.prepend(QString::number(element % dims[axis]));
  return QLatin1Char('[') + parts.join(QStringLiteral(", ")) + QLatin1Char(']');
}

QString shortened(const QString& whole, int length) {
  if (whole.size() <= length) return whole;
  const int half = (length - 1) / 2;
  return whole.left(length - 1 - half) + QChar(0x2026) + whole.right(half);
}

}  // namespace lapidary::ui
