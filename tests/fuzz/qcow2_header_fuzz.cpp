// Headers of disk files are hostile input: whatever the bytes, the answer is a value or an Error.
//   clang++-16 -std=c++20 -g -fsanitize=fuzzer,address,undefined -Isrc tests/fuzz/qcow2_header_fuzz.cpp \
//     src/storage/{qcow2_header,image_probe,vmdk_probe,byte_source}.cpp src/base/*.cpp -lfmt -lspdlog -lboost_json
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "storage/image_probe.h"
#include "storage/qcow2_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const visor::storage::MemoryBytes bytes({reinterpret_cast<const char*>(data), size});
  try {
    visor::storage::read_qcow2_header(bytes, "input");
  } catch (const visor::Error&) {  // refusing is a right answer
  }
  try {
    visor::storage::probe_image(bytes, "input", std::nullopt);
  } catch (const visor::Error&) {  // refusing is a right answer
  }
  return 0;
}
