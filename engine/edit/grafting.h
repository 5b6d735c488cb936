#pragma once

#include <string>

#include "engine/edit/address.h"
#include "engine/edit/names.h"
#include "engine/model/names.h"

namespace lapidary {

/// A model with what another one needs around its nodes: its functions and operator sets. Throws Error where
/// the two have different versions of a domain, or different functions of one name.
ModelPointer with_surroundings_of(const ModelPointer& model, const Model& guest, const GraphPath& path);

/// Where nodes of another graph go in this one, and what their values are called there.
struct Grafting {
  Renames renames;        ///< their values' new names; those not named keep theirs
  std::size_t place = 0;  ///< position of the first
  std::size_t count = 0;
};

/// Puts the nodes and weights of `guest` into `host`, behind what they read. `connected` says which values of
/// the host take the place of the guest's inputs; "" leaves one unconnected. Names that are taken are made
/// fresh, but weights of the same name and contents are shared; with `prefix`, all names begin with it.
Grafting graft(Graph& host, const Graph& guest, const Renames& connected, TakenNames& taken,
               const std::string& prefix = {});

}  // namespace lapidary
