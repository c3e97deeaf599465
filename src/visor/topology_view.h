// How the processors of a host look on a terminal.
#pragma once

#include <string>

#include "model/topology.h"
#include "visor/table.h"

namespace visor::cli {

/// Packages, nodes and caches as indented lines, and below them the cores as boxes with their threads, as many beside each other as
/// the canvas is wide (80 columns when it has no limit). Behind a thread stand the marks of the machines that are bound to it; below
/// the picture stands what each mark means.
std::string topology_picture(const model::HostTopology& topology, const Canvas& canvas);
/// One row per logical processor, for spreadsheets.
Table topology_table(const model::HostTopology& topology);

}  // namespace visor::cli
