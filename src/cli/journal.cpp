#include "cli/journal.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/file.h"

namespace polysync::cli {
namespace {

namespace fs = std::filesystem;
constexpr auto kept_for = std::chrono::hours(24 * 14);
constexpr std::size_t max_entry_bytes = 8192;

Error unusable(const std::string& path) {
    return make_error(ErrorKind::internal, "journal_unusable",
                      fmt::format("{}: {}", path, std::strerror(errno)));
}

class HeldLock final : public Journal::Lock {
  public:
    explicit HeldLock(FileLock lock) : lock_(std::move(lock)) {}

  private:
    FileLock lock_;
};

// Blocking, but tiny; one executor.
class FileJournal final : public Journal {
  public:
    explicit FileJournal(std::string folder) : folder_(std::move(folder)) {}

    Result<std::unique_ptr<Lock>> try_lock(const std::string& token) override {
        POLYSYNC_TRY(prepare());
        auto lock = FileLock::try_take(path_of(token) + ".lock");
        if (!lock) return make_error(ErrorKind::internal, "journal_unusable", lock.error().message);
        if (!lock.value()) return std::unique_ptr<Lock>();
        return std::unique_ptr<Lock>(std::make_unique<HeldLock>(std::move(*lock.value())));
    }

    Result<std::optional<JournalEntry>> read(const std::string& token) override {
        std::ifstream input(path_of(token), std::ios::binary);
        if (!input) return std::optional<JournalEntry>();
        std::string text(max_entry_bytes, '\0');
        input.read(text.data(), std::streamsize(text.size()));
        text.resize(std::size_t(input.gcount()));
        boost::system::error_code error;
        auto value = boost::json::parse(text, error);
        const auto* object = error ? nullptr : value.if_object();
        const auto* called = object ? object->if_contains("called_at") : nullptr;
        if (!called || !called->is_string()) return std::optional<JournalEntry>();
        POLYSYNC_TRY(auto called_at, parse_iso8601(std::string(called->as_string())));
        auto text_of = [object](const char* name) {
            const auto* member = object->if_contains(name);
            return member && member->is_string() ? std::string(member->as_string()) : std::string();
        };
        JournalEntry entry{called_at, text_of("run_id"), text_of("platform"), text_of("job")};
        return std::optional<JournalEntry>(std::move(entry));
    }

    Status write(const std::string& token, const JournalEntry& entry) override {
        POLYSYNC_TRY(prepare());
        std::string text =
            boost::json::serialize(boost::json::object{{"called_at", format_iso8601(entry.called_at)},
                                                       {"run_id", entry.run_id},
                                                       {"platform", entry.platform},
                                                       {"job", entry.job}});
        std::string path = path_of(token), fresh = path + ".new";
        int file = ::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        if (file < 0) return unusable(fresh);
        bool written = ::write(file, text.data(), text.size()) == ssize_t(text.size()) && ::fsync(file) == 0;
        written = ::close(file) == 0 && written;
        if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) return unusable(path);
        if (int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
            ::fsync(folder);
            ::close(folder);
        }
        return success();
    }

    void forget(const std::string& token) override { ::unlink(path_of(token).c_str()); }

  private:
    // Tokens are GUIDs, so they are safe as file names; the case is folded because AWS names are compared so.
    [[nodiscard]] std::string path_of(const std::string& token) const {
        std::string name = token;
        for (char& c : name) c = char(std::tolower(static_cast<unsigned char>(c)));
        return folder_ + "/" + name;
    }

    Status prepare() {
        if (prepared_) return success();
        std::error_code error;
        fs::create_directories(folder_, error);
        fs::permissions(folder_, fs::perms::owner_all, error);
        if (!fs::is_directory(folder_, error)) {
            errno = error ? error.value() : ENOTDIR;
            return unusable(folder_);
        }
        remove_old();
        prepared_ = true;
        return success();
    }

    void remove_old() const {
        auto now = fs::file_time_type::clock::now();
        std::error_code error;
        int looked_at = 0;
        for (auto entry = fs::directory_iterator(folder_, error); !error && entry != fs::directory_iterator();
             entry.increment(error)) {
            if (++looked_at > 10'000) return;
            std::error_code ignored;
            auto written = entry->last_write_time(ignored);
            if (!ignored && now - written > kept_for) fs::remove(entry->path(), ignored);
        }
    }

    std::string folder_;
    bool prepared_ = false;
};

}  // namespace

std::unique_ptr<Journal> make_file_journal(std::string folder) {
    return std::make_unique<FileJournal>(std::move(folder));
}

}  // namespace polysync::cli
