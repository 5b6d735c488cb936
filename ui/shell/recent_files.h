#pragma once

#include <QImage>
#include <QString>
#include <QStringList>

#include "engine/layout/layout.h"

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

/// A picture of the graph as small as a card of the start page needs. May be called from any thread.
QImage draw_thumbnail(const Layout& layout, bool dark);

}  // namespace lapidary::ui
