#include "qemu/processor_levels.h"

namespace visor::qemu {
namespace {

const std::string kSecond = ",cx16=on,lahf-lm=on,popcnt=on,sse3=on,sse4.1=on,sse4.2=on,ssse3=on";
const std::string kThird = kSecond + ",avx=on,avx2=on,bmi1=on,bmi2=on,f16c=on,fma=on,abm=on,movbe=on,xsave=on";
const std::string kFourth = kThird + ",avx512f=on,avx512bw=on,avx512cd=on,avx512dq=on,avx512vl=on";

}  // namespace

const std::array<ProcessorLevel, 3>& processor_levels() {
  static const std::array<ProcessorLevel, 3> levels{{
      {"x86-64-v2", kSecond, true},
      {"x86-64-v3", kThird, true},
      {"x86-64-v4", kFourth, false},
  }};
  return levels;
}

const ProcessorLevel* find_level(const std::string& model) {
  for (const ProcessorLevel& level : processor_levels()) {
    if (level.name == model) return &level;
  }
  return nullptr;
}

}  // namespace visor::qemu
