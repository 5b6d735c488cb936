#pragma once

#include <QImage>
#include <QString>
#include <QStringList>

namespace lapidary::ui {

/// The files opened last, newest first, each with a small picture. Kept in the program's settings and cache
/// folder.
class RecentFiles {
 public:
  static QStringList paths();
  static void add(const QString& path);
  static void remove(const QString& path);
  /// Keeps the picture as the file's thumbnail.
  static void setThumbnail(const QString& path, const QImage& picture);
  /// A null image if there is none.
  static QImage thumbnail(const QString& path);
};

}  // namespace lapidary::ui
