#pragma once

namespace lapidary::ui::timeline_metrics {

// Pixels of the timeline's rows, shared by painting and hit testing.
constexpr int nameWidth = 92, rightMargin = 16, axisHeight = 24, moduleHeight = 22, spanHeight = 30, gap = 8,
              memoryHeight = 40, scrollBarWidth = 10;

}  // namespace lapidary::ui::timeline_metrics
