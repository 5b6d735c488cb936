#pragma once

#include <QCoreApplication>
#include <QDir>
#include <QImage>
#include <QTest>
#include <algorithm>
#include <cstdlib>

#include "tests/support/source_folder.h"

namespace lapidary::ui::test {

/// How far two colours lie apart: the largest difference of a channel, 0 to 255.
inline int difference(QRgb a, QRgb b) {
  return std::max(
      {std::abs(qRed(a) - qRed(b)), std::abs(qGreen(a) - qGreen(b)), std::abs(qBlue(a) - qBlue(b))});
}

/// What is wrong with `picture` beside the golden one of that name; empty if they are alike. Antialiasing may
/// differ a little everywhere, and much in a few pixels. LAPIDARY_REWRITE_GOLDEN=1 stores the picture as the
/// golden one. On failure the picture and what differs lie beside the test program.
inline QString compareWithGolden(const QImage& shown, const QString& name) {
  constexpr int noticeable = 10;
  constexpr double most = 0.0001;  // of all pixels
  const QImage picture = shown.convertToFormat(QImage::Format_RGB32);
  const QString path = sourcePath(QStringLiteral("tests/ui/golden/%1.png").arg(name));
  if (qEnvironmentVariableIsSet("LAPIDARY_REWRITE_GOLDEN"))
    return picture.save(path) ? QString() : QStringLiteral("%1 cannot be written").arg(path);
  const QImage golden = QImage(path).convertToFormat(QImage::Format_RGB32);
  QImage differing = picture;
  int count = 0;
  if (golden.size() == picture.size()) {
    for (int y = 0; y < picture.height(); ++y) {
      for (int x = 0; x < picture.width(); ++x) {
        const bool differs = difference(picture.pixel(x, y), golden.pixel(x, y)) > noticeable;
        differing.setPixel(
            x, y,
            differs ? 0xffff0000u
                    : qRgb(qGray(golden.pixel(x, y)) / 2 + 127, qGray(golden.pixel(x, y)) / 2 + 127,
                           qGray(golden.pixel(x, y)) / 2 + 127));
        count += differs;
      }
    }
    if (count <= most * picture.width() * picture.height()) return {};
  }
  const QDir folder(QCoreApplication::applicationDirPath() + QStringLiteral("/golden"));
  folder.mkpath(QStringLiteral("."));
  picture.save(folder.filePath(name + QStringLiteral(".png")));
  differing.save(folder.filePath(name + QStringLiteral("_difference.png")));
  if (golden.isNull()) return QStringLiteral("%1: there is no golden picture at %2").arg(name, path);
  return QStringLiteral("%1: %2 pixels differ; see %3").arg(name).arg(count).arg(folder.path());
}

}  // namespace lapidary::ui::test
