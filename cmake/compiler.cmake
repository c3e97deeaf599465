# g++ before 14 silently miscompiles ordinary coroutines (`if (co_await f()) co_return x;`), so it is refused, not warned about.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles C++20 coroutines; use clang 16 (the CMake presets do) or g++ >= 14")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Werror)
add_link_options(-fuse-ld=lld)
add_compile_definitions(VISOR_VERSION="${PROJECT_VERSION}")

option(VISOR_SANITIZE "Sanitizers for every target, e.g. address,undefined or thread" "")
if(VISOR_SANITIZE)
  add_compile_options(-fsanitize=${VISOR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${VISOR_SANITIZE})
endif()

# Objects are the same wherever the checkout and the build folder lie, so all of them share one cache.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_NOHASHDIR=1 "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "${CCACHE}")
endif()
