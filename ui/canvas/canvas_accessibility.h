#pragma once

namespace lapidary::ui {

class Canvas;

/// Lets screen readers ask canvases for their boxes by name. Does it once for the program.
void installCanvasAccessibility();
/// Says to screen readers that another box has the focus now.
void announceSelection(Canvas* canvas);

}  // namespace lapidary::ui
