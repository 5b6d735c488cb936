#pragma once

namespace lapidary::ui {

class Timeline;

/// Lets screen readers see a timeline's modules and spans as the items of a list. Once for the program.
void installTimelineAccessibility();
/// Tells screen readers that another item is current.
void announceCurrent(Timeline* timeline);

}  // namespace lapidary::ui
