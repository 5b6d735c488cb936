# lapidary_plugin(NAME SOURCE...): a shared module that the programs load at start-up (engine/runtime/plugin.h).
include(GNUInstallDirs)
# Where an installed Lapidary looks for plug-ins, below its prefix.
set(LAPIDARY_PLUGIN_FOLDER ${CMAKE_INSTALL_LIBDIR}/lapidary/plugins)
function(lapidary_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE Lapidary::engine)
  set_target_properties(${name} PROPERTIES PREFIX "")
endfunction()
