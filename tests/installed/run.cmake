# cmake -DBUILD=… -DSOURCE=… -DWORK=… -P run.cmake: installs the build into an empty folder, moves the folder (the tree must run
# elsewhere), builds the example against it, and runs it and the installed command line.
function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(result)
    message(FATAL_ERROR "failed (${result}): ${ARGN}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
set(digits ${SOURCE}/resources/samples/digits)
step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${WORK}/moved)
step(${CMAKE_COMMAND} -S ${SOURCE}/tests/installed -B ${WORK}/example -DCMAKE_PREFIX_PATH=${WORK}/moved
     -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS=${FLAGS}")
step(${CMAKE_COMMAND} --build ${WORK}/example)
step(${WORK}/example/uses_lapidary ${digits}/digits.onnx ${digits}/digits.inputs.npz)
# The example of a plug-in, as its author would build it.
step(${CMAKE_COMMAND} -S ${WORK}/moved/share/lapidary/examples/example_operator -B ${WORK}/plugin
     -DCMAKE_PREFIX_PATH=${WORK}/moved -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS=${FLAGS}")
step(${CMAKE_COMMAND} --build ${WORK}/plugin)
step(${CMAKE_COMMAND} --install ${WORK}/plugin --prefix ${WORK}/moved)
step(${WORK}/moved/bin/lapidary ops Snake)
step(${WORK}/moved/bin/lapidary info ${digits}/digits.onnx)

# The studio starts from there, finds its sample, and the desktop finds it.
if(EXISTS ${WORK}/moved/bin/lapidary-studio)
  step(${CMAKE_COMMAND} -E env QT_QPA_PLATFORM=offscreen XDG_CONFIG_HOME=${WORK}/config XDG_CACHE_HOME=${WORK}/cache
       ${WORK}/moved/bin/lapidary-studio --screenshot ${WORK}/studio.png --quit-when-painted
       ${WORK}/moved/share/lapidary/samples/digits/digits.onnx)
  foreach(file ${WORK}/studio.png ${WORK}/moved/share/applications/org.lapidary.Studio.desktop
               ${WORK}/moved/share/mime/packages/lapidary.xml
               ${WORK}/moved/share/icons/hicolor/scalable/apps/lapidary.svg)
    if(NOT EXISTS ${file})
      message(FATAL_ERROR "missing: ${file}")
    endif()
  endforeach()
endif()
