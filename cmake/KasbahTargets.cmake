# kasbah_library(name [PCH] [DEPS ...] [PRIVATE_DEPS ...] [TEST_DEPS ...])
#
# One folder, one target: kasbah_<name>, alias kasbah::<name>, from the folder's *.cc.
# x_test.cc files become the binary <name>_test (no network, no database); x_pgtest.cc files
# become <name>_pgtest (a private PostgreSQL). PCH: use the precompiled gRPC headers; for targets
# that speak gRPC.
function(kasbah_library name)
  cmake_parse_arguments(ARG "PCH" "" "DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  file(GLOB pgtests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_pgtest.cc)
  list(REMOVE_ITEM sources ${tests} ${pgtests} ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
  if(sources)
    add_library(kasbah_${name} STATIC ${sources})
    target_include_directories(kasbah_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(kasbah_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} kasbah_flags)
    if(ARG_PCH)
      target_precompile_headers(kasbah_${name} REUSE_FROM kasbah_pch)
      target_link_libraries(kasbah_${name} PUBLIC kasbah_pch_deps)
    endif()
  else()
    add_library(kasbah_${name} INTERFACE)
    target_include_directories(kasbah_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(kasbah_${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(kasbah::${name} ALIAS kasbah_${name})
  kasbah_tests(${name}_test "${tests}" "${ARG_PCH}" kasbah::${name} ${ARG_PRIVATE_DEPS} ${ARG_TEST_DEPS})
  kasbah_tests(${name}_pgtest "${pgtests}" "${ARG_PCH}" kasbah::${name} ${ARG_PRIVATE_DEPS} ${ARG_TEST_DEPS}
               kasbah::testing_postgres)
endfunction()

# Everything that tests without the five processes: what the sanitizer presets build.
add_custom_target(kasbah_unit_tests)

# One gtest binary from the given files, registered with ctest when there are any.
function(kasbah_tests name files pch)
  if(NOT files)
    return()
  endif()
  add_executable(${name} ${files})
  target_link_libraries(${name} PRIVATE ${ARGN} kasbah::testing GTest::gmock kasbah_flags)
  if(pch)
    kasbah_reuse_pch(${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  add_dependencies(kasbah_unit_tests ${name})
endfunction()

# kasbah_service(name) builds the process kasbah-<name> from main.cc and kasbah::<name>_app.
function(kasbah_service name binary)
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
    return()
  endif()
  add_executable(${binary} main.cc)
  target_link_libraries(${binary} PRIVATE kasbah::${name}_app kasbah_flags)
  kasbah_reuse_pch(${binary})
endfunction()

# An executable would be compiled with -fPIE, which the header precompiled with -fPIC does not fit.
function(kasbah_reuse_pch executable)
  set_target_properties(${executable} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${executable} PRIVATE -fPIC)
  target_precompile_headers(${executable} REUSE_FROM kasbah_pch)
endfunction()

# The gRPC and Protobuf headers cost seconds a file; compiled once here.
file(WRITE ${CMAKE_BINARY_DIR}/pch/kasbah_pch.cc "// Anchors the precompiled header.\n")
add_library(kasbah_pch_deps INTERFACE)
target_link_libraries(kasbah_pch_deps INTERFACE
  PkgConfig::GRPC protobuf::libprotobuf absl::status absl::statusor absl::strings absl::time
  absl::synchronization absl::flat_hash_map absl::flat_hash_set absl::cord absl::span Threads::Threads)
add_library(kasbah_pch STATIC ${CMAKE_BINARY_DIR}/pch/kasbah_pch.cc)
target_link_libraries(kasbah_pch PUBLIC kasbah_pch_deps PRIVATE kasbah_flags)
target_precompile_headers(kasbah_pch PRIVATE
  <algorithm> <array> <atomic> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional>
  <string> <string_view> <thread> <tuple> <utility> <vector>
  <absl/container/flat_hash_map.h> <absl/status/status.h> <absl/status/statusor.h>
  <absl/strings/str_cat.h> <absl/synchronization/mutex.h> <absl/time/time.h> <absl/types/span.h>
  <google/protobuf/message.h> <google/protobuf/descriptor.h>
  <google/protobuf/generated_message_reflection.h> <google/protobuf/map_field.h>
  <grpcpp/grpcpp.h> <grpcpp/support/client_callback.h> <grpcpp/support/server_callback.h>)
