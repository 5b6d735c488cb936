#include "tests/support/source_folder.h"

// The one source that knows where the project stands, so that the compiler cache serves the others in every
// clone.
QString sourcePath(const QString& name) { return QStringLiteral(LAPIDARY_SOURCE_DIR "/") + name; }
