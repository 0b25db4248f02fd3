// What only the program itself knows of how it was built; bench/report.py shows it.
#include <benchmark/benchmark.h>

namespace {

#ifdef __clang__
constexpr const char* compiler = "clang++ " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

[[maybe_unused]] const bool told = [] {
    benchmark::AddCustomContext("compiler", compiler);
    return true;
}();

}  // namespace
