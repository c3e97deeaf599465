#include "storage/metered.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "loop/process.h"
#include "loop/sync.h"
#include "loop/task_group.h"

namespace visor::storage {
namespace {

constexpr std::chrono::milliseconds kReportInterval(250);

struct Job {
  explicit Job(boost::asio::any_io_executor executor) : ended(std::move(executor)) {}
  Meter meter;
  bool finished = false;
  std::exception_ptr failure;
  loop::Notifier ended;
};

Awaitable<> run_job(std::shared_ptr<Job> job, std::function<void(Meter&)> work) {
  try {
    co_await loop::run_blocking([&job, &work] { work(job->meter); });
  } catch (...) {
    job->failure = std::current_exception();  // thrown again by the waiter
  }
  job->finished = true;
  job->ended.notify_all();
}

double now_seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string time_text(double seconds) {
  return seconds < 90 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} min", seconds / 60);
}

}  // namespace

void Meter::check() const {
  if (stop) throw Error(ErrorKind::cancelled, "task.cancelled", "The work was cancelled.");
}

Awaitable<> run_metered(std::string name, std::function<void(Meter&)> work, std::function<void(const Meter&)> report) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto job = std::make_shared<Job>(executor);
  loop::TaskGroup group(executor);
  group.spawn(std::move(name), [job, work]() -> Awaitable<> { co_await run_job(job, work); });
  std::exception_ptr interruption;
  try {
    while (!job->finished) {
      co_await job->ended.wait(kReportInterval);
      if (report) report(job->meter);
    }
  } catch (...) {
    interruption = std::current_exception();
    job->meter.stop = true;
  }
  if (interruption) {
    // The work still refers to what the caller's frame holds: wait for its end, although this coroutine is cancelled.
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    while (!job->finished) co_await job->ended.wait(kReportInterval);
    std::rethrow_exception(interruption);
  }
  if (job->failure) std::rethrow_exception(job->failure);
}

std::string RateText::text(std::uint64_t done, std::uint64_t total) {
  const double now = now_seconds();
  if (started_ == 0) {
    started_ = now;
    first_ = done;
  }
  std::string line = total > 0 ? fmt::format("{} of {}", format_bytes({done}), format_bytes({total})) : format_bytes({done});
  if (now - started_ >= 0.5 && done > first_) {
    const double rate = static_cast<double>(done - first_) / (now - started_);
    line += fmt::format(", {}/s", format_bytes({static_cast<std::uint64_t>(rate)}));
    if (total > done) line += fmt::format(", {} left", time_text(static_cast<double>(total - done) / rate));
  }
  return line;
}

}  // namespace visor::storage
