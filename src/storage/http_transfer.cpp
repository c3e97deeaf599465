#include "storage/http_transfer.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "os/file.h"
#include "storage/storage.h"

namespace visor::storage {
namespace {

constexpr long kOk = 200;
constexpr long kPartial = 206;
constexpr long kRangeNotSatisfiable = 416;
constexpr long kStallSeconds = 30;
constexpr std::size_t kMaxHeaderValue = 1024;
/// Pages that come with redirects and refusals are read and dropped up to here.
constexpr std::size_t kMaxDropped = std::size_t{1} << 20U;

struct FreeCurl {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// What libcurl's callbacks work on. They are called from C: an exception is kept here and thrown after curl_easy_perform.
struct Transfer {
  std::filesystem::path note_path;
  os::Fd file;
  std::uint64_t offset = 0;     ///< size of the file
  std::uint64_t requested = 0;  ///< where the request wants the answer to begin
  DownloadNote known;
  ResponseHead head;
  bool begun = false;
  bool wanted = false;      ///< the body goes into the file
  std::size_t dropped = 0;  ///< bytes of a body that does not
  bool mismatch = false;
  bool advanced = false;
  std::exception_ptr thrown;
  Meter* meter = nullptr;
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

DownloadNote load_note(const std::filesystem::path& path) {
  const std::optional<std::string> text = os::read_file_if_any(path);
  if (!text) return {};
  try {
    return json::from_json<DownloadNote>(json::parse(*text), "download.note");
  } catch (const Error&) {
    return {};  // a note that cannot be read only means to begin again
  }
}

void truncate(Transfer& transfer) {
  if (::ftruncate(transfer.file.get(), 0) != 0) throw system_error("truncate a download", errno);
  transfer.offset = 0;
}

/// Decides, with all headers known, where the body goes. Returns false when the body is not wanted.
bool begin_body(Transfer& transfer) {
  transfer.begun = true;
  const ResponseHead& head = transfer.head;
  if (head.status == kPartial) {
    const bool same = head.range_start == transfer.requested && transfer.requested == transfer.offset && transfer.offset > 0 &&
                      (transfer.known.total == 0 || head.note.total == transfer.known.total);
    transfer.mismatch = !same;
    if (!same) return false;
  } else if (head.status == kOk) {
    truncate(transfer);
    os::replace_file(transfer.note_path, boost::json::serialize(json::to_json(head.note)));
  } else {
    return false;
  }
  if (head.note.total > transfer.offset) {
    Storage::require_space(transfer.note_path.parent_path(), {head.note.total - transfer.offset});
  }
  transfer.meter->total = head.note.total;
  transfer.meter->done = transfer.offset;
  return true;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  static_cast<Transfer*>(user)->head.take({data, size * count});
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  try {
    if (!transfer.begun) transfer.wanted = begin_body(transfer);
    if (!transfer.wanted) {
      transfer.dropped += length;
      return transfer.dropped <= kMaxDropped && !transfer.mismatch ? length : CURL_WRITEFUNC_ERROR;
    }
    os::write_all(transfer.file.get(), {data, length});
    transfer.offset += length;
    transfer.advanced = true;
    transfer.meter->done = transfer.offset;
    return length;
  } catch (...) {
    transfer.thrown = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->meter->stop ? 1 : 0;
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code != CURLE_OK)
    throw Error(ErrorKind::internal, "host.curl_option", fmt::format("libcurl refuses an option: {}.", curl_easy_strerror(code)));
}

void configure(CURL* handle, const std::string& url, Transfer& transfer, std::array<char, CURL_ERROR_SIZE>& message) {
  set(handle, CURLOPT_URL, url.c_str());
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);  // the caller follows: each hop is checked there
  set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  // The curl program and OpenSSL honour this variable, libcurl does not.
  if (const char* store = std::getenv("SSL_CERT_FILE")) set(handle, CURLOPT_CAINFO, store);  // NOLINT(concurrency-mt-unsafe)
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_CONNECTTIMEOUT, kStallSeconds);
  set(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(handle, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  set(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(handle, CURLOPT_USERAGENT, "visor/" VISOR_VERSION);
  set(handle, CURLOPT_ERRORBUFFER, message.data());
  set(handle, CURLOPT_HEADERFUNCTION, on_header);
  set(handle, CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  set(handle, CURLOPT_WRITEFUNCTION, on_body);
  set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  set(handle, CURLOPT_NOPROGRESS, 0L);
  set(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  set(handle, CURLOPT_XFERINFODATA, static_cast<void*>(&transfer));
}

Transfer open_transfer(const std::filesystem::path& part, const std::filesystem::path& note_path, Meter& meter) {
  Transfer transfer;
  transfer.note_path = note_path;
  transfer.file = os::open_file(part, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
  transfer.known = load_note(note_path);
  struct stat info {};
  if (::fstat(transfer.file.get(), &info) != 0) throw system_error(fmt::format("stat {}", part.native()), errno);
  transfer.offset = static_cast<std::uint64_t>(info.st_size);
  if (transfer.offset > 0 && transfer.known.validator().empty()) truncate(transfer);
  transfer.requested = transfer.offset;
  transfer.meter = &meter;
  return transfer;
}

TransferResult judge(Transfer& transfer, CURLcode code, const char* redirect, std::string_view message) {
  TransferResult result;
  result.advanced = transfer.advanced;
  const long status = transfer.head.status;
  if (redirect != nullptr && status >= 300 && status < 400) {
    result.redirect = redirect;
    return result;
  }
  if (status == kRangeNotSatisfiable || transfer.mismatch) {
    // RFC 9110 14.4: the answer names the size; when we have exactly that, there was nothing left to fetch.
    result.complete = status == kRangeNotSatisfiable && transfer.offset > 0 && transfer.head.note.total == transfer.offset;
    result.restart = !result.complete;
    result.failure = "the server's answer does not continue what was fetched before";
    return result;
  }
  if (status != 0 && status != kOk && status != kPartial) {
    result.failure = fmt::format("the server answers {}", status);
    result.permanent = status < 500 && status != 408 && status != 429;
    return result;
  }
  const std::uint64_t total = transfer.head.note.total;
  result.complete = code == CURLE_OK && transfer.begun && (total == 0 || transfer.offset == total);
  if (!result.complete) {
    result.failure = !message.empty()   ? std::string(message)
                     : code != CURLE_OK ? curl_easy_strerror(code)
                                        : "the answer is too short";
  }
  return result;
}

}  // namespace

void ResponseHead::take(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    *this = {};
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) status = static_cast<long>(parse_number(line.substr(space + 1, 3)).value_or(0));
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = text::trim(line.substr(colon + 1));
  if (value.size() > kMaxHeaderValue) return;
  if (name == "etag" && value.starts_with('"')) note.etag = value;  // a weak one (W/"...") says nothing about bytes
  if (name == "last-modified") note.last_modified = value;
  if (name == "content-length" && status == kOk) note.total = parse_number(value).value_or(0);
  if (name == "content-range" && value.starts_with("bytes ")) {
    const std::string_view range = value.substr(6);
    range_start = parse_number(range.substr(0, range.find('-')));
    const std::size_t slash = range.find('/');
    if (slash != std::string_view::npos) note.total = parse_number(range.substr(slash + 1)).value_or(0);
  }
}

TransferResult transfer(const std::string& url, const std::filesystem::path& part, const std::filesystem::path& note_path,
                        Meter& meter) {
  Transfer state = open_transfer(part, note_path, meter);
  const std::unique_ptr<CURL, FreeCurl> handle(curl_easy_init());
  if (!handle) throw Error(ErrorKind::internal, "host.curl_option", "libcurl cannot be used.");
  std::array<char, CURL_ERROR_SIZE> message{};
  configure(handle.get(), url, state, message);
  std::unique_ptr<curl_slist, FreeList> headers;
  const std::string condition = "If-Range: " + state.known.validator();
  const std::string range = fmt::format("{}-", state.offset);
  if (state.offset > 0) {
    headers.reset(curl_slist_append(nullptr, condition.c_str()));
    set(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    set(handle.get(), CURLOPT_RANGE, range.c_str());
  }
  const CURLcode code = curl_easy_perform(handle.get());
  meter.check();
  if (state.thrown) std::rethrow_exception(state.thrown);
  if (code == CURLE_OK && !state.begun) begin_body(state);  // an empty body
  char* redirect = nullptr;
  curl_easy_getinfo(handle.get(), CURLINFO_REDIRECT_URL, &redirect);
  return judge(state, code, redirect, message.data());
}

}  // namespace visor::storage
