# How every folder of the house becomes a target: warnings, sanitizers, compiler cache, linker.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # GCC 12 warns of "text" + std::string (its bug 105651)
endif()
# The build type of the sanitizer presets: assertions on, and just enough optimization; Clang compiles instrumented code
# three times as fast as GCC does.
set(CMAKE_CXX_FLAGS_SANITIZED "-O1 -g1")
if(LAPIDARY_SANITIZE)
  add_compile_definitions(LAPIDARY_SANITIZED)
  add_compile_options(-fsanitize=${LAPIDARY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LAPIDARY_SANITIZE})
endif()

# lapidary_folder(NAME DEPENDENCY...): the sources of the current folder as static library lapidary_NAME.
function(lapidary_folder name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_library(lapidary_${name} STATIC ${sources})
  target_include_directories(lapidary_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
  target_link_libraries(lapidary_${name} PUBLIC ${ARGN})
  set_target_properties(lapidary_${name} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()
