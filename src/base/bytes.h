// Sizes in bytes, with their unit in the type.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace visor {

/// An amount of bytes. Written as an integer in JSON and as "512MiB" for people.
struct Bytes {
  std::uint64_t count = 0;

  friend constexpr auto operator<=>(Bytes, Bytes) = default;
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return {a.count + b.count}; }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return {a.count - b.count}; }
  friend constexpr Bytes operator*(Bytes a, std::uint64_t n) { return {a.count * n}; }
};

constexpr Bytes operator""_KiB(unsigned long long n) { return {n << 10U}; }
constexpr Bytes operator""_MiB(unsigned long long n) { return {n << 20U}; }
constexpr Bytes operator""_GiB(unsigned long long n) { return {n << 30U}; }
constexpr Bytes operator""_TiB(unsigned long long n) { return {n << 40U}; }

/// Reads "512MiB", "10G", "1.5 GiB", "4096" (bytes). K, M, G, T, P alone and KiB... are powers of 1024; KB, MB... of 1000.
/// Throws Error `bytes.invalid` for anything else, a negative amount or one beyond 2^63-1.
Bytes parse_bytes(std::string_view text);

/// The shortest exact form with a binary unit ("512 MiB"), or two significant decimals when there is none ("1.5 GiB").
std::string format_bytes(Bytes bytes);

}  // namespace visor
