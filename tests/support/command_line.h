#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QStringList>

namespace lapidary::test {

/// How a run of the program `lapidary` ended.
struct Outcome {
  int code = -1;  ///< -1: crashed
  QByteArray out, err;
  QJsonObject json() const;
};

/// Runs it with these arguments, in `folder` if one is named, and `input` as its standard input.
Outcome run_lapidary(const QStringList& arguments, const QByteArray& input = {}, const QString& folder = {});

}  // namespace lapidary::test
