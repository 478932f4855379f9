# Build options, dependencies and the helper functions that every folder uses.

option(POLYSYNC_TESTS "build the tests" ON)
option(POLYSYNC_FUZZ "build the libFuzzer targets (clang only)" OFF)
option(POLYSYNC_BENCH "build the benchmarks" OFF)
option(POLYSYNC_WERROR "warnings are errors" ON)
set(POLYSYNC_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize= (address,undefined | thread)")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # NOHASHDIR, BASEDIR and one locale let every clone and shell share one cache; the sloppiness is what ccache asks for
  # with PCH.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env LC_ALL=C.UTF-8 CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_MAXSIZE=8G ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -fno-strict-aliasing
                    -Wno-missing-field-initializers)  # designated initializers leave out what has a default
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these falsely inside Boost and the standard library when it optimizes.
  add_compile_options(-fcoroutines -fpch-preprocess -Wno-maybe-uninitialized -Wno-dangling-pointer
                      -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-restrict
                      -Wno-free-nonheap-object -Wno-mismatched-new-delete)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 14 has the coroutines that libstdc++ 12 and Asio ask for, but not the macro that says so. It warns of things
  # that g++, which builds what is shipped, does not.
  add_compile_definitions(__cpp_impl_coroutine=201902L)
  add_compile_options(-Wno-everything)
endif()
if(POLYSYNC_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Small and hardened: what nothing calls is left out, the rest is checked where that costs next to nothing.
  add_compile_options(-ffunction-sections -fdata-sections -fstack-protector-strong -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--as-needed)
endif()
if(POLYSYNC_WERROR)
  add_compile_options(-Werror)
endif()
if(POLYSYNC_SANITIZE)
  add_compile_options(-fsanitize=${POLYSYNC_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${POLYSYNC_SANITIZE})
  if(POLYSYNC_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio's fences; what they order is also under a mutex
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fno-sanitize=function,vptr)  # clang 14 cannot instrument coroutines with it
  endif()
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(pugixml REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(simdjson REQUIRED)
find_package(date REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PostgreSQL REQUIRED)
find_library(POLYSYNC_JEMALLOC jemalloc REQUIRED)
if(POLYSYNC_TESTS)
  find_package(GTest REQUIRED)
endif()

# One precompiled header for all folders: the coroutine and JSON templates cost most of each compilation.
add_library(polysync_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(polysync_pch PUBLIC Boost::headers Boost::json fmt::fmt Threads::Threads)
target_compile_definitions(polysync_pch PUBLIC BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
                           BOOST_BEAST_SEPARATE_COMPILATION)
target_precompile_headers(polysync_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)

function(polysync_common target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
                             BOOST_BEAST_SEPARATE_COMPILATION)
  target_precompile_headers(${target} REUSE_FROM polysync_pch)
  target_link_libraries(${target} PRIVATE Boost::headers Boost::json fmt::fmt Threads::Threads)
endfunction()

# A process that runs for months, with answers of 200 KB among objects of 40 bytes: less CPU than with the C library's allocator (ADR 10).
# Sanitizers bring their own.
function(polysync_allocator target)
  if(NOT POLYSYNC_SANITIZE)
    target_link_libraries(${target} PRIVATE ${POLYSYNC_JEMALLOC})
  endif()
endfunction()

# polysync_folder(NAME DEPS other folders LIBS third-party targets)
# One static library of every .cpp below src/NAME (but *_test.cpp), and one test program test_NAME of the tests
# that stand beside the code.
function(polysync_folder name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(NOT sources)
    return()
  endif()
  add_library(polysync_${name} STATIC ${sources})
  polysync_common(polysync_${name})
  foreach(dep ${ARG_DEPS})
    if(TARGET polysync_${dep})
      target_link_libraries(polysync_${name} PUBLIC polysync_${dep})
    endif()
  endforeach()
  target_link_libraries(polysync_${name} PUBLIC ${ARG_LIBS})
  if(POLYSYNC_TESTS AND tests)
    polysync_test(test_${name} SOURCES ${tests} DEPS ${name})
  endif()
endfunction()

# polysync_test(TARGET SOURCES files DEPS folders [LABELS ctest labels])
function(polysync_test target)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  polysync_common(${target})
  target_compile_definitions(${target} PRIVATE POLYSYNC_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                             POLYSYNC_SHARED_DIR="${CMAKE_SOURCE_DIR}/../shared")
  foreach(dep ${ARG_DEPS})
    if(TARGET polysync_${dep})
      target_link_libraries(${target} PRIVATE polysync_${dep})
    endif()
  endforeach()
  target_link_libraries(${target} PRIVATE polysync_support GTest::gtest GTest::gmock GTest::gtest_main)
  add_test(NAME ${target} COMMAND ${target})
  set_tests_properties(${target} PROPERTIES TIMEOUT 600 LABELS "unit;${ARG_LABELS}")
endfunction()
