// A PostgreSQL of a test's own: in a temporary folder, reached by a Unix socket there, gone with the test.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace polysync::test {

class PostgresServer {
  public:
    // The newest version that is installed below /usr/lib/postgresql (or POSTGRES_BIN); started when it
    // returns. Throws std::runtime_error with the server's own words.
    PostgresServer();
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    // One for all tests of a program.
    [[nodiscard]] static PostgresServer& shared();

    // As `--store` takes it. Schemas are made by whoever opens one first.
    [[nodiscard]] std::string url(const std::string& schema) const;
    // The folder of its socket, which is named .s.PGSQL.5432.
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    void stop();  // at once, as after a crash
    void start();
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    std::filesystem::path folder_;
    pid_t pid_ = 0;
};

}  // namespace polysync::test
