# Compiler, linker and hardening settings, the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# Dev adds no flags: compiling is the slow part, and the suite waits for processes more than for code.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG" CACHE STRING "" FORCE)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Dev)
endif()

set(KASBAH_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # The sloppiness is what ccache asks for with precompiled headers.
  set(KASBAH_CCACHE ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KASBAH_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${KASBAH_CCACHE})
endif()

add_library(kasbah_flags INTERFACE)
target_compile_options(kasbah_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Werror
  -fstack-protector-strong -fstack-clash-protection -fcf-protection -fpch-preprocess)
# What Abseil's packages define: the precompiled headers must fit what does without Abseil, too.
target_compile_definitions(kasbah_flags INTERFACE NOMINMAX)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms at -O2 on std::string: GCC bug 105651, mended in 13.
  target_compile_options(kasbah_flags INTERFACE $<$<CONFIG:Release>:-Wno-restrict>)
endif()
if(KASBAH_SANITIZE)
  set(KASBAH_SANITIZE_OPTIONS -fsanitize=${KASBAH_SANITIZE} -fno-omit-frame-pointer)
  if(KASBAH_SANITIZE MATCHES thread)
    # Protobuf's messages have another layout where it is defined, and Debian's library has not.
    list(APPEND KASBAH_SANITIZE_OPTIONS -U__SANITIZE_THREAD__)
  endif()
  target_compile_options(kasbah_flags INTERFACE ${KASBAH_SANITIZE_OPTIONS})
  target_link_options(kasbah_flags INTERFACE -fsanitize=${KASBAH_SANITIZE})
else()
  target_compile_options(kasbah_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
target_link_options(kasbah_flags INTERFACE -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  target_link_options(kasbah_flags INTERFACE -fuse-ld=mold)
endif()
