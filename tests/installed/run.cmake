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
step(${WORK}/moved/bin/lapidary info ${digits}/digits.onnx)
