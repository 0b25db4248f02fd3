# wgns_library(FOLDER [SOURCES file…] [LINKS target…]): the one library of a folder.
function(wgns_library folder)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
    if(arg_SOURCES)
        add_library(wgns_${folder} STATIC ${arg_SOURCES})
        target_link_libraries(wgns_${folder} PUBLIC wgns_flags ${arg_LINKS} PRIVATE wgns_hardening)
    else()
        add_library(wgns_${folder} INTERFACE)
        target_link_libraries(wgns_${folder} INTERFACE wgns_flags ${arg_LINKS})
    endif()
endfunction()

# wgns_precompile(TARGET header…): headers that most of the target's files need, compiled once.
function(wgns_precompile target)
    target_precompile_headers(${target} PRIVATE ${ARGN})
    # Without it ccache cannot see through g++'s precompiled headers.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# wgns_unity(TARGET): several files in one unit, because what their headers hold costs more than they do. That each
# compiles by itself is seen by clang, which `./dev fuzz` and `./dev tidy` use.
function(wgns_unity target)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    endif()
    if(WGNS_SANITIZE)
        target_compile_options(${target} PRIVATE -O0)
    endif()
endfunction()

# wgns_test(FOLDER [SEPARATE] SOURCES file… LINKS target… [PRECOMPILE header…]): one GoogleTest program a folder; CTest
# names are FOLDER.Suite.Case. SEPARATE is for files that cannot share a unit, as <net/if.h> and <linux/if.h> cannot.
# With sanitizers the program is one test, program.FOLDER, because each start of one costs as much as most cases;
# results/FOLDER.xml then names the cases.
function(wgns_test folder)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SEPARATE" "" "SOURCES;LINKS;PRECOMPILE")
    add_executable(test_${folder} ${arg_SOURCES})
    target_link_libraries(test_${folder} PRIVATE ${arg_LINKS} GTest::gmock_main)
    # A test runs once for each time it is compiled: the product is what has to be fast.
    target_compile_options(test_${folder} PRIVATE -O0)
    # What every one of them begins with.
    wgns_precompile(test_${folder} <gtest/gtest.h> ${arg_PRECOMPILE})
    if(NOT arg_SEPARATE)
        wgns_unity(test_${folder})
    endif()
    if(WGNS_SANITIZE)
        add_test(NAME program.${folder}
                 COMMAND test_${folder} --gtest_brief=1 --gtest_output=xml:${CMAKE_BINARY_DIR}/results/${folder}.xml)
        set_tests_properties(program.${folder} PROPERTIES TIMEOUT 600 LABELS unit)
        return()
    endif()
    gtest_discover_tests(test_${folder} TEST_PREFIX "${folder}." PROPERTIES TIMEOUT 120 LABELS unit DISCOVERY_TIMEOUT 60)
endfunction()

# wgns_pkg(NAME module…): an imported target wgns::NAME for a library known to pkg-config.
find_package(PkgConfig REQUIRED)
function(wgns_pkg name)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
    add_library(wgns::${name} ALIAS PkgConfig::${name})
endfunction()
