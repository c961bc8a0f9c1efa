# kasbah_proto_library(name DEPS ... PROTOS a/b.proto ... [GRPC])
#
# Generated code in a library of its own, kasbah::proto_<name>: it is the slowest thing to compile
# and the rarest to change. Includes are relative to protos/.
function(kasbah_proto_library name)
  cmake_parse_arguments(ARG "GRPC" "" "PROTOS;DEPS" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  set(sources)
  foreach(proto ${ARG_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(generated ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    set(args --cpp_out=${out})
    if(ARG_GRPC)
      list(APPEND generated ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
      list(APPEND args --grpc_out=${out} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
    endif()
    add_custom_command(
      OUTPUT ${generated}
      COMMAND ${Protobuf_PROTOC_EXECUTABLE} -I ${CMAKE_SOURCE_DIR}/protos ${args} ${proto}
      DEPENDS ${CMAKE_SOURCE_DIR}/protos/${proto}
      VERBATIM)
    list(APPEND sources ${generated})
  endforeach()
  add_library(kasbah_proto_${name} STATIC ${sources})
  add_library(kasbah::proto_${name} ALIAS kasbah_proto_${name})
  target_include_directories(kasbah_proto_${name} SYSTEM PUBLIC ${out})
  target_link_libraries(kasbah_proto_${name} PUBLIC kasbah_pch_deps ${ARG_DEPS})
  if(KASBAH_SANITIZE)
    target_compile_options(kasbah_proto_${name} PRIVATE ${KASBAH_SANITIZE_OPTIONS})
  endif()
endfunction()
