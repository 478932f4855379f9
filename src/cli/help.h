// The examples under each command's --help.
#pragma once

namespace polysync::cli::help {

inline constexpr auto program = R"text(Try it without an AWS account:
  polysync dev                           a server with sample tasks on a simulated AWS
  polysync task list                     in another terminal; then: polysync task run NAME --wait
  polysync sandbox                       the simulated AWS alone, on http://127.0.0.1:4570
  polysync pipeline discover etl         the jobs of the platform "etl" in ./polysync.yaml
  polysync pipeline run etl JOB --wait   run one of them and see it through

Exit codes: 0 success (or submitted, or read), 1 the run failed, 2 bad input and no call made,
3 the run was cancelled, 4 AWS or the server refused, 5 unreachable or outcome unknown, 130 interrupted.)text";

inline constexpr auto server = R"text(Examples:
  polysync server --store sqlite:///var/lib/polysync/polysync.db --listen 127.0.0.1:8080
  polysync server status
  polysync server backup /backups/polysync.db
  polysync server restore /backups/polysync.db
  polysync server --store 'postgres://polysync@db.example.com/polysync?sslmode=verify-full' --store-password env://PGPASS
  polysync server move 'postgres://polysync@db.example.com/polysync' --store sqlite:///var/lib/polysync/polysync.db)text";

inline constexpr auto server_move =
    R"text(All servers of the store must be stopped. What is in flight in AWS is taken up by the first server that starts
on the new store. The old one is kept as it is, and no server starts on it any more.

Example:
  polysync server move 'postgres://polysync@db.example.com/polysync' --to-password env://PGPASS \
      --store sqlite:///var/lib/polysync/polysync.db)text";

inline constexpr auto server_restore =
    R"text(Everything comes back paused: what ran after the backup was made is not in it.

Example:
  polysync server restore /backups/polysync.db --store sqlite:///var/lib/polysync/polysync.db)text";

inline constexpr auto dev = R"text(Examples:
  polysync dev                    http://127.0.0.1:8080; Ctrl-C stops the server, its state stays
  polysync dev --fresh            from the beginning
  polysync dev --state /tmp/try --listen 127.0.0.1:0)text";

inline constexpr auto sandbox = R"text(Examples:
  polysync sandbox
  polysync sandbox --listen 127.0.0.1:0     any free port; the address is printed
)text";

inline constexpr auto platform = R"text(Examples:
  polysync platform list
  polysync -f teams.yaml platform test etl
  polysync platform polls etl               of a server: how it asks AWS about its runs)text";

inline constexpr auto platform_list = R"text(Examples:
  polysync platform list
  polysync platform list --json)text";

inline constexpr auto platform_test = R"text(Examples:
  polysync platform test etl          who am I for AWS, and may I do what is needed?
  polysync platform test etl --json)text";

inline constexpr auto platform_policy = R"text(Examples:
  polysync platform policy etl > policy.json            notes go to stderr
  polysync platform policy etl --account 123456789012
  polysync platform policy etl --job nightly --job 'raw/clickstream compact'
  polysync platform policy etl --trust > trust.json)text";

inline constexpr auto pipeline = R"text(Examples:
  polysync pipeline discover etl
  polysync pipeline run etl nightly -p source=s3://bucket/in --wait
  polysync pipeline status etl RUN_ID)text";

inline constexpr auto pipeline_discover = R"text(Examples:
  polysync pipeline discover etl
  polysync pipeline discover etl --json | jq -r '.[].external_id')text";

inline constexpr auto pipeline_run = R"text(Examples:
  polysync pipeline run etl nightly -p source=s3://bucket/in -p limit=10 --type limit=integer --wait
  polysync pipeline run etl nightly --attr worker_type=G.2X --attr number_of_workers=4
  polysync pipeline run flows ARN -p order=42 --type order=integer --output total --wait --json
  polysync pipeline run etl nightly --dry-run           what would be sent, and why
  polysync pipeline run etl nightly --token "$(uuidgen)"   safe to repeat)text";

inline constexpr auto pipeline_status = R"text(Examples:
  polysync pipeline status etl nightly/jr_0123456789abcdef
  polysync pipeline status batch ID1 ID2 ID3 --json     in this order)text";

inline constexpr auto pipeline_cancel = R"text(Example:
  polysync pipeline cancel etl nightly/jr_0123456789abcdef)text";

inline constexpr auto pipeline_logs = R"text(Examples:
  polysync pipeline logs etl nightly/jr_0123456789abcdef
  polysync pipeline logs etl nightly/jr_0123456789abcdef --follow)text";

inline constexpr auto version = R"text(Example:
  polysync version)text";

inline constexpr auto completion = R"text(Examples:
  source <(polysync completion bash)
  polysync completion zsh > ~/.zfunc/_polysync
  polysync completion fish > ~/.config/fish/completions/polysync.fish)text";

}  // namespace polysync::cli::help
