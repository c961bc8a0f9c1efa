# kasbah_library(name [GRPC] [PCH_FROM ...] [DEPS ...] [PRIVATE_DEPS ...] [TEST_DEPS ...])
#
# One folder, one target: kasbah_<name>, alias kasbah::<name>, from the folder's *.cc.
# x_test.cc files become the binary <name>_test (no network, no database); x_pgtest.cc files
# become <name>_pgtest (a private PostgreSQL), which x_fixture.cc files are part of. GRPC: for targets
# that speak it. PCH_FROM: precompiled headers other than the usual ones. UNITED: the pgtest is
# compiled four files at a time, whose headers take the compiler longer than what they test.
function(kasbah_library name)
  cmake_parse_arguments(ARG "GRPC;UNITED" "PCH_FROM" "DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kasbah_library(${name}): what is ${ARG_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT ARG_PCH_FROM)
    set(ARG_PCH_FROM kasbah_pch)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  file(GLOB pgtests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_pgtest.cc)
  file(GLOB fixtures CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_fixture.cc)
  list(REMOVE_ITEM sources ${tests} ${pgtests} ${fixtures} ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
  list(APPEND pgtests ${fixtures})
  if(sources)
    add_library(kasbah_${name} STATIC ${sources})
    target_include_directories(kasbah_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(kasbah_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} kasbah_flags)
    target_precompile_headers(kasbah_${name} REUSE_FROM ${ARG_PCH_FROM})
    if(ARG_GRPC)
      target_link_libraries(kasbah_${name} PUBLIC kasbah_pch_deps)
    endif()
  else()
    add_library(kasbah_${name} INTERFACE)
    target_include_directories(kasbah_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(kasbah_${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(kasbah::${name} ALIAS kasbah_${name})
  kasbah_tests(${name}_test "${tests}" kasbah::${name} ${ARG_PRIVATE_DEPS} ${ARG_TEST_DEPS})
  kasbah_tests(${name}_pgtest "${pgtests}" kasbah::${name} ${ARG_PRIVATE_DEPS} ${ARG_TEST_DEPS}
               kasbah::testing_postgres)
  if(ARG_UNITED AND pgtests)
    set_target_properties(${name}_pgtest PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  endif()
endfunction()

# Everything that tests without the five processes: what the sanitizer presets build.
add_custom_target(kasbah_unit_tests)

# One gtest binary from the given files, registered with ctest when there are any.
function(kasbah_tests name files)
  if(NOT files)
    return()
  endif()
  add_executable(${name} ${files})
  target_link_libraries(${name} PRIVATE ${ARGN} kasbah::testing GTest::gmock kasbah_flags)
  kasbah_reuse_pch(${name} kasbah_test_pch)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 1200)
  add_dependencies(kasbah_unit_tests ${name})
endfunction()

# Everything that runs, without its tests: what make demo and make up need.
add_custom_target(kasbah_processes)

# kasbah_service(name binary [OWN_FREE]) builds the process kasbah-<name> from main.cc and
# kasbah::<name>_app. OWN_FREE: it stands before the C library's free itself, which an allocator linked
# here would pass by.
function(kasbah_service name binary)
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
    return()
  endif()
  add_executable(${binary} main.cc)
  if(NOT KASBAH_SANITIZE AND NOT OWN_FREE IN_LIST ARGN)
    # What one thread allocates and another frees, as a call's between the transport and a lane, makes
    # threads wait for each other in the C library's allocator. First, to stand before it.
    target_link_libraries(${binary} PRIVATE ${MIMALLOC_LIBRARY})
  endif()
  target_link_libraries(${binary} PRIVATE kasbah::${name}_app kasbah_flags)
  kasbah_reuse_pch(${binary} kasbah_pch)
  add_dependencies(kasbah_processes ${binary})
endfunction()

# An executable would be compiled with -fPIE, which the header precompiled with -fPIC does not fit.
function(kasbah_reuse_pch executable pch)
  set_target_properties(${executable} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${executable} PRIVATE -fPIC)
  target_precompile_headers(${executable} REUSE_FROM ${pch})
endfunction()

# The gRPC and Protobuf headers cost seconds a file, GoogleTest's another: compiled once here, for what
# speaks gRPC and for all tests.
set(KASBAH_PCH_HEADERS
  <algorithm> <array> <atomic> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional>
  <string> <string_view> <thread> <tuple> <utility> <vector>
  <absl/container/flat_hash_map.h> <absl/status/status.h> <absl/status/statusor.h>
  <absl/strings/str_cat.h> <absl/synchronization/mutex.h> <absl/time/time.h> <absl/types/span.h>
  <google/protobuf/message.h> <google/protobuf/descriptor.h>
  <nlohmann/json.hpp>
  <google/protobuf/generated_message_reflection.h> <google/protobuf/map_field.h>
  <grpcpp/grpcpp.h> <grpcpp/support/client_callback.h> <grpcpp/support/server_callback.h>)
add_library(kasbah_pch_deps INTERFACE)
target_link_libraries(kasbah_pch_deps INTERFACE
  PkgConfig::GRPC protobuf::libprotobuf absl::status absl::statusor absl::strings absl::time
  absl::synchronization absl::flat_hash_map absl::flat_hash_set absl::cord absl::span Threads::Threads)

function(kasbah_add_pch name)
  file(WRITE ${CMAKE_BINARY_DIR}/pch/${name}.cc "// Anchors the precompiled header.\n")
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/pch/${name}.cc)
  target_link_libraries(${name} PUBLIC kasbah_pch_deps PRIVATE kasbah_flags)
  target_precompile_headers(${name} PRIVATE ${KASBAH_PCH_HEADERS} ${ARGN})
endfunction()
kasbah_add_pch(kasbah_pch)
kasbah_add_pch(kasbah_cli_pch <CLI/CLI.hpp>)
kasbah_add_pch(kasbah_test_pch <gmock/gmock.h> <gtest/gtest.h>)
target_link_libraries(kasbah_test_pch PUBLIC GTest::gmock)
