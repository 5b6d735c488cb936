#include "ui/canvas/canvas.h"

namespace lapidary::ui {

std::span<const Canvas::Key> Canvas::keys() {
  static const char* const walk = QT_TRANSLATE_NOOP("Keys", "Walk along edges");
  static const char* const siblings = QT_TRANSLATE_NOOP("Keys", "Walk among siblings");
  static const char* const extending =
      QT_TRANSLATE_NOOP("Keys", "Add what feeds the selection, what reads it");
  static const char* const moving = QT_TRANSLATE_NOOP("Keys", "Move the view");
  static const char* const paging = QT_TRANSLATE_NOOP("Keys", "Move the view by a page");
  static const char* const opening = QT_TRANSLATE_NOOP("Keys", "Open or close a group");
  static const char* const zooming = QT_TRANSLATE_NOOP("Keys", "Zoom");
  static const char* const ends = QT_TRANSLATE_NOOP("Keys", "Go to the input, to the output");
  static const Key table[] = {
      {Qt::Key_Up, walk, [](Canvas& c) { c.walk(Qt::Key_Up); }},
      {Qt::Key_Down, walk, [](Canvas& c) { c.walk(Qt::Key_Down); }},
      {Qt::Key_Left, walk, [](Canvas& c) { c.walk(Qt::Key_Left); }},
      {Qt::Key_Right, walk, [](Canvas& c) { c.walk(Qt::Key_Right); }},
      {Qt::ALT | Qt::Key_Up, siblings, [](Canvas& c) { c.walkSiblings(-1); }},
      {Qt::ALT | Qt::Key_Down, siblings, [](Canvas& c) { c.walkSiblings(1); }},
      {Qt::ALT | Qt::Key_Left, siblings, [](Canvas& c) { c.walkSiblings(-1); }},
      {Qt::ALT | Qt::Key_Right, siblings, [](Canvas& c) { c.walkSiblings(1); }},
      {Qt::SHIFT | Qt::Key_Up, extending, [](Canvas& c) { c.extendToProducers(); }},
      {Qt::SHIFT | Qt::Key_Down, extending, [](Canvas& c) { c.extendToConsumers(); }},
      {Qt::Key_Return, opening, [](Canvas& c) { c.toggleCurrent(); }},
      {Qt::Key_Enter, opening, [](Canvas& c) { c.toggleCurrent(); }},
      {Qt::Key_Backspace, QT_TRANSLATE_NOOP("Keys", "Go up to the group around"),
       [](Canvas& c) { c.goUp(); }},
      {Qt::Key_Escape, nullptr, [](Canvas& c) { c.escape(); }},
      {Qt::CTRL | Qt::Key_Up, moving, [](Canvas& c) { c.panBy(0, 0.25); }},
      {Qt::CTRL | Qt::Key_Down, moving, [](Canvas& c) { c.panBy(0, -0.25); }},
      {Qt::CTRL | Qt::Key_Left, moving, [](Canvas& c) { c.panBy(0.25, 0); }},
      {Qt::CTRL | Qt::Key_Right, moving, [](Canvas& c) { c.panBy(-0.25, 0); }},
      {Qt::Key_PageUp, paging, [](Canvas& c) { c.panBy(0, 0.8); }},
      {Qt::Key_PageDown, paging, [](Canvas& c) { c.panBy(0, -0.8); }},
      {Qt::Key_Plus, zooming, [](Canvas& c) { c.zoomIn(); }},
      {Qt::Key_Equal, zooming, [](Canvas& c) { c.zoomIn(); }},
      {Qt::Key_Minus, zooming, [](Canvas& c) { c.zoomOut(); }},
      {Qt::Key_Home, ends, [](Canvas& c) { c.goToInput(); }},
      {Qt::Key_End, ends, [](Canvas& c) { c.goToOutput(); }},
      {Qt::Key_F, nullptr, [](Canvas& c) { c.fitAll(); }},
      {Qt::SHIFT | Qt::Key_F, nullptr, [](Canvas& c) { c.fitSelection(); }},
      {Qt::Key_Delete, QT_TRANSLATE_NOOP("Keys", "Delete what is selected"),
       [](Canvas& c) { c.deleteSelection(); }},
      {Qt::CTRL | Qt::Key_D, nullptr, [](Canvas& c) { c.duplicateSelection(); }},
      {Qt::CTRL | Qt::Key_C,
       QT_TRANSLATE_NOOP("Keys", "Copy the selection: as text, and as nodes with their weights"),
       [](Canvas& c) { c.copySelection(); }},
      {Qt::CTRL | Qt::Key_V, QT_TRANSLATE_NOOP("Keys", "Paste nodes, also from another model"),
       [](Canvas& c) { c.paste(); }},
  };
  return table;
}

QList<KeyHelp> Canvas::keyHelp() {
  return key_help(keys()) +
         QList<KeyHelp>{
             gesture_help(QT_TRANSLATE_NOOP("Keys", "Wheel"),
                          QT_TRANSLATE_NOOP("Keys", "Zoom at the pointer")),
             gesture_help(QT_TRANSLATE_NOOP("Keys", "Shift+Wheel"),
                          QT_TRANSLATE_NOOP("Keys", "Move the view sideways")),
             gesture_help(QT_TRANSLATE_NOOP("Keys", "Drag"), QT_TRANSLATE_NOOP("Keys", "Move the view")),
             gesture_help(QT_TRANSLATE_NOOP("Keys", "Drag from a port"),
                          QT_TRANSLATE_NOOP("Keys", "Connect an input with a tensor")),
             gesture_help(QT_TRANSLATE_NOOP("Keys", "Shift+Drag"),
                          QT_TRANSLATE_NOOP("Keys", "Select what lies inside a rubber band")),
             gesture_help(QT_TRANSLATE_NOOP("Keys", "Double click"),
                          QT_TRANSLATE_NOOP("Keys", "Open or close a group")),
             gesture_help(QT_TRANSLATE_NOOP("Keys", "Shift+Click"),
                          QT_TRANSLATE_NOOP("Keys", "Add to the selection, or take away")),
             gesture_help(QT_TRANSLATE_NOOP("Keys", "Right click"),
                          QT_TRANSLATE_NOOP("Keys", "What the selection can do")),
         };
}

void Canvas::keyPressEvent(QKeyEvent* event) {
  if (!run_key(keys(), *this, *event)) QWidget::keyPressEvent(event);
}

}  // namespace lapidary::ui
