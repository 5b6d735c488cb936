#pragma once

#include <string>

#include "engine/trace/statistics.h"

namespace lapidary {

// What was measured, in files of other programs. A failure leaves no half file; all throw Error on I/O.

/// The operators' table, a line each: comma-separated values as spreadsheets read them.
void write_profile_csv(const TraceSummary& summary, const Trace& trace, const std::string& path);
/// An attachment for Netron: milliseconds of each node, and what holds it back.
void write_netron_attachment(const TraceSummary& summary, const Model& model, const std::string& path);
/// Node data for Model Explorer: milliseconds by the name of each node's first output.
void write_model_explorer_data(const TraceSummary& summary, const Model& model, const std::string& path);

}  // namespace lapidary
