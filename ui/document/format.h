#pragma once

#include <QString>
#include <string>
#include <string_view>

#include "engine/model/dimension.h"

namespace lapidary::ui {

// Numbers for people: three significant digits, a thin space before the unit.

QString text(std::string_view utf8);
/// "0.62", "12.8", "1 240", "3.1e-7".
QString number(double value);
/// "169", "25.6 M": whole below ten thousand.
QString count(double value);
/// "0.62 ms", "12 µs", "1.4 s".
QString milliseconds(double value);
/// "0.62 ± 0.01 ms": both in the unit that fits the value.
QString millisecondsWithSpread(double value, double deviation);
/// "12.8 MB": powers of 1000.
QString bytes(double value);
/// "8.2 GFLOP".
QString flops(double value);
/// "373 GFLOP/s".
QString flopsPerSecond(double gflops);
/// "8.1 %".
QString percent(double share);
/// "401 → 153", "2.39 → 2.37 MFLOP": a unit that both have stands once.
QString transition(const QString& before, const QString& after);
/// "(1, 3, 224, 224)", symbols as they are.
QString pythonTuple(const Shape& shape);
/// "[0, 3, 7]": where an element stands in a tensor of these sizes.
QString elementIndex(const Dims& dims, std::int64_t element);
/// The text with its middle left out where it is longer than `length`.
QString shortened(const QString& whole, int length);

}  // namespace lapidary::ui
