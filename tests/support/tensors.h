#pragma once

#include <QString>

#include "engine/model/tensor.h"

namespace lapidary::test {

/// Nothing if the tensors agree (|got - want| ≤ atol + rtol·|want|; NaN equals NaN, infinities by sign); else
/// where they first differ, in words. Element type and sizes must be equal.
QString difference(const Tensor& got, const Tensor& want, double rtol = 1e-5, double atol = 1e-6);

}  // namespace lapidary::test

/// Fails the test with the first difference.
#define COMPARE_TENSORS(got, want, ...)                                                                   \
  do {                                                                                                    \
    const QString found_difference = lapidary::test::difference((got), (want)__VA_OPT__(, ) __VA_ARGS__); \
    QVERIFY2(found_difference.isEmpty(), qPrintable(found_difference));                                   \
  } while (false)
