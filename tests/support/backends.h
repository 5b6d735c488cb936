#pragma once

#include <QString>

#include "engine/model/model.h"

namespace lapidary::test {

/// Runs a model on backend 'reference' and, with one and two threads, on 'cpu', with random inputs. Nothing
/// if all outputs agree (see difference()); else where they first differ. Whole numbers may differ by
/// `steps`.
QString difference_of_backends(const ModelPointer& model, double rtol = 1e-4, double atol = 2e-5,
                               int steps = 0);

/// What ran each step of the model on 'cpu': "Conv: oneDNN jit:avx512_core, Relu: reference".
QString implementations(const ModelPointer& model);

}  // namespace lapidary::test

/// Fails the test with the first difference between the backends.
#define COMPARE_BACKENDS(model, ...)                                               \
  do {                                                                             \
    const QString found_difference =                                               \
        lapidary::test::difference_of_backends((model)__VA_OPT__(, ) __VA_ARGS__); \
    QVERIFY2(found_difference.isEmpty(), qPrintable(found_difference));            \
  } while (false)
