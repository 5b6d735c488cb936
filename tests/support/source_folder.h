#pragma once

#include <QString>

/// The path of a file or folder of the project, named from its top: "resources/samples/digits/digits.onnx".
QString sourcePath(const QString& name);
