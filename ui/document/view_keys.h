#pragma once

#include <QCoreApplication>
#include <QKeyEvent>
#include <QKeySequence>
#include <QList>
#include <span>

namespace lapidary::ui {

/// What a view does on a key. A view keeps its keys in one table: its handler looks them up there, and the
/// list of keys shows them.
template <class View>
struct ViewKey {
  QKeyCombination key;
  /// Marked for translation in the context "Keys"; neighbours with the same words stand in one line. nullptr
  /// where a command of the window has the same key and is listed already.
  const char* what;
  void (*run)(View&);
};

/// A line of the list of keys.
struct KeyHelp {
  QString keys, what;
};

/// The entry for this very key; nullptr if there is none.
template <class View>
const ViewKey<View>* exact_key(std::span<const ViewKey<View>> table, QKeyCombination pressed) {
  const QKeyCombination key(pressed.keyboardModifiers() & ~Qt::KeypadModifier, pressed.key());
  for (const ViewKey<View>& entry : table)
    if (entry.key == key) return &entry;
  return nullptr;
}

/// Runs what the table has for the key, or for the key without Shift: some layouts need it for a plus. False
/// if there is nothing.
template <class View>
bool run_key(std::span<const ViewKey<View>> table, View& view, const QKeyEvent& event) {
  const ViewKey<View>* entry = exact_key(table, event.keyCombination());
  const QKeyCombination plain(event.modifiers() & ~Qt::ShiftModifier, Qt::Key(event.key()));
  if (!entry) entry = exact_key(table, plain);
  if (entry) entry->run(view);
  return entry != nullptr;
}

template <class View>
QList<KeyHelp> key_help(std::span<const ViewKey<View>> table) {
  QList<KeyHelp> lines;
  for (const ViewKey<View>& entry : table) {
    if (!entry.what) continue;
    const QString what = QCoreApplication::translate("Keys", entry.what);
    const QString key = QKeySequence(entry.key).toString(QKeySequence::NativeText);
    if (!lines.isEmpty() && lines.back().what == what)
      lines.back().keys += QStringLiteral("  ") + key;
    else
      lines.append({key, what});
  }
  return lines;
}

/// A line for something that is done with the mouse.
inline KeyHelp gesture_help(const char* gesture, const char* what) {
  return {QCoreApplication::translate("Keys", gesture), QCoreApplication::translate("Keys", what)};
}

}  // namespace lapidary::ui
