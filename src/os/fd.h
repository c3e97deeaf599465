// Ownership of file descriptors.
#pragma once

#include <utility>

namespace visor::os {

/// Owns one file descriptor and closes it. Every descriptor of Visor lives in one of these and is close-on-exec.
class Fd {
 public:
  Fd() = default;
  /// Takes ownership of `number` (-1 for none).
  explicit Fd(int number) noexcept : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  /// The number, still owned by this object; -1 if there is none.
  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  /// Gives the number away; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
  /// Closes the descriptor now.
  void reset() noexcept;
  /// A second descriptor for the same open file. Throws Error.
  Fd duplicate() const;

 private:
  int number_ = -1;
};

}  // namespace visor::os
