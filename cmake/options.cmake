# What can be chosen when configuring, and the flags that every target shares.
option(WGNS_TESTS "Build the tests" ON)
option(WGNS_BENCH "Know of the benchmarks, which are built only where asked for" ON)
option(WGNS_FUZZERS "Build tests/fuzz for libFuzzer, which clang brings along" OFF)
set(WGNS_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize= takes them")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# WG_ASSERT stays on in every build, so NDEBUG only speaks to libraries.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

find_program(WGNS_CCACHE ccache)
if(WGNS_CCACHE)
    # Precompiled headers carry a time of their own; without these ccache refuses every unit that uses one.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${WGNS_CCACHE})
endif()

add_library(wgns_flags INTERFACE)
target_include_directories(wgns_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(wgns_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wnon-virtual-dtor
    -Wold-style-cast -Wcast-align -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
# Where several files share a unit, one's helper may have the name of another's parameter.
target_compile_options(wgns_flags INTERFACE $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow>)
if(WGNS_SANITIZE)
    # Instrumented code takes twice as long to compile with -O2 and hardly runs faster.
    set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -DNDEBUG")
    target_compile_options(wgns_flags INTERFACE -fsanitize=${WGNS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(wgns_flags INTERFACE -fsanitize=${WGNS_SANITIZE})
    if(WGNS_SANITIZE MATCHES thread)
        # ThreadSanitizer knows no fences, and g++ says so as an error. Asio's only add to what its mutexes do already.
        target_compile_definitions(wgns_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
    endif()
endif()
# What the product is hardened with, not its tests: some of it needs optimisation. The linker is told for every program.
add_library(wgns_hardening INTERFACE)
if(NOT WGNS_SANITIZE AND NOT WGNS_FUZZERS)
    target_compile_options(wgns_hardening INTERFACE
        -fstack-protector-strong -fstack-clash-protection
        $<$<CXX_COMPILER_ID:GNU>:-ftrivial-auto-var-init=zero>
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
        target_compile_options(wgns_hardening INTERFACE -fcf-protection=full)
    endif()
    target_link_options(wgns_flags INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
if(WGNS_FUZZERS)
    # Whatever a fuzzer calls tells it which branches were taken.
    target_compile_options(wgns_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
